import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Finding } from '@remit/contract';
import { parseExposition, type ParsedFamily } from '../../exporter/src/sinks/metrics/cases/parse-exposition.ts';

const MAIN = fileURLToPath(new URL('../../exporter/src/main.ts', import.meta.url));
const STARTS_WITHIN = 90_000;

/** `remit serve` as people start it: a process of its own, on one port of loopback through all its restarts. */
export class ExporterProcess {
  readonly address: string;
  readonly url: string;
  /** What `/metrics` answered from each start on, until it answered 200; 0 for a port that nobody listens on. */
  answers: number[] = [];
  readonly #args: string[];
  #child: ChildProcess | null = null;
  #log = '';

  constructor(port: number, args: Record<string, string>) {
    this.address = `127.0.0.1:${port}`;
    this.url = `http://${this.address}`;
    this.#args = ['serve', '--web.listen-address', this.address, ...Object.entries(args).flatMap(([name, value]) => [`--${name}`, value])];
  }

  /** Resolves when `/metrics` answers 200. Throws with the log when the process ends or takes longer than 90 s. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [MAIN, ...this.#args], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (text: Buffer) => { this.#log = (this.#log + text.toString()).slice(-20_000); });
    const end = (): void => { child.kill('SIGKILL'); };
    process.once('exit', end);
    child.once('exit', () => { process.off('exit', end); });
    this.#child = child;
    this.answers = [];
    for (const until = Date.now() + STARTS_WITHIN; this.answers.at(-1) !== 200;) {
      if (child.exitCode !== null || Date.now() > until) throw new Error(`the exporter does not start, it answers ${this.answers.at(-1)}:\n${this.#log}`);
      this.answers.push(await fetch(`${this.url}/metrics`).then(async (answer) => { await answer.arrayBuffer(); return answer.status; }, () => 0));
      await pause(2);
    }
  }

  signal(name: 'SIGHUP'): void {
    this.#child?.kill(name);
  }

  /** Ends it with this signal and gives its exit code, null when the signal was its end. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exited = once(child, 'exit');
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  }

  log(): string {
    return this.#log;
  }

  async post(path: string, body: string, headers: Record<string, string> = {}): Promise<{ status: number; body: Record<string, unknown> }> {
    const answer = await fetch(this.url + path, { method: 'POST', body, headers });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }

  async page(path: string): Promise<{ status: number; text: string }> {
    const answer = await fetch(this.url + path);
    return { status: answer.status, text: await answer.text() };
  }

  async findings(identity: string): Promise<Finding[]> {
    const answer = await fetch(`${this.url}/api/v1/findings?identity=${encodeURIComponent(identity)}`);
    return ((await answer.json()) as { items: Finding[] }).items;
  }

  /** One scrape in the format that Prometheus would get. */
  async scrape(format: 'text' | 'openmetrics' = 'text'): Promise<{ text: string; families: ParsedFamily[] }> {
    const accept = format === 'text' ? 'text/plain;version=0.0.4' : 'application/openmetrics-text;version=1.0.0';
    const text = await (await fetch(`${this.url}/metrics`, { headers: { Accept: accept } })).text();
    return { text, families: parseExposition(text, format) };
  }

  /** Value of one series of a scrape now; undefined when it is not there. */
  async value(name: string, labels: Record<string, string>): Promise<number | undefined> {
    const { families } = await this.scrape();
    return families.flatMap((f) => f.samples)
      .find((s) => s.name === name && Object.entries(labels).every(([label, value]) => s.labels[label] === value))?.value;
  }
}
