import type { HourView, Millis, Surprise } from '@remit/contract';
import { HOUR, openHour, type OpenHour } from './hours.ts';
import type { Identity } from './identities.ts';
import type { ClosedHour } from './parts.ts';
import type { Processor } from './processor.ts';

/** All open identity-hours: judged provisionally as events come, finally at their close, and only then learned. */
export class HourBook {
  readonly open = new Map<Millis, Set<Identity>>();
  /** Closed since the last cut. */
  readonly closed: ClosedHour[] = [];
  /** Opened, changed or closed since the last cut: identity and start. */
  readonly dirty = new Set<string>();
  /** Identities whose baseline can say something. */
  readonly ready = new Set<Identity>();
  readonly #p: Processor;
  readonly #touched = new Map<OpenHour, Identity>();

  constructor(processor: Processor) {
    this.#p = processor;
  }

  /** The hour got an event: judge it with the next `judgeTouched`. */
  touch(hour: OpenHour, identity: Identity): void {
    this.#touched.set(hour, identity);
  }

  /** The open hour, or null when it is closed already and the event is late. */
  of(identity: Identity, start: Millis): OpenHour | null {
    for (const hour of identity.open) if (hour.start === start) return hour;
    if (start + HOUR <= identity.closedUntil || start + HOUR <= this.#p.feeds.frontier(identity.feeds)) return null;
    const hour = openHour(start, this.#p.parts.features);
    identity.open.push(hour);
    let set = this.open.get(start);
    if (!set) this.open.set(start, set = new Set());
    set.add(identity);
    return hour;
  }

  /** Judges every hour that got events since the last call, provisionally. */
  judgeTouched(at: Millis): void {
    for (const [hour, identity] of this.#touched) {
      this.dirty.add(`${identity.index} ${hour.start}`);
      if (hour.categories.size > 0 || this.ready.has(identity)) this.#judgeHour(identity, hour, at, false);
    }
    this.#touched.clear();
  }

  #judgeHour(identity: Identity, hour: OpenHour, at: Millis, closing: boolean): number | null {
    const inventory = this.#p.parts.timeline.at(hour.start + HOUR - 1);
    const verdict = this.#p.identities.classOf(identity);
    if (verdict === 'human' || verdict === 'platform') return null;
    const surprises = this.#surprises(identity, hour);
    const view = this.#p.look(identity, identity.remit, inventory);
    const part = String(hour.start);
    const standing = new Set<string>();
    const seen: HourView = {
      start: hour.start, closing, events: hour.events, denied: hour.denied, evidence: hour.evidence, categories: hour.categories, surprises,
      silence: silenceBefore(identity, hour.start),
    };
    for (const judged of this.#p.judge.hour(seen, view)) {
      standing.add(this.#p.open(judged, identity, identity.remit, inventory, null, at, part, !closing));
    }
    for (const kept of [...this.#p.book.of(identity.urn)]) {
      if (kept.parts?.has(part) && !standing.has(kept.finding.id) && !this.#p.fleet.standing.has(kept.finding.id)) this.#p.book.retract(kept, part, at);
    }
    const score = surprises.size === 0 ? null : Math.max(...[...surprises.values()].map((s) => s.score));
    if (score !== null && !closing) identity.score = Math.max(identity.score ?? 0, score);
    return score;
  }

  #surprises(identity: Identity, hour: OpenHour): Map<string, Surprise> {
    const surprises = new Map<string, Surprise>();
    if (!this.ready.has(identity)) return surprises;
    const calibrate = this.#p.parts.calibration.at(hour.start);
    this.#p.parts.features.forEach((feature, i) => {
      const surprise = feature.expect(this.#p.parts.profiles.row(feature.id, identity.index, false), hour.features[i], hour.start, calibrate);
      if (surprise) surprises.set(feature.id, surprise);
    });
    return surprises;
  }

  /** Closes every hour that all feeds of its identity have passed, in order of hour and URN. */
  closeDue(): void {
    const starts = [...this.open.keys()].sort((a, b) => a - b);
    for (const start of starts) {
      const due = [...this.open.get(start)!].filter((identity) => this.#p.feeds.frontier(identity.feeds) >= start + HOUR);
      for (const identity of due.sort((a, b) => (a.urn < b.urn ? -1 : 1))) this.#close(identity, start);
    }
  }

  #close(identity: Identity, start: Millis): void {
    const hour = identity.open.find((h) => h.start === start)!;
    identity.open = identity.open.filter((h) => h !== hour);
    const set = this.open.get(start)!;
    set.delete(identity);
    if (set.size === 0) this.open.delete(start);
    this.#touched.delete(hour);
    this.dirty.add(`${identity.index} ${start}`);
    identity.closedUntil = Math.max(identity.closedUntil, start + HOUR);
    identity.score = this.#judgeHour(identity, hour, Math.max(this.#p.feeds.clock, start + HOUR), true);
    this.closed.push({ start, identity, events: hour.events, denied: hour.denied, score: identity.score });
    this.#p.identities.changed.add(identity);
    if (hour.events > hour.denied) rest(identity, start);
    if (!this.#quarantined(identity, start)) this.#learn(identity, hour);
  }

  #learn(identity: Identity, hour: OpenHour): void {
    let ready = false;
    this.#p.parts.features.forEach((feature, i) => {
      const row = this.#p.parts.profiles.row(feature.id, identity.index, true);
      const surprise = feature.expect(row, hour.features[i], hour.start, (p) => p);
      if (surprise) this.#p.parts.calibration.add(hour.start, surprise.p);
      feature.learn(row, hour.features[i], hour.start);
      ready ||= feature.ready(row);
    });
    if (ready) this.ready.add(identity);
  }

  /** Events inside a finding about behaviour do not train the baseline until its owner confirms them. */
  #quarantined(identity: Identity, start: Millis): boolean {
    for (const { finding } of this.#p.book.of(identity.urn)) {
      if (finding.class === 'state' || finding.state === 'benign' || finding.state === 'withdrawn') continue;
      if (finding.first < start + HOUR && finding.last >= start) return true;
    }
    return false;
  }
}

/** Hours close in order, so that pauses do. */
function rest(identity: Identity, start: Millis): void {
  const since = identity.succeededUntil;
  if (since !== null && start > since) identity.longestPause = Math.max(identity.longestPause, start - since);
  identity.succeededUntil = Math.max(since ?? -Infinity, start + HOUR);
}

/** Open hours before this one count as they are so far. */
function silenceBefore(identity: Identity, start: Millis): { since: Millis | null; longest: Millis } {
  let since = identity.succeededUntil;
  for (const other of identity.open) {
    if (other.start < start && other.events > other.denied) since = Math.max(since ?? -Infinity, other.start + HOUR);
  }
  return { since, longest: identity.longestPause };
}
