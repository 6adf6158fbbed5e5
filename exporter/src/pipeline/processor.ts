import type {
  Entry, FindingChange, IdentityClass, Inventory, Millis, NhiEvent, Remit, Store, Verdict,
} from '@remit/contract';
import { EVENT_KINDS as KINDS, OUTCOMES } from '@remit/contract';
import { Dedup, type Seen } from './dedup.ts';
import { correctEvidence, eventRef, eventUid } from './evidence.ts';
import { Feeds, type Feed } from './feeds.ts';
import { FindingBook, type Kept } from './findings.ts';
import { FleetWatch } from './fleet.ts';
import { HourBook } from './hour-book.ts';
import { addToHour, HOUR } from './hours.ts';
import { Identities, type Identity } from './identities.ts';
import { Judge, MutableView, severityOf, type Judged } from './judge.ts';
import type { Applied, Parts } from './parts.ts';

/** Called for every unique event, with its identity; for `replay` and `normalise`. */
export type Observer = (event: NhiEvent, seen: Seen, identity: Identity | null) => void;

const DENIED = OUTCOMES.indexOf('denied');
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
  readonly hours = new HourBook(this);
  /** Unique events by source, then kind × outcome in the order of the contract. */
  readonly counters = new Map<string, number[]>();
  readonly matches = new Map<string, number>();
  unattributed = 0;
  late = 0;
  position = 0;
  lastTick: Millis = -Infinity;
  observer: Observer | null = null;
  /** Revision and files of each inventory applied, for the next cut. */
  readonly inventories: { from: Millis; imported: Millis; revision: string; files: Record<string, string> }[] = [];
  /** What is true of the fleet as a whole, and what has fallen quiet. */
  readonly fleet: FleetWatch;
  readonly judge: Judge;
  readonly #view = new MutableView();
  #fleetSize = -1;
  #star = Infinity;
  /** Clock of the last tick that went the whole way; 0 before the first. */
  heartbeat: Millis = 0;

  constructor(parts: Parts) {
    this.parts = parts;
    this.dedup = new Dedup(parts.dedupKey);
    this.judge = new Judge(parts.detectors, parts.watch);
    this.fleet = new FleetWatch(this);
    this.identities.renamed = (from, to) => this.book.rename(from, to);
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
      this.hours.judgeTouched(entry.receivedAt);
    } else if (entry.type === 'tick') this.#tick(entry.now, entry.idle);
    else if (entry.type === 'inventory') this.#inventory(entry);
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
    if (this.feeds.advance(feed, event.time, receivedAt)) this.hours.closeDue();
    const inventory = this.parts.timeline.at(event.time);
    const identity = this.identities.resolve(event, inventory);
    // People are counted, not judged by what machines do: what was found of their habits before the proof is taken back.
    if (identity && this.identities.prove(identity, event)) this.book.withdrawAll(identity.urn, this.judge.ofHabits, receivedAt);
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
    if (verdict === 'platform') return;
    if (verdict === 'human') return this.#judgeEvent(event, identity, inventory, receivedAt);
    const start = event.time - (event.time % HOUR);
    const hour = this.hours.of(identity, start);
    const { remit } = identity;
    const target = event.resources?.[0]?.uid;
    const restricted = remit !== null && target !== undefined && remit.restricted(target);
    if (hour) {
      if (addToHour(hour, event, restricted, this.parts.features, eventRef) !== null) identity.sensitive = true;
      this.hours.touch(hour, identity);
    } else {
      applied.late++;
      this.late++;
    }
    this.#judgeEvent(event, identity, inventory, receivedAt);
  }

  #judgeEvent(event: NhiEvent, identity: Identity, inventory: Inventory, receivedAt: Millis): void {
    const { remit } = identity;
    const view = this.look(identity, remit);
    view.timeResolution = this.parts.sources.get(event.metadata.source)?.timeResolution ?? 1;
    for (const judged of this.judge.event(event, view)) this.open(judged, identity, remit, inventory, event, receivedAt, undefined, false);
  }

  /** The other stage of an action says it ended differently: the complete stage is right. */
  #correct(event: NhiEvent, counted: number, outcome: number): void {
    const identity = this.identities.resolve(event, this.parts.timeline.at(event.time));
    if (!identity) return;
    identity[OUTCOMES[counted]!]--;
    identity[OUTCOMES[outcome]!]++;
    this.identities.changed.add(identity);
    const uid = eventUid(event);
    const hour = identity.open.find((h) => h.start === event.time - (event.time % HOUR));
    if (hour) {
      hour.denied += Number(outcome === DENIED) - Number(counted === DENIED);
      correctEvidence([hour.evidence, ...[...hour.categories.values()].map((c) => c.evidence)], uid, OUTCOMES[outcome]!);
      this.hours.touch(hour, identity);
    }
    for (const kept of this.book.of(identity.urn)) {
      if (correctEvidence([kept.finding.evidence, ...[...kept.parts?.values() ?? []].map((p) => p.evidence)], uid, OUTCOMES[outcome]!)) this.book.changed.add(kept);
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

  /** The view of a detector on this identity; filled anew at each call. */
  look(identity: Identity, remit: Remit | null): MutableView {
    const view = this.#view;
    view.identity = {
      urn: identity.urn, kind: this.identities.kindOf(identity), class: this.identities.classOf(identity), first: identity.first,
      last: identity.last, principalKey: identity.natives[0] ?? '',
    };
    view.remit = remit;
    view.ready = this.hours.ready.has(identity);
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
    if (exception && !provisional) this.matches.set(exception.id, (this.matches.get(exception.id) ?? 0) + 1);
    return this.book.add({
      identity, kind: this.identities.kindOf(identity), detector, signal, also, at, provisional,
      severity: severityOf(detector, signal, remit, inventory), owner: remit?.record.owner ?? null,
      purpose: remit?.record.purpose ?? null, exception: exception?.id ?? null, ...(part === undefined ? {} : { part }),
    });
  }

  // -------------------------------------------------------------- ticks, inventory, verdicts

  #tick(now: Millis, idle: readonly string[]): void {
    if (now < this.lastTick) return;
    this.lastTick = now;
    this.feeds.clock = Math.max(this.feeds.clock, now);
    for (const feed of this.feeds.all) feed.idle = idle.includes(feed.name);
    this.hours.closeDue();
    this.fleet.tick(now);
    this.heartbeat = now;
  }

  #inventory({ now, imported, revision, files }: Extract<Entry, { type: 'inventory' }>): void {
    this.parts.timeline.add(now, this.parts.compile(files, imported));
    this.inventories.push({ from: now, imported, revision, files });
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
