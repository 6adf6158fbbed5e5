import type { HourSums, NhiEvent } from '@remit/contract';
import { KeyedHash } from '../lib/hash.ts';
import { withItem } from '../lib/lean-list.ts';

/** Most values of one sort that an hour remembers: the smallest hashes, which any order of events leaves alike. */
const CAP = { actions: 24, resources: 32, sources: 8, destinations: 16, arguments: 48 } as const;
type SetName = keyof typeof CAP;
/** Actions whose amounts are told apart, and the scale of their logarithms. */
const AMOUNTS = 12;
export const LOG_SCALE = 64;
/** Most tool calls an hour remembers: the earliest. Four numbers each. */
const STEPS = 64;
const HOUR = 3_600_000;
/** Characters of a text whose hash is remembered, and texts remembered at once. */
const SHORT = 64;
const MOST_KNOWN = 8_192;
/** Characters of a name that count. */
const LENGTH = 200;
/** Slashes after which a resource's name goes on too far: objects of one folder are one resource. */
const SEGMENTS = 2;

const PRIVILEGED: ReadonlySet<string> = new Set(['credential_create', 'authz_grant', 'monitoring', 'exec', 'share']);
const SENDING: ReadonlySet<string> = new Set(['share', 'export', 'message_send', 'credential_create', 'authz_grant']);

/** An hour in which nothing happened yet. */
export function openSums(): HourSums {
  return {
    events: 0, failed: 0, denied: 0, privileged: 0, sensitive: 0, amount: 0, measured: 0, amounts: null,
    actions: null, resources: null, sources: null, destinations: null, arguments: null, steps: null,
  };
}

/** Adds events to the sums of their hour: whole numbers and bounded sets of keyed hashes, so that order does not matter. */
export class Summing {
  readonly #hash: KeyedHash;
  /** Hashes of short texts of late: most events repeat them. */
  readonly #known = new Map<string, number>();
  /** The same of addresses, by what they stand for. */
  readonly #networks = new Map<string, number>();

  /** `key`: of this installation, at least eight bytes; without it nobody can choose names that collide. */
  constructor(key: Uint8Array) {
    this.#hash = new KeyedHash(key);
  }

  /** `sensitive`: the word of `sensitivity(event, restricted)`. */
  add(sums: HourSums, event: NhiEvent, sensitive: string | null): void {
    sums.events++;
    if (event.status_id === 2 || event.outcome.denied) sums.failed++;
    if (event.outcome.denied) sums.denied++;
    if (sensitive !== null) {
      if (PRIVILEGED.has(sensitive) || (sensitive === 'secrets' && WRITING.has(event.action.category))) sums.privileged++;
      else sums.sensitive++;
    }
    const action = this.#text(event.tool === undefined ? event.api.operation : event.tool.name);
    const amount = amountOf(event);
    if (amount > 0) {
      sums.amount = Math.min(sums.amount + amount, Number.MAX_SAFE_INTEGER);
      sums.measured++;
      addAmount(sums, action, 1, Math.round(Math.log(amount) * LOG_SCALE));
    }
    insert(sums, 'actions', action);
    this.#sets(sums, event);
    if (event.tool !== undefined) this.#step(sums, event, action);
  }

