import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Overloaded, StoreFailed } from '@remit/contract';
import type { Listening } from '../../api/listen.ts';
import { MemoryIngest, receipt, serveRoutes } from '../../lib/cases/memory-ingest.ts';
import { records } from '../../lib/records.ts';
import { createUploadGate, type UploadGate } from '../../lib/upload.ts';
import { LOGS, TRACES } from './messages.ts';
import { otlpRoutes } from './otlp.ts';
import { transcode } from './protobuf.ts';

const PROTOBUF = 'application/x-protobuf';
const recorded = (name: string): Buffer<ArrayBuffer> => Buffer.from(readFileSync(join(import.meta.dirname, 'cases', name)));
const MiB = 1024 * 1024;

let ingest: MemoryIngest;
let gate: UploadGate;
let service: Listening;
const refused: string[] = [];

beforeEach(async () => {
  ingest = new MemoryIngest(8 * MiB);
  refused.length = 0;
  gate = createUploadGate({ inFlight: () => ingest.bytesInFlight, limit: () => ingest.bytesLimit }, { bytes: 4 * MiB, millis: 1500, idleMillis: 300 });
  service = await serveRoutes(otlpRoutes({ ingest, gate, rejected: (reason, count) => { refused.push(`${reason} ${count}`); } }));
});
afterEach(async () => {
  expect(gate.reserved).toBe(0);
  await service.close(50);
});

const post = (path: string, type: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(service.url + path, { method: 'POST', body, headers: { 'content-type': type, ...headers } });

/** The fields of a message, by number: numbers and bytes. */
function fields(bytes: Uint8Array): Record<number, unknown> {
  const reader = new BinaryReader(bytes);
  const out: Record<number, unknown> = {};
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    out[number] = wire === WireType.Varint ? Number(reader.int64()) : Buffer.from(reader.bytes());
  }
  return out;
}
const bytesOf = async (answer: Response): Promise<Buffer> => Buffer.from(await answer.arrayBuffer());

type Span = { resource: unknown; scope: unknown; span: Record<string, unknown> };
const spansOf = (body: Uint8Array): Span[] => [...records(body)].map((each) => ('value' in each ? each.value as Span : (() => { throw new Error(each.reject); })()));

/** Integers of OTLP/JSON may be text or numbers, zeros may be left out, and we leave events out. */
function plain(spans: Span[]): unknown {
  const drop = new Set(['droppedAttributesCount', 'droppedEventsCount', 'droppedLinksCount', 'events']);
  return JSON.parse(JSON.stringify(spans, (key, value: unknown) => {
    if (drop.has(key)) return undefined;
    if (key === 'intValue') return String(value as string);
    if (key === 'links' && Array.isArray(value) && value.length === 0) return undefined;
    return key === 'status' && JSON.stringify(value) === '{"code":0}' ? {} : value;
  }));
}

describe('an export of the SDK', () => {
  test.each([['as it is', (bytes: Buffer<ArrayBuffer>) => bytes, {}], ['gzipped', (bytes: Buffer<ArrayBuffer>) => gzipSync(bytes), { 'content-encoding': 'gzip' }]])('says the same in protobuf and in JSON, %s', async (_name, pack, headers) => {
    const binary = await post('/v1/traces', PROTOBUF, pack(recorded('sdk-traces.pb')), headers);
    const json = await post('/v1/traces', 'application/json', pack(recorded('sdk-traces.json')), headers);
    expect([binary.status, binary.headers.get('content-type'), (await bytesOf(binary)).length]).toEqual([200, PROTOBUF, 0]);
    expect([json.status, json.headers.get('content-type'), await json.json()]).toEqual([200, 'application/json', {}]);
    const [first, second] = ingest.bodies.map(({ body }) => spansOf(body));
    expect(first).toHaveLength(3);
    expect(plain(first!)).toEqual(plain(second!));
    expect(first![0]!.span).toMatchObject({ traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string, spanId: expect.stringMatching(/^[0-9a-f]{16}$/) as string, kind: 3 });
    expect(ingest.bodies[0]!.hint).toEqual({ receiver: 'otlp' });
  });

  test('feed and cluster may be named', async () => {
    await post('/v1/logs?feed=agents', 'application/json; charset=utf-8', '{"resourceLogs":[{}]}', { 'x-remit-cluster': 'prod' });
    expect(ingest.bodies[0]!.hint).toEqual({ receiver: 'otlp', feed: 'agents', cluster: 'prod' });
  });
});

