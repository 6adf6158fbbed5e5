import { DAY, HOUR, MINUTE } from './calendar.ts';
import { SKEW } from './fleet.ts';
import type { Blackout, Fleet, Job, Occurrence } from './fleet.ts';
import { Random } from './random.ts';

/** Something an identity does, by its own clock. */
export interface Act { at: number; denied: boolean }
export const KINDS = ['early', 'late', 'overrun', 'missed', 'blackout'] as const;
export type Kind = (typeof KINDS)[number];
/** What was planted, and the one finding that must come of it. `clocks`: on a night on which the clocks change. */
export interface Violation {
  kind: Kind; urn: string; detector: 'outside-schedule' | 'identity-silent'; bucket: number; clocks: boolean;
  /** The work outside, by the recorded times; of outside-schedule. */
  acts: readonly Act[]; occurrence: Occurrence | null;
}
export interface Plan { job: Job; acts: readonly Act[]; violations: readonly Violation[] }

/** Recorded times stay this far inside or outside of a limit, beyond what clocks are off: times come in whole seconds. */
const MARGIN = 2000;
/** Windows near the end of the year are kept: what is missed there is not certain before the records end. */
const LAST_DAYS = 3 * DAY;

/** What one job does in the year: its runs, and what was planted. The records end at `end`. */
export function planOf(job: Job, fleet: Fleet, seed: number, end: number): Plan {
  const random = new Random(seed);
  const chosen = choose(job, fleet, random, end);
  const acts: Act[] = [];
  const violations: Violation[] = [];
  job.occurrences.forEach((occurrence, index) => {
    const blackout = job.blackouts.find((b) => touches(occurrence, b));
    if (blackout !== undefined) acts.push(...atEdge(job, occurrence, blackout, random));
    else if (chosen.get(index) !== 'missed') acts.push(...run(job, occurrence, random));
  });
  for (const [index, kind] of chosen) {
    // Windows missed one after the other are one absence.
    if (kind === 'missed' && chosen.get(index - 1) === 'missed') continue;
    const violation = plant(kind, job, index, fleet, random);
    if (violation !== null) violations.push(violation);
  }
  for (const blackout of job.blackouts) {
    const violation = random.chance(0.08) ? inBlackout(job, blackout, random, end) : null;
    if (violation !== null) violations.push(violation);
  }
  const all = [...acts, ...violations.flatMap((violation) => violation.acts)].filter(({ at }) => at < end).sort((a, b) => a.at - b.at);
  return { job, acts: all, violations };
}

/** Which occurrences carry what. Never two neighbours, except where a job is away for long. */
function choose(job: Job, fleet: Fleet, random: Random, end: number): Map<number, Kind> {
  const chosen = new Map<number, Kind>();
  const { occurrences } = job;
  const free = (index: number): boolean => index > 1 && [index - 1, index, index + 1].every((i) => !chosen.has(i)) && isClear(job, index, end);
  const changes = fleet.changes.filter(({ zone }) => zone === job.zone);
  occurrences.forEach((occurrence, index) => {
    if (nearChange(occurrence, changes) && random.chance(0.3) && free(index)) chosen.set(index, random.pick(['early', 'late', 'overrun', 'missed'] as const));
  });
  const wished = random.chance(0.6) ? random.between(1, 3) : 0;
  for (let tried = 0; tried < wished; tried++) {
    const index = random.between(2, Math.max(2, occurrences.length - 1));
    if (free(index)) chosen.set(index, random.pick(['early', 'late', 'overrun', 'missed', 'missed'] as const));
  }
  if (random.chance(0.04)) {
    const from = random.between(2, Math.max(2, occurrences.length - 12));
    const away = Array.from({ length: random.between(3, 9) }, (_, i) => from + i);
    if (away.every((index) => free(index))) for (const index of away) chosen.set(index, 'missed');
  }
  return chosen;
}

/** Whether an occurrence stands alone: no blackout, no other window around it, and room on both sides. */
function isClear(job: Job, index: number, end: number): boolean {
  const own = job.occurrences[index];
  const before = job.occurrences[index - 1];
  const after = job.occurrences[index + 1];
  if (own === undefined || before === undefined || after === undefined || own.over > end - LAST_DAYS) return false;
  if (job.blackouts.some((b) => [before, own, after].some((each) => touches(each, b)))) return false;
  return own.opens - before.over > 12 * MINUTE && after.opens - own.over > 12 * MINUTE && job.occurrences.every((other) => other === own || other.over < own.opens || other.opens > own.over);
}

export function nearChange({ start }: Occurrence, changes: readonly { at: number }[]): boolean {
  return changes.some(({ at }) => Math.abs(start - at) < 12 * HOUR);
}

export function touches({ start, end }: Occurrence, { from, to }: Blackout): boolean {
  return start < to && from < end;
}

