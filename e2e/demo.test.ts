import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { demoInventory, demoTraffic } from '../exporter/src/demo-traffic.ts';
import { exampleCases, retold } from '../exporter/src/demo/cases.ts';
import { fleetInventory } from '../exporter/src/demo/fleet.ts';
import { habits, historyFrom } from '../exporter/src/demo/habits.ts';
import { SAMPLES } from '../exporter/src/demo/samples.ts';
import { shiftTo } from '../exporter/src/demo/shift.ts';
import { verdictsOn } from '../exporter/src/demo/verdicts.ts';
import { freePort } from '../tools/real/prometheus.ts';
import { Bench } from './support/bench.ts';

const MAIN = fileURLToPath(new URL('../exporter/src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'remit-demo-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

/** Starts the demo on the test's storage, ends it once it has said everything, and gives what it said. */
async function demo(): Promise<string> {
  const child = spawn(process.execPath, [MAIN, 'serve', '--demo', '--storage.path', folder, '--web.listen-address', `127.0.0.1:${await freePort()}`], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let log = '';
  child.stdout.on('data', (text: Buffer) => { said += text.toString(); if (said.includes('Ctrl-C stops.')) child.kill('SIGTERM'); });
  child.stderr.on('data', (text: Buffer) => { log += text.toString(); });
  const [code] = (await once(child, 'close')) as [number | null];
  expect([code, code === 0 ? '' : log]).toEqual([0, '']);
  return said;
}

it('the demo names the cases of examples/ and whom they page, and a second start finds nothing more', async () => {
  const hour = new Date().getUTCHours();
  const first = await demo();
  for (const { title, found } of exampleCases()) {
    expect(first).toContain(`  ${title}\n    pages ${found[0]!.owner}: ${found[0]!.detector}, ${found[0]!.identity}\n      Expected `);
  }
  expect(first).not.toContain('not found');
  expect(first).toMatch(/cloudtrail-invictus\.jsonl\.gz: \d+ events/);

  const second = await demo();
  expect(second).not.toContain('cloudtrail-invictus.jsonl.gz');
  const cases = (said: string): string => said.slice(said.indexOf('The cases of'), said.indexOf('\n\n', said.indexOf('The cases of')));
  expect(cases(second)).toBe(cases(first));
  const open = (said: string): string | undefined => /\d+ findings are open, \d+/.exec(said)?.[0];
  // The window of the demo's own traffic moves with the hour, and with it what that traffic is found for.
  if (new Date().getUTCHours() === hour) expect(open(second)).toBe(open(first));
}, 60_000);

it('finds the same whenever it is begun, of its history only what lasts or is of the last hours', async () => {
  const [monday, thursday] = [await foundAt('2026-11-23T08:28:00Z'), await foundAt('2026-11-26T01:05:00Z')];
  expect(thursday).toEqual(monday);
  // Two who left their habits, and one that drifts.
  expect(monday).toEqual(expect.arrayContaining(['warning volume role/search-indexer', 'warning export-volume Ledger export', 'warning slow-drift Ledger export', 'warning exception-expired role/invoice-mailer']));
}, 120_000);

/** What is open when the demo was told at this time. */
async function foundAt(time: string): Promise<string[]> {
  const told = Date.parse(time);
  const lines = (records: readonly unknown[]): string => records.map((record) => JSON.stringify(record)).join('\n');
  const cases = exampleCases().map((story) => retold(story, shiftTo(story.at, told)));
  const bench = await new Bench().open();
  try {
    const inventory = join(bench.folder, 'inventory');
    mkdirSync(inventory);
    const files = { 'demo.yml': demoInventory(told), 'fleet.yml': fleetInventory(told), ...Object.fromEntries(cases.flatMap(({ id, inventory: own }) => [...own].map(([name, text]) => [`${id}-${name}`, text]))) };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(inventory, name), text);
    expect(await bench.core.loadInventory(inventory, 0)).toMatchObject({ ok: true });
    bench.now = told;
    const bodies = [...SAMPLES.map(({ path }) => gunzipSync(readFileSync(path))), lines(habits(historyFrom(told), told, told)), ...cases.flatMap(({ feeds }) => feeds.map(({ records }) => lines(records)))];
    for (const body of bodies) await bench.ingest(body, { backfill: true });
    const { engine } = bench.core;
    for (const verdict of verdictsOn(bench.findings(), told)) await engine.submit({ type: 'verdict', verdict });
    await bench.ingest(lines(demoTraffic(told)));
    engine.processor.fleet.judgeSoon();
    await bench.tick(told);
    const names = new Set(bench.findings().filter(({ state }) => state === 'open').map(({ severity, detector, identity }) => `${severity} ${detector} ${identity.includes('1edgerexp0rt') ? 'Ledger export' : identity.split(':').at(-1)!}`));
    return [...names].sort();
  } finally {
    await bench.close();
    bench.remove();
  }
}
