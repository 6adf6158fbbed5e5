import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { StateReply, StateRequest } from './state.ts';

/** The thread that owns `state.db`: one consistent cut a commit, and rows in key order at the start. */

const { file, readOnly } = workerData as { file: string; readOnly: boolean };
const port = parentPort!;
const db = new DatabaseSync(file, { readOnly });
if (!readOnly) {
  db.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
    CREATE TABLE IF NOT EXISTS row (tbl TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (tbl, key)) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS applied (only INTEGER PRIMARY KEY CHECK (only = 1), position INTEGER NOT NULL) STRICT;
    INSERT OR IGNORE INTO applied VALUES (1, 0);`);
}
const put = db.prepare('INSERT INTO row VALUES (?,?,?) ON CONFLICT DO UPDATE SET value = excluded.value');
const remove = db.prepare('DELETE FROM row WHERE tbl = ? AND key = ?');
const drop = db.prepare('DELETE FROM row WHERE tbl = ? AND key < ?');
const one = db.prepare('SELECT value FROM row WHERE tbl = ? AND key = ?');
const page = db.prepare('SELECT key, value FROM row WHERE tbl = ? AND key > ? AND key < ? ORDER BY key LIMIT ?');

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
      const rows = page.all(request.table, request.after, request.to, request.most) as { key: string; value: Uint8Array }[];
      return { keys: rows.map((row) => row.key), ...joined(rows.map((row) => row.value)) };
    }
    case 'pick': return joined(request.keys.map((key) => (one.get(request.table, key) as { value: Uint8Array } | undefined)?.value ?? NOTHING));
    case 'commit': {
      db.exec('BEGIN IMMEDIATE');
      try {
        for (const { table, key } of request.cut.deletes) remove.run(table, key);
        for (const { table, before } of request.cut.drops) drop.run(table, before);
        for (const { table, key, value } of request.cut.puts) put.run(table, key, value);
        db.prepare('UPDATE applied SET position = ?').run(request.cut.position);
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
