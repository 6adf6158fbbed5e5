import { Worker } from 'node:worker_threads';
import type { Cut, Position, RowPage, Store } from '@remit/contract';
import { Caller } from './caller.ts';

export type StateRequest = { id: number } & (
  | { do: 'position' } | { do: 'page'; table: string; after: string; to: string; most: number }
  | { do: 'pick'; table: string; keys: string[] } | { do: 'stage'; first: boolean; puts: Cut['puts']; deletes: Cut['deletes'] } | { do: 'commit'; position: Position; drops: Cut['drops'] } | { do: 'bytes' } | { do: 'close' });
export interface StateReply { id: number; error?: string; value?: number; keys?: string[]; bytes?: Uint8Array; ends?: Uint32Array }

const PAGE_ROWS = 2000;
const STAGED_ROWS = 500;
/** Sorts after every key in use: keys are printable. */
const LAST = '\u{10ffff}';

/** The state of the last cut in `state.db` (SQLite, WAL, synchronous=FULL), written by a thread of its own. */
export class SqliteStore implements Store {
  readonly #file: string;
  readonly #caller: Caller<StateRequest, StateReply>;
  /** A thread for queries, so that they never wait for a cut. */
  #reader: Caller<StateRequest, StateReply> | null = null;

  constructor(file: string) {
    this.#file = file;
    this.#caller = start(file, false);
  }

  async position(): Promise<Position> {
    return (await this.#caller.call({ do: 'position' })).value!;
  }

  async *pages(table: string, range: { from?: string; to?: string } = {}): AsyncIterable<RowPage> {
    const ask = (after: string) => this.#caller.call({ do: 'page', table, after, to: range.to ?? LAST, most: PAGE_ROWS });
    for (let next: Promise<StateReply> | null = ask(range.from ?? ''); next;) {
      const { keys, bytes, ends } = (await next) as Required<StateReply>;
      // The next page is read while this one is used.
      next = keys.length < PAGE_ROWS ? null : ask(keys.at(-1)!);
      next?.catch(() => {});
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      yield { keys, value: (i) => bytes.subarray(ends[i - 1] ?? 0, ends[i]), text: (i) => text.toString('utf8', ends[i - 1] ?? 0, ends[i]) };
    }
  }

  /** Rows of the last cut by their keys, in the order of the keys; null where there is none. */
  async pick(table: string, keys: string[]): Promise<(Uint8Array | null)[]> {
    this.#reader ??= start(this.#file, true);
    const { bytes, ends } = (await this.#reader.call({ do: 'pick', table, keys })) as Required<StateReply>;
    return keys.map((_, i) => (ends[i] === (ends[i - 1] ?? 0) ? null : bytes.subarray(ends[i - 1] ?? 0, ends[i])));
  }

  /** Rows are handed over in parts: to copy those of a large fleet at once would hold the loop for long. */
  async commit({ puts, deletes, drops, position }: Cut): Promise<void> {
    for (let at = 0, to; at === 0 || at < Math.max(puts.length, deletes.length); at = to) {
      to = at + STAGED_ROWS;
      await this.#caller.call({ do: 'stage', first: at === 0, puts: puts.slice(at, to), deletes: deletes.slice(at, to) });
    }
    await this.#caller.call({ do: 'commit', drops, position });
  }

  async bytes(): Promise<number> {
    return (await this.#caller.call({ do: 'bytes' })).value!;
  }

  async close(): Promise<void> {
    await this.#reader?.close({ do: 'close' });
    await this.#caller.close({ do: 'close' });
  }
}

function start(file: string, readOnly: boolean): Caller<StateRequest, StateReply> {
  return new Caller(new Worker(new URL('./state-worker.ts', import.meta.url), { workerData: { file, readOnly } }));
}
