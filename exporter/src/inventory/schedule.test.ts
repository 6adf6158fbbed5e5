import type { ScheduleVerdict, ScheduleWindow } from '@remit/contract';
import { scheduleSchema } from '@remit/contract';
import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileSchedule } from './schedule.ts';

type Written = Partial<ScheduleWindow> & Pick<ScheduleWindow, 'cron' | 'duration'>;

const schedule = (...windows: Written[]) => compileSchedule(scheduleSchema.parse({ windows }), new Map());
const at = (text: string): number => Date.parse(text);
const short = (v: ScheduleVerdict): string => (v.state === 'outside' ? `${v.side} ${v.missedBy / 60_000}m` : v.state);

const berlin = { cron: '30 2 * * *', duration: '1h', timezone: 'Europe/Berlin' };
const newYork = { cron: '30 1 * * *', duration: '30m', timezone: 'America/New_York' };

describe('a window opens grace_before its time and closes grace_after its end', () => {
  test.each([
    ['every other day that is a Monday', { cron: '0 3 */2 * 1', duration: '1h' }, '2026-11-23T03:10:00Z', 'inside'],
    ['a Monday, but not of the other days', { cron: '0 3 */2 * 1', duration: '1h' }, '2026-11-16T03:10:00Z', 'after 10030m'],
    ['every other day, no Monday', { cron: '0 3 */2 * 1', duration: '1h' }, '2026-11-25T03:10:00Z', 'after 2830m'],
    ['the 13th, no Friday', { cron: '0 3 13 * 5', duration: '1h' }, '2026-12-13T03:10:00Z', 'inside'],
    ['a Friday, not the 13th', { cron: '0 3 13 * 5', duration: '1h' }, '2026-11-20T03:10:00Z', 'inside'],
    ['a weekday of any month', { cron: '0 3 * * 1-5', duration: '1h' }, '2026-11-20T03:10:00Z', 'inside'],
    ['an ordinary day', berlin, '2026-06-10T00:30:00Z', 'inside'],
    ['the first instant of grace', berlin, '2026-06-10T00:25:00Z', 'inside'],
    ['before grace', berlin, '2026-06-10T00:24:00Z', 'before 6m'],
    ['the last instant of grace', berlin, '2026-06-10T01:34:59.999Z', 'inside'],
    ['after grace', berlin, '2026-06-10T01:36:00Z', 'after 6m'],
    ['nearer to the next', berlin, '2026-06-10T20:30:00Z', 'before 240m'],
    ['nearer to the last', berlin, '2026-06-10T05:30:00Z', 'after 240m'],
    ['winter', berlin, '2026-12-10T01:30:00Z', 'inside'],
    ['winter, an hour early', berlin, '2026-12-10T00:20:00Z', 'before 70m'],

    ['Berlin, spring: a missing 02:30 runs at 03:00', berlin, '2026-03-29T01:00:00Z', 'inside'],
    ['Berlin, spring: and opens grace before that', berlin, '2026-03-29T00:55:00Z', 'inside'],
    ['Berlin, spring: not at the time it would have had', berlin, '2026-03-29T00:50:00Z', 'before 10m'],
    ['Berlin, spring: for its duration', berlin, '2026-03-29T02:04:00Z', 'inside'],
    ['Berlin, spring: and no longer', berlin, '2026-03-29T02:10:00Z', 'after 10m'],
    ['Berlin, autumn: the first 02:30', berlin, '2026-10-25T00:30:00Z', 'inside'],
    ['Berlin, autumn: the second 02:30', berlin, '2026-10-25T01:30:00Z', 'inside'],
    ['Berlin, autumn: between both', berlin, '2026-10-25T01:15:00Z', 'inside'],
    ['Berlin, autumn: one duration after the second', berlin, '2026-10-25T02:34:00Z', 'inside'],
    ['Berlin, autumn: and no longer', berlin, '2026-10-25T02:40:00Z', 'after 10m'],
    ['Berlin, autumn: a list of hours is repeated too', { ...berlin, cron: '0 2,14 * * *', duration: '10m' }, '2026-10-25T00:30:00Z', 'inside'],
    ['Berlin, autumn: work of every hour has its own windows', { ...berlin, cron: '30 * * * *', duration: '10m' }, '2026-10-25T01:00:00Z', 'after 20m'],
    ['Berlin, spring: steps in a missing hour run after it', { ...berlin, cron: '*/15 2 * * *', duration: '10m' }, '2026-03-29T01:05:00Z', 'inside'],

    ['Berlin, spring: nor are they expected where there are other hours, but they may come', { ...berlin, cron: '30 1-4 * * *', duration: '10m' }, '2026-03-29T01:05:00Z', 'inside'],
    ['New York, spring: a missing 02:15 runs at 03:00', { ...newYork, cron: '15 2 * * *' }, '2026-03-08T07:00:00Z', 'inside'],
    ['New York, spring: before it', { ...newYork, cron: '15 2 * * *' }, '2026-03-08T06:50:00Z', 'before 10m'],
    ['New York, autumn: the first 01:30', newYork, '2026-11-01T05:30:00Z', 'inside'],
    ['New York, autumn: the second 01:30', newYork, '2026-11-01T06:30:00Z', 'inside'],
    ['New York, autumn: after both', newYork, '2026-11-01T07:06:00Z', 'after 6m'],

    ['yearly', { cron: '0 3 1 1 *', duration: '2h' }, '2027-01-01T04:00:00Z', 'inside'],
    ['yearly, in June', { cron: '0 3 1 1 *', duration: '2h' }, '2026-06-01T03:00:00Z', `after ${(31 + 28 + 31 + 30 + 31) * 1440 - 120}m`],
    ['a leap day', { cron: '0 0 29 2 *', duration: '1h' }, '2028-02-29T00:30:00Z', 'inside'],
    ['the last of the month', { cron: '0 22 L * *', duration: '1h' }, '2026-02-28T22:30:00Z', 'inside'],
    ['the last of the month, over New Year', { cron: '0 22 L * *', duration: '12h' }, '2027-01-01T09:00:00Z', 'inside'],
    ['named days', { cron: '0 9 * * MON-FRI', duration: '8h' }, '2026-11-21T12:00:00Z', `after ${19 * 60}m`],
    ['windows longer than their period', { cron: '0 0 * * *', duration: '5d' }, '2026-11-21T12:00:00Z', 'inside'],
    ['a month-long window', { cron: '0 0 1 1 *', duration: '31d' }, '2026-01-31T23:00:00Z', 'inside'],
    ['retries', { ...berlin, retry_until: '4h' }, '2026-06-10T04:29:00Z', 'inside'],
    ['retries, too late', { ...berlin, retry_until: '4h' }, '2026-06-10T04:30:00Z', 'after 180m'],
    ['a day that a zone skipped', { cron: '0 5 30 12 *', duration: '1h', timezone: 'Pacific/Apia' }, '2011-12-30T10:30:00Z', 'inside'],
  ])('%s', (_, window, instant, expected) => {
    expect(short(schedule(window)(at(instant), 0))).toBe(expected);
  });
});

