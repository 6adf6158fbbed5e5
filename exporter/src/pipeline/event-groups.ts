import type { EventGroup, GroupKey, Millis, NhiEvent } from '@remit/contract';
import type { EventSkim } from '../lib/event-skim.ts';
import type { Processor } from './processor.ts';

/** Whose events are wanted: their URNs and principals. `lenders`: principals under whose name only some of what is wanted was journaled. */
export interface Whose { urns: ReadonlySet<string>; keys: string[]; lenders: ReadonlySet<string> }

/** Groups by the URNs of those who acted, with the keys that were asked for. */
export function named(groups: readonly EventGroup[], by: readonly GroupKey[], asked: readonly GroupKey[], p: Processor, whose: Whose | null): EventGroup[] {
  const urns = new Map<string, string>();
  const merged = new Map<string, EventGroup>();
  const places = asked.map((key) => by.indexOf(key));
  for (const group of groups) {
    const actor = group.values[0]!;
    let urn = urns.get(actor);
    if (urn === undefined) urns.set(actor, urn = urnOf(actor, p));
    if (whose !== null && !whose.urns.has(urn) && (!actor.startsWith('n') || whose.lenders.has(actor.slice(1)))) continue;
    const values = places.map((place) => (place === 0 ? urn : group.values[place]!));
    const name = values.join('\0');
    const same = merged.get(name);
    if (!same) merged.set(name, { ...group, values });
    else {
      same.success += group.success;
      same.failure += group.failure;
      same.denied += group.denied;
      same.first = Math.min(same.first, group.first);
      same.last = Math.max(same.last, group.last);
    }
  }
  return [...merged.values()];
}

/** Principals that carry the calls of more than one identity in these groups. */
export function sharedBy(groups: readonly EventGroup[], p: Processor): Set<string> {
  const carriers = new Set<string>();
  for (const { values: [actor = ''] } of groups) if (actor.startsWith('c')) carriers.add(actor.slice(1));
  const once = new Set<string>();
  const shared = new Set<string>();
  if (carriers.size > 0) for (const identity of p.identities.all) for (const key of identity.carriers) if (carriers.has(key)) (once.has(key) ? shared : once).add(key);
  return shared;
}

/** What an event has under a key of a grouping, with the URN of whoever acted, after `i`, as the actor. */
export function valuesOf(key: GroupKey, event: NhiEvent, skim: EventSkim, step: Millis): readonly string[] {
  if (key === 'time') return [String(Math.floor(event.time / step) * step)];
  if (key === 'identity') return [`i${event.actor.identity.urn ?? ''}`];
  const value = skim.value(key);
  return value === null || typeof value === 'string' ? [value ?? ''] : value.length === 0 ? [''] : value;
}

/** Counts the event in every combination of its values. */
export function addTo(groups: Map<string, EventGroup>, values: readonly (readonly string[])[], { time, outcome, status_id }: NhiEvent): void {
  const combinations = values.reduce<string[][]>((all, some) => all.flatMap((one) => some.map((value) => [...one, value])), [[]]);
  for (const one of combinations) {
    const name = one.join('\0');
    let group = groups.get(name);
    if (!group) groups.set(name, group = { values: one, success: 0, failure: 0, denied: 0, first: time, last: time });
    group[outcome.denied ? 'denied' : status_id === 2 ? 'failure' : 'success']++;
    group.first = Math.min(group.first, time);
    group.last = Math.max(group.last, time);
  }
}

/** Of who acted as the archive groups by it: `n` and the principal, `c` where traces say more, `k`, a credential, a line end and the principal; or `i` and the URN. */
function urnOf(actor: string, p: Processor): string {
  if (actor.startsWith('i')) return actor.slice(1);
  const identity: NhiEvent['actor']['identity'] = { urn: null, kind: 'unknown', resolution: actor.startsWith('c') ? 'trace' : 'derived' };
  const [credential, principal] = actor.startsWith('k') ? actor.slice(1).split('\n', 2) as [string, string] : [undefined, actor.slice(1)];
  const stub = { principal_key: principal, actor: { identity }, ...(credential === undefined ? {} : { credential: { uid: credential, type: 'none' } }) };
  p.identities.describe(stub as NhiEvent);
  return identity.urn ?? '';
}
