import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Overloaded, StoreFailed } from '@remit/contract';
import type { Rejection } from '@remit/contract';
import { MemoryIngest, receipt, serveRoutes } from '../../lib/cases/memory-ingest.ts';
import type { Listening } from '../../api/listen.ts';
import { createUploadGate } from '../../lib/upload.ts';
import type { UploadGate } from '../../lib/upload.ts';
import { httpRoutes } from './http.ts';

const MiB = 1024 * 1024;
let ingest: MemoryIngest;
let gate: UploadGate;
let service: Listening;

beforeEach(async () => {
  ingest = new MemoryIngest(4 * MiB);
  gate = createUploadGate({ inFlight: () => ingest.bytesInFlight, limit: () => ingest.bytesLimit }, { bytes: 2 * MiB, millis: 1500, idleMillis: 300 });
  service = await serveRoutes(httpRoutes({ ingest, gate, sources: ['aws-cloudtrail', 'k8s-audit'] }));
});
afterEach(async () => service.close(50));

const post = (query: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${service.url}/ingest${query}`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

/** Speaks HTTP by hand; resolves with everything the service sent until it closed. */
function raw(head: string, during?: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(service.port, '127.0.0.1', () => { socket.write(head); during?.(socket); });
    let seen = '';
    socket.on('data', (chunk) => { seen += String(chunk); }).on('close', () => resolve(seen)).on('error', () => undefined);
  });
}

const rejection = (index: number, reason: Rejection['reason']): Rejection => ({ index, reason, detail: 'because' });

describe('what becomes of a body', () => {
  const cases = [
    ['some valid', receipt({ accepted: 3, duplicate: 1, start_record: 2, rejected: [rejection(4, 'bad_time')] }), 200],
    ['only duplicates', receipt({ duplicate: 5 }), 200],
    ['only start records', receipt({ start_record: 1 }), 200],
    ['none valid', receipt({ rejected: [rejection(0, 'too_deep')] }), 400],
    ['no record in it', receipt({}), 400],
    ['a bomb', receipt({ rejected: [rejection(0, 'too_large')] }), 413],
  ] as const;
  test.each(cases)('%s', async (_name, result, status) => {
    ingest.next = () => Promise.resolve(result);
    const answer = await post('', '[{}]');
    expect(answer.status).toBe(status);
    const body = await answer.json() as Record<string, unknown>;
    expect(body).toMatchObject({ accepted: result.accepted, duplicate: result.duplicate, start_record: result.start_record, rejected: result.rejected });
    expect('error' in body).toBe(status !== 200);
  });

  test('at most a hundred rejections are listed, and their number is exact', async () => {
    const rejected = Array.from({ length: 150 }, (_, index) => rejection(index, 'bad_json'));
    ingest.next = () => Promise.resolve(receipt({ accepted: 1, rejected, rejected_total: 4711 }));
    const body = await (await post('', '[{}]')).json() as { rejected: unknown[]; rejected_total: number };
    expect(body.rejected).toHaveLength(100);
    expect(body.rejected_total).toBe(4711);
  });

  test('an overloaded pipeline is 429, a failed store 503, both with Retry-After; nothing stays reserved', async () => {
    for (const [error, status] of [[new Overloaded(), 429], [new StoreFailed(), 503]] as const) {
      ingest.next = () => Promise.reject(error);
      const answer = await post('', '[{}]');
      expect(answer.status).toBe(status);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(gate.reserved).toBe(0);
  });

  test('an empty body is 400 and does not reach the pipeline', async () => {
    expect((await post('', '')).status).toBe(400);
    expect(ingest.bodies).toHaveLength(0);
  });
});

describe('what is passed on', () => {
  test('the body as it came, with encoding and hints', async () => {
    const packed = gzipSync('{"Records":[]}');
    await post('?source=aws-cloudtrail&feed=org-trail&cluster=prod&mode=backfill', packed, { 'content-encoding': 'GZIP' });
    expect(Buffer.from(ingest.bodies[0]?.body ?? []).equals(packed)).toBe(true);
    expect(ingest.bodies[0]?.hint).toEqual({ receiver: 'http', source: 'aws-cloudtrail', feed: 'org-trail', cluster: 'prod', backfill: true, encoding: 'gzip' });
  });

  test('headers name source, feed and cluster where the query is silent', async () => {
    await post('?feed=from-query', '{}', { 'x-remit-source': 'k8s-audit', 'x-remit-feed': 'from-header', 'x-remit-cluster': 'edge', 'content-encoding': 'identity' });
    expect(ingest.bodies[0]?.hint).toEqual({ receiver: 'http', source: 'k8s-audit', feed: 'from-query', cluster: 'edge' });
  });

  test.each([
    ['?source=nope', /unknown source "nope"; known: aws-cloudtrail, k8s-audit/], ['?sorce=k8s-audit', /unknown parameter "sorce"/], ['?source=a&source=b', /more than once/],
    ['?mode=history', /mode is/], ['?feed=', /feed must be/], ['?feed=a%20b', /feed must be/], [`?cluster=${'c'.repeat(300)}`, /cluster must be/], ['?__proto__=1', /unknown parameter/],
  ])('%s is refused', async (query, message) => {
    const answer = await post(query, '{}');
    expect(answer.status).toBe(400);
    expect((await answer.json() as { error: string }).error).toMatch(message);
    expect(ingest.bodies).toHaveLength(0);
  });
});

describe('media', () => {
  test.each([
    ['application/json', 200], ['application/json; charset=utf-8', 200], ['APPLICATION/X-NDJSON', 200], ['application/gzip', 200], ['text/plain', 200],
    ['application/octet-stream', 200], ['application/cloudevents+json', 200],
    ['multipart/form-data; boundary=x', 415], ['application/xml', 415], ['text/html', 415], ['image/png', 415], ['application/x-protobuf', 415],
  ])('%s is %i', async (type, status) => {
    expect((await post('', '{}', { 'content-type': type })).status).toBe(status);
  });
  test.each([['gzip', 200], ['x-gzip', 200], ['deflate', 200], ['zstd', 200], ['identity', 200], ['br', 415], ['gzip, gzip', 415], ['compress', 415]])('encoding %s is %i', async (encoding, status) => {
    expect((await post('', '{}', { 'content-encoding': encoding })).status).toBe(status);
  });
  test('what curl says of any file is taken when the body is no form', async () => {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const answers = [];
    for (const body of ['{}', ' \n[{}]', '\uFEFF{}', gzipSync('{}'), 'a=1&b=%7B', '1', '   ']) answers.push((await post('', body, type)).status);
    expect(answers).toEqual([200, 200, 200, 200, 415, 415, 415]);
    expect(ingest.bodies).toHaveLength(4);
    expect(gate.reserved).toBe(0);
  });
  test('no content type is taken', async () => {
    expect(await raw('POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}')).toMatch(/^HTTP\/1.1 200/);
  });
});

describe('limits', () => {
  test('a body announced too long is 413 before a byte of it is sent', async () => {
    const seen = await raw(`POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: ${100 * MiB}\r\n\r\n`);
    expect(seen).toMatch(/^HTTP\/1.1 413 [\s\S]*larger than 2097152 bytes/);
    expect(gate.reserved).toBe(0);
  });

  test('the client that still sends gets its 413, not a reset', async () => {
    expect((await post('', Buffer.alloc(20 * MiB, 32))).status).toBe(413);
  });

  test('a chunked body is counted while it is read and cut', async () => {
    const stream = new ReadableStream<Uint8Array>({ pull: (controller) => { controller.enqueue(new Uint8Array(256 * 1024)); } });
    const answer = await fetch(`${service.url}/ingest`, { method: 'POST', body: stream, duplex: 'half' } as RequestInit);
    expect(answer.status).toBe(413);
    expect(gate.reserved).toBe(0);
    expect(ingest.bodies).toHaveLength(0);
  });

  test('bytes in flight and uploads under way leave no room: 429 before the body', async () => {
    ingest.bytesInFlight = 3.5 * MiB;
    expect(await raw(`POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: ${MiB}\r\n\r\n`)).toMatch(/^HTTP\/1.1 429 [\s\S]*retry-after: 1/i);
    ingest.bytesInFlight = 0;
    const first = connect(service.port, '127.0.0.1');
    const second = connect(service.port, '127.0.0.1');
    for (const socket of [first, second]) socket.on('error', () => undefined).write(`POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: ${1.9 * MiB | 0}\r\n\r\n{`);
    await expect.poll(() => gate.reserved).toBeGreaterThan(3 * MiB);
    expect((await post('', 'x'.repeat(MiB))).status).toBe(429);
    first.destroy();
    second.destroy();
    await expect.poll(() => gate.reserved, { message: 'aborted uploads give their bytes back' }).toBe(0);
    expect((await post('', 'x'.repeat(MiB))).status).toBe(200);
  });

  test('Expect: 100-continue is answered only when the body is wanted', async () => {
    const head = (length: number): string => `POST /ingest HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
    expect(await raw(head(100 * MiB))).toMatch(/^HTTP\/1.1 413/);
    const wanted = await raw(head(2), (socket) => { socket.once('data', () => socket.write('{}')); });
    expect(wanted).toMatch(/^HTTP\/1.1 100 Continue[\s\S]*HTTP\/1.1 200/);
  });

  test('a body that comes too slowly is 408 and gives its bytes back', async () => {
    const seen = await raw('POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{');
    expect(seen).toMatch(/^HTTP\/1.1 408/);
    expect(gate.reserved).toBe(0);
  });

  test('a drip that never pauses is cut as well', async () => {
    const seen = await raw('POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n', (socket) => {
      const drip = setInterval(() => socket.write('x'), 100);
      socket.on('close', () => clearInterval(drip));
    });
    expect(seen).toMatch(/^HTTP\/1.1 408/);
  });

  test('many broken uploads leave nothing behind', async () => {
    for (let i = 0; i < 20; i += 1) {
      const socket = connect(service.port, '127.0.0.1').on('error', () => undefined);
      socket.write(`POST /ingest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n${i % 2 ? 'zz\r\n' : ''}`);
      await wait(2);
      socket.destroy();
    }
    await expect.poll(() => gate.reserved).toBe(0);
    expect((await post('', '{}')).status).toBe(200);
  });
});
