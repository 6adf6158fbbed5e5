/** A text as YAML reads it back: bare where nothing can be misread, else in double quotes with everything unprintable escaped. */
export function quote(text: string): string {
  if (/^[A-Za-z][A-Za-z0-9_./@-]*(:[A-Za-z0-9_./@-]+)*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)) return text;
  return JSON.stringify(text).replaceAll(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A text that may stand in a comment: at most `longest` printable characters of one line. */
export function comment(text: string, longest = 128): string {
  return (text.length > longest ? `${text.slice(0, longest - 1)}~` : text).replaceAll(/[^\x20-\x7e]/g, '?');
}

/** Whether a record may hold the text. */
export function fits(text: string, longest: number): boolean {
  return text.length > 0 && text.length <= longest && text.isWellFormed();
}

/** `1 day`, `3 days`. */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
