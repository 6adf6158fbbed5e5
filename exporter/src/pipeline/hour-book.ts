import type { Bands, Detector, FindingState, HourFacts, HourScore, HourView, Millis, Steps, Violation } from '@remit/contract';
import { visitSorted } from '../lib/steps.ts';
import { HOUR, hourOf, openHour, type OpenHour } from './hours.ts';
import type { Identity } from './identities.ts';
import type { ClosedHour } from './parts.ts';
import { openFinding } from './opening.ts';
import type { Processor } from './processor.ts';
import { OPEN } from './findings.ts';
import { FleetSizes } from './sizes.ts';

/** Which way of leaving the remit a detector speaks of. */
const VIOLATION_OF: ReadonlyMap<string, Violation> = new Map<string, Violation>([
  ['outside-schedule', 'schedule'], ['secret-outside-rotation', 'rotation'], ['off-purpose-sequence', 'sequence'], ['decommissioned-active', 'lifecycle'],
  ['off-purpose-action', 'purpose'], ['ungranted-privilege-used', 'privilege'], ['export-over-limit', 'export'], ['wrong-environment', 'environment'],
]);

/** Nobody waits for a word on what was said, taken back or expected. */
const LEARNED: ReadonlySet<FindingState> = new Set(['benign', 'withdrawn', 'silenced']);
const SHOWN: Millis = 24 * HOUR;
const CLOSED_IN_A_STEP = 16;

/** All open identity-hours: judged provisionally as events come, finally at their close, and only then learned. */
export class HourBook {
  readonly open = new Map<Millis, Set<Identity>>();
  /** Closed since the last cut. */
  readonly closed: ClosedHour[] = [];
  /** Told of every hour at its close, with the band of what was expected of it; for `evaluate` and `backtest`. */
  watcher: ((closed: ClosedHour) => void) | null = null;
  /** Opened, changed or closed since the last cut: identities by start. */
  readonly dirty = new Map<Millis, Set<Identity>>();
  readonly sizes: FleetSizes;
  readonly #p: Processor;
  readonly #touched = new Map<OpenHour, Identity>();
  /** Identities that show what an odd hour is made of. */
  readonly #odd = new Set<Identity>();
  /** Detectors of groups of events whose word is a way of leaving the remit. */
  readonly #chains: ReadonlySet<string>;

  constructor(processor: Processor) {
    this.#p = processor;
    this.sizes = new FleetSizes(processor);
    this.#chains = new Set(processor.parts.detectors.filter(({ id, on }) => on === 'chain' && VIOLATION_OF.has(id)).map(({ id }) => id));
  }

  /** The hour got an event: judge it with the next `judgeTouched`. */
  touch(hour: OpenHour, identity: Identity): void {
    this.#touched.set(hour, identity);
  }

