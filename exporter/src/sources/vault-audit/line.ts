import { object, text, type Json } from './fields.ts';

/** Keys under which shippers and container logs put a whole line. */
const HOLDERS = ['message', 'log', 'line', 'MESSAGE'] as const;
const LONGEST_LINE = 1024 * 1024;

/**
 * The entry of a record: the record itself, or the line that a shipper put into it as text, after the prefix that an audit device can
 * be given. Undefined where there is none.
 */
export function entryOf(record: unknown): Json | undefined {
  const it = object(record);
  if (!it) return undefined;
  if (isEntry(it)) return it;
  const line = lineOf(it);
  if (line === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(line);
    const entry = object(parsed);
    return entry && isEntry(entry) ? entry : undefined;
  } catch {
    return undefined;
  }
}

/** True where `entryOf` would find one; a line is not parsed for it. */
export function holdsEntry(record: unknown): boolean {
  const it = object(record);
  return it !== undefined && (isEntry(it) || lineOf(it) !== undefined);
}

function isEntry(it: Json): boolean {
  if (it['type'] !== 'request' && it['type'] !== 'response') return false;
  const request = object(it['request']);
  return request !== undefined && text(request['operation'], 64) !== undefined && typeof request['path'] === 'string';
}

/** Vault writes the time first, so that an entry begins with it. */
function lineOf(it: Json): string | undefined {
  for (const holder of HOLDERS) {
    const line = it[holder];
    if (typeof line !== 'string' || line.length > LONGEST_LINE) continue;
    const start = line.indexOf('{"time":');
    if (start >= 0 && line.includes('"request":{', start) && /"type":"(?:request|response)"/.test(line)) return line.slice(start);
  }
  return undefined;
}
