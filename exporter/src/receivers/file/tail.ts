import { open, type FileHandle } from 'node:fs/promises';
import type { Millis, RejectReason } from '@remit/contract';
import type { Checkpoint } from './checkpoints.ts';
import { beginsWith, NO_PRINT, packingOf, printsOf, readAt, RunningPrints, unpacked } from './content.ts';
import { withoutPrefixes } from './lines.ts';
import { Pieces } from './read.ts';

/** Content is read and handed on in pieces of about this many bytes. */
const PIECE = 1 << 20;
/** A line longer than this is refused, of a plain file. */
export const LONGEST_LINE = 16 << 20;
/** A packed file that is one JSON document may be this long, unpacked. */
const LONGEST_DOCUMENT = 128 << 20;
const NEWLINE = 0x0a;

/** How a tail hands on and tells what it reads. */
export interface TailHooks {
  /** True when the lines are durable; false when the service stops: then they are read again later. */
  send(tail: Tail, lines: Buffer, history: boolean): Promise<boolean>;
  /** Before a packed file is read: goes on where its content was read to under another name. */
  recall(tail: Tail): Promise<void>;
  refused(tail: Tail, reason: RejectReason, detail: string): void;
  now(): Millis;
  /** Quiet for so long, in milliseconds, a last line without an end is tried, and a packed file is taken for complete. */
  settle: Millis;
  /** Quiet for so long, a packed file that ends early is taken as it is. */
  giveUp: Millis;
}

/** One followed file: knows how far it has been read, and reads on piece by piece. */
export class Tail {
  point: Checkpoint;
  size = -1;
  /** When it last grew or shrank, as far as is known. */
  changedAt: Millis = 0;
  readonly #hooks: TailHooks;
  #handle: FileHandle | null = null;
  #mtime = -1;
  /** Size at which only the beginning of a line was left, and whether that was tried as a whole. */
  #half = { size: -1, tried: false };
  #pieces: AsyncGenerator<Buffer, void> | null = null;
  /** Size at which a packed file ended early. */
  #short = -1;

  constructor(point: Checkpoint, hooks: TailHooks) {
    this.point = point;
    this.#hooks = hooks;
  }

  /** True while a packed file is being read: one at a time, since its document may be long. */
  get unpacking(): boolean {
    return this.#pieces !== null;
  }

  /** Everything has been read that can be. */
  get caughtUp(): boolean {
    const { point } = this;
    return point.packing === 'plain' ? point.offset >= this.size || this.#half.size === this.size : point.done === this.size;
  }

