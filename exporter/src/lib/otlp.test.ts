import { describe, expect, test } from 'vitest';
import { records } from './records.ts';

const text = (stringValue: string) => ({ stringValue });
const kv = (key: string, value: unknown) => ({ key, value });
const span = (spanId: string, more: object = {}) => ({ traceId: 'a'.repeat(32), spanId, name: '{"},{', attributes: [kv('k', text('v'))], ...more });
const resource = { attributes: [kv('service.name', text('agent'))] };

function read(body: unknown, limits = {}): { values: unknown[]; rejects: string[] } {
  const found = [...records(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), limits)];
  return { values: found.flatMap((each) => ('value' in each ? [each.value] : [])), rejects: found.flatMap((each) => ('reject' in each ? [each.reject] : [])) };
}

const LONG = { maxRecordBytes: 600 };

describe('traces', () => {
  const spans = ['1', '2', '3', '4', '5', '6'].map((id) => span(id));
  const export1 = { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 's' }, spans }], schemaUrl: 'x' }, { scopeSpans: [{ spans: [span('7')] }] }] };
  const expected = [...spans.map((each) => ({ resource, scope: { name: 's' }, span: each })), { resource: {}, scope: {}, span: span('7') }];

  test.each([['whole', {}], ['longer than a record may be', LONG]])('each span is a record with its resource and scope: %s', (_name, limits) => {
    expect(read(export1, limits)).toEqual({ values: expected, rejects: [] });
    expect(read(JSON.stringify(export1, null, 1), { maxRecordBytes: 1000 })).toEqual({ values: expected, rejects: [] });
  });

  test('lines of a file, as the Collector writes them', () => {
    const line = JSON.stringify(export1);
    expect(read(`${line}\n${line}\n`, LONG).values).toEqual([...expected, ...expected]);
  });

  test('members come in any order, in a long element too', () => {
    const turned = { resourceSpans: [{ scopeSpans: [{ spans, scope: { name: 's' } }], resource }] };
    for (const limits of [{}, LONG]) expect(read(turned, limits).values).toEqual(expected.slice(0, 6));
  });

  test.each([
    ['a span too long', [span('1', { name: 'x'.repeat(700) }), span('2')], ['2'], ['too_large']],
    ['no object', ['x', span('2')], ['2'], ['unknown_shape']],
  ])('%s costs only itself', (_name, spans, ids, rejects) => {
    const found = read({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }, { scopeSpans: [{ spans: [] }] }] }, LONG);
    expect(found.values.map((each) => (each as { span: { spanId: string } }).span.spanId)).toEqual(ids);
    expect(found.rejects).toEqual(rejects);
  });

  test('a span too deep costs only itself', () => {
    let deep: unknown = text('x');
    for (let i = 0; i < 80; i++) deep = { arrayValue: { values: [deep] } };
    const found = read({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span('1', { attributes: [kv('d', deep)] }), span('2')] }] }] });
    expect([found.values.length, found.rejects]).toEqual([1, ['too_deep']]);
  });

  test('what is not UTF-8 costs only its span', () => {
    const body = Buffer.from(JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span('1', { name: '~~' }), span('2')] }] }] }));
    body[body.indexOf('~~')] = 0xff;
    const found = [...records(body)];
    expect(found.map((each) => ('reject' in each ? each.reject : 'ok'))).toEqual(['bad_encoding', 'ok']);
  });

  test('a resource that cannot be used refuses its spans instead of losing who they are of', () => {
    const heavy = { attributes: Array.from({ length: 1001 }, (_, i) => kv(`k${i}`, text('v'))) };
    const of = (it: object) => ({ resourceSpans: [{ resource: it, scopeSpans: [{ spans: [span('1'), span('2')] }] }] });
    expect(read(of(heavy)).rejects).toEqual(['too_large', 'too_large']);
    expect(read(of({ attributes: [kv('k', text('x'.repeat(700)))] }), LONG)).toEqual({ values: [], rejects: ['too_large', 'too_large'] });
  });

  test.each([[{ resourceSpans: [] }], [{ resourceSpans: [{}] }], [{ resourceSpans: [{ scopeSpans: [{}] }] }], [{ resourceSpans: [{ scopeSpans: {} }] }]])('nothing in %j', (body) => {
    expect(read(body)).toEqual({ values: [], rejects: [] });
  });
});

describe('logs', () => {
  const record = { auditID: 'x', verb: 'get' };
  const of = (log: object) => ({ resourceLogs: [{ resource: { attributes: [kv('cloud.region', text('eu')), kv('own', text('resource'))] }, scopeLogs: [{ logRecords: [log] }] }] });
  test.each([
    ['a JSON text', { body: text(JSON.stringify(record)) }, [record]],
    ['several values in a text', { body: text(`${JSON.stringify(record)}\n${JSON.stringify(record)}`) }, [record, record]],
    ['a map', { body: { kvlistValue: { values: [kv('auditID', text('x')), kv('verb', text('get'))] } } }, [record]],
    ['bytes', { body: { bytesValue: Buffer.from(JSON.stringify(record)).toString('base64') } }, [record]],
    ['an envelope in the body', { body: text(JSON.stringify({ Records: [record] })) }, [record]],
    ['values of every kind', { body: { kvlistValue: { values: [
      kv('n', { intValue: '7' }), kv('big', { intValue: '9223372036854775807' }), kv('d', { doubleValue: 0.5 }), kv('b', { boolValue: false }),
      kv('l', { arrayValue: { values: [text('a'), { kvlistValue: { values: [kv('in', text('b'))] } }] } }), kv('__proto__', text('p')),
    ] } } }, [JSON.parse('{"n":7,"big":"9223372036854775807","d":0.5,"b":false,"l":["a",{"in":"b"}],"__proto__":"p"}')]],
    ['attributes, when there is no body', { timeUnixNano: '17', attributes: [kv('rpc.method', text('GetObject')), kv('own', text('log'))] },
      [{ 'cloud.region': 'eu', own: 'log', 'rpc.method': 'GetObject', timeUnixNano: '17' }]],
    ['attributes, when the body is plain text', { body: text('hello'), attributes: [kv('a', text('b'))] }, [{ 'cloud.region': 'eu', own: 'resource', a: 'b' }]],
  ])('%s', (_name, log, expected) => {
    expect(read(of(log))).toEqual({ values: expected, rejects: [] });
    expect(read(of(log), { maxRecordBytes: 420 }).values).toEqual(expected);
  });

  test.each([
    ['plain text alone', { body: text('hello') }, ['unknown_shape']],
    ['a broken text', { body: text('{"a":') }, ['truncated']],
    ['no object', 7, ['unknown_shape']],
  ])('%s is refused', (_name, log, rejects) => expect(read(of(log as object))).toEqual({ values: [], rejects }));

  test('a body too deep is refused', () => {
    let deep: unknown = text('x');
    for (let i = 0; i < 100; i++) deep = { arrayValue: { values: [deep] } };
    expect(read(of({ body: deep }))).toEqual({ values: [], rejects: ['too_deep'] });
  });
});
