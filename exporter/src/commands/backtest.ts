import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Finding, IdentityRecord, InventoryFile, Millis, NhiEvent, Problem, Source } from '@remit/contract';
import { detectorsById, hiddenValues, installationKey, openCore, readInventory, sourcesOf } from '../app.ts';
import type { HiddenValues } from '../lib/tool-arguments.ts';
import { loadConfig, type Config } from '../config.ts';
import { measureUnlabelled } from '../evaluate/measure.ts';
import { Recording } from '../evaluate/recording.ts';
import { printedUnlabelled } from '../evaluate/report.ts';
import { loadInventory } from '../inventory/load.ts';
import { parseFile } from '../inventory/parse.ts';
import { EventSorter } from '../pipeline/sorter.ts';
import { Archive, type InventoryEntry } from '../store/archive.ts';
import { compare, printed, type Side } from './backtest-compare.ts';
import { recordInto, thresholdOf } from './evaluate-run.ts';
import { EXIT, fail, printProblems, UsageError } from './output.ts';
import { Progress } from './progress.ts';
import { expand, readAll, replayFrom, type Tally } from './replay.ts';

export interface BacktestOptions {
  from?: string; to?: string; storagePath?: string; inventoryPath?: string; against?: string; withoutExceptions?: boolean;
  configFile?: string; againstConfig?: string; cluster?: string; json?: boolean; quiet?: boolean;
}

/** What is read: once, for both runs. `from` and `to` are the times of the first and after the last event. */
interface Records { tally: Tally; from: Millis; to: Millis; first: EventSorter; second: EventSorter }
/** How one side judges. */
interface Setup { config: Config; inventories: InventoryEntry[] }

/** Events of the second run that wait in memory. */
const WAITING = 20_000;

/**
 * `remit backtest`: judges the same records twice, as of event time, with what was in force and with a change, and says which findings and
 * pages the change gains and loses. Works in temporary storages; one that a service uses is only read.
 */
export async function backtest(files: string[], options: BacktestOptions): Promise<void> {
  const { from, to } = spanOf(options);
  check(files, options);
  const before = loadConfig(options.configFile);
  const after = options.againstConfig === undefined ? before : loadConfig(options.againstConfig);
  const problems = [...before.problems, ...after === before ? [] : after.problems];
  if (problems.length > 0) return fail(problems);

  const progress = new Progress(process.stderr, options.quiet ?? false);
  const cut = new AbortController();
  const stop = () => cut.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const records: Records = {
    tally: { read: 0, unique: 0, duplicate: 0, start_record: 0, rejected: {} }, from: Infinity, to: -Infinity, first: new EventSorter(), second: new EventSorter(WAITING),
  };
  // Of one secret, so that arguments compare: that of the storage, or any where nothing is kept.
  const key = options.storagePath === undefined ? new Uint8Array(16) : installationKey(options.storagePath);
  try {
    const stored = options.storagePath === undefined
      ? await readFiles(files, { cluster: options.cluster ?? before.config.cluster, sources: sourcesOf(before.config), values: hiddenValues(key, before.config), to }, records, progress) : await readArchive(options.storagePath, to, records, progress);
    progress.end();
    const setups = await setUp(options, stored);
    if ('problems' in setups) return fail(setups.problems);
    const span = { from: from ?? records.from, to: Number.isFinite(to) ? to : records.to };
    const was = await run({ config: before.config, inventories: setups.before, key }, records.first, records.tally.read, progress, cut.signal);
    const is = await run({ config: after.config, inventories: setups.after, key }, records.second, records.tally.read, progress, cut.signal);
    const score = {
      before: measureUnlabelled(was.recording, before.config.budget.pages_per_week, from), after: measureUnlabelled(is.recording, after.config.budget.pages_per_week, from),
    };
    const result = { complete: !cut.signal.aborted, ...compare(was, is, span, records.tally.rejected), score };
    process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : `${result.complete ? '' : 'Cut: both sides hold what was judged until then.\n'}${printedUnlabelled(score.before, score.after)}\n${printed(result)}`);
    if (!result.complete) process.exitCode = EXIT.negative;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    progress.end();
    await records.first.discard();
    await records.second.discard();
  }
}

const time = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

function spanOf({ from, to }: BacktestOptions): { from: Millis | null; to: Millis } {
  const read = (name: string, text: string | undefined): Millis | null => {
    if (text === undefined) return null;
    if (!time.safeParse(text).success) throw new UsageError(`${name} ${JSON.stringify(text.slice(0, 64))} is no time`, 'a day (UTC) or a time with its zone: 2026-11-01 or 2026-11-01T08:00:00Z');
    return Date.parse(text);
  };
  const span = { from: read('--from', from), to: read('--to', to) ?? Infinity };
  if (span.from !== null && span.from >= span.to) throw new UsageError('--from is not before --to', 'findings between the two are compared');
  return span;
}

function check(files: readonly string[], { storagePath, against, withoutExceptions, againstConfig }: BacktestOptions): void {
  if ((files.length > 0) === (storagePath !== undefined)) throw new UsageError(files.length > 0 ? 'files and a storage at once' : 'nothing to replay', 'name log files, or the --storage.path of a service');
  if (storagePath !== undefined && !(existsSync(join(storagePath, 'journal.db')) && existsSync(join(storagePath, 'state.db')))) {
    throw new UsageError(`${storagePath}: no storage of remit`, 'name the folder that `serve` or `replay` was given as --storage.path');
  }
  if (against === undefined && againstConfig === undefined && withoutExceptions !== true) {
    throw new UsageError('there is no change to try', 'name the changed inventory with --against, a changed configuration with --against.config, or --without-exceptions');
  }
}

