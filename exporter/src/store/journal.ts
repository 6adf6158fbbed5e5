import { Worker } from 'node:worker_threads';
import { StoreFailed, type Entry, type EntryBody, type Journal, type NhiEvent, type Position } from '@remit/contract';
import { decodeEvents, encodeEvents } from '../lib/event-codec.ts';
import { KeyedHash } from '../lib/hash.ts';
import { Caller } from './caller.ts';
import type { SearchSpec, SearchTurn } from './search.ts';

/** Ways to break the journal on purpose, for the benchmark (a slow disk) and the torture run (a lying acknowledgement). */
export interface Faults { commitDelay: number; acknowledgeEarly: boolean }
export const NO_FAULTS: Faults = { commitDelay: 0, acknowledgeEarly: false };

/** One row of `journal.db`: what an entry is, when it came, what time it covers, whom it is about, and its body. */
export interface RawRow { position: number; received: number; head: string; count: number; from: number; to: number; keys: Uint8Array | null; body: Uint8Array }
export type JournalRequest = { id: number } & (
  | { do: 'append'; rows: RawRow[] } | { do: 'page'; after: number; most: number }
  | { do: 'find'; from: number; to: number; after: number; keys: Uint32Array | null; most: number }
  | { do: 'search'; search: number; spec: SearchSpec | null; millis: number } | { do: 'forget'; search: number }
  | { do: 'arrivals'; from: number; to: number; step: number } | { do: 'warm' }
  | { do: 'prune'; before: number } | { do: 'bytes' } | { do: 'oldest' } | { do: 'before'; time: number } | { do: 'close' });
export interface JournalReply { id: number; error?: string; positions?: number[]; rows?: RawRow[]; value?: number; turn?: SearchTurn; counts?: [number, number][] }

interface Queued { row: RawRow; resolve: (p: Position) => void; reject: (e: Error) => void }

/** Rows and bytes that share one commit at most: enough to hide the fsync, few enough to answer soon. */
const COMMIT_ROWS = 512;
const COMMIT_BYTES = 4 << 20;
const PAGE_ROWS = 64;
/** Milliseconds of one turn of a search: others get theirs in between. */
const TURN = 30;

/**
 * The journal in `journal.db` (SQLite, WAL, synchronous=FULL), written by a thread of its own. Commits at once when idle and
 * batches what arrives meanwhile. Applied rows stay until pruned: they are the archive that queries read, through a second
 * thread, so that a query never delays an acknowledgement.
 */
export class SqliteJournal implements Journal {
  readonly #writer: Caller<JournalRequest, JournalReply>;
  readonly #file: string;
  #reader: Caller<JournalRequest, JournalReply> | null = null;
  #queue: Queued[] = [];
  #writing = false;
  #searches = 0;

  private constructor(file: string, writer: Caller<JournalRequest, JournalReply>) {
    this.#file = file;
    this.#writer = writer;
  }

  static async open(file: string, faults: Faults = NO_FAULTS): Promise<SqliteJournal> {
    const journal = new SqliteJournal(file, start(file, faults, false));
    await journal.#writer.call({ do: 'oldest' });
    return journal;
  }

  /** For reading only, while another process may be writing: no lock, no change. Nothing can be appended to it. */
  static async openToRead(file: string): Promise<SqliteJournal> {
    const journal = new SqliteJournal(file, start(file, NO_FAULTS, true));
    await journal.#writer.call({ do: 'oldest' });
    return journal;
  }

