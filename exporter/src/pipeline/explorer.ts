import type {
  EventGroup, EventGroups, EventGroupSearch, EventPage, EventPageSearch, EventSearch, Explorer, Finding, GroupKey, HourPoint, HourSeries, KnownIdentity, Millis,
  NhiEvent, Owner,
} from '@remit/contract';
import { encodeEvents } from '../lib/event-codec.ts';
import { EventSkim } from '../lib/event-skim.ts';
import { closedRow, type ClosedRow } from './cut.ts';
import { addTo, named, sharedBy, valuesOf, type Whose } from './event-groups.ts';
import { OPEN, RETENTION } from './findings.ts';
import { HOUR, hourOf } from './hours.ts';
import type { Identity } from './identities.ts';
import type { Processor } from './processor.ts';
import { isReady } from './readout.ts';
import { TraceAgents } from './trace-agents.ts';

/** A turn of a search through the archive; see `SqliteJournal.search`. */
interface Turn { events: NhiEvent[]; groups: EventGroup[]; looked: number; done: boolean; full: boolean; late: boolean; bound: Millis | null }
interface Spec extends Omit<EventSearch, 'identities' | 'signal' | 'context'> {
  context: boolean;
  order: 'newest' | 'oldest'; keys: readonly string[] | null; after: { time: Millis; id: string } | null; most: number;
  group: { by: readonly GroupKey[]; step: Millis; most: number } | null;
  apart: readonly string[];
}
/** What the explorer needs of the journal and of the store. */
export interface SearchedJournal { search(spec: Spec): AsyncIterable<Turn>; arrivals(from: Millis, to: Millis, step: Millis): Promise<[number, number][]> }
export interface PickedStore { pick(table: string, keys: string[]): Promise<(Uint8Array | null)[]> }

/** Answers queries from the processor's memory, the archive and the closed hours of the store. */
export class StateExplorer implements Explorer {
  readonly #processor: () => Processor;
  readonly #journal: () => SearchedJournal;
  readonly #store: () => PickedStore;

  constructor(processor: () => Processor, journal: () => SearchedJournal, store: () => PickedStore) {
    this.#processor = processor;
    this.#journal = journal;
    this.#store = store;
  }

