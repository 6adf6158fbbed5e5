import { hash } from 'node:crypto';

const LIMIT = 128;
const KEPT = 111;
const SHORTENED = /~[0-9a-f]{16}$/;
const PLAIN = /^(?!_)[\x21-\x5b\x5d-\x7e]*$/;
/** Controls, line and paragraph separators, direction marks, backslash, and halves of surrogate pairs. */
// eslint-disable-next-line no-control-regex
const UNSAFE = /^_|[\u0000-\u001f\\\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * A label value of at most 128 bytes for any text, different for different texts. A plain text such as a URN is its own
 * value. A leading underscore (kept for `_overflow_` and its like), backslashes, invisible characters and broken surrogate
 * pairs become `\xNN` or `\uNNNN`; what is then over 128 bytes becomes its first 111, `~` and 16 hex digits of its SHA-256.
 */
export function labelValue(text: string): string {
  const safe = text.length <= KEPT && PLAIN.test(text) ? text : text.replace(UNSAFE, escape);
  if (safe.length <= KEPT / 3) return safe;
  const size = Buffer.byteLength(safe);
  // A short text that ends like a shortened one is shortened too: otherwise it could pass for another.
  if (size <= LIMIT && !(size > LIMIT - 4 && SHORTENED.test(safe))) return safe;
  return `${head(safe)}~${hash('sha256', safe, 'hex').slice(0, 16)}`;
}

function escape(character: string): string {
  if (character === '\\') return '\\\\';
  const code = character.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** At most 111 bytes, cut between two characters. */
function head(text: string): string {
  const bytes = Buffer.from(text.slice(0, KEPT));
  let end = Math.min(KEPT, bytes.length);
  while (end > 0 && end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  const cut = bytes.toString('utf8', 0, end);
  // A slice between the halves of a pair leaves a replacement character at its end.
  return text.startsWith(cut) ? cut : cut.slice(0, -1);
}
