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

/** A copy, because a slice would keep the whole string alive; it also mends a surrogate pair that the cut broke. */
function cut(value: string, longest: number): string {
  return Buffer.from(value.slice(0, longest)).toString();
}
