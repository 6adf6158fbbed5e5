import { expect, it } from 'vitest';
import { auc, flagged, measure, seeded, thresholdAt } from './measure.ts';

it.each<[string, number[], number[], number]>([
  ['apart', [1, 2], [3, 4], 1], ['the wrong way round', [3, 4], [1, 2], 0], ['all equal', [1, 1, 1], [1, 1], 0.5],
  ['one tie in four pairs', [1, 2], [2, 3], 0.875], ['unsorted', [5, 1, 3], [4, 2], 0.5], ['no negatives', [], [1], NaN], ['no positives', [1], [], NaN],
])('AUC: %s', (_name, negatives, positives, expected) => {
  expect(auc(negatives, positives)).toBe(expected);
});

it.each<[string, number[], number, number, number]>([
  ['5 % of 20: the second largest', [...Array(20).keys()], 0.05, 18, 1 / 20],
  ['1 % of 20: the largest, so that none is flagged', [...Array(20).keys()], 0.01, 19, 0],
  ['equal scores are flagged all or none', [0, 0, 0, 0, 7, 7, 7, 7, 7, 7], 0.5, 7, 0],
  ['none', [], 0.05, NaN, NaN],
])('threshold: %s', (_name, negatives, share, threshold, falseAlarms) => {
  expect(thresholdAt(negatives, share)).toBe(threshold);
  expect(flagged(negatives, threshold)).toBe(falseAlarms);
});

it('measures with an interval that holds the value and is the same for the same seed', () => {
  const random = seeded(7);
  const scored = Array.from({ length: 400 }, (_, i) => ({ task: `t${i % 20}`, positive: i % 2 === 0, score: random() + (i % 2 === 0 ? 0.3 : 0) }));
  const measured = measure(scored, seeded(1));
  expect(measured).toMatchObject({ negatives: 200, positives: 200 });
  expect(measured.at.map((at) => at.falseAlarms)).toEqual([0.05, 0.01]);
  for (const { value, low, high } of [measured.auc, ...measured.at.map((at) => at.recall)]) {
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThanOrEqual(value);
    expect(high - low).toBeLessThan(0.3);
  }
  expect(measure(scored, seeded(1))).toEqual(measured);
});