test('verdicts name the declared window, without grace', () => {
  const hit = { start: at('2026-10-25T00:30:00Z'), end: at('2026-10-25T02:30:00Z'), cron: '30 2 * * *', timezone: 'Europe/Berlin' };
  expect(schedule(berlin)(at('2026-10-25T01:00:00Z'), 0)).toEqual({ state: 'inside', window: hit });
  expect(schedule(berlin)(at('2026-10-25T03:00:00Z'), 0)).toEqual({ state: 'outside', nearest: hit, side: 'after', missedBy: 1_800_000 });
});

test('the resolution of the source widens both edges', () => {
  const judge = schedule({ ...berlin, grace_before: '0s', grace_after: '0s' });
  const opens = at('2026-06-10T00:30:00Z');
  const closes = opens + 3_600_000;
  for (const [instant, resolution, state] of [
    [opens - 1, 0, 'outside'], [opens, 0, 'inside'], [opens - 1000, 1000, 'inside'], [opens - 1001, 1000, 'outside'],
    [closes - 1, 0, 'inside'], [closes, 0, 'outside'], [closes, 1, 'inside'], [closes + 999, 1000, 'inside'], [closes + 1000, 1000, 'outside'],
  ] as const) expect(`${instant - opens} ${judge(instant, resolution).state}`).toBe(`${instant - opens} ${state}`);
});

