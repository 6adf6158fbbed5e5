import type { IdentityClass, Kind, Millis, NhiEvent } from '@remit/contract';
import { sensitivity } from '@remit/contract';
import type { ObservedCall } from './propose-sequences.ts';
import type { Run } from './rhythm.ts';

/** How often a permission was used; `sensitive` is the contract's word for why, `refused` counts the attempts that were denied. */
export interface Used { count: number; sensitive: string | null; refused: number }
/** How often a target was touched, under each name it has. */
export interface Touched { count: number; refused: number }
export interface ObservedTool { name: string; server: string | undefined; category: string | undefined; count: number }
/** Tool calls of one conversation, or one trace, for one purpose. */
export interface ObservedChain { purpose: string | null; calls: ObservedTool[]; times: Pick<ObservedCall, 'start' | 'end'>[] }

/** What the events of one identity showed, as `remit learn` gathers it. */
export interface ObservedIdentity {
  urn: string;
  kind: Kind;
  class: IdentityClass;
  /** Other names and ids by which it was seen, immutable ids first. */
  aliases: readonly { type: string; value: string }[];
  events: number;
  first: Millis;
  last: Millis;
  /** Permission strings; sensitive and refused ones are never proposed as approved. */
  actions: ReadonlyMap<string, Used>;
  /** Addresses, `service`, `AS64500` or VPC endpoints, with counts. */
  networks: ReadonlyMap<string, number>;
  targets: ReadonlyMap<string, Touched>;
  /** UTC days on which it was active, as `2026-11-22`. */
  days: ReadonlySet<string>;
  /** Pieces of work, with a pause before each; null when there were too many to keep. */
  runs: readonly Run[] | null;
  /** What left through it, by UTC day: known bytes and rows. */
  volumes: ReadonlyMap<string, { bytes: number; rows: number }>;
  tools: ReadonlyMap<string, ObservedTool>;
  chains: readonly ObservedChain[];
  /** Some chains were too many or too long to keep: no sequence can be learned from the rest. */
  chainsCut: boolean;
  /** Names of the credentials and secrets it made or changed, with counts. */
  made: ReadonlyMap<string, number>;
  /** A team guessed from tags or the namespace, and what the guess rests on. */
  ownerGuess?: { team: string; from: string };
}

/** A pause of at least this length begins another piece of work. */
const PAUSE: Millis = 10 * 60_000;
const DAY: Millis = 86_400_000;
const RUNS_AT_MOST = 10_000;
const DISTINCT_AT_MOST = 10_000;
const CHAINS_AT_MOST = 20_000;
const CALLS_AT_MOST = 1024;

type Seen = Omit<ObservedIdentity, 'urn' | 'kind' | 'class' | 'aliases' | 'chains' | 'first' | 'last' | 'ownerGuess'>;

/** Gathers what one identity does. Events come about in order of their time. Bounded: what is beyond the bounds is not kept. */
export class Observation {
  #events = 0;
  #last: Millis = -Infinity;
  #runs: Run[] | null = [];
  readonly #days = new Set<string>();
  readonly #targets = new Map<string, Touched>();
  readonly #actions = new Map<string, Used>();
  readonly #networks = new Map<string, number>();
  readonly #volumes = new Map<string, { bytes: number; rows: number }>();
  readonly #tools = new Map<string, ObservedTool>();
  readonly #chains = new Map<string, ObservedChain>();
  readonly #made = new Map<string, number>();
  #chainsCut = false;
  #day = -1;
  #dayName = '';

