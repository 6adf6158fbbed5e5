import { once } from 'node:events';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { detectors, openCore, sources, type Core } from '../exporter/src/app.ts';
import { loadConfig } from '../exporter/src/config.ts';
import { IngestDoor } from '../exporter/src/pipeline/ingest.ts';
import { StateReadout } from '../exporter/src/pipeline/readout.ts';
import { FleetMetrics } from '../exporter/src/sinks/metrics/fleet.ts';
import { fleetInventory, fleetRecord } from './fleet.ts';
import { alternate, figure, type Figure } from './measure.ts';
import { Random } from './random.ts';

const ROUNDS = 5;
/** Share of the identities that did something between two scrapes. */
const DIRTY = 0.05;
/** Events by outcome, baseline ready, info and last activity. */
const SERIES_EACH = 6;
const SIZES = [{ series: 20_000, gate: 5 }, { series: 100_000 }];

/**
 * What a scrape costs the event loop, in CPU of the main thread: up to the last byte handed to a connection that swallows it, and
 * with a real one, whose writes are the kernel's work; then the longest turn. Identities come from an inventory and have acted;
 * the client is a thread of its own and asks for gzip, as Prometheus does, or not.
 */
export async function measureScrape(say: (text: string) => void): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const size of SIZES) {
    say(`scrape: ${size.series} series`);
    figures.push(...await measureSize(size.series, size.gate));
  }
  return figures;
}

async function measureSize(series: number, gate: number | undefined): Promise<Figure[]> {
  const most = gate === undefined ? undefined : { most: gate };
  const identities = Math.floor(series / SERIES_EACH);
  const folder = mkdtempSync(join(tmpdir(), 'remit-bench-'));
  mkdirSync(join(folder, 'inventory'));
  for (const [file, text] of Object.entries(fleetInventory(identities, 1, 9))) writeFileSync(join(folder, 'inventory', file), text);
  const core = await openCore({ storage: join(folder, 'storage'), config: loadConfig(undefined).config });
  const metrics = new FleetMetrics({
    detectors, sources, readout: new StateReadout(core.engine.processor), findings: [], now: Date.now,
    build: { version: 'bench', revision: 'bench' }, seriesLimit: 1_000_000, processMetrics: false,
  });
  metrics.ready = true;
  const server = createServer((req, res) => void metrics.write(req, res)).listen(0, '127.0.0.1');
  const client = new Worker(new URL('./scrape-client.ts', import.meta.url));
  try {
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
    const { ok } = await core.loadInventory(join(folder, 'inventory'), Date.now() - 86_400_000);
    if (!ok) throw new Error('the inventory was refused');
    const random = new Random(4);
    await act(core, Array.from({ length: identities }, (_, i) => i), random);
    const taken = Object.fromEntries(WAYS.map((way) => [way, [] as number[]])) as Record<Way, number[]>;
    let shown = 0;
    await alternate(ROUNDS, WAYS, async (way, counts) => {
      await act(core, Array.from({ length: identities * DIRTY }, () => random.between(0, identities - 1)), random);
      const scrape = way.startsWith('swallowed') ? () => swallow(metrics, way.endsWith('gzip')) : async () => { shown = await read(client, url, way.endsWith('gzip')); };
      const millis = way.startsWith('turn') ? await longestTurn(scrape) : await loopTime(scrape);
      if (counts) taken[way].push(millis);
    });
    const name = (rest: string) => `scrape_${series}_${rest}`;
    return [
      figure(name('gzip_loop_ms'), taken.swallowed_gzip, most), figure(name('plain_loop_ms'), taken.swallowed_plain, most),
      figure(name('gzip_with_socket_loop_ms'), taken.sent_gzip), figure(name('plain_with_socket_loop_ms'), taken.sent_plain),
      figure(name('gzip_longest_turn_ms'), taken.turn_gzip), figure(name('plain_longest_turn_ms'), taken.turn_plain),
      figure(name('shown_series'), [shown]),
    ];
  } finally {
    await client.terminate();
    server.close();
    server.closeAllConnections();
    await core.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Lets each of these identities do one thing. */
async function act(core: Core, identities: readonly number[], random: Random): Promise<void> {
  const now = Date.now();
  const door = new IngestDoor({
    sources, submit: (entry) => core.engine.submit(entry), now: Date.now, cluster: 'default',
    telemetry: { rejected: () => {}, delay: () => {}, acknowledged: () => {} },
  });
  for (let i = 0; i < identities.length; i += 2000) {
    await door.accept(Buffer.from(identities.slice(i, i + 2000).map((identity) => fleetRecord(identity, now, random).line).join('\n')), { receiver: 'bench' });
  }
}

const WAYS = ['swallowed_gzip', 'swallowed_plain', 'sent_gzip', 'sent_plain', 'turn_gzip', 'turn_plain'] as const;
type Way = (typeof WAYS)[number];

/** One scrape by the client's thread: the series it saw. */
async function read(client: Worker, url: string, gzip: boolean): Promise<number> {
  client.postMessage({ url, gzip });
  return (await once(client, 'message') as [number])[0];
}

/** One scrape to nowhere. */
async function swallow(metrics: FleetMetrics, gzip: boolean): Promise<void> {
  const nowhere = new Duplex({ highWaterMark: 2 ** 30, read: () => {}, write: (_bytes, _encoding, done) => done() }) as Socket;
  const request = new IncomingMessage(nowhere);
  Object.assign(request, { method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1, headers: gzip ? { 'accept-encoding': 'gzip' } : {} });
  const response = new ServerResponse(request);
  response.assignSocket(nowhere);
  await metrics.write(request, response);
}

/** Milliseconds of the main thread's CPU. */
async function loopTime(scrape: () => Promise<void>): Promise<number> {
  // What the last events left behind is done, and nothing else is under way.
  await sleep(50);
  globalThis.gc?.();
  // The kernel brings a thread's account up to date when the thread sleeps, else only every few milliseconds.
  await sleep(5);
  const before = process.threadCpuUsage();
  await scrape();
  await sleep(5);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

/** The longest time, in milliseconds, for which the loop is away. Looking costs CPU of its own. */
async function longestTurn(scrape: () => Promise<void>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let watching = true;
  const watch = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (watching) setImmediate(watch);
  };
  await sleep(50);
  last = performance.now();
  setImmediate(watch);
  await scrape();
  watching = false;
  return longest;
}
