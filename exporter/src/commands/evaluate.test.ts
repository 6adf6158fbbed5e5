import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Evaluation } from './evaluate.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'remit-evaluate-'));
const fleet = join(folder, 'fleet');
const events = join(fleet, 'events.ndjson.gz');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended { code: number | null; out: string; err: string }

function remit(args: readonly string[], { interrupt }: { interrupt?: RegExp } = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (piece: Buffer) => { out += piece.toString(); });
    child.stderr.on('data', (piece: Buffer) => {
      err += piece.toString();
      if (interrupt?.test(err)) child.kill('SIGINT');
    });
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

beforeAll(async () => {
  const made = await remit(['simulate', '--identities', '12', '--weeks', '5', '--seed', '4', '--attacks', '2500', '--out', fleet, '--quietly']);
  expect(made).toMatchObject({ code: 0, err: '' });
}, 120_000);

const evaluate = (...more: string[]) => remit(['evaluate', '--events', events, '--inventory', join(fleet, 'inventory'), '--labels', join(fleet, 'labels.json'), ...more]);

describe('simulate', () => {
  test('writes records that replay takes, some of them twice, an inventory and labels', async () => {
    const lines = gunzipSync(readFileSync(events)).toString().trim().split('\n');
    const ids = new Set(lines.map((line) => (JSON.parse(line) as { id: string }).id));
    expect(ids.size).toBeLessThan(lines.length);
    expect(lines.length - ids.size).toBeLessThan(lines.length / 100);
    const replayed = await remit(['replay', events, '--inventory.path', join(fleet, 'inventory'), '--json']);
    expect(replayed.err).not.toMatch(/error/);
    const report = JSON.parse(replayed.out) as { events: Record<string, unknown>; identities: { urn: string }[] };
    expect(report.events).toMatchObject({ read: lines.length, unique: ids.size, duplicate: lines.length - ids.size, rejected: {} });
    expect(report.identities.length).toBeLessThanOrEqual(12);
    expect(report.identities.length).toBeGreaterThan(8);
  }, 120_000);

  test('options that make no fleet are usage errors', async () => {
    const made = await remit(['simulate', '--identities', 'many', '--weeks', '5', '--seed', '4', '--out', join(folder, 'none')]);
    expect(made).toMatchObject({ code: 2, err: expect.stringMatching(/--identities "many" is no number/) as string });
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});

describe('evaluate', () => {
  test('records without an event are no fleet to measure, and say why', async () => {
    const path = join(folder, 'unknown.ndjson');
    writeFileSync(path, '{"who":"x"}\n'.repeat(3));
    const ended = await remit(['evaluate', '--events', path, '--inventory', join(fleet, 'inventory'), '--budget', '5']);
    expect(ended).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/no event in 3 records: 3 unknown_shape[^]*--config.file/) as string });
  }, 60_000);

  test('labels of identities that did nothing are named', async () => {
    const labels = join(folder, 'strangers.json');
    writeFileSync(labels, JSON.stringify([{ use_case: 'export', level: 'a', identity: 'urn:nhi:typo', start: '2026-09-10T00:00:00Z', end: '2026-09-10T01:00:00Z' }]));
    const ended = await remit(['evaluate', '--events', events, '--inventory', join(fleet, 'inventory'), '--labels', labels, '--only', 'behaviour', '--budget', '5', '--json']);
    expect(ended).toMatchObject({ code: 0, err: expect.stringContaining('1 identities of the labels have no event, so their misuse counts as missed: "urn:nhi:typo"') as string });
  }, 120_000);

  test('gives one object with all measures of both runs', async () => {
    const ended = await evaluate('--budget', '5,20', '--json', '--quiet');
    expect(ended).toMatchObject({ code: 0 });
    const result = JSON.parse(ended.out) as Evaluation;
    expect(ended.out.trim().split('\n')).toHaveLength(1);
    const lines = gunzipSync(readFileSync(events)).toString().trim().split('\n');
    const ids = new Set(lines.map((line) => (JSON.parse(line) as { id: string }).id));
    expect(result).toMatchObject({ complete: true, records: { read: lines.length, events: ids.size, duplicates: lines.length - ids.size, rejected: {} } });
    // Five weeks: a third is learned, not the usual four.
    for (const { measures: { weeks, learned_weeks } } of result.runs) expect(learned_weeks / (weeks + learned_weeks)).toBeCloseTo(1 / 3, 2);
    expect(result.runs.map(({ name }) => name)).toEqual(['with remit', 'behaviour only']);
    for (const { measures } of result.runs) {
      expect(measures.calibration.map(({ score }) => score)).toEqual([1, 2, 3, 4, 5]);
      expect(measures.calibration[0]!.of).toBeGreaterThan(1000);
      expect(measures.budgets.map(({ budget }) => budget)).toEqual([5, 20]);
      expect(measures.recall.length).toBeGreaterThan(3);
      expect(measures.plain.map(({ method }) => method)).toEqual(['3σ', 'seasonal MAD']);
    }
    const [declared, bare] = result.runs;
    const certain = (run: typeof declared) => run!.measures.recall.filter(({ use_case }) => use_case === 'decommissioned').reduce((sum, one) => sum + one.certain, 0);
    expect(certain(declared)).toBeGreaterThan(0);
    expect(certain(bare)).toBe(0);
    // Someone was paged, and answered a day later.
    expect(declared!.verdicts.bad).toBeGreaterThan(0);
  }, 300_000);

  test('is cut by an interrupt and tells what it has', async () => {
    // So much that it tells how far it is, once every five seconds, before it is through.
    const large = join(folder, 'large');
    expect(await remit(['simulate', '--identities', '80', '--weeks', '5', '--seed', '5', '--out', large, '--quietly'])).toMatchObject({ code: 0 });
    const ended = await remit(['evaluate', '--events', join(large, 'events.ndjson.gz'), '--inventory', join(large, 'inventory'), '--budget', '5'], { interrupt: /with remit \d+ %/ });
    expect(ended.code).toBe(1);
    expect(ended.out).toMatch(/Cut: this is what was measured until then/);
    expect(ended.out).toMatch(/with remit/);
  }, 120_000);

  test.each<[string, string[], RegExp]>([
    ['no budget', ['--budget', 'lots'], /--budget "lots" is no budget/], ['an unknown run', ['--budget', '5', '--only', 'all'], /--only "all" is no run/],
    ['a warm-up that is none', ['--budget', '5', '--warmup', 'long'], /--warmup "long" is no duration/], ['a seed that is none', ['--budget', '5', '--shuffle', 'x'], /--shuffle "x" is no whole number/],
  ])('%s is a usage error', async (_, args, message) => {
    expect(await evaluate(...args)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(message) as string });
  });

  test('labels and inventories that cannot be used are named before anything runs', async () => {
    writeFileSync(join(folder, 'labels.json'), '[{"use_case": 1}]');
    const labels = await remit(['evaluate', '--events', events, '--labels', join(folder, 'labels.json'), '--budget', '5']);
    expect(labels).toMatchObject({ code: 2, err: expect.stringMatching(/labels\.json: entry 0, use_case/) as string });
    writeFileSync(join(folder, 'bad.yml'), 'identities: [{ urn: nonsense }]\n');
    const inventory = await remit(['evaluate', '--events', events, '--inventory', join(folder, 'bad.yml'), '--budget', '5']);
    expect(inventory).toMatchObject({ code: 2, err: expect.stringMatching(/bad\.yml:1:\d+: error/) as string });
  });
});
