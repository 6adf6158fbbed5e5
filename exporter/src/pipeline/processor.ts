import type {
  Entry, FindingChange, HourView, IdentityClass, Inventory, Millis, NhiEvent, Remit, Store, Surprise, Verdict,
} from '@remit/contract';
import { EVENT_KINDS as KINDS, OUTCOMES } from '@remit/contract';
import { Dedup, type Seen } from './dedup.ts';
import { eventRef, eventUid } from './evidence.ts';
import { Feeds, type Feed } from './feeds.ts';
import { FindingBook, type Kept } from './findings.ts';
import { FleetWatch } from './fleet.ts';
import { addToHour, HOUR, openHour, type OpenHour } from './hours.ts';
import { HUMAN, Identities, type Identity } from './identities.ts';
import { Judge, MutableView, severityOf, type Judged } from './judge.ts';
import type { Applied, ClosedHour, Parts } from './parts.ts';

/** Called for every unique event, with its identity; for `replay` and `normalise`. */
export type Observer = (event: NhiEvent, seen: Seen, identity: Identity | null) => void;

/** Place in `KINDS` of what an identity is known to be when its event is judged. */
const CLASS_KIND: Record<IdentityClass, number> = {
  machine: KINDS.indexOf('nhi'), human: KINDS.indexOf('human'), platform: KINDS.indexOf('platform'), unknown: KINDS.indexOf('unknown'),
  unattributed: KINDS.indexOf('unknown'),
};

/**
 * The state machine: applies journal entries in order and is the only writer of state. Everything in it follows from the
 * entries alone, so that a replay of the journal gives the same state.
 */
export class Processor {
  readonly parts: Parts;
  readonly identities = new Identities();
  readonly book = new FindingBook();
  readonly feeds = new Feeds();
  readonly dedup: Dedup;
  readonly openHours = new Map<Millis, Set<Identity>>();
  readonly closed: ClosedHour[] = [];
  /** Unique events by source, then kind × outcome in the order of the contract. */
  readonly counters = new Map<string, number[]>();
  readonly matches = new Map<string, number>();
  unattributed = 0;
  late = 0;
  position = 0;
  lastTick: Millis = -Infinity;
  observer: Observer | null = null;
  readonly readyIdentities = new Set<Identity>();
  readonly dirtyHours = new Set<string>();
  /** Revision and files of each inventory applied, for the next cut. */
  readonly inventories: { from: Millis; revision: string; files: Record<string, string> }[] = [];
  /** What is true of the fleet as a whole, and what has fallen quiet. */
  readonly fleet: FleetWatch;
  readonly judge: Judge;
  readonly #view = new MutableView();
  #fleetSize = -1;
  #star = Infinity;
  readonly #touched = new Map<OpenHour, Identity>();
  /** Clock of the last tick that went the whole way; 0 before the first. */
  heartbeat: Millis = 0;

  constructor(parts: Parts) {
    this.parts = parts;
    this.dedup = new Dedup(parts.dedupKey);
    this.judge = new Judge(parts.detectors, parts.failed);
    this.fleet = new FleetWatch(this);
  }

  /** Loads what a batch may need that is not in memory. Call before `apply`. */
  async prepare(entry: Entry, store: Store): Promise<void> {
    if (entry.type !== 'batch') return;
    const hours = new Set<Millis>();
    let missing = false;
    let last = NaN;
    for (const { time } of entry.events) {
      const hour = time - (time % HOUR);
      if (hour === last) continue;
      last = hour;
      hours.add(hour);
      missing ||= !this.dedup.resident(hour);
    }
    if (missing) await this.dedup.ensure(hours, store);
  }

  /** Applies one entry, whole. Entries come in order of position, each once. */
  apply(entry: Entry): Applied {
    const applied: Applied = { unique: 0, start_record: 0, duplicate: 0, late: 0 };
    if (entry.type === 'batch') {
      this.feeds.clock = Math.max(this.feeds.clock, entry.receivedAt);
      let feed: Feed | null = null;
      for (const event of entry.events) {
        if (feed?.source !== event.metadata.source) feed = this.#feed(entry, event);
        this.#event(event, feed, entry.receivedAt, applied);
      }
      this.#judgeTouched(entry.receivedAt);
    } else if (entry.type === 'tick') this.#tick(entry.now, entry.idle);
    else if (entry.type === 'inventory') this.#inventory(entry.now, entry.revision, entry.files);
    else this.#verdict(entry.verdict);
    this.position = entry.position;
    return applied;
  }

