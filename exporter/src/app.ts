import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Detector, EntryBody, FindingChange, Inventory, Millis, Problem, Source, Telemetry } from '@remit/contract';
import { habits } from './baseline/habits/all.ts';
import { openSums, restoreSums, saveSums, Summing } from './baseline/sums.ts';
import { ToolHabits } from './baseline/tools/habits.ts';
import type { Config } from './config.ts';
import { readInventoryFolder, UnreadableInventory } from './inventory/folder.ts';
import { emptyInventory, InventoryHistory } from './inventory/history.ts';
import { loadInventory } from './inventory/load.ts';
import { HiddenValues } from './lib/tool-arguments.ts';
import { Engine } from './pipeline/engine.ts';
import type { Parts, Scoring } from './pipeline/parts.ts';
import { Processor } from './pipeline/processor.ts';
import { detectors, sources } from './registry.generated.ts';
import { Scorer } from './score/scorer.ts';
import { mappedSource } from './sources/generic/source.ts';
import { SqliteJournal, NO_FAULTS, type Faults } from './store/journal.ts';
import { lockStorage } from './store/lock.ts';
import { SqliteStore } from './store/state.ts';

export { detectors, sources };
/** Those that come with it. */
export const sourcesById: ReadonlyMap<string, Source> = new Map(sources.map((s) => [s.id, s]));
/** The sources of a configuration: the user's own mappings first, since they say whose records they mean. */
export function sourcesOf(config: Config): readonly Source[] {
  return [...config.sources.generic.map(mappedSource), ...sources];
}
export const detectorsById: ReadonlyMap<string, Detector> = new Map(detectors.map((d) => [d.id, d]));

/** A replay has much to apply and nobody waits for a restart: it cuts rarely. */
const CUT_EVENTS = 50_000;
/** Where the part of the secret begins that hides arguments. */
const VALUES_KEY = 8;

export interface CoreOptions {
  /** Folder of the storage; null: a temporary one that goes at the end. */
  storage: string | null;
  config: Config;
  restored?(processor: Processor, extra: unknown): void;
  changed?(changes: readonly FindingChange[]): void;
  extra?(): unknown;
  degraded?(value: boolean, error?: Error): void;
  /** A detector threw; the others went on. */
  failed?(detector: string, error: unknown): void;
  telemetry?: Pick<Telemetry, 'dropped' | 'inspected'>;
  faults?: Faults;
  /** The secret of a new storage, instead of a random one: events and digests of another storage can be compared then. */
  key?: Uint8Array;
  /** How long closed findings are kept: 30 days unless given. Infinity where a log is judged as a whole. */
  retention?: Millis;
}

/** Journal, store and state machine, restored and ready: what `serve`, `replay` and `state` have in common. */
export interface Core {
  engine: Engine;
  journal: SqliteJournal;
  store: SqliteStore;
  /** How arguments of tools are known: sources need it. */
  values: HiddenValues;
  /** Those that come with it, and the user's own. */
  sources: readonly Source[];
  /** The inventory in force. */
  inventory(): Inventory;
  replayed: number;
  /**
   * Reads the inventory and, when it is good and new, puts it in force from a time on. An end of life without a date counts from
   * `imported`, which is `from` when it is not given.
   */
  loadInventory(path: string | undefined, from: Millis, imported?: Millis): Promise<{ ok: boolean; problems: Problem[] }>;
  close(): Promise<void>;
}

