import { Worker } from 'node:worker_threads';
import type { Cut, Position, Store } from '@remit/contract';
import { Caller } from './caller.ts';

export type StateRequest = { id: number } & (
  | { do: 'position' } | { do: 'page'; table: string; after: string; to: string; most: number }
  | { do: 'commit'; cut: Cut } | { do: 'bytes' } | { do: 'close' });
export interface StateReply { id: number; error?: string; value?: number; keys?: string[]; bytes?: Uint8Array; ends?: Uint32Array }

const PAGE_ROWS = 2000;
/** Sorts after every key in use: keys are printable. */
const LAST = '\u{10ffff}';

/** The state of the last cut in `state.db` (SQLite, WAL, synchronous=FULL), written by a thread of its own. */
export class SqliteStore implements Store {
  readonly #caller: Caller<StateRequest, StateReply>;

  constructor(file: string) {
    this.#caller = new Caller(new Worker(new URL('./state-worker.ts', import.meta.url), { workerData: { file } }));
  }

  async position(): Promise<Position> {
    return (await this.#caller.call({ do: 'position' })).value!;
  }

  async *rows(table: string, range: { from?: string; to?: string } = {}): AsyncIterable<{ key: string; value: Uint8Array }> {
    const ask = (after: string) => this.#caller.call({ do: 'page', table, after, to: range.to ?? LAST, most: PAGE_ROWS });
    for (let next: Promise<StateReply> | null = ask(range.from ?? ''); next;) {
      const { keys, bytes, ends } = (await next) as Required<StateReply>;
      // The next page is read while this one is used.
      next = keys.length < PAGE_ROWS ? null : ask(keys.at(-1)!);
      next?.catch(() => {});
      for (let i = 0; i < keys.length; i++) yield { key: keys[i]!, value: bytes.subarray(ends[i - 1] ?? 0, ends[i]) };
    }
  }

  async commit(cut: Cut): Promise<void> {
    await this.#caller.call({ do: 'commit', cut });
  }

  async bytes(): Promise<number> {
    return (await this.#caller.call({ do: 'bytes' })).value!;
  }

  close(): Promise<void> {
    return this.#caller.close({ do: 'close' });
  }
}