// -------------------------------------------------------------- reading

/** Keeps what is older than `to`, for both runs: each changes its events. */
async function keep(event: NhiEvent, to: Millis, records: Records): Promise<void> {
  if (event.time >= to) return;
  records.from = Math.min(records.from, event.time);
  records.to = Math.max(records.to, event.time + 1);
  await records.second.add(structuredClone(event));
  await records.first.add(event);
}

async function readFiles(files: string[], { cluster, sources, values, to }: { cluster: string; sources: readonly Source[]; values: HiddenValues; to: Millis }, records: Records, progress: Progress): Promise<null> {
  await readAll(await expand(files, cluster), { add: (event) => keep(event, to, records) }, records.tally, progress, { sources, values });
  return null;
}

/** The revisions that were in force, beside the events. */
async function readArchive(folder: string, to: Millis, records: Records, progress: Progress): Promise<InventoryEntry[]> {
  const archive = await Archive.open(folder);
  try {
    for await (const entry of archive.entries()) {
      if (entry.type !== 'batch') continue;
      for (const event of entry.events) await keep(event, to, records);
      records.tally.read += entry.events.length;
      progress.show('reading', entry.position - archive.first, archive.last - archive.first, records.tally.read, 'events');
    }
    return archive.inventories();
  } finally {
    await archive.close();
  }
}

// -------------------------------------------------------------- inventories

/**
 * What each side judges by. Before: the revisions of the archive, each from its time on, or the files named. After: the changed files from
 * the beginning, so that only the times within them count; what they replace comes first, for the dates that it knows.
 */
async function setUp(
  { inventoryPath, against, withoutExceptions }: BacktestOptions, stored: InventoryEntry[] | null,
): Promise<{ before: InventoryEntry[]; after: InventoryEntry[] } | { problems: Problem[] }> {
  const imported = Date.now();
  const before = inventoryPath === undefined && stored !== null ? stored : await fromFiles(inventoryPath, imported);
  if ('problems' in before) return before;
  let after = before;
  if (against !== undefined) {
    const changed = await fromFiles(against, imported);
    if ('problems' in changed) return changed;
    after = [...before.map((entry) => ({ ...entry, now: 0 })), ...changed];
  }
  return { before, after: withoutExceptions === true ? after.map(withoutAny) : after };
}

async function fromFiles(path: string | undefined, imported: Millis): Promise<InventoryEntry[] | { problems: Problem[] }> {
  const { files, problems } = await readInventory(path);
  const loaded = loadInventory(files, { importedAt: imported, detectors: new Set(detectorsById.keys()) });
  problems.push(...loaded.problems);
  if (loaded.inventory === null || problems.some(({ severity }) => severity === 'error')) return { problems };
  printProblems(problems);
  return [{ type: 'inventory', now: 0, imported, revision: loaded.inventory.revision, files }];
}

/** The same with every exception left out. */
function withoutAny(entry: InventoryEntry): InventoryEntry {
  const files = Object.entries(entry.files).map(([path, text]): [string, string] => {
    const parsed = parseFile(path, text);
    if ('problems' in parsed || typeof parsed.value !== 'object' || parsed.value === null) return [path, text];
    const { exceptions: _, identities, ...rest } = parsed.value as Partial<InventoryFile>;
    const records = identities?.map(({ exceptions: __, ...record }): Omit<IdentityRecord, 'exceptions'> => record);
    return [path, JSON.stringify({ ...rest, ...records === undefined ? {} : { identities: records } })];
  });
  return { ...entry, files: Object.fromEntries(files) };
}

// -------------------------------------------------------------- judging

async function run({ config, inventories, key }: Setup & { key: Uint8Array }, events: EventSorter, total: number, progress: Progress, cut: AbortSignal): Promise<Side & { recording: Recording }> {
  const recording = new Recording();
  const pages = new Map<string, number>();
  // Followed as they change: the book forgets what was taken back long ago.
  const findings = new Map<string, Finding>();
  const core = await openCore({
    storage: null, config, key, retention: Infinity,
    changed: (changes) => {
      for (const { finding, change, page } of changes) {
        recording.finding(finding, change === 'opened' || change === 'reopened', page);
        findings.set(finding.id, finding);
        if (page) pages.set(finding.id, (pages.get(finding.id) ?? 0) + 1);
      }
    },
  });
  try {
    for (const entry of inventories) await core.engine.submit(entry);
    const { processor } = core.engine;
    const { tally } = await replayFrom(core, async (sorter, tally) => {
      tally.read = total;
      for await (const event of events.sorted()) await sorter.add(event);
    }, progress, recordInto(recording, processor), cut);
    recording.threshold = thresholdOf(processor);
    for (const { finding } of processor.book.all.values()) findings.set(finding.id, finding);
    return {
      recording, events: tally.unique, findings, pages, exceptions: new Map(inventories.length === 0 ? [] : core.inventory().exceptions().map(({ exception }) => [exception.id, exception])),
      known: new Set(processor.identities.all.map(({ urn }) => urn)),
      shadow: [...processor.shadows.all.values()].sort((a, b) => b.count - a.count || (`${a.urn} ${a.detector}` < `${b.urn} ${b.detector}` ? -1 : 1)),
    };
  } finally {
    await core.close();
  }
}
