import { existsSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import type { Entry, EntryBody, Position } from '@remit/contract';
import { SqliteJournal } from './journal.ts';
import { lockStorage } from './lock.ts';

export type InventoryEntry = Extract<EntryBody, { type: 'inventory' }>;

/** What a storage keeps of the past, read while a service may use it: nothing is locked, and nothing is left behind. */
export class Archive {
  readonly #journal: SqliteJournal;
  readonly #known: Map<string, InventoryEntry>;
  /** Position of the last entry at the opening: what comes later is left out. */
  readonly last: Position;
  readonly first: Position;

  readonly #folder: string;
  readonly #absent: readonly string[];

  private constructor(folder: string, absent: readonly string[], journal: SqliteJournal, known: Map<string, InventoryEntry>, first: Position, last: Position) {
    this.#folder = folder;
    this.#absent = absent;
    this.#journal = journal;
    this.#known = known;
    this.first = first;
    this.last = last;
  }

  /** Throws when the folder holds no storage. */
  static async open(folder: string): Promise<Archive> {
    const absent = SIDES.map((name) => join(folder, name)).filter((file) => !existsSync(file));
    const journal = await SqliteJournal.openToRead(join(folder, 'journal.db'));
    return new Archive(folder, absent, journal, storedInventories(join(folder, 'state.db')), await journal.oldest(), await journal.before(Number.MAX_SAFE_INTEGER));
  }

  /** The entries that were there at the opening, in their order. */
  async *entries(): AsyncIterable<Entry> {
    for await (const entry of this.#journal.after(0)) {
      if (entry.position > this.last) return;
      if (entry.type === 'inventory') this.#known.set(keyOf(entry), entry);
      yield entry;
    }
  }

  /** Every revision of the inventory, those pruned from the journal too; complete once `entries` has been read. */
  inventories(): InventoryEntry[] {
    return [...this.#known.values()];
  }

  async close(): Promise<void> {
    await this.#journal.close();
    tidyUp(this.#folder, this.#absent);
  }
}

/** Files that SQLite makes beside a database to share it, also for who only reads. */
const SIDES = ['journal.db', 'state.db'].flatMap((name) => [`${name}-shm`, `${name}-wal`]);

/** Removes what reading made, unless a service has begun to use the storage meanwhile: then they are its own. */
function tidyUp(folder: string, absent: readonly string[]): void {
  const made = absent.filter((file) => existsSync(file));
  if (made.length === 0 || made.some((file) => file.endsWith('-wal') && statSync(file).size > 0)) return;
  let lock;
  try {
    lock = lockStorage(folder);
  } catch {
    return;
  }
  for (const file of made) rmSync(file, { force: true });
  lock.release();
}

/** Of the last cut, in the order in which they came into force. */
function storedInventories(file: string): Map<string, InventoryEntry> {
  const known = new Map<string, InventoryEntry>();
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    for (const row of db.prepare("SELECT key, value FROM row WHERE tbl = 'inventory' ORDER BY key").iterate() as Iterable<{ key: string; value: Uint8Array }>) {
      const [from = '', imported = '', revision = ''] = row.key.split('/');
      const entry: InventoryEntry = {
        type: 'inventory', now: Number(from), imported: Number(imported), revision, files: JSON.parse(Buffer.from(row.value).toString()) as Record<string, string>,
      };
      known.set(keyOf(entry), entry);
    }
  } finally {
    db.close();
  }
  return known;
}

function keyOf({ now, imported, revision }: InventoryEntry): string {
  return `${now}/${imported}/${revision}`;
}