// -------------------------------------------------------------- work as it should be

function run(job: Job, { start, end, over, declared, repeated }: Occurrence, random: Random): Act[] {
  const second = repeated && random.chance(0.5);
  const begin = second ? end - declared.duration : start;
  const until = repeated && !second ? start + declared.duration : end;
  const lasts = declared.duration * random.pick([0, 0.1, 0.5, 1]);
  const first = begin + (until - begin - lasts) * (random.chance(0.6) ? 0 : random.next());
  const times = [first, first + lasts, ...Array.from({ length: random.between(0, 2) }, () => first + lasts * random.next())];
  // Where retries are allowed the last one may come at the very end of their time.
  if (declared.retry > 0 && random.chance(0.3)) times.push(over - SKEW - MARGIN - random.between(0, 10) * MINUTE);
  return times.map((time, i) => act(job, time, i > 0 && random.chance(0.05)));
}

/** A window that a blackout cuts: what of it lies outside may be used. */
function atEdge(job: Job, { start, end }: Occurrence, { from, to }: Blackout, random: Random): Act[] {
  if (random.chance(0.5)) return [];
  if (start < from - MARGIN && from - start > MINUTE) return [act(job, start, false), act(job, from - MARGIN, false)];
  return end > to + MARGIN && end - to > MINUTE ? [act(job, to + MARGIN, false)] : [];
}

function act({ skew, source }: Job, time: number, denied: boolean): Act {
  const at = Math.round(time + skew);
  return { at: source === 'aws-cloudtrail' ? Math.floor(at / 1000) * 1000 : at, denied };
}

// -------------------------------------------------------------- what is planted

function plant(kind: Kind, job: Job, index: number, fleet: Fleet, random: Random): Violation | null {
  const occurrence = job.occurrences[index]!;
  const clocks = nearChange(occurrence, fleet.changes.filter(({ zone }) => zone === job.zone));
  const base = { kind, urn: job.urn, bucket: occurrence.start, clocks, occurrence };
  if (kind === 'missed') return { ...base, detector: 'identity-silent', acts: [] };
  const acts = (kind === 'early' ? early : late)(job, index, kind, random);
  return acts.length === 0 ? null : { ...base, detector: 'outside-schedule', acts };
}

/** Before the window opens: from just too early to nearly half way from the window before. */
function early(job: Job, index: number, _kind: Kind, random: Random): Act[] {
  const { start, opens } = job.occurrences[index]!;
  const before = job.occurrences[index - 1]!;
  const latest = opens - SKEW - MARGIN;
  const earliest = Math.max(before.over + SKEW + MARGIN, before.end + (start - before.end) * 0.55, start - 20 * HOUR);
  return burst(job, earliest, latest, true, random);
}

/** After the window is over; an overrun goes on from the run itself, every few minutes. */
function late(job: Job, index: number, kind: Kind, random: Random): Act[] {
  const { end, over } = job.occurrences[index]!;
  const after = job.occurrences[index + 1]!;
  const earliest = over + SKEW + MARGIN;
  const latest = Math.min(after.opens - SKEW - MARGIN, end + (after.start - end) * 0.45, end + 20 * HOUR);
  if (kind === 'late') return burst(job, earliest, latest, false, random);
  if (latest <= earliest) return [];
  const every = Math.max(1000, Math.min(7 * MINUTE, (latest - earliest) / 4));
  return Array.from({ length: Math.min(random.between(1, 6), Math.floor((latest - earliest) / every) + 1) }, (_, i) => act(job, earliest + i * every, false));
}

/** A few acts within three minutes; often as close to the window as can be told apart. */
function burst(job: Job, earliest: number, latest: number, closeToLatest: boolean, random: Random): Act[] {
  if (latest <= earliest) return [];
  const close = closeToLatest ? latest : earliest;
  const time = random.chance(0.4) ? close : earliest + random.next() * (latest - earliest);
  const times = [time, ...Array.from({ length: random.between(0, 3) }, () => Math.min(latest, Math.max(earliest, time + (random.next() - 0.5) * 3 * MINUTE)))];
  return times.map((each) => act(job, each, random.chance(0.2)));
}

/** Work at the usual time, although nobody should. */
function inBlackout(job: Job, blackout: Blackout, random: Random, end: number): Violation | null {
  const inside = job.occurrences.filter(({ start }) => start > blackout.from + 3 * MINUTE && start < Math.min(blackout.to, end) - 5 * MINUTE);
  if (inside.length === 0) return null;
  const { start } = random.pick(inside);
  const acts = Array.from({ length: random.between(1, 3) }, (_, i) => act(job, start + i * 20_000, false));
  return { kind: 'blackout', urn: job.urn, detector: 'outside-schedule', bucket: blackout.from, clocks: false, acts, occurrence: null };
}
