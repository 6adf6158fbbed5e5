import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { records, type RecordLimits } from './records.ts';

/** Records as JSON, refusals as their reason. */
function read(body: string | Buffer, limits?: RecordLimits): string[] {
  const found = [...records(Buffer.from(body as string), limits)];
  expect(found.map((item) => item.index)).toEqual([...found.keys()]);
  return found.map((item) => ('value' in item ? JSON.stringify(item.value) : item.reject));
}

const base64 = (value: unknown, pack = (bytes: Buffer) => bytes) => pack(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))).toString('base64');
const a = { id: 'a' };
const b = { id: 'b', list: [{ x: 1 }, { y: '},{' }] };
const both = [JSON.stringify(a), JSON.stringify(b)];

describe('shapes of a body', () => {
  it.each([
    ['nothing', '', []], ['blanks', ' \r\n\t', []],
    ['one value', both[0]!, [both[0]]],
    ['a value over several lines', JSON.stringify(b, null, 2), [both[1]]],
    ['a list', JSON.stringify([a, b]), both],
    ['a list over several lines', JSON.stringify([a, b], null, 2), both],
    ['lines', `${both[0]}\n${both[1]}\n`, both],
    ['lines of another system, with a byte order mark', `\ufeff${both[0]}\r\n\r\n${both[1]}`, both],
    ['values side by side', both.join(''), both],
    ['values over several lines, side by side', JSON.stringify(a, null, 1) + JSON.stringify(b, null, 1), both],
    ['a JSON text sequence', `\x1e${both[0]}\n\x1e${both[1]}\n`, both],
    ['a list of lists', JSON.stringify([[a], [b]]), both],
    ['an own __proto__', '{"__proto__":{"id":"x"}}', ['{"__proto__":{"id":"x"}}']],
    ['scalars', '[1,null,"x",true]', ['unknown_shape', 'unknown_shape', 'unknown_shape', 'unknown_shape']],
    ['no JSON', 'hello', ['bad_json']],
  ])('%s', (_name, body, expected) => expect(read(body)).toEqual(expected));
});