export async function openCore(options: CoreOptions): Promise<Core> {
  const folder = options.storage ?? mkdtempSync(join(tmpdir(), 'remit-'));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockStorage(folder);
  const journal = await SqliteJournal.open(join(folder, 'journal.db'), options.faults ?? NO_FAULTS);
  const store = new SqliteStore(join(folder, 'state.db'));
  const timeline = new InventoryHistory();
  const key = installationKey(folder, options.key);
  const values = hiddenValues(key, options.config);
  const known = sourcesOf(options.config);
  const { engine, replayed } = await Engine.open({
    journal, store,
    parts: partsOf(options.config, key, values, timeline, {
      failed: (detector, error) => {
        options.telemetry?.dropped('judge', 'error', 1);
        options.failed?.(detector, error);
      },
      inspected: (detector, seconds) => options.telemetry?.inspected(detector, seconds),
      overflowed: (steps) => options.telemetry?.dropped('judge', 'overflow', steps),
    }, options.retention),
    restored: options.restored ?? (() => {}), changed: options.changed ?? (() => {}), extra: options.extra ?? (() => null), degraded: options.degraded ?? (() => {}),
    cutEvents: CUT_EVENTS,
  });
  return {
    engine, journal, store, values, sources: known, replayed, inventory: () => timeline.latest(),
    loadInventory: (path, from, imported = from) => applyInventory(path, from, imported, timeline, (entry) => engine.submit(entry)),
    close: async () => {
      await engine.close();
      lock.release();
      if (options.storage === null) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a state machine is made of when nothing is learned yet. */
function partsOf(config: Config, key: Uint8Array, values: HiddenValues, timeline: InventoryHistory, watch: Parts['watch'], retention?: Millis): Parts {
  return {
    sources: new Map(sourcesOf(config).map((s) => [s.id, s])), detectors, scoring: learning(key, config), timeline, dedupKey: key, watch,
    compile: (files, at) => loadInventory(files, { importedAt: at, previous: timeline.latest() }).inventory ?? emptyInventory(),
    runs: { habits: new ToolHabits(), conceal: (text) => values.hash(text) }, ...retention === undefined ? {} : { retention },
  };
}

/** The state machine by itself, in memory, without journal and store: for a few records. A detector that throws ends it. */
export function openMemory(config: Config): { processor: Processor; inventory(): Inventory } {
  const timeline = new InventoryHistory();
  const watch = { failed: (_: string, error: unknown) => { throw error as Error; }, inspected: () => {}, overflowed: () => {} };
  return { processor: new Processor(partsOf(config, REPLAY_KEY, hiddenValues(REPLAY_KEY, config), timeline, watch)), inventory: () => timeline.latest() };
}

async function applyInventory(
  path: string | undefined, from: Millis, now: Millis, timeline: InventoryHistory, submit: (entry: EntryBody) => Promise<unknown>,
): Promise<{ ok: boolean; problems: Problem[] }> {
  const read = await readInventory(path);
  const loaded = loadInventory(read.files, { importedAt: now, previous: timeline.latest(), detectors: new Set(detectorsById.keys()) });
  const problems = [...read.problems, ...loaded.problems];
  if (!loaded.inventory || read.problems.some((p) => p.severity === 'error')) return { ok: false, problems };
  if (loaded.inventory.revision !== timeline.latest().revision) {
    await submit({ type: 'inventory', now: from, imported: now, revision: loaded.inventory.revision, files: read.files });
  }
  return { ok: true, problems };
}

/** The inventory's files, and what keeps them from being read. Without a path: none. */
export async function readInventory(path: string | undefined): Promise<{ files: Record<string, string>; problems: Problem[] }> {
  if (path === undefined) return { files: {}, problems: [] };
  const nothing = (severity: Problem['severity'], message: string): Problem[] =>
    [{ file: path, line: 1, column: 1, severity, message, hint: 'name a folder with *.yml, *.yaml or *.json files, or one such file' }];
  if (!existsSync(path)) return { files: {}, problems: nothing('error', 'there is no such file or folder') };
  try {
    const files = await readInventoryFolder(path);
    return { files, problems: Object.keys(files).length > 0 ? [] : nothing('warning', 'there is no inventory file in it: nobody is known') };
  } catch (error) {
    if (error instanceof UnreadableInventory) return { files: {}, problems: error.problems };
    return { files: {}, problems: [{ file: path, line: 1, column: 1, severity: 'error', message: `cannot be read: ${(error as Error).message}` }] };
  }
}

/** How arguments are known where this is the secret. */
export function hiddenValues(key: Uint8Array, config: Config): HiddenValues {
  return new HiddenValues(key.subarray(VALUES_KEY), config.agents.arguments.except);
}

/** What is learned of identity-hours: habits of `baseline`, judged by `score`. */
export function learning(key: Uint8Array, { budget }: Config): Scoring {
  const summing = new Summing(key);
  const scorer = new Scorer({
    habits: habits(), sums: { save: saveSums, restore: restoreSums }, key,
    budget: { fleet: budget.pages_per_week, kinds: budget.kinds, ...budget.tickets_per_week === undefined ? {} : { tickets: budget.tickets_per_week } },
  });
  return {
    open: openSums, add: (sums, event, word) => summing.add(sums, event, word), save: saveSums, restoreSums,
    score: (...hour) => scorer.score(...hour), close: (...hour) => scorer.close(...hour), settle: (identity, from, to, benign) => scorer.settle(identity, from, to, benign), held: () => scorer.held(),
    readiness: (...who) => scorer.readiness(...who), bands: (...hour) => scorer.bands(...hour), level: (...who) => scorer.level(...who), approve: (...who) => scorer.approve(...who),
    threshold: (...of) => scorer.budget.of(...of), ticketThreshold: ({ fleet }) => scorer.budget.ticketThreshold(fleet),
    budgets: (owners) => scorer.budget.allow(owners), spend: (at, by) => scorer.budget.spend(at, by),
    takeDirty: () => scorer.takeDirty(), restore: (...row) => scorer.restore(...row), bytes: (who) => scorer.bytes(who),
  };
}

/** Key of storages that `replay` and its kin make: the same everywhere, so that their digests can be compared. */
export const REPLAY_KEY: Uint8Array = Buffer.from('remit-replay-key');

/**
 * The secret of a storage folder, made once: 8 bytes for the hashes of de-duplication and of what is learned, 8 for those of arguments. `given`,
 * or a random one, so that nobody can choose names that collide.
 */
export function installationKey(folder: string, given?: Uint8Array): Uint8Array {
  const file = join(folder, 'dedup.key');
  try {
    const key = readFileSync(file);
    if (key.length === 16) return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = given ?? randomBytes(16);
  writeFileSync(file, key, { mode: 0o600 });
  return key;
}
