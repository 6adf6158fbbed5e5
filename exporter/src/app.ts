import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Detector, EntryBody, FindingChange, Inventory, Millis, Problem, Source, Telemetry } from '@remit/contract';
import { Profiles } from './baseline/profiles.ts';
import { volume } from './baseline/volume.ts';
import type { Config } from './config.ts';
import { readInventoryFolder, UnreadableInventory } from './inventory/folder.ts';
import { emptyInventory, InventoryHistory } from './inventory/history.ts';
import { loadInventory } from './inventory/load.ts';
import { Engine } from './pipeline/engine.ts';
import type { Processor } from './pipeline/processor.ts';
import { detectors, sources } from './registry.generated.ts';
import { Calibration } from './score/calibration.ts';
import { SqliteJournal, NO_FAULTS, type Faults } from './store/journal.ts';
import { lockStorage } from './store/lock.ts';
import { SqliteStore } from './store/state.ts';

export { detectors, sources };
export const sourcesById: ReadonlyMap<string, Source> = new Map(sources.map((s) => [s.id, s]));
export const detectorsById: ReadonlyMap<string, Detector> = new Map(detectors.map((d) => [d.id, d]));

/** Rows that are learned, one file each under `baseline/`. */
const features = [volume];
/** A replay has much to apply and nobody waits for a restart: it cuts rarely. */
const CUT_EVENTS = 50_000;

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
}

/** Journal, store and state machine, restored and ready: what `serve`, `replay` and `state` have in common. */
export interface Core {
  engine: Engine;
  journal: SqliteJournal;
  store: SqliteStore;
  profiles: Profiles;
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
  const profiles = new Profiles(features);
  const calibration = new Calibration(options.config.budget.pages_per_week);
  const compile = (files: Record<string, string>, at: Millis) =>
    loadInventory(files, { importedAt: at, previous: timeline.latest() }).inventory ?? emptyInventory();
  const { engine, replayed } = await Engine.open({
    journal, store, learned: { profiles, calibration },
    parts: {
      sources: sourcesById, detectors, features, profiles, calibration, timeline, compile, dedupKey: dedupKey(folder),
      watch: {
        failed: (detector, error) => {
          options.telemetry?.dropped('judge', 'error', 1);
          options.failed?.(detector, error);
        },
        inspected: (detector, seconds) => options.telemetry?.inspected(detector, seconds),
        overflowed: (steps) => options.telemetry?.dropped('judge', 'overflow', steps),
      },
    },
    restored: options.restored ?? (() => {}), changed: options.changed ?? (() => {}), extra: options.extra ?? (() => null), degraded: options.degraded ?? (() => {}),
    cutEvents: CUT_EVENTS,
  });
  return {
    engine, journal, store, profiles, replayed, inventory: () => timeline.latest(),
    loadInventory: (path, from, imported = from) => applyInventory(path, from, imported, timeline, (entry) => engine.submit(entry)),
    close: async () => {
      await engine.close();
      lock.release();
      if (options.storage === null) rmSync(folder, { recursive: true, force: true });
    },
  };
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

/** The secret of the de-duplication hashes, made once for a storage folder. */
function dedupKey(folder: string): Uint8Array {
  const file = join(folder, 'dedup.key');
  try {
    const key = readFileSync(file);
    if (key.length === 16) return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = randomBytes(16);
  writeFileSync(file, key, { mode: 0o600 });
  return key;
}
