import fc from 'fast-check';
import { expect, test } from 'vitest';
import { learnSequences, stepTexts, type ObservedCall } from './propose-sequences.ts';

const run = (text: string): ObservedCall[] => [...text].map((step, i) => ({ step, start: i * 10, end: i * 10 + 5 }));
const learned = (...runs: string[]): string[] => learnSequences(runs.map(run))!.map((sequence) => stepTexts(sequence).join(' '));

test.each<[string, string[], string[]]>([
  ['nothing', [], []],
  ['one run', ['ab'], ['a b']],
  ['a repeated tool is one step', ['abbb', 'ab'], ['a b+']],
  ['the beginning of another', ['abc', 'ab', 'a'], ['a b c']],
  ['two runs one after the other', ['ab', 'cd', 'abcd'], ['a b', 'c d']],
  ['a run given up and begun anew', ['abc', 'aba', 'abab'], ['a b c']],
  ['a loop', ['ababab', 'ab'], ['a b']],
  ['where each may come first, no order is left', ['ab', 'b'], ['a', 'b']],
  ['a repetition', ['aab'], ['a+ b']],
])('%s', (_, runs, expected) => {
  expect(learned(...runs).toSorted()).toEqual(expected.toSorted());
  expect(learned(...runs.toReversed())).toEqual(learned(...runs));
});

test('calls that overlap have no order', () => {
  const call = (step: string, start: number, end: number | null): ObservedCall => ({ step, start, end });
  expect(learnSequences([
    [call('a', 0, 10), call('c', 11, 30), call('b', 12, 20), call('d', 40, 41)],
    [call('a', 0, 10), call('b', 11, 30), call('c', 12, 20), call('d', 40, null)],
  ])?.map(stepTexts)).toEqual([['a', 'b', 'c', 'd']]);
});

test('a run longer than a record can hold is cut', () => {
  const long = Array.from({ length: 70 }, (_, i) => ({ step: `t${i}`, start: i, end: i }));
  expect(learnSequences([long])?.map((sequence) => sequence.length)).toEqual([64, 6]);
});

test('runs that have next to nothing in common are too varied, and told so soon', () => {
  let state = 7;
  const random = (below: number): number => (state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff) % below;
  const runs = Array.from({ length: 5000 }, (_, n) => [{ step: `first-${n}`, start: 0, end: 1 }, ...Array.from({ length: 20 }, (__, i) => ({ step: `t${random(50)}`, start: i + 2, end: i + 3 }))]);
  const began = performance.now();
  expect(learnSequences(runs)).toBeNull();
  expect(learnSequences(runs.slice(0, 400))).toHaveLength(400);
  expect(performance.now() - began).toBeLessThan(10_000);
});

test('every run can be read as runs of what was learned, and nothing learned is superfluous', () => {
  const words = fc.array(fc.stringMatching(/^[abcd]{1,8}$/), { minLength: 1, maxLength: 12 });
  fc.assert(fc.property(words, (runs) => {
    const sequences = learnSequences(runs.map(run))!.map(stepTexts);
    for (const one of runs) expect([one, reads(one, sequences)]).toEqual([one, true]);
    for (const left of sequences) {
      const others = sequences.filter((sequence) => sequence !== left);
      const spelt = left.map((step) => step[0]!.repeat(step.endsWith('+') ? 3 : 1)).join('');
      const once = left.map((step) => step[0]!).join('');
      expect([left, reads(spelt, others) && reads(once, others) && everyLength(left, others)]).toEqual([left, false]);
    }
  }), { numRuns: 500 });
});

/** Straight from the rule: each call continues the run it is in, or begins another from its first step. */
function reads(word: string, sequences: readonly string[][]): boolean {
  let places: [number, number][] = [];
  for (const letter of word) {
    const next = new Map<string, [number, number]>();
    const go = (s: number, i: number): void => { if (sequences[s]?.[i]?.[0] === letter) next.set(`${s} ${i}`, [s, i]); };
    for (const s of sequences.keys()) go(s, 0);
    for (const [s, i] of places) {
      go(s, i + 1);
      if (sequences[s]![i]!.endsWith('+')) go(s, i);
    }
    if (next.size === 0) return false;
    places = [...next.values()];
  }
  return true;
}

/** All ways to repeat the repeated steps up to three times. */
function everyLength(sequence: readonly string[], others: readonly string[][]): boolean {
  let words = [''];
  for (const step of sequence) words = words.flatMap((word) => (step.endsWith('+') ? [1, 2, 3] : [1]).map((n) => word + step[0]!.repeat(n)));
  return words.every((word) => reads(word, others));
}
