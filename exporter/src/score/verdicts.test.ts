import { expect, test } from 'vitest';
import { openSums } from '../baseline/sums.ts';
import { close, facts, fleet, HOUR, make, START } from './made-fleet.ts';

test('an hour that deviates waits: benign is learned, bad leaves no trace', () => {
  const hours = fleet(20, 5, 3);
  const odd = openSums();
  Object.assign(odd, { events: 900, failed: 900, privileged: 50, actions: [11, 12, 13], resources: [14], sources: [15] });
  const at = START + 5 * 168 * HOUR + 2 * HOUR;
  const run = (verdict: boolean | null) => {
    const scorer = make();
    close(scorer, hours);
    const before = scorer.held();
    const { held } = scorer.close(1, odd, facts(1), at, false);
    expect(held).toBe(true);
    expect(scorer.held()).toEqual({ ...before, count: before.count + 1, oldest: before.oldest ?? at, needsVerdict: before.needsVerdict + 1 });
    if (verdict !== null) expect(scorer.settle(1, at, at, verdict)).toBe(1);
    return scorer.score(1, odd, facts(1), at + 168 * HOUR, true).parts.find(({ habit }) => habit === 'action')?.raw ?? 0;
  };
  const waiting = run(null);
  expect(run(false)).toBe(waiting);
  expect(run(true)).toBeLessThan(waiting);
});

test('a sloppy record damps itself while its hours wait; a bad verdict takes its hour back', () => {
  const hours = fleet(20, 4, 3);
  const outside = { ...facts(2), violations: { purpose: 1 } };
  const at = (day: number) => START + (28 + day) * 24 * HOUR + 10 * HOUR;
  const busy = hours.findLast(({ identity }) => identity === 2)!.sums;
  const scorer = make();
  close(scorer, hours);
  const surprise = (day: number): number => scorer.score(2, busy, outside, at(day), true).parts.find(({ habit }) => habit === 'remit')!.raw;
  const first = surprise(0);
  for (let day = 0; day < 10; day++) {
    // Not at once: what goes on for hours or a day must not excuse itself.
    if (day < 3) expect(surprise(day)).toBeGreaterThan(first - 0.1);
    expect(scorer.close(2, busy, outside, at(day), false)).toMatchObject({ held: true });
  }
  const often = surprise(10);
  expect(often).toBeLessThan(first - 1);
  expect(scorer.settle(2, at(5), at(9), false)).toBe(5);
  const after = surprise(10);
  expect(after).toBeGreaterThan(often);
  expect(scorer.settle(2, at(3), at(4), true)).toBe(2);
  // Those that did not page count once, whenever they are learned.
  expect(surprise(10)).toBeCloseTo(after, 5);
});

test('an hour that pages waits too, although its score is below four digits', () => {
  const hours = fleet(20, 4, 3);
  const busy = hours.findLast(({ identity }) => identity === 1)!.sums;
  const sums = { ...busy, events: busy.events * 8 };
  const at = START + 4 * 168 * HOUR + 10 * HOUR;
  const closed = (threshold?: number) => {
    const scorer = make();
    close(scorer, hours);
    return scorer.close(1, sums, facts(1), at, true, threshold);
  };
  const { score } = closed();
  expect(score).toBeGreaterThan(1);
  expect(score).toBeLessThan(4);
  expect([closed(), closed(score + 0.01), closed(score)].map(({ held }) => held)).toEqual([false, false, true]);
});

test('drips of days that nobody judged do not make the next one usual', () => {
  const drips = (week: number) => (week >= 4 ? week * 3 : -1);
  const scorer = make();
  const highest = new Map<number, number>();
  for (const { identity, hour, sums } of fleet(60, 12, 8)) {
    const week = Math.floor((hour - START) / (168 * HOUR));
    const dripping = drips(week) === identity && (hour - START) % (168 * HOUR) < 120 * HOUR;
    const { day } = scorer.close(identity, dripping ? { ...sums, amount: sums.amount * 3, amounts: [sums.amounts![0]!, sums.events, sums.amounts![2]! + Math.round(64 * Math.log(3)) * sums.events] } : sums, facts(identity), hour);
    if (dripping) highest.set(week, Math.max(highest.get(week) ?? 0, day));
  }
  expect([...highest.keys()]).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
  expect(Math.min(...highest.values())).toBeGreaterThan(4);
});

test('of hours that nobody ever judges only the last two weeks of them wait, after a restart too', () => {
  const outside = { ...facts(1), violations: { purpose: 1 } };
  const scorer = make();
  const saved = new Map<string, Uint8Array>();
  const save = (): void => {
    const { puts, gone } = scorer.takeDirty();
    for (const { key, value } of puts) saved.set(key, value);
    for (const key of gone) saved.delete(key);
  };
  for (let n = 0; n < 400; n++) {
    scorer.close(1, Object.assign(openSums(), { events: 3 }), outside, START + n * HOUR, false);
    if (n % 100 === 99) save();
  }
  const waiting = { count: 336, oldest: START + 64 * HOUR, needsVerdict: 336 };
  expect(scorer.held()).toEqual(waiting);
  const restarted = make();
  for (const [key, value] of [...saved].sort((a, b) => (a[0] < b[0] ? -1 : 1))) restarted.restore(key, value);
  expect(restarted.held()).toEqual(waiting);
});

/** Work at night in the fifth week, by office workers in turn or by one of them. */
const night = (day: number): number => START + (28 + day) * 24 * HOUR + 3 * HOUR;
const little = Object.assign(openSums(), { events: 6, actions: [1_010], resources: [77_010], sources: [9] });

test('who stands out night after night while nobody answers is noisy: it must stand out more, others not', () => {
  const hours = fleet(20, 4, 3);
  const after = (who: (n: number) => number) => {
    const scorer = make();
    close(scorer, hours);
    for (let n = 0; n < 10; n++) expect(scorer.close(who(n), little, facts(who(n)), night(n), false).held).toBe(true);
      scorer.close(1, little, facts(1), night(11), false);
    return scorer.score(1, little, facts(1), night(12), true).parts.find(({ habit }) => habit === 'when')!;
  };
  const [own, others] = [after(() => 1), after((n) => [2, 4, 5, 7, 8][n % 5]!)];
  expect(own.raw).toBeCloseTo(others.raw, 5);
  expect(own.calibrated).toBeLessThan(others.calibrated - 0.4);
});

test('an hour in an open finding counts half among the fleet until somebody has judged it', () => {
  const hours = fleet(40, 4, 3);
  const others = Array.from({ length: 38 }, (_, i) => i + 2).filter((i) => i % 3 !== 0);
  const after = (then: 'nothing' | 'paged' | 'found' | 'bad') => {
    const scorer = make();
    close(scorer, hours);
    for (let n = 0; n < 3 && then !== 'nothing'; n++) for (const i of others) expect(scorer.close(i, little, facts(i), night(n), then === 'paged', 0).held).toBe(true);
    for (const i of then === 'bad' ? others : []) expect(scorer.settle(i, night(0), night(2), false)).toBe(3);
    // Somebody who is seen at night now and then, so that enough hours stand out more than this one.
    return scorer.score(2, little, facts(2), night(7), true).parts.find(({ habit }) => habit === 'when')!.calibrated;
  };
  const found = after('found');
  expect(found).toBeGreaterThan(after('paged') + 0.1);
  expect(found).toBeLessThan(after('nothing') - 0.1);
  expect(after('bad')).toBeGreaterThan(found + 0.1);
});
