const NEWLINE = 0x0a;
const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;

/**
 * The lines with what stands before their JSON taken off: a prefix that a program or a log agent writes, such as `@cee: ` or a time.
 * A line that begins with JSON, and one without any, stay as they are. The same bytes when there is nothing to take off.
 */
export function withoutPrefixes(lines: Buffer): Buffer {
  const parts: Buffer[] = [];
  let kept = 0;
  for (let start = 0; start < lines.length;) {
    const newline = lines.indexOf(NEWLINE, start);
    const end = newline < 0 ? lines.length : newline;
    const json = jsonStart(lines, start, end);
    if (json > start) {
      parts.push(lines.subarray(kept, start));
      kept = json;
    }
    start = end + 1;
  }
  if (parts.length === 0) return lines;
  parts.push(lines.subarray(kept));
  return Buffer.concat(parts);
}

/** Like `withoutPrefixes`, for one line. */
export function withoutPrefix(line: string): string {
  return withoutPrefixes(Buffer.from(line)).toString();
}

/** Where the JSON of a line begins when something else precedes it, else `start`. */
function jsonStart(bytes: Buffer, start: number, end: number): number {
  const first = visible(bytes, start, end);
  const isJson = bytes[first] === OPEN_OBJECT || (bytes[first] === OPEN_LIST && LIST_BEGINS.has(bytes[visible(bytes, first + 1, end)] ?? -1));
  if (isJson || first === end) return start;
  const at = bytes.subarray(start, end).indexOf(OPEN_OBJECT);
  return at < 0 ? start : start + at;
}

/** `{`, `[` and `]`: records are objects, so `[vault] {…}` is a prefix and `[{…}]` a list. */
const LIST_BEGINS = new Set([OPEN_OBJECT, OPEN_LIST, 0x5d]);

/** The first byte that is no white space or byte order mark. */
function visible(bytes: Buffer, start: number, end: number): number {
  let at = bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf ? start + 3 : start;
  while (at < end && bytes[at]! <= 0x20) at++;
  return Math.min(at, end);
}
