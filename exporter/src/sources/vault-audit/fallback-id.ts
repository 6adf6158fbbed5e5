import { hash } from 'node:crypto';
import { RejectedRecord } from '@remit/contract';
import type { Json } from './fields.ts';

const DEEPEST = 200;
/** What both entries of a request say alike; the answer adds where the path is mounted. */
const COMMON = ['operation', 'path', 'namespace', 'client_token_accessor', 'remote_address', 'remote_port', 'data'] as const;

/**
 * SHA-256 (hex) for a request that the server gave no id, as it gives none to `help`: of what was asked, by whom, and the second. The same
 * entry has the same one, and so have the request and its answer, unless a second begins between them.
 */
export function fallbackId(request: Json, time: number): string {
  return hash('sha256', canonical([Math.floor(time / 1000), ...COMMON.map((field) => request[field])], 0), 'hex');
}

function canonical(value: unknown, depth: number): string {
  if (depth > DEEPEST) throw new RejectedRecord('too_deep', 'nested more than ' + DEEPEST + ' levels');
  if (Array.isArray(value)) return '[' + value.map((item) => canonical(item, depth + 1)).join(',') + ']';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  // By code unit, not by locale: the order must not depend on the machine.
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return '{' + entries.map(([key, item]) => JSON.stringify(key) + ':' + canonical(item, depth + 1)).join(',') + '}';
}
