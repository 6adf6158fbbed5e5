import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ENVIRONMENT, FLAGS } from '../exporter/bin/node.mjs';
import { figure, type Figure } from './measure.ts';

/** One large state, whose memory and restart are measured, and several small ones for the spread. */
const MANY = 100_000;
const FEW = 10_000;
const FILLS = 5;
const RESTARTS = 5;
const READY_WITHIN = 60_000;
const main = fileURLToPath(new URL('../exporter/src/main.ts', import.meta.url));

/** Bytes a process holds for each identity, as `identities-fill.ts` says them; `open` is null when it made no open hours. */
export interface Held { closed: number; open: number | null }

/**
 * What 100,000 identities cost: memory of an identity whose hours are closed and of an open hour, in a fresh process each time,
 * and the time from starting `remit serve` on their state, all hours closed, to the first 200 of `/-/ready`.
 */
export async function measureIdentities(say: (text: string) => void): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'remit-bench-'));
  try {
    const held: Held[] = [];
    for (let i = 0; i < FILLS; i++) {
      say(`identities: memory of ${FEW}, ${i + 1} of ${FILLS}`);
      held.push(await fill(join(folder, `few-${i}`), FEW, true));
    }
    say(`identities: memory of ${MANY}`);
    const many = await fill(join(folder, 'many'), MANY, false);
    const ready: number[] = [];
    for (let i = 0; i <= RESTARTS; i++) {
      say(`identities: restart, ${i} of ${RESTARTS}`);
      const seconds = await restart(join(folder, 'many'));
      if (i > 0) ready.push(seconds);
    }
    return [
      figure('identity_closed_bytes', held.map((h) => h.closed), { most: 3000 }),
      figure('identity_open_hour_bytes', held.map((h) => h.open!), { most: 1000 }),
      figure(`identity_closed_of_${MANY}_bytes`, [many.closed], { most: 3000 }),
      figure(`restart_${MANY}_identities_seconds`, ready, { most: 3 }),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill(storage: string, identities: number, open: boolean): Promise<Held> {
  const child = fork(fileURLToPath(new URL('./identities-fill.ts', import.meta.url)), [storage, String(identities), String(open)], { execArgv: ['--expose-gc'] });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  try {
    const [exited, said] = await Promise.all([once(child, 'exit'), Promise.race([once(child, 'message'), once(child, 'exit')])]) as [[number | null], [Held]];
    if (exited[0] !== 0) throw new Error(`filling the state ended with ${exited[0]}`);
    return said[0];
  } finally {
    process.off('exit', end);
  }
}

/** Seconds from the start of the process to ready. The process is asked every 5 ms. */
async function restart(storage: string): Promise<number> {
  const port = await freePort();
  const started = performance.now();
  // The channel ends it when this process is gone.
  const child = spawn(process.execPath, [...FLAGS, main, 'serve', '--storage.path', storage, '--web.listen-address', `127.0.0.1:${port}`, '--log.level', 'error'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: ENVIRONMENT,
  });
  const exited = once(child, 'exit');
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  try {
    while (!(await isReady(port))) {
      if (child.exitCode !== null || performance.now() - started > READY_WITHIN) throw new Error('the service does not become ready');
      await sleep(5);
    }
    return (performance.now() - started) / 1000;
  } finally {
    child.kill('SIGTERM');
    await exited;
    process.off('exit', end);
  }
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = get({ host: '127.0.0.1', port, path: '/-/ready', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asking.on('error', () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