describe('what becomes of it', () => {
  const rejection = (reason: 'unknown_shape' | 'bad_time' | 'bad_json') => ({ index: 0, reason, detail: 'because' });

  test('spans that nobody cares about are counted for the sender, and are no error', async () => {
    ingest.next = () => Promise.resolve(receipt({ rejected: [rejection('unknown_shape')], rejected_total: 300 }));
    const json = await post('/v1/traces', 'application/json', recorded('sdk-traces.json'));
    expect(json.status).toBe(200);
    expect(await json.json()).toEqual({ partialSuccess: { rejectedSpans: '300', errorMessage: '300 spans were refused (unknown_shape); the first: because' } });
    const logs = await post('/v1/logs', 'application/json', '{"resourceLogs":[{}]}');
    expect(await logs.json()).toMatchObject({ partialSuccess: { rejectedLogRecords: '300' } });
    const binary = fields(await bytesOf(await post('/v1/traces', PROTOBUF, recorded('sdk-traces.pb'))));
    const partial = fields(binary[1] as Buffer);
    expect([partial[1], String(partial[2] as Buffer)]).toEqual([300, '300 spans were refused (unknown_shape); the first: because']);
  });

  test.each([['{}'], [' {"resourceSpans": []} ']])('an empty export, %s, is a success', async (body) => {
    expect(await (await post('/v1/traces', 'application/json', body)).json()).toEqual({});
    expect((await post('/v1/traces', PROTOBUF, new Uint8Array(0))).status).toBe(200);
    expect(ingest.bodies).toHaveLength(0);
  });

  test.each([
    ['JSON that is none', 'application/json', 'hello', 400], ['nothing', 'application/json', '', 400],
    ['no protobuf', PROTOBUF, Buffer.from('hello, world'), 400], ['a length beyond the end', PROTOBUF, Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]), 400],
    ['an endless varint', PROTOBUF, Buffer.alloc(64, 0xff), 400], ['groups in groups', PROTOBUF, Buffer.alloc(5000, 0x0b), 400],
    ['another type', 'text/plain', '{}', 415], ['no type', '', '{}', 415],
  ])('%s', async (_name, type, body, status) => {
    ingest.next = (bytes) => Promise.resolve(receipt({ rejected: [...records(bytes)].flatMap((each) => ('reject' in each ? [{ ...each, reason: each.reject }] : [])) }));
    const answer = await post('/v1/traces', type, body);
    expect(answer.status).toBe(status);
    if (type === PROTOBUF) expect(fields(await bytesOf(answer))).toMatchObject({ 1: 3 });
    else expect(await answer.json()).toMatchObject({ code: 3, message: expect.stringMatching(/\w/) as string });
    if (status === 400 && type === PROTOBUF) expect(refused).toEqual(['bad_encoding 1']);
  });

  test('a compressed body that is cut or corrupt is 400, one that inflates too far 413', async () => {
    const packed = gzipSync(recorded('sdk-traces.pb'));
    const gzip = { 'content-encoding': 'gzip' };
    expect((await post('/v1/traces', PROTOBUF, packed.subarray(0, -20), gzip)).status).toBe(400);
    expect((await post('/v1/traces', PROTOBUF, Buffer.concat([packed.subarray(0, 40), Buffer.alloc(40)]), gzip)).status).toBe(400);
    expect((await post('/v1/traces', 'application/json', gzipSync(Buffer.alloc(40 * MiB, 0x20)), gzip)).status).toBe(413);
    expect((await post('/v1/traces', PROTOBUF, packed, { 'content-encoding': 'br' })).status).toBe(415);
    expect(refused).toEqual(['truncated 1', 'bad_encoding 1', 'too_large 1']);
  });

  test('what could not be taken comes again: 429 and 503 with Retry-After, in the format of the request', async () => {
    for (const [error, status, code] of [[new Overloaded(), 429, 8], [new StoreFailed(), 503, 14]] as const) {
      ingest.next = () => Promise.reject(error);
      const answer = await post('/v1/traces', PROTOBUF, recorded('sdk-traces.pb'));
      expect([answer.status, Number(answer.headers.get('retry-after')) > 0, fields(await bytesOf(answer))[1]]).toEqual([status, true, code]);
    }
    const long = await post('/v1/traces', PROTOBUF, new Uint8Array(5 * MiB));
    expect([long.status, fields(await bytesOf(long))[1]]).toEqual([413, 8]);
    ingest.bytesInFlight = 8 * MiB;
    const full = await post('/v1/traces', 'application/json', '{"resourceSpans":[{}]}');
    expect([full.status, full.headers.get('retry-after')]).toEqual([429, '1']);
  });
});

