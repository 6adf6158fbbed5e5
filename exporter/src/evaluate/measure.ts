import type { Kind, Millis } from '@remit/contract';
import { quantile, shareOf, type Share } from './intervals.ts';
import { DRIFT } from './labels.ts';
import { plainMethods, type PlainResult } from './plain.ts';
import { DAY, HOUR, WEEK, type Raised, type Recording } from './recording.ts';
import { Truth } from './truth.ts';

/** What a run is held to. */
export interface Measures {
  /** `learned_weeks`: from the first event to `from`. */
  from: string; to: string; weeks: number; learned_weeks: number; identities: number; identity_weeks: number; events: number; threshold: number;
  calibration: (Share & { score: number; ratio: number | null; ratio_low: number | null; ratio_high: number | null })[];
  pages: {
    budget: number; calibrated_a_week: number; certain_a_week: number; per_1000_identity_weeks: number; nominal_per_1000: number; of_budget: number;
    by_week: { week: string; calibrated: number; certain: number; by_kind: Partial<Record<Kind, number>> }[]; by_detector: Record<string, number>;
  };
  /** Hours at or above the threshold of each budget, a week: what pages would be if each such hour were one. */
  budgets: { budget: number; threshold: number; hours_a_week: number; per_1000_identity_weeks: number }[];
  recall: RecallRow[];
  time_to_detect: { use_case: string; detected: number; hours_p50: number | null; hours_p95: number | null; active_hours_p50: number | null; active_hours_p95: number | null }[];
  bands: { p95: Share; p99: Share };
  new_identities: { count: number; pages_first_day: number; per_100: number | null };
  noisiest_ten: { false_hours: number; share: number | null };
  drift: { labelled: number; flagged_by_day_30: number; false_per_100_identity_years: number | null };
  plain: PlainResult[];
}
/** `paged`: somebody was woken, by a calibrated or a certain finding; `told`: or got a ticket. */
export interface RecallRow { use_case: string; level: string; of: number; paged: Share; calibrated: number; certain: number; told: number }

export interface MeasureOptions { truth: Truth; budgets: readonly number[]; warmup: Millis }

const SCORES = [1, 2, 3, 4, 5];
/** Findings of an hour are settled when it closes: an hour and its lateness after its end; sums of a day up to a day later. */
const AFTERWARDS: Millis = 26 * HOUR;
/** Of `slow-drift`, the sum of a day is another question: what left too fast. */
const LEVEL = { detector: 'slow-drift', subject: 'level' };

/** Measures a run against labels. Hours in which an identity did nothing count as hours in which nothing was odd. */
export function measure(recording: Recording, { truth, budgets, warmup }: MeasureOptions): Measures {
  const window = windowOf(recording, warmup);
  const weeks = Math.max((window.to - window.from) / WEEK, 1 / 168);
  const lives = livesOf(recording, truth, window);
  const hours = [...lives.values()].reduce((sum, { conforming }) => sum + conforming, 0);
  const inVain = recording.raised.filter((one) => one.at >= window.from && truth.conforming(one.urn, one.first, Math.max(one.last, one.first + 1)));
  const pages = inVain.filter(({ page }) => page);
  return {
    from: instant(window.from), to: instant(window.to), weeks: rounded(weeks), learned_weeks: rounded(recording.events === 0 ? 0 : (window.from - recording.from) / WEEK), identities: lives.size, identity_weeks: rounded(hours / 168), events: recording.events, threshold: recording.threshold,
    calibration: calibration(recording, truth, window, hours),
    pages: pagesOf(pages, recording, window, weeks, hours, lives.size, budgets[0]!),
    budgets: budgets.map((budget) => atBudget(recording, truth, window, budget, weeks, hours, lives.size)),
    ...detection(recording, truth, window), bands: bands(recording, truth, window, hours), new_identities: newcomers(recording, pages, window),
    noisiest_ten: noisiest(recording, truth, window), drift: drift(recording, truth, window, hours),
    plain: plainMethods(recording, truth, window, budgets[0]!),
  };
}

/** What can be said without labels, everything counting as conforming. */
export type Unlabelled = Pick<Measures, 'from' | 'to' | 'weeks' | 'identities' | 'identity_weeks' | 'threshold' | 'calibration' | 'pages' | 'bands' | 'noisiest_ten'>;

export function measureUnlabelled(recording: Recording, budget: number, from: Millis | null): Unlabelled {
  const start = from === null ? (recording.to - recording.from) / 3 : from - recording.from;
  const { calibration: promise, pages, bands: above, noisiest_ten, from: begin, to, weeks, identities, identity_weeks, threshold } =
    measure(recording, { truth: new Truth([]), budgets: [budget], warmup: Math.max(0, Math.min(WARMUP, start)) });
  return { from: begin, to, weeks, identities, identity_weeks, threshold, calibration: promise, pages, bands: above, noisiest_ten };
}

