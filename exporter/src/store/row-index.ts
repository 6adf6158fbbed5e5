import type { DatabaseSync } from 'node:sqlite';

/** Rows remembered at most, about 40 bytes each; of a larger archive the index says nothing. */
const MOST_ROWS = 2_000_000;
const PAGE = 5000;
/** Share of the rows from which on a key is common. */
const COMMON = 0.25;
/** Rows that are gone from the archive until the index is made anew. */
const MOST_GONE = 100_000;

type Row = { position: number; from_time: number; to_time: number; count: number; keys: Uint8Array | null };

/**
 * Which rows of the journal hold events of whom, in memory: a journal row names the keys in it, but only reading every row would say where a
 * key is. Kept by the thread that reads, so that writing stays as cheap as it is.
 */
export class RowIndex {
  readonly #db: DatabaseSync;
  #size = 0;
  #positions = new Float64Array(1024);
  #from = new Float64Array(1024);
  #to = new Float64Array(1024);
  #counts = new Uint32Array(1024);
  #rowsOf = new Map<number, Numbers>();
  /** Rows that name no keys may hold anybody. */
  #unnamed = new Numbers();
  /** False when the archive has more rows than are remembered. */
  #complete = true;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Takes in what was written since; true when all rows are known. With `slice` only some, so that others get their turn: null when there is more. */
  sync(slice = false): boolean | null {
    if (!this.#complete) return false;
    this.#compact();
    const select = this.#db.prepare('SELECT position, from_time, to_time, count, keys FROM entry WHERE position > ? AND count > 0 ORDER BY position LIMIT ?');
    for (;;) {
      const rows = select.all(this.#size === 0 ? 0 : this.#positions[this.#size - 1]!, PAGE) as Row[];
      for (const row of rows) this.#add(row);
      if (this.#size > MOST_ROWS) {
        this.#reset();
        return (this.#complete = false);
      }
      if (rows.length < PAGE) return true;
      if (slice) return null;
    }
  }

  /** Whether so many rows hold events of these keys that they are soon met wherever one looks. */
  isCommon(hashes: Uint32Array): boolean {
    let rows = this.#unnamed.size;
    for (const hash of hashes) rows += this.#rowsOf.get(hash)?.size ?? 0;
    return rows > COMMON * this.#size;
  }

  /** Positions of rows that may hold events of these keys in the range, with the end of their time, or its start for `oldest`; in that order. */
  * rows(hashes: Uint32Array, from: number, to: number, order: 'newest' | 'oldest'): Generator<{ position: number; bound: number }> {
    const lists = [this.#unnamed, ...Array.from(hashes, (hash) => this.#rowsOf.get(hash))].filter((list) => list !== undefined && list.size > 0) as Numbers[];
    const found: number[] = [];
    // The latest rows first: they are nearly in order, which makes sorting quick.
    for (const list of lists) {
      for (let i = list.size - 1; i >= 0; i--) {
        const row = list.values[i]!;
        if (this.#to[row]! >= from && this.#from[row]! < to) found.push(row);
      }
    }
    const bounds = order === 'newest' ? this.#to : this.#from;
    const sign = order === 'newest' ? -1 : 1;
    found.sort((a, b) => sign * (bounds[a]! - bounds[b]!) || sign * (a - b));
    let last = -1;
    // The arrays may be made anew while this waits for its next turn.
    const positions = this.#positions;
    for (const row of found) {
      if (row !== last) yield { position: positions[row]!, bound: bounds[row]! };
      last = row;
    }
  }

  /** Events by the bucket in which their row ends. */
  arrivals(from: number, to: number, step: number): Map<number, number> {
    const counts = new Map<number, number>();
    for (let row = 0; row < this.#size; row++) {
      const at = this.#to[row]!;
      if (at < from || at >= to) continue;
      const start = Math.floor(at / step) * step;
      counts.set(start, (counts.get(start) ?? 0) + this.#counts[row]!);
    }
    return counts;
  }

  #add({ position, from_time, to_time, count, keys }: Row): void {
    if (this.#size === this.#positions.length) this.#grow();
    const row = this.#size++;
    this.#positions[row] = position;
    this.#from[row] = from_time;
    this.#to[row] = to_time;
    this.#counts[row] = count;
    if (keys === null) return this.#unnamed.push(row);
    const hashes = keys.byteOffset % 4 === 0 ? new Uint32Array(keys.buffer, keys.byteOffset, keys.length >> 2) : new Uint32Array(keys.slice().buffer);
    for (let i = 0; i < hashes.length; i++) {
      const list = this.#rowsOf.get(hashes[i]!);
      if (list) list.push(row);
      else this.#rowsOf.set(hashes[i]!, new Numbers(row));
    }
  }

  #grow(): void {
    const larger = (old: Float64Array<ArrayBuffer>) => { const next = new Float64Array(2 * old.length); next.set(old); return next; };
    this.#positions = larger(this.#positions);
    this.#from = larger(this.#from);
    this.#to = larger(this.#to);
    const counts = new Uint32Array(2 * this.#counts.length);
    counts.set(this.#counts);
    this.#counts = counts;
  }

  /** Rows that were pruned are forgotten once they are many. */
  #compact(): void {
    if (this.#size <= MOST_GONE) return;
    const { n } = this.#db.prepare('SELECT coalesce(min(position), 0) AS n FROM entry').get() as { n: number };
    if (this.#positions[MOST_GONE]! < n) this.#reset();
  }

  #reset(): void {
    this.#size = 0;
    this.#positions = new Float64Array(1024);
    this.#from = new Float64Array(1024);
    this.#to = new Float64Array(1024);
    this.#counts = new Uint32Array(1024);
    this.#rowsOf = new Map();
    this.#unnamed = new Numbers();
  }
}

/** A list that grows, four bytes a number. */
class Numbers {
  values: Uint32Array;
  size = 0;

  constructor(...first: number[]) {
    this.values = Uint32Array.from(first);
    this.size = first.length;
  }

  push(value: number): void {
    if (this.size === this.values.length) {
      const larger = new Uint32Array(Math.max(4, 2 * this.size));
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.size++] = value;
  }
}
