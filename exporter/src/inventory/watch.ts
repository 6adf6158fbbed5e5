import type { Millis } from '@remit/contract';
import { hash } from 'node:crypto';
import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listInventory, UnreadableInventory } from './folder.ts';
import type { InventoryListing } from './folder.ts';
import { FILE_LIMIT } from './load.ts';

/** Folders that are watched at once; changes in others are found by looking. */
const FOLDERS_WATCHED = 256;
/** Looks that a change may take to settle; files that never stop changing are then taken as they are. */
const LOOKS_TO_SETTLE = 30;
/** Looking again and again takes at most a tenth of the time. */
const REST = 9;
const LOOKS_IN_HASTE = 3;
/** Files that are asked for or read at the same time. */
const AT_ONCE = 32;

/** `quiet`: a change counts once the files have looked the same for so long. `poll`: a look happens at least this often. */
export interface WatchTimes { quiet: Millis; poll: Millis }

/**
 * Calls `changed` once for every settled change of the inventory's files: in a folder or a file, whether written in place, renamed
 * over, mounted anew (links that are swapped), appearing later or going away. Looks at size, times and inode of each file when
 * the system reports something, and every 30 s for file systems that report nothing; contents are compared before `changed` is
 * called, so that a mere touch is quiet. Resolves after the first look: what is read later cannot be missed. When `changed`
 * rejects, it is called again after the next look. Ends with the signal.
 */
export async function watchInventory(
  path: string, changed: () => void | Promise<void>, signal: AbortSignal, times: WatchTimes = { quiet: 1000, poll: 30_000 },
): Promise<void> {
  const watcher = new InventoryWatcher(resolve(path), changed, signal, times);
  await watcher.start();
}

/**
 * What a look saw: per file its size, times and inode as a text, and all of it as one signature. `fault` says why the files
 * cannot be listed, if so. `took` is how long it was.
 */
interface Look { signature: string; fault: string; files: Map<string, { path: string; seen: string; size: number }>; took: Millis }
/** Hash of each file's contents, with what was seen of the file when it was read. */
type Contents = Map<string, { seen: string; hash: string }>;
/** Whether a report about a name in a folder may concern the inventory. */
type Concerns = (name: string | null, renamed: boolean) => boolean;

class InventoryWatcher {
  readonly #path: string;
  readonly #changed: () => void | Promise<void>;
  readonly #signal: AbortSignal;
  readonly #times: WatchTimes;
  readonly #watched = new Map<string, FSWatcher>();
  #contents: Contents = new Map();
  #signature = '';
  /** Of what was told last; null when nobody has taken it. */
  #content: string | null = null;
  #wake: (() => void) | null = null;
  #reported = false;

  constructor(path: string, changed: () => void | Promise<void>, signal: AbortSignal, times: WatchTimes) {
    this.#path = path;
    this.#changed = changed;
    this.#signal = signal;
    this.#times = times;
  }

  async start(): Promise<void> {
    if (this.#signal.aborted) return;
    this.#signal.addEventListener('abort', () => {
      for (const watcher of this.#watched.values()) watcher.close();
      this.#watched.clear();
      this.#wake?.();
    }, { once: true });
    const first = await this.#look();
    this.#signature = first.signature;
    this.#content = await this.#read(first);
    void this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#signal.aborted) {
      await this.#somethingReported();
      if (this.#signal.aborted) return;
      const look = await this.#look();
      await this.#judge(look);
      await this.#pause(this.#rest(look));
    }
  }

