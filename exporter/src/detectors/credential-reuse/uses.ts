import type { ChainMember, ChainStep, CredentialType, EventRef, Millis, NhiEvent, View } from '@remit/contract';
import { bounded, DAY } from '../phrases.ts';
import { isInstance, networkOf, workloadOf } from './places.ts';
import type { Place } from './places.ts';

/** Uses of a credential at most this far apart are one stretch, and two places this near in time overlap. */
export const NEAR: Millis = 10 * 60_000;
/** Most credentials that are told apart in one place and day. */
const MOST_CREDENTIALS = 64;

/** Uses of one credential at one place on one UTC day: stretches as start, end, start, end … and the first use. */
export interface Use { uid: string; lasting: boolean; instance: boolean; stretches: Millis[]; at: Millis; ref: EventRef }
/** A place with the day's uses: `declared` is what the record's `networks` say of it. */
export interface Seen extends Place { declared: 'allowed' | 'outside' | 'undeclared'; first: Millis; last: Millis; uses: readonly Use[] }

/** Credentials that live until somebody ends them, and sessions that belong to one workload. Grants of apps belong to a vendor's cloud. */
const LASTING: ReadonlySet<CredentialType> = new Set(['access_key', 'sa_key', 'pat', 'client_secret', 'certificate']);
const SESSIONS: ReadonlySet<CredentialType> = new Set(['session_key', 'sa_token', 'vault_token']);

/** The places of an event, one step each for a day: its network and its workload. Calls of a platform, through a service and of people at a console are left out. */
export function usesOf(event: NhiEvent, view: View): ChainMember<Use[]>[] {
  const credential = event.credential;
  if (credential?.uid === undefined || !(LASTING.has(credential.type) || SESSIONS.has(credential.type))) return [];
  const { flags } = event;
  if (flags.includes('interactive') || flags.includes('via_service') || flags.includes('platform_owned')) return [];
  const network = networkOf(event);
  const workload = workloadOf(event);
  if (network === null && workload === null) return [];
  const use: Use = {
    uid: bounded(credential.uid, 200), lasting: LASTING.has(credential.type), instance: isInstance(event), stretches: [event.time, event.time],
    at: event.time, ref: view.ref(event),
  };
  const members: ChainMember<Use[]>[] = [];
  const slot = event.time - (event.time % DAY);
  if (network !== null) {
    members.push({ key: PLACES, slot, id: `${network.family} ${view.remit?.network(event) ?? 'undeclared'} ${network.name}`, fact: [use] });
  }
  if (workload !== null) members.push({ key: PLACES, slot, id: `workload undeclared ${workload.name}`, fact: [{ ...use, stretches: [...use.stretches] }] });
  return members;
}

const PLACES = 'places';

/** Adds uses to those of the same place and day; the order in which they come makes no difference. */
export function mergeUses(into: Use[], from: readonly Use[]): Use[] {
  for (const use of from) {
    const at = into.findIndex(({ uid }) => uid >= use.uid);
    const known = at < 0 ? undefined : into[at];
    if (known?.uid === use.uid) add(known, use);
    else into.splice(at < 0 ? into.length : at, 0, use);
  }
  if (into.length > MOST_CREDENTIALS) into.length = MOST_CREDENTIALS;
  return into;
}

/** Reads a step back. */
export function seenIn({ id, first, last, fact }: ChainStep<Use[]>): Seen {
  const family = id.slice(0, id.indexOf(' '));
  const rest = id.slice(family.length + 1);
  const declared = rest.slice(0, rest.indexOf(' '));
  return { family: family as Place['family'], declared: declared as Seen['declared'], name: rest.slice(declared.length + 1), first, last, uses: fact };
}

function add(known: Use, { stretches, at, ref, instance }: Use): void {
  known.instance ||= instance;
  if (at < known.at || (at === known.at && ref.uid < known.ref.uid)) Object.assign(known, { at, ref });
  for (let i = 0; i < stretches.length; i += 2) join(known.stretches, stretches[i]!, stretches[i + 1]!);
}

/** Puts a stretch among others that lie further apart than `NEAR`. */
function join(stretches: Millis[], start: Millis, end: Millis): void {
  let from = stretches.length;
  while (from > 0 && stretches[from - 1]! >= start - NEAR) from -= 2;
  let to = from;
  let [first, last] = [start, end];
  while (to < stretches.length && stretches[to]! <= end + NEAR) {
    first = Math.min(first, stretches[to]!);
    last = Math.max(last, stretches[to + 1]!);
    to += 2;
  }
  if (to === from + 2) {
    stretches[from] = first;
    stretches[from + 1] = last;
  } else stretches.splice(from, to - from, first, last);
}
