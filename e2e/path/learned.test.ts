import { afterEach, expect, it } from 'vitest';
import type { Finding } from '@remit/contract';
import { openCore, type Core } from '../../exporter/src/app.ts';
import { Progress } from '../../exporter/src/commands/progress.ts';
import { replayInto } from '../../exporter/src/commands/replay.ts';
import { loadConfig } from '../../exporter/src/config.ts';
import { Bench } from '../support/bench.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.parse('2026-08-03T00:00:00Z');
const WEEKS = 5;
/** Tuesday of the sixth week, at three in the afternoon. */
const ODD = START + (WEEKS * 168 + 39) * HOUR;
const JOBS = 12;

let bench: Bench | null = null;
let core: Core | null = null;
afterEach(async () => {
  await core?.close();
  bench?.remove();
  core = bench = null;
});

let events = 0;
const line = (by: number, at: number, does = 'SELECT', category = 'read'): string => JSON.stringify({
  remit_event: 1, id: `e${++events}`, time: at, realm: 'r', principal: { provider: 'w', name: `job-${by}`, type: 'role', machine: true }, service: 'db', operation: does, category,
  resources: [{ id: `t${by}`, type: 'table' }], outcome: 'success',
});

/** Each job works once to a dozen times an hour, early in it; then comes the odd hour of the first of them. */
async function learnedOf(odd: readonly string[]): Promise<Finding[]> {
  bench = new Bench();
  core = await openCore({ storage: null, config: loadConfig(undefined).config });
  const lines: string[] = [];
  for (let hour = START, n = 0; hour <= ODD; hour += HOUR) for (let job = 0; job < JOBS; job++) {
    for (let i = n++ * 7 % 12; i >= 0; i--) lines.push(line(job, hour + (2 + i) * MINUTE));
  }
  const path = bench.file([...lines, ...odd].join('\n'));
  await replayInto(core, [{ path, cluster: 'test', bytes: 1 }], new Progress(process.stderr, true));
  return [...core.engine.processor.book.all.values()].map(({ finding }) => finding).filter(({ class: of, state, first }) => of === 'baseline' && state !== 'withdrawn' && first >= ODD - HOUR);
}

it('a finding about an hour lasts as long as what the hour holds, not as its first few events', async () => {
  const [odd] = await learnedOf(Array.from({ length: 300 }, (_, i) => line(0, ODD + 40 * MINUTE + i * 1000)));
  expect(odd).toMatchObject({ detector: 'volume', first: ODD + 2 * MINUTE, last: ODD + 40 * MINUTE + 299_000, count: 301 });
});

it('where its sensitive events stand out it lasts as long as they do, and shows them', async () => {
  const reads = Array.from({ length: 4 }, (_, i) => line(0, ODD + 40 * MINUTE + i * 1000, 'SELECT', 'credential_use'));
  const [odd] = await learnedOf(reads);
  expect(odd).toMatchObject({ subject: 'sensitive-share', first: ODD + 40 * MINUTE, last: ODD + 40 * MINUTE + 3000 });
  expect(odd!.observed).toContain('4 of 5 events are sensitive');
  expect(odd!.evidence.map(({ category }) => category)).toEqual(['credential_use', 'credential_use']);
});