  // -------------------------------------------------------------- events

  #feed(entry: Extract<Entry, { type: 'batch' }>, event: NhiEvent): Feed {
    const feed = this.feeds.get(`${entry.feed}/${event.metadata.source}`, event.metadata.source, entry.backfill);
    feed.lastReceive = Math.max(feed.lastReceive, entry.receivedAt);
    feed.idle = false;
    feed.replay = entry.backfill;
    return feed;
  }

  #event(event: NhiEvent, feed: Feed, receivedAt: Millis, applied: Applied): void {
    const { metadata } = event;
    const outcome = event.outcome.denied ? 2 : event.status_id === 2 ? 1 : 0;
    const { seen, counted } = this.dedup.see(
      event.time, metadata.source, metadata.realm ?? '', metadata.original_event_uid, event.flags.includes('start_record'), outcome, feed.replay,
    );
    applied[seen]++;
    if (seen !== 'unique') {
      if (counted >= 0) this.#correct(event, counted, outcome);
      this.observer?.(event, seen, null);
      return;
    }
    if (this.feeds.advance(feed, event.time, receivedAt)) this.#closeDue();
    const inventory = this.parts.timeline.at(event.time);
    const identity = this.identities.resolve(event, inventory);
    if (identity) this.identities.prove(identity, event);
    const verdict = identity ? this.identities.classOf(identity) : 'unattributed';
    this.#count(event, identity, verdict, outcome);
    if (identity) this.#attribute(event, identity, verdict, inventory, feed, receivedAt, applied);
    else this.unattributed++;
    this.observer?.(event, seen, identity);
  }

  #count(event: NhiEvent, identity: Identity | null, verdict: IdentityClass, outcome: number): void {
    if (identity) this.identities.count(identity, event);
    const { source } = event.metadata;
    let counts = this.counters.get(source);
    if (!counts) this.counters.set(source, counts = new Array<number>(KINDS.length * OUTCOMES.length).fill(0));
    counts[CLASS_KIND[verdict] * OUTCOMES.length + outcome]!++;
  }

  #attribute(event: NhiEvent, identity: Identity, verdict: IdentityClass, inventory: Inventory, feed: Feed, receivedAt: Millis, applied: Applied): void {
    if (!identity.feeds.includes(feed.index)) identity.feeds.push(feed.index);
    if (verdict === 'human' || verdict === 'platform') {
      if (verdict === 'human' && identity.proofs & HUMAN) this.#withdrawAll(identity, receivedAt);
      return;
    }
    const start = event.time - (event.time % HOUR);
    const hour = this.#hourOf(identity, start);
    const { remit } = identity;
    const target = event.resources?.[0]?.uid;
    const restricted = remit !== null && target !== undefined && remit.restricted(target);
    if (hour) {
      if (addToHour(hour, event, restricted, this.parts.features, eventRef) !== null) identity.sensitive = true;
      this.#touched.set(hour, identity);
    } else {
      applied.late++;
      this.late++;
    }
    const view = this.#look(identity, remit);
    view.timeResolution = this.parts.sources.get(event.metadata.source)?.timeResolution ?? 1;
    for (const judged of this.judge.event(event, view)) this.open(judged, identity, remit, inventory, event, receivedAt, undefined, false);
  }

  /** The open hour, or null when it is closed already and the event is late. */
  #hourOf(identity: Identity, start: Millis): OpenHour | null {
    for (const hour of identity.open) if (hour.start === start) return hour;
    if (start + HOUR <= identity.closedUntil || start + HOUR <= this.feeds.frontier(identity.feeds)) return null;
    const hour = openHour(start, this.parts.features);
    identity.open.push(hour);
    let set = this.openHours.get(start);
    if (!set) this.openHours.set(start, set = new Set());
    set.add(identity);
    return hour;
  }

  /** The other stage of an action says it ended differently: the complete stage is right. */
  #correct(event: NhiEvent, counted: number, outcome: number): void {
    const identity = this.identities.resolve(event, this.parts.timeline.at(event.time));
    if (!identity) return;
    identity[OUTCOMES[counted]!]--;
    identity[OUTCOMES[outcome]!]++;
    this.identities.changed.add(identity);
    const uid = eventUid(event);
    for (const kept of this.book.of(identity.urn)) {
      const ref = kept.finding.evidence.find((r) => r.uid === uid);
      if (!ref) continue;
      ref.outcome = OUTCOMES[outcome]!;
      this.book.changed.add(kept);
    }
  }

  #threshold(): number {
    const n = this.identities.all.length;
    if (n !== this.#fleetSize) {
      this.#fleetSize = n;
      this.#star = this.parts.calibration.threshold(n);
    }
    return this.#star;
  }

  #look(identity: Identity, remit: Remit | null): MutableView {
    const view = this.#view;
    view.identity = {
      urn: identity.urn, kind: this.identities.kindOf(identity), class: this.identities.classOf(identity), first: identity.first,
      last: identity.last, principalKey: identity.natives[0] ?? '',
    };
    view.remit = remit;
    view.ready = this.readyIdentities.has(identity);
    view.threshold = this.#threshold();
    view.timeResolution = 1;
    return view;
  }

  /** Turns a judged signal into a finding, or adds to one; returns the finding's id. */
  open(
    judged: Judged, identity: Identity, remit: Remit | null, inventory: Inventory, event: NhiEvent | null, at: Millis,
    part: string | undefined, provisional: boolean,
  ): string {
    const { detector, signal, also } = judged;
    const exception = inventory.exception(identity.urn, remit, detector.id, event, signal.at);
    if (exception) this.matches.set(exception.id, (this.matches.get(exception.id) ?? 0) + 1);
    return this.book.add({
      identity, kind: this.identities.kindOf(identity), detector, signal, also, at, provisional,
      severity: severityOf(detector, signal, remit, inventory), owner: remit?.record.owner ?? null,
      purpose: remit?.record.purpose ?? null, exception: exception?.id ?? null, ...(part === undefined ? {} : { part }),
    });
  }

  /** A person stands behind it after all: people are counted, not judged. */
  #withdrawAll(identity: Identity, at: Millis): void {
    if (identity.remit) return;
    for (const kept of [...this.book.of(identity.urn)]) this.book.close(kept, 'withdrawn', at);
  }

  // -------------------------------------------------------------- hours

  #judgeTouched(at: Millis): void {
    for (const [hour, identity] of this.#touched) {
      this.dirtyHours.add(`${identity.index} ${hour.start}`);
      if (hour.categories.size > 0 || this.readyIdentities.has(identity)) this.#judgeHour(identity, hour, at, false);
    }
    this.#touched.clear();
  }

  #judgeHour(identity: Identity, hour: OpenHour, at: Millis, closing: boolean): number | null {
    const inventory = this.parts.timeline.at(hour.start + HOUR - 1);
    const verdict = this.identities.classOf(identity);
    if (verdict === 'human' || verdict === 'platform') return null;
    const surprises = this.#surprises(identity, hour);
    const view = this.#look(identity, identity.remit);
    const part = String(hour.start);
    const standing = new Set<string>();
    const seen: HourView = { start: hour.start, closing, events: hour.events, denied: hour.denied, evidence: hour.evidence, categories: hour.categories, surprises };
    for (const judged of this.judge.hour(seen, view)) {
      standing.add(this.open(judged, identity, identity.remit, inventory, null, at, part, !closing));
    }
    for (const kept of [...this.book.of(identity.urn)]) {
      if (kept.parts?.has(part) && !standing.has(kept.finding.id) && !this.fleet.standing.has(kept.finding.id)) this.book.retract(kept, part, at);
    }
    const score = surprises.size === 0 ? null : Math.max(...[...surprises.values()].map((s) => s.score));
    if (score !== null && !closing) identity.score = Math.max(identity.score ?? 0, score);
    return score;
  }

  #surprises(identity: Identity, hour: OpenHour): Map<string, Surprise> {
    const surprises = new Map<string, Surprise>();
    if (!this.readyIdentities.has(identity)) return surprises;
    const calibrate = this.parts.calibration.at(hour.start);
    this.parts.features.forEach((feature, i) => {
      const surprise = feature.expect(this.parts.profiles.row(feature.id, identity.index, false), hour.features[i], hour.start, calibrate);
      if (surprise) surprises.set(feature.id, surprise);
    });
    return surprises;
  }

  /** Closes every hour that all feeds of its identity have passed, in order of hour and URN. */
  #closeDue(): void {
    const starts = [...this.openHours.keys()].sort((a, b) => a - b);
    for (const start of starts) {
      const due = [...this.openHours.get(start)!].filter((identity) => this.feeds.frontier(identity.feeds) >= start + HOUR);
      for (const identity of due.sort((a, b) => (a.urn < b.urn ? -1 : 1))) this.#close(identity, start);
    }
  }

  #close(identity: Identity, start: Millis): void {
    const hour = identity.open.find((h) => h.start === start)!;
    identity.open = identity.open.filter((h) => h !== hour);
    const set = this.openHours.get(start)!;
    set.delete(identity);
    if (set.size === 0) this.openHours.delete(start);
    this.#touched.delete(hour);
    this.dirtyHours.add(`${identity.index} ${start}`);
    identity.closedUntil = Math.max(identity.closedUntil, start + HOUR);
    identity.score = this.#judgeHour(identity, hour, Math.max(this.feeds.clock, start + HOUR), true);
    this.closed.push({ start, identity, events: hour.events, denied: hour.denied, score: identity.score });
    this.identities.changed.add(identity);
    if (!this.#quarantined(identity, start)) this.#learn(identity, hour);
  }

  #learn(identity: Identity, hour: OpenHour): void {
    let ready = false;
    this.parts.features.forEach((feature, i) => {
      const row = this.parts.profiles.row(feature.id, identity.index, true);
      const surprise = feature.expect(row, hour.features[i], hour.start, (p) => p);
      if (surprise) this.parts.calibration.add(hour.start, surprise.p);
      feature.learn(row, hour.features[i], hour.start);
      ready ||= feature.ready(row);
    });
    if (ready) this.readyIdentities.add(identity);
  }

  /** Events inside a finding about behaviour do not train the baseline until its owner confirms them. */
  #quarantined(identity: Identity, start: Millis): boolean {
    for (const { finding } of this.book.of(identity.urn)) {
      if (finding.class === 'state' || finding.state === 'benign' || finding.state === 'withdrawn') continue;
      if (finding.first < start + HOUR && finding.last >= start) return true;
    }
    return false;
  }

  // -------------------------------------------------------------- ticks, inventory, verdicts

  #tick(now: Millis, idle: readonly string[]): void {
    if (now < this.lastTick) return;
    this.lastTick = now;
    this.feeds.clock = Math.max(this.feeds.clock, now);
    for (const feed of this.feeds.all) feed.idle = idle.includes(feed.name);
    this.#closeDue();
    this.fleet.tick(now);
    this.heartbeat = now;
  }

  #inventory(now: Millis, revision: string, files: Record<string, string>): void {
    this.parts.timeline.add(now, this.parts.compile(files, now));
    this.inventories.push({ from: now, revision, files });
    this.identities.bind(this.parts.timeline.latest(), now);
    this.fleet.judgeSoon();
  }

  #verdict(verdict: Verdict): void {
    const kept = this.book.all.get(verdict.finding);
    if (!kept) return;
    if (verdict.state === 'acknowledged') this.book.acknowledge(kept, verdict.at);
    else if (verdict.state === 'benign' || verdict.state === 'bad') this.book.close(kept, verdict.state, verdict.at);
  }

  takeChanges(): FindingChange[] {
    return this.book.takeChanges();
  }

  /** The finding with this id, for the API. */
  finding(id: string): Kept | undefined {
    return this.book.all.get(id);
  }
}
