import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { SEVERITIES, type Finding, type NhiEvent, type QueryAnswer } from '@remit/contract';
import { createApi } from '../exporter/src/api/api.ts';
import { listen, type Listening } from '../exporter/src/api/listen.ts';
import { FindingHub } from '../exporter/src/api/query/stream.ts';
import { detectors, detectorsById, openCore, sourcesById, type Core } from '../exporter/src/app.ts';
import { loadConfig } from '../exporter/src/config.ts';
import { isNoise, isStray, read } from '../exporter/src/detectors/off-purpose-sequence/reading.ts';
import { openTokens } from '../exporter/src/lib/tokens.ts';
import { StateExplorer } from '../exporter/src/pipeline/explorer.ts';
import { StateReader } from '../exporter/src/pipeline/reader.ts';
import { fleetInventory, fleetRecord, urnOf } from './fleet.ts';
import { figure, quantile, type Figure } from './measure.ts';
import { Random, uuid } from './random.ts';

const EVENTS = 1_000_000;
const FINDINGS = 100_000;
const IDENTITIES = 5000;
/** Events of one batch, as they come to a busy door; a quiet one has smaller ones. */
const BATCH = 20;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The busiest identities do so much that they are in nearly every row. */
const BUSY = 20;
const DAYS = 30;
const ROUNDS = 30;
const MOST_MS = 200;
const MOST_HELD = 20;
/** Batches that are under way at a time. */
const AHEAD = 256;

/**
 * How long queries take over HTTP, for 30 days with 100,000 findings and a million events of 5,000 identities, a few of which do most of the
 * work; and what memory is left over when all findings and 100,000 events have been read page by page.
 */
