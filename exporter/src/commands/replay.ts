import { existsSync, globSync } from 'node:fs';
import type { EntryBody, Finding, Millis, NhiEvent, RejectReason } from '@remit/contract';
import { openCore, REPLAY_KEY, type Core } from '../app.ts';
import { loadConfig } from '../config.ts';
import { HOLD } from '../pipeline/traces.ts';
import { HOUR } from '../pipeline/hours.ts';
import type { Identity } from '../pipeline/identities.ts';
import type { Processor } from '../pipeline/processor.ts';
import { Normaliser } from '../pipeline/normalise.ts';
import type { Seen } from '../pipeline/dedup.ts';
import { summarise } from '../pipeline/reader.ts';
import { EventSorter } from '../pipeline/sorter.ts';
import { fileSize, readLogFile, STDIN } from '../receivers/file/read.ts';
import { fail, printProblems, UsageError } from './output.ts';
import { Progress } from './progress.ts';

const BATCH_EVENTS = 1000;
/** A source without events for this long holds back no hour. */
const IDLE: Millis = 6 * HOUR;

export interface ReplayOptions { cluster?: string; json?: boolean; configFile?: string; storagePath?: string; inventoryPath?: string; quiet?: boolean }

/** One input: a file, and the cluster its Kubernetes records are of. */
export interface Input { path: string; cluster: string; bytes: number }

export interface Tally {
  read: number; unique: number; duplicate: number; start_record: number; rejected: Partial<Record<RejectReason, number>>;
}

/** `remit replay`: reads log files, judges them on event time and says what was found. */
export async function replay(files: string[], options: ReplayOptions): Promise<void> {
  const { config, problems } = loadConfig(options.configFile);
  if (problems.length > 0) return fail(problems);
  const inputs = await expand(files, options.cluster ?? config.cluster);
  const core = await openCore({ storage: options.storagePath ?? null, config, key: REPLAY_KEY, retention: Infinity });
  try {
    const inventory = await core.loadInventory(options.inventoryPath, 0, Date.now());
    printProblems(inventory.problems);
    if (!inventory.ok) return fail([]);
    const result = await replayInto(core, inputs, new Progress(process.stderr, options.quiet ?? false));
    if (options.json) process.stdout.write(`${JSON.stringify(await report(core, result))}\n`);
    else process.stdout.write(await summary(core, result));
  } finally {
    await core.close();
  }
}

/** Files of globs and of `CLUSTER=FILE`, in a stable order. Throws `UsageError` naming what does not exist. */
export async function expand(files: string[], cluster: string): Promise<Input[]> {
  const inputs: Input[] = [];
  for (const argument of files) {
    const named = existsSync(argument) ? null : /^([A-Za-z0-9][A-Za-z0-9._-]{0,252})=(.+)$/.exec(argument);
    const pattern = named ? named[2]! : argument;
    const paths = pattern === STDIN || existsSync(pattern) ? [pattern] : globSync(pattern).sort();
    if (paths.length === 0) throw new UsageError(`${pattern}: no such file`, 'name log files, or a pattern in quotes such as "logs/**/*.json.gz"');
    for (const path of paths) inputs.push({ path, cluster: named ? named[1]! : cluster, bytes: await fileSize(path) });
  }
  return inputs;
}

/** Result of one run: what this run read and counted, by the class each identity has in the end. */
export interface ReplayResult { tally: Tally; byIdentity: Map<Identity, number>; unattributed: number }

/** Reads, sorts by event time and applies; ticks of the virtual clock at every hour that events reach. */
export async function replayInto(
  core: Core, inputs: readonly Input[], progress: Progress, each?: (event: NhiEvent, identity: Identity) => void,
): Promise<ReplayResult> {
  return replayFrom(core, (sorter, tally) => readAll(inputs, sorter, tally, progress, core), progress, each);
}

/** The same for events of any origin: `read` puts them into the sorter and counts in `tally.read`. `cut` ends the judging early. */
export async function replayFrom(
  core: Core, read: (sorter: EventSorter, tally: Tally) => Promise<void>, progress: Progress, each?: (event: NhiEvent, identity: Identity) => void, cut?: AbortSignal,
): Promise<ReplayResult> {
  const tally: Tally = { read: 0, unique: 0, duplicate: 0, start_record: 0, rejected: {} };
  const sorter = new EventSorter();
  try {
    await read(sorter, tally);
    const result: ReplayResult = { tally, byIdentity: new Map(), unattributed: 0 };
    core.engine.processor.observer = (event: NhiEvent, seen: Seen, identity: Identity | null) => {
      tally[seen]++;
      if (seen !== 'unique') return;
      if (identity) {
        result.byIdentity.set(identity, (result.byIdentity.get(identity) ?? 0) + 1);
        each?.(event, identity);
      } else result.unattributed++;
    };
    await applyAll(core, sorter, tally.read, progress, cut);
    return result;
  } finally {
    core.engine.processor.observer = null;
    await sorter.discard();
    progress.end();
  }
}

