import type { ChainMember, CredentialType, EventRef, Millis, NhiEvent, Remit, View } from '@remit/contract';
import { Lately } from '../../lib/lately.ts';
import { withItem } from '../../lib/lean-list.ts';
import { bounded, DAY } from '../phrases.ts';

/** Calls are counted in stretches of this length. */
export const STRETCH: Millis = 10 * 60_000;
const MOST_CREDENTIALS = 64;

/** A person at work with this identity on one UTC day: how it shows, and with which credentials. */
export interface PersonSeen { trait: 'person'; how: string[]; with: Held[] }
/** A machine that the source proves, on one UTC day, and its credentials. */
export interface MachineSeen { trait: 'machine'; with: Held[] }
/** Calls with one lasting credential on one UTC day: stretch of the day and number, in turn and in order. */
export interface Calls { trait: 'calls'; uid: string; counts: number[]; tools: string[] }
export type Trait = PersonSeen | MachineSeen | Calls;
/** A credential and its first event of the day. */
export interface Held { uid: string; at: Millis; ref: EventRef }

const LASTING: ReadonlySet<CredentialType> = new Set([
  'access_key', 'sa_key', 'pat', 'client_secret', 'certificate', 'ssh_key', 'signing_certificate', 'service_password',
]);
/** Names in user agents that say how the calls were made. Anybody can write them: they are shown, never judged. */
const TOOL = /terraform|opentofu|pulumi|ansible|jenkins|gitlab|github-actions|cloudformation|boto3|aws-cli|aws-sdk|google-cloud-sdk|kubectl|helm|argocd/gi;

/** What an event shows of who works with an identity that nobody has declared to be a person or a machine. */
export function traitsOf(event: NhiEvent, view: View): ChainMember<null>[] {
  if (!isUndeclared(view.remit)) return NONE;
  const { credential, flags, time } = event;
  if (flags.includes('platform_owned') || flags.includes('via_service')) return NONE;
  const slot = Math.floor(time / DAY) * DAY;
  if (flags.includes('interactive')) return [memberOf(slot, PERSON)];
  if (credential?.uid === undefined) return NONE;
  const lasting = LASTING.has(credential.type);
  // A session counts as a machine's wherever nothing shows a person, so that only a workload proves it.
  const machine = event.src_endpoint?.workload_uid !== undefined || (lasting && flags.includes('machine'));
  if (!machine && !lasting) return NONE;
  const members: ChainMember<null>[] = [];
  if (machine) members.push(memberOf(slot, MACHINE));
  if (lasting) members.push(memberOf(slot, CALLS.of(credential.uid)));
  return members;
}

/** A day has many events: the same object each time. */
function memberOf(slot: Millis, sort: Sort): ChainMember<null> {
  if (sort.last?.slot === slot) return sort.last;
  return sort.last = { key: 'traits', slot, id: sort.id, fact: null };
}

/** A sort of step, and what it was last. */
interface Sort { id: string; last: ChainMember<null> | null }
const PERSON: Sort = { id: 'person', last: null };
const MACHINE: Sort = { id: 'machine', last: null };
const NONE: ChainMember<null>[] = [];
const CALLS = new Lately((whole): Sort & { uid: string } => {
  const uid = bounded(whole, 200);
  return { uid, id: `calls ${uid}`, last: null };
});

/** Whether nobody has said what the identity is. */
export function isUndeclared(remit: Remit | null): boolean { return remit === null || remit.record.kind === 'unknown'; }

/** Writes what an event shows into its step, or into a new one; in any order with the same result. */
export function addTrait(into: Trait | null, id: string, event: NhiEvent, view: View): Trait {
  const trait = into ?? emptyTrait(id, event);
  if (trait.trait === 'calls') {
    add(trait.counts, Math.floor((event.time % DAY) / STRETCH));
    trait.tools = union(trait.tools, toolsOf(event), 3);
    return trait;
  }
  if (event.credential?.uid !== undefined) trait.with = hold(trait.with, bounded(event.credential.uid, 200), event, view);
  if (trait.trait === 'person') trait.how = union(trait.how, [howOf(event)], 3);
  return trait;
}

function emptyTrait(id: string, { credential }: NhiEvent): Trait {
  if (id === PERSON.id) return { trait: 'person', how: [], with: [] };
  if (id === MACHINE.id) return { trait: 'machine', with: [] };
  return { trait: 'calls', uid: CALLS.of(credential!.uid!).uid, counts: [], tools: [] };
}

function howOf(event: NhiEvent): string {
  if (event.api.operation === 'ConsoleLogin') return 'console sign-in';
  return event.actor.session?.is_mfa === true ? 'session with MFA' : 'session of a person';
}

function toolsOf({ http_request: request }: NhiEvent): readonly string[] {
  return request?.user_agent === undefined ? [] : TOOLS.of(request.user_agent);
}

const TOOLS = new Lately<readonly string[]>((agent) => {
  const found = agent.slice(0, 256).match(TOOL) ?? [];
  return [...new Set(found.map((name) => name.toLowerCase()))].sort().slice(0, 3);
});

function add(counts: number[], stretch: number): void {
  let at = counts.length;
  while (at > 0 && counts[at - 2]! >= stretch) at -= 2;
  if (counts[at] === stretch) counts[at + 1]!++;
  else counts.splice(at, 0, stretch, 1);
}

function hold(list: Held[], uid: string, event: NhiEvent, view: View): Held[] {
  const { time } = event;
  let at = list.length;
  while (at > 0 && list[at - 1]!.uid >= uid) at--;
  const known = list[at];
  if (known?.uid !== uid) {
    if (at < MOST_CREDENTIALS) list = withItem(list, at, { uid, at: time, ref: view.ref(event) });
    if (list.length > MOST_CREDENTIALS) list.pop();
  } else if (time <= known.at) {
    const ref = view.ref(event);
    if (time < known.at || ref.uid < known.ref.uid) list[at] = { uid, at: time, ref };
  }
  return list;
}

/** The union in order, of at most so many. */
function union(a: string[], b: readonly string[], most: number): string[] {
  if (b.every((one) => a.includes(one))) return a;
  return [...new Set([...a, ...b])].sort().slice(0, most);
}
