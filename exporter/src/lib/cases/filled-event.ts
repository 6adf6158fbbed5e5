import type { z } from 'zod';
import { nhiEventSchema, type NhiEvent } from '@remit/contract';

/** An event that fills every field of the schema, each text of its own. */
export function filled(flags: NhiEvent['flags']): NhiEvent {
  return nhiEventSchema.parse({ ...(full(nhiEventSchema, '') as NhiEvent), flags });
}

function full(schema: z.core.$ZodType, path: string): unknown {
  const { def } = schema._zod as unknown as { def: { type: string; innerType: z.core.$ZodType; shape: Record<string, z.core.$ZodType>; element: z.core.$ZodType; entries: Record<string, string>; options: z.core.$ZodType[]; values: unknown[] } };
  switch (def.type) {
    case 'object': return Object.fromEntries(Object.entries(def.shape).map(([key, inner]) => [key, full(inner, `${path}.${key}`)]));
    case 'optional': case 'nullable': return full(def.innerType, path);
    case 'array': return [full(def.element, `${path}[0]`), full(def.element, `${path}[1]`)];
    case 'enum': return Object.values(def.entries).at(path.endsWith('[1]') ? 1 : -1);
    case 'union': return full(def.options[1]!, path);
    case 'literal': return def.values[0];
    case 'boolean': return path.length % 2 === 0;
    case 'number': return 1_795_000_000_000 + path.length;
    default: return `${path} "\\é\u0000`;
  }
}
