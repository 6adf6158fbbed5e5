import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCore, REPLAY_KEY, type Core } from '../../exporter/src/app.ts';
import { loadConfig } from '../../exporter/src/config.ts';
import { Bench, roleRecord } from '../support/bench.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-11-02T08:00:00Z');
const IDENTITIES = 1500;

let bench: Bench;
const others: Core[] = [];
beforeEach(() => { bench = new Bench(); });
afterEach(async () => {
  await bench.core.close();
  for (const core of others.splice(0)) await core.close();
  bench.remove();
});

const role = (i: number, time: number) => roleRecord(`worker-${i}`, `AROAWORKER${String(i).padStart(11, '0')}`, `${new Date(time).toISOString().slice(0, 19)}Z`);
async function work(start: number): Promise<void> {
  bench.now = start + HOUR;
  for (let i = 0; i < IDENTITIES; i += 500) {
    await bench.ingest(Array.from({ length: Math.min(500, IDENTITIES - i) }, (_, k) => role(i + k, start + i + k)).join('\n'));
  }
}
const stillOpen = (): number => [...bench.core.engine.processor.hours.open.values()].reduce((sum, { size }) => sum + size, 0);
/** A storage as a crash leaves it, opened. */
async function opened(storage: string): Promise<Core> {
  const core = await openCore({ storage, config: loadConfig(undefined).config, key: REPLAY_KEY });
  others.push(core);
  return core;
}

describe('a large fleet', () => {
  it('lets others have the loop while its hours close, and a cut asked for meanwhile is of a moment before or after', async () => {
    await bench.open();
    await work(START);
    await bench.core.engine.cut();
    bench.now = START + 4 * HOUR;
    const closing = bench.ingest(role(1, START + 3 * HOUR));
    let seen = stillOpen();
    while (seen === 0 || seen >= IDENTITIES) {
      await turn();
      seen = stillOpen();
    }
    // Some are closed and some are not.
    await bench.core.engine.cut();
    const crashed = join(bench.folder, 'crashed');
    cpSync(bench.storage, crashed, { recursive: true, filter: (path) => !path.endsWith('lock.db') });
    await closing;
    expect(stillOpen()).toBe(1);
    expect(await (await opened(crashed)).engine.digest()).toBe(await bench.digest());
  });

  it('is looked at in steps', async () => {
    await bench.open();
    await work(START);
    const { processor } = bench.core.engine;
    const looking = processor.apply({ position: processor.position + 1, type: 'tick', now: START + 2 * HOUR, idle: [] });
    let steps = 0;
    while (looking.next().done !== true) steps++;
    expect(steps).toBeGreaterThan(20);
  });

  it('whose state another version wrote is taken over, closed hours included', async () => {
    await bench.open();
    for (let day = 0; day < 4; day++) await work(START + day * 24 * HOUR);
    await bench.ingest(role(1, START + 4 * 24 * HOUR));
    const digest = await bench.digest();
    const before = join(bench.folder, 'before');
    cpSync(bench.storage, before, { recursive: true, filter: (path) => !path.endsWith('lock.db') });
    asVersion5(join(before, 'state.db'));
    const core = await opened(before);
    expect(await core.engine.digest()).toBe(digest);
    // What comes after is judged as it would have been.
    const entry = await bench.core.engine.submit({ type: 'tick', now: START + 5 * 24 * HOUR, idle: [] });
    expect(await core.engine.submit({ type: 'tick', now: START + 5 * 24 * HOUR, idle: [] })).toEqual(entry);
    expect(await core.engine.digest()).toBe(await bench.digest());
  });

  it('whose state a later version wrote is refused', async () => {
    await bench.open();
    await bench.ingest(role(1, bench.now));
    await bench.digest();
    const later = join(bench.folder, 'later');
    cpSync(bench.storage, later, { recursive: true, filter: (path) => !path.endsWith('lock.db') });
    rewrite(join(later, 'state.db'), (db) => { withMeta(db, (meta) => ({ ...meta, version: 7 })); });
    await expect(opened(later)).rejects.toThrow('the stored state has version 7, this build reads 5 to 6; start with an empty --storage.path');
  });
});

function rewrite(file: string, change: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(file);
  change(db);
  db.close();
}

function withMeta(db: DatabaseSync, change: (meta: Record<string, unknown>) => object): void {
  const { value } = db.prepare("SELECT value FROM row WHERE tbl = 'meta'").get() as { value: Uint8Array };
  const meta = JSON.parse(Buffer.from(value).toString()) as Record<string, unknown>;
  db.prepare("UPDATE row SET value = ? WHERE tbl = 'meta'").run(Buffer.from(JSON.stringify(change(meta))));
}

/** Version 5 had closed hours among all other rows. */
function asVersion5(file: string): void {
  rewrite(file, (db) => {
    withMeta(db, (meta) => ({ ...meta, version: 5 }));
    db.exec("INSERT INTO row SELECT 'closed', key, value FROM closed; DROP TABLE closed;");
  });
}
