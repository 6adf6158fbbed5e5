import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { isGzip, isZstd } from '../../lib/inflate.ts';

/** What is remembered of a content: a digest of its first bytes, and of those just before where reading stopped. */
export interface Prints { head: Print; tail: Print }
export interface Print { length: number; digest: string }

export const NO_PRINT: Print = { length: 0, digest: '' };
const MOST = 1024;
/** A content shorter than this is not told apart from others that begin alike. */
const TELLING = 64;

export type Packing = 'plain' | 'gzip' | 'zstd';

/** How a file is packed, by its first bytes; null while there are too few to tell. */
export async function packingOf(handle: FileHandle): Promise<Packing | null> {
  const head = await readAt(handle, 0, 4);
  if (head.length < 4) return head.length > 0 && !isGzip(head) && head[0] !== 0x28 ? 'plain' : null;
  return isGzip(head) ? 'gzip' : isZstd(head) ? 'zstd' : 'plain';
}

/** Up to `length` bytes from a position; fewer at the end of the file. */
export async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** The prints of a plain file that was read up to `offset`. */
export async function printsOf(handle: FileHandle, offset: number): Promise<Prints> {
  const length = Math.min(MOST, offset);
  return { head: print(await readAt(handle, 0, length)), tail: print(await readAt(handle, offset - length, length)) };
}

/** The prints of a stream, as it goes by. */
export class RunningPrints {
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);

  add(bytes: Buffer): void {
    if (this.#head.length < MOST) this.#head = Buffer.concat([this.#head, bytes.subarray(0, MOST - this.#head.length)]);
    this.#tail = bytes.length >= MOST ? Buffer.from(bytes.subarray(-MOST)) : Buffer.from(Buffer.concat([this.#tail, bytes]).subarray(-MOST));
  }

  get prints(): Prints {
    return { head: print(this.#head), tail: print(this.#tail) };
  }
}

/** Whether a plain file begins with the bytes of a print. */
export async function beginsWith(handle: FileHandle, head: Print): Promise<boolean> {
  return head.length === 0 || print(await readAt(handle, 0, head.length)).digest === head.digest;
}

/**
 * Which of several contents a file holds: the one whose prints it has at the same places, the furthest read first. Null when none,
 * or when they are too short to tell.
 */
export async function recognise<T extends { offset: number; prints: Prints }>(path: string, packing: Packing, known: Iterable<T>): Promise<T | null> {
  const start = await beginning(path, packing);
  const digests = new Map<number, string>();
  const begins = ({ length, digest }: Print): boolean => {
    if (length < TELLING || length > start.length) return false;
    if (!digests.has(length)) digests.set(length, print(start.subarray(0, length)).digest);
    return digests.get(length) === digest;
  };
  const alike = [...known].filter(({ prints }) => begins(prints.head)).sort((a, b) => b.offset - a.offset);
  for (const candidate of alike) if (await reaches(path, packing, candidate.offset, candidate.prints.tail)) return candidate;
  return null;
}

async function beginning(path: string, packing: Packing): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of unpacked(path, packing)) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= MOST) break;
    }
  } catch {
    // What could be read decides.
  }
  return Buffer.concat(chunks).subarray(0, MOST);
}

/** Whether the bytes before a position are those of the print. */
async function reaches(path: string, packing: Packing, offset: number, tail: Print): Promise<boolean> {
  if (packing === 'plain') {
    await using handle = await open(path);
    return print(await readAt(handle, offset - tail.length, tail.length)).digest === tail.digest;
  }
  const running = new RunningPrints();
  let position = 0;
  try {
    for await (const chunk of unpacked(path, packing)) {
      running.add(chunk.subarray(0, offset - position));
      position += chunk.length;
      if (position >= offset) return running.prints.tail.digest === tail.digest;
    }
  } catch {
    // A packed file that is not whole holds nothing for sure.
  }
  return false;
}

/** The content of a file in chunks, unpacked. A stream that ends early or is corrupt throws after what could be read. */
export async function* unpacked(path: string, packing: Packing): AsyncIterable<Buffer> {
  const handle = await open(path);
  const file = handle.createReadStream({ start: 0, highWaterMark: 256 << 10 });
  const decoder = packing === 'gzip' ? createGunzip() : packing === 'zstd' ? createZstdDecompress() : null;
  const stream: Readable = decoder ?? file;
  if (decoder) file.on('error', (error) => decoder.destroy(error)).pipe(decoder);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) yield chunk;
  } finally {
    stream.destroy();
    file.destroy();
  }
}

function print(bytes: Uint8Array): Print {
  return { length: bytes.length, digest: createHash('sha256').update(bytes).digest('hex').slice(0, 32) };
}