/** What is learned in the first four weeks is not measured, but at most a third of all. */
export const WARMUP: Millis = 4 * WEEK;

interface Window { from: Millis; to: Millis }

/** Whole hours. */
function windowOf({ from, to, events }: Recording, warmup: Millis): Window {
  if (events === 0) return { from: 0, to: 0 };
  const end = Math.ceil(to / HOUR) * HOUR;
  return { from: Math.min(Math.floor((from + warmup) / HOUR) * HOUR, end), to: end };
}

/** Identity-hours from the first that was judged to the last with an event, without those that are labelled. */
function livesOf(recording: Recording, truth: Truth, window: Window): Map<string, { conforming: number }> {
  const spans = new Map<string, { first: Millis; last: Millis }>();
  for (const { urn, start, score } of recording.hours) {
    if (score === null) continue;
    const span = spans.get(urn);
    if (!span) spans.set(urn, { first: start, last: start });
    else if (start > span.last) span.last = start;
    else if (start < span.first) span.first = start;
  }
  const lives = new Map<string, { conforming: number }>();
  for (const [urn, { first, last }] of spans) {
    const from = Math.max(first, window.from);
    if (last < from) continue;
    let conforming = Math.floor((last - from) / HOUR) + 1;
    for (let hour = from; hour <= last && (truth.drifts(urn) || truth.misused(urn, from, last + HOUR)); hour += HOUR) if (!truth.conforming(urn, hour, hour + HOUR)) conforming--;
    lives.set(urn, { conforming });
  }
  return lives;
}

function calibration(recording: Recording, truth: Truth, window: Window, of: number): Measures['calibration'] {
  const counts = SCORES.map(() => 0);
  for (const hour of odd(recording, truth, window, SCORES[0]!)) SCORES.forEach((score, i) => { if (hour.score! >= score) counts[i]!++; });
  return SCORES.map((score, i) => {
    const share = shareOf(counts[i]!, of);
    const ratio = (value: number | null) => (value === null ? null : value * 10 ** score);
    return { score, ...share, ratio: ratio(share.share), ratio_low: ratio(share.low), ratio_high: ratio(share.high) };
  });
}

/** Conforming hours that score at least this much. */
function odd(recording: Recording, truth: Truth, window: Window, least: number): Recording['hours'] {
  return recording.hours.filter(({ urn, start, score }) => score !== null && score >= least && start >= window.from && truth.conforming(urn, start, start + HOUR));
}

function pagesOf(pages: readonly Raised[], recording: Recording, window: Window, weeks: number, hours: number, identities: number, budget: number): Measures['pages'] {
  const calibrated = pages.filter((one) => one.calibrated);
  const by_week: Measures['pages']['by_week'] = [];
  for (let from = window.from; from < window.to; from += WEEK) {
    const own = pages.filter(({ at }) => at >= from && at < from + WEEK);
    const by_kind: Partial<Record<Kind, number>> = {};
    for (const { urn, calibrated: learned } of own) {
      const kind = recording.streams.get(urn)?.kind ?? 'unknown';
      if (learned) by_kind[kind] = (by_kind[kind] ?? 0) + 1;
    }
    by_week.push({ week: instant(from).slice(0, 10), calibrated: own.filter((one) => one.calibrated).length, certain: own.filter((one) => !one.calibrated).length, by_kind });
  }
  const by_detector: Record<string, number> = {};
  for (const { detector } of pages) by_detector[detector] = (by_detector[detector] ?? 0) + 1;
  return {
    budget, calibrated_a_week: rounded(calibrated.length / weeks), certain_a_week: rounded((pages.length - calibrated.length) / weeks),
    per_1000_identity_weeks: rounded(per1000(calibrated.length, hours)), nominal_per_1000: rounded((budget * 1000) / Math.max(1, identities)), of_budget: rounded(calibrated.length / weeks / budget),
    by_week, by_detector,
  };
}

function atBudget(recording: Recording, truth: Truth, window: Window, budget: number, weeks: number, hours: number, identities: number): Measures['budgets'][number] {
  const threshold = Math.log10((168 * Math.max(1, identities)) / budget);
  const count = odd(recording, truth, window, threshold).length;
  return { budget, threshold: rounded(threshold), hours_a_week: rounded(count / weeks), per_1000_identity_weeks: rounded(per1000(count, hours)) };
}

