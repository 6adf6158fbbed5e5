import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Random } from '../../bench/random.ts';

const main = fileURLToPath(new URL('../../exporter/src/main.ts', import.meta.url));
/** Kills before one run is let through and its state compared. */
const CUTS = 3;
/** Event time of a record. */
const TIME = /"(?:eventTime|requestReceivedTimestamp)":"([^"]+)"/;
const LONGEST = 60_000;

export interface ReplayOptions { folder: string; kills: number; random: Random; inventory: string; lines: readonly string[]; say(text: string): void }

interface Report { events: { unique: number; duplicate: number; start_record: number }; identities: { urn: string; events: number }[]; digest: string }

/**
 * Replays the earlier part of a log, then all of it, kills that at random instants and continues on the same storage until it
 * comes through: the state must have the digest of one uninterrupted replay. Returns what is wrong, and what that one reported.
 */
export async function replayTrial({ folder, kills, random, inventory, lines, say }: ReplayOptions): Promise<{ wrong: string[]; report: Report }> {
  const file = join(folder, 'whole.jsonl.gz');
  const earlier = join(folder, 'earlier.jsonl.gz');
  const ordered = [...lines].sort((a, b) => timeOf(a) - timeOf(b));
  write(file, lines);
  const args = (storage: string, of = file) => ['replay', of, '--json', '--quiet', '--inventory.path', inventory, '--storage.path', join(folder, storage)];
  const started = performance.now();
  const report = JSON.parse(await run(args('whole'))) as Report;
  const takes = performance.now() - started;
  const digest = await run(['state', 'digest', '--storage.path', join(folder, 'whole')]);
  const wrong = digest.trim() === report.digest ? [] : [`a replay reports digest ${report.digest} and leaves ${digest.trim()}`];
  let storage = 0;
  for (let kill = 1; kill <= kills; kill++) {
    if (kill % CUTS === 1) {
      write(earlier, ordered.slice(0, random.between(1, ordered.length)));
      await run(args(`cut-${storage}`, earlier));
    }
    await cut(args(`cut-${storage}`), random.between(0, Math.ceil(takes)));
    say(`replay: ${kill} of ${kills} kills`);
    if (kill % CUTS !== 0 && kill !== kills) continue;
    const resumed = JSON.parse(await run(args(`cut-${storage}`))) as Report;
    const found = (await run(['state', 'digest', '--storage.path', join(folder, `cut-${storage}`)])).trim();
    if (found !== report.digest || resumed.digest !== report.digest) {
      wrong.push(`a replay that was cut and continued has digest ${found}; uninterrupted it is ${report.digest}`);
    }
    storage++;
  }
  return { wrong, report };
}

function write(file: string, lines: readonly string[]): void {
  writeFileSync(file, gzipSync(`${lines.join('\n')}\n`));
}

function timeOf(line: string): number {
  return Date.parse(TIME.exec(line)?.[1] ?? '');
}

/** Runs the command; returns what it said. Throws with its exit code and its errors when that is not 0. */
async function run(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], timeout: LONGEST, killSignal: 'SIGKILL' });
  const said = { out: '', errors: '' };
  child.stdout!.on('data', (text: Buffer) => { said.out += text.toString(); });
  child.stderr!.on('data', (text: Buffer) => { said.errors += text.toString(); });
  const [code] = await once(child, 'close') as [number | null];
  if (code !== 0) throw new Error(`remit ${args[0]} ended with ${code}: ${said.errors.slice(-2000)}`);
  return said.out;
}

/** Starts the command and kills it after this many milliseconds, if it still runs. */
async function cut(args: readonly string[], millis: number): Promise<void> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const exited = once(child, 'exit');
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  await Promise.race([sleep(millis), exited]);
  end();
  await exited;
  process.off('exit', end);
}
