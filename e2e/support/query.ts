import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Frame, QueryAnswer, QueryResult } from '@remit/contract';
import { createApi } from '../../exporter/src/api/api.ts';
import { listen, type Listening } from '../../exporter/src/api/listen.ts';
import { FindingHub, type StreamLimits } from '../../exporter/src/api/query/stream.ts';
import { detectorsById } from '../../exporter/src/app.ts';
import { isNoise, isStray, read } from '../../exporter/src/detectors/off-purpose-sequence/reading.ts';
import { openTokens } from '../../exporter/src/lib/tokens.ts';
import { StateExplorer } from '../../exporter/src/pipeline/explorer.ts';
import { StateReader } from '../../exporter/src/pipeline/reader.ts';
import type { Bench } from './bench.ts';

/** A bench's core behind the HTTP surface, with real sockets. */
export class Asked {
  readonly bench: Bench;
  readonly hub: FindingHub;
  readonly ended: string[] = [];
  listening!: Listening;
  #close!: () => Promise<void>;
  now: number;

  constructor(bench: Bench, limits: Partial<StreamLimits> = {}) {
    this.bench = bench;
    this.now = bench.now;
    this.hub = new FindingHub((reason) => { this.ended.push(reason); }, limits);
  }

  /** Tokens are written to files first: read `token-r`, write `token-w` and so on; none without `closed`. */
  async open(closed = false): Promise<this> {
    const { bench } = this;
    const files = Object.fromEntries(closed ? (['ingest', 'read', 'write', 'admin'] as const).map((scope) => {
      const file = join(bench.folder, `${scope}.token`);
      writeFileSync(file, `token-${scope[0]}\n`);
      return [scope, file];
    }) : []);
    const reader = new StateReader(() => bench.core.engine.processor, () => bench.core.journal, () => Promise.resolve({ version: 'test', ready: true, since: 0, now: this.now, demo: false, rejected: [], problems: [], store: { journalBytes: 0, stateBytes: 0, position: 0, applied: 0 } }));
    const { app, close } = createApi({
      reader, explorer: new StateExplorer(() => bench.core.engine.processor, () => bench.core.journal, () => bench.core.store), hub: this.hub,
      sequences: { read: (calls, approved) => read(calls, approved, false).broken, isStray, isNoise },
      metrics: { write: (_request, response) => { response.end('\n'); return Promise.resolve(); } }, ready: () => true, live: () => true,
      reload: () => Promise.resolve({ ok: true, problems: [] }), judge: async (verdict) => void await bench.core.engine.submit({ type: 'verdict', verdict }), now: () => this.now,
      ocsf: () => ({}), runbook: () => '# Runbook', detector: (id) => detectorsById.get(id) ?? null, tokens: openTokens(files).tokens, web: () => null, loopback: true, routes: [],
      log: pino({ level: 'error' }), version: 'test',
    });
    this.#close = close;
    this.listening = await listen(app, { address: { host: '127.0.0.1', port: 0, loopback: true }, tls: null });
    return this;
  }

  async close(): Promise<void> {
    this.hub.close();
    await this.listening.close(100);
    await this.#close();
  }

  /** Closes it, and its bench for good. */
  async end(): Promise<void> {
    await this.close();
    await this.bench.close();
    this.bench.remove();
  }

  post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.listening.url}/api/v1/query`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers });
  }

  async all(...queries: object[]): Promise<QueryAnswer['results']> {
    const answer = await this.post({ queries });
    if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
    return (await answer.json() as QueryAnswer).results;
  }

  /** One query's result. */
  async ask(query: object): Promise<QueryResult> {
    return (await this.all({ refId: 'A', ...query }))['A']!;
  }

  /** The frames of a query that must succeed. */
  async frames(query: object): Promise<Frame[]> {
    const { status, error, frames } = await this.ask(query);
    if (status !== 200) throw new Error(`${status} ${error}`);
    return frames;
  }

  async rows(query: object, index = 0): Promise<Record<string, unknown>[]> {
    return rowsOf((await this.frames(query))[index]!);
  }

  async get(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const answer = await fetch(this.listening.url + path);
    return { status: answer.status, body: await answer.json() as Record<string, unknown> };
  }
}

/** Rows of a frame by the names of its fields. */
export function rowsOf({ schema, data }: Frame): Record<string, unknown>[] {
  return (data.values[0] ?? []).map((_, row) => Object.fromEntries(schema.fields.map((field, column) => [field.name, data.values[column]![row]])));
}
