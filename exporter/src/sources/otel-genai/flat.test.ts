import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nhiEventSchema, RejectedRecord, type NhiEvent } from '@remit/contract';
import { HiddenValues } from '../../lib/tool-arguments.ts';
import { source } from './source.ts';

const values = new HiddenValues(new Uint8Array(8), []);
const context = { feed: 'test', cluster: '', receivedAt: 0 };
/** As CloudWatch writes it: times as numbers, which JavaScript holds to the microsecond. */
const flat = {
  resource: { attributes: { 'service.name': 'refunds', 'service.namespace': 'acme', 'aws.log.group.names': '/aws/example', 'cloud.region': 'eu-central-1' } },
  scope: { name: 'strands.telemetry.tracer' }, traceId: '48b31729f70b4690afe533671d098ef9', spanId: 'a7f6320ad3cc23aa', parentSpanId: 'a7f6320ad3cc23ab',
  flags: 256, name: 'execute_tool search', kind: 'INTERNAL', startTimeUnixNano: 1795165201510000000, endTimeUnixNano: 1795165201520000000, durationNano: 10000000,
  attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'search', 'session.id': 's', 'gen_ai.tool.call.arguments': { to: 'a' } }, status: { code: 'UNSET' },
};
const one = (over: object = {}): NhiEvent => {
  expect(source.recognises({ ...flat, ...over })).toBe(true);
  return nhiEventSchema.parse(source.normalise({ ...flat, ...over }, { ...context, values })[0]);
};

it('a span of aws/spans is the event of the same span in OTLP', () => {
  const attributes = (of: object) => Object.entries(of).map(([key, value]) => ({ key, value: { stringValue: typeof value === 'string' ? value : JSON.stringify(value) } }));
  const otlp = {
    resource: { attributes: attributes(flat.resource.attributes) }, scope: flat.scope,
    span: { ...flat, kind: 1, startTimeUnixNano: '1795165201510000000', endTimeUnixNano: '1795165201520000000', attributes: attributes(flat.attributes), status: { code: 0 } },
  };
  expect(one()).toEqual(nhiEventSchema.parse(source.normalise(otlp, { ...context, values })[0]));
  expect(one()).toMatchObject({ time: 1795165201510, end_time: 1795165201520, status_id: 1, tool: { name: 'search', arguments: [{ path: 'to' }] }, trace: { span: { kind: 'internal' } } });
});

it('its status, its kind and what is said of the result count', () => {
  expect(one({ status: { code: 'ERROR' } }).status_id).toBe(2);
  expect(one({ attributes: { ...flat.attributes, 'gen_ai.tool.status': 'error' } }).status_id).toBe(2);
  expect(one({ attributes: { ...flat.attributes, 'mcp.method.name': 'tools/call' }, kind: 'SERVER' })).toMatchObject({ trace: { span: { kind: 'server' } }, tool: { server: 'refunds' } });
});

it('no other flat span is taken for one', () => {
  for (const over of [{ attributes: [] }, { attributes: undefined }, { resource: {} }, { resource: undefined }, { kind: 1 }, { kind: 'SPAN_KIND_CLIENT' }, { kind: undefined }, { spanId: 7 }, { startTimeUnixNano: undefined, start_time: 1 }]) {
    const record: Record<string, unknown> = { ...flat, ...over };
    for (const key of Object.keys(record)) if (record[key] === undefined) delete record[key];
    expect(source.recognises(record)).toBe(false);
  }
});

it('becomes an event by the schema or a refusal, whatever it holds', () => {
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constant(JSON.parse('{"__proto__":{"gen_ai.tool.name":"x"}}')), fc.constantFrom('execute_tool', -1, 1e308));
  const map = fc.dictionary(fc.constantFrom('gen_ai.operation.name', 'gen_ai.tool.name', 'gen_ai.tool.call.arguments', 'session.id', '__proto__', 'service.name'), value);
  fc.assert(fc.property(map, map, value, value, value, (attributes, resource, scope, status, time) => {
    try {
      for (const event of source.normalise({ ...flat, attributes, resource: { attributes: resource }, scope, status, startTimeUnixNano: time }, context)) nhiEventSchema.parse(event);
    } catch (error) {
      if (!(error instanceof RejectedRecord)) throw error;
    }
  }), { numRuns: 200 });
});
