import { hash } from 'node:crypto';

/** A JSON object of unknown content. */
export type Json = { readonly [key: string]: unknown };

/** The value as an object, or undefined for anything else, lists included. */
export function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Json : undefined;
}

/**
 * The value as text of at most `longest` UTF-16 units, 32 or more; empty for anything else. What is too long keeps its beginning and ends
 * in `~` and 16 hex digits of its SHA-256, so that different names stay different.
 */
export function text(value: unknown, longest: number): string {
  if (typeof value !== 'string') return '';
  if (value.length <= longest) return value;
  // Through a buffer, because a slice would keep the whole string alive.
  return Buffer.from(value.slice(0, longest - 17)).toString() + '~' + hash('sha256', Buffer.from(value, 'utf16le'), 'hex').slice(0, 16);
}

/** A trace or span id of this many hex digits in lower case; empty when absent, null when it is something else or all zeros. */
export function hexId(value: unknown, digits: number): string | null {
  if (value === undefined || value === null || value === '') return '';
  if (typeof value !== 'string' || value.length !== digits) return null;
  let zeros = true;
  for (let i = 0; i < digits; i++) {
    const c = value.charCodeAt(i);
    const hex = (c >= 48 && c <= 57) || (c >= 97 && c <= 102) || (c >= 65 && c <= 70);
    if (!hex) return null;
    if (c !== 48) zeros = false;
  }
  return zeros ? null : value.toLowerCase();
}

const LONGEST_NANOS = 20;
/** Nanoseconds of an unsigned 64-bit number. */
const MOST_NANOS = 2 ** 64;

/**
 * Milliseconds of Unix nanoseconds, written as a decimal text or a number, cut; with `up` the next whole millisecond when any part of it is
 * begun. 0 when the time is not told (absent or 0), NaN for anything else.
 */
export function millisOf(nanos: unknown, up: boolean): number {
  if (nanos === undefined || nanos === null || nanos === '') return 0;
  if (typeof nanos === 'number') {
    if (!(nanos >= 0 && nanos < MOST_NANOS)) return NaN;
    return up ? Math.ceil(nanos / 1e6) : Math.floor(nanos / 1e6);
  }
  if (typeof nanos !== 'string' || nanos.length > LONGEST_NANOS) return NaN;
  for (let i = 0; i < nanos.length; i++) {
    const c = nanos.charCodeAt(i);
    if (c < 48 || c > 57) return NaN;
  }
  // As text, because a double holds such a number only to some 256 ns.
  const cut = nanos.length > 6 ? Number(nanos.slice(0, -6)) : 0;
  return up && Number(nanos.slice(-6)) > 0 ? cut + 1 : cut;
}

/** A map that forgets everything at its limit, so that made-up names cannot fill the memory. */
export class Memo<T> {
  readonly #limit: number;
  readonly #known = new Map<string, T>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): T | undefined {
    return this.#known.get(key);
  }

  set(key: string, value: T): T {
    if (this.#known.size >= this.#limit) this.#known.clear();
    this.#known.set(key, value);
    return value;
  }
}
