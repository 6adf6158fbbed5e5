import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { Service } from '../service.ts';
import type { Comparison } from './backtest-compare.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const ENDED = join(ROOT, 'examples/decommissioned-access');
const WINDOW = join(ROOT, 'examples/reads-outside-window');
const folder = mkdtempSync(join(tmpdir(), 'remit-backtest-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

interface Ran { code: number; out: string; err: string }
function backtest(...args: string[]): Promise<Ran> {
  return new Promise((done) => {
    execFile(process.execPath, [join(ROOT, 'exporter/src/main.ts'), 'backtest', ...args, '--quiet'], { cwd: folder, maxBuffer: 1 << 26 }, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}
async function compared(...args: string[]): Promise<Comparison> {
  const { code, out, err } = await backtest(...args, '--json');
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as Comparison;
}
/** The inventory of an example with another text somewhere in it. */
function changed(name: string, file: string, change: (text: string) => string): string {
  const path = join(folder, name);
  mkdirSync(path);
  const text = readFileSync(file, 'utf8');
  const after = change(text);
  expect(after).not.toBe(text);
  writeFileSync(join(path, 'inventory.yml'), after);
  return path;
}
const ended = ['--inventory.path', join(ENDED, 'inventory')];
const window = [join(WINDOW, 'events/cloudtrail.jsonl'), '--inventory.path', join(WINDOW, 'inventory')];
const SETTLEMENT = 'urn:nhi:aws:111122223333:role/settlement-export';

describe('files', () => {
  test('an exception that is added loses exactly the finding that it covers', async () => {
    const against = changed('excepted', join(WINDOW, 'inventory/payments.yml'), (text) => `${text}
exceptions:
  - { id: late-run, identity: "*/settlement-export", detector: outside-schedule, owner: payments, reason: The run was moved, starts_at: 2026-11-18T00:00:00Z, expires_at: 2030-11-19T00:00:00Z }
`);
    const result = await compared(...window, '--against', against);
    expect(result).toMatchObject({ findings: { before: 1, after: 0 }, pages: { before: 1, after: 0 }, totals: { gained: 0, lost: 1, changed: 0 } });
    expect(result.lost).toMatchObject([{ identity: SETTLEMENT, detector: 'outside-schedule', severity: 'critical', pages: 1, why: 'the exception late-run covers it until 2030-11-19T00:00:00Z (payments: The run was moved)' }]);
    expect(result.by).toMatchObject([{ owner: 'payments', detector: 'outside-schedule', findings_a_week: { before: 1, after: 0 }, pages_a_week: { before: 1, after: 0 } }]);
    const later = changed('excepted-later', join(against, 'inventory.yml'), (text) => text.replace('2026-11-18T00:00:00Z', '2026-11-18T20:00:00Z'));
    expect((await compared(...window, '--against', later)).totals).toEqual({ gained: 0, lost: 0, changed: 0 });
  });

  test('a date of the end that is moved back gains what was done after it', async () => {
    const against = changed('earlier', join(ENDED, 'inventory/search.yml'), (text) => text.replace('2026-11-17T14:00:00Z', '2026-11-17T13:00:00Z'));
    const files = [join(ENDED, 'events/cloudtrail.jsonl'), ...ended, '--against', against];
    const result = await compared(...files);
    expect(result.totals).toEqual({ gained: 1, lost: 0, changed: 0 });
    expect(result.gained).toMatchObject([{ identity: 'urn:nhi:aws:111122223333:role/price-import', detector: 'decommissioned-active', owner: 'search', first: '2026-11-17T13:06:20.000Z' }]);
    expect(await compared(...files)).toEqual(result);
    expect((await compared(...files, '--from', '2026-11-18')).totals.gained).toBe(0);
    expect(await compared(...files, '--to', '2026-11-18')).toMatchObject({ totals: { gained: 1, lost: 0 }, findings: { before: 0, after: 1 } });
    const { out } = await backtest(...files);
    expect(out).toMatch(/search {2,}decommissioned-active {2,}1 → 2 {2,}1 → 2\n/);
    expect(out).toContain('1 gained:\n  critical decommissioned-active  urn:nhi:aws:111122223333:role/price-import  (search)');
  });

  test.each(['reads-outside-window', 'agent-off-sequence', 'secret-outside-rotation'])('of %s: the same inventory makes no difference', async (id) => {
    const inventory = join(ROOT, 'examples', id, 'inventory');
    const { code, out } = await backtest(join(ROOT, 'examples', id, 'events/*'), '--inventory.path', inventory, '--against', inventory);
    expect([code, out.trimEnd().endsWith('No difference.'), out.includes('No findings')]).toEqual([0, true, false]);
  });

  test('what closed long before the end of the files still counts, and its pages', async () => {
    const lines = readFileSync(join(WINDOW, 'events/cloudtrail.jsonl'), 'utf8').trim().split('\n');
    const later = join(folder, 'later.jsonl');
    // One more event of an identity that keeps within its remit, a hundred days on.
    const record = JSON.parse(lines[0]!) as { eventID: string; eventTime: string };
    writeFileSync(later, [...lines, JSON.stringify({ ...record, eventID: 'much-later', eventTime: new Date(Date.parse(record.eventTime) + 98 * 86_400_000).toISOString().replace('.000', '') })].join('\n'));
    const against = changed('silent-team', join(WINDOW, 'inventory/payments.yml'), (text) => text.replace('enforce: true', 'enforce: false'));
    const whole = await compared(later, '--inventory.path', join(WINDOW, 'inventory'), '--against', against);
    expect(whole.by.find(({ detector }) => detector === 'outside-schedule')).toMatchObject({ findings: { before: 1, after: 1 }, pages: { before: 1, after: 0 } });
    expect(whole.weeks).toBe(14);
  }, 60_000);

  test('without exceptions it shows what they hide', async () => {
    const { gained, totals } = await compared(...window, '--without-exceptions');
    expect([totals, gained.map(({ identity, why }) => [identity, why])]).toEqual([
      { gained: 1, lost: 0, changed: 0 }, [['urn:nhi:aws:111122223333:role/refund-export', 'the exception refund-rerun no longer covers it']],
    ]);
  });

  test('another owner is a change of the finding', async () => {
    const against = changed('owner', join(WINDOW, 'inventory/payments.yml'), (text) => text.replace('enforce: true', 'enforce: false'));
    const result = await compared(...window, '--against', against);
    expect(result).toMatchObject({ pages: { before: 1, after: 0 }, totals: { gained: 0, lost: 0, changed: 1 }, changed: [{ identity: SETTLEMENT, differs: [{ what: 'severity', before: 'critical', after: 'warning' }, { what: 'pages', before: 1, after: 0 }] }] });
  });

  test.each([
    ['no input', ['--against', WINDOW], 'nothing to replay'], ['no change', window, 'there is no change to try'], ['no such file', ['none.json', '--without-exceptions'], 'none.json'],
    ['no such inventory', [...window, '--against', 'none'], 'none:1:1: error'], ['no storage', ['--storage.path', 'none', '--without-exceptions'], 'no storage of remit'],
    ['files and a storage', [...window, '--storage.path', 'none', '--without-exceptions'], 'files and a storage'], ['a bad time', [...window, '--without-exceptions', '--from', 'yesterday'], '--from "yesterday"'],
    ['times in the wrong order', [...window, '--without-exceptions', '--from', '2026-11-19', '--to', '2026-11-18'], '--from is not before --to'],
  ])('%s is said, with exit code 2', async (_, args, message) => {
    const { code, out, err } = await backtest(...args);
    expect([code, out, err.includes(message)]).toEqual([2, '', true]);
  });
});

test('the archive of a running service is only read, and judged by what was in force', async () => {
  const storage = join(folder, 'storage');
  const open = new Service({ webListenAddress: '127.0.0.1:0', storagePath: storage, inventoryPath: join(ENDED, 'inventory'), logLevel: 'silent' });
  await open.start();
  const against = changed('archived', join(ENDED, 'inventory/search.yml'), (text) => text.replace('2026-11-17T14:00:00Z', '2026-11-17T13:00:00Z'));
  const args = ['--storage.path', storage, '--against', against];
  let served: Comparison;
  try {
    await open.door.accept(readFileSync(join(ENDED, 'events/cloudtrail.jsonl')), { receiver: 'test', backfill: true });
    const digest = await open.core.engine.digest();
    served = await compared(...args);
    expect(served).toMatchObject({ findings: { before: 1, after: 2 }, totals: { gained: 1, lost: 0, changed: 0 } });
    expect(await open.core.engine.digest()).toBe(digest);
  } finally {
    await open.stop();
  }
  const left = readdirSync(storage).sort();
  expect(left.filter((name) => /-(?:shm|wal)$/.test(name))).toEqual([]);
  expect(await compared(...args)).toEqual(served);
  expect(readdirSync(storage).sort()).toEqual(left);
  expect((await compared('--storage.path', storage, '--against', join(ENDED, 'inventory'))).totals).toEqual({ gained: 0, lost: 0, changed: 0 });
}, 60_000);
