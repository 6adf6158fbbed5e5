import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { exampleCases } from '../exporter/src/demo/cases.ts';
import { freePort } from '../tools/real/prometheus.ts';

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
