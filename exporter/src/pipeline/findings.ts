import {
  mayBecome, type Detector, type EventRef, type Finding, type FindingChange, type FindingState, type Millis, type Severity, type Signal,
  type Verdict,
} from '@remit/contract';
import { fingerprint } from '../lib/hash.ts';
import type { Identity } from './identities.ts';
import { spreadEvidence } from './evidence.ts';
import { gather, gathered, idOf, MANY_THINGS } from './many-things.ts';
import { episode, isRepeat, rank, turn } from './finding-history.ts';

export const EVIDENCE_HALF = 5;
/** Closed findings and closed hours are kept for this long after their last event. */
export const RETENTION: Millis = 30 * 24 * 3_600_000;
const EPISODE: Millis = 24 * 3_600_000;
/** States in which a finding is somebody's to act on. */
export const OPEN: ReadonlySet<FindingState> = new Set(['open', 'acknowledged']);

/** What one signal adds: an event's, or the present word of one hour or of the fleet, which replaces the earlier word. */
export interface Contribution {
  identity: Identity;
  kind: Finding['kind'];
  detector: Detector;
  signal: Signal;
  severity: Severity;
  owner: string | null;
  purpose: string | null;
  exception: string | null;
  also: string[];
  /** Journal time: wall clock when live, event time in a replay. */
  at: Millis;
  /** Key of the hour or tick this replaces; absent for events, which add up. */
  part?: string;
  provisional: boolean;
}

interface Part { count: number; first: Millis; last: Millis; loud: number; provisional: boolean; evidence: EventRef[]; score?: number }

/** A finding with what is needed to merge signals in any order. */
export interface Kept {
  finding: Finding;
  /** (time, id) of the signal whose words are shown: the earliest. */
  lead: [Millis, string];
  /** Events that no exception covers. */
  loud: number;
  exception: string | null;
  parts: Map<string, Part> | null;
  /** It would page if its owner enforced: a ticket for want of that word, not for what happened. */
  raisable?: boolean;
  /** When it paged because of a learned score. */
  paged?: Millis;
  /** Of many things: what they are, in order. */
  things?: string[];
}

/** All findings, open and closed: opened, updated, resolved, silenced, withdrawn. The same signals in any order give the same book. */
export class FindingBook {
  readonly all = new Map<string, Kept>();
  readonly #byIdentity = new Map<string, Set<Kept>>();
  readonly #open = new Set<Kept>();
  readonly #episodes = new Map<string, Millis>();
  readonly changed = new Set<Kept>();
  /** Told of every page whose finding has a learned score, at the time it belongs to; of one fewer when it was right to page. */
  calibratedPage: (at: Millis, by: 1 | -1) => void = () => {};
  #changes: FindingChange[] = [];
  #forgotten: string[] = [];

  /** Adds a signal; opens its finding when it is the first. Returns the finding's id. */
  add(c: Contribution): string {
    const thing = c.signal.subject;
    const many = gathered(this, c);
    if (many !== null) c = { ...c, signal: { ...c.signal, subject: MANY_THINGS } };
    const id = fingerprint(c.identity.urn, c.detector.id, c.signal.subject, c.signal.bucket);
    let kept = this.all.get(id);
    const isNew = !kept;
    if (!kept) kept = this.#create(id, c);
    const before = { state: kept.finding.state, severity: kept.finding.severity, revision: kept.finding.revision };
    if ((c.signal.severity ?? c.detector.severity) === 'critical') kept.raisable = true;
    const moved = c.part === undefined ? this.#addEvent(kept, c) : this.#replacePart(kept, c.part, c);
    if (many !== null) gather(this, kept, thing, many, c.at);
    if (isNew || moved) this.#settle(kept, c, before, isNew);
    return id;
  }

  /** What was said of this part of a finding before, if it stands. */
  said(identity: Identity, detector: Detector, signal: Signal, part: string | undefined): { loud: number } | undefined {
    return part === undefined ? undefined : this.all.get(fingerprint(identity.urn, detector.id, signal.subject, signal.bucket))?.parts?.get(part);
  }