  /** `restricted`: the inventory's word on the target. */
  add(event: NhiEvent, restricted: boolean): void {
    const { denied } = event.outcome;
    this.#events++;
    this.#when(event.time, event.end_time);
    const network = event.src_endpoint?.ip ?? (event.src_kind === 'service' ? 'service' : undefined);
    if (network !== undefined) bump(this.#networks, network);
    for (const { uid, name } of event.resources ?? []) {
      const id = uid ?? name;
      const touched = id === undefined ? undefined : entry(this.#targets, id, () => ({ count: 0, refused: 0 }));
      if (touched) touched[denied ? 'refused' : 'count']++;
    }
    const sensitive = sensitivity(event, restricted);
    for (const permission of event.privilege?.used ?? []) {
      const used = entry(this.#actions, permission, (): Used => ({ count: 0, sensitive: null, refused: 0 }));
      if (!used) continue;
      used[denied ? 'refused' : 'count']++;
      if (!denied) used.sensitive ??= sensitive;
    }
    if (denied) return;
    if (event.volume) this.#volume(event.volume);
    if (event.tool) this.#call(event, event.tool);
    if (event.issued || sensitive === 'credential_create') bump(this.#made, made(event));
  }

  /** What has been seen so far. */
  seen(): Seen & { chains: ObservedChain[] } {
    return {
      events: this.#events, actions: this.#actions, networks: this.#networks, targets: this.#targets, days: this.#days, runs: this.#runs,
      volumes: this.#volumes, tools: this.#tools, chains: [...this.#chains.values()], chainsCut: this.#chainsCut, made: this.#made,
    };
  }

  #when(time: Millis, end: Millis | undefined): void {
    const number = Math.floor(time / DAY);
    if (number !== this.#day) {
      this.#day = number;
      this.#dayName = new Date(time).toISOString().slice(0, 10);
      this.#days.add(this.#dayName);
    }
    const run = this.#runs?.at(-1);
    if (run === undefined || time - this.#last >= PAUSE) this.#runs?.push({ from: time, to: time });
    else {
      run.from = Math.min(run.from, time);
      run.to = Math.max(run.to, time);
    }
    if (this.#runs !== null && this.#runs.length > RUNS_AT_MOST) this.#runs = null;
    this.#last = Math.max(this.#last, time, Math.min(end ?? time, time + DAY));
  }

  #volume({ bytes_out: bytes, rows }: NonNullable<NhiEvent['volume']>): void {
    if (!bytes && !rows) return;
    const day = entry(this.#volumes, this.#dayName, () => ({ bytes: 0, rows: 0 }));
    if (!day) return;
    day.bytes += bytes ?? 0;
    day.rows += rows ?? 0;
  }

  #call(event: NhiEvent, { name, server, category }: NonNullable<NhiEvent['tool']>): void {
    const tool = entry(this.#tools, JSON.stringify([server ?? null, name]), () => ({ name, server, category: undefined as string | undefined, count: 0 }));
    if (!tool) {
      this.#chainsCut = true;
      return;
    }
    tool.count++;
    tool.category ??= category;
    const purpose = event.purpose_uid ?? null;
    // As off-purpose-sequence joins them: by conversation, else by trace, each purpose apart. An MCP session is but a connection.
    const { uid: session, issuer } = event.actor.session ?? {};
    const trace = event.trace?.uid ?? event.sequence_key;
    const key = session !== undefined && issuer !== 'mcp' ? `session:${session}` : trace === undefined ? null : `trace:${trace}`;
    if (key !== null) this.#join(JSON.stringify([key, purpose]), purpose, tool, { start: event.time, end: event.end_time ?? null });
  }

  #join(key: string, purpose: string | null, tool: ObservedTool, times: ObservedChain['times'][number]): void {
    let chain = this.#chains.get(key);
    if (!chain) {
      if (this.#chains.size >= CHAINS_AT_MOST) {
        this.#chainsCut = true;
        return;
      }
      this.#chains.set(key, chain = { purpose, calls: [], times: [] });
    }
    if (chain.calls.length >= CALLS_AT_MOST) {
      this.#chainsCut = true;
      return;
    }
    chain.calls.push(tool);
    chain.times.push(times);
  }
}

function made(event: NhiEvent): string {
  const target = event.resources?.[0];
  return target?.name ?? target?.uid ?? event.issued?.name_key ?? event.issued?.type ?? event.api.operation;
}

function bump(counts: Map<string, number>, key: string): void {
  const count = counts.get(key);
  if (count !== undefined || counts.size < DISTINCT_AT_MOST) counts.set(key, (count ?? 0) + 1);
}

/** The entry of a key, made when there is none; undefined when there are too many already. */
function entry<V>(map: Map<string, V>, key: string, make: () => V): V | undefined {
  let value = map.get(key);
  if (value === undefined && map.size < DISTINCT_AT_MOST) map.set(key, value = make());
  return value;
}
