import type { ChainMember, ChainStep, CredentialType, EventRef, Millis, NhiEvent, View } from '@remit/contract';
import { Lately } from '../../lib/lately.ts';
import { withItem } from '../../lib/lean-list.ts';
import { bounded, DAY } from '../phrases.ts';
import { FLEET, isInstance, networkOf, workloadOf } from './places.ts';
import type { Declared, Place } from './places.ts';

/** Uses of a credential at most this far apart are one stretch, and two places this near in time overlap. */
export const NEAR: Millis = 10 * 60_000;
/** Most credentials that are told apart in one place and day. */
const MOST_CREDENTIALS = 64;

/** Uses of one credential at one place on one UTC day: stretches as start, end, start, end … and the first use. `direct`: not through an endpoint of a network. */
export interface Use { uid: string; lasting: boolean; instance: boolean; direct: boolean; stretches: Millis[]; at: Millis; ref: EventRef }
/** A place with the day's uses: `declared` is what the record's `networks` say of it. */
export interface Seen extends Pick<Place, 'family' | 'name'> { declared: Declared; first: Millis; last: Millis; uses: readonly Use[] }

/** Credentials that live until somebody ends them, and sessions that belong to one workload. Grants of apps belong to a vendor's cloud. */
const LASTING: ReadonlySet<CredentialType> = new Set([
  'access_key', 'sa_key', 'pat', 'client_secret', 'certificate', 'ssh_key', 'signing_certificate', 'service_password',
]);
const SESSIONS: ReadonlySet<CredentialType> = new Set(['session_key', 'sa_token', 'vault_token']);

/** The places of an event, one step each for a day: its network and its workload. Calls of a platform, through a service and of people at a console are left out. */
export function usesOf(event: NhiEvent, view: View): ChainMember<null>[] {
  const credential = event.credential;
  if (credential?.uid === undefined || !(LASTING.has(credential.type) || SESSIONS.has(credential.type))) return NOWHERE;
  const { flags } = event;
  if (flags.includes('interactive') || flags.includes('via_service') || flags.includes('platform_owned')) return NOWHERE;
  const network = networkOf(event);
  const workload = workloadOf(event);
  if (network === null && workload === null) return NOWHERE;
  const slot = Math.floor(event.time / DAY) * DAY;
  const ofNetwork = network === null ? null : memberOf(network, view.remit?.network(event) ?? 'undeclared', slot);
  if (workload === null) return [ofNetwork!];
  const ofWorkload = memberOf(workload, 'undeclared', slot);
  return ofNetwork === null ? [ofWorkload] : [ofNetwork, ofWorkload];
}

/** A place is used many times a day: the same object each time. */
function memberOf(place: Place, declared: Declared, slot: Millis): ChainMember<null> {
  const last = place.members[declared];
  if (last?.slot === slot) return last;
  return place.members[declared] = { key: 'places', slot, id: last?.id ?? `${place.family} ${declared} ${place.name}`, fact: null };
}

const NOWHERE: ChainMember<null>[] = [];

/** Adds the use of an event to those of the same place and day; the order in which they come makes no difference. */
export function addUse(into: Use[], event: NhiEvent, view: View): Use[] {
  const { time } = event;
  const { type, uid: whole } = event.credential!;
  const uid = bounded(whole!, 200);
  let at = 0;
  while (at < into.length && into[at]!.uid < uid) at++;
  const known = into[at];
  if (known?.uid === uid) again(known, event, view);
  else if (at < MOST_CREDENTIALS) {
    into = withItem(into, at, { uid, lasting: LASTING.has(type), instance: isInstance(event), direct: isDirect(event), stretches: [time, time], at: time, ref: view.ref(event) });
    if (into.length > MOST_CREDENTIALS) into.pop();
  }
  return into;
}

/** Whether two places that can be compared are among the steps, or one where a key of an instance must not be, without which there is nothing to say. */
export function severalPlaces(steps: readonly ChainStep<Use[]>[]): boolean {
  for (let i = 0; i < steps.length; i++) {
    const place = PLACES_OF.of(steps[i]!.id);
    if (place.declared === 'outside' && steps[i]!.fact.some(({ instance }) => instance)) return true;
    for (let j = 0; j < i; j++) {
      const other = PLACES_OF.of(steps[j]!.id);
      if (other.name !== place.name && (other.family === place.family || (isHostAddress(other) && isHostAddress(place)))) return true;
    }
  }
  return false;
}

/** Families of which a host that is reached directly has one: its private address, or the one that it is translated to. */
export function isHostAddress({ family }: Pick<Seen, 'family'>): boolean { return family === 'private' || family === 'ipv4' || family === 'as'; }

/** Reads a step back. */
export function seenIn({ id, first, last, fact }: ChainStep<Use[]>): Seen {
  const { family, declared, name } = PLACES_OF.of(id);
  return { family, declared, name, first, last, uses: fact };
}

const PLACES_OF = new Lately<Pick<Seen, 'family' | 'declared' | 'name'>>((id) => {
  const family = id.slice(0, id.indexOf(' '));
  const rest = id.slice(family.length + 1);
  const declared = rest.slice(0, rest.indexOf(' '));
  return { family: family as Place['family'], declared: declared as Declared, name: rest.slice(declared.length + 1) };
}, FLEET);

/** An endpoint of its network shows a host's private address beside the public one of other calls. */
function isDirect({ src_endpoint: source }: NhiEvent): boolean { return source?.vpc_endpoint === undefined; }

function again(known: Use, event: NhiEvent, view: View): void {
  const { time } = event;
  known.instance ||= isInstance(event);
  known.direct ||= isDirect(event);
  if (time <= known.at) {
    const ref = view.ref(event);
    if (time < known.at || ref.uid < known.ref.uid) Object.assign(known, { at: time, ref });
  }
  join(known.stretches, time);
}

/** Adds a moment to stretches that lie further apart than `NEAR`. */
function join(stretches: Millis[], time: Millis): void {
  let from = stretches.length;
  while (from > 0 && stretches[from - 1]! >= time - NEAR) from -= 2;
  let to = from;
  let first = time;
  let last = time;
  while (to < stretches.length && stretches[to]! <= time + NEAR) {
    first = Math.min(first, stretches[to]!);
    last = Math.max(last, stretches[to + 1]!);
    to += 2;
  }
  if (to === from + 2) {
    stretches[from] = first;
    stretches[from + 1] = last;
  } else stretches.splice(from, to - from, first, last);
}
