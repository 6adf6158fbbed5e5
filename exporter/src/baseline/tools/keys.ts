import type { HashedCall, HashedRun } from './run.ts';

/** Kinds of what is remembered; part of each key. */
export const KEY = { tool: 1, order: 2, repeat: 3, value: 4, anywhere: 5, pair: 6, company: 7 } as const;
/** A call beyond the eighth of a tool in one run counts as the eighth. */
const MOST_REPEATS = 8;
/** Values of one call that are looked at in pairs, the first so many; each alone is always looked at. */
const PAIRED = 24;
const START = 0;

/** Calls `found` with every key that this run teaches: kind and two operands that the purpose, and the agent, then know. */
export function eachKey(run: HashedRun, found: (kind: number, a: number, b: number) => void): void {
  let previous = START;
  const company = new Set(run.calls.map((call) => call.tool));
  const repeats = countRepeats(run);
  run.calls.forEach((call, at) => {
    found(KEY.tool, call.tool, 0);
    found(KEY.order, previous, call.tool);
    if (repeats[at]! > 1) found(KEY.repeat, call.tool, repeats[at]!);
    for (let i = 0; i < call.values.length; i += 2) {
      found(KEY.value, call.values[i]!, call.values[i + 1]!);
      found(KEY.anywhere, call.values[i + 1]!, 0);
    }
    if (call.writes) {
      eachPair(call, (_i, _j, one, other) => found(KEY.pair, one, other));
      for (const tool of company) if (tool !== call.tool) found(KEY.company, call.tool, tool);
    }
    previous = call.tool;
  });
}

/** For each call that changed something, the how manyth of its tool it is; 0 for the others. */
export function countRepeats(run: HashedRun): number[] {
  const seen = new Map<number, number>();
  return run.calls.map((call) => {
    if (!call.writes || !call.ok) return 0;
    const times = (seen.get(call.tool) ?? 0) + 1;
    seen.set(call.tool, times);
    return Math.min(times, MOST_REPEATS);
  });
}

/** Pairs of values on different paths: their places in `values`, and a hash of each value on its path, the smaller first. */
export function eachPair(call: HashedCall, found: (i: number, j: number, one: number, other: number) => void): void {
  const last = Math.min(call.values.length, 2 * PAIRED);
  for (let i = 0; i < last; i += 2) {
    const one = mix(KEY.value, call.values[i]!, call.values[i + 1]!);
    for (let j = i + 2; j < last; j += 2) {
      if (call.values[i] === call.values[j]) continue;
      const other = mix(KEY.value, call.values[j]!, call.values[j + 1]!);
      if (one < other) found(i, j, one, other);
      else found(i, j, other, one);
    }
  }
}

/** 53 bits out of a kind and two numbers below 2^53. Not keyed: what goes in is. */
export function mix(kind: number, a: number, b: number): number {
  let high = kind;
  let low = 0x9e3779b9;
  for (const word of [a >>> 0, Math.floor(a / 0x1_0000_0000), b >>> 0, Math.floor(b / 0x1_0000_0000)]) {
    high = Math.imul(high ^ word, 0x85ebca6b);
    high = (high << 13) | (high >>> 19);
    low = (Math.imul(low ^ word ^ high, 0xc2b2ae35) + 0x52dce729) | 0;
    low ^= low >>> 15;
  }
  high = Math.imul(high ^ low ^ (high >>> 16), 0x27d4eb2f);
  low = Math.imul(low ^ high ^ (low >>> 13), 0x165667b1);
  return ((high ^ (high >>> 15)) >>> 0) * 0x200000 + ((low ^ (low >>> 16)) >>> 11);
}
