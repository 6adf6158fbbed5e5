import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadActivity, markActive, newActivity, saveActivity, wasActive } from './activity.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2028, 2, 26, 1);

test('what was done is known to the minute for a day, to the hour for six weeks', () => {
  const activity = newActivity(-Infinity);
  for (const at of [NOW - 50 * 24 * HOUR, NOW - 20 * 24 * HOUR, NOW - 10 * MINUTE, NOW]) markActive(activity, at);
  expect(wasActive(activity, NOW - 10 * MINUTE, NOW - 9 * MINUTE)).toBe(true);
  expect(wasActive(activity, NOW - 9 * MINUTE, NOW)).toBe(false);
  expect(wasActive(activity, NOW + HOUR, NOW + 2 * HOUR)).toBe(false);
  expect(wasActive(activity, NOW - 20 * 24 * HOUR - HOUR, NOW - 20 * 24 * HOUR + HOUR)).toBe(true);
  expect(wasActive(activity, NOW - 19 * 24 * HOUR, NOW - 18 * 24 * HOUR)).toBe(false);
  expect(wasActive(activity, NOW - 50 * 24 * HOUR, NOW - 49 * 24 * HOUR)).toBeNull();
});

test('nothing is said of the time before it was watched', () => {
  const activity = newActivity(NOW);
  expect(wasActive(activity, NOW - HOUR, NOW + HOUR)).toBeNull();
  expect(wasActive(activity, NOW, NOW + HOUR)).toBe(true);
  expect(wasActive(activity, NOW + HOUR, NOW + 2 * HOUR)).toBe(false);
});

test('any order, cut anywhere and continued, leaves the same, and the truth within reach', () => {
  const time = fc.integer({ min: 0, max: 60 * 24 * 60 }).map((minutes) => NOW + minutes * MINUTE);
  fc.assert(fc.property(fc.array(time, { minLength: 1, maxLength: 40 }), fc.nat(), time, fc.integer({ min: 1, max: 600 }), (times, cut, from, length) => {
    const straight = newActivity(-Infinity);
    for (const at of [...times].sort((a, b) => a - b)) markActive(straight, at);
    let resumed = newActivity(-Infinity);
    times.forEach((at, i) => {
      if (i === cut % times.length) resumed = loadActivity(JSON.parse(JSON.stringify(saveActivity(resumed))) as ReturnType<typeof saveActivity>);
      markActive(resumed, at);
    });
    expect(saveActivity(resumed)).toEqual(saveActivity(straight));
    const to = from + length * MINUTE;
    const answer = wasActive(straight, from, to);
    const truth = times.some((at) => at >= from && at < to);
    if (from > Math.max(...times) - 30 * HOUR) expect(answer).toBe(truth);
    else if (answer === false) expect(truth).toBe(false);
  }), { numRuns: 300 });
});
