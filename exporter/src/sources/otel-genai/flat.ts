import { ARGUMENT_ATTRIBUTES, RESOURCE_ATTRIBUTES, SPAN_ATTRIBUTES } from './attributes.ts';
import { object, type Json } from './fields.ts';

const KINDS: ReadonlySet<unknown> = new Set(['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']);

/**
 * True for a span as CloudWatch keeps it in `aws/spans`: one object with its resource and scope inside, attributes as maps and the kind
 * as a word. All of it has to be so, since others write flat spans too, each in another way.
 */
export function isFlatSpan(record: Json): boolean {
  return typeof record['traceId'] === 'string' && typeof record['spanId'] === 'string' && 'startTimeUnixNano' in record && KINDS.has(record['kind'])
    && object(record['attributes']) !== undefined && object(object(record['resource'])?.['attributes']) !== undefined && !('span' in record);
}

/** Such a span in OTLP's own form, as far as it is read. */
export function unflattened(record: Json): Json {
  const code = object(record['status'])?.['code'];
  return {
    resource: { attributes: listed(object(object(record['resource'])?.['attributes']), RESOURCE_ATTRIBUTES) },
    scope: record['scope'],
    span: {
      traceId: record['traceId'], spanId: record['spanId'], parentSpanId: record['parentSpanId'], traceState: record['traceState'], name: record['name'],
      kind: 'SPAN_KIND_' + String(record['kind']), startTimeUnixNano: record['startTimeUnixNano'], endTimeUnixNano: record['endTimeUnixNano'],
      status: { code: typeof code === 'string' ? 'STATUS_CODE_' + code : code },
      attributes: listed(object(record['attributes']), READ),
    },
  };
}

const READ = [...SPAN_ATTRIBUTES, ...ARGUMENT_ATTRIBUTES];

function listed(map: Json | undefined, names: readonly string[]): Json[] {
  if (map === undefined) return [];
  return names.flatMap((key) => (Object.hasOwn(map, key) ? [{ key, value: valueOf(map[key]) }] : []));
}

/** A list or map can only be the arguments of a call, which are JSON elsewhere too. */
function valueOf(value: unknown): Json {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return { doubleValue: value };
  return { stringValue: typeof value === 'object' && value !== null ? JSON.stringify(value) : value };
}
