import { deeperThan } from './json-depth.ts';

/** Keys under which shippers and container logs put a whole line of the file that they follow. */
const HOLDERS = ['message', 'log', 'line', 'MESSAGE', '_raw'] as const;
const DEEPEST = 64;

/**
 * The record that a shipper put as text into a record of its own: under `message`, `log`, `line`, `MESSAGE`, `_raw` or Elastic's `event.original`.
 * Undefined where there is none, or none that can be read.
 */
export function shippedRecord(value: unknown): object | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const it = value as Readonly<Record<string, unknown>>;
  const event = it['event'];
  const original = typeof event === 'object' && event !== null ? (event as Readonly<Record<string, unknown>>)['original'] : undefined;
  for (const text of [original, ...HOLDERS.map((holder) => it[holder])]) {
    const record = typeof text === 'string' ? parsed(text) : undefined;
    if (record !== undefined) return record;
  }
  return undefined;
}

function parsed(text: string): object | undefined {
  const line = text.trim();
  if (!line.startsWith('{') || !line.endsWith('}')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !deeperThan(value, DEEPEST) ? value : undefined;
  } catch {
    return undefined;
  }
}
