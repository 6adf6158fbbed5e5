import { hash } from 'node:crypto';
import { RejectedRecord } from '@remit/contract';

const DEEPEST = 200;

/**
 * SHA-256 (hex) of a JSON value whatever the order of its keys, for records that come without an id: the same record, the same id. Throws
 * `RejectedRecord` where it is nested more than 200 levels.
 */
export function contentHash(value: unknown): string {
  return hash('sha256', canonical(value, 0), 'hex');
}

function canonical(value: unknown, depth: number): string {
  if (depth > DEEPEST) throw new RejectedRecord('too_deep', 'nested more than ' + DEEPEST + ' levels');
  if (Array.isArray(value)) return '[' + value.map((item) => canonical(item, depth + 1)).join(',') + ']';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  // By code unit, not by locale: the order must not depend on the machine.
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return '{' + entries.map(([key, item]) => JSON.stringify(key) + ':' + canonical(item, depth + 1)).join(',') + '}';
}