  /** Takes back a part that its hour or tick no longer stands by. Without parts left, the finding is withdrawn. */
  retract(kept: Kept, part: string, at: Millis): void {
    if (!kept.parts?.delete(part)) return;
    this.#sum(kept);
    if (kept.parts.size > 0) this.#touch(kept, at, 'updated', false);
    else this.close(kept, 'withdrawn', at);
  }

  /** The state that a look at the fleet kept saying is over. Said again, it is opened again. */
  pass(kept: Kept, part: string, at: Millis): void {
    if (kept.parts?.delete(part)) this.close(kept, 'resolved', at);
  }

  /** Takes back what one event added: it is better known now, and the signal is not raised any more. */
  takeBack(identity: Identity, detector: Detector, signal: Signal, uid: string, at: Millis): void {
    const kept = this.all.get(idOf(this, identity.urn, detector.id, signal));
    if (!kept || kept.parts !== null) return;
    const { finding } = kept;
    finding.count -= signal.count ?? 1;
    kept.loud = Math.max(0, kept.loud - 1);
    finding.evidence = finding.evidence.filter((ref) => ref.uid !== uid);
    if (finding.count > 0) this.#touch(kept, at, 'updated', false);
    else this.close(kept, 'withdrawn', at);
  }

  /** What its owner does not enforce is rare enough to wake somebody after all. */
  raise(kept: Kept, score: number, at: Millis): void {
    const { finding } = kept;
    const before = finding.severity;
    finding.severity = 'critical';
    finding.score = Math.max(finding.score ?? 0, score);
    this.#touch(kept, at, 'updated', this.#pages(kept, at, 'updated', before));
  }

  close(kept: Kept, state: FindingState, at: Millis): void {
    if (!OPEN.has(kept.finding.state) && kept.finding.state !== 'silenced') return;
    const { finding } = kept;
    this.#open.delete(kept);
    turn(finding, state, at);
    finding.closed_at = at;
    const key = episode(finding);
    this.#episodes.set(key, Math.max(this.#episodes.get(key) ?? -Infinity, at));
    this.#touch(kept, at, 'resolved', false);
  }

  /** Takes back what these detectors found of an identity, save what a person has judged. */
  withdrawAll(urn: string, detectors: ReadonlySet<string>, at: Millis): void {
    for (const kept of [...this.of(urn)]) {
      if (!detectors.has(kept.finding.detector)) continue;
      this.close(kept, 'withdrawn', at);
      if (kept.finding.state !== 'resolved') continue;
      turn(kept.finding, 'withdrawn', at);
      this.#touch(kept, at, 'updated', false);
    }
  }

  /** A person's word. What does not fit the state, and what was said already, changes nothing. Reopening by a person is no page. */
  pronounce(kept: Kept, verdict: Verdict): void {
    const { finding } = kept;
    if (!mayBecome(finding.state, verdict.state) || isRepeat(finding, verdict)) return;
    const [wasOpen, wasBad] = [OPEN.has(finding.state), finding.state === 'bad'];
    const stood = this.#open.has(kept);
    const covered = kept.loud === 0 && kept.exception !== null;
    turn(finding, verdict.state === 'open' && covered ? 'silenced' : verdict.state, verdict.at, verdict);
    if (kept.paged !== undefined && wasBad !== (finding.state === 'bad')) this.calibratedPage(kept.paged, wasBad ? 1 : -1);
    if (OPEN.has(finding.state) || finding.state === 'silenced') {
      this.#open.add(kept);
      delete finding.closed_at;
      return this.#touch(kept, verdict.at, wasOpen ? 'updated' : finding.state === 'silenced' ? 'silenced' : 'reopened', false);
    }
    if (stood) {
      this.#open.delete(kept);
      finding.closed_at = verdict.at;
      this.#episodes.set(episode(finding), verdict.at);
    }
    this.#touch(kept, verdict.at, stood ? 'resolved' : 'updated', false);
  }

