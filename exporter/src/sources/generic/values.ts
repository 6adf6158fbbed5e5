import { GlobSet } from '../../lib/glob.ts';
import { instant } from '../../lib/instant.ts';
import { at, parsePath, parseText, type Path } from './paths.ts';

type Scalar = string | number | boolean;

/** What a mapping says of one fact. */
export interface Value {
  path?: string | undefined; first?: readonly string[] | undefined; text?: string | undefined; value?: Scalar | undefined;
  map?: Readonly<Record<string, Scalar>> | undefined; default?: Scalar | undefined;
}
/** What a mapping says of a time. */
export interface Moment { path?: string | undefined; first?: readonly string[] | undefined; format: 'rfc3339' | 'epoch_s' | 'epoch_ms' | 'epoch_us' | 'epoch_ns' }

/** Reads one fact of a record, or of an element of one of its lists; undefined where there is none. */
export type Read<T> = (from: unknown) => T | undefined;

const LONGEST = 512;

/** The scalar that the mapping says, before it is a text or a number. */
export function scalarOf(value: Value): Read<unknown> {
  const read = origin(value);
  if (!value.map) return value.default === undefined ? read : (from) => read(from) ?? value.default;
  const means = meanings(value.map);
  return (from) => {
    const found = plain(read(from));
    return (found === undefined ? undefined : means(found)) ?? value.default;
  };
}

/** As a text without blanks around it, cut to `longest` UTF-16 units; numbers and truth values as they are written in JSON. */
export function textOf(value: Value | undefined, longest = LONGEST): Read<string> | null {
  if (!value) return null;
  const read = scalarOf(value);
  return (from) => plain(read(from), longest);
}

/** All texts of one or several values; a list counts element by element, at most 64 in all. */
export function textsOf(values: readonly Value[] | undefined): Read<string[]> | null {
  if (!values) return null;
  const reads = values.map(scalarOf);
  return (from) => {
    const texts: string[] = [];
    for (const read of reads) {
      const found = read(from);
      for (const one of Array.isArray(found) ? found : [found]) {
        const text = plain(one);
        if (text !== undefined && texts.length < MOST_TEXTS) texts.push(text);
      }
    }
    return texts.length === 0 ? undefined : texts;
  };
}
const MOST_TEXTS = 64;

/** A whole number of at least 0, also written as a text; fractions are cut. */
export function countOf(value: Value | undefined): Read<number> | null {
  if (!value) return null;
  const read = scalarOf(value);
  return (from) => {
    const found = read(from);
    const number = typeof found === 'string' && NUMBER.test(found) ? Number(found) : found;
    return typeof number === 'number' && number >= 0 && number <= Number.MAX_SAFE_INTEGER ? Math.trunc(number) : undefined;
  };
}
const NUMBER = /^\d{1,16}(\.\d{1,9})?$/;

/** True for `true`, `"true"`, 1, `"1"` and `"yes"`. */
export function truthOf(value: Value | undefined): Read<boolean> | null {
  if (!value) return null;
  const read = scalarOf(value);
  return (from) => TRUE.has(read(from));
}
const TRUE: ReadonlySet<unknown> = new Set([true, 1, 'true', 'TRUE', 'True', '1', 'yes']);

/** Milliseconds since the epoch; NaN where there is something that is no time; undefined where there is nothing. */
export function momentOf(value: Moment | undefined): Read<number> | null {
  if (!value) return null;
  const read = origin(value);
  const parse = value.format === 'rfc3339' ? zoned : epoch(UNITS[value.format]);
  return (from) => {
    const found = read(from);
    return found === undefined || found === null || found === '' ? undefined : parse(found);
  };
}
const UNITS = { epoch_s: 1000, epoch_ms: 1, epoch_us: 1e-3, epoch_ns: 1e-6 };

/** Of a path, the first of several, a text put together, or a constant. */
function origin({ path, first, text, value }: Value): Read<unknown> {
  if (path !== undefined) {
    const way = parsePath(path)!;
    if (way.length === 1) {
      const name = way[0]!;
      return (from) => (typeof from === 'object' && from !== null && Object.hasOwn(from, name) ? (from as Record<string, unknown>)[name] : undefined);
    }
    return (from) => at(from, way);
  }
  if (first) {
    const ways = first.map((one) => parsePath(one)!);
    return (from) => {
      for (const way of ways) {
        const found = at(from, way);
        if (found !== undefined && found !== null && found !== '') return found;
      }
      return undefined;
    };
  }
  if (text !== undefined) return joined(parseText(text)!);
  return () => value;
}

function joined(parts: readonly (string | Path)[]): Read<string> {
  return (from) => {
    let all = '';
    for (const part of parts) {
      const piece = typeof part === 'string' ? part : plain(at(from, part));
      if (piece === undefined) return undefined;
      all += piece;
    }
    return all;
  };
}

/** Patterns in their order; what has none is looked up, and remembered: logs say few different things. */
function meanings(map: Readonly<Record<string, unknown>>): (text: string) => unknown {
  const patterns = Object.entries(map).map(([pattern, meaning]) => ({ matches: new GlobSet([pattern], { ignoreCase: true }), meaning }));
  const known = new Map<string, unknown>();
  return (text) => {
    if (known.has(text)) return known.get(text);
    const meaning = patterns.find(({ matches }) => matches.test(text))?.meaning;
    if (known.size < MOST_KNOWN) known.set(text, meaning);
    return meaning;
  };
}
const MOST_KNOWN = 4096;

/** A scalar as text; undefined for nothing, empty text, lists and objects. */
export function plain(value: unknown, longest = LONGEST): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return undefined;
  // Through a buffer, because a slice would keep the whole string alive.
  const kept = (value.length <= longest ? value : Buffer.from(value.slice(0, longest)).toString()).trim();
  return kept === '' ? undefined : kept;
}

const OFFSET = /([+-])(\d\d):?(\d\d)$/;

/** RFC 3339; a blank for the `T` is taken, and no zone means UTC. */
function zoned(value: unknown): number {
  if (typeof value !== 'string' || value.length > 40) return NaN;
  const offset = value.length > 19 ? OFFSET.exec(value) : null;
  const minutes = offset ? (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) : 0;
  const local = offset ? value.slice(0, offset.index) : value;
  // Fractions beyond milliseconds are cut.
  const time = instant(local.trim()) - minutes * 60_000;
  return time >= 0 ? time : NaN;
}

function epoch(unit: number): (value: unknown) => number {
  return (value) => {
    const number = typeof value === 'string' && NUMERAL.test(value) ? Number(value) : value;
    if (typeof number !== 'number') return NaN;
    const millis = Math.floor(number * unit + 1e-6);
    return millis >= 0 && millis < LATEST ? millis : NaN;
  };
}
const NUMERAL = /^\d{1,20}(\.\d{1,9})?$/;
/** The year 2286: what lies beyond is in another unit. */
const LATEST = 1e13;