export async function measureQueries(say: (text: string) => void): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'remit-bench-'));
  const core = await openCore({ storage: join(folder, 'storage'), config: loadConfig(undefined).config });
  const end = Math.floor(Date.now() / DAY) * DAY;
  mkdirSync(join(folder, 'inventory'));
  for (const [name, text] of Object.entries(fleetInventory(IDENTITIES, 2, 9))) writeFileSync(join(folder, 'inventory', name), text);
  const random = new Random(11);
  let served: Served | null = null;
  try {
    const { ok, problems } = await core.loadInventory(join(folder, 'inventory'), end - DAYS * DAY);
    if (!ok) throw new Error(`the inventory was refused: ${problems[0]?.message}`);
    say(`query: ${EVENTS} events`);
    await act(core, end, random);
    say(`query: ${FINDINGS} findings`);
    find(core, end, random);
    const warming = performance.now();
    await core.journal.warm();
    const warmed = performance.now() - warming;
    served = await serve(core, end);
    return [figure('query_index_ms', [warmed]), ...await latencies(served, core, end, random, say), await held(served, end)];
  } finally {
    await served?.close();
    await core.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A fleet that has acted for 30 days. Everybody's first and last event go the whole way, so that the state knows them; the million in between
 * go into the archive alone, some denied, and their hours into the state's rows, since judging them all is what other parts measure.
 */
async function act(core: Core, end: number, random: Random): Promise<void> {
  const source = sourcesById.get('aws-cloudtrail')!;
  const start = end - DAYS * DAY;
  const context = { feed: 'bench', cluster: 'bench', receivedAt: end };
  const made = Array.from({ length: 2 * IDENTITIES }, (_, i) => source.normalise(JSON.parse(fleetRecord(i >> 1, start, random).line), context)[0]!);
  let n = 0;
  const event = (variant: number, time: number): NhiEvent => {
    const of = made[variant]!;
    const denied = random.between(0, 99) === 0;
    return {
      ...of, time, metadata: { ...of.metadata, original_event_uid: uuid(n++, 1, 2, random.bits()) }, actor: { ...of.actor, identity: { ...of.actor.identity } },
      status_id: denied ? 2 : 1, outcome: { denied },
    };
  };
  for (const time of [start, end - 3 * HOUR]) {
    for (let i = 0; i < made.length; i += 1000) {
      await core.engine.submit({ type: 'batch', receivedAt: time, feed: 'bench', backfill: true, events: made.slice(i, i + 1000).map((_, k) => event(i + k, time + k)) });
    }
  }
  await archive(core, start, random, event);
  await core.engine.submit({ type: 'tick', now: end, idle: ['bench/aws-cloudtrail'] });
  await core.engine.cut();
  await hours(core, start, random);
}

async function archive(core: Core, start: number, random: Random, event: (variant: number, time: number) => NhiEvent): Promise<void> {
  const step = (DAYS * DAY) / EVENTS;
  const busy = Array.from({ length: IDENTITIES }, (_, i) => (i + 1) ** -1.1);
  for (let i = 1; i < IDENTITIES; i++) busy[i]! += busy[i - 1]!;
  let under: Promise<unknown>[] = [];
  for (let i = 0; i < EVENTS; i += BATCH) {
    const events = Array.from({ length: BATCH }, (_, n) => event(2 * place(busy, random.next() * busy.at(-1)!) + random.between(0, 1), Math.floor(start + (i + n) * step)));
    under.push(core.journal.append({ type: 'batch', receivedAt: events.at(-1)!.time + 1000, feed: 'bench', backfill: false, events }));
    if (under.length < AHEAD) continue;
    await Promise.all(under);
    under = [];
  }
  await Promise.all(under);
}

/** Closed hours: all of the busiest, some of the others. */
async function hours(core: Core, start: number, random: Random): Promise<void> {
  const { position, identities } = core.engine.processor;
  const puts = identities.all.flatMap(({ index }) => Array.from({ length: DAYS * 24 }, (_, hour) => hour).filter(() => index <= BUSY || random.between(0, 35) === 0)
    .map((hour) => ({ table: 'closed', key: `${String(start + hour * HOUR).padStart(14, '0')}/${String(index).padStart(10, '0')}`, value: Buffer.from(`[${random.between(1, 90)},0,null]`) })));
  await core.store.commit({ position, puts, deletes: [], drops: [] });
}

/** Findings as a busy month leaves them behind: most closed, of every detector. */
function find(core: Core, end: number, random: Random): void {
  const { book } = core.engine.processor;
  for (let i = book.all.size; i < FINDINGS; i++) {
    const detector = random.pick(detectors);
    const last = end - random.between(0, DAYS * DAY);
    const identity = random.between(0, IDENTITIES - 1);
    const finding: Finding = {
      id: `${i.toString(16).padStart(8, '0')}${'0'.repeat(24)}`, revision: 1, identity: urnOf(identity), kind: 'workload', class: detector.class, detector: detector.id,
      subject: `aws:s3:GetObject ${i % 97}`, bucket: String(last), state: i % 50 === 0 ? 'open' : 'resolved', severity: random.pick(SEVERITIES), owner: identity % 2 === 0 ? 'jobs' : null,
      purpose: null, reason: 'Expected the hours between 09:00 and 17:00; observed a call long after them.', expected: 'the hours between 09:00 and 17:00',
      observed: 'a call long after them', first: last - random.between(0, 3_600_000), last, count: random.between(1, 50), evidence: [], also: [], provisional: false, opened_at: last, updated_at: last,
    };
    book.restore({ finding, lead: [finding.first, ''], loud: 1, exception: null, parts: null });
  }
}

interface Served { listening: Listening; hub: FindingHub; close(): Promise<void> }

async function serve(core: Core, now: number): Promise<Served> {
  const hub = new FindingHub();
  const { app, close } = createApi({
    reader: new StateReader(() => core.engine.processor, () => core.journal, () => Promise.reject(new Error('not asked here'))),
    explorer: new StateExplorer(() => core.engine.processor, () => core.journal, () => core.store), hub,
    sequences: { read: (calls, approved) => read(calls, approved, false).broken, isStray, isNoise }, metrics: { write: () => Promise.resolve() }, ready: () => true, live: () => true,
    reload: () => Promise.resolve({ ok: true, problems: [] }), judge: () => Promise.resolve(), now: () => now, ocsf: () => ({}), runbook: () => null,
    detector: (id) => detectorsById.get(id) ?? null, tokens: openTokens({}).tokens, web: () => null, loopback: true, routes: [], log: pino({ level: 'error' }), version: 'bench',
  });
  const listening = await listen(app, { address: { host: '127.0.0.1', port: 0, loopback: true }, tls: null });
  return { listening, hub, close: async () => { await listening.close(100); await close(); } };
}

/** Query after query, each with other names, all over the 30 days. */
async function latencies(served: Served, core: Core, end: number, random: Random, say: (text: string) => void): Promise<Figure[]> {
  const ids = [...core.engine.processor.book.all.keys()];
  const whole = { from: end - DAYS * DAY, to: end };
  const busy = () => urnOf(random.between(0, BUSY));
  const quiet = () => urnOf(random.between(500, IDENTITIES - 1));
  const is = (key: string, ...values: string[]) => ({ key, op: '=', values });
  const cases: Record<string, () => object> = {
    findings: () => ({ kind: 'findings', ...whole }),
    findings_filtered: () => ({ kind: 'findings', ...whole, filters: [is('severity', 'critical'), { key: 'identity', op: '=~', values: [`.*job-${random.between(1, 9)}.*`] }] }),
    findings_volume: () => ({ kind: 'findings', format: 'volume', ...whole }),
    events_newest: () => ({ kind: 'events', ...whole }),
    events_busy_identity: () => ({ kind: 'events', ...whole, filters: [is('identity', busy())] }),
    events_quiet_identity: () => ({ kind: 'events', ...whole, filters: [is('identity', quiet())] }),
    events_denied: () => ({ kind: 'events', ...whole, limit: 100, filters: [is('outcome', 'denied')] }),
    events_volume: () => ({ kind: 'events', format: 'volume', ...whole }),
    identities: () => ({ kind: 'identities', filters: [is('owner', 'jobs')] }),
    baseline: () => ({ kind: 'baseline', ...whole, filters: [is('identity', busy(), quiet(), quiet())] }),
    deviations: () => ({ kind: 'deviations', ...whole, filters: [is('identity', quiet())] }),
    graph: () => ({ kind: 'graph', ...whole, filters: [is('identity', quiet())] }),
    privileges: () => ({ kind: 'privileges', ...whole, filters: [is('identity', quiet())] }),
    coverage: () => ({ kind: 'coverage', filters: [is('identity', quiet())] }),
    explain: () => ({ kind: 'explain', query: random.pick(ids) }),
  };
  const figures: Figure[] = [];
  for (const [name, made] of Object.entries(cases)) {
    const times: number[] = [];
    const cpu: number[] = [];
    let notes = '';
    for (let round = -3; round < ROUNDS; round++) {
      const query = made();
      const began = performance.now();
      const used = process.cpuUsage();
      const { status, error, frames } = await ask(served, query);
      if (round >= 0) {
        times.push(performance.now() - began);
        const { user, system } = process.cpuUsage(used);
        cpu.push((user + system) / 1000);
      }
      if (status !== 200) throw new Error(`${name}: ${status} ${error}`);
      notes = frames[0]?.schema.meta.custom?.partial ? ' partial' : '';
    }
    times.sort((a, b) => a - b);
    say(`query: ${name} p50 ${quantile(times, 0.5).toFixed(1)} ms, p95 ${quantile(times, 0.95).toFixed(1)} ms, CPU ${quantile(cpu.sort((a, b) => a - b), 0.5).toFixed(1)} ms${notes}`);
    figures.push(figure(`query_${name}_p95_ms`, [quantile(times, 0.95)], { most: MOST_MS }), figure(`query_${name}_cpu_ms`, cpu));
  }
  return figures;
}

async function ask({ listening }: Served, query: object): Promise<QueryAnswer['results'][string]> {
  const answer = await fetch(`${listening.url}/api/v1/query`, { method: 'POST', body: JSON.stringify({ queries: [{ refId: 'A', ...query }] }) });
  return ((await answer.json()) as QueryAnswer).results['A']!;
}

/** Megabytes that reading much page by page leaves behind. */
async function held(served: Served, end: number): Promise<Figure> {
  const pages = async (kind: string, limit: number, most: number): Promise<void> => {
    let cursor: string | null = null;
    for (let i = 0; i < most; i++) {
      const { frames } = await ask(served, { kind, from: end - DAYS * DAY, to: end, limit, cursor });
      cursor = frames[0]!.schema.meta.custom!.cursor;
      if (cursor === null) return;
    }
  };
  await pages('events', 1000, 2);
  await pages('findings', 1000, 2);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  await pages('findings', 10_000, 20);
  await pages('events', 5000, 20);
  globalThis.gc?.();
  return figure('query_held_after_paging_mb', [(process.memoryUsage().heapUsed - before) / 2 ** 20], { most: MOST_HELD });
}

function place(cumulative: readonly number[], at: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
