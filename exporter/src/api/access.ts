import type { Request, Response } from 'express';
import { isForwarded, isOfGrafana } from '../lib/forwarded.ts';
import type { Passwords } from '../lib/passwords.ts';
import type { Route } from '../lib/http-route.ts';
import type { Scope, Tokens } from '../lib/tokens.ts';

/** A refusal before anything of the body was read. */
export interface Refusal { status: 401 | 403 | 429; error: string }
export interface AccessDeps {
  tokens: Tokens;
  /** Null when the web configuration has no users. */
  passwords(): Passwords | null;
  /** True when only this machine can reach the listener: ingest and read are open there while nothing is configured for them, ingest not to what a proxy sends on. */
  loopback: boolean;
}

/**
 * Decides whether a request may use a route, from its headers alone, and sets the challenge. Ingest and read take their
 * bearer token, or a user of the web configuration (ingest only while it has no token of its own, and not through Grafana, whose proxy lends its user to every viewer); a browser may give the read
 * token as a password, with any user name. Write and admin always take their own bearer token and nothing else.
 */
export async function authorize(request: Request, response: Response, access: Route['access'], deps: AccessDeps): Promise<Refusal | null> {
  if (access === 'open') return null;
  const { tokens } = deps;
  const privileged = access === 'write' || access === 'admin';
  const ingest = access === 'ingest';
  const passwords = privileged || (ingest && (tokens.configured('ingest') || isOfGrafana(request))) ? null : deps.passwords();
  if (!tokens.configured(access) && passwords === null) {
    if (deps.loopback && !privileged && !(ingest && isForwarded(request))) return null;
    return { status: 403, error: `${access} is off: no token is configured; put one in a file and name it as auth.${access}.token_file` };
  }

  const offered = credentials(request);
  if (offered?.scheme === 'bearer' && tokens.matches(access, offered.token)) return null;
  if (offered?.scheme === 'basic' && !privileged) {
    if (access === 'read' && tokens.configured('read') && tokens.matches('read', offered.password)) return null;
    const answer = passwords === null ? 'wrong' : await passwords.check(offered.user, offered.password);
    if (answer === 'right') return null;
    if (answer === 'busy') {
      response.set('Retry-After', '1');
      return { status: 429, error: 'too many password checks are waiting; try again' };
    }
  }
  const basic = passwords !== null || access === 'read';
  response.set('WWW-Authenticate', ['Bearer realm="remit"', ...(basic ? ['Basic realm="remit", charset="UTF-8"'] : [])]);
  return { status: 401, error: unauthorised(access, offered !== null) };
}

/** Whether a request could read, without asking for credentials. */
export async function mayRead(request: Request, deps: AccessDeps): Promise<boolean> {
  return (await authorize(request, { set: () => undefined } as unknown as Response, 'read', deps)) === null;
}

/** The bearer token of a request, or null when it brings none. */
export function bearerOf(request: Request): string | null {
  const offered = credentials(request);
  return offered?.scheme === 'bearer' ? offered.token : null;
}

function unauthorised(scope: Scope, offered: boolean): string {
  return offered ? `the credentials do not open ${scope}` : `${scope} needs its token: send the header Authorization: Bearer <token>`;
}

type Offered = { scheme: 'bearer'; token: string } | { scheme: 'basic'; user: string; password: string };

function credentials(request: Request): Offered | null {
  const header = request.headers.authorization ?? '';
  const found = /^(bearer|basic) +([^\s,]{1,8192}) *$/i.exec(header);
  if (!found) return null;
  const [, scheme = '', value = ''] = found;
  if (scheme.toLowerCase() === 'bearer') return { scheme: 'bearer', token: value };
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? null : { scheme: 'basic', user: pair.slice(0, colon), password: pair.slice(colon + 1) };
}