  * findings(): Iterable<Finding> {
    for (const kept of this.#processor().book.all.values()) yield kept.finding;
  }

  findingCount(): number {
    return this.#processor().book.all.size;
  }

  finding(id: string): Finding | null {
    return this.#processor().book.all.get(id)?.finding ?? null;
  }

  findingsOf(urn: string): Finding[] {
    const all: Finding[] = [];
    for (const { finding } of this.#processor().book.of(urn)) all.push(finding);
    return all;
  }

  openFindings(urn: string): Finding[] {
    return this.findingsOf(urn).filter(({ state }) => OPEN.has(state));
  }

  * identities(): Iterable<KnownIdentity> {
    const p = this.#processor();
    for (const identity of p.identities.all) yield known(p, identity);
    for (const remit of p.parts.timeline.latest().records()) if (!p.identities.get(remit.record.urn)) yield neverSeen(remit);
  }

  identity(urn: string): KnownIdentity | null {
    const p = this.#processor();
    const identity = p.identities.get(urn);
    if (identity) return known(p, identity);
    const remit = p.parts.timeline.latest().match([urn], p.feeds.clock)?.remit;
    return remit && remit.record.urn === urn ? neverSeen(remit) : null;
  }

  owners(): readonly Owner[] {
    return this.#processor().parts.timeline.latest().owners();
  }

  exceptions(): ReturnType<Explorer['exceptions']> {
    return this.#processor().parts.timeline.latest().exceptions();
  }

  threshold(): number {
    const { parts, hours, feeds } = this.#processor();
    return parts.scoring.threshold(null, 'unknown', hours.sizes.of(null, 'unknown', feeds.clock), feeds.clock);
  }

  async events(search: EventPageSearch): Promise<EventPage> {
    const { limit, order, signal } = search;
    const whose = this.#keys(search.identities);
    const page: EventPage = { events: [], more: false, last: null, partial: false };
    if (whose !== null && whose.keys.length === 0) return page;
    const describe = describer(this.#processor());
    const until = performance.now() + search.budget;
    const agents = new TraceAgents(this.#processor(), this.#journal(), () => until - performance.now());
    for (let after = search.after; !signal.aborted;) {
      const spec: Spec = { ...boundsOf(search), budget: until - performance.now(), order, keys: whose?.keys ?? null, after, most: limit, group: null, apart: [] };
      let full = false;
      for await (const turn of this.#journal().search(spec)) {
        turn.events.forEach(describe);
        await agents.name(turn.events);
        for (const event of turn.events) {
          after = { time: event.time, id: event.metadata.uid! };
          if (page.events.length >= limit) page.more = true;
          else if (isTheirs(event, whose)) page.events.push(event);
          if (!page.more) page.last = after;
        }
        ({ full } = turn);
        // All that lies before the bound has been looked at: the next page goes on there.
        if (turn.late && turn.bound !== null) return { ...page, more: true, partial: true, last: page.more ? page.last : { time: turn.bound, id: '' } };
        if (signal.aborted) break;
      }
      if (!full || page.events.length >= limit) return { ...page, more: page.more || full };
    }
    return { ...page, partial: true };
  }

  async groups(search: EventGroupSearch): Promise<EventGroups> {
    const whose = this.#keys(search.identities);
    const result: EventGroups = { groups: [], looked: 0, partial: false, since: search.from };
    if (whose !== null && whose.keys.length === 0) return result;
    const by: GroupKey[] = ['identity', ...search.by.filter((key) => key !== 'identity')];
    const split = whose !== null || search.by.includes('identity');
    const group = { by: split ? by : search.by, step: search.step, most: search.most };
    const until = performance.now() + search.budget;
    const spec: Spec = { ...boundsOf(search), budget: search.budget, order: 'newest', keys: whose?.keys ?? null, after: null, most: search.look, group, apart: split ? lent(this.#processor()) : [] };
    let groups: EventGroup[] = [];
    for await (const turn of this.#journal().search(spec)) {
      result.looked += turn.looked;
      groups = turn.groups;
      if (turn.full || turn.late || search.signal.aborted) Object.assign(result, { partial: true, since: turn.bound ?? search.from });
      if (search.signal.aborted) break;
    }
    if (!split) return { ...result, groups };
    const shared = sharedBy(groups, this.#processor());
    if (shared.size > 0) {
      const apart = await this.#oneByOne({ ...spec, keys: [...shared], budget: until - performance.now(), group: null }, search, by, result);
      groups = [...groups.filter(({ values: [actor = ''] }) => !actor.startsWith('c') || !shared.has(actor.slice(1))), ...apart];
    }
    result.groups = named(groups, by, search.by, this.#processor(), whose);
    return result;
  }

  /** Groups of calls that services carry for several agents: which agent it was, only the trace of each call tells. */
  async #oneByOne(spec: Spec, { step, signal }: EventGroupSearch, by: readonly GroupKey[], result: EventGroups): Promise<EventGroup[]> {
    const groups = new Map<string, EventGroup>();
    const describe = describer(this.#processor());
    const until = performance.now() + spec.budget;
    const agents = new TraceAgents(this.#processor(), this.#journal(), () => until - performance.now());
    for await (const { events, full, late, bound } of this.#journal().search(spec)) {
      if (full || late || signal.aborted) Object.assign(result, { partial: true, since: Math.max(result.since, bound ?? spec.from) });
      if (signal.aborted) break;
      const carried = events.filter(({ actor }) => actor.identity.resolution === 'trace');
      if (carried.length === 0) continue;
      carried.forEach(describe);
      await agents.name(carried);
      const skim = new EventSkim(encodeEvents(carried));
      for (const event of carried) {
        skim.next();
        addTo(groups, by.map((key) => valuesOf(key, event, skim, step)), event);
      }
    }
    return [...groups.values()];
  }

  async arrivals(from: Millis, to: Millis, step: Millis): Promise<{ start: Millis; events: number }[]> {
    const counts = await this.#journal().arrivals(from, to, step);
    return counts.map(([start, events]) => ({ start, events })).sort((a, b) => a.start - b.start);
  }

  async hours(urns: readonly string[], from: Millis, to: Millis): Promise<HourSeries[]> {
    const p = this.#processor();
    const wanted = urns.map((urn) => {
      const identity = p.identities.get(urn) ?? null;
      return { urn, identity, starts: identity ? hoursOf(identity, from, to) : [] };
    });
    const rows = await this.#store().pick('closed', wanted.flatMap(({ identity, starts }) => starts.map((start) => closedKey(start, identity!))));
    const series: HourSeries[] = [];
    let at = 0;
    for (const { urn, identity, starts } of wanted) {
      const hours = new Map<Millis, HourPoint>();
      for (const start of starts) {
        const row = rows[at++];
        if (row) hours.set(start, closedHour(start, JSON.parse(Buffer.from(row).toString()) as ClosedRow));
      }
      if (identity) {
        // Closed since the last cut, and still open.
        for (const hour of p.hours.closed) {
          if (hour.identity === identity && hour.start >= from && hour.start < to) hours.set(hour.start, closedHour(hour.start, closedRow(hour)));
        }
        for (const { start, sums } of identity.open) {
          if (start >= from && start < to) hours.set(start, { start, events: sums.events, denied: sums.denied, score: null, open: true, bands: p.hours.bands(identity, start), channels: [] });
        }
      }
      series.push({ urn, hours: [...hours.values()].sort((a, b) => a.start - b.start) });
    }
    return series;
  }

  hoursSince(): Millis {
    return Math.max(0, this.#processor().feeds.clock - RETENTION);
  }

  #keys(urns: readonly string[] | null): Whose | null {
    if (urns === null) return null;
    const { identities } = this.#processor();
    const keys = new Set<string>();
    const lenders = new Set<string>();
    for (const urn of urns) {
      const identity = identities.get(urn);
      if (!identity) continue;
      for (const key of identities.principalKeys(identity)) keys.add(key);
      for (const key of identity.carriers) lenders.add(key);
      for (const { key } of identity.natives) lenders.delete(key);
    }
    return { urns: new Set(urns), keys: [...keys], lenders };
  }
}

function boundsOf({ from, to, conditions, context }: EventSearch): Pick<Spec, 'from' | 'to' | 'conditions' | 'context'> {
  return { from, to, conditions, context: context === true };
}

/** Calls of several agents may have been journaled under the name of one service, those of a key under its holder. The event is described. */
function isTheirs(event: NhiEvent, whose: Whose | null): boolean {
  const { resolution, urn } = event.actor.identity;
  if (whose === null || (urn !== null && whose.urns.has(urn))) return true;
  return resolution !== 'trace' && resolution !== 'alias' && !whose.lenders.has(event.principal_key);
}

/** Credentials that a record names as an identity of their own, whosever principal they are journaled under. */
function lent(p: Processor): string[] {
  const names: string[] = [];
  for (const { carriers, remit } of p.identities.all) if (carriers.length > 0) for (const { value } of remit?.record.aliases ?? []) names.push(value);
  return names;
}

/** Hours in which an identity may have done something, within a range. */
function hoursOf(identity: Identity, from: Millis, to: Millis): Millis[] {
  const last = Math.min(to - 1, identity.last, identity.closedUntil - 1);
  const starts: Millis[] = [];
  for (let start = hourOf(Math.max(from, identity.first)); start <= last; start += HOUR) if (start >= from) starts.push(start);
  return starts;
}

/** As a cut writes it. */
function closedKey(start: Millis, { index }: Identity): string {
  return `${String(start).padStart(14, '0')}/${String(index).padStart(10, '0')}`;
}

function closedHour(start: Millis, [events, denied, score, bands, channels]: ClosedRow): HourPoint {
  return { start, events, denied, score, open: false, bands: bands ? { p50: bands[0], p95: bands[1], p99: bands[2] } : null, channels: channels ?? [] };
}

/** Names the identities of events; the same principal is looked up once. */
function describer(p: Processor): (event: NhiEvent) => void {
  const known = new Map<string, NhiEvent['actor']['identity']>();
  return (event) => {
    const { identity } = event.actor;
    if (identity.resolution === 'trace') return p.describe(event);
    const name = `${event.credential?.uid ?? ''}\n${event.principal_key}`;
    const found = known.get(name);
    if (found) Object.assign(identity, found);
    else {
      p.describe(event);
      known.set(name, identity);
    }
  };
}

function known(p: Processor, identity: Identity): KnownIdentity {
  return {
    urn: identity.urn, kind: p.identities.kindOf(identity), class: p.identities.classOf(identity), first: identity.first, last: identity.last,
    success: identity.success, failure: identity.failure, denied: identity.denied, score: identity.score, ready: isReady(p, identity),
    remit: identity.remit ?? identity.proposal, privileges: () => p.privileges.count(identity, p.feeds.clock), sources: () => [...new Set(identity.feeds.map((i) => p.feeds.all[i]!.source))],
    aliases: () => p.identities.aliases(identity),
  };
}

function neverSeen(remit: NonNullable<KnownIdentity['remit']>): KnownIdentity {
  const { urn, kind } = remit.record;
  return {
    urn, kind, class: kind === 'human' || kind === 'platform' || kind === 'unknown' ? kind : 'machine', first: null, last: null, success: 0, failure: 0, denied: 0,
    score: null, ready: false, remit, privileges: () => null, sources: () => [], aliases: () => remit.record.aliases?.map(({ value }) => value) ?? [],
  };
}
