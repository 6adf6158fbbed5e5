import { ELEMENTS, STATES, observe } from './observe.ts';
import type { Element, ElementKind, ObservedCall } from './observe.ts';
import type { ToolMemory } from './memory.ts';
import type { HashedRun } from './run.ts';

/** A few observations of one's own weigh as much as what all agents together show: so many of them. */
const PRIOR = 20;
/**
 * What each part counts. `values`: how rarely calls of the tool are as new in their arguments; `extent`: the surprise of all arguments
 * together, which goes on where nothing as new was ever seen. Order, repetition, company and pairs are often new where nothing is wrong:
 * they, like the extent, decide between equals.
 */
export const WEIGHTS = { tool: 1, values: 1, extent: 0.2, pairs: 0.2, order: 0.2, repeat: 0.2, company: 0.2 } as const;
export type Part = keyof typeof WEIGHTS;
type Calibrated = Exclude<Part, 'extent'>;
const CALIBRATED: readonly Calibrated[] = ['tool', 'values', 'pairs', 'order', 'repeat', 'company'];
const PARTS = Object.keys(WEIGHTS) as Part[];
const NOTHING: Readonly<Record<Calibrated, number>> = { tool: 0, values: 0, pairs: 0, order: 0, repeat: 0, company: 0 };
/** Stands for all tools of an agent; hashes of tools are never negative. */
const ANY_TOOL = -1;

/**
 * A call that changed something: the surprise of each part of it, −ln of how often runs that were in order show as much, 0 for nothing
 * new; and what was compared, each with how rare that alone is at its place, calls of this kind or not.
 */
export interface JudgedCall { at: number; parts: Record<Part, number>; elements: readonly (Element & { surprise: number })[] }

/** How surprising a run is: `score` ≥ 0, −ln of a probability; the calls behind it, those that changed something. */
export interface ToolVerdict { score: number; calls: JudgedCall[] }

/**
 * What is learned, read once and for good: how often each thing is new in runs that are in order. Every sampled run is looked at as if
 * its own group had never been seen, so that "new" means the same as for a run to come.
 */
export class ToolJudge {
  readonly #memory: ToolMemory;
  /** Runs, tools and paths that show a state or more, by agent and by kind: index 0 counts all. */
  readonly #rates = new Map<string, Map<ElementKind, Map<number, number[]>>>();
  readonly #pooledRates = new Map<ElementKind, number[]>();
  /** Sorted surprises of a part, one a run and tool, by agent and tool. */
  readonly #shown = new Map<string, Map<number, Record<Calibrated, number[]>>>();
  readonly #pooledShown: Record<Calibrated, number[]> = emptyLists();
  readonly #runs = new Map<string, number>();
  #allRuns = 0;

