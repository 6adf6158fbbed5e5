import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCore, sources, type Core } from '../exporter/src/app.ts';
import { loadConfig } from '../exporter/src/config.ts';
import { IngestDoor } from '../exporter/src/pipeline/ingest.ts';
import { fleetInventory, fleetRecord } from './fleet.ts';
import { figure, type Figure } from './measure.ts';
import { Random } from './random.ts';

const IDENTITIES = 50_000;
const INVENTORIED = 5000;
const BODY = 1000;
const ROUNDS = 3;
const HOUR = 3_600_000;
/** Of the wall clock that a look at the fleet waits for. */
const LOOK = 5 * 60_000 + 1000;
const START = Date.UTC(2026, 0, 12, 9);
/** Milliseconds that nobody may wait for the loop, so that a scrape and a health check never time out. */
const LONGEST = 200;

type Work = 'look' | 'close' | 'cut';

/**
 * How long a large fleet keeps the loop from others: the longest turn, and the whole time, of a look at the fleet, of the end of an hour in which every identity
 * did something, and of a cut of all that changed with it.
 */
export async function measureTurns(say: (text: string) => void): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'remit-bench-'));
  const core = await openCore({ storage: join(folder, 'storage'), config: loadConfig(undefined).config });
  const taken: Record<Work, { turn: number[]; whole: number[] }> = { look: { turn: [], whole: [] }, close: { turn: [], whole: [] }, cut: { turn: [], whole: [] } };
  try {
    mkdirSync(join(folder, 'inventory'));
    for (const [file, text] of Object.entries(fleetInventory(INVENTORIED, 1, 9))) writeFileSync(join(folder, 'inventory', file), text);
    const { ok } = await core.loadInventory(join(folder, 'inventory'), START - HOUR);
    if (!ok) throw new Error('the inventory was refused');
    const random = new Random(6);
    for (let round = -1; round < ROUNDS; round++) {
      say(`turns: an hour of ${IDENTITIES} identities, ${round + 1} of ${ROUNDS}`);
      const start = START + (round + 1) * 6 * HOUR;
      for (let i = 0; i < IDENTITIES; i += BODY) {
        await tell(core, Array.from({ length: BODY }, (_, n) => fleetRecord(i + n, start + Math.floor(((i + n) / IDENTITIES) * HOUR), random).line), start + HOUR);
      }
      await core.engine.cut();
      const now = start + 3 * HOUR;
      const works: [Work, () => Promise<unknown>][] = [
        ['look', () => core.engine.submit({ type: 'tick', now: start + HOUR + LOOK, idle: [] })],
        ['close', () => tell(core, [fleetRecord(0, now, random).line], now)], ['cut', () => core.engine.cut()],
      ];
      for (const [name, work] of works) {
        const { turn, whole } = await watched(work);
        if (round < 0) continue;
        taken[name].turn.push(turn);
        taken[name].whole.push(whole);
      }
    }
    const name = (work: string) => `${work}_${IDENTITIES}_identities`;
    return (['look', 'close', 'cut'] as const).flatMap((work) => [
      figure(`${name(work)}_longest_turn_ms`, taken[work].turn, { most: LONGEST }), figure(`${name(work)}_ms`, taken[work].whole),
    ]);
  } finally {
    await core.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function tell({ engine }: Core, lines: readonly string[], now: number): Promise<void> {
  const door = new IngestDoor({
    sources, submit: (entry) => engine.submit(entry), now: () => now, cluster: 'default', telemetry: { rejected: () => {}, delay: () => {}, acknowledged: () => {} },
  });
  const { accepted } = await door.accept(Buffer.from(lines.join('\n')), { receiver: 'bench' });
  if (accepted !== lines.length) throw new Error(`${accepted} of ${lines.length} were accepted`);
}

/** Milliseconds that work takes, and the longest for which nothing else had a turn meanwhile. */
async function watched(work: () => Promise<unknown>): Promise<{ turn: number; whole: number }> {
  let turn = 0;
  let last = performance.now();
  let done = false;
  const look = (): void => {
    const now = performance.now();
    turn = Math.max(turn, now - last);
    last = now;
    if (!done) setImmediate(look);
  };
  setImmediate(look);
  const started = performance.now();
  await work();
  const whole = performance.now() - started;
  done = true;
  look();
  return { turn, whole };
}
