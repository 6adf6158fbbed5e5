import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Overloaded, StoreFailed, type RejectReason } from '@remit/contract';
import type { Listening } from '../../api/listen.ts';
import { MemoryIngest, receipt, serveRoutes } from '../../lib/cases/memory-ingest.ts';
import { records } from '../../lib/records.ts';
import { createUploadGate, type UploadGate } from '../../lib/upload.ts';
import { splunkHecRoutes } from './splunk-hec.ts';

const TOKEN = 'b7ab2c1d9c1f4b0e';
const MiB = 1024 * 1024;
let ingest: MemoryIngest;
let gate: UploadGate;
let service: Listening;
let state: { token: string | null; ready: boolean; open: boolean };
const refused: number[] = [];

/** Answers as the pipeline does, for sources that know objects with an `id`. */
const asPipeline = (body: Uint8Array) => {
  const found = [...records(body)].map((each) => ('reject' in each ? { index: each.index, reason: each.reject, detail: each.detail }
    : 'id' in each.value ? each : { index: each.index, reason: 'unknown_shape' as RejectReason, detail: 'no source recognises the record' }));
  const rejected = found.filter((each) => 'reason' in each);
  return Promise.resolve(receipt({ accepted: found.length - rejected.length, rejected }));
};

beforeEach(async () => {
  ingest = new MemoryIngest(8 * MiB);
  ingest.next = asPipeline;
  state = { token: TOKEN, ready: true, open: false };
  refused.length = 0;
  gate = createUploadGate({ inFlight: () => ingest.bytesInFlight, limit: () => ingest.bytesLimit }, { bytes: MiB, millis: 1500, idleMillis: 300 });
  service = await serveRoutes(splunkHecRoutes({
    ingest, gate, sources: ['github-audit'], patience: 200, ready: () => state.ready, refused: (_receiver, { rejected_total }) => { refused.push(rejected_total); },
    access: { configured: () => state.token !== null, matches: (token) => token === state.token, open: () => state.open },
  }));
});
afterEach(async () => {
  expect(gate.reserved).toBe(0);
  await service.close(50);
});

const send = async (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, method = 'POST') => {
  const answer = await fetch(service.url + path, { method, ...(method === 'GET' ? {} : { body }), headers: { authorization: `Splunk ${TOKEN}`, ...headers } });
  return { status: answer.status, body: await answer.json() as Record<string, unknown>, retry: answer.headers.get('retry-after') };
};
const SUCCESS = { text: 'Success', code: 0 };
const hec = (event: unknown) => JSON.stringify({ time: 1_795_000_000, host: 'h', source: 's', sourcetype: '_json', index: 'main', fields: { a: 'b' }, event });

describe('who may send', () => {
  test.each([
    [`Splunk ${TOKEN}`, 200, 0], [`splunk ${TOKEN}`, 200, 0], [`Bearer ${TOKEN}`, 200, 0], [`Basic ${btoa(`x:${TOKEN}`)}`, 200, 0],
    ['', 401, 2], ['Splunk', 401, 3], [TOKEN, 401, 3], ['Digest x', 401, 3], [`Basic ${btoa('nocolon')}`, 401, 3],
    ['Splunk wrong', 403, 4], ['Bearer wrong', 403, 4], [`Basic ${btoa('x:wrong')}`, 403, 4],
  ])('Authorization: %s is %i with code %i', async (authorization, status, code) => {
    for (const path of ['/services/collector', '/services/collector/event', '/services/collector/event/1.0', '/services/collector/raw', '/services/collector/raw/1.0']) {
      expect(await send(path, hec({ id: 1 }), { authorization })).toMatchObject({ status, body: { code } });
    }
    expect(ingest.bodies.length).toBe(code === 0 ? 5 : 0);
  });

  test('nothing of a body is read before', async () => {
    const before = ingest.bodies.length;
    expect((await send('/services/collector', Buffer.alloc(4 * MiB, 0x20), { authorization: 'Splunk wrong' })).status).toBe(403);
    expect(ingest.bodies.length).toBe(before);
  });

  test('a token in the query is not taken; without a configured one it is off, or open on loopback', async () => {
    expect(await send(`/services/collector?token=${TOKEN}`, hec({ id: 1 }), { authorization: '' })).toMatchObject({ status: 400, body: { code: 16 } });
    state.token = null;
    expect(await send('/services/collector', hec({ id: 1 }))).toMatchObject({ status: 403, body: { code: 1 } });
    state.open = true;
    expect(await send('/services/collector', hec({ id: 1 }), { authorization: '' })).toMatchObject({ status: 200, body: SUCCESS });
    for (const sentOn of [{ 'x-forwarded-for': '192.0.2.1' }, { 'user-agent': 'Grafana/12.3.0' }]) expect(await send('/services/collector', hec({ id: 1 }), { authorization: '', ...sentOn })).toMatchObject({ status: 403, body: { code: 1 } });
  });
});

