import {
  createGunzip, createInflate, createInflateRaw, createZstdDecompress, type Gunzip, type Inflate, type InflateRaw, type ZstdDecompress,
} from 'node:zlib';

/** Bytes a body may inflate to when nothing else is configured. */
export const INFLATED_BYTES = 128 * 1024 * 1024;
/** A file that was gzipped may be gzipped once more on the way; nobody does it three times. */
const LAYERS = 2;
/** Each frame is a decoder of its own; appended logs have thousands, a body made of empty ones would have millions. */
const MOST_FRAMES = 10_000;

/** What a body inflated to; `truncated` when it ended early. */
export interface Inflated { bytes: Buffer; truncated: boolean }

/** A body that cannot be inflated. `supported` is false when the encoding itself is unknown here: the HTTP answer is 415. */
export class InflateError extends Error {
  readonly reason: 'too_large' | 'bad_encoding';
  readonly supported: boolean;
  constructor(reason: 'too_large' | 'bad_encoding', detail: string, supported = true) {
    super(detail);
    this.name = 'InflateError';
    this.reason = reason;
    this.supported = supported;
  }
}

/**
 * Inflates a body by its Content-Encoding (`gzip`, `deflate`, `zstd`, `identity`) and, whatever that says, by magic bytes,
 * off the main thread. Concatenated gzip members and zstd frames become one. A stream that ends early, or goes on as
 * something else, gives what could be inflated and `truncated: true`. Throws `InflateError`: `too_large` as soon as the output
 * passes `inflatedBytes` (nothing beyond the limit is buffered), `bad_encoding` for corrupt bytes or an unknown encoding.
 */
export async function inflate(
  body: Uint8Array, encoding: string | undefined, limits: { inflatedBytes?: number } = {},
): Promise<Inflated> {
  const limit = limits.inflatedBytes ?? INFLATED_BYTES;
  let bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let truncated = false;
  const named = decoders(encoding);
  for (let layer = 0; layer < LAYERS; layer++) {
    const decoder = named.pop() ?? sniff(bytes);
    if (decoder === null || bytes.length === 0) break;
    const layerResult = await drain(bytes, decoder, limit);
    bytes = layerResult.bytes;
    truncated ||= layerResult.truncated;
  }
  if (bytes.length > limit) throw new InflateError('too_large', `more than ${limit} bytes`);
  return { bytes, truncated };
}

/** True for the magic bytes of gzip. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** True for the magic bytes of a zstd frame. */
export function isZstd(bytes: Uint8Array): boolean {
  return bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd;
}

/** Logs get smaller by a tenth of this; who promises more gets memory as it comes. Nor is more than this many bytes taken at once. */
const MOST_GAIN = 64;
const LARGEST_PIECE = 8 << 20;

type Decoder = 'gzip' | 'deflate' | 'zstd';

/** In the order in which they were applied: the last is undone first. */
function decoders(encoding: string | undefined): Decoder[] {
  const list: Decoder[] = [];
  for (const part of (encoding ?? '').slice(0, 256).split(',')) {
    const name = part.trim().toLowerCase();
    if (name === '' || name === 'identity') continue;
    if (name === 'gzip' || name === 'x-gzip') list.push('gzip');
    else if (name === 'deflate' || name === 'zstd') list.push(name);
    else throw new InflateError('bad_encoding', 'unknown Content-Encoding; use gzip, deflate, zstd or none', false);
  }
  if (list.length > LAYERS) throw new InflateError('bad_encoding', `more than ${LAYERS} Content-Encodings`, false);
  return list;
}

function sniff(bytes: Uint8Array): Decoder | null {
  return isGzip(bytes) ? 'gzip' : isZstd(bytes) ? 'zstd' : null;
}

function open(decoder: Decoder, bytes: Uint8Array): Gunzip | Inflate | InflateRaw | ZstdDecompress {
  // About what the body inflates to, so that most need one piece; small ones do not pay for a large one.
  const options = { chunkSize: Math.min(1 << 20, Math.max(1 << 14, bytes.length * 10)) };
  if (decoder === 'gzip') {
    // Its last four bytes say how much it holds, of one member at least: then it comes in one piece, which need not be copied.
    const told = bytes.length < 18 ? 0 : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).readUInt32LE(bytes.length - 4) + 1;
    const likely = told > bytes.length && told <= Math.min(LARGEST_PIECE, bytes.length * MOST_GAIN);
    return createGunzip(likely ? { chunkSize: Math.max(1 << 10, told) } : options);
  }
  if (decoder === 'zstd') return createZstdDecompress(options);
  // "deflate" should be zlib's format, but some senders mean the bare one.
  const zlib = ((bytes[0] ?? 0) & 0x0f) === 8 && (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % 31 === 0;
  return zlib ? createInflate(options) : createInflateRaw(options);
}

async function drain(body: Buffer, decoder: Decoder, limit: number): Promise<Inflated> {
  const first = await one(body, decoder, limit);
  if (decoder !== 'zstd' || first.truncated) return first;
  // Node's gunzip goes on to the next member by itself; its zstd stops after a frame and leaves the rest unread.
  const parts = [first.bytes];
  let size = first.bytes.length;
  let truncated = false;
  for (let at = first.read; at < body.length && !truncated;) {
    const rest = body.subarray(at);
    if (!isZstd(rest) || parts.length >= MOST_FRAMES) {
      truncated = true;
    } else {
      const frame = await one(rest, 'zstd', limit - size);
      parts.push(frame.bytes);
      size += frame.bytes.length;
      truncated = frame.truncated;
      at += frame.read;
    }
  }
  return { bytes: parts.length === 1 ? first.bytes : Buffer.concat(parts, size), truncated };
}

/** Inflates up to the end of the body, or of the first zstd frame; `read` is how far it came. */
function one(body: Buffer, decoder: Decoder, limit: number): Promise<Inflated & { read: number }> {
  return new Promise((resolve, reject) => {
    const stream = open(decoder, body);
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        chunks.length = 0;
        stream.destroy();
        reject(new InflateError('too_large', 'inflates to more than the limit'));
      } else chunks.push(chunk);
    });
    const finish = (truncated: boolean): void => resolve({ bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size), truncated, read: stream.bytesWritten });
    stream.on('end', () => finish(false));
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'Z_BUF_ERROR') finish(true);
      else reject(new InflateError('bad_encoding', `not valid ${decoder}`));
    });
    stream.end(body);
  });
}