test('the nearest of several windows is named', () => {
  const judge = schedule({ cron: '0 2 * * *', duration: '1h' }, { cron: '0 14 * * *', duration: '1h' });
  expect(judge(at('2026-06-10T13:00:00Z'), 0)).toMatchObject({ side: 'before', nearest: { cron: '0 14 * * *' } });
  expect(judge(at('2026-06-10T15:30:00Z'), 0)).toMatchObject({ side: 'after', nearest: { cron: '0 14 * * *' } });
  expect(judge(at('2026-06-10T14:30:00Z'), 0)).toMatchObject({ state: 'inside' });
});

test('a cron that never runs has no nearest window', () => {
  expect(schedule({ cron: '0 0 30 2 *', duration: '1h' })(at('2026-06-10T00:00:00Z'), 0)).toMatchObject({ state: 'outside', nearest: null });
});

test('always on, undeclared, and blackouts before both', () => {
  const blackouts = [{ from: '2026-12-24T00:00:00+01:00', to: '2026-12-27T00:00:00+01:00', reason: 'freeze' }];
  const during = at('2026-12-25T00:00:00Z');
  const of = (written: object) => compileSchedule(scheduleSchema.parse(written), new Map());
  expect(of({})(during, 0).state).toBe('undeclared');
  expect(of({ windows: [] })(during, 0).state).toBe('undeclared');
  expect(compileSchedule(undefined, new Map())(during, 0).state).toBe('undeclared');
  expect(of({ always_on: true, windows: [berlin] })(during, 0).state).toBe('always');
  const judge = of({ always_on: true, blackouts });
  expect(judge(during, 0)).toEqual({ state: 'blackout', from: at('2026-12-23T23:00:00Z'), to: at('2026-12-26T23:00:00Z'), reason: 'freeze' });
  expect(judge(at('2026-12-23T22:59:59.999Z'), 0).state).toBe('always');
  expect(judge(at('2026-12-26T23:00:00Z'), 0).state).toBe('always');
  expect(of({ windows: [{ ...berlin, cron: '0 * * * *' }], blackouts })(during, 0).state).toBe('blackout');
});

test.each([[-8.64e15], [8.64e15], [Date.UTC(1970, 0, 1)], [Date.UTC(2500, 0, 1)]])('an absurd time (%d) is judged, not fatal', (instant) => {
  expect(['inside', 'outside']).toContain(schedule(berlin)(instant, 1000).state);
});

test('every run that croner plans is inside, whatever the zone and the order of questions', () => {
  const field = (low: number, high: number): fc.Arbitrary<string> => fc.oneof(
    fc.constant('*'), fc.integer({ min: low, max: high }).map(String), fc.constantFrom('*/2', '*/7'),
    fc.uniqueArray(fc.integer({ min: low, max: high }), { minLength: 2, maxLength: 3 }).map((list) => list.join(',')),
  );
  const cron = fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)).map((fields) => fields.join(' '));
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/St_Johns');
  const from = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2028, 0, 1) });
  fc.assert(fc.property(cron, zone, fc.array(from, { minLength: 1, maxLength: 3 }), (expression, timezone, instants) => {
    const judge = schedule({ cron: expression, duration: '1m', timezone, grace_before: '0s', grace_after: '0s' });
    const planned = new Cron(expression, { timezone, mode: '5-part', paused: true, domAndDow: expression.split(' ').some((field, i) => (i === 2 || i === 4) && field.startsWith('*')) });
    for (const instant of instants) {
      const run = planned.nextRun(new Date(instant));
      if (run !== null) expect(`${run.toISOString()} ${judge(run.getTime(), 0).state}`).toBe(`${run.toISOString()} inside`);
    }
  }), { numRuns: 300 });
}, 30_000);