describe('events', () => {
  test.each([
    ['one', hec({ id: 1 }), 1], ['side by side', hec({ id: 1 }) + hec({ id: 2 }) + hec({ id: 3 }), 3], ['by line', `${hec({ id: 1 })}\n${hec({ id: 2 })}\n`, 2],
    ['JSON in a text', hec('{"id":1}'), 1], ['a list', `[${hec({ id: 1 })},${hec({ id: 2 })}]`, 2],
  ])('%s', async (_name, body, count) => {
    expect(await send('/services/collector/event', body)).toEqual({ status: 200, body: SUCCESS, retry: null });
    expect([...records(ingest.bodies[0]!.body)]).toHaveLength(count);
    expect(ingest.bodies[0]!.hint).toEqual({ receiver: 'splunk-hec' });
  });

  test('gzip is passed on as it came', async () => {
    ingest.next = () => Promise.resolve(receipt({ accepted: 1 }));
    expect((await send('/services/collector', gzipSync(hec({ id: 1 })), { 'content-encoding': 'gzip' })).status).toBe(200);
    expect(ingest.bodies[0]!.hint).toEqual({ receiver: 'splunk-hec', encoding: 'gzip' });
    expect((await send('/services/collector', 'x', { 'content-encoding': 'br' })).status).toBe(415);
  });

  test.each([['{"event":"test"}'], ['{"event":{"hello":"world"}}'], ['{"action":"unknown.to.all"}']])('a test event, %s, is a success, and counted', async (body) => {
    expect(await send('/services/collector', body)).toMatchObject({ status: 200, body: SUCCESS });
    expect(refused).toEqual([1]);
  });

  test.each([['', 5], [' \n', 5], ['hello', 6], [`${hec({ id: 1 })}{"event":`, 6]])('%j is code %i', async (body, code) => {
    const { status, body: answer } = await send('/services/collector', body);
    expect([status, answer['code']]).toEqual([400, code]);
    if (body.startsWith('{')) expect(answer).toEqual({ text: 'Invalid data format', code: 6, 'invalid-event-number': 1 });
  });

  test('raw text is taken by line, whatever it is', async () => {
    const { body } = await send('/services/collector/raw?channel=c&sourcetype=github-audit&host=h', '{"id":1}\nhello\n{"id":2}\n', { 'x-remit-feed': 'ghes' });
    expect(body).toEqual(SUCCESS);
    expect(ingest.bodies[0]!.hint).toEqual({ receiver: 'splunk-hec', source: 'github-audit', feed: 'ghes' });
    await send('/services/collector/raw?sourcetype=access_combined', '{"id":1}');
    expect(ingest.bodies[1]!.hint).toEqual({ receiver: 'splunk-hec' });
  });
});

describe('when it cannot be taken', () => {
  test('busy is 503 with code 9: no room, a store that refuses, a start that is not through; a body that takes too long is worked on once', async () => {
    const busy = { status: 503, body: { text: 'Server is busy', code: 9 } };
    for (const error of [new Overloaded(), new StoreFailed()]) {
      ingest.next = () => Promise.reject(error);
      expect(await send('/services/collector', hec({ id: 1 }))).toMatchObject(busy);
    }
    let finish: (value: ReturnType<typeof receipt>) => void = () => undefined;
    ingest.next = () => new Promise((resolve) => { finish = resolve; });
    const slow = await send('/services/collector', hec({ id: 1 }));
    expect(slow).toMatchObject(busy);
    expect(Number(slow.retry)).toBeGreaterThan(0);
    const before = ingest.bodies.length;
    expect(await send('/services/collector', hec({ id: 1 }))).toMatchObject(busy);
    finish(receipt({ accepted: 1 }));
    expect(await send('/services/collector', hec({ id: 1 }))).toMatchObject({ status: 200, body: SUCCESS });
    expect(ingest.bodies.length).toBe(before);
    state.ready = false;
    expect(await send('/services/collector', hec({ id: 1 }))).toMatchObject(busy);
  });

  test('no room before the body is read is busy too', async () => {
    ingest.bytesInFlight = 8 * MiB;
    expect(await send('/services/collector', hec({ id: 1 }))).toMatchObject({ status: 503, body: { code: 9 }, retry: '1' });
    expect(await send('/services/collector/health', '', {}, 'GET')).toMatchObject({ status: 503, body: { code: 18 } });
    ingest.bytesInFlight = 0;
  });

  test('a long body is 413, with a code', async () => {
    expect(await send('/services/collector', Buffer.alloc(2 * MiB, 0x20))).toMatchObject({ status: 413, body: { code: 27 } });
  });

  test('nothing that was lost is called a success: what inflates too far, a cut body, on both endpoints', async () => {
    for (const path of ['/services/collector', '/services/collector/raw']) {
      ingest.next = () => Promise.resolve(receipt({ rejected: [{ index: 0, reason: 'too_large', detail: 'inflates to more' }] }));
      expect(await send(path, hec({ id: 1 }))).toMatchObject({ status: 413, body: { code: 27 } });
      ingest.next = () => Promise.resolve(receipt({ accepted: 5, rejected: [{ index: 5, reason: 'truncated', detail: 'ends early' }] }));
      expect(await send(path, hec({ id: 1 }))).toMatchObject({ status: 400, body: { code: 6, 'invalid-event-number': 5 } });
      ingest.next = () => Promise.resolve(receipt({ accepted: 5, rejected: [{ index: 5, reason: 'too_large', detail: 'one long record' }] }));
      expect(await send(path, hec({ id: 1 }))).toMatchObject({ status: 200, body: SUCCESS });
    }
  });

  test('health follows', async () => {
    for (const path of ['/services/collector/health', '/services/collector/health/1.0', '/services/collector']) {
      expect(await send(path, '', { authorization: '' }, 'GET')).toMatchObject({ status: 200, body: { text: 'HEC is healthy', code: 17 } });
    }
    state.ready = false;
    expect(await send('/services/collector/health', '', {}, 'GET')).toMatchObject({ status: 503, body: { code: 18 } });
  });

  test('acknowledgement is off', async () => {
    expect(await send('/services/collector/ack?channel=c', '{"acks":[0]}')).toMatchObject({ status: 400, body: { text: 'ACK is disabled', code: 14 } });
    expect(await send('/services/collector/ack', '{"acks":[0]}', { authorization: '' })).toMatchObject({ status: 401, body: { code: 2 } });
  });
});