describe('protobuf', () => {
  const message = (...parts: [number, Uint8Array][]): Uint8Array => parts.reduce((writer, [number, bytes]) => writer.tag(number, WireType.LengthDelimited).bytes(bytes), new BinaryWriter()).finish();
  const exported = (...items: Uint8Array[]): Uint8Array => message([1, message([2, message(...items.map((item): [number, Uint8Array] => [2, item]))])]);
  const named = (name: string | Uint8Array): Uint8Array => message([5, Buffer.from(name)]);

  test('a span that cannot be read costs only itself', async () => {
    let deep = message([1, Buffer.from('x')]);
    for (let i = 0; i < 80; i++) deep = message([5, message([1, deep])]);
    const body = exported(named('a'), named(Buffer.from([0xff])), message([9, message([2, deep])]), message([5, Buffer.alloc(0)]).subarray(0, 1), named('b'));
    const { json, rejected } = await transcode(body, TRACES, MiB);
    expect(JSON.parse(json.toString())).toEqual({ resourceSpans: [{ resource: {}, scopeSpans: [{ scope: {}, spans: [{ name: 'a' }, { name: 'b' }] }] }] });
    expect([...rejected]).toEqual([['bad_encoding', 2], ['too_deep', 1]]);
  });

  test('values of every kind keep their value', async () => {
    const any = (write: (writer: BinaryWriter) => BinaryWriter): Uint8Array => write(new BinaryWriter()).finish();
    const values = [
      any((w) => w.tag(1, 2).string('é')), any((w) => w.tag(2, 0).bool(true)), any((w) => w.tag(3, 0).int64('-9223372036854775808')), any((w) => w.tag(4, 1).double(0.25)),
      any((w) => w.tag(4, 1).double(NaN)), any((w) => w.tag(7, 2).bytes(Buffer.from([0, 255]))), any((w) => w.tag(1, 2).string('first').tag(3, 0).int64(2)),
    ];
    const log = new BinaryWriter().tag(1, 1).fixed64('18446744073709551615').tag(5, 2).bytes(message([5, message(...values.map((value): [number, Uint8Array] => [1, value]))])).finish();
    const { json } = await transcode(exported(log), LOGS, MiB);
    expect(JSON.parse(json.toString())).toEqual({ resourceLogs: [{ resource: {}, scopeLogs: [{ scope: {}, logRecords: [{
      timeUnixNano: '18446744073709551615',
      body: { arrayValue: { values: [{ stringValue: 'é' }, { boolValue: true }, { intValue: '-9223372036854775808' }, { doubleValue: 0.25 }, { doubleValue: 'NaN' }, { bytesValue: 'AP8=' }, { intValue: '2' }] } },
    }] }] }] });
  });

  test('many spans become lines that are parsed at once, each with its resource and scope', async () => {
    const resource = message([1, message([1, Buffer.from('service.name')], [2, message([1, Buffer.from('agent')])])]);
    const scope = message([1, message([1, Buffer.from('lib')])], ...Array.from({ length: 9000 }, (_, i): [number, Uint8Array] => [2, named(`span ${i} ${'x'.repeat(100)}`)]));
    const { json } = await transcode(message([1, message([1, resource], [2, scope])]), TRACES, 16 * MiB);
    expect(json.toString().split('\n').length).toBeGreaterThan(4);
    const spans = spansOf(json);
    expect(spans.map(({ span }) => String(span['name']).split(' ')[1])).toEqual(Array.from({ length: 9000 }, (_, i) => String(i)));
    expect(new Set(spans.map((each) => JSON.stringify([each.resource, each.scope])))).toEqual(
      new Set([JSON.stringify([{ attributes: [{ key: 'service.name', value: { stringValue: 'agent' } }] }, { name: 'lib' }])]));
  });

  test('empty messages by the million leave the loop free', async () => {
    const started = performance.now();
    let turns = 0;
    const counting = setInterval(() => { turns++; }, 1);
    await transcode(Buffer.alloc(MiB, Buffer.from([0x0a, 0x00])), TRACES, MiB);
    clearInterval(counting);
    expect(turns).toBeGreaterThan(Math.min(20, (performance.now() - started) / 100));
  });

  test('more JSON than the limit is refused', async () => {
    await expect(transcode(exported(...Array.from({ length: 1000 }, () => named('\u0001'.repeat(100)))), TRACES, 100_000)).rejects.toThrow(/more than 100000 bytes/);
  });

  test('whatever the bytes are, it is JSON or a refusal', async () => {
    const good = recorded('sdk-traces.pb');
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 8 }), fc.nat(good.length), async (changes, length) => {
      const bytes = Buffer.from(good);
      for (const [at, value] of changes) bytes[at] = value;
      const text = await transcode(bytes.subarray(0, length), TRACES, MiB).then(({ json }) => json.toString(), (error: Error) => JSON.stringify(error.message));
      expect(() => { for (const line of text.split('\n')) if (line !== '') JSON.parse(line); }).not.toThrow();
    }), { numRuns: 300 });
  });
});
