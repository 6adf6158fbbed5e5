import { once } from 'node:events';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { isGzip, isZstd } from '../../lib/inflate.ts';
import { records, type BodyRecord } from '../../lib/records.ts';
import { withoutPrefix } from './lines.ts';

/** A file is taken in pieces of about this many inflated bytes when it has one record a line. */
const PIECE = 8 << 20;
/** The most a file may inflate to when it is one JSON document. */
const DOCUMENT = 500 << 20;
const NEWLINE = 10;

/** Stands for standard input where a path is asked for. */
export const STDIN = '-';

export interface FileProgress { bytes: number }

/**
 * The records of one log file, compressed or not: one a line in bounded memory, or one JSON document. `progress.bytes` counts the
 * bytes read from disk. A file that ends early gives what it has and one `truncated`. Throws when it cannot be opened.
 */
export async function* readLogFile(path: string, progress: FileProgress): AsyncIterable<BodyRecord> {
  let index = 0;
  const pieces = new Pieces();
  let failed: string | null = null;
  const before = progress.bytes;
  const { stream, read } = await inflated(path);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      progress.bytes = before + read();
      for (const piece of pieces.push(chunk)) for (const record of records(piece)) yield { ...record, index: index++ };
      if (pieces.length > DOCUMENT) {
        yield { index, reject: 'too_large', detail: `${path}: one JSON document of more than ${DOCUMENT >> 20} MiB; split it, or write one record a line` };
        return;
      }
    }
  } catch (error) {
    failed = (error as Error).message;
  }
  const rest = pieces.rest();
  let cut = false;
  for (const record of records(rest)) {
    cut = 'reject' in record && record.reject === 'truncated';
    yield { ...record, index: index++ };
  }
  if (failed !== null && !cut) yield { index, reject: /unexpected end/i.test(failed) ? 'truncated' : 'bad_encoding', detail: `${path}: ${failed}` };
}

/** Size on disk, in bytes; 0 of standard input and of pipes. */
export async function fileSize(path: string): Promise<number> {
  return path === STDIN ? 0 : (await stat(path)).size;
}

/** The file's stream, inflated by its magic bytes, and how much of it has been read from disk. */
async function inflated(path: string): Promise<{ stream: Readable; read(): number }> {
  // Without a place to start from a pipe can be read too.
  const file: Readable & { bytesRead?: number } = path === STDIN ? process.stdin : (await open(path)).createReadStream({ highWaterMark: 1 << 20 });
  const head = await headOf(file);
  const decoder = isGzip(head) ? createGunzip() : isZstd(head) ? createZstdDecompress() : null;
  if (decoder) file.on('error', (error) => decoder.destroy(error)).pipe(decoder);
  return { stream: decoder ?? file, read: () => file.bytesRead ?? 0 };
}

/** The first bytes of a stream, which stay in it; fewer than four only where it has no more, or a pipe gave them one by one. */
async function headOf(stream: Readable): Promise<Buffer> {
  await once(stream, 'readable');
  const head = stream.read() as Buffer | null;
  if (head !== null) stream.unshift(head);
  return head ?? Buffer.alloc(0);
}

/** Collects chunks; gives whole lines back, without the last newline, once the content proves to have a record a line. */
export class Pieces {
  #chunks: Buffer[] = [];
  length = 0;
  /** Whether the first line is a whole value; unknown until one is there. */
  #lines: boolean | null = null;

  * push(chunk: Buffer): Iterable<Buffer> {
    this.#chunks.push(chunk);
    this.length += chunk.length;
    if (this.length < PIECE) return;
    if (this.#lines === null) {
      const all = this.rest();
      this.#lines = firstLineIsValue(all);
      this.#chunks = [all];
      this.length = all.length;
    }
    if (!this.#lines) return;
    const all = this.rest();
    const end = all.lastIndexOf(NEWLINE);
    if (end >= 0) yield all.subarray(0, end);
    const left = all.subarray(end + 1);
    this.#chunks = [left];
    this.length = left.length;
  }

  rest(): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.length = 0;
    return all;
  }
}

function firstLineIsValue(bytes: Buffer): boolean {
  const end = bytes.indexOf(NEWLINE);
  if (end < 0) return false;
  try {
    JSON.parse(withoutPrefix(bytes.toString('utf8', 0, end)));
    return true;
  } catch {
    return false;
  }
}
