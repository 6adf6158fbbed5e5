import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import type { Entry, EntryBody, Position } from '@remit/contract';
import { SqliteJournal } from './journal.ts';

export type InventoryEntry = Extract<EntryBody, { type: 'inventory' }>;

/** What a storage keeps of the past, read while a service may use it: nothing is locked, nothing is written. */
export class Archive {
  readonly #journal: SqliteJournal;
  readonly #known: Map<string, InventoryEntry>;
  /** Position of the last entry at the opening: what comes later is left out. */
  readonly last: Position;
  readonly first: Position;

  private constructor(journal: SqliteJournal, known: Map<string, InventoryEntry>, first: Position, last: Position) {
    this.#journal = journal;
    this.#known = known;
    this.first = first;
    this.last = last;
  }

  /** Throws when the folder holds no storage. */
  static async open(folder: string): Promise<Archive> {
    const journal = await SqliteJournal.openToRead(join(folder, 'journal.db'));
    return new Archive(journal, storedInventories(join(folder, 'state.db')), await journal.oldest(), await journal.before(Number.MAX_SAFE_INTEGER));
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

  close(): Promise<void> {
    return this.#journal.close();
  }
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