  /** Lets go of closed findings that nothing has touched for the retention time; of withdrawn ones after 30 days in any case. */
  forget(now: Millis, retention: Millis = RETENTION): void {
    for (const kept of this.all.values()) {
      const { finding } = kept;
      const oldest = now - (finding.state === 'withdrawn' ? RETENTION : retention);
      if (this.#open.has(kept) || Math.max(finding.last, finding.updated_at) >= oldest) continue;
      this.all.delete(finding.id);
      this.#byIdentity.get(finding.identity)?.delete(kept);
      this.changed.delete(kept);
      this.#forgotten.push(finding.id);
    }
    for (const [key, at] of this.#episodes) if (at < now - EPISODE) this.#episodes.delete(key);
  }

  takeForgotten(): string[] { return this.#forgotten.splice(0); }

  of(urn: string): Iterable<Kept> {
    return this.#byIdentity.get(urn) ?? [];
  }

  open(): Iterable<Kept> {
    return this.#open;
  }

  openCount(urn: string): number {
    let n = 0;
    for (const kept of this.of(urn)) if (OPEN.has(kept.finding.state)) n++;
    return n;
  }

  takeChanges(): FindingChange[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  rename(from: string, to: string): void {
    const set = this.#byIdentity.get(from);
    if (!set) return;
    this.#byIdentity.delete(from);
    this.#byIdentity.set(to, set);
    for (const kept of set) {
      kept.finding.identity = to;
      this.changed.add(kept);
    }
  }

  restore(kept: Kept): void {
    this.#index(kept);
    const { finding } = kept;
    if (OPEN.has(finding.state) || finding.state === 'silenced') this.#open.add(kept);
    const key = episode(finding);
    this.#episodes.set(key, Math.max(this.#episodes.get(key) ?? 0, finding.closed_at ?? finding.updated_at));
  }

  #create(id: string, c: Contribution): Kept {
    const finding: Finding = {
      id, revision: 0, identity: c.identity.urn, kind: c.kind, class: c.detector.class, detector: c.detector.id,
      subject: c.signal.subject, bucket: c.signal.bucket, state: 'open', severity: c.severity, owner: c.owner, purpose: c.purpose,
      reason: '', expected: '', observed: '', first: Infinity, last: -Infinity, count: 0, evidence: [], also: [],
      provisional: false, opened_at: c.at, updated_at: c.at,
    };
    const kept: Kept = { finding, lead: [Infinity, ''], loud: 0, exception: null, parts: c.part === undefined ? null : new Map() };
    this.#index(kept);
    return kept;
  }

  #index(kept: Kept): void {
    this.all.set(kept.finding.id, kept);
    let set = this.#byIdentity.get(kept.finding.identity);
    if (!set) this.#byIdentity.set(kept.finding.identity, set = new Set());
    set.add(kept);
  }

  #addEvent(kept: Kept, c: Contribution): boolean {
    const { finding } = kept;
    finding.count += c.signal.count ?? 1;
    finding.first = Math.min(finding.first, c.signal.first ?? c.signal.at);
    finding.last = Math.max(finding.last, c.signal.at);
    finding.evidence = spreadEvidence(finding.evidence, c.signal.evidence, EVIDENCE_HALF);
    if (c.exception === null) kept.loud++;
    else if (kept.exception === null || c.exception < kept.exception) kept.exception = c.exception;
    this.#lead(kept, c);
    return true;
  }

  #replacePart(kept: Kept, key: string, c: Contribution): boolean {
    const count = c.signal.count ?? 1;
    const part: Part = {
      count, first: c.signal.first ?? c.signal.at, last: c.signal.at, loud: c.exception === null ? count : 0,
      provisional: c.provisional, evidence: c.signal.evidence, ...(c.signal.score === undefined ? {} : { score: c.signal.score }),
    };
    const old = kept.parts!.get(key);
    if (old && c.signal.part !== undefined) part.evidence = spreadEvidence(old.evidence, part.evidence, EVIDENCE_HALF);
    const same = old && old.count === part.count && old.provisional === part.provisional && old.last === part.last && old.loud === part.loud;
    if (same && kept.finding.observed === c.signal.reason.observed) return false;
    kept.parts!.set(key, part);
    if (c.exception !== null && (kept.exception === null || c.exception < kept.exception)) kept.exception = c.exception;
    this.#sum(kept);
    if (c.signal.deviation !== undefined) kept.finding.deviation = c.signal.deviation;
    this.#lead(kept, c);
    return true;
  }

