import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceProcess } from '../e2e/torture/service.ts';
import { Fleet } from './fleet.ts';
import { alternate, figure, quantile, type Figure } from './measure.ts';
import { Random } from './random.ts';

const ROUNDS = 5;
const SECONDS = 1.5;
/** A slow disk waits this long before each commit. */
const SLOW_MS = 8;
/** Modest loads: 200 events a second one by one, 5,000 a second by 500. */
const LOADS = [{ size: 1, every: 5 }, { size: 500, every: 100 }] as const;

interface Case { name: string; size: number; every: number; service: ServiceProcess; p50: number[]; p99: number[]; loop: number[] }

/**
 * Time from sending a body over HTTP to its acknowledgement, durable and applied, and how late the service's loop runs
 * meanwhile; with the disk as it is, and with 8 ms waited before each commit.
 */
export async function measureAcknowledgement(say: (text: string) => void): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'remit-bench-'));
  const agent = new Agent({ keepAlive: true });
  const fleet = new Fleet(5000, new Random(3), Date.now() - 3_600_000, 1);
  const launch = (name: string, commitDelay: number) => ({ name, service: new ServiceProcess({ storagePath: join(folder, name), faults: { commitDelay, acknowledgeEarly: false } }) });
  const services = [launch('ack', 0), launch('ack_slow_disk', SLOW_MS)];
  try {
    for (const { service } of services) await service.ready();
    const cases: Case[] = LOADS.flatMap((load) => services.map(({ name, service }) => (
      { ...load, service, name: `${name}_${load.size}_event${load.size > 1 ? 's' : ''}`, p50: [], p99: [], loop: [] })));
    let round = 0;
    await alternate(ROUNDS, cases, async (one, counts) => {
      if (one === cases[0]) say(`ack: round ${round++} of ${ROUNDS}`);
      await one.service.loopDelay();
      const times = await load(one, fleet, agent);
      const { p99 } = await one.service.loopDelay();
      if (!counts) return;
      one.p50.push(quantile(times, 0.5));
      one.p99.push(quantile(times, 0.99));
      one.loop.push(p99);
    });
    return cases.flatMap(({ name, p50, p99, loop }) => [
      figure(`${name}_p50_ms`, p50), figure(`${name}_p99_ms`, p99), figure(`${name}_loop_delay_p99_ms`, loop, { most: 10 }),
    ]);
  } finally {
    agent.destroy();
    for (const { service } of services) await service.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Posts at fixed times, whether or not the last answer has come; returns the sorted times in milliseconds. */
async function load({ size, every, service }: Case, fleet: Fleet, agent: Agent): Promise<number[]> {
  const bodies = Array.from({ length: Math.round((SECONDS * 1000) / every) }, () => Buffer.from(Array.from({ length: size }, () => fleet.next().line).join('\n')));
  const times: number[] = [];
  const started = performance.now();
  const posts: Promise<void>[] = [];
  for (const [i, body] of bodies.entries()) {
    await sleep(Math.max(0, started + i * every - performance.now()));
    const sent = performance.now();
    posts.push(post(`${service.url}/ingest`, body, agent).then(() => { times.push(performance.now() - sent); }));
  }
  await Promise.all(posts);
  return times.sort((a, b) => a - b);
}

function post(url: string, body: Buffer, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/x-ndjson', 'content-length': body.length } }, (response) => {
      response.resume();
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`ingest answered ${response.statusCode}`))));
    });
    sending.on('error', reject);
    sending.end(body);
  });
}
