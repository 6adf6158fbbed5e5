import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';

/** A program that runs until it is stopped. */
export interface Running { url: string; pid: number; log(): string; stop(): Promise<void> }

/** Starts a program and resolves when `ready` (a path) answers 200; rejects with its log when it ends or takes longer than `within` ms, 30 s. */
export async function start(program: string, args: string[], options: { cwd: string; port: number; ready: string; within?: number }): Promise<Running> {
  const child = spawn(program, args, { cwd: options.cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  const keep = (chunk: Buffer): void => { log = (log + chunk.toString()).slice(-100_000); };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => { keep(Buffer.from(String(error))); });
  const url = `http://127.0.0.1:${options.port}`;
  const running = { url, pid: child.pid ?? 0, log: () => log, stop: () => stop(child) };
  for (let waited = 0; waited < (options.within ?? 30_000); waited += 50) {
    if (child.exitCode !== null || child.pid === undefined) break;
    if (await answers(url + options.ready)) return running;
    await new Promise((r) => setTimeout(r, 50));
  }
  await running.stop();
  throw new Error(`${program} did not become ready at ${url}${options.ready}:\n${log}`);
}

/** A port of loopback that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => { resolve(port); });
    });
  });
}

/** Polls until `probe` gives something, and throws what was awaited after `timeout` milliseconds. */
export async function eventually<T>(what: string, probe: () => Promise<T | null | undefined | false>, timeout = 60_000): Promise<T> {
  const end = Date.now() + timeout;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`Waited ${timeout / 1000} s for ${what}`);
    await new Promise((r) => setTimeout(r, 200));
  }
}

async function answers(url: string): Promise<boolean> {
  try { return (await fetch(url)).ok; } catch { return false; }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(patience);
}
