const DASH = 45;
const COLON = 58;
const BLANK = 32;
const LETTER_T = 84;
const LETTER_Z = 90;

/** A JSON object of unknown content. */
export type Json = { readonly [key: string]: unknown };

/** The value as an object, or undefined for anything else, arrays included. */
export function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Json : undefined;
}

/** The value as an array, or an empty one. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value as non-empty text of at most `longest` UTF-16 units; undefined for anything else. */
export function text(value: unknown, longest: number): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return value.length <= longest ? value : cut(value, longest);
}

/** An account id: text, or the number that a careless shipper made of it, with its leading zeros again. */
export function account(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value).padStart(12, '0');
  return text(value, 64);
}

/** True for `true` and `"true"`: CloudTrail writes both. */
export function yes(value: unknown): boolean {
  return value === true || value === 'true';
}

/** A number of bytes, or undefined where the value is not a number from 0 up. */
export function bytes(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined;
}

/**
 * Milliseconds of `2023-07-10T12:05:16Z`, NaN for anything else. A fraction is cut to milliseconds; a blank for the `T` and a
 * missing `Z`, as data lakes write them, still mean UTC; another zone is refused.
 */
export function instant(value: unknown): number {
  if (typeof value !== 'string') return NaN;
  const end = value.charCodeAt(value.length - 1) === LETTER_Z ? value.length - 1 : value.length;
  if (end < 19 || end > 29) return NaN;
  const separator = value.charCodeAt(10);
  if (value.charCodeAt(4) !== DASH || value.charCodeAt(7) !== DASH || (separator !== LETTER_T && separator !== BLANK)
    || value.charCodeAt(13) !== COLON || value.charCodeAt(16) !== COLON) return NaN;
  const year = digits(value, 0, 4);
  const month = digits(value, 5, 7);
  const day = digits(value, 8, 10);
  const hour = digits(value, 11, 13);
  const minute = digits(value, 14, 16);
  const second = digits(value, 17, 19);
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) && hour < 24 && minute < 60 && second < 60)) return NaN;
  let millis = 0;
  if (end > 19) {
    if (value[19] !== '.' || end === 20 || Number.isNaN(digits(value, 20, end))) return NaN;
    millis = digits(value.slice(20, Math.min(23, end)).padEnd(3, '0'), 0, 3);
  }
  return ((daysBefore(year, month) + day - 1) * 86_400 + hour * 3600 + minute * 60 + second) * 1000 + millis;
}

/** A copy, because a slice would keep the whole string alive; it also mends a surrogate pair that the cut broke. */
function cut(value: string, longest: number): string {
  return Buffer.from(value.slice(0, longest)).toString();
}

function digits(value: string, from: number, to: number): number {
  let n = 0;
  for (let i = from; i < to; i++) {
    const d = value.charCodeAt(i) - 48;
    if (d < 0 || d > 9) return NaN;
    n = n * 10 + d;
  }
  return n;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 1970-01-01 to the first of the month, by the March-based count of leap days. */
function daysBefore(year: number, month: number): number {
  const y = month <= 2 ? year - 1 : year;
  const m = month <= 2 ? month + 9 : month - 3;
  return 365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + Math.floor((153 * m + 2) / 5) - 719_468;
}
