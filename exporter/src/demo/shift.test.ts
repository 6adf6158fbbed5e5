import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exampleCases, retold } from './cases.ts';
import { shiftInventory, shiftRecord, shiftTo } from './shift.ts';
import { beginAnew, toldAt } from './telling.ts';

const AT = Date.parse('2026-11-18T14:07:00Z');
/** A day, an hour, two minutes and 3.4 seconds later. */
const later = shiftTo(AT, AT + 90_123_400);

describe('a record told of another time', () => {
  it.each<[string, unknown, unknown]>([
    ['a second', '2026-11-18T14:07:00Z', '2026-11-19T15:09:03Z'], ['with a fraction', '2026-11-18T14:07:00.250Z', '2026-11-19T15:09:03.250Z'],
    ['with nanoseconds', '2026-11-18T14:07:00.123456789Z', '2026-11-19T15:09:03.123456789Z'], ['in another zone', '2026-11-18T15:07:00+01:00', '2026-11-19T16:09:03+01:00'],
    ['seconds', 1_795_010_820, 1_795_100_943], ['milliseconds', 1_795_010_820_123, 1_795_100_943_123],
    ['nanoseconds as text', '1795010820000271828', '1795100943000271828'], ['milliseconds as text', '1795010820123', '1795100943123'],
    ['a year before', '2025-11-18T14:07:00Z', '2025-11-19T15:09:03Z'], ['long ago', '2024-11-18T14:07:00Z', '2024-11-18T14:07:00Z'],
    ['an account', '111122223333', '111122223333'], ['bytes', 500_000_000, 500_000_000], ['a number in a text', 'run-1795010820', 'run-1795010820'],
    ['a path with a date', '2026/11/18/a.parquet', '2026/11/18/a.parquet'], ['a fraction of a number', 1_795_010_820.5, 1_795_010_820.5], ['nothing', null, null], ['truth', true, true],
  ])('%s', (_, value, expected) => {
    expect(shiftRecord({ a: [{ b: value }] }, later)).toEqual({ a: [{ b: expected }] });
  });
});

describe('an inventory told of another time', () => {
  it('moves times by seconds and windows by whole minutes, over midnight too, and keeps the rest', () => {
    const text = `# Why.
identities:
  - urn: urn:nhi:aws:111122223333:role/a
    decommissioned_at: 2026-11-11T09:00:00Z
    schedule: { windows: [{ cron: "30 23 * * *", duration: 1h, timezone: UTC }] }
    rotation: { window: { cron: "5 2 * * *", duration: 1h } }
`;
    expect(shiftInventory(text, later)).toBe(`# Why.
identities:
  - urn: urn:nhi:aws:111122223333:role/a
    decommissioned_at: 2026-11-12T10:02:03Z
    schedule: { windows: [ { cron: "32 0 * * *", duration: 1h, timezone: UTC } ] }
    rotation: { window: { cron: "7 3 * * *", duration: 1h } }
`);
    expect(shiftInventory('cron: 0 1 * * *\n', shiftTo(AT, AT - 7_260_000))).toBe('cron: 59 22 * * *\n');
  });

  it('names a window that cannot be moved', () => {
    expect(() => shiftInventory('cron: "0 2 * * 1"\n', later)).toThrow('cron "0 2 * * 1" cannot be moved: write it as M H * * *');
  });
});

describe('a demo', () => {
  const folder = mkdtempSync(join(tmpdir(), 'remit-telling-'));
  afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

  it('continues its stories for 20 hours, and begins anew without touching what is not its own', () => {
    const HOUR = 3_600_000;
    for (const name of ['state.db', 'journal.db-wal', 'mine.txt']) writeFileSync(join(folder, name), name);
    expect(toldAt(folder, AT)).toBe(null);
    expect(beginAnew(folder, AT)).toBe(AT);
    expect(readdirSync(folder).sort()).toEqual(['mine.txt', 'told.json']);
    expect([toldAt(folder, AT), toldAt(folder, AT + 19 * HOUR), toldAt(folder, AT + 20 * HOUR), toldAt(folder, AT - 1)]).toEqual([AT, AT, null, null]);
    writeFileSync(join(folder, 'told.json'), '{"told"');
    expect(toldAt(folder, AT)).toBe(null);
  });

  it('tells every case to the second, with nothing left at the time it was written for', () => {
    for (const story of exampleCases()) {
      const told = retold(story, shiftTo(story.at, Date.parse('2027-03-01T08:00:00Z')));
      expect(new Date(told.at).toISOString()).toBe('2027-03-01T08:00:00.000Z');
      const text = JSON.stringify([told.feeds, [...told.inventory.values()].map((file) => file.replace(/#.*/g, ''))]);
      expect(text.match(/2026-1[01]-\d\dT[^"]*/g)).toBe(null);
    }
  });
});