/** Reads the records of all files and hands their events on, in order of the files. */
export async function readAll(inputs: readonly Input[], sorter: Pick<EventSorter, 'add'>, tally: Tally, progress: Progress, from: Pick<Core, 'sources' | 'values'>): Promise<void> {
  const normaliser = new Normaliser(from.sources);
  const total = inputs.reduce((sum, input) => sum + input.bytes, 0);
  const read = { bytes: 0 };
  for (const { path, cluster } of inputs) {
    for await (const record of readLogFile(path, read)) {
      tally.read++;
      if (tally.read % 1000 === 0) progress.show('reading', read.bytes, total, tally.read, 'records');
      const result = 'reject' in record
        ? { reason: record.reject } : normaliser.record(record.value, null, { feed: 'replay', cluster, receivedAt: 0, values: from.values });
      if ('reason' in result) tally.rejected[result.reason] = (tally.rejected[result.reason] ?? 0) + 1;
      else for (const event of result.events) await sorter.add(event);
    }
  }
}

async function applyAll(core: Core, sorter: EventSorter, total: number, progress: Progress, cut: AbortSignal | undefined): Promise<void> {
  const newest = new Map<string, Millis>();
  const waiting: Promise<unknown>[] = [];
  let batch: NhiEvent[] = [];
  let hour = NaN;
  let done = 0;
  const submit = async (entry: EntryBody) => {
    const submitted = core.engine.submit(entry);
    submitted.catch(() => {});
    waiting.push(submitted);
    if (waiting.length >= 8) await waiting.shift();
  };
  const flush = async () => {
    if (batch.length > 0) await submit({ type: 'batch', receivedAt: hour + HOUR - 1, feed: 'replay', backfill: true, events: batch });
    done += batch.length;
    batch = [];
    progress.show('judging', done, total, done, 'events');
  };
  for await (const event of sorter.sorted()) {
    const start = event.time - (event.time % HOUR);
    if (start !== hour || batch.length >= BATCH_EVENTS) await flush();
    if (start !== hour) {
      if (cut?.aborted) break;
      const idle = [...newest].filter(([, time]) => time < start - IDLE).map(([source]) => `replay/${source}`);
      await submit({ type: 'tick', now: start, idle });
      hour = start;
    }
    newest.set(event.metadata.source, event.time);
    batch.push(event);
  }
  await flush();
  // Calls that wait for their ancestors wait no longer.
  if (!Number.isNaN(hour)) await submit({ type: 'tick', now: Math.max(hour + HOUR - 1, ...[...newest.values()].map((time) => time + HOLD)), idle: [] });
  await Promise.all(waiting);
}

async function report(core: Core, { tally, byIdentity, unattributed }: ReplayResult): Promise<object> {
  const p = core.engine.processor;
  const classes = { human: 0, machine: 0, platform: 0, unknown: 0 };
  for (const [identity, n] of byIdentity) classes[p.identities.classOf(identity) as 'human'] += n;
  const instant = (at: Millis) => new Date(at).toISOString();
  return {
    events: { ...tally, ...classes, unattributed },
    // Whoever has no events acted only in the name of others.
    identities: p.identities.all.map((i) => summarise(p, i)).filter(({ events }) => events > 0).sort((a, b) => (a.urn < b.urn ? -1 : 1))
      .map(({ urn, kind, class: verdict, events, first, last }) => ({ urn, kind, class: verdict, events, first: instant(first), last: instant(last) })),
    findings: findings(p).map((f) => ({
      id: f.id, detector: f.detector, identity: f.identity, severity: f.severity, class: f.class, state: f.state, first: instant(f.first),
      last: instant(f.last), count: f.count, reason: f.reason, owner: f.owner, ...f.exception === undefined ? {} : { exception: f.exception },
    })),
    digest: await core.engine.digest(),
  };
}

/** In order of their first event. What was withdrawn is none. */
function findings(p: Processor): Finding[] {
  return [...p.book.all.values()].map((k) => k.finding).filter((f) => f.state !== 'withdrawn')
    .sort((a, b) => a.first - b.first || (a.id < b.id ? -1 : 1));
}

async function summary(core: Core, result: ReplayResult): Promise<string> {
  const { events, identities, digest } = (await report(core, result)) as {
    events: Record<string, unknown> & { rejected: Record<string, number> }; identities: { class: string }[]; digest: string;
  };
  const found = findings(core.engine.processor);
  const rejected = Object.entries(events.rejected).map(([reason, n]) => `${n} ${reason}`).join(', ');
  const lines = [
    `${String(events['read'])} records read: ${String(events['unique'])} events, ${String(events['duplicate'])} duplicates, ${String(events['start_record'])} start records${rejected ? `, refused: ${rejected}` : ''}`,
    `${identities.length} identities: ${['machine', 'unknown', 'human', 'platform'].map((c) => `${identities.filter((i) => i.class === c).length} ${c}`).join(', ')}`,
    '', found.length === 0 ? 'No findings.' : `${found.length} ${found.length === 1 ? 'finding' : 'findings'}:`,
    ...found.slice(0, 50).flatMap((f) => [
      `  ${f.severity.padEnd(8)} ${f.detector}  ${f.identity}${f.owner === null ? '' : `  (${f.owner})`}`,
      `           ${f.reason} ${f.count} ${f.count === 1 ? 'event' : 'events'}${f.state === 'open' ? '' : `, ${f.state}`}`,
    ]),
    ...(found.length > 50 ? [`  … and ${found.length - 50} more; --json lists them all`] : []),
    '', `digest ${digest}`, '',
  ];
  return lines.map(printable).join('\n');
}

/** Names come from logs: nothing in them may drive a terminal. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
