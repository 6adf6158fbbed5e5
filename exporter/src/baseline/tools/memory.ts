import { eachKey, mix } from './keys.ts';
import type { HashedRun } from './run.ts';

/**
 * What is kept of each agent at most; beyond, a part chosen by hash, the same in whatever order runs come. With `fades`, what one group
 * alone did is forgotten first, the oldest before the others, so that what is different every time does not push out what comes again:
 * then the order of learning counts. How many agents is the caller's to bound.
 */
export interface Limits { keys: number; runs: number; purposes: number; callsOfRun: number; fades: boolean }
const LIMITS: Limits = { keys: 16_384, runs: 1024, purposes: 1024, callsOfRun: 256, fades: false };
/** Share of the keys that is left when the memory fades. */
const FADED = 0.75;
const VERSION = 1;

/** Nobody's group: hashes are never negative. */
const NONE = -1;
const ALL_KEYS = 2 ** 53;
interface Groups { first: number; second: number }
/** `below`: only keys under it are kept and asked; all of them until there are too many. */
interface Agent { keys: Map<number, Groups>; below: number; purposes: Map<number, Groups>; runs: Map<number, HashedRun> }

/** What `save` gives: plain numbers in sorted order, so that equal memories are equal bytes. */
export interface SavedTools {
  version: number;
  agents: { agent: string; below: number; keys: number[]; purposes: number[]; runs: SavedRun[] }[];
}
type SavedRun = [id: number, purpose: number, group: number, ...calls: [tool: number, flags: number, ...values: number[]][]];

/**
 * What agents were seen to do, in hashes: tools, their order, repetition and company, argument values and pairs of them, for each purpose
 * and for the agent as a whole; and a sample of whole runs to calibrate on. Learning is a union: any order, any number of times and any
 * split into merged parts gives the same memory. Of each key the two smallest groups are kept, which is enough to tell whether a
 * group other than one's own knows it.
 */
export class ToolMemory {
  readonly #limits: Limits;
  readonly #agents = new Map<string, Agent>();

