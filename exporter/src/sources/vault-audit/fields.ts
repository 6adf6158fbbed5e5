import { instant as utcInstant } from '../../lib/instant.ts';

/** A JSON object of unknown content. */
export type Json = { readonly [key: string]: unknown };

/** The value as an object, or undefined for anything else, lists included. */
export function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Json : undefined;
}

/** The value as non-empty text, cut to `longest` UTF-16 units; undefined for anything else. */
export function text(value: unknown, longest: number): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  // Through a buffer, because a slice would keep the whole string alive.
  return value.length <= longest ? value : Buffer.from(value.slice(0, longest)).toString();
}

/** Milliseconds of an RFC 3339 time, any fraction cut; tokens are dated in the server's own zone. NaN for anything else. */
export function moment(value: unknown): number {
  const utc = utcInstant(value);
  if (!Number.isNaN(utc) || typeof value !== 'string' || value.length > 40) return utc;
  const parts = ZONED.exec(value);
  if (!parts) return NaN;
  const local = utcInstant(parts[1] + 'Z');
  const minutes = Number(parts[3]) * 60 + Number(parts[4]);
  return minutes > 14 * 60 ? NaN : local - (parts[2] === '-' ? -minutes : minutes) * 60_000;
}

const ZONED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?)([+-])(\d\d):([0-5]\d)$/;
