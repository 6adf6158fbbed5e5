import type { ScheduleWindow } from '@remit/contract';
import { scheduleSchema } from '@remit/contract';
import { expect, test } from 'vitest';
import { compileExpectedRuns } from './schedule.ts';
import { InventoryHistory } from './history.ts';
import { loadInventory } from './load.ts';

type Written = Partial<ScheduleWindow> & Pick<ScheduleWindow, 'cron' | 'duration'>;
const berlin = { cron: '30 2 * * *', duration: '30m', timezone: 'Europe/Berlin' };

function starts(windows: Written[], from: string, to: string, more: object = {}, most = 10): string[] {
  const runs = compileExpectedRuns(scheduleSchema.parse({ windows, ...more }), new Map())(Date.parse(from), Date.parse(to), most);
  return runs.map(({ start }) => new Date(start).toISOString().slice(0, 16));
}

test.each([
  ['latest first, over with their grace', [berlin], '2028-06-01T00:00Z', '2028-06-03T01:05Z', {}, ['2028-06-03T00:30', '2028-06-02T00:30', '2028-06-01T00:30']],
  ['not over a millisecond before', [berlin], '2028-06-02T12:00Z', '2028-06-03T01:04:59.999Z', {}, []],
  ['nor while retries may come', [{ ...berlin, retry_until: '2h' }], '2028-06-02T12:00Z', '2028-06-03T02:29Z', {}, []],
  ['a time shown twice is over after the second', [berlin], '2028-10-28T12:00Z', '2028-10-29T02:04Z', {}, []],
  ['and then it is one', [berlin], '2028-10-28T12:00Z', '2028-10-29T02:05Z', {}, ['2028-10-29T00:30']],
  ['a time that is left out runs after the gap', [berlin], '2028-03-25T12:00Z', '2028-03-26T12:00Z', {}, ['2028-03-26T01:00']],
  ['of every hour, the one that is left out is not owed', [{ ...berlin, cron: '30 * * * *', duration: '10m' }], '2028-03-26T00:00Z', '2028-03-26T03:00Z', {}, ['2028-03-26T02:30', '2028-03-26T01:30', '2028-03-26T00:30']],
  ['nor of a quarter of every hour', [{ ...berlin, cron: '*/15 * * * *', duration: '1m' }], '2028-03-26T00:40Z', '2028-03-26T01:25Z', {}, ['2028-03-26T01:15', '2028-03-26T01:00', '2028-03-26T00:45']],
  ['nor of several hours', [{ ...berlin, cron: '30 0-5 * * *', duration: '10m' }], '2028-03-26T00:00Z', '2028-03-26T02:00Z', {}, ['2028-03-26T01:30', '2028-03-26T00:30']],
  ['but the hour after the gap is', [{ ...berlin, cron: '0 2,3 * * *', duration: '10m' }], '2028-03-26T00:00Z', '2028-03-26T12:00Z', {}, ['2028-03-26T01:00']],
  ['not in a blackout, nor where one begins or ends inside', [berlin], '2028-06-01T12:00Z', '2028-06-07T12:00Z', { blackouts: [{ from: '2028-06-03T00:50:00Z', to: '2028-06-05T00:40:00Z' }] }, ['2028-06-07T00:30', '2028-06-06T00:30', '2028-06-02T00:30']],
  ['a blackout of a year of short windows is stepped over', [{ cron: '*/5 * * * *', duration: '1m' }], '2027-01-01T00:00Z', '2028-06-01T00:00Z', { blackouts: [{ from: '2027-01-01T00:10:00Z', to: '2028-06-01T00:00:00Z' }] }, ['2027-01-01T00:05', '2027-01-01T00:00', '2026-12-31T23:55']],
  ['several windows in one order', [{ cron: '0 9 1 * *', duration: '3h' }, berlin], '2028-06-30T12:00Z', '2028-07-01T22:00Z', {}, ['2028-07-01T09:00', '2028-07-01T00:30']],
  ['always on expects nothing', [berlin], '2028-06-01T00:00Z', '2028-06-03T12:00Z', { always_on: true }, []],
])('%s', (_, windows, from, to, more, expected) => {
  expect(starts(windows, from, to, more)).toEqual(expected);
});

test('no more than asked for', () => {
  expect(starts([{ cron: '* * * * *', duration: '1m' }, berlin], '2000-01-01T00:00Z', '2028-06-01T00:00Z', {}, 3)).toHaveLength(3);
});

test('since when a schedule stands: through revisions that leave it alone, and from the first for ever', () => {
  const history = new InventoryHistory();
  const put = (from: number, cron: string, purpose: string): void => {
    const { inventory } = loadInventory({ 'a.yml': JSON.stringify({ owners: [{ team: 'a' }], identities: [{ urn: 'urn:nhi:aws:1:role/a', owner: 'a', purpose, schedule: { windows: [{ cron, duration: '1h', timezone: 'UTC' }] } }] }) }, { importedAt: from });
    history.add(from, inventory!);
  };
  const since = (): number => history.scheduledSince(history.latest().records()[0]!);
  put(1000, '0 2 * * *', 'one');
  expect(since()).toBe(-Infinity);
  put(2000, '0 2 * * *', 'two');
  expect(since()).toBe(-Infinity);
  put(3000, '0 5 * * *', 'two');
  put(4000, '0 5 * * *', 'three');
  expect(since()).toBe(3000);
});

test.each([
  ['0 2 * * *', undefined, 1], ['0 2 * * *', 'UTC', 0], ['30 * * * *', undefined, 0], ['30 * * * 1', undefined, 1],
])('a window %s in the zone %s: %i warnings', (cron, timezone, warnings) => {
  const { problems } = loadInventory({ 'a.yml': JSON.stringify({
    owners: [{ team: 'a' }], identities: [{ urn: 'urn:nhi:aws:1:role/a', owner: 'a', schedule: { windows: [{ cron, duration: '10m', timezone }] } }],
  }) }, { importedAt: 0 });
  expect(problems.map(({ severity, message }) => `${severity}: ${message}`)).toEqual(Array<string>(warnings).fill('warning: the window names no time zone: its times are taken as UTC'));
});