  constructor(limits: Partial<Limits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  /** Learns a run that is held to be in order. Runs inside an open finding must not come here. */
  learn(run: HashedRun): void {
    const agent = this.#agent(run.agent);
    note(agent.purposes, run.purpose, run.group);
    note(agent.purposes, 0, run.group);
    trim(agent.purposes, this.#limits.purposes);
    eachKey(run, (kind, a, b) => {
      const key = mix(kind, a, b);
      this.#note(agent, mix(0, run.purpose, key), run.group);
      if (run.purpose !== 0) this.#note(agent, mix(0, 0, key), run.group);
    });
    agent.runs.set(run.id, run.calls.length <= this.#limits.callsOfRun ? run : { ...run, calls: run.calls.slice(0, this.#limits.callsOfRun) });
    trim(agent.runs, this.#limits.runs);
  }

  /** Whether a group other than `except` did this for the purpose; for purpose 0, whatever the purpose. Null when it cannot be told: not kept. */
  knows(agent: string, purpose: number, kind: number, a: number, b: number, except: number): boolean | null {
    const known = this.#agents.get(agent);
    if (known === undefined) return false;
    const key = mix(0, purpose, mix(kind, a, b));
    return key >= known.below ? null : isOther(known.keys.get(key), except);
  }

  /** Whether a group other than `except` ran for this purpose. */
  hasPurpose(agent: string, purpose: number, except: number): boolean {
    return isOther(this.#agents.get(agent)?.purposes.get(purpose), except);
  }

  /** The sampled runs of all agents, in the order of their ids. */
  * runs(): Iterable<HashedRun> {
    for (const name of [...this.#agents.keys()].sort()) {
      const { runs } = this.#agents.get(name)!;
      for (const id of [...runs.keys()].sort((a, b) => a - b)) yield runs.get(id)!;
    }
  }

  merge(from: ToolMemory): void {
    for (const [name, other] of from.#agents) {
      const agent = this.#agent(name);
      agent.below = Math.min(agent.below, other.below);
      for (const key of agent.keys.keys()) if (key >= agent.below) agent.keys.delete(key);
      for (const [key, { first, second }] of other.keys) for (const group of [first, second]) this.#note(agent, key, group);
      for (const [purpose, { first, second }] of other.purposes) for (const group of [first, second]) note(agent.purposes, purpose, group);
      trim(agent.purposes, this.#limits.purposes);
      for (const [id, run] of other.runs) agent.runs.set(id, run);
      trim(agent.runs, this.#limits.runs);
    }
  }

  /** With `asLearned` keys stand in the order in which they were learned, for memories that fade. */
  save(asLearned = false): SavedTools {
    const order = (map: Map<number, Groups>): [number, Groups][] => (asLearned ? [...map] : [...map].sort(([a], [b]) => a - b));
    const flat = (map: Map<number, Groups>): number[] => {
      const out: number[] = [];
      for (const [key, { first, second }] of order(map)) out.push(key, first, second);
      return out;
    };
    return {
      version: VERSION,
      agents: [...this.#agents].sort(([a], [b]) => (a < b ? -1 : 1)).map(([agent, { keys, below, purposes, runs }]) => ({
        agent, below, keys: flat(keys), purposes: flat(purposes),
        runs: [...runs.values()].sort((a, b) => a.id - b.id).map((run): SavedRun => [run.id, run.purpose, run.group,
          ...run.calls.map((call): [number, number, ...number[]] => [call.tool, (call.writes ? 1 : 0) + (call.ok ? 2 : 0), ...call.values])]),
      })),
    };
  }

  /** The memory that was saved; an empty one when it was saved by another version, which then learns again. */
  static restore(saved: SavedTools, limits: Partial<Limits> = {}): ToolMemory {
    const memory = new ToolMemory(limits);
    if (saved.version !== VERSION) return memory;
    for (const { agent: name, below, keys, purposes, runs } of saved.agents) {
      const agent = memory.#agent(name);
      agent.below = below;
      for (const [map, flat] of [[agent.keys, keys], [agent.purposes, purposes]] as const) {
        for (let i = 0; i < flat.length; i += 3) map.set(flat[i]!, { first: flat[i + 1]!, second: flat[i + 2]! });
      }
      for (const [id, purpose, group, ...calls] of runs) {
        agent.runs.set(id, {
          id, agent: name, purpose, group,
          calls: calls.map(([tool, flags, ...values]) => ({ tool, writes: (flags & 1) !== 0, ok: (flags & 2) !== 0, values })),
        });
      }
    }
    return memory;
  }

  #agent(name: string): Agent {
    let agent = this.#agents.get(name);
    if (agent === undefined) this.#agents.set(name, agent = { keys: new Map(), below: ALL_KEYS, purposes: new Map(), runs: new Map() });
    return agent;
  }

  #note(agent: Agent, key: number, group: number): void {
    if (key >= agent.below) return;
    note(agent.keys, key, group);
    this.#cut(agent);
  }

  /** What is known of an agent, in numbers of things. */
  sizeOf(agent: string): { keys: number; purposes: number; runs: number } {
    const known = this.#agents.get(agent);
    return { keys: known?.keys.size ?? 0, purposes: known?.purposes.size ?? 0, runs: known?.runs.size ?? 0 };
  }

  /** Halves the range of keys that are looked at until there is room: which are left depends on the keys alone, not on their order. */
  #cut(agent: Agent): void {
    if (this.#limits.fades && agent.keys.size > this.#limits.keys) fade(agent.keys, this.#limits.keys * FADED);
    while (agent.keys.size > this.#limits.keys) {
      agent.below /= 2;
      for (const key of agent.keys.keys()) if (key >= agent.below) agent.keys.delete(key);
    }
  }
}

/** Forgets what one group alone did, the oldest first. */
function fade(keys: Map<number, Groups>, most: number): void {
  for (const [key, { second }] of keys) {
    if (keys.size <= most) return;
    if (second === NONE) keys.delete(key);
  }
}

/** Adds a group: the two smallest different ones stay. */
function note(map: Map<number, Groups>, key: number, group: number): void {
  if (group === NONE) return;
  const known = map.get(key);
  if (known === undefined) map.set(key, { first: group, second: NONE });
  else if (group < known.first) map.set(key, { first: group, second: known.first });
  else if (group !== known.first && (known.second === NONE || group < known.second)) map.set(key, { first: known.first, second: group });
}

function isOther(known: Groups | undefined, except: number): boolean {
  return known !== undefined && (known.first !== except || known.second !== NONE);
}

/** Keeps the entries with the smallest hashes. */
function trim(map: Map<number, unknown>, most: number): void {
  while (map.size > most) map.delete(largest(map.keys()));
}

function largest(numbers: Iterable<number>): number {
  let found = -Infinity;
  for (const number of numbers) if (number > found) found = number;
  return found;
}
