import { instant } from '../../lib/instant.ts';

/** A JSON object of unknown content. */
export type Json = { readonly [key: string]: unknown };

/** The value as an object, or undefined for anything else, lists included. */
export function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Json : undefined;
}

/** The value as text without blanks around it, cut to `longest` UTF-16 units; undefined for empty text and anything else. */
export function text(value: unknown, longest: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  // Through a buffer, because a slice would keep the whole string alive.
  const kept = (value.length <= longest ? value : Buffer.from(value.slice(0, longest)).toString()).trim();
  return kept === '' ? undefined : kept;
}

/** An id, which GitHub writes as a number and some forwarders as text; 0 stands for none. */
export function id(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0 ? String(value) : undefined;
  const kept = text(value, 256);
  return kept === '0' ? undefined : kept;
}

/** True for `true` and `"true"`. */
export function yes(value: unknown): boolean {
  return value === true || value === 'true';
}

/** Milliseconds of an epoch time in milliseconds, as number or digits, or of a UTC date and time; NaN for anything else. */
export function moment(value: unknown): number {
  const millis = typeof value === 'number' ? value : typeof value === 'string' && EPOCH.test(value) ? Number(value) : NaN;
  if (Number.isNaN(millis)) return instant(value);
  return millis >= EARLIEST && millis < LATEST ? Math.trunc(millis) : NaN;
}

const EPOCH = /^\d{12,13}$/;
/** 2001 and 2286: what lies outside is in seconds or microseconds. */
const EARLIEST = 1e12;
const LATEST = 1e13;
