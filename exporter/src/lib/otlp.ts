import { JsonScan } from './json-scan.ts';

type Json = Readonly<Record<string, unknown>>;

/** The two exports that are taken, by the key of their outermost list, and what the lists inside are called. */
const EXPORTS = {
  resourceSpans: { scopes: 'scopeSpans', items: 'spans' },
  resourceLogs: { scopes: 'scopeLogs', items: 'logRecords' },
} as const;
export type OtlpList = keyof typeof EXPORTS;

/** A resource with more attributes than this is refused with all that belongs to it: it is read again for every span. */
const MOST_RESOURCE_ATTRIBUTES = 1000;
/** Lists and maps inside one another in one attribute or body. */
const DEEPEST_VALUE = 64;

/** True for a key whose list holds spans or log records by resource. */
export function isOtlpList(key: string): key is OtlpList {
  return key === 'resourceSpans' || key === 'resourceLogs';
}

/** What one span or log record becomes. */
export interface OtlpTarget {
  /** A span with its resource and scope, or a log record's attributes as one flat object. */
  record(value: Json): void;
  /** The body of a log record: a value, a text that holds one, or base64. */
  value(value: object): void;
  text(text: string): void;
  base64(text: string): void;
  reject(reason: 'unknown_shape' | 'too_large' | 'too_deep', detail: string): void;
}

/**
 * Takes the spans or log records out of one element of `resourceSpans` or `resourceLogs` in OTLP/JSON. A span gives
 * `{ resource, scope, span }`. A log record gives what its body holds; when the body is empty or plain text, its attributes with
 * those of the resource beneath them and its `timeUnixNano`.
 */
export function unwrapOtlp(list: OtlpList, element: unknown, to: OtlpTarget): void {
  const { scopes, items } = EXPORTS[list];
  const it = object(element);
  const resource = object(it?.['resource']) ?? {};
  const attributes = resource['attributes'];
  const heavy = Array.isArray(attributes) && attributes.length > MOST_RESOURCE_ATTRIBUTES;
  if (it === null) to.reject('unknown_shape', `an element of ${list} is no object`);
  for (const scoped of array(it?.[scopes])) {
    const scope = object(object(scoped)?.['scope']) ?? {};
    for (const item of array(object(scoped)?.[items])) {
      const leaf = object(item);
      if (leaf === null) to.reject('unknown_shape', `an element of ${items} is no object`);
      else if (heavy) to.reject('too_large', `a resource of more than ${MOST_RESOURCE_ATTRIBUTES} attributes`);
      else if (list === 'resourceSpans') to.record({ resource, scope, span: leaf });
      else logRecord(leaf, resource, to);
    }
  }
}

function logRecord(log: Json, resource: Json, to: OtlpTarget): void {
  const body = plain(log['body'], 0);
  if (body === TOO_DEEP) return to.reject('too_deep', `more than ${DEEPEST_VALUE} levels in the body of a log record`);
  if (typeof body === 'object' && body !== null && Object.keys(body).length > 0) return to.value(body);
  if (typeof body === 'string' && body !== '') {
    if (object(log['body'])?.['bytesValue'] !== undefined) return to.base64(body);
    const first = body.trimStart()[0];
    if (first === '{' || first === '[') return to.text(body);
  }
  const own = array(log['attributes']);
  if (own.length === 0) return to.reject('unknown_shape', 'the body of a log record is no JSON, and it has no attributes');
  const record: Record<string, unknown> = {};
  if (!addAll(record, array(resource['attributes']), 0) || !addAll(record, own, 0)) return to.reject('too_deep', `more than ${DEEPEST_VALUE} levels in an attribute`);
  const time = log['timeUnixNano'];
  if (record['timeUnixNano'] === undefined && (typeof time === 'string' || typeof time === 'number')) record['timeUnixNano'] = String(time);
  to.record(record);
}

const TOO_DEEP = Symbol('too deep');

