import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from './output.ts';

/** Where a running service is asked, and with which token. */
export interface Asked { url: string; tokenFile?: string }
export interface Answer { status: number; body: unknown }

const MILLIS = 30_000;
const MOST_TRIES = 60;

/** Asks a running service and reads its JSON. Throws `UsageError` when it does not answer, or answers something else. */
export async function ask({ url, tokenFile }: Asked, path: string, init: { method?: 'POST'; body?: object } = {}): Promise<Answer> {
  const headers: Record<string, string> = { ...tokenFile === undefined ? {} : { authorization: `Bearer ${tokenOf(tokenFile)}` } };
  if (init.body !== undefined) headers['content-type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(new URL(path, url), {
      method: init.method ?? 'GET', headers, redirect: 'error', signal: AbortSignal.timeout(MILLIS), ...init.body === undefined ? {} : { body: JSON.stringify(init.body) },
    });
  } catch (error) {
    throw new UsageError(`${url} does not answer: ${String((error as Error).cause ?? error)}`, 'start `remit serve`, or name another --url');
  }
  try {
    return { status: response.status, body: await response.json() };
  } catch {
    throw new UsageError(`${url} answered ${response.status} and no JSON`, 'is --url the address of remit itself?');
  }
}

/** Sends records and gives the receipt. Waits while the service has no room; throws `UsageError` when it refuses them. */
export async function deliver({ url, tokenFile }: Asked, path: string, body: Uint8Array<ArrayBuffer>): Promise<{ accepted: number; duplicate: number }> {
  const headers = tokenFile === undefined ? {} : { authorization: `Bearer ${tokenOf(tokenFile)}` };
  for (let tries = 0; ; tries++) {
    const response = await fetch(new URL(path, url), { method: 'POST', headers, body, redirect: 'error', signal: AbortSignal.timeout(MILLIS) }).catch(() => null);
    const answer = { status: response?.status ?? 0, body: await response?.json().catch(() => null) as unknown };
    if (response?.ok === true) return { accepted: 0, duplicate: 0, ...answer.body as object };
    const later = response === null || response.status === 429 || response.status === 503;
    if (!later || tries >= MOST_TRIES) throw new UsageError(`${new URL(path, url).href}: ${response === null ? 'no answer' : errorOf(answer)}`, 'look at the log of the service');
    await sleep(1000);
  }
}

/** True once the service is ready; false when it is not within this many milliseconds. */
export async function ready({ url }: Asked, within: number, signal: AbortSignal): Promise<boolean> {
  for (const until = Date.now() + within; Date.now() < until && !signal.aborted; await sleep(500)) {
    if (await fetch(new URL('/-/ready', url), { signal: AbortSignal.timeout(MILLIS) }).then((answer) => answer.ok, () => false)) return true;
  }
  return false;
}

/** What a refusal says. */
export function errorOf({ status, body }: Answer): string {
  const said = typeof body === 'object' && body !== null && 'error' in body ? String(body.error).slice(0, 500) : '';
  return said === '' ? `it answered ${status}` : said;
}

/** The first token of the file, as the service reads it. */
function tokenOf(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file}: ${(error as NodeJS.ErrnoException).code ?? 'cannot be read'}`, 'check the path and its permissions');
  }
  const token = text.split(/\r?\n/).map((line) => line.trim()).find((line) => /^[\x21-\x7e]{1,4096}$/.test(line));
  if (token === undefined) throw new UsageError(`${file}: there is no token in it`, 'a token is one line of visible ASCII without spaces');
  return token;
}
