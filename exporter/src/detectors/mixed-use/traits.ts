import type { ChainMember, CredentialType, EventRef, Millis, NhiEvent, Remit, View } from '@remit/contract';
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

const LASTING: ReadonlySet<CredentialType> = new Set(['access_key', 'sa_key', 'pat', 'client_secret', 'certificate']);
/** Names in user agents that say how the calls were made. Anybody can write them: they are shown, never judged. */
const TOOL = /terraform|opentofu|pulumi|ansible|jenkins|gitlab|github-actions|cloudformation|boto3|aws-cli|aws-sdk|google-cloud-sdk|kubectl|helm|argocd/gi;

/** What an event shows of who works with an identity that nobody has declared to be a person or a machine. */
export function traitsOf(event: NhiEvent, view: View): ChainMember<Trait>[] {
  if (!isUndeclared(view.remit)) return [];
  const { credential, flags, time } = event;
  if (flags.includes('platform_owned') || flags.includes('via_service')) return [];
  const person = flags.includes('interactive');
  const slot = time - (time % DAY);
  const held = (): Held[] => (credential?.uid === undefined ? [] : [{ uid: bounded(credential.uid, 200), at: time, ref: view.ref(event) }]);
  if (person) return [{ key: TRAITS, slot, id: 'person', fact: { trait: 'person', how: [howOf(event)], with: held() } }];
  if (credential?.uid === undefined) return [];
  const members: ChainMember<Trait>[] = [];
  const lasting = LASTING.has(credential.type);
  // A session counts as a machine's wherever nothing shows a person, so that only a workload proves it.
  if (event.src_endpoint?.workload_uid !== undefined || (lasting && flags.includes('machine'))) {
    members.push({ key: TRAITS, slot, id: 'machine', fact: { trait: 'machine', with: held() } });
  }
  if (lasting) {
    const uid = bounded(credential.uid, 200);
    const fact: Calls = { trait: 'calls', uid, counts: [Math.floor((time - slot) / STRETCH), 1], tools: toolsOf(event) };
    members.push({ key: TRAITS, slot, id: `calls ${uid}`, fact });
  }
  return members;
}

const TRAITS = 'traits';

/** Whether nobody has said what the identity is. */
export function isUndeclared(remit: Remit | null): boolean { return remit === null || remit.record.kind === 'unknown'; }

/** Folds what two events of one step show, in any order with the same result. */
export function mergeTraits(into: Trait, from: Trait): Trait {
  if (into.trait === 'calls') {
    if (from.trait !== 'calls') return into;
    for (let i = 0; i < from.counts.length; i += 2) add(into.counts, from.counts[i]!, from.counts[i + 1]!);
    if (from.tools.length > 0) into.tools = union(into.tools, from.tools, 3);
    return into;
  }
  if (from.trait === 'calls') return into;
  for (const held of from.with) hold(into.with, held);
  if (into.trait === 'person' && from.trait === 'person') into.how = union(into.how, from.how, 3);
  return into;
}

function howOf(event: NhiEvent): string {
  if (event.api.operation === 'ConsoleLogin') return 'console sign-in';
  return event.actor.session?.is_mfa === true ? 'session with MFA' : 'session of a person';
}

function toolsOf({ http_request: request }: NhiEvent): string[] {
  const agent = request?.user_agent;
  const found = agent === undefined ? null : agent.slice(0, 256).match(TOOL);
  return found === null ? [] : [...new Set(found.map((name) => name.toLowerCase()))].sort().slice(0, 3);
}

function add(counts: number[], stretch: number, count: number): void {
  let at = counts.length;
  while (at > 0 && counts[at - 2]! >= stretch) at -= 2;
  if (counts[at] === stretch) counts[at + 1]! += count;
  else counts.splice(at, 0, stretch, count);
}

function hold(list: Held[], held: Held): void {
  let at = list.length;
  while (at > 0 && list[at - 1]!.uid >= held.uid) at--;
  const known = list[at];
  if (known?.uid === held.uid) {
    if (held.at < known.at || (held.at === known.at && held.ref.uid < known.ref.uid)) list[at] = held;
    return;
  }
  list.splice(at, 0, held);
  if (list.length > MOST_CREDENTIALS) list.pop();
}

/** The union in order, of at most so many. */
function union(a: string[], b: readonly string[], most: number): string[] {
  if (b.every((one) => a.includes(one))) return a;
  return [...new Set([...a, ...b])].sort().slice(0, most);
}
