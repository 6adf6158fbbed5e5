import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { Cut } from '@remit/contract';
import type { StateReply, StateRequest } from './state.ts';

/** The thread that owns `state.db`: one consistent cut a commit, and rows in key order at the start. */

/** Memory for pages, taken as they are written: a cut that touches more of them than fit writes some of them again and again. */
const CACHE_KIB = 64 * 1024;
/**
 * Closed hours have a table to themselves: they come in the order of their keys, at the end of a table SQLite adds rows in a tenth of the time that it
 * takes in the middle of one.
 */
const OWN = 'closed';

const { file, readOnly } = workerData as { file: string; readOnly: boolean };
const port = parentPort!;
const db = new DatabaseSync(file, { readOnly });
if (!readOnly) {
  db.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=${-CACHE_KIB};
    CREATE TABLE IF NOT EXISTS row (tbl TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (tbl, key)) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS closed (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    BEGIN IMMEDIATE;
    INSERT OR REPLACE INTO closed SELECT key, value FROM row WHERE tbl = 'closed';
    DELETE FROM row WHERE tbl = 'closed';
    COMMIT;
    CREATE TABLE IF NOT EXISTS applied (only INTEGER PRIMARY KEY CHECK (only = 1), position INTEGER NOT NULL) STRICT;
    INSERT OR IGNORE INTO applied VALUES (1, 0);`);
}

/** What is asked of one table of the state. */
class Table {
  readonly put: StatementSync;
  readonly remove: StatementSync;
  readonly drop: StatementSync;
  readonly one: StatementSync;
  readonly page: StatementSync;

  /** `own`: it has a table of SQLite to itself. */
  constructor(name: string, own: boolean) {
    const [table, of, values] = own ? [name, '', ''] : ['row', `tbl = '${name}' AND `, `'${name}', `];
    this.put = db.prepare(`INSERT INTO ${table} VALUES (${values}?,?) ON CONFLICT DO UPDATE SET value = excluded.value`);
    this.remove = db.prepare(`DELETE FROM ${table} WHERE ${of}key = ?`);
    this.drop = db.prepare(`DELETE FROM ${table} WHERE ${of}key < ?`);
    this.one = db.prepare(`SELECT value FROM ${table} WHERE ${of}key = ?`);
    this.page = db.prepare(`SELECT key, value FROM ${table} WHERE ${of}key > ? AND key < ? ORDER BY key LIMIT ?`);
  }
}

const tables = new Map<string, Table>();
function tableOf(name: string): Table {
  let table = tables.get(name);
  if (!/^[a-z]+$/.test(name)) throw new Error(`no table is called ${name}`);
  if (table === undefined) tables.set(name, table = new Table(name, name === OWN));
  return table;
}

/** Rows of a cut that is on its way. */
let staged: Pick<Cut, 'puts' | 'deletes'> = { puts: [], deletes: [] };

port.on('message', (request: StateRequest) => {
  try {
    port.postMessage({ id: request.id, ...answer(request) });
  } catch (error) {
    port.postMessage({ id: request.id, error: error instanceof Error ? error.message : String(error) });
  }
});

function answer(request: StateRequest): Omit<StateReply, 'id'> {
  switch (request.do) {
    case 'position': return { value: Number((db.prepare('SELECT position FROM applied').get() as { position: number }).position) };
    case 'page': {
      const rows = tableOf(request.table).page.all(request.after, request.to, request.most) as { key: string; value: Uint8Array }[];
      return { keys: rows.map((row) => row.key), ...joined(rows.map((row) => row.value)) };
    }
    case 'pick': {
      const { one } = tableOf(request.table);
      return joined(request.keys.map((key) => (one.get(key) as { value: Uint8Array } | undefined)?.value ?? NOTHING));
    }
    case 'stage': {
      if (request.first) staged = { puts: [], deletes: [] };
      staged.puts.push(...request.puts);
      staged.deletes.push(...request.deletes);
      return {};
    }
    case 'commit': {
      const { puts, deletes } = staged;
      staged = { puts: [], deletes: [] };
      db.exec('BEGIN IMMEDIATE');
      try {
        for (const { table, key } of deletes) tableOf(table).remove.run(key);
        for (const { table, before } of request.drops) tableOf(table).drop.run(before);
        for (const { table, key, value } of puts) tableOf(table).put.run(key, value);
        db.prepare('UPDATE applied SET position = ?').run(request.position);
        db.exec('COMMIT');
      } catch (error) {
        db.exec('ROLLBACK');
        throw error;
      }
      return {};
    }
    case 'bytes': return { value: Number((db.prepare('SELECT page_count * page_size AS n FROM pragma_page_count, pragma_page_size').get() as { n: number }).n) };
    case 'close': db.close(); return {};
  }
}

const NOTHING = new Uint8Array(0);

/** One buffer for a whole page: thousands of small ones would cost more to hand over than to read. */
function joined(values: readonly Uint8Array[]): { bytes: Uint8Array; ends: Uint32Array } {
  const ends = new Uint32Array(values.length);
  let end = 0;
  values.forEach((value, i) => { ends[i] = end += value.length; });
  const bytes = new Uint8Array(end);
  values.forEach((value, i) => bytes.set(value, ends[i]! - value.length));
  return { bytes, ends };
}
