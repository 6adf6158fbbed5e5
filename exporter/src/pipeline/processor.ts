import type { Entry, FindingChange, IdentityClass, Inventory, JudgedIdentity, Millis, NhiEvent, Remit, Steps, Store, Verdict } from '@remit/contract';
import { ChainBook } from './chains.ts';
import { Dedup, type Seen } from './dedup.ts';
import { amend } from './amend.ts';
import { countEvent, outcomeOf } from './event-counts.ts';
import { eventRef, eventUid } from './evidence.ts';
import { Feeds, type Feed } from './feeds.ts';
import { FindingBook, type Kept } from './findings.ts';
import { FleetWatch } from './fleet.ts';
import { HourBook } from './hour-book.ts';
import { addToHour, HOUR, hourOf, isRestricted } from './hours.ts';
import { Identities, type Identity } from './identities.ts';
import { Judge, MutableView, type Judged } from './judge.ts';
import { openFinding } from './opening.ts';
import type { Applied, Parts } from './parts.ts';
import { PrivilegeBook } from './privileges.ts';
import { RunBook } from './runs.ts';
import { ShadowBook } from './shadow.ts';
import { TraceBook, type Release } from './traces.ts';

const DAY: Millis = 24 * HOUR;

/** Called for every unique event, with its identity; for `replay` and `normalise`. */
export type Observer = (event: NhiEvent, seen: Seen, identity: Identity | null) => void;

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
  readonly hours: HourBook;
  readonly traces = new TraceBook();
  readonly shadows = new ShadowBook();
  readonly privileges = new PrivilegeBook();
  readonly chains: ChainBook;
  readonly runs: RunBook;
  /** Unique events by source, then kind × outcome in the order of the contract. */
  readonly counters = new Map<string, number[]>();
  /** Those of them that were history when they came. */
  readonly history = new Map<string, number>();
  readonly matches = new Map<string, number>();
  /** What ended exceptions would have hidden, by id. */
  readonly relied = new Map<string, { urn: string; count: number; first: Millis; last: Millis }>();
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
  readonly #view = new MutableView((who) => this.#describe(who));
  /** Clock of the last tick that went the whole way; 0 before the first. */
  heartbeat: Millis = 0;

  constructor(parts: Parts) {
    this.parts = parts;
    this.dedup = new Dedup(parts.dedupKey);
    this.judge = new Judge(parts.detectors, parts.watch);
    this.hours = new HourBook(this);
    this.fleet = new FleetWatch(this);
    this.chains = new ChainBook(this);
    this.runs = new RunBook(this);
    this.book.calibratedPage = (at, by) => this.parts.scoring.spend(at, by);
    this.identities.renamed = (from, to) => {
      this.book.rename(from, to);
      this.chains.rename(from, to);
      this.runs.rename(from, to);
    };
  }

  /** Loads what a batch may need that is not in memory. Call before `apply`. */
  async prepare(entry: Entry, store: Store): Promise<void> {
    if (entry.type !== 'batch') return;
    const hours = new Set<Millis>();
    let missing = false;
    let last = NaN;
    for (const { time } of entry.events) {
      const hour = hourOf(time);
      if (hour === last) continue;
      last = hour;
      hours.add(hour);
      missing ||= !this.dedup.resident(hour);
    }
    if (missing) await this.dedup.ensure(hours, store);
  }

  /**
   * Applies one entry, in steps. Entries come in order of position, each once, and whole: between its steps others may look, but nothing may
   * be changed or saved.
   */
  * apply(entry: Entry): Steps<Applied> {
    const applied: Applied = { unique: 0, start_record: 0, duplicate: 0, late: 0 };
    if (entry.type === 'batch') {
      this.feeds.clock = Math.max(this.feeds.clock, entry.receivedAt);
      let feed: Feed | null = null;
      for (const event of entry.events) {
        if (feed?.source !== event.metadata.source) feed = this.#feed(entry, event);
        if (!this.#isNew(event, feed, entry.receivedAt, applied)) continue;
        if (this.feeds.advance(feed, event.time, entry.receivedAt)) yield* this.hours.closeDue();
        this.#take(event, feed, entry.receivedAt, applied);
      }
      this.#release(this.traces.due(), entry.receivedAt);
      this.#judgeTouched(entry.receivedAt, entry.backfill);
    } else if (entry.type === 'tick') yield* this.#tick(entry.now, entry.idle);
    else if (entry.type === 'inventory') yield* this.#inventory(entry);
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

  /** Counts a record; false when nothing is to be done with it any more: it came before, or another one implies it. */
  #isNew(event: NhiEvent, feed: Feed, receivedAt: Millis, applied: Applied): boolean {
    const { metadata } = event;
    const outcome = outcomeOf(event);
    const { seen, counted } = this.dedup.see(
      event.time, metadata.source, metadata.realm ?? '', metadata.original_event_uid, event.flags.includes('start_record'), outcome, feed.replay,
    );
    if (event.flags.includes('implied')) {
      if (seen === 'unique') this.#implied(event, receivedAt);
      return false;
    }
    applied[seen === 'unique' && event.flags.includes('context') ? 'start_record' : seen]++;
    if (seen === 'unique') return true;
    if (counted >= 0) this.#correct(event, counted, outcome);
    this.observer?.(event, seen, null);
    return false;
  }

  #take(event: NhiEvent, feed: Feed, receivedAt: Millis, applied: Applied): void {
    if (event.trace?.span === undefined) this.#unique(event, feed, receivedAt, applied, false);
    else if (!this.traces.add(event, feed, receivedAt) || event.flags.includes('context')) this.observer?.(event, 'start_record', null);
  }

  /** An event of its own: who acted, what it counts for, and what the detectors say. */
  #unique(event: NhiEvent, feed: Feed, receivedAt: Millis, applied: Applied, gap: boolean): Identity | null {
    const inventory = this.parts.timeline.at(event.time);
    const identity = this.identities.resolve(event, inventory);
    // People are counted, not judged by what machines do: what was found of their habits before the proof is taken back.
    if (identity && this.identities.prove(identity, event)) this.book.withdrawAll(identity.urn, this.judge.ofHabits, receivedAt);
    const verdict = identity ? this.identities.classOf(identity) : 'unattributed';
    countEvent(this, event.metadata.source, verdict, outcomeOf(event), feed.replay && event.time < receivedAt - HOUR);
    if (identity) {
      this.identities.count(identity, event);
      this.privileges.note(identity, event);
      this.#attribute(event, identity, verdict, inventory, feed, receivedAt, applied);
      if (gap || event.trace?.sample_rate !== undefined) identity.partly = Math.max(identity.partly, event.time);
      if (verdict !== 'platform') this.chains.take(event, identity, inventory, gap);
      if (event.tool !== undefined) this.runs.take(event, identity, gap, receivedAt);
    } else this.unattributed++;
    this.observer?.(event, 'unique', identity);
    return identity;
  }

  /** What the record of another act implies: judged as an act of its own, and counted nowhere. */
  #implied(event: NhiEvent, receivedAt: Millis): void {
    const inventory = this.parts.timeline.at(event.time);
    const identity = this.identities.resolve(event, inventory);
    if (!identity) return;
    if (this.identities.prove(identity, event)) this.book.withdrawAll(identity.urn, this.judge.ofHabits, receivedAt);
    this.identities.saw(identity, event);
    this.privileges.note(identity, event);
    if (this.identities.classOf(identity) === 'platform') return;
    this.#judgeEvent(event, identity, inventory, receivedAt);
    this.chains.take(event, identity, inventory, false);
  }

  /** Calls whose way up to the agent is known, or has been waited for long enough. */
  #release(releases: readonly Release[], receivedAt: Millis): void {
    const late: Applied = { unique: 0, start_record: 0, duplicate: 0, late: 0 };
    for (const release of releases) {
      const { event } = release;
      if (release.what === 'count') {
        const identity = this.#unique(event, this.feeds.all[release.feed]!, receivedAt, late, release.gap);
        if (!identity) continue;
        this.identities.carry(identity, release.carrier);
        release.span.counted = { urn: identity.urn, time: event.time, uid: eventUid(event), outcome: outcomeOf(event) };
      } else if (release.what === 'merge') {
        if (release.amend) amend(this, release.amend, outcomeOf(event), event);
        this.observer?.(event, 'start_record', null);
      } else {
        this.#move(release, receivedAt);
      }
    }
  }

  /** A call that was counted is now better known: its chains and what single events are judged by follow; counters stay. */
  #move({ event, counted, before }: Extract<Release, { what: 'move' }>, receivedAt: Millis): void {
    const inventory = this.parts.timeline.at(event.time);
    if (counted) {
      this.chains.untake(event, counted.urn, counted.uid);
      this.runs.untake(event, counted.urn);
    }
    const identity = this.identities.resolve(event, inventory);
    if (!identity) return;
    this.chains.take(event, identity, inventory, false);
    this.runs.take(event, identity, false, receivedAt);
    if (before !== null || identity.urn !== counted?.urn) this.#judgeEvent(event, identity, inventory, receivedAt, identity.urn === counted?.urn ? before : null);
  }

  /** Judges what the entry touched. */
  #judgeTouched(at: Millis, history: boolean): void {
    this.hours.judgeTouched(at);
    this.chains.judgeTouched(at, history);
    this.runs.judgeTouched(at);
  }

  #attribute(event: NhiEvent, identity: Identity, verdict: IdentityClass, inventory: Inventory, feed: Feed, receivedAt: Millis, applied: Applied): void {
    if (!identity.feeds.includes(feed.index)) identity.feeds = identity.feeds.concat(feed.index);
    if (verdict === 'platform') return;
    if (verdict === 'human' && this.identities.isPerson(identity)) return this.#judgeEvent(event, identity, inventory, receivedAt);
    const start = hourOf(event.time);
    const hour = this.hours.of(identity, start);
    const { remit } = identity;
    if (hour) {
      if (addToHour(hour, event, isRestricted(remit, event), remit, this.parts.scoring, eventRef) !== null) identity.sensitive = true;
      this.hours.touch(hour, identity);
    } else {
      applied.late++;
      this.late++;
    }
    this.#judgeEvent(event, identity, inventory, receivedAt);
  }

  /** `before`: the event as it was judged already; what was said then is not said again, or taken back. */
  #judgeEvent(event: NhiEvent, identity: Identity, inventory: Inventory, receivedAt: Millis, before: NhiEvent | null = null): void {
    const { remit } = identity;
    const view = this.look(identity, remit, inventory);
    view.timeResolution = this.parts.sources.get(event.metadata.source)?.timeResolution ?? 1;
    const said = before === null ? null : new Map(this.judge.event(before, view).map((judged) => [nameOf(judged), judged]));
    for (const judged of this.judge.event(event, view)) {
      if (!said?.delete(nameOf(judged))) openFinding(this, judged, { identity, remit, inventory, event, at: receivedAt, provisional: false });
    }
    for (const { detector, signal } of said?.values() ?? NONE) {
      this.book.takeBack(identity, detector, signal, eventUid(event), receivedAt);
      if (!inventory.exception(identity.urn, remit, detector.id, before, signal.at, signal.scope)) this.hours.signalled(identity, signal.at, detector, -1);
    }
    if (identity.proposal) this.#judgeInShadow(event, identity, identity.proposal, inventory);
  }

  /** What a proposal would have found, had it been approved. */
  #judgeInShadow(event: NhiEvent, identity: Identity, proposal: Remit, inventory: Inventory): void {
    const view = this.look(identity, proposal, inventory);
    view.timeResolution = this.parts.sources.get(event.metadata.source)?.timeResolution ?? 1;
    for (const { detector, signal } of this.judge.event(event, view)) {
      if (detector.class === 'remit' && !inventory.exception(identity.urn, proposal, detector.id, event, signal.at, signal.scope)) this.shadows.add(identity.urn, detector, signal);
    }
  }

  /** The other stage of an action says it ended differently: the complete stage is right. */
  #correct(event: NhiEvent, counted: number, outcome: number): void {
    const identity = this.identities.resolve(event, this.parts.timeline.at(event.time));
    if (identity) amend(this, { urn: identity.urn, time: event.time, uid: eventUid(event), outcome: counted }, outcome, event);
  }

  /** The view of a detector on this identity; filled anew at each call. */
  look(identity: Identity, remit: Remit | null, inventory: Inventory): MutableView {
    return this.#view.ask(identity, remit, inventory);
  }

  #describe(identity: Identity): JudgedIdentity {
    const { urn, first, last, natives } = identity;
    return { urn, kind: this.identities.kindOf(identity), class: this.identities.classOf(identity), first, last, principalKey: natives[0]?.key ?? '' };
  }

  // -------------------------------------------------------------- ticks, inventory, verdicts

  * #tick(now: Millis, idle: readonly string[]): Steps<void> {
    if (now < this.lastTick) return;
    this.privileges.turn(this.lastTick, now, (identity) => this.identities.show(identity));
    this.lastTick = now;
    this.feeds.clock = Math.max(this.feeds.clock, now);
    for (const feed of this.feeds.all) feed.idle = idle.includes(feed.name);
    this.#release(this.traces.overdue(now), now);
    const history = this.feeds.all.every((feed) => feed.replay);
    this.#judgeTouched(now, history);
    yield* this.hours.closeDue();
    this.runs.closeDue(now, history);
    this.hours.fade(now);
    yield* this.fleet.tick(now);
    this.heartbeat = now;
  }

  * #inventory({ now, imported, revision, files }: Extract<Entry, { type: 'inventory' }>): Steps<void> {
    this.parts.timeline.add(now, this.parts.compile(files, imported));
    this.inventories.push({ from: now, imported, revision, files });
    yield* this.identities.bind(this.parts.timeline.latest(), now);
    this.allowBudgets();
    for (const { urn } of [...this.shadows.all.values()]) if (!this.identities.get(urn)?.proposal) this.shadows.clear(urn);
    this.fleet.judgeSoon();
  }

  /** The budgets of the owners of the inventory in force. */
  allowBudgets(): void {
    this.hours.sizes.forget();
    this.parts.scoring.budgets(Object.fromEntries(this.parts.timeline.latest().owners().flatMap(({ team, budget }) => (budget === undefined ? [] : [[team, budget]]))));
  }

  #verdict(verdict: Verdict): void {
    const kept = this.finding(verdict.finding);
    if (!kept) return;
    this.book.pronounce(kept, verdict);
    this.runs.release(kept.finding.identity);
    const { identity: urn, first, last, state } = kept.finding;
    const identity = this.identities.get(urn);
    if (!identity || (state !== 'benign' && state !== 'bad')) return;
    // What waited for this word is learned, or forgotten for good: its own hours, and those of a day before, which the sum of a day speaks of.
    // Misuse seldom ends with the hour that paged: what deviates up to a day later is part of it.
    this.parts.scoring.settle(identity.index, hourOf(first) - DAY, hourOf(last) + (state === 'bad' ? DAY : 0), state === 'benign', verdict.at);
  }

  takeChanges(): FindingChange[] { return this.book.takeChanges(); }

  /** Writes the durable identity into an archived event. */
  describe(event: NhiEvent): void {
    this.identities.describe(event);
    const urn = this.traces.identityOf(event);
    if (urn !== null) event.actor.identity.urn = urn;
  }

  /** The finding with this id, for the API. */
  finding(id: string): Kept | undefined {
    return this.book.all.get(id);
  }
}

const NONE: Judged[] = [];

function nameOf({ detector, signal }: Judged): string {
  return `${detector.id} ${signal.subject} ${signal.bucket}`;
}
