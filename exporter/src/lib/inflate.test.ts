import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inflate, InflateError } from './inflate.ts';

const text = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `{"n":${i}}\n`).join(''));
const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024));

describe('inflate', () => {
  it.each<[string, Buffer, string | undefined]>([
    ['nothing', text, undefined], ['identity', text, 'identity'], ['gzip', gzipSync(text), 'gzip'], ['gzip by its magic bytes', gzipSync(text), undefined],
    ['gzip said to be identity', gzipSync(text), 'identity'], ['x-gzip', gzipSync(text), 'X-GZIP'], ['deflate', deflateSync(text), 'deflate'],
    ['bare deflate', deflateRawSync(text), 'deflate'], ['zstd', zstdCompressSync(text), 'zstd'], ['zstd by its magic bytes', zstdCompressSync(text), undefined],
    ['two gzip members', Buffer.concat([gzipSync(text.subarray(0, 1000)), gzipSync(text.subarray(1000))]), 'gzip'],
    ['two zstd frames', Buffer.concat([zstdCompressSync(text.subarray(0, 1000)), zstdCompressSync(text.subarray(1000))]), 'zstd'],
    ['a gzipped file sent gzipped', gzipSync(gzipSync(text)), 'gzip'], ['two encodings', zstdCompressSync(gzipSync(text)), 'gzip, zstd'],
  ])('%s', async (_name, body, encoding) => {
    const { bytes, truncated } = await inflate(body, encoding);
    expect(truncated).toBe(false);
    expect(bytes.equals(text)).toBe(true);
  });

  it.each<[string, Buffer]>([['gzip', gzipSync(text)], ['deflate', deflateSync(text)], ['zstd', zstdCompressSync(text)]])('%s that ends early gives its beginning', async (encoding, body) => {
    const { bytes, truncated } = await inflate(body.subarray(0, Math.floor(body.length * 0.7)), encoding);
    expect(truncated).toBe(true);
    expect(text.subarray(0, bytes.length).equals(bytes)).toBe(true);
    if (encoding !== 'zstd') expect(bytes.length).toBeGreaterThan(1000);
  });

  it('loses nothing of a short gzip that lacks only its checksum', async () => {
    const { bytes, truncated } = await inflate(gzipSync(text.subarray(0, 5000)).subarray(0, -6), 'gzip');
    expect([truncated, bytes.length]).toEqual([true, 5000]);
  });

  it.each<[string, Buffer, string | undefined, string, boolean]>([
    ['no gzip', text, 'gzip', 'bad_encoding', true], ['corrupt gzip', Buffer.from(gzipSync(text)).fill(7, 100, 300), 'gzip', 'bad_encoding', true],
    ['no zstd', text, 'zstd', 'bad_encoding', true], ['brotli', brotliCompressSync(text), 'br', 'bad_encoding', false],
    ['three encodings', text, 'gzip, gzip, gzip', 'bad_encoding', false],
  ])('%s', async (_name, body, encoding, reason, supported) => {
    const error: unknown = await inflate(body, encoding).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InflateError);
    expect(error).toMatchObject({ reason, supported });
  });

  it('stops a bomb at the limit', async () => {
    const before = process.memoryUsage().rss;
    const limit = 16 * 1024 * 1024;
    await expect(inflate(bomb, 'gzip', { inflatedBytes: limit })).rejects.toMatchObject({ reason: 'too_large' });
    expect(process.memoryUsage().rss - before).toBeLessThan(4 * limit);
    await expect(inflate(text, undefined, { inflatedBytes: 10 })).rejects.toMatchObject({ reason: 'too_large' });
  });
});