  append(entry: EntryBody): Promise<Position> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ row: toRow(entry), resolve, reject });
      if (!this.#writing) void this.#write();
    });
  }

  async *after(position: Position): AsyncIterable<Entry> {
    for (let last = position; ;) {
      const { rows } = await this.#writer.call({ do: 'page', after: last, most: PAGE_ROWS });
      for (const row of rows!) yield fromRow(row);
      if (rows!.length < PAGE_ROWS) return;
      last = rows!.at(-1)!.position;
    }
  }

  async *scan(query: { from: number; to: number; principalKeys?: string[] }): AsyncIterable<NhiEvent> {
    this.#reader ??= start(this.#file, NO_FAULTS, true);
    const keys = query.principalKeys ? Uint32Array.from(query.principalKeys, keyHash) : null;
    const wanted = query.principalKeys ? new Set(query.principalKeys) : null;
    for (let last = 0; ;) {
      const { rows } = await this.#reader.call({ do: 'find', from: query.from, to: query.to, after: last, keys, most: 16 });
      for (const row of rows!) {
        for (const event of decodeEvents(row.body)) {
          if (event.time >= query.from && event.time < query.to && (!wanted || wanted.has(event.principal_key))) yield event;
        }
      }
      if (rows!.length < 16) return;
      last = rows!.at(-1)!.position;
    }
  }

  /**
   * Searches in order of time, a turn at a time: nothing further is read while the last turn is used. Ends with the turn that is `done`,
   * `full` or `late`, or when the loop over it ends.
   */
  async *search(spec: Omit<SearchSpec, 'hashes'>): AsyncGenerator<SearchTurn, void> {
    this.#reader ??= start(this.#file, NO_FAULTS, true);
    const search = this.#searches++;
    const hashes = spec.keys === null ? null : Uint32Array.from(spec.keys, keyHash);
    let ended = false;
    try {
      for (let begin: SearchSpec | null = { ...spec, hashes }; !ended; begin = null) {
        const turn = (await this.#reader.call({ do: 'search', search, spec: begin, millis: TURN })).turn!;
        ended = turn.done || turn.full || turn.late;
        yield turn;
      }
    } finally {
      if (!ended) void this.#reader.call({ do: 'forget', search }).catch(() => {});
    }
  }

  /** Events, repeats included, by the bucket in which their batch ends. */
  async arrivals(from: number, to: number, step: number): Promise<[number, number][]> {
    this.#reader ??= start(this.#file, NO_FAULTS, true);
    return (await this.#reader.call({ do: 'arrivals', from, to, step })).counts!;
  }

  /** Lets the thread that reads learn which rows hold whom, so that the first query need not wait for it. */
  async warm(): Promise<void> {
    this.#reader ??= start(this.#file, NO_FAULTS, true);
    // Cut off by the end of the process, or for want of memory: then the first query sees to it.
    await this.#reader.call({ do: 'warm' }).catch(() => {});
  }

  async prune(before: Position): Promise<void> {
    for (let gone = 1; gone > 0;) gone = (await this.#writer.call({ do: 'prune', before })).value ?? 0;
  }

  /** Last position that was received before this time, 0 when none. */
  async before(time: number): Promise<Position> {
    return (await this.#writer.call({ do: 'before', time })).value!;
  }

  async oldest(): Promise<Position> {
    return (await this.#writer.call({ do: 'oldest' })).value!;
  }

  async bytes(): Promise<number> {
    return (await this.#writer.call({ do: 'bytes' })).value!;
  }

  async close(): Promise<void> {
    while (this.#writing || this.#queue.length > 0) await new Promise((r) => setImmediate(r));
    await this.#reader?.close({ do: 'close' });
    await this.#writer.close({ do: 'close' });
  }

  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#queue.length > 0) {
      const batch = this.#take();
      try {
        const { positions } = await this.#writer.call({ do: 'append', rows: batch.map((b) => b.row) }, batch.flatMap(({ row }) => own(row.body)));
        batch.forEach((b, i) => b.resolve(positions![i]!));
      } catch (error) {
        for (const b of batch) b.reject(new StoreFailed(`the journal refused a write: ${(error as Error).message}`));
      }
    }
    this.#writing = false;
  }

  #take(): Queued[] {
    let bytes = 0;
    let n = 0;
    while (n < this.#queue.length && n < COMMIT_ROWS && bytes < COMMIT_BYTES) bytes += this.#queue[n++]!.row.body.length;
    return this.#queue.splice(0, n);
  }
}

/** Memory that holds nothing else, and may be given away. */
function own(bytes: Uint8Array): ArrayBuffer[] {
  return bytes.length > 0 && bytes.length === bytes.buffer.byteLength ? [bytes.buffer as ArrayBuffer] : [];
}

function start(file: string, faults: Faults, readOnly: boolean): Caller<JournalRequest, JournalReply> {
  return new Caller(new Worker(new URL('./journal-worker.ts', import.meta.url), { workerData: { file, faults, readOnly } }));
}

const keys = new KeyedHash(new Uint8Array(8));
function keyHash(key: string): number {
  keys.update(key);
  return keys.low;
}

function toRow(entry: EntryBody): RawRow {
  if (entry.type !== 'batch') {
    const received = entry.type === 'verdict' ? entry.verdict.at : entry.now;
    return { position: 0, received, head: entry.type, count: 0, from: 0, to: 0, keys: null, body: Buffer.from(JSON.stringify(entry)) };
  }
  let from = Infinity;
  let to = -Infinity;
  const seen = new Set<number>();
  let last = '';
  for (const event of entry.events) {
    if (event.time < from) from = event.time;
    if (event.time > to) to = event.time;
    if (event.principal_key !== last) {
      last = event.principal_key;
      seen.add(keyHash(last));
    }
  }
  const head = JSON.stringify({ receivedAt: entry.receivedAt, feed: entry.feed, backfill: entry.backfill });
  return {
    position: 0, received: entry.receivedAt, head, count: entry.events.length, from: entry.events.length ? from : 0, to: entry.events.length ? to : 0,
    keys: new Uint8Array(Uint32Array.from(seen).buffer), body: encodeEvents(entry.events),
  };
}

function fromRow(row: RawRow): Entry {
  if (row.count === 0 && !row.head.startsWith('{')) {
    return { position: row.position, ...(JSON.parse(Buffer.from(row.body).toString()) as EntryBody) };
  }
  const head = JSON.parse(row.head) as { receivedAt: number; feed: string; backfill: boolean };
  return { position: row.position, type: 'batch', ...head, events: decodeEvents(row.body) };
}
