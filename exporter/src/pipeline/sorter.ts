import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NhiEvent } from '@remit/contract';
import { decodeEvents, encodeEvents } from '../lib/event-codec.ts';

const RUN_EVENTS = 200_000;
const BLOCK_EVENTS = 1000;

/**
 * Sorts any number of events by time, in bounded memory: what does not fit is written to a temporary folder in sorted runs and
 * merged. Of one instant, the events that issue credentials come first, then those that complete an action, then by id and, where
 * two records share an id, by content, so that file order never matters.
 */
export class EventSorter {
  #events: NhiEvent[] = [];
  #runs: Run[] = [];
  #folder: string | null = null;
  readonly #runEvents: number;

  constructor(runEvents: number = RUN_EVENTS) {
    this.#runEvents = runEvents;
  }

  async add(event: NhiEvent): Promise<void> {
    this.#events.push(event);
    if (this.#events.length >= this.#runEvents) await this.#spill();
  }

  /** All events in order; the sorter is empty afterwards. */
  async *sorted(): AsyncIterable<NhiEvent> {
    this.#events.sort(inOrder);
    if (this.#runs.length === 0) yield* this.#events;
    else {
      if (this.#events.length > 0) await this.#spill();
      yield* merge(this.#runs);
    }
    await this.discard();
  }

  /** Removes the temporary files. */
  async discard(): Promise<void> {
    this.#events = [];
    for (const run of this.#runs.splice(0)) await run.file.close();
    if (this.#folder !== null) await rm(this.#folder, { recursive: true, force: true });
    this.#folder = null;
  }

  async #spill(): Promise<void> {
    this.#folder ??= await mkdtemp(join(tmpdir(), 'remit-sort-'));
    const events = this.#events.sort(inOrder);
    this.#events = [];
    const file = await open(join(this.#folder, String(this.#runs.length)), 'wx+', 0o600);
    const run: Run = { file, blocks: [], next: 0, events: [], at: 0 };
    let offset = 0;
    for (let i = 0; i < events.length; i += BLOCK_EVENTS) {
      const bytes = encodeEvents(events.slice(i, i + BLOCK_EVENTS));
      await file.write(bytes, 0, bytes.length, offset);
      run.blocks.push([offset, bytes.length]);
      offset += bytes.length;
    }
    this.#runs.push(run);
  }
}

interface Run { file: FileHandle; blocks: [number, number][]; next: number; events: NhiEvent[]; at: number }

async function* merge(runs: Run[]): AsyncIterable<NhiEvent> {
  const live: Run[] = [];
  for (const run of runs) if (await fill(run)) live.push(run);
  while (live.length > 0) {
    let first = 0;
    for (let i = 1; i < live.length; i++) if (inOrder(head(live[i]!), head(live[first]!)) < 0) first = i;
    const run = live[first]!;
    yield head(run);
    run.at++;
    if (run.at === run.events.length && !(await fill(run))) live.splice(first, 1);
  }
}

function head(run: Run): NhiEvent {
  return run.events[run.at]!;
}

async function fill(run: Run): Promise<boolean> {
  const block = run.blocks[run.next++];
  if (!block) return false;
  const bytes = new Uint8Array(block[1]);
  await run.file.read(bytes, 0, block[1], block[0]);
  run.events = decodeEvents(bytes);
  run.at = 0;
  return run.events.length > 0;
}

function inOrder(a: NhiEvent, b: NhiEvent): number {
  return a.time - b.time || rank(a) - rank(b) || compare(a.metadata.source, b.metadata.source)
    || compare(a.metadata.original_event_uid, b.metadata.original_event_uid) || (a === b ? 0 : compare(JSON.stringify(a), JSON.stringify(b)));
}

function rank(event: NhiEvent): number {
  if (event.issued) return 0;
  return event.flags.includes('start_record') ? 2 : 1;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
