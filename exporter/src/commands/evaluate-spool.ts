import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NhiEvent } from '@remit/contract';
import { decodeEvents, encodeEvents } from '../lib/event-codec.ts';

const BLOCK = 1000;

/** Events in order of time on disk, to be told several times: each run changes the events it is given. */
export class Spool {
  count = 0;
  readonly #folder: string;
  readonly #file: FileHandle;
  readonly #blocks: [number, number][] = [];
  #offset = 0;
  #waiting: NhiEvent[] = [];

  private constructor(folder: string, file: FileHandle) {
    this.#folder = folder;
    this.#file = file;
  }

  static async create(): Promise<Spool> {
    const folder = await mkdtemp(join(tmpdir(), 'remit-spool-'));
    return new Spool(folder, await open(join(folder, 'events'), 'wx+', 0o600));
  }

  async add(event: NhiEvent): Promise<void> {
    this.#waiting.push(event);
    this.count++;
    if (this.#waiting.length >= BLOCK) await this.end();
  }

  /** Writes what waits. */
  async end(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const bytes = encodeEvents(this.#waiting);
    this.#waiting = [];
    await this.#file.write(bytes, 0, bytes.length, this.#offset);
    this.#blocks.push([this.#offset, bytes.length]);
    this.#offset += bytes.length;
  }

  async *events(): AsyncIterable<NhiEvent> {
    for (const [offset, length] of this.#blocks) {
      const bytes = Buffer.alloc(length);
      await this.#file.read(bytes, 0, length, offset);
      yield* decodeEvents(bytes);
    }
  }

  async discard(): Promise<void> {
    await this.#file.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