  /** Takes note of the file as it is now. True when its content is not the one that was read: it then begins anew. */
  async look(path: string, size: number, mtime: Millis): Promise<boolean> {
    const { point } = this;
    point.path = path;
    if (size === this.size && mtime === this.#mtime) return false;
    const now = this.#hooks.now();
    this.changedAt = this.size < 0 ? Math.min(now, mtime) : now;
    this.size = size;
    this.#mtime = mtime;
    if (point.offset === 0 && point.done === null) {
      point.packing = await packingOf(await this.#open()) ?? 'plain';
      return false;
    }
    if (point.packing === 'plain') return size < point.offset || !(await beginsWith(await this.#open(), point.prints.head));
    return point.done !== null && point.done !== size;
  }

  /** Begins anew, at the start of other content. */
  async restart(): Promise<void> {
    const { path, followed, file, seen } = this.point;
    await this.close();
    this.size = -1;
    this.#mtime = -1;
    this.#short = -1;
    this.#half = { size: -1, tried: false };
    this.point = {
      path, followed, file, seen, packing: 'plain', offset: 0, history: 0, skipping: false, done: null, prints: { head: NO_PRINT, tail: NO_PRINT },
    };
  }

  /** Reads and hands on one piece. False when there is nothing to do for now. */
  async step(): Promise<boolean> {
    return this.point.packing === 'plain' ? this.#plain() : this.#packed();
  }

  /** The size as the open file has it, for one that no name leads to any more. Null when it is not open. */
  async lookOpen(): Promise<number | null> {
    if (this.#handle === null) return null;
    this.size = (await this.#handle.stat()).size;
    return this.size;
  }

  /** Lets go of the file; it is opened again when there is more. */
  async close(): Promise<void> {
    const handle = this.#handle;
    const pieces = this.#pieces;
    this.#handle = null;
    this.#pieces = null;
    await pieces?.return();
    await handle?.close();
  }

  async #open(): Promise<FileHandle> {
    return this.#handle ??= await open(this.point.path);
  }

  // -------------------------------------------------------------- plain

  async #plain(): Promise<boolean> {
    const { point } = this;
    if (this.size <= point.offset) return false;
    if (this.size === this.#half.size && (this.#half.tried || this.#hooks.now() - this.changedAt < this.#hooks.settle)) return false;
    const handle = await this.#open();
    for (let length = PIECE; ; length = Math.min(length * 4, LONGEST_LINE)) {
      const bytes = await readAt(handle, point.offset, length);
      if (point.skipping) return this.#skip(bytes);
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      if (end > 0) return this.#take(handle, bytes.subarray(0, end));
      if (bytes.length < length) return this.#beginning(handle, bytes);
      if (length === LONGEST_LINE) {
        this.#hooks.refused(this, 'too_large', `a line of more than ${LONGEST_LINE >> 20} MiB`);
        point.skipping = true;
        point.offset += length;
        return true;
      }
    }
  }

  #skip(bytes: Buffer): boolean {
    const newline = bytes.indexOf(NEWLINE);
    this.point.skipping = newline < 0;
    this.point.offset += newline < 0 ? bytes.length : newline + 1;
    return bytes.length > 0;
  }

  /** A line whose end is not there yet. Once nothing has been added for a while it is taken if it is a whole value. */
  async #beginning(handle: FileHandle, bytes: Buffer): Promise<boolean> {
    if (this.#half.size !== this.size) this.#half = { size: this.size, tried: false };
    if (this.#hooks.now() - this.changedAt < this.#hooks.settle) return false;
    this.#half.tried = true;
    return isValue(withoutPrefixes(bytes)) && this.#take(handle, bytes);
  }

  async #take(handle: FileHandle, bytes: Buffer): Promise<boolean> {
    const { point } = this;
    const lines = withoutPrefixes(bytes);
    if (!isBlank(lines) && !(await this.#hooks.send(this, lines, point.offset < point.history))) return false;
    point.offset += bytes.length;
    point.prints = await printsOf(handle, point.offset);
    return true;
  }

  // -------------------------------------------------------------- packed

  async #packed(): Promise<boolean> {
    const { point } = this;
    const quiet = this.#hooks.now() - this.changedAt;
    if (point.done === this.size || quiet < this.#hooks.settle || (this.#short === this.size && quiet < this.#hooks.giveUp)) return false;
    if (this.#pieces === null) {
      if (point.offset === 0) await this.#hooks.recall(this);
      this.#pieces = this.#unpack(quiet >= this.#hooks.giveUp);
    }
    const { done } = await this.#pieces.next();
    if (done) this.#pieces = null;
    return !done;
  }

  /** Hands on the content behind `offset`; yields after each piece. */
  async* #unpack(last: boolean): AsyncGenerator<Buffer, void> {
    const { point } = this;
    const pieces = new Pieces();
    const running = new RunningPrints();
    let position = 0;
    let failed: string | null = null;
    try {
      for await (const chunk of unpacked(point.path, point.packing)) {
        running.add(chunk);
        const fresh = chunk.subarray(Math.max(0, point.offset + pieces.length - position));
        position += chunk.length;
        for (const piece of pieces.push(fresh)) {
          if (!(await this.#hand(piece, piece.length + 1))) return;
          yield piece;
        }
        if (pieces.length > LONGEST_DOCUMENT) {
          this.#hooks.refused(this, 'too_large', `one JSON document of more than ${LONGEST_DOCUMENT >> 20} MiB`);
          point.done = this.size;
          return;
        }
      }
    } catch (error) {
      failed = (error as Error).message;
    }
    if (failed !== null && !last && /unexpected end/i.test(failed)) {
      this.#short = this.size;
      return;
    }
    const rest = pieces.rest();
    if (!(await this.#hand(rest, rest.length))) return;
    if (failed !== null) this.#hooks.refused(this, /unexpected end/i.test(failed) ? 'truncated' : 'bad_encoding', failed);
    point.prints = running.prints;
    point.done = this.size;
  }

  async #hand(piece: Buffer, length: number): Promise<boolean> {
    const lines = withoutPrefixes(piece);
    if (!isBlank(lines) && !(await this.#hooks.send(this, lines, true))) return false;
    this.point.offset += length;
    return true;
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte <= 0x20);
}

function isValue(line: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(line.toString());
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}
