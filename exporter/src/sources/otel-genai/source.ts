import { RejectedRecord, type Source } from '@remit/contract';
import { ARGUMENT_ATTRIBUTES, RESOURCE_ATTRIBUTES, SPAN_ATTRIBUTES } from './attributes.ts';
import { eventOf } from './event.ts';
import { object } from './fields.ts';
import { isFlatSpan, unflattened } from './flat.ts';

const MINUTE = 60_000;

/** Spans of AI agents, their tools and MCP servers, one record a span, in OTLP/JSON spelling: current and older conventions. */
export const source: Source = {
  id: 'otel-genai',
  title: 'OpenTelemetry GenAI agents and MCP',
  fills: ['principal', 'session', 'action', 'resource', 'outcome', 'network', 'trace', 'tool', 'privilege', 'delegation'],
  // A span is exported when it ends, and an agent may work for an hour.
  lateness: 60 * MINUTE,
  maxSilence: 60 * MINUTE,
  timeResolution: 1,
  paths: [
    'span.traceId', 'span.spanId', 'span.parentSpanId', 'span.traceState', 'span.name', 'span.kind', 'span.startTimeUnixNano', 'span.endTimeUnixNano',
    'span.status.code', 'scope.name', ...[...SPAN_ATTRIBUTES, ...ARGUMENT_ATTRIBUTES].map((name) => `span.attributes["${name}"]`),
    ...RESOURCE_ATTRIBUTES.map((name) => `resource.attributes["${name}"]`),
    'traceId', 'spanId', 'parentSpanId', 'traceState', 'name', 'kind', 'startTimeUnixNano', 'endTimeUnixNano', 'status.code', 'attributes.*',
  ],
  recognises(record) {
    const it = object(record);
    const span = object(it?.['span']);
    if (span === undefined) return it !== undefined && isFlatSpan(it);
    return 'traceId' in span || 'spanId' in span || 'startTimeUnixNano' in span;
  },
  normalise(record, context) {
    const it = object(record);
    if (!it) throw new RejectedRecord('unknown_shape', 'not a JSON object');
    return [eventOf(isFlatSpan(it) ? unflattened(it) : it, context.values)];
  },
};
