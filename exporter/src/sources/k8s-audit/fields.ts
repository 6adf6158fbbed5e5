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

/** The first value of an entry of `user.extra`, where every value is a list of strings. */
export function first(extra: Json | undefined, key: string, longest: number): string {
  const value = extra?.[key];
  return text(Array.isArray(value) ? value[0] : value, longest);
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

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Milliseconds of `2023-01-27T18:28:08.129781Z`, any fraction cut; NaN for anything else. */
export function instant(value: unknown): number {
  if (typeof value !== 'string') return NaN;
  const length = value.length;
  if (length < 20 || length > 30 || value.charCodeAt(length - 1) !== 90 || value.charCodeAt(10) !== 84) return NaN;
  if (value.charCodeAt(4) !== 45 || value.charCodeAt(7) !== 45 || value.charCodeAt(13) !== 58 || value.charCodeAt(16) !== 58) return NaN;
  const year = digits(value, 0, 4);
  const month = digits(value, 5, 7);
  const day = digits(value, 8, 10);
  const hour = digits(value, 11, 13);
  const minute = digits(value, 14, 16);
  const second = digits(value, 17, 19);
  const valid = year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= DAYS[month - 1]! && hour < 24 && minute < 60 && second < 60;
  if (!valid) return NaN;
  return Date.UTC(year, month - 1, day, hour, minute, second, length > 20 ? fraction(value, length - 1) : 0);
}

function fraction(value: string, end: number): number {
  if (value.charCodeAt(19) !== 46 || Number.isNaN(digits(value, 20, end))) return NaN;
  const places = Math.min(3, end - 20);
  return digits(value, 20, 20 + places) * (places === 1 ? 100 : places === 2 ? 10 : 1);
}

/** NaN where there is no digit. */
function digits(value: string, from: number, to: number): number {
  let n = from < to ? 0 : NaN;
  for (let i = from; i < to; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return NaN;
    n = n * 10 + digit;
  }
  return n;
}
