/** What a box of one line cannot hold, or nobody could see in it: controls, ends of lines, marks without width, halves of pairs. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/u;
const UNSEEN_ALL = new RegExp(UNSEEN, 'gu');

/** Values as one line of text, in a box where several are separated by commas when `list`. `readValues` reads it back to the same. */
export function writeValues(values: readonly string[], list: boolean): string {
  return values.map((value) => (UNSEEN.test(value) || /^[\s"]|\s$/.test(value) || (list && (value === '' || value.includes(','))) ? quoted(value) : value)).join(', ');
}

/** The values of a line: as they stand, or in quotes with JSON's escapes; without blanks around those of a list. */
export function readValues(text: string, list: boolean): string[] {
  if (!list) {
    return [unquoted(text.trim()) ?? text];
  }
  const parts = text.match(/\s*"(?:[^"\\]|\\.)*"\s*(?=,|$)|[^,]+/g) ?? [];
  return parts.map((part) => part.trim()).filter(Boolean).map((part) => unquoted(part) ?? part);
}

function quoted(value: string): string {
  return JSON.stringify(value).replace(UNSEEN_ALL, (sign) => Array.from({ length: sign.length }, (_, at) => `\\u${sign.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''));
}

function unquoted(text: string): string | undefined {
  if (!text.startsWith('"')) {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