  #sets(sums: HourSums, event: NhiEvent): void {
    const target = event.resources?.[0];
    if (target !== undefined) {
      const name = target.uid ?? target.name;
      if (name !== undefined) insert(sums, 'resources', this.#folder(name));
      if (SENDING.has(event.action.category)) {
        const to = target.owner_account ?? name;
        if (to !== undefined) insert(sums, 'destinations', this.#text(to));
      }
    }
    insert(sums, 'sources', this.#network(event));
    const values = (event.tool as { arguments?: { hash: number | string }[] } | undefined)?.arguments;
    if (values !== undefined) for (let i = 0; i < values.length; i++) insert(sums, 'arguments', this.#text(String(values[i]!.hash)));
  }

  #network(event: NhiEvent): number {
    const from = event.src_endpoint;
    if (from?.autonomous_system !== undefined) return mix(from.autonomous_system.number >>> 0, 1);
    if (from?.vpc_endpoint !== undefined) return this.#text(from.vpc_endpoint);
    if (from?.ip === undefined) return mix(event.src_kind.length, 2);
    if (from.ip.length > SHORT) return this.#hashed(networkClass(bounded(from.ip)));
    let hash = this.#networks.get(from.ip);
    if (hash !== undefined) return hash;
    hash = this.#hashed(networkClass(from.ip));
    if (this.#networks.size >= MOST_KNOWN) this.#networks.clear();
    this.#networks.set(from.ip, hash);
    return hash;
  }

  #step(sums: HourSums, event: NhiEvent, tool: number): void {
    const target = event.resources?.[0];
    const name = target?.uid ?? target?.name;
    // What a tool is pointed at is an argument, the one that every source tells.
    if (name !== undefined) insert(sums, 'arguments', mix(this.#text(name), tool));
    const steps = (sums.steps ??= []);
    const session = event.sequence_key ?? event.trace?.uid ?? event.actor.session?.uid ?? '';
    steps.push(((event.time % HOUR) + HOUR) % HOUR, this.#text(session), tool, this.#hashed(bounded(event.metadata.original_event_uid)));
    if (steps.length > STEPS * 8) sums.steps = earliest(steps);
  }

  #text(text: string): number {
    if (text.length > SHORT) return this.#hashed(bounded(text));
    let hash = this.#known.get(text);
    if (hash !== undefined) return hash;
    hash = this.#hashed(text);
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(text, hash);
    return hash;
  }

  #hashed(text: string): number {
    this.#hash.update(text);
    return this.#hash.low;
  }

  #folder(name: string): number {
    let at = -1;
    for (let i = 0; i <= SEGMENTS; i++) {
      at = name.indexOf('/', at + 1);
      if (at === -1 || at > LENGTH) return this.#text(name);
    }
    return this.#text(name.slice(0, at));
  }
}

function bounded(text: string): string { return text.length > LENGTH ? text.slice(0, LENGTH) : text; }

const WRITING: ReadonlySet<string> = new Set(['write', 'delete', 'admin']);

/** Folds one part of an hour into another part of the same hour. */
export function mergeSums(into: HourSums, from: HourSums): void {
  into.events += from.events;
  into.failed += from.failed;
  into.denied += from.denied;
  into.privileged += from.privileged;
  into.sensitive += from.sensitive;
  into.amount = Math.min(into.amount + from.amount, Number.MAX_SAFE_INTEGER);
  into.measured += from.measured;
  for (const name of SETS) for (const value of from[name] ?? []) insert(into, name, value);
  for (let i = 0; i < (from.amounts?.length ?? 0); i += 3) addAmount(into, from.amounts![i]!, from.amounts![i + 1]!, from.amounts![i + 2]!);
  if (from.steps !== null) into.steps = earliest([...(into.steps ?? []), ...from.steps]);
}

/** Plain JSON of the sums. */
export function saveSums(sums: HourSums): unknown[] {
  return [
    [sums.events, sums.failed, sums.denied, sums.privileged, sums.sensitive, sums.amount, sums.measured],
    ...SETS.map((name) => sums[name] ?? 0), sums.steps === null ? 0 : earliest(sums.steps), sums.amounts ?? 0,
  ];
}

/** What `saveSums` wrote; an empty hour for anything else. */
export function restoreSums(saved: unknown): HourSums {
  const sums = openSums();
  if (!Array.isArray(saved) || !Array.isArray(saved[0])) return sums;
  const [events, failed, denied, privileged, sensitive, amount, measured] = (saved[0] as unknown[]).map(Number) as [number, number, number, number, number, number, number];
  Object.assign(sums, { events, failed, denied, privileged, sensitive, amount, measured });
  SETS.forEach((name, i) => { if (Array.isArray(saved[i + 1])) sums[name] = (saved[i + 1] as number[]).slice(0, CAP[name]); });
  const steps: unknown = saved[SETS.length + 1];
  if (Array.isArray(steps)) sums.steps = steps as number[];
  if (Array.isArray(saved[SETS.length + 2])) sums.amounts = saved[SETS.length + 2] as number[];
  return sums;
}

const SETS = Object.keys(CAP) as SetName[];

/** Tool calls in order of time, then of id, without repeats, the earliest only. */
export function earliest(steps: number[]): number[] {
  const order = Array.from({ length: steps.length / 4 }, (_, i) => i * 4);
  order.sort((a, b) => steps[a]! - steps[b]! || steps[a + 3]! - steps[b + 3]! || steps[a + 1]! - steps[b + 1]!);
  const out: number[] = [];
  for (const i of order) {
    const n = out.length;
    if (n > 0 && out[n - 4] === steps[i] && out[n - 1] === steps[i + 3] && out[n - 3] === steps[i + 1]) continue;
    if (n >= STEPS * 4) break;
    out.push(steps[i]!, steps[i + 1]!, steps[i + 2]!, steps[i + 3]!);
  }
  return out;
}

/** Keeps the smallest hashes, sorted. */
function addAmount(sums: HourSums, action: number, count: number, logs: number): void {
  const amounts = (sums.amounts ??= []);
  let i = 0;
  while (i < amounts.length && amounts[i]! < action) i += 3;
  if (amounts[i] === action) {
    amounts[i + 1]! += count;
    amounts[i + 2]! += logs;
    return;
  }
  if (i >= AMOUNTS * 3) return;
  amounts.splice(i, 0, action, count, logs);
  if (amounts.length > AMOUNTS * 3) amounts.length = AMOUNTS * 3;
}

/** Keeps the `CAP` smallest, sorted. */
/** Sets that hold one value in most hours, the same as in those of many others. */
const SHARED: ReadonlySet<SetName> = new Set(['actions', 'sources']);
const singles = new Map<number, number[]>();

/** The set of one value, the same each time: a short set is never written to. */
function single(value: number): number[] {
  let set = singles.get(value);
  if (set !== undefined) return set;
  if (singles.size >= MOST_KNOWN) singles.clear();
  singles.set(value, set = [value]);
  return set;
}

function insert(sums: HourSums, name: SetName, value: number): void {
  const set = sums[name];
  if (set === null) {
    sums[name] = SHARED.has(name) ? single(value) : [value];
    return;
  }
  let i = set.length;
  if (i >= CAP[name] && value > set[i - 1]!) return;
  while (i > 0 && set[i - 1]! > value) i--;
  if (i > 0 && set[i - 1] === value) return;
  const more = withItem(set, i, value);
  if (more.length > CAP[name]) more.pop();
  sums[name] = more;
}

function amountOf(event: NhiEvent): number {
  const volume = event.volume;
  if (volume === undefined) return 0;
  const amount = volume.bytes_out ?? volume.rows ?? volume.items ?? 0;
  return amount > 0 && amount <= Number.MAX_SAFE_INTEGER ? Math.ceil(amount) : 0;
}

/** What an address stands for where no AS number is known: private, or its /16 (IPv4) or /32 (IPv6). */
function networkClass(ip: string): string {
  if (ip.startsWith('10.') || ip.startsWith('192.168.') || /^172\.(1[6-9]|2\d|3[01])\./.test(ip) || ip.startsWith('fd')) return 'private';
  const second = ip.indexOf(ip.includes(':') ? ':' : '.', ip.indexOf(ip.includes(':') ? ':' : '.') + 1);
  return second === -1 ? ip : ip.slice(0, second);
}

function mix(a: number, b: number): number {
  return (Math.imul(a ^ (b * 0x9e3779b9), 0x85ebca6b) ^ (a >>> 13)) >>> 0;
}
