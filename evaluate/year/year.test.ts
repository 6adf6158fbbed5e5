import { expect, test } from 'vitest';
import { simulateYear } from './command.ts';
import { Calendar, HOUR } from './calendar.ts';
import { makeFleet, SPARSE } from './fleet.ts';
import { planOf } from './plan.ts';

test('a year of scheduled identities: each planted violation is found once, and nothing else', async () => {
  const report = await simulateYear(36, 7, 2028, true, SPARSE);
  const { identities, false_findings, missed, twice, wrong, planted, clocks } = report;
  expect({ identities, false_findings, missed, twice, wrong }).toEqual({ identities: 36, false_findings: [], missed: [], twice: [], wrong: [] });
  for (const [kind, count] of Object.entries(planted)) expect([kind, count > 0]).toEqual([kind, true]);
  expect(clocks).toBeGreaterThan(5);
}, 180_000);

test.each([
  ['Europe/Berlin', [['2028-03-26T01:00:00.000Z', 1], ['2028-10-29T01:00:00.000Z', -1]]],
  ['America/New_York', [['2028-03-12T07:00:00.000Z', 1], ['2028-11-05T06:00:00.000Z', -1]]],
])('the second opinion knows when the clocks of %s change', (zone, changes) => {
  expect(new Calendar(zone, 2028).changes().map(({ at, by }) => [new Date(at).toISOString(), by / HOUR])).toEqual(changes);
});

test('the second opinion on times that are missing, repeated, and of the last of the month', () => {
  const berlin = new Calendar('Europe/Berlin', 2028);
  const on = (day: string, minute: number, hours: readonly number[] | 'all' = [2]): string[][] => berlin.runs({ every: 'day' }, { hours, minute })
    .filter(({ first }) => new Date(first).toISOString().startsWith(day)).map(({ first, last }) => [first, last].map((at) => new Date(at).toISOString().slice(11, 16)));
  expect(on('2028-03-26', 30)).toEqual([['01:00', '01:00']]);
  expect([on('2028-03-26', 30, 'all').slice(0, 3), on('2028-03-26', 0, [2, 14]), on('2028-03-26', 0, [2, 3])]).toEqual([
    [['00:30', '00:30'], ['01:30', '01:30'], ['02:30', '02:30']], [['12:00', '12:00']], [['01:00', '01:00']],
  ]);
  expect(on('2028-10-29', 30)).toEqual([['00:30', '01:30']]);
  expect(on('2028-10-29', 30, 'all').slice(0, 3)).toEqual([['00:30', '00:30'], ['01:30', '01:30'], ['02:30', '02:30']]);
  expect(berlin.runs({ day: -1 }, { hours: [22], minute: 0 }).slice(0, 3).map(({ first }) => new Date(first).toISOString().slice(0, 16)))
    .toEqual(['2028-01-31T21:00', '2028-02-29T21:00', '2028-03-31T20:00']);
});

test('the same seed gives the same year, another seed another', () => {
  const acts = (seed: number): string => {
    const fleet = makeFleet(5, seed, 2028);
    return JSON.stringify(fleet.jobs.map((job, i) => planOf(job, fleet, i, Date.UTC(2029, 0, 1)).acts));
  };
  expect(acts(3)).toBe(acts(3));
  expect(acts(3)).not.toBe(acts(4));
});
