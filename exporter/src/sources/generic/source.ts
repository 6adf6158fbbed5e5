import { RejectedRecord, type Facet, type Source } from '@remit/contract';
import { GlobSet } from '../../lib/glob.ts';
import { eventReader } from './event.ts';
import { lines } from './lines.ts';
import { at, parsePath, type Json } from './paths.ts';
import { mappingSchema, type Mapping, type MappingInput } from './schema.ts';
import { plain } from './values.ts';

export { mappingSchema, type Mapping, type MappingInput };

/** The source that a user's mapping describes: it recognises the records that its `match` tells, and reads them as `fields` say. */
export function mappedSource(mapping: Mapping): Source {
  const read = eventReader(mapping);
  const rules = Object.entries(mapping.match).map(([path, want]) => rule(path, Array.isArray(want) ? want : [want]));
  return {
    id: mapping.id, title: mapping.title ?? `Records of ${mapping.id}`, fills: facets(mapping), lateness: mapping.lateness, maxSilence: mapping.max_silence,
    timeResolution: mapping.time_resolution, paths: [...new Set([...Object.keys(mapping.match), ...pathsOf(mapping.fields)])].sort(),
    recognises(record) {
      if (typeof record !== 'object' || record === null || Array.isArray(record)) return false;
      for (let i = 0; i < rules.length; i++) if (!rules[i]!(record)) return false;
      return true;
    },
    normalise(record, context) {
      if (typeof record !== 'object' || record === null || Array.isArray(record)) throw new RejectedRecord('unknown_shape', 'not a JSON object');
      return [read(record as Json, context)];
    },
  };
}

/** Records in our own form, which need no mapping; the mappings of the configuration are made with `mappedSource`. */
export const source: Source = mappedSource(lines);

function rule(path: string, wanted: readonly (string | number | boolean)[]): (record: object) => boolean {
  const way = parsePath(path)!;
  if (wanted.includes('*')) return (record) => at(record, way) != null;
  const texts = new GlobSet(wanted.map(String));
  return (record) => {
    const found = plain(at(record, way));
    return found !== undefined && texts.test(found);
  };
}

function facets({ fields: f }: Mapping): Facet[] {
  const some: [Facet, unknown][] = [
    ['principal', true], ['credential', f.credential ?? f.issued], ['session', f.session], ['action', true], ['resource', f.resources], ['outcome', f.outcome],
    ['network', f.ip ?? f.workload], ['user_agent', f.user_agent], ['volume', f.bytes_out ?? f.rows ?? f.items], ['trace', f.trace ?? f.sequence], ['tool', f.tool],
    ['privilege', f.permission], ['delegation', f.delegation],
  ];
  return some.filter(([, said]) => said !== undefined).map(([facet]) => facet);
}

/** Every path that the fields name, for documentation. */
function pathsOf(fields: unknown, key = ''): string[] {
  if (typeof fields === 'string') return key === 'path' || key === 'each' || key === 'first' ? [fields] : key === 'text' ? [...fields.matchAll(/\{([^{}]+)\}/g)].map((found) => found[1]!) : [];
  if (Array.isArray(fields)) return fields.flatMap((one) => pathsOf(one, key));
  if (typeof fields !== 'object' || fields === null || key === 'map') return [];
  return Object.entries(fields).flatMap(([name, one]) => pathsOf(one, name));
}
