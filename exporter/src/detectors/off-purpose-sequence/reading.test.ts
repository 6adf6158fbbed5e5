import type { Sequence } from '@remit/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { read } from './reading.ts';
import type { Call } from './reading.ts';

const names = ['a', 'b', 'c'];

/** Calls of a few tools at small times, in order of start. `c` only reads. */
const calls = (most: number): fc.Arbitrary<Call[]> => fc.array(fc.record({
  name: fc.constantFrom(...names), start: fc.nat(8), length: fc.oneof(fc.nat(6), fc.constant(Infinity)), optional: fc.nat(9).map((n) => n === 0),
}), { maxLength: most }).map((list) => list.sort((x, y) => x.start - y.start).map(({ name, start, length, optional }) => (
  { name, server: undefined, category: 'tool', writes: name !== 'c', start, end: start + length, optional })));

const sequence: fc.Arbitrary<Sequence> = fc.record({
  steps: fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom([1, 1], [1, Infinity], [2, 2], [1, 3], [0, 1])), { minLength: 1, maxLength: 3 }),
  strict: fc.boolean(), maxGap: fc.constantFrom(null, 0, 2),
}).map(({ steps, strict, maxGap }) => ({
  name: 's', strict, maxGap, steps: steps.map(([name, [min, max]]) => ({ text: name, min: min!, max: max!, matches: (call) => call.name === name })),
}));

describe('reading a chain', () => {
  test('agrees with trying every order one by one', () => {
    fc.assert(fc.property(calls(5), fc.array(sequence, { minLength: 1, maxLength: 2 }), (list, sequences) => {
      const { broken, undecided } = read(list, sequences, false);
      expect(undecided).toBe(false);
      expect(broken.length === 0).toBe(orders(list).some((order) => complies(order, sequences)));
    }), { numRuns: 3000 });
  });

  test('what is left after the broken calls complies', () => {
    fc.assert(fc.property(calls(12), fc.array(sequence, { minLength: 1, maxLength: 2 }), (list, sequences) => {
      const { broken } = read(list, sequences, false);
      const rest = list.filter((_, index) => !broken.includes(index));
      expect(new Set(broken).size).toBe(broken.length);
      expect(read(rest, sequences, false).broken).toEqual([]);
    }), { numRuns: 1000 });
  });

  test('a forgotten beginning only makes it milder', () => {
    fc.assert(fc.property(calls(8), fc.array(sequence, { minLength: 1, maxLength: 2 }), (list, sequences) => {
      expect(read(list, sequences, true).broken.length).toBeLessThanOrEqual(read(list, sequences, false).broken.length);
    }), { numRuns: 500 });
  });

  test('the rest of a run whose beginning is forgotten is no departure', () => {
    const steps = ['a', 'b', 'c'].map((name) => ({ text: name, min: 1, max: 1, matches: (call: { name: string }) => call.name === name }));
    const late = ['b', 'c'].map((name, i) => ({ name, server: undefined, category: 'tool', writes: true, start: 10 * i, end: 10 * i + 5, optional: false }));
    const sequences = [{ name: 's', strict: true, maxGap: 1000, steps }];
    expect(read(late, sequences, true).broken).toEqual([]);
    expect(read(late, sequences, false).broken).toEqual([0, 1]);
  });

  test('hundreds of like calls at once are read, too many unlike ones are not', () => {
    const many = (count: number, kinds: number): Call[] => Array.from({ length: count }, (_, i) => (
      { name: `t${i % kinds}`, server: undefined, category: 'tool', writes: true, start: i % 7, end: 100 + (i * 13) % 11, optional: false }));
    const step = (name: string) => ({ text: name, min: 1, max: Infinity, matches: (call: { name: string }) => call.name === name });
    const sequences: Sequence[] = [{ name: 's', strict: true, maxGap: null, steps: ['t0', 't1', 't2'].map(step) }];
    expect(read(many(256, 1), sequences, false)).toMatchObject({ broken: [], undecided: false });
    const started = performance.now();
    const wild = [{ name: 'w', strict: true, maxGap: null, steps: [{ text: '*', min: 1, max: Infinity, matches: () => true }] }];
    expect(read(many(256, 64), wild, false).undecided).toBe(true);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

/** Every order in which a call comes after those that ended before it started. */
function orders(list: readonly Call[]): Call[][] {
  if (list.length === 0) return [[]];
  return list.flatMap((first, i) => {
    const rest = list.filter((_, j) => j !== i);
    if (rest.some((other) => other.end <= first.start && other.start < first.end)) return [];
    return orders(rest).map((order) => [first, ...order]);
  });
}

/** Tries what a call may be, one call after the other. */
function complies(order: readonly Call[], sequences: readonly Sequence[]): boolean {
  interface Run { of: Sequence; done: number[]; end: number }
  const starts = sequences.map((of): Run => ({ of, done: of.steps.map(() => 0), end: -Infinity }));
  const go = (at: number, run: Run): boolean => {
    const call = order[at];
    if (call === undefined) return true;
    const options = [run, ...starts];
    return options.some((from) => {
      if (call.optional && go(at + 1, from)) return true;
      if (!call.writes && !from.of.strict && !from.of.steps.some((step) => step.matches(call)) && go(at + 1, from)) return true;
      const begun = from.done.some((n) => n > 0);
      if (begun && from.of.maxGap !== null && call.start - from.end > from.of.maxGap) return false;
      return from.of.steps.some((step, i) => {
        const fits = step.matches(call) && from.done[i]! < step.max && from.done.slice(i + 1).every((n) => n === 0)
          && from.of.steps.slice(0, i).every((earlier, j) => from.done[j]! >= earlier.min);
        return fits && go(at + 1, { of: from.of, done: from.done.map((n, j) => (j === i ? n + 1 : n)), end: Math.max(from.end, call.end) });
      });
    });
  };
  return starts.some((run) => go(0, run));
}
