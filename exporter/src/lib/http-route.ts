import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'express';
import type { Scope } from './tokens.ts';

/** One way to ask the service something over HTTP. Parts hand over routes; the API guards and mounts them. */
export interface Route {
  method: 'GET' | 'POST' | 'PUT';
  /** Literal, with `:name` for one segment. Percent signs never match anything. */
  path: string;
  /** Whose token it takes; `open` takes none. */
  access: Scope | 'open';
  /** True when refusals are shown to a person, as a page. */
  page?: boolean;
  /** True when it can answer before state is restored; else it is 503 until then. */
  early?: boolean;
  handle(request: Request, response: Response): Promise<void> | void;
}

/** Answers with JSON. Errors are objects with at least `error`, a sentence. */
export function sendJson(response: Response, status: number, body: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  response.status(status).set({ 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': String(bytes.length) });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

/**
 * Answers a request whose body is not wanted: the answer goes out at once, what the client still sends is thrown away for
 * at most two seconds, half a second of silence, so that the answer is not lost in a connection reset, then the connection closes.
 */
export function refuseBody(request: Request, response: Response, status: number, body: Record<string, unknown>): void {
  refuseBytes(request, response, status, 'application/json; charset=utf-8', Buffer.from(`${JSON.stringify(body)}\n`));
}

/** Like `refuseBody`, for an answer that is not ours to choose the format of. */
export function refuseBytes(request: Request, response: Response, status: number, type: string, bytes: Uint8Array): void {
  if (response.headersSent) return;
  response.statusCode = status;
  // Not by Express, which adds a charset of its own.
  response.setHeader('Content-Type', type).setHeader('Content-Length', String(bytes.length));
  if (!bodyPending(request)) {
    response.end(request.method === 'HEAD' ? undefined : bytes);
    return;
  }
  response.set('Connection', 'close');
  response.write(bytes);
  const finish = (): void => {
    clearTimeout(whole);
    clearTimeout(idle);
    response.end();
  };
  const whole = setTimeout(finish, LINGER_MILLIS);
  const idle = setTimeout(finish, awaitingContinue.delete(request) ? 0 : LINGER_IDLE_MILLIS);
  request.on('data', () => idle.refresh()).once('end', finish).once('close', finish).once('error', finish);
}

/** Requests whose client waits for `100 Continue` before it sends the body; filled by the listener. */
export const awaitingContinue = new WeakSet<IncomingMessage>();

/** True while the client may still be sending a body. */
export function bodyPending(request: Request): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  return !request.complete && (coding !== undefined || Number(length ?? 0) > 0);
}

/** Query parameters by name; a repeated one is a list. Own keys only, whatever they are called. */
export function queryOf(request: Request): Record<string, string | string[]> {
  const out = Object.create(null) as Record<string, string | string[]>;
  const start = request.url.indexOf('?');
  if (start < 0) return out;
  for (const [key, value] of new URLSearchParams(request.url.slice(start + 1))) {
    const before = out[key];
    out[key] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return out;
}

const LINGER_MILLIS = 2000;
const LINGER_IDLE_MILLIS = 500;
