import { contentHash } from '../../lib/content-hash.ts';
import type { Json } from './fields.ts';

/** What both entries of a request say alike; the answer adds where the path is mounted. */
const COMMON = ['operation', 'path', 'namespace', 'client_token_accessor', 'remote_address', 'remote_port', 'data'] as const;

/**
 * SHA-256 (hex) for a request that the server gave no id, as it gives none to `help`: of what was asked, by whom, and the second. The same
 * entry has the same one, and so have the request and its answer, unless a second begins between them.
 */
export function fallbackId(request: Json, time: number): string {
  return contentHash([Math.floor(time / 1000), ...COMMON.map((field) => request[field])]);
}
