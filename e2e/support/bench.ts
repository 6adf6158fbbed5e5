import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import type { Finding, Receipt } from '@remit/contract';
import { openCore, REPLAY_KEY, sources, type Core } from '../../exporter/src/app.ts';
import { Progress } from '../../exporter/src/commands/progress.ts';
import { replayInto, type ReplayResult } from '../../exporter/src/commands/replay.ts';
import { loadConfig } from '../../exporter/src/config.ts';
import { IngestDoor } from '../../exporter/src/pipeline/ingest.ts';

/** Test support: a storage in a temporary folder, fed through the doors that users have. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'remit-test-'));
  readonly storage = join(this.folder, 'storage');
  core!: Core;
  /** Wall clock of the ingest door. */
  now = Date.parse('2026-11-22T12:00:00Z');
  readonly rejected: string[] = [];
  #files = 0;

  async open(inventory?: string): Promise<this> {
    const { config } = loadConfig(undefined);
    this.core = await openCore({ storage: this.storage, config, key: REPLAY_KEY });
    const path = inventory === undefined ? undefined : this.file(inventory, 'yml');
    const loaded = await this.core.loadInventory(path, 0);
    if (!loaded.ok) throw new Error(loaded.problems.map((p) => `${p.line}: ${p.message}`).join('\n'));
    return this;
  }

  /** A file in the test's folder. */
  file(content: string | Uint8Array, ending = 'jsonl'): string {
    const path = join(this.folder, `${this.#files++}.${ending}`);
    writeFileSync(path, content);
    return path;
  }

  replay(...bodies: (string | Uint8Array)[]): Promise<ReplayResult> {
    return replayInto(this.core, bodies.map((body) => ({ path: this.file(body), cluster: 'test', bytes: body.length })), new Progress(process.stderr, true));
  }

  ingest(body: string | Uint8Array, hint: { backfill?: boolean; source?: string; encoding?: string } = {}): Promise<Receipt> {
    const door = new IngestDoor({
      sources, submit: (entry) => this.core.engine.submit(entry), now: () => this.now, cluster: 'test', values: this.core.values,
      telemetry: { rejected: (source, reason) => { this.rejected.push(`${source} ${reason}`); }, delay: () => {}, acknowledged: () => {} },
    });
    return door.accept(Buffer.from(body), { receiver: 'http', ...hint });
  }

  async tick(now: number, idle: string[] = []): Promise<void> {
    await this.core.engine.submit({ type: 'tick', now, idle });
  }

  findings(): Finding[] {
    return [...this.core.engine.processor.book.all.values()].map((k) => k.finding).filter((f) => f.state !== 'withdrawn');
  }

  urns(): string[] {
    return this.core.engine.processor.identities.all.map((i) => i.urn).sort();
  }

  digest(): Promise<string> {
    return this.core.engine.digest();
  }

  /** Writes the cut and lets go, as a stop does. */
  async close(): Promise<void> {
    await this.core.close();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Lines of a shipped sample. */
export function sample(name: string): string[] {
  return gunzipSync(readFileSync(new URL(`../../examples/data/${name}.jsonl.gz`, import.meta.url))).toString().trim().split('\n');
}

/** A CloudTrail record of an assumed role. `session` false leaves the session context out, as some services do. */
export function roleRecord(
  name: string, id: string, time: string, more: { session?: string | false; operation?: string; service?: string; key?: string; event?: string; extra?: object } = {},
): string {
  const account = '111122223333';
  const session = more.session === false ? 'none' : more.session ?? 'work';
  return JSON.stringify({
    eventVersion: '1.09', eventID: more.event ?? `${name}-${id}-${time}-${session}-${more.operation ?? ''}`, eventTime: time,
    eventSource: more.service ?? 's3.amazonaws.com', eventName: more.operation ?? 'GetObject', awsRegion: 'eu-west-1',
    sourceIPAddress: '10.0.0.1', recipientAccountId: account, requestParameters: { bucketName: 'records', key: 'a' },
    userIdentity: {
      type: 'AssumedRole', accountId: account, arn: `arn:aws:sts::${account}:assumed-role/${name}/${session}`,
      ...(id === '' ? {} : { principalId: `${id}:${session}` }), ...(more.key === undefined ? {} : { accessKeyId: more.key }),
      ...(more.session === false ? {} : {
        sessionContext: {
          sessionIssuer: { type: 'Role', ...(id === '' ? {} : { principalId: id }), arn: `arn:aws:iam::${account}:role/${name}`, accountId: account, userName: name },
          attributes: { creationDate: time, mfaAuthenticated: 'false' },
        },
      }),
    },
    ...more.extra,
  });
}

/** The same list in another order, the same on every run. */
export function shuffled<T>(list: readonly T[], seed: number): T[] {
  const out = [...list];
  let state = seed;
  for (let i = out.length - 1; i > 0; i--) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    const j = state % (i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}