  #sum(kept: Kept): void {
    const { finding } = kept;
    Object.assign(finding, { count: 0, first: Infinity, last: -Infinity, evidence: [], provisional: false });
    kept.loud = 0;
    for (const part of kept.parts!.values()) {
      finding.count += part.count;
      finding.first = Math.min(finding.first, part.first);
      finding.last = Math.max(finding.last, part.last);
      finding.evidence = spreadEvidence(finding.evidence, part.evidence, EVIDENCE_HALF);
      finding.provisional ||= part.provisional;
      kept.loud += part.loud;
    }
    // That of the last word, not of a provisional one before it.
    const scores = [...kept.parts!.values()].flatMap(({ score }) => score ?? []);
    if (scores.length > 0) finding.score = Math.max(...scores);
  }

  /** The words shown are those of the earliest event, or the latest word of the earliest hour, so that arrival does not choose them. */
  #lead(kept: Kept, c: Contribution): void {
    const uid = c.part ?? c.signal.evidence[0]?.uid ?? '';
    const time = c.part === undefined ? c.signal.at : Number(c.part) || 0;
    const [leadTime, leadUid] = kept.lead;
    if (time > leadTime || (time === leadTime && uid > leadUid)) return;
    kept.lead = [time, uid];
    const { expected, observed } = c.signal.reason;
    kept.finding.expected = expected;
    kept.finding.observed = observed;
    kept.finding.reason = `Expected ${expected}; observed ${observed}.`;
  }

  #settle(kept: Kept, c: Contribution, before: { state: FindingState; severity: Severity }, isNew: boolean): void {
    const { finding } = kept;
    for (const other of c.also) if (!finding.also.includes(other)) finding.also = [...finding.also, other].sort();
    if (rank(c.severity) < rank(finding.severity)) finding.severity = c.severity;
    finding.owner = c.owner;
    finding.purpose = c.purpose;
    const silenced = kept.loud === 0 && kept.exception !== null;
    if (silenced) finding.exception = kept.exception!;
    else delete finding.exception;
    const closed = !isNew && !OPEN.has(before.state) && before.state !== 'silenced';
    const judged = closed && (before.state === 'benign' || before.state === 'bad');
    if (judged && !outlives(kept, c)) return this.#touch(kept, c.at, 'updated', false);
    if (silenced) turn(finding, 'silenced', c.at);
    else if (finding.state !== 'acknowledged') turn(finding, 'open', c.at);
    delete finding.closed_at;
    this.#open.add(kept);
    const change = silenced ? (before.state === 'silenced' && !isNew ? 'updated' : 'silenced')
      : isNew || before.state === 'silenced' ? 'opened' : closed ? 'reopened' : 'updated';
    this.#touch(kept, c.at, change, this.#pages(kept, judged ? Math.max(c.at, c.signal.at) : c.at, change, before.severity));
  }

  #pages(kept: Kept, at: Millis, change: FindingChange['change'], severity: Severity): boolean {
    const { finding } = kept;
    if (finding.severity !== 'critical' || finding.state === 'silenced') return false;
    const key = episode(finding);
    const last = this.#episodes.get(key);
    this.#episodes.set(key, at);
    const fresh = last === undefined || at - last > EPISODE;
    return change === 'updated' ? severity !== 'critical' : fresh;
  }

  #touch(kept: Kept, at: Millis, change: FindingChange['change'], page: boolean): void {
    const { finding } = kept;
    finding.revision++;
    finding.updated_at = Math.max(finding.updated_at, at);
    this.changed.add(kept);
    if (page && finding.score !== undefined) this.calibratedPage(kept.paged = finding.last, 1);
    this.#changes.push({ finding: { ...finding }, change, page });
  }
}

/**
 * Whether this goes beyond what a person judged: it happened more than 24 hours after the word, which spoke of one episode. A state of
 * the inventory or of a credential is judged once for its bucket.
 */
function outlives({ finding }: Kept, { detector, signal }: Contribution): boolean {
  const word = finding.history?.findLast(({ by }) => by !== null)?.at ?? Infinity;
  return detector.class !== 'state' && signal.at > word + EPISODE;
}
