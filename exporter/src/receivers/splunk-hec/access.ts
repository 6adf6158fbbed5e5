import type { Request } from 'express';
import { isForwarded } from '../../lib/forwarded.ts';
import { queryOf } from '../../lib/http-route.ts';

/** Who may send. */
export interface HecAccess {
  /** An ingest token is configured. */
  configured(): boolean;
  matches(token: string): boolean;
  /** Nothing is configured and only this machine can reach the listener; what a proxy sends on is refused all the same. */
  open(): boolean;
}

/** Splunk's answers, with its codes. */
export const ANSWERS = {
  success: { status: 200, text: 'Success', code: 0 },
  disabled: { status: 403, text: 'Token disabled', code: 1 },
  tokenRequired: { status: 401, text: 'Token is required', code: 2 },
  invalidAuthorization: { status: 401, text: 'Invalid authorization', code: 3 },
  invalidToken: { status: 403, text: 'Invalid token', code: 4 },
  noData: { status: 400, text: 'No data', code: 5 },
  badFormat: { status: 400, text: 'Invalid data format', code: 6 },
  busy: { status: 503, text: 'Server is busy', code: 9 },
  noAck: { status: 400, text: 'ACK is disabled', code: 14 },
  noQueryToken: { status: 400, text: 'Query string authorization is not enabled', code: 16 },
  healthy: { status: 200, text: 'HEC is healthy', code: 17 },
  unhealthy: { status: 503, text: 'HEC is unhealthy, queues are full', code: 18 },
  tooLarge: { status: 413, text: 'Content-Length is too large', code: 27 },
} as const;

/**
 * Splunk's way to show the ingest token: `Authorization: Splunk <token>`, as a bearer, or as the password of Basic with any user
 * name. Null when it is right; else Splunk's refusal.
 */
export function authorise(request: Request, access: HecAccess): { status: number; text: string; code: number } | null {
  if (access.open() && !isForwarded(request)) return null;
  if (!access.configured()) return ANSWERS.disabled;
  const header = request.headers.authorization;
  if (header === undefined || header.trim() === '') return queryOf(request)['token'] === undefined ? ANSWERS.tokenRequired : ANSWERS.noQueryToken;
  const found = /^(splunk|bearer|basic) +([^\s,]{1,8192}) *$/i.exec(header);
  if (found === null) return ANSWERS.invalidAuthorization;
  const [, scheme = '', value = ''] = found;
  if (scheme.toLowerCase() !== 'basic') return access.matches(value) ? null : ANSWERS.invalidToken;
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 0) return ANSWERS.invalidAuthorization;
  return access.matches(pair.slice(colon + 1)) ? null : ANSWERS.invalidToken;
}
