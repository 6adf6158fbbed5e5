import type { NhiEvent, SourceContext } from '@remit/contract';
import { ARGUMENT_ATTRIBUTES, firstOf } from './attributes.ts';
import { object, type Json } from './fields.ts';

type Arguments = NonNullable<NonNullable<NhiEvent['tool']>['arguments']>;
/** Lists and maps inside one another in OpenTelemetry's own form. */
const DEEPEST = 16;

/** What may be known of the arguments of a call: hashes. Undefined when the span carries none, or nothing may be known. */
export function argumentsOf(span: Json, tool: string, values: SourceContext['values']): Arguments | undefined {
  if (values === undefined) return undefined;
  const found = firstOf(span, ARGUMENT_ATTRIBUTES);
  if (found === undefined) return undefined;
  const given = parsed(plain(found.value, 0));
  return values.of(tool, found.name === 'traceloop.entity.input' ? unwrapped(given) : given);
}

/** JSON where the text is an object or a list of it, or such a text written as JSON once more; everything else is one argument without a name. */
function parsed(value: unknown, times = 2): unknown {
  if (typeof value !== 'string') return value;
  const first = value.trimStart()[0];
  if (first !== '{' && first !== '[' && (first !== '"' || times === 0)) return value === '' ? undefined : value;
  try {
    return parsed(JSON.parse(value) as unknown, times - 1);
  } catch {
    return value;
  }
}

/** OpenLLMetry puts what was passed beside what its framework knows: `inputs`, or `args` and `kwargs`. */
function unwrapped(given: unknown): unknown {
  const it = object(given);
  if (it === undefined) return given;
  const inputs = object(it['inputs']);
  if (inputs !== undefined) return inputs;
  if (!('args' in it) && !('kwargs' in it) && !('input_str' in it)) return it;
  const args = it['args'];
  const kwargs = object(it['kwargs']);
  if (kwargs !== undefined && Object.keys(kwargs).length > 0) return Array.isArray(args) && args.length > 0 ? { args, ...kwargs } : kwargs;
  return Array.isArray(args) && args.length > 0 ? { args } : parsed(it['input_str']);
}

/** The JSON value that an attribute stands for; what lies too deep is told by its depth alone. */
function plain(value: unknown, depth: number): unknown {
  const any = object(value);
  if (any === undefined) return undefined;
  if (depth > DEEPEST) return '…';
  const list = object(any['arrayValue'])?.['values'];
  if (Array.isArray(list)) return list.map((item) => plain(item, depth + 1));
  const map = object(any['kvlistValue'])?.['values'];
  if (Array.isArray(map)) {
    return Object.fromEntries(map.flatMap((item) => {
      const it = object(item);
      return typeof it?.['key'] === 'string' ? [[it['key'], plain(it['value'], depth + 1)]] : [];
    }));
  }
  return any['stringValue'] ?? any['intValue'] ?? any['boolValue'] ?? any['doubleValue'] ?? any['bytesValue'];
}