  constructor(memory: ToolMemory) {
    this.#memory = memory;
    for (const kind of ELEMENTS) this.#pooledRates.set(kind, new Array<number>(STATES).fill(0));
    const observed = [...memory.runs()].map((run) => ({ agent: run.agent, calls: observe(memory, this.#known(run), run.group) }));
    for (const { agent, calls } of observed) this.#countStates(agent, calls);
    for (const { agent, calls } of observed) this.#noteShown(agent, calls);
    const sort = (lists: Record<Calibrated, number[]>): void => { for (const part of CALIBRATED) lists[part].sort((a, b) => a - b); };
    sort(this.#pooledShown);
    for (const tools of this.#shown.values()) for (const lists of tools.values()) sort(lists);
  }

  /**
   * Judges a run; null when nobody else's runs of its agent are known. A purpose that no other run had says nothing: then what the
   * agent does for any purpose counts. Runs that were learned are part of the shares they are held against: with `asOneMore` so is this
   * one, so that its score can be compared with theirs.
   */
  judge(run: HashedRun, asOneMore = false): ToolVerdict | null {
    const known = this.#known(run);
    if (!this.#memory.hasPurpose(run.agent, known.purpose, run.group)) return null;
    const more = asOneMore ? 1 : 0;
    const calls = observe(this.#memory, known, run.group).map((call) => {
      const raw = this.#surprises(run.agent, call, more);
      const parts = { ...NOTHING, extent: raw.values };
      for (const part of CALIBRATED) parts[part] = this.#calibrated(run.agent, call.tool, part, raw[part], more);
      const elements = call.elements.map((element) => ({ ...element, surprise: this.#surprise(run.agent, element, more) }));
      return { at: call.at, parts, elements };
    });
    return { score: scoreOf(calls), calls };
  }

  #known(run: HashedRun): HashedRun {
    return run.purpose === 0 || this.#memory.hasPurpose(run.agent, run.purpose, run.group) ? run : { ...run, purpose: 0 };
  }

  #countStates(agent: string, calls: readonly ObservedCall[]): void {
    this.#runs.set(agent, (this.#runs.get(agent) ?? 0) + 1);
    this.#allRuns++;
    const most = new Map<ElementKind, Map<number, number>>();
    for (const { elements } of calls) {
      for (const { kind, where, state } of elements) {
        const states = most.get(kind) ?? new Map<number, number>();
        most.set(kind, states.set(where, Math.max(states.get(where) ?? 0, state)));
      }
    }
    const own = this.#rates.get(agent) ?? new Map<ElementKind, Map<number, number[]>>();
    this.#rates.set(agent, own);
    for (const [kind, states] of most) {
      const counts = own.get(kind) ?? new Map<number, number[]>();
      own.set(kind, counts);
      for (const [where, state] of states) {
        const count = counts.get(where) ?? new Array<number>(STATES).fill(0);
        counts.set(where, count);
        for (let s = 0; s <= state; s++) {
          count[s]!++;
          this.#pooledRates.get(kind)![s]!++;
        }
      }
    }
  }

  /** −ln of how often this kind of thing is as new as this at this place. */
  #surprise(agent: string, { kind, where, state }: Element, more: number): number {
    if (state === 0) return 0;
    const all = this.#pooledRates.get(kind)!;
    const prior = (all[state]! + 0.5) / (all[0]! + 1);
    const own = this.#rates.get(agent)?.get(kind)?.get(where);
    return -Math.log(((own?.[state] ?? 0) + more + PRIOR * prior) / ((own?.[0] ?? 0) + more + PRIOR));
  }

  #surprises(agent: string, { elements }: ObservedCall, more: number): Record<Calibrated, number> {
    const raw = { ...NOTHING };
    for (const element of elements) {
      const surprise = this.#surprise(agent, element, more);
      if (element.kind === 'value' || element.kind === 'value_of_new_tool') raw.values += surprise;
      else if (element.kind === 'pair') raw.pairs = Math.max(raw.pairs, surprise);
      else raw[element.kind] += surprise;
    }
    return raw;
  }

  #noteShown(agent: string, calls: readonly ObservedCall[]): void {
    const most = new Map<number, Record<Calibrated, number>>();
    for (const call of calls) {
      const raw = this.#surprises(agent, call, 0);
      const sofar = most.get(call.tool);
      if (sofar === undefined) most.set(call.tool, raw);
      else for (const part of CALIBRATED) sofar[part] = Math.max(sofar[part], raw[part]);
    }
    const tools = this.#shown.get(agent) ?? new Map<number, Record<Calibrated, number[]>>();
    this.#shown.set(agent, tools);
    for (const [tool, raw] of most) {
      for (const key of [tool, ANY_TOOL]) {
        const lists = tools.get(key) ?? emptyLists();
        tools.set(key, lists);
        for (const part of CALIBRATED) lists[part].push(raw[part]);
      }
      for (const part of CALIBRATED) this.#pooledShown[part].push(raw[part]);
    }
  }

  /**
   * Parts of a call depend on each other, and some tools are called in ever new ways: what counts is how often as much is seen in calls of
   * this tool that are in order; of all its tools where the agent never called this one. A new tool is counted among all runs
   * instead, those that never call it too.
   */
  #calibrated(agent: string, tool: number, part: Calibrated, surprise: number, more: number): number {
    if (surprise <= 0) return 0;
    const tools = this.#shown.get(agent);
    const own = (tools?.get(tool) ?? (part === 'tool' ? undefined : tools?.get(ANY_TOOL)))?.[part] ?? [];
    const all = this.#pooledShown[part];
    const trials = part === 'tool' ? { own: this.#runs.get(agent) ?? 0, all: this.#allRuns } : { own: own.length, all: all.length };
    const prior = (atLeast(all, surprise) + 0.5) / (trials.all + 1);
    return -Math.log((atLeast(own, surprise) + more + PRIOR * prior) / (trials.own + more + PRIOR));
  }
}

/**
 * The score of a run from its calls: the most surprising one, corrected for how many there were (Šidák: the chance that the least of so
 * many probabilities is that small).
 */
export function scoreOf(calls: readonly Pick<JudgedCall, 'parts'>[], weights: Readonly<Record<Part, number>> = WEIGHTS): number {
  let most = 0;
  for (const { parts } of calls) {
    let sum = 0;
    for (const part of PARTS) sum += weights[part] * parts[part];
    most = Math.max(most, sum);
  }
  if (most === 0) return 0;
  // 1 − (1 − p)^n loses all digits for small p.
  return -Math.log(-Math.expm1(calls.length * Math.log1p(-Math.exp(-most))));
}

/** How many of the sorted numbers are as large; equal ones may differ in the last digits. */
export function atLeast(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value - 1e-9) low = middle + 1;
    else high = middle;
  }
  return sorted.length - low;
}

function emptyLists(): Record<Calibrated, number[]> {
  return { tool: [], values: [], pairs: [], order: [], repeat: [], company: [] };
}
