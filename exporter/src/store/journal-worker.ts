import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { zstdCompressSync, zstdDecompressSync, constants } from 'node:zlib';
import type { Faults, JournalReply, JournalRequest, RawRow } from './journal.ts';
import { RowIndex } from './row-index.ts';
import { Search, type SearchSpec } from './search.ts';

/** The thread that owns `journal.db`: group commit with one fsync, pages for restart and queries, pruning. */

const { file, faults, readOnly } = workerData as { file: string; faults: Faults; readOnly: boolean };
const port = parentPort!;
const db = new DatabaseSync(file, { readOnly });
if (!readOnly) {
  db.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA auto_vacuum=INCREMENTAL;
    CREATE TABLE IF NOT EXISTS entry (
      position INTEGER PRIMARY KEY AUTOINCREMENT, received INTEGER NOT NULL, head TEXT NOT NULL, count INTEGER NOT NULL,
      from_time INTEGER NOT NULL, to_time INTEGER NOT NULL, keys BLOB, body BLOB NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS entry_time ON entry (to_time, from_time) WHERE count > 0;
    CREATE INDEX IF NOT EXISTS entry_received ON entry (received);`);
}
const insert = readOnly ? null : db.prepare('INSERT INTO entry (received, head, count, from_time, to_time, keys, body) VALUES (?,?,?,?,?,?,?)');

const index = new RowIndex(db);
/** Searches that have not ended, the one that was asked last at the end. */
const searches = new Map<number, Search>();
const MOST_SEARCHES = 64;

port.on('message', (request: JournalRequest) => {
  void answer(request).then(
    (reply) => port.postMessage({ id: request.id, ...reply }),
    (error: unknown) => port.postMessage({ id: request.id, error: error instanceof Error ? error.message : String(error) }),
  );
});

async function answer(request: JournalRequest): Promise<Omit<JournalReply, 'id'>> {
  switch (request.do) {
    case 'append': return append(request.rows);
    case 'page': return page(request.after, request.most);
    case 'find': return find(request.from, request.to, request.after, request.keys, request.most);
    case 'prune': return prune(request.before);
    case 'bytes': return { value: count('SELECT page_count * page_size AS n FROM pragma_page_count, pragma_page_size') };
    case 'oldest': return { value: count('SELECT coalesce(min(position), 0) AS n FROM entry') };
    case 'before': return { value: count('SELECT coalesce(max(position), 0) AS n FROM entry WHERE received < ?', request.time) };
    case 'search': return search(request.search, request.spec, request.millis);
    case 'forget': searches.delete(request.search); return {};
    case 'arrivals': return arrivals(request.from, request.to, request.step);
    case 'warm': return warm();
    case 'close': db.close(); return {};
  }
}

async function append(rows: RawRow[]): Promise<Omit<JournalReply, 'id'>> {
  const packed = rows.map((row) => zstdCompressSync(row.body, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }));
  if (faults.acknowledgeEarly) {
    const next = count("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'entry'), 0) AS n") + 1;
    setTimeout(() => { try { write(rows, packed); } catch { /* the torture run looks for exactly this loss */ } }, 50);
    return { positions: rows.map((_, i) => next + i) };
  }
  if (faults.commitDelay > 0) await sleep(faults.commitDelay);
  return { positions: write(rows, packed) };
}

function write(rows: RawRow[], packed: Uint8Array[]): number[] {
  const positions: number[] = [];
  db.exec('BEGIN IMMEDIATE');
  try {
    rows.forEach((row, i) => {
      const { lastInsertRowid } = insert!.run(row.received, row.head, row.count, row.from, row.to, row.keys, packed[i]!);
      positions.push(Number(lastInsertRowid));
    });
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
  return positions;
}

type DbRow = { position: number; received: number; head: string; count: number; from_time: number; to_time: number; keys: Uint8Array | null; body: Uint8Array };

function page(after: number, most: number): Omit<JournalReply, 'id'> {
  const rows = db.prepare('SELECT * FROM entry WHERE position > ? ORDER BY position LIMIT ?').all(after, most) as DbRow[];
  return { rows: rows.map(unpack) };
}

function find(from: number, to: number, after: number, keys: Uint32Array | null, most: number): Omit<JournalReply, 'id'> {
  const found: RawRow[] = [];
  const statement = db.prepare('SELECT * FROM entry WHERE count > 0 AND to_time >= ? AND from_time < ? AND position > ? ORDER BY position');
  for (const row of statement.iterate(from, to, after) as Iterable<DbRow>) {
    if (keys && !holds(row.keys, keys)) continue;
    found.push(unpack(row));
    if (found.length >= most) break;
  }
  return { rows: found };
}

/** A turn of a search; `spec` begins it. One that was pushed out by others has to be begun again. */
function search(id: number, spec: SearchSpec | null, millis: number): Omit<JournalReply, 'id'> {
  const known = spec ? new Search(db, index, spec) : searches.get(id);
  if (!known) throw new Error('too many searches at once');
  searches.delete(id);
  const turn = known.turn(millis);
  if (!turn.done && !turn.full && !turn.late) searches.set(id, known);
  if (searches.size > MOST_SEARCHES) searches.delete(searches.keys().next().value!);
  return { turn };
}

function arrivals(from: number, to: number, step: number): Omit<JournalReply, 'id'> {
  if (index.sync() === true) return { counts: [...index.arrivals(from, to, step)] };
  const rows = db.prepare('SELECT to_time / ? * ? AS start, sum(count) AS n FROM entry WHERE count > 0 AND to_time >= ? AND to_time < ? GROUP BY 1')
    .all(step, step, from, to) as { start: number; n: number }[];
  return { counts: rows.map(({ start, n }) => [start, n]) };
}

/** In slices, so that a query does not wait for all of it. */
async function warm(): Promise<Omit<JournalReply, 'id'>> {
  while (index.sync(true) === null) await sleep(1);
  return {};
}

function holds(stored: Uint8Array | null, wanted: Uint32Array): boolean {
  if (!stored) return true;
  const present = new Set(new Uint32Array(stored.slice().buffer));
  return wanted.some((key) => present.has(key));
}

function unpack(row: DbRow): RawRow {
  return {
    position: row.position, received: row.received, head: row.head, count: row.count, from: row.from_time, to: row.to_time, keys: null,
    body: new Uint8Array(zstdDecompressSync(row.body)),
  };
}

/** In slices, so that an append never waits long behind a deletion. */
function prune(before: number): Omit<JournalReply, 'id'> {
  const { changes } = db.prepare('DELETE FROM entry WHERE position IN (SELECT position FROM entry WHERE position < ? LIMIT 200)').run(before);
  if (Number(changes) === 0) db.exec('PRAGMA incremental_vacuum(2000)');
  return { value: Number(changes) };
}

function count(sql: string, ...values: number[]): number {
  return Number((db.prepare(sql).get(...values) as { n: number }).n);
}