function detection(recording: Recording, truth: Truth, window: Window): Pick<Measures, 'recall' | 'time_to_detect'> {
  const byUrn = Map.groupBy(recording.raised, ({ urn }) => urn);
  const labels = truth.misuse().filter(({ start }) => start >= window.from && start < window.to);
  const judged = labels.map((label) => {
    const hits = (byUrn.get(label.identity) ?? []).filter(({ at, first, last }) => first < label.end && last >= label.start && at >= label.start && at <= label.end + AFTERWARDS);
    const pages = hits.filter(({ page }) => page).sort((a, b) => a.at - b.at);
    return { label, pages, told: hits.length > 0, took: pages[0] ? delay(recording, label.identity, label.start, pages[0].at) : null };
  });
  const recall: RecallRow[] = [];
  for (const [name, own] of grouped(judged, ({ label }) => `${label.use_case}\0${label.level}`)) {
    const [use_case, level] = name.split('\0') as [string, string];
    recall.push({
      use_case, level, of: own.length, paged: shareOf(own.filter(({ pages }) => pages.length > 0).length, own.length), calibrated: own.filter(({ pages }) => pages.some((one) => one.calibrated)).length,
      certain: own.filter(({ pages }) => pages.some((one) => !one.calibrated)).length, told: own.filter(({ told }) => told).length,
    });
  }
  const time_to_detect = grouped(judged, ({ label }) => label.use_case).map(([use_case, own]) => {
    const took = own.flatMap((one) => one.took ?? []);
    return {
      use_case, detected: took.length, hours_p50: quantile(took.map(({ hours }) => hours), 0.5), hours_p95: quantile(took.map(({ hours }) => hours), 0.95),
      active_hours_p50: quantile(took.map(({ active }) => active), 0.5), active_hours_p95: quantile(took.map(({ active }) => active), 0.95),
    };
  });
  return { recall, time_to_detect };
}

function grouped<T>(items: readonly T[], name: (item: T) => string): [string, T[]][] {
  return [...Map.groupBy(items, name)].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** From the beginning of the first hour with an event on; active hours count those with events, the first is 1. */
function delay(recording: Recording, urn: string, start: Millis, at: Millis): { hours: number; active: number } {
  const active = [...recording.streams.get(urn)?.events.keys() ?? []].filter((hour) => hour + HOUR > start && hour <= at).sort((a, b) => a - b);
  return { hours: rounded(Math.max(0, at - Math.max(start, active[0] ?? start)) / HOUR), active: active.length };
}

function bands(recording: Recording, truth: Truth, window: Window, of: number): Measures['bands'] {
  let [p95, p99, banded] = [0, 0, false];
  for (const { urn, start, events, p95: high, p99: highest } of recording.hours) {
    if (high === null || highest === null || start < window.from || !truth.conforming(urn, start, start + HOUR)) continue;
    banded = true;
    if (events > high) p95++;
    if (events > highest) p99++;
  }
  return { p95: shareOf(p95, banded ? of : 0), p99: shareOf(p99, banded ? of : 0) };
}

/** New: first seen a week after the beginning or later, and within what is measured. */
function newcomers(recording: Recording, pages: readonly Raised[], window: Window): Measures['new_identities'] {
  const fresh = new Map([...recording.streams.values()].filter(({ first }) => first >= Math.max(window.from, recording.from + WEEK)).map(({ urn, first }) => [urn, first]));
  const early = pages.filter(({ urn, at, calibrated }) => calibrated && fresh.has(urn) && at <= fresh.get(urn)! + DAY).length;
  return { count: fresh.size, pages_first_day: early, per_100: fresh.size === 0 ? null : rounded((100 * early) / fresh.size) };
}

function noisiest(recording: Recording, truth: Truth, window: Window): Measures['noisiest_ten'] {
  const counts = [...Map.groupBy(odd(recording, truth, window, recording.threshold), ({ urn }) => urn).values()].map((hours) => hours.length).sort((a, b) => b - a);
  const all = counts.reduce((sum, n) => sum + n, 0);
  return { false_hours: all, share: all === 0 ? null : rounded(counts.slice(0, 10).reduce((sum, n) => sum + n, 0) / all) };
}

function drift(recording: Recording, truth: Truth, window: Window, hours: number): Measures['drift'] {
  const flagged = recording.raised.filter(({ detector, subject }) => detector === LEVEL.detector && subject === LEVEL.subject);
  const labels = truth.labels.filter(({ use_case }) => use_case === DRIFT);
  const hit = labels.filter(({ identity, start }) => flagged.some(({ urn, at }) => urn === identity && at >= start && at <= start + 30 * DAY)).length;
  const wrong = flagged.filter(({ urn, at }) => at >= window.from && !truth.drifts(urn)).length;
  return { labelled: labels.length, flagged_by_day_30: hit, false_per_100_identity_years: hours === 0 ? null : rounded((100 * wrong) / (hours / (24 * 365.25))) };
}

function per1000(count: number, hours: number): number {
  return hours === 0 ? 0 : (count * 1000) / (hours / 168);
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function instant(at: Millis): string {
  return Number.isFinite(at) ? new Date(at).toISOString() : '';
}
