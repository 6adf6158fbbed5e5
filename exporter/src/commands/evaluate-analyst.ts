import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { mayBecome, type Millis } from '@remit/contract';
import { authorize } from '../api/access.ts';
import { verdictRoutes } from '../api/verdict.ts';
import type { Core } from '../app.ts';
import { openTokens } from '../lib/tokens.ts';
import { StateReader } from '../pipeline/reader.ts';

const LATER: Millis = 24 * 3_600_000;

interface Waiting { finding: string; due: Millis }

/**
 * Stands in for the people who are paged: a day after each page it says what it was, through the same route of the API, with a write
 * token, as they would. Only then does anybody look at the labels.
 */
export class Analyst {
  verdicts = { bad: 0, benign: 0 };
  readonly #core: Core;
  readonly #judge: (urn: string, from: Millis, to: Millis) => 'bad' | 'benign' | null;
  readonly #waiting: Waiting[] = [];
  readonly #token = randomBytes(24).toString('hex');
  #now: Millis = 0;
  #url = '';
  #close: () => Promise<void> = () => Promise.resolve();

  /** `judge` says what a page about this identity and time was; null: the analyst does not know either. */
  constructor(core: Core, judge: (urn: string, from: Millis, to: Millis) => 'bad' | 'benign' | null) {
    this.#core = core;
    this.#judge = judge;
  }

  /** Opens the API on a loopback port of its own. */
  async start(): Promise<void> {
    const { processor } = this.#core.engine;
    const reader = new StateReader(() => processor, () => this.#core.journal, () => Promise.reject(new Error('nobody asks for the status')));
    const folder = mkdtempSync(join(tmpdir(), 'remit-analyst-'));
    writeFileSync(join(folder, 'token'), `# analyst\n${this.#token}\n`, { mode: 0o600 });
    const { tokens } = openTokens({ write: join(folder, 'token') });
    rmSync(folder, { recursive: true });
    const app = express();
    for (const { path, access, handle } of verdictRoutes({ reader, tokens, now: () => this.#now, judge: async (verdict) => void await this.#core.engine.submit({ type: 'verdict', verdict }) })) {
      app.post(path, async (request, response) => {
        const refusal = await authorize(request, response, access, { tokens, loopback: true, passwords: () => null });
        if (refusal !== null) response.status(refusal.status).end();
        else await handle(request, response);
      });
    }
    const server = app.listen(0, '127.0.0.1');
    await new Promise<void>((resolve, reject) => { server.once('listening', resolve).once('error', reject); });
    this.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#close = () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  paged(finding: string, at: Millis): void {
    this.#waiting.push({ finding, due: at + LATER });
  }

  /** Gives the verdicts that are due. What has been taken back meanwhile needs none. */
  async work(now: Millis): Promise<void> {
    this.#now = now;
    while (this.#waiting.length > 0 && this.#waiting[0]!.due <= now) {
      const { finding: id } = this.#waiting.shift()!;
      const finding = this.#core.engine.processor.finding(id)?.finding;
      if (!finding) continue;
      const state = this.#judge(finding.identity, finding.first, Math.max(finding.last, finding.first + 1));
      if (state === null || !mayBecome(finding.state, state) || finding.state === state) continue;
      const response = await fetch(`${this.#url}/api/v1/findings/${id}/verdict`, {
        method: 'POST', headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' }, body: JSON.stringify({ state, note: 'a day later' }),
      });
      if (!response.ok) throw new Error(`the verdict on ${id} was answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
      await response.arrayBuffer();
      this.verdicts[state]++;
    }
  }

  close(): Promise<void> {
    return this.#close();
  }
}
