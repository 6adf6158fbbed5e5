import type { Chain, Millis } from '@remit/contract';
import { DAY } from '../phrases.ts';
import { isHostAddress, NEAR, seenIn } from './uses.ts';
import type { Seen, Use } from './uses.ts';

/** A place is known to an identity that was seen there at least this long before, and at most so long. */
const KNOWN_AFTER: Millis = DAY;
const REMEMBERED: Millis = 6 * DAY;
/** An identity that is known on this many networks has no network of its own. */
const POOL = 8;

/**
 * One credential at two places that do not belong together. `here` is where it was first, or where it belongs; `gap` is 0 when the uses
 * interleave. `alone`: a key of an instance at one place that the record does not declare; both sides are that place.
 */
export interface Meeting { at: Millis; gap: Millis; here: { place: Seen; use: Use }; there: { place: Seen; use: Use }; alone?: boolean }

/**
 * The first telling meeting of each credential, sort of place and UTC day, in order of time and credential. Of the time for which it is
 * not remembered any more what was known before, nothing is said.
 */
export function meetingsOf({ steps, lostUntil = 0 }: Chain<Use[]>): Meeting[] {
  const places = steps.map(seenIn);
  const visits = visitsOf(places);
  const found: Meeting[] = [];
  for (const uses of byCredential(places, (place) => place.family).values()) if (uses.length > 1) found.push(...sweep(uses, visits));
  // The private address of an instance and the one that its calls are translated to are of two families, and seldom both seen.
  const direct = byCredential(places, (place, use) => (use.instance && use.direct && isHostAddress(place) ? 'host' : null));
  for (const uses of direct.values()) if (uses.length > 1) found.push(...sweep(uses, visits, true));
  found.push(...undeclared(places, found));
  const from = lostUntil > 0 ? lostUntil + REMEMBERED : -Infinity;
  return found.filter(({ at }) => at >= from).map((meeting) => oriented(meeting, visits)).sort(order);
}

/** The days of each place, by family and name. */
type Visits = ReadonlyMap<string, ReadonlyMap<string, readonly Seen[]>>;
interface At { place: Seen; use: Use }

function visitsOf(places: readonly Seen[]): Visits {
  const visits = new Map<string, Map<string, Seen[]>>();
  for (const place of places) {
    const names = visits.get(place.family) ?? new Map<string, Seen[]>();
    visits.set(place.family, names);
    const days = names.get(place.name);
    if (days) days.push(place);
    else names.set(place.name, [place]);
  }
  return visits;
}

/** Keys of instances on a public network outside the declared ones: no second place is needed. Once a day and credential, unless it is told already. */
function undeclared(places: readonly Seen[], met: readonly Meeting[]): Meeting[] {
  const told = new Set(met.map(({ at, here }) => `${here.use.uid} ${Math.floor(at / DAY)}`));
  const found: Meeting[] = [];
  for (const place of [...places].sort((a, b) => a.first - b.first || text(a.name, b.name))) {
    if (place.declared !== 'outside' || place.family === 'workload' || place.family === 'private') continue;
    for (const use of place.uses) {
      const key = `${use.uid} ${Math.floor(use.at / DAY)}`;
      if (!use.instance || told.has(key)) continue;
      told.add(key);
      found.push({ at: use.at, gap: 0, here: { place, use }, there: { place, use }, alone: true });
    }
  }
  return found;
}

/** Uses of one credential in places of one sort; those of none are left out. */
function byCredential(places: readonly Seen[], sortOf: (place: Seen, use: Use) => string | null): Map<string, At[]> {
  const uses = new Map<string, At[]>();
  for (const place of places) {
    for (const use of place.uses) {
      const sort = sortOf(place, use);
      if (sort === null) continue;
      const key = `${sort} ${use.uid}`;
      const known = uses.get(key);
      if (known) known.push({ place, use });
      else uses.set(key, [{ place, use }]);
    }
  }
  return uses;
}

/** Goes through all stretches by time; those that are over for longer than `NEAR` meet nobody any more. `across`: only of two families. */
function sweep(uses: readonly At[], visits: Visits, across = false): Meeting[] {
  const stretches = uses.flatMap((at) => stretchesOf(at)).sort((a, b) => a.start - b.start || text(a.of.place.name, b.of.place.name));
  // Keys of an instance belong to it all their life, so that any time is near.
  const near = uses.some(({ use, place }) => use.instance && place.family !== 'workload') ? Infinity : NEAR;
  const found: Meeting[] = [];
  let open: Stretch[] = [];
  let until = -Infinity;
  for (const next of stretches) {
    if (next.start >= until) {
      open = open.filter(({ end }) => end >= next.start - near);
      const pool = lazily(() => isPool(next.of.place.family, visits, next.start));
      for (const { end, of } of open) {
        const meeting: Meeting = { at: next.start, gap: Math.max(0, next.start - end), here: of, there: next.of };
        if (of.place.name === next.of.place.name || (across && of.place.family === next.of.place.family) || !isTelling(meeting, visits, uses, pool)) continue;
        found.push(meeting);
        until = next.start - (next.start % DAY) + DAY;
        break;
      }
    }
    open.push(next);
  }
  return found;
}

interface Stretch { start: Millis; end: Millis; of: At }

function stretchesOf(of: At): Stretch[] {
  const stretches: Stretch[] = [];
  const { stretches: flat } = of.use;
  for (let i = 0; i < flat.length; i += 2) stretches.push({ start: flat[i]!, end: flat[i + 1]!, of });
  return stretches;
}

function isTelling({ at, here: { place: a, use }, there: { place: b, use: other } }: Meeting, visits: Visits, uses: readonly At[], pool: () => boolean): boolean {
  if (a.declared === 'allowed' && b.declared === 'allowed') return false;
  if (a.declared === 'outside' || b.declared === 'outside') return true;
  if (belongs(a, visits, at) && belongs(b, visits, at)) return false;
  // Several workloads that share a lasting credential come and go; several networks are a pool of addresses.
  if (a.family === 'workload') return new Set(uses.filter(({ place }) => belongs(place, visits, at)).map(({ place }) => place.name)).size < 2;
  return use.instance || other.instance || !pool();
}

function lazily(make: () => boolean): () => boolean {
  let made: boolean | null = null;
  return () => (made ??= make());
}

function belongs({ declared, family, name }: Seen, visits: Visits, at: Millis): boolean {
  return declared === 'allowed' || wasSeen(visits.get(family)!.get(name)!, at);
}

function isPool(family: string, visits: Visits, at: Millis): boolean {
  let known = 0;
  for (const days of visits.get(family)!.values()) if (wasSeen(days, at) && ++known === POOL) return true;
  return false;
}

function wasSeen(days: readonly Seen[], at: Millis): boolean {
  return days.some(({ first, last }) => first <= at - KNOWN_AFTER && last >= at - REMEMBERED);
}

/** The place where the credential belongs comes first: a known one, else the earlier one. */
function oriented(meeting: Meeting, visits: Visits): Meeting {
  const { here, there, at } = meeting;
  const rank = ({ place }: At): number => (belongs(place, visits, at) ? 0 : place.declared === 'outside' ? 2 : 1);
  const first = rank(here) - rank(there) || here.use.at - there.use.at;
  return first > 0 ? { ...meeting, here: there, there: here } : meeting;
}

function order(a: Meeting, b: Meeting): number {
  return a.at - b.at || text(a.here.use.uid, b.here.use.uid) || text(a.here.place.name, b.here.place.name) || text(a.there.place.name, b.there.place.name);
}

function text(a: string, b: string): number { return a < b ? -1 : a > b ? 1 : 0; }