const wrapped: [string, unknown][] = [
  ['CloudTrail file', { Records: [a, b] }],
  ['Azure diagnostic', { records: [a, b] }],
  ['AKS', { records: [a, b].map((e) => ({ category: 'kube-audit', properties: { log: JSON.stringify(e) + '\n' } })) }],
  ['AKS, parsed on the way', [a, b].map((e) => ({ category: 'kube-audit', properties: { log: e } }))],
  ['CloudTrail, looked up', { Events: [a, b].map((e) => ({ EventId: '1', EventName: 'x', CloudTrailEvent: JSON.stringify(e) })) }],
  ['CloudWatch, asked', { events: [a, b].map((e) => ({ timestamp: 1, message: JSON.stringify(e), ingestionTime: 2 })), nextForwardToken: 't' }],
  ['Kubernetes list', { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items: [a, b] }],
  ['Google reports', { kind: 'admin#reports#activities', items: [a, b] }],
  ['CloudWatch', { messageType: 'DATA_MESSAGE', logEvents: [a, b].map((e, i) => ({ id: String(i), timestamp: i, message: JSON.stringify(e) })) }],
  ['Lambda over CloudWatch', { awslogs: { data: base64({ messageType: 'DATA_MESSAGE', logEvents: [a, b].map((e) => ({ message: JSON.stringify(e) })) }, gzipSync) } }],
  ['EventBridge', [a, b].map((detail) => ({ 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.s3', detail }))],
  ['SNS', [a, b].map((e) => ({ Type: 'Notification', Message: JSON.stringify(e) }))],
  ['SNS to Lambda', { Records: [a, b].map((e) => ({ Sns: { Message: JSON.stringify(e) } })) }],
  ['SQS', { Records: [a, b].map((e) => ({ messageId: '1', eventSource: 'aws:sqs', body: JSON.stringify(e) })) }],
  ['SQS, polled', { Messages: [a, b].map((e) => ({ MessageId: '1', Body: JSON.stringify(e) })) }],
  ['SNS over SQS over EventBridge', { Records: [{ messageId: '1', body: JSON.stringify({ Type: 'Notification', Message: JSON.stringify([a, b].map((detail) => ({ 'detail-type': 'x', detail }))) }) }] }],
  ['Firehose', { requestId: 'r', timestamp: 1, records: [{ data: base64(a) }, { data: base64(b, gzipSync) }] }],
  ['Firehose with lines', { requestId: 'r', records: [{ data: base64(both.join('\n')) }] }],
  ['Kinesis', { Records: [a, b].map((e) => ({ kinesis: { data: base64(e) } })) }],
  ['Pub/Sub', [a, b].map((e) => ({ message: { data: base64(e), messageId: '1' }, subscription: 's' }))],
  ['Pub/Sub, pulled', { receivedMessages: [a, b].map((e) => ({ ackId: '1', message: { data: base64(e) } })) }],
  ['CloudEvents', [{ specversion: '1.0', id: '1', data: a }, { specversion: '1.0', id: '2', data_base64: base64(b) }]],
  ['Splunk HEC', [{ time: 1, event: a }, { host: 'h', event: JSON.stringify(b) }]],
  ['Okta hook', { eventType: 'com.okta.event_hook', data: { events: [a, b] } }],
];

describe('envelopes', () => {
  it.each(wrapped)('%s', (_name, body) => expect(read(JSON.stringify(body))).toEqual(both));
  it.each(wrapped)('%s, longer than a record may be', (_name, body) => {
    const text = JSON.stringify(body, null, 1);
    if (!text.startsWith('[') && !/"(Records|records|items|logEvents|Messages|receivedMessages|Events)": \[/.test(text)) return;
    const limit = 1 + Math.max(...(text.startsWith('[') ? body as unknown[] : Object.values(body as object).find(Array.isArray)!).map((e) => JSON.stringify(e, null, 2).length + 40));
    if (text.length > limit) expect(read(text, { maxRecordBytes: limit })).toEqual(both);
  });

  it.each([
    ['a control message', { messageType: 'CONTROL_MESSAGE', logEvents: [{ message: 'x' }] }, []],
    ['a digest file', { digestStartTime: 'x', digestS3Bucket: 'b' }, []],
    ['text in an envelope', { messageType: 'DATA_MESSAGE', logEvents: [{ message: 'I0102 started' }] }, ['unknown_shape']],
    ['broken text in an envelope', { Type: 'Notification', Message: '{"a":' }, ['truncated']],
    ['no base64', { message: { data: '***' } }, ['bad_encoding']],
    ['corrupt gzip', { message: { data: base64(Buffer.from([0x1f, 0x8b, 9, 9, 9]).toString('latin1'), () => Buffer.from([0x1f, 0x8b, 9, 9, 9])) } }, ['bad_encoding']],
    ['a bomb', { message: { data: base64('x'.repeat(20_000_000), gzipSync) } }, ['too_large']],
  ])('%s', (_name, body, expected) => expect(read(JSON.stringify(body))).toEqual(expected));

  it('shares one limit between all payloads of a body', () => {
    const data = base64({ text: 'x'.repeat(1000) }, gzipSync);
    expect(read(JSON.stringify({ records: [{ data }, { data }, { data }] }), { inflatedBytes: 2500 }).map((r) => r.slice(0, 9))).toEqual(['{"text":"', '{"text":"', 'too_large']);
  });

  it('stops at envelopes inside envelopes', () => {
    let body: unknown = a;
    for (let i = 0; i < 12; i++) body = { 'detail-type': 'x', detail: body };
    expect(read(JSON.stringify(body))).toEqual(['too_deep']);
  });

  it('takes a record that merely resembles one as it is', () => {
    for (const record of [{ event: 'login', user: 'x' }, { items: [1] }, { data: 'x' }, { message: 'x', id: '1', timestamp: 1 }, { detail: {} }, { auditID: 'x', Records: [] }]) {
      expect(read(JSON.stringify(record))).toEqual([JSON.stringify(record)]);
    }
  });
});

describe('what is broken costs only itself', () => {
  const deep = '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000);
  it.each([
    ['{"Records":[{"a":1},{"b":2},{"c":"tr', ['{"a":1}', '{"b":2}', 'truncated']],
    ['[{"a":1},{"b":nope},{"c":3}]', ['{"a":1}', 'bad_json', '{"c":3}']],
    ['[{"a":1},{"b":},{"c":3}]', ['{"a":1}', 'bad_json', '{"c":3}']],
    ['[{"a":1},{"b":[1},{"c":3}]', ['{"a":1}', 'bad_json', '{"c":3}']],
    ['[{"a":1},{"b":2,{"c":3}]', ['{"a":1}', 'bad_json', '{"c":3}']],
    ['[{"a":1},n@pe,{"c":3}]', ['{"a":1}', 'bad_json', '{"c":3}']],
    ['{"a": nope}\n{"b":1}\n', ['bad_json', '{"b":1}']],
    ['{"a":{"b":1}\n{"c":2}\n', ['bad_json', '{"c":2}']],
    ['{"a":"x\n{"c":2}\n', ['bad_json', '{"c":2}']],
    ['{"a":1}\n{"b":\n', ['{"a":1}', 'truncated']],
    ['{"a":1}\nnoise\n{"c":3}', ['{"a":1}', 'bad_json', '{"c":3}']],
    ['{"a":nope}{"b":1}{"c":2}', ['bad_json', '{"b":1}', '{"c":2}']],
    ['{"Records":[{"a":1}]}\n{"Records":[{"b":1]}\n{"Records":[{"c":1}]}', ['{"a":1}', 'bad_json', '{"c":1}']],
    [`[{"a":1},${deep},{"c":3}]`, ['{"a":1}', 'too_deep', '{"c":3}']],
    [`{"a":1}\n${deep}\n{"c":3}`, ['{"a":1}', 'too_deep', '{"c":3}']],
    [`{"Records":[{"a":1},${'['.repeat(10_000)}`, ['{"a":1}', 'truncated']],
  ])('%.60s', (body, expected) => expect(read(body)).toEqual(expected));

  it('refuses a record that is too long, and takes its neighbours', () => {
    const long = JSON.stringify({ long: 'x'.repeat(200) });
    expect(read(`{"a":1}\n${long}\n{"c":3}`, { maxRecordBytes: 100 })).toEqual(['{"a":1}', 'too_large', '{"c":3}']);
    expect(read(`[{"a":1},${long},{"c":3}]`, { maxRecordBytes: 100 })).toEqual(['{"a":1}', 'too_large', '{"c":3}']);
  });

  it('refuses bytes that are no UTF-8, and takes their neighbours', () => {
    const bad = Buffer.concat([Buffer.from('{"b":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(read(Buffer.concat([Buffer.from('{"a":"é"}\n'), bad, Buffer.from('\n{"c":3}')]))).toEqual(['{"a":"é"}', 'bad_encoding', '{"c":3}']);
    expect(read(Buffer.concat([Buffer.from('[{"a":1},'), bad, Buffer.from(',{"c":3}]')]))).toEqual(['{"a":1}', 'bad_encoding', '{"c":3}']);
    expect(read(Buffer.from('{"a":1}', 'utf16le').fill(0xff, 0, 1))).toEqual(['bad_encoding']);
  });

  it('allows 64 levels', () => {
    const nested = (levels: number) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
    expect(read(nested(64))).toEqual([nested(64)]);
    expect(read(nested(65))).toEqual(['too_deep']);
    expect(read(JSON.stringify({ Type: 'Notification', Message: nested(65) }))).toEqual(['too_deep']);
  });

  it('stays linear on a body made to be read again and again', () => {
    for (const [head, unit] of [
      ['[', '{"a":"x},'], ['[', '{"a":{'], ['[', '{'], ['[', '['], ['[', '{"a":[1}\n'], ['[', '{"z":1}\n{"a":[1},'], ['[', '"\n{'], ['[', '{"a":1},{{,'],
      ['{"z":1}\n[', '{"a":@},'], ['', '{"a":1}'], ['', '{"a":@}'],
    ] as const) {
      const times = [20_000, 160_000].map((count) => {
        const body = Buffer.from(head + unit.repeat(count));
        const start = performance.now();
        for (const found of records(body)) void found;
        return performance.now() - start;
      });
      expect(times[1]! / Math.max(times[0]!, 20), head + unit).toBeLessThan(24);
    }
  });
});

describe('any cut', () => {
  const value = fc.record({ id: fc.string({ unit: 'grapheme' }), n: fc.nat(), list: fc.array(fc.record({ x: fc.oneof(fc.string(), fc.nat(), fc.constant(null)) }), { maxLength: 3 }) });
  const body = fc.tuple(fc.array(value, { maxLength: 6 }), fc.constantFrom<(list: object[]) => string>(
    (list) => list.map((v) => JSON.stringify(v)).join('\n'), (list) => list.map((v) => JSON.stringify(v)).join(''), (list) => JSON.stringify(list),
    (list) => JSON.stringify(list, null, 2), (list) => JSON.stringify({ Records: list }), (list) => JSON.stringify({ Records: list }, null, 1),
    (list) => JSON.stringify({ kind: 'EventList', items: list }), (list) => list.map((v) => JSON.stringify({ event: v, time: 1 })).join(''),
    (list) => JSON.stringify({ messageType: 'DATA_MESSAGE', logEvents: list.map((v) => ({ message: JSON.stringify(v) })) }),
    (list) => JSON.stringify({ requestId: 'r', records: list.map((v) => ({ data: base64(v, gzipSync) })) }),
    (list) => list.map((v) => JSON.stringify({ Records: [v, v] })).join('\n'),
  ));

  it('gives a prefix of the records and never throws', () => {
    fc.assert(fc.property(body, fc.nat(), fc.constantFrom(60, 1_000_000), ([list, write], where, maxRecordBytes) => {
      const bytes = Buffer.from(write(list));
      const whole = read(bytes, { maxRecordBytes });
      const part = read(bytes.subarray(0, where % (bytes.length + 1)), { maxRecordBytes });
      const last = part.at(-1);
      const kept = last === 'truncated' || last === 'bad_encoding' || last === 'bad_json' || last === 'too_large' ? part.slice(0, -1) : part;
      expect(whole.slice(0, kept.length)).toEqual(kept);
    }), { numRuns: 500 });
  });

  it('never throws on any bytes', () => {
    const noise = fc.array(fc.oneof(fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\n', '\\', '{"Records":[', '"a":1', '{"a":1}'), fc.string({ maxLength: 3 })), { maxLength: 60 });
    fc.assert(fc.property(fc.oneof(noise.map((parts) => Buffer.from(parts.join(''))), fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))), (bytes) => {
      read(bytes, { maxRecordBytes: 40 });
    }), { numRuns: 500 });
  });
});
