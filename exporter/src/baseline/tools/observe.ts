import { KEY, countRepeats, eachPair, mix } from './keys.ts';
import type { ToolMemory } from './memory.ts';
import type { HashedCall, HashedRun } from './run.ts';

/**
 * What is compared: the tool itself; for a tool that the purpose knows its order, repetition, company and argument values (`value`), for one
 * that it does not know the values by themselves (`value_of_new_tool`), which are then new more often; and pairs of known values.
 */
export const ELEMENTS = ['tool', 'order', 'repeat', 'company', 'value', 'value_of_new_tool', 'pair'] as const;
export type ElementKind = (typeof ELEMENTS)[number];

/**
 * One thing about a call: what it is, where (the tool, or the path of the argument), and how far it is from what is known.
 * Values: 0 known for the purpose on this path, 1 elsewhere in the purpose, 2 to the agent on this path, 3 to the agent elsewhere, 4 unknown.
 * All others: 0 known for the purpose, 1 to the agent, 2 unknown. Where the agent is judged as a whole its own states do not occur.
 */
export interface Element { kind: ElementKind; where: number; state: number }
export const STATES = 5;

/** A call that changed something, and how new what it did is. `at`: its place in the run. */
export interface ObservedCall { at: number; tool: number; elements: Element[] }

/**
 * How far each successful call of a run that changed something is from what groups other than `except` did. Calls that only
 * read, or failed, count as context alone: they did no harm, and unsteady models make many.
 */
export function observe(memory: ToolMemory, run: HashedRun, except: number): ObservedCall[] {
  const { agent, purpose } = run;
  const inPurpose = (kind: number, a: number, b: number): boolean => memory.knows(agent, purpose, kind, a, b, except) ?? true;
  const inAgent = (kind: number, a: number, b: number): boolean => purpose !== 0 && (memory.knows(agent, 0, kind, a, b, except) ?? true);
  const level = (kind: number, a: number, b: number): number => inPurpose(kind, a, b) ? 0 : inAgent(kind, a, b) ? 1 : 2;
  const valueState = (path: number, value: number): number => inPurpose(KEY.value, path, value) ? 0
    : inPurpose(KEY.anywhere, value, 0) ? 1 : inAgent(KEY.value, path, value) ? 2 : inAgent(KEY.anywhere, value, 0) ? 3 : 4;

  const repeats = countRepeats(run);
  const company = [...new Set(run.calls.map((call) => call.tool))].filter((tool) => inPurpose(KEY.tool, tool, 0));
  const observed: ObservedCall[] = [];
  run.calls.forEach((call, at) => {
    if (!call.writes || !call.ok) return;
    const { tool } = call;
    const newness = call.approved === true ? 0 : level(KEY.tool, tool, 0);
    const elements: Element[] = [{ kind: 'tool', where: 0, state: newness }];
    if (newness === 0) {
      elements.push({ kind: 'order', where: tool, state: level(KEY.order, run.calls[at - 1]?.tool ?? 0, tool) });
      if (repeats[at]! > 1) elements.push({ kind: 'repeat', where: tool, state: level(KEY.repeat, tool, repeats[at]!) });
      let state = 0;
      for (const other of company) if (other !== tool) state = Math.max(state, level(KEY.company, tool, other));
      elements.push({ kind: 'company', where: tool, state });
    }
    const kind = newness === 0 ? 'value' : 'value_of_new_tool';
    const states: number[] = [];
    for (let i = 0; i < call.values.length; i += 2) states.push(valueState(call.values[i]!, call.values[i + 1]!));
    for (const [where, state] of largestByPath(call, states)) elements.push({ kind, where, state });
    for (const [where, state] of pairs(call, states, level)) elements.push({ kind: 'pair', where, state });
    observed.push({ at, tool, elements });
  });
  return observed;
}

/** Of a list of values the newest counts. */
function largestByPath(call: HashedCall, states: readonly number[]): Map<number, number> {
  const largest = new Map<number, number>();
  states.forEach((state, i) => {
    const path = call.values[2 * i]!;
    largest.set(path, Math.max(largest.get(path) ?? 0, state));
  });
  return largest;
}

/** Values that the purpose knows, each by itself: were they ever passed together? */
function pairs(call: HashedCall, states: readonly number[], level: (kind: number, a: number, b: number) => number): Map<number, number> {
  const largest = new Map<number, number>();
  eachPair(call, (i, j, one, other) => {
    if (states[i / 2] !== 0 || states[j / 2] !== 0) return;
    const [a, b] = [call.values[i]!, call.values[j]!];
    const where = a < b ? mix(KEY.pair, a, b) : mix(KEY.pair, b, a);
    largest.set(where, Math.max(largest.get(where) ?? 0, level(KEY.pair, one, other)));
  });
  return largest;
}
