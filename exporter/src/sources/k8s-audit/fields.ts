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