  /** Waits until a look is the same as the one before it, compares contents, and tells. */
  async #judge(seen: Look): Promise<void> {
    let look = seen;
    if (look.signature === this.#signature && this.#content !== null) return;
    for (let looks = 0; looks < LOOKS_TO_SETTLE; looks++) {
      await this.#pause(looks < LOOKS_IN_HASTE ? this.#times.quiet : this.#rest(look));
      if (this.#signal.aborted) return;
      const next = await this.#look();
      const settled = next.signature === look.signature;
      look = next;
      if (settled) break;
    }
    const content = await this.#read(look);
    this.#signature = look.signature;
    if (content === this.#content || this.#signal.aborted) return;
    this.#content = content;
    try {
      await this.#changed();
    } catch {
      // The one who is told reports his own failures; forgetting what was told makes the next look tell it again.
      this.#content = null;
    }
  }

  #rest({ took }: Look): Millis {
    return Math.max(this.#times.quiet, took * REST);
  }

  async #look(): Promise<Look> {
    const began = performance.now();
    const files: Look['files'] = new Map();
    let listing: InventoryListing | null = null;
    let fault = '';
    try {
      listing = await listInventory(this.#path);
    } catch (error) {
      // What cannot be listed is a state like any other: whoever reads it then says what is wrong.
      fault = error instanceof UnreadableInventory ? error.message : (error as NodeJS.ErrnoException).code ?? 'unreadable';
    }
    this.#rewatch(listing);
    for (const { path, name } of listing?.files ?? []) files.set(name, { path, seen: 'gone', size: 0 });
    await severalAtOnce([...files.values()], async (file) => {
      try {
        const { size, mtimeNs, ctimeNs, ino } = await stat(file.path, { bigint: true });
        file.seen = `${size} ${mtimeNs} ${ctimeNs} ${ino}`;
        file.size = Number(size);
      } catch {
        // It has gone since it was listed, which is what it says.
      }
    });
    const seen = [...files].map(([name, file]) => [name, file.seen]);
    return { signature: hash('sha256', JSON.stringify([fault, seen]), 'hex'), fault, files, took: performance.now() - began };
  }

  /** One text for the contents of all files. Files that look as they did are not read again; too large ones not at all. */
  async #read(look: Look): Promise<string> {
    const contents: Contents = new Map();
    await severalAtOnce([...look.files], async ([name, { path, seen, size }]) => {
      const known = this.#contents.get(name);
      contents.set(name, known?.seen === seen ? known : { seen, hash: await contentOf(path, seen, size) });
    });
    this.#contents = contents;
    return hash('sha256', JSON.stringify([look.fault, [...look.files.keys()].map((name) => [name, contents.get(name)!.hash])]), 'hex');
  }

  /** Keeps watches on the folders there are, and on what holds the path itself, so that a swapped link is seen. */
  #rewatch(listing: InventoryListing | null): void {
    if (this.#signal.aborted) return;
    const wanted = new Map<string, Concerns>();
    if (listing?.folders.length === 0) wanted.set(dirname(listing.root), isOneOf(basename(listing.root)));
    const around = wanted.get(dirname(this.#path));
    const itself = isOneOf(basename(this.#path));
    wanted.set(dirname(this.#path), (name, renamed) => itself(name, renamed) || around?.(name, renamed) === true);
    for (const folder of (listing?.folders ?? []).slice(0, FOLDERS_WATCHED)) wanted.set(folder, concernsFolder);
    for (const [folder, watcher] of this.#watched) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#watched.delete(folder);
    }
    for (const [folder, concerns] of wanted) if (!this.#watched.has(folder)) this.#watch(folder, concerns);
  }

  #watch(folder: string, concerns: Concerns): void {
    const drop = (): void => {
      this.#watched.get(folder)?.close();
      this.#watched.delete(folder);
    };
    try {
      const watcher = watch(folder, { persistent: false }, (event, name) => {
        // A folder that is moved or removed reports its own name; the watch would stay on what is gone.
        if (name === basename(folder)) drop();
        if (!concerns(name, event === 'rename')) return;
        this.#reported = true;
        this.#wake?.();
      });
      watcher.on('error', drop);
      this.#watched.set(folder, watcher);
    } catch {
      // No folder yet, or no more watches to be had: looking every 30 s finds its changes.
    }
  }

  async #somethingReported(): Promise<void> {
    if (!this.#reported) await this.#pause(this.#times.poll, true);
    this.#reported = false;
  }

  /** Waits; with `early`, at most until something is reported. Ends at once with the signal. */
  async #pause(millis: Millis, early = false): Promise<void> {
    const stop = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wake = () => {
        if (early || this.#signal.aborted) resolve();
      };
    });
    if (!this.#signal.aborted) await Promise.race([woken, sleep(millis, undefined, { ref: false, signal: stop.signal }).catch(() => undefined)]);
    this.#wake = null;
    stop.abort();
  }
}

function isOneOf(base: string): Concerns {
  // Mounted configuration is swapped by renaming a hidden link next to it.
  return (name) => name === null || name === base || name.startsWith('..');
}

/** In a folder of the inventory: its files, and anything that is renamed, made or removed, save hidden names. */
function concernsFolder(name: string | null, renamed: boolean): boolean {
  if (name === null) return true;
  if (name.startsWith('.')) return name.startsWith('..');
  return renamed || /\.(ya?ml|json)$/i.test(name);
}

async function contentOf(path: string, seen: string, size: number): Promise<string> {
  if (size > FILE_LIMIT) return `${seen} too large`;
  try {
    return hash('sha256', await readFile(path), 'hex');
  } catch (error) {
    return `${(error as NodeJS.ErrnoException).code}`;
  }
}

async function severalAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}
