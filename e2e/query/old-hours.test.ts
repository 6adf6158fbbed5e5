import { afterAll, beforeAll, expect, it } from 'vitest';
import { Bench, roleRecord } from '../support/bench.ts';
import { Asked, rowsOf } from '../support/query.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const URN = 'urn:nhi:aws:111122223333:role/nightly';
const FIRST = Date.parse('2026-10-10T02:00:00Z');

// Calls at two in the night of the first day and of the fortieth: the first is longer ago than hours are kept.
const bench = new Bench();
let asked: Asked;
beforeAll(async () => {
  await bench.open();
  await bench.replay([0, 40].map((day) => roleRecord('nightly', 'AROANIGHTLY0000000001', new Date(FIRST + day * DAY).toISOString())).join('\n'));
  await bench.tick(FIRST + 40 * DAY + 5 * HOUR);
  asked = await new Asked(bench).open();
  asked.now = FIRST + 40 * DAY + 5 * HOUR;
}, 60_000);
afterAll(() => asked.end());

it.each([['an hour', HOUR], ['a day', DAY]])('what happened before the oldest hour that is kept is not known: in steps of %s', async (_, step) => {
  const [frame] = await asked.frames({ kind: 'baseline', from: FIRST - FIRST % DAY, to: FIRST + 41 * DAY, step, filters: [{ key: 'identity', op: '=', values: [URN] }] });
  const rows = rowsOf(frame!);
  const observed = (at: number): unknown => rows.find(({ time }) => time === at - at % step)!['observed'];
  expect([observed(FIRST), observed(FIRST + 5 * DAY), observed(FIRST + 20 * DAY), observed(FIRST + 40 * DAY)]).toEqual([null, null, 0, 1]);
  expect(JSON.stringify(frame!.schema.meta.notices)).toContain('is not kept');
});

it('says nothing of it where the whole range is kept', async () => {
  const [frame] = await asked.frames({ kind: 'baseline', from: FIRST + 39 * DAY, to: FIRST + 41 * DAY, filters: [{ key: 'identity', op: '=', values: [URN] }] });
  expect(JSON.stringify(frame!.schema.meta.notices ?? [])).not.toContain('is not kept');
});