/** The JSON value that an `AnyValue` stands for. Integers that a number cannot hold stay text. */
function plain(value: unknown, depth: number): unknown {
  const any = object(value);
  if (any === null) return undefined;
  if (depth > DEEPEST_VALUE) return TOO_DEEP;
  const { stringValue, boolValue, intValue, doubleValue, bytesValue, arrayValue, kvlistValue } = any as Record<string, unknown>;
  if (stringValue !== undefined) return stringValue;
  if (boolValue !== undefined) return boolValue;
  if (intValue !== undefined) return Number.isSafeInteger(Number(intValue)) ? Number(intValue) : String(intValue).slice(0, 32);
  if (doubleValue !== undefined) return doubleValue;
  if (bytesValue !== undefined) return bytesValue;
  if (arrayValue !== undefined) {
    const list = array(object(arrayValue)?.['values']).map((item) => plain(item, depth + 1));
    return list.includes(TOO_DEEP) ? TOO_DEEP : list;
  }
  if (kvlistValue === undefined) return undefined;
  const out: Record<string, unknown> = {};
  return addAll(out, array(object(kvlistValue)?.['values']), depth + 1) ? out : TOO_DEEP;
}

/** Adds attributes under their keys, whatever those are; false when one is too deep. */
function addAll(out: Record<string, unknown>, attributes: readonly unknown[], depth: number): boolean {
  for (const attribute of attributes) {
    const it = object(attribute);
    const key = it?.['key'];
    if (typeof key !== 'string') continue;
    const value = plain(it?.['value'], depth);
    if (value === TOO_DEEP) return false;
    if (key === '__proto__') Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true });
    else out[key] = value;
  }
  return true;
}

function object(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Json : null;
}

function array(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Where a value lies in the bytes. */
export interface Range { from: number; to: number }
/** One span or log record of a long element, with the resource and scope it belongs to. */
export interface OtlpPiece { resource: Range | null; scope: Range | null; item: Range; deepest: number }

/**
 * Where the spans or log records of a whole, long element of `resourceSpans` or `resourceLogs` lie, in order, so that the element
 * need not be parsed at once. The members of its objects may come in any order.
 */
export function* otlpPieces(bytes: Uint8Array, list: OtlpList, from: number): Generator<OtlpPiece> {
  const scan = new JsonScan(bytes);
  const { scopes, items } = EXPORTS[list];
  const outer = members(bytes, scan, from, ['resource', scopes]);
  for (const scoped of elements(bytes, scan, outer[1])) {
    const inner = members(bytes, scan, scoped.from, ['scope', items]);
    for (const item of elements(bytes, scan, inner[1])) yield { resource: outer[0] ?? null, scope: inner[0] ?? null, item, deepest: item.deepest };
  }
}

/** Reads what a range holds, and gives the same again while the range stays the same: spans of one resource follow one another. */
export function remembering<T>(read: (range: Range) => T): (range: Range | null) => T | object {
  let last = -1;
  let value: T | object = {};
  return (range) => {
    if (range === null) return {};
    if (range.from !== last) value = read(range);
    last = range.from;
    return value;
  };
}

/** The values of these members of a complete object, the last of each name. */
function members(bytes: Uint8Array, scan: JsonScan, from: number, names: readonly string[]): (Range | undefined)[] {
  const found: (Range | undefined)[] = names.map(() => undefined);
  if (bytes[from] !== 0x7b) return found;
  for (let at = scan.blank(from + 1); bytes[at] !== 0x7d; at = scan.blank(bytes[at] === 0x2c ? at + 1 : at)) {
    if (!scan.key(at)) return found;
    const index = names.findIndex((name) => spells(bytes, at, name));
    const value = scan.blank(scan.at);
    if (!scan.value(value)) return found;
    if (index >= 0) found[index] = { from: value, to: scan.at };
    at = scan.blank(scan.at);
  }
  return found;
}

function* elements(bytes: Uint8Array, scan: JsonScan, list: Range | undefined): Generator<Range & { deepest: number }> {
  if (list === undefined || bytes[list.from] !== 0x5b) return;
  for (let at = scan.blank(list.from + 1); at < list.to && bytes[at] !== 0x5d;) {
    if (!scan.value(at)) return;
    const end = scan.at;
    yield { from: at, to: end, deepest: scan.deepest };
    at = scan.blank(end);
    if (bytes[at] === 0x2c) at = scan.blank(at + 1);
  }
}

function spells(bytes: Uint8Array, quote: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[quote + 1 + i] !== name.charCodeAt(i)) return false;
  return bytes[quote + 1 + name.length] === 0x22;
}
