import type { NextFunction, Request, Response } from 'express';
import { isLoopback } from '../lib/listen-address.ts';
import { refuseBody } from '../lib/http-route.ts';
import type { WebConfig } from '../lib/web-config.ts';

export interface GuardDeps {
  loopback: boolean;
  /** Host names beside the loopback ones under which a loopback listener is known, for example behind a proxy. */
  hosts: readonly string[];
  web(): WebConfig | null;
  contentSecurityPolicy: string;
}

/**
 * What holds for every request, before routing: paths are literal, a loopback listener answers to its own names only (a
 * foreign page that rebinds its name to 127.0.0.1 gets nothing), other sites cannot post, nothing is cached or framed.
 */
export function createGuard(deps: GuardDeps): (request: Request, response: Response, next: NextFunction) => void {
  const limiter = createLimiter(() => deps.web()?.rateLimit ?? null);
  return (request, response, next) => {
    response.set({
      'Content-Security-Policy': deps.contentSecurityPolicy, 'X-Content-Type-Options': 'nosniff', 'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-store', 'Cross-Origin-Resource-Policy': 'same-origin',
      'Cross-Origin-Opener-Policy': 'same-origin', ...deps.web()?.headers,
    });
    if (!limiter()) {
      response.set('Retry-After', '1');
      return refuseBody(request, response, 429, { error: 'too many requests; rate_limit of the web configuration' });
    }
    if (deps.loopback && !knownHost(request.headers.host, deps.hosts)) {
      return refuseBody(request, response, 421, { error: 'this address answers to loopback names only; call it as 127.0.0.1 or localhost' });
    }
    if (!isLiteralPath(request.url)) return refuseBody(request, response, 404, { error: 'no such path' });
    if (request.method !== 'GET' && request.method !== 'HEAD' && fromAnotherSite(request)) {
      return refuseBody(request, response, 403, { error: 'requests from pages of other sites are refused' });
    }
    next();
  };
}

/** True for a path of plain segments: no percent sign, no empty or dot segment, nothing a router or proxy could read twice. */
export function isLiteralPath(target: string): boolean {
  const path = target.split('?', 1)[0] ?? '';
  return /^\/(?:[A-Za-z0-9._:@-]+(?:\/[A-Za-z0-9._:@-]+)*)?$/.test(path) && !/\/\.+(\/|$)|\.$/.test(path);
}

function knownHost(header: string | undefined, hosts: readonly string[]): boolean {
  // Only HTTP/1.0 may come without one, and no browser speaks that.
  if (header === undefined) return true;
  const name = header.replace(/:\d*$/, '').toLowerCase();
  return isLoopback(name) || hosts.includes(name);
}

function fromAnotherSite(request: Request): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const origin = request.headers.origin;
  return origin !== undefined && origin.replace(/^https?:\/\//, '').toLowerCase() !== request.headers.host?.toLowerCase();
}

/** Token bucket: false when the request is one too many. */
function createLimiter(limit: () => WebConfig['rateLimit']): () => boolean {
  let tokens = Number.POSITIVE_INFINITY;
  let before = performance.now();
  return () => {
    const current = limit();
    if (current === null) return true;
    const now = performance.now();
    tokens = Math.min(current.burst, tokens + (now - before) / current.interval);
    before = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