  /** The open hour, or null when it is closed already and the event is late. */
  of(identity: Identity, start: Millis): OpenHour | null {
    for (const hour of identity.open) if (hour.start === start) return hour;
    if (start + HOUR <= identity.closedUntil || start + HOUR <= this.#p.feeds.frontier(identity.feeds)) return null;
    const hour = openHour(start, this.#p.parts.scoring);
    identity.open = identity.open.concat(hour);
    add(this.open, start, identity);
    return hour;
  }

  /** A detector said something of an event, and no exception covers it; −1 takes that back. */
  signalled(identity: Identity, at: Millis, detector: Detector, by: 1 | -1): void {
    const start = hourOf(at);
    const hour = identity.open.find((open) => open.start === start);
    if (!hour || detector.class === 'state') return;
    hour.signals += by;
    const way = VIOLATION_OF.get(detector.id);
    if (way === undefined) return;
    const counts = { ...hour.violations, [way]: (hour.violations?.[way] ?? 0) + by };
    // In one order, and null again when all is taken back: the state does not tell what came first.
    const left = Object.entries(counts).filter(([, count]) => count > 0).sort(([a], [b]) => (a < b ? -1 : 1));
    hour.violations = left.length === 0 ? null : Object.fromEntries(left);
    this.touch(hour, identity);
  }

  /** Judges every hour that got events since the last call, provisionally. */
  judgeTouched(at: Millis): void {
    for (const [hour, identity] of this.#touched) {
      add(this.dirty, hour.start, identity);
      if (hour.categories.size > 0 || this.#p.parts.scoring.readiness(identity.index, hour.start) !== 'warming') this.#judgeHour(identity, hour, at, false);
    }
    this.#touched.clear();
  }

  #judgeHour(identity: Identity, hour: OpenHour, at: Millis, closing: boolean): HourScore | null {
    const inventory = this.#p.parts.timeline.at(hour.start + HOUR - 1);
    const verdict = this.#p.identities.classOf(identity);
    if (verdict === 'platform' || this.#p.identities.isPerson(identity)) return null;
    const { scoring } = this.#p.parts;
    const facts = this.#facts(identity, hour);
    const threshold = this.threshold(identity, hour.start);
    const { index } = identity;
    let score: HourScore | null = null;
    // What departs from the baseline waits for a verdict before it is learned, like what departs from the remit.
    if (closing) score = scoring.close(index, hour.sums, facts, hour.start, !this.#quarantined(identity, hour), threshold);
    else if (scoring.readiness(index, hour.start) !== 'warming') score = scoring.score(index, hour.sums, facts, hour.start);
    const view = this.#p.look(identity, identity.remit, inventory);
    view.ready = score?.readiness === 'ready';
    view.threshold = threshold;
    const part = String(hour.start);
    const standing = new Set<string>();
    const seen: HourView = {
      start: hour.start, closing, first: hour.first, last: hour.last, events: hour.sums.events, denied: hour.sums.denied, evidence: hour.evidence, categories: hour.categories,
      score, violations: facts.violations, dayThreshold: scoring.ticketThreshold(this.sizes.of(facts.owner, facts.kind, hour.start)), level: closing ? scoring.level(identity.index, hour.start) : null, silence: silenceBefore(identity, hour.start),
    };
    let spoken = false;
    for (const judged of this.#p.judge.hour(seen, view)) {
      spoken ||= judged.signal.deviation !== undefined;
      standing.add(openFinding(this.#p, judged, { identity, remit: identity.remit, inventory, event: null, at, part, provisional: !closing, inVain: hour.sums.failed === hour.sums.events }));
    }
    for (const kept of [...this.#p.book.of(identity.urn)]) {
      if (kept.parts?.has(part) && !standing.has(kept.finding.id) && !this.#p.fleet.standing.has(kept.finding.id)) this.#p.book.retract(kept, part, at);
    }
    if (score === null) return null;
    if (!spoken && score.readiness !== 'warming' && score.score >= threshold) this.#raise(identity, hour, score.score, at);
    if (!closing) identity.score = Math.max(identity.score ?? 0, score.score);
    if (score.parts.length > 0) {
      identity.deviates = { at: hour.start, of: score.parts };
      this.#odd.add(identity);
    }
    return score;
  }

  /** The score at which a learned finding of an identity pages. */
  threshold(identity: Identity, at: Millis): number {
    const owner = identity.remit?.record.owner ?? null;
    const kind = this.#p.identities.kindOf(identity);
    return this.#p.parts.scoring.threshold(owner, kind, this.sizes.of(owner, kind, at), at);
  }

  /** The band in which events of an hour are expected; null while warming. */
  bands(identity: Identity, start: Millis): Bands | null {
    return this.#p.parts.scoring.bands(identity.index, this.#facts(identity, null), start);
  }

  /** That of the present hour. */
  expected(identity: Identity): Bands | null { return this.bands(identity, hourOf(this.#p.feeds.clock)); }

  #facts(identity: Identity, hour: OpenHour | null): HourFacts {
    const record = identity.remit?.record;
    return {
      kind: this.#p.identities.kindOf(identity), owner: record?.owner ?? null, purpose: record?.purpose ?? null, environment: record?.environment ?? null,
      group: record?.baseline?.peer_group ?? null, declared: identity.remit?.declares === true, violations: hour === null ? null : this.#violations(identity, hour),
    };
  }

  /** Events count when they come; groups of events, whose word may change, in the hour of their last. */
  #violations(identity: Identity, hour: OpenHour): HourFacts['violations'] {
    let all = hour.violations;
    if (identity.remit === null) return all;
    for (const { finding } of this.#p.book.of(identity.urn)) {
      if (!this.#chains.has(finding.detector) || finding.state === 'withdrawn' || finding.state === 'silenced' || hourOf(finding.last) !== hour.start) continue;
      const way = VIOLATION_OF.get(finding.detector)!;
      all = { ...all, [way]: (all?.[way] ?? 0) + 1 };
    }
    return all;
  }

  /** Leaving the remit is rare enough for this identity to wake somebody, although its owner does not enforce: the first such finding pages. */
  #raise(identity: Identity, hour: OpenHour, score: number, at: Millis): void {
    const { remit } = identity;
    if (!remit?.reviewed || !remit.owned) return;
    let first = null;
    for (const kept of this.#p.book.of(identity.urn)) {
      const { finding } = kept;
      if (!VIOLATION_OF.has(finding.detector) || !OPEN.has(finding.state) || finding.last < hour.start || finding.first >= hour.start + HOUR) continue;
      if (kept.raisable !== true) continue;
      if (finding.severity === 'critical') return;
      if (first === null || finding.first < first.finding.first || (finding.first === first.finding.first && finding.id < first.finding.id)) first = kept;
    }
    if (first !== null) this.#p.book.raise(first, score, at);
  }

  /** What an odd hour was made of is shown for a day. */
  fade(now: Millis): void {
    for (const identity of this.#odd) {
      if (now - (identity.deviates?.at ?? 0) < SHOWN) continue;
      identity.deviates = null;
      this.#odd.delete(identity);
      this.#p.identities.show(identity);
    }
  }

  /** Closes every hour that all feeds of its identity have passed, in order of hour and URN. */
  * closeDue(): Steps<void> {
    const { furthest } = this.#p.feeds;
    const starts = [...this.open.keys()].filter((start) => furthest >= start + HOUR).sort((a, b) => a - b);
    for (const start of starts) {
      const due = [...this.open.get(start)!].filter((identity) => this.#p.feeds.frontier(identity.feeds) >= start + HOUR);
      yield* visitSorted(due, byUrn, CLOSED_IN_A_STEP, (identity) => { this.#close(identity, start); });
    }
  }

  #close(identity: Identity, start: Millis): void {
    const hour = identity.open.find((h) => h.start === start)!;
    identity.open = identity.open.filter((h) => h !== hour);
    const set = this.open.get(start)!;
    set.delete(identity);
    if (set.size === 0) this.open.delete(start);
    this.#touched.delete(hour);
    add(this.dirty, start, identity);
    identity.closedUntil = Math.max(identity.closedUntil, start + HOUR);
    const bands = this.bands(identity, start);
    const score = this.#judgeHour(identity, hour, Math.max(this.#p.feeds.clock, start + HOUR), true);
    identity.score = score !== null && score.readiness !== 'warming' ? score.score : null;
    const closed: ClosedHour = { start, identity, events: hour.sums.events, denied: hour.sums.denied, score: identity.score === null ? null : score, bands };
    this.closed.push(closed);
    this.watcher?.(closed);
    this.#p.identities.changed.add(identity);
    if (hour.sums.events > hour.sums.denied) rest(identity, start);
    else identity.refused += hour.sums.denied;
    this.#approve(identity, start);
  }

  /** A reviewed record approves the level at which its identity works once that is known, and again at the date it names. */
  #approve(identity: Identity, start: Millis): void {
    const { remit } = identity;
    if (!remit?.reviewed) return;
    const { scoring } = this.#p.parts;
    const approved = scoring.level(identity.index, start)?.approved ?? null;
    const again = Date.parse(remit.record.baseline?.approved_at ?? '');
    if (approved === null ? scoring.readiness(identity.index, start) === 'ready' : again <= start && again > approved) scoring.approve(identity.index, start);
  }

  /** Events inside a finding about behaviour do not train the baseline until its owner confirms them. */
  #quarantined(identity: Identity, { start, signals }: OpenHour): boolean {
    for (const { finding, parts } of this.#p.book.of(identity.urn)) {
      if (finding.class === 'state' || LEARNED.has(finding.state) || finding.first >= start + HOUR || finding.last < start) continue;
      if (parts === null) {
        if (signals > 0) return true;
      } else for (const part of parts.values()) if (part.first < start + HOUR && part.last >= start) return true;
    }
    return false;
  }
}

function byUrn(a: Identity, b: Identity): number { return a.urn < b.urn ? -1 : a.urn > b.urn ? 1 : 0; }

function add(hours: Map<Millis, Set<Identity>>, start: Millis, identity: Identity): void {
  const set = hours.get(start);
  if (set) set.add(identity);
  else hours.set(start, new Set([identity]));
}

/** Hours close in order, so that pauses do. */
function rest(identity: Identity, start: Millis): void {
  const since = identity.succeededUntil;
  if (since !== null && start > since) identity.longestPause = Math.max(identity.longestPause, start - since);
  identity.succeededUntil = Math.max(since ?? -Infinity, start + HOUR);
  identity.refused = 0;
}

/** Open hours before this one count as they are so far. */
function silenceBefore(identity: Identity, start: Millis): NonNullable<HourView['silence']> {
  let { succeededUntil: since, refused } = identity;
  for (const other of identity.open) {
    if (other.start >= start) continue;
    if (other.sums.events > other.sums.denied) since = Math.max(since ?? -Infinity, other.start + HOUR);
  }
  for (const other of identity.open) if (other.start < start && other.start >= (since ?? -Infinity)) refused += other.sums.denied;
  return { since, longest: identity.longestPause, refused: since === identity.succeededUntil ? refused : refused - identity.refused };
}
