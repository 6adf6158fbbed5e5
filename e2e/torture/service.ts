import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { FLAGS } from '../../exporter/bin/node.mjs';
import type { Faults } from '../../exporter/src/store/journal.ts';

const STARTS_WITHIN = 30_000;
const STOPS_WITHIN = 15_000;

export interface LaunchOptions { storagePath: string; faults?: Faults; inventoryPath?: string; /** Milliseconds between cuts of the state, beside the service's own. */ cutEvery?: number }

/** How late the service's loop ran since the last question, in milliseconds. */
export interface LoopDelay { p50: number; p99: number; max: number }

/** A service in a child process. Every child that is still there when this process ends is killed. */
export class ServiceProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #errors = '';
  url = '';

  constructor(options: LaunchOptions) {
    const launcher = fileURLToPath(new URL('./launcher.ts', import.meta.url));
    const given = JSON.stringify({ webListenAddress: '127.0.0.1:0', logLevel: 'error', ...options });
    this.#child = spawn(process.execPath, [...FLAGS, launcher, given], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child.stderr!.on('data', (text: Buffer) => { this.#errors = (this.#errors + text.toString()).slice(-4000); });
    this.#exited = once(this.#child, 'exit');
    const end = () => this.#child.kill('SIGKILL');
    process.once('exit', end);
    void this.#exited.then(() => process.off('exit', end));
  }

  /** Resolves when it serves. Throws with what it said on stderr when it ends or takes longer than 30 s. */
  async ready(): Promise<void> {
    const ended = this.#exited.then(() => { throw new Error(`the service ended while starting: ${this.#errors}`); });
    const [message] = await within(STARTS_WITHIN, 'the service does not start', Promise.race([once(this.#child, 'message'), ended])) as [{ url: string }];
    this.url = message.url;
  }

  async loopDelay(): Promise<LoopDelay> {
    const answer = once(this.#child, 'message') as Promise<[LoopDelay]>;
    this.#child.send('delay');
    return (await within(STOPS_WITHIN, 'the service does not answer', answer))[0];
  }

  /** kill -9, at once. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** SIGTERM: the last cut is written. Throws when it does not end well. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const [code] = await within(STOPS_WITHIN, 'the service does not stop', this.#exited) as [number | null];
    if (code !== 0) throw new Error(`the service ended with ${code}: ${this.#errors}`);
  }
}

async function within<T>(millis: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => { timer = setTimeout(() => reject(new Error(`${what} within ${millis / 1000} s`)), millis); });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
