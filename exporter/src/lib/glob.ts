import { RE2JS } from 're2js';

/** Longest text that patterns with `?` are tried on. Longer names exist in no provider; they match no such pattern. */
const LONGEST_FOR_REGEX = 4096;

/**
 * Patterns in which `*` is any characters, `/` and `:` included, and `?` is one. A text is in the set when a pattern matches
 * the whole of it. Time is linear in the text for every pattern: literals are looked up, patterns with `*` alone are
 * searched piece by piece, those with `?` run on RE2.
 */
export class GlobSet {
  readonly size: number;
  readonly #ignoreCase: boolean;
  readonly #literals = new Set<string>();
  readonly #patterns: ((text: string) => boolean)[] = [];

  constructor(patterns: readonly string[], options: { ignoreCase?: boolean } = {}) {
    this.size = patterns.length;
    this.#ignoreCase = options.ignoreCase === true;
    for (const written of patterns) {
      const pattern = (this.#ignoreCase ? written.toLowerCase() : written).replaceAll(/\*+/g, '*');
      if (pattern.includes('?')) this.#patterns.push(regexMatcher(pattern));
      else if (pattern.includes('*')) this.#patterns.push(starMatcher(pattern));
      else this.#literals.add(pattern);
    }
  }

  test(text: string): boolean {
    const subject = this.#ignoreCase ? text.toLowerCase() : text;
    if (this.#literals.has(subject)) return true;
    for (const matches of this.#patterns) if (matches(subject)) return true;
    return false;
  }
}

/** Stars only: the pieces between them must follow each other; taking each at its first place is always right. */
function starMatcher(pattern: string): (text: string) => boolean {
  const pieces = pattern.split('*');
  const head = pieces[0]!;
  const tail = pieces[pieces.length - 1]!;
  const middle = pieces.slice(1, -1);
  if (middle.length === 0 && tail === '') return head === '' ? () => true : (text) => text.startsWith(head);
  const shortest = head.length + tail.length;
  return (text) => {
    if (text.length < shortest || !text.startsWith(head) || !text.endsWith(tail)) return false;
    const end = text.length - tail.length;
    let at = head.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, at);
      if (found < 0 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
}

function regexMatcher(pattern: string): (text: string) => boolean {
  const head = pattern.slice(0, pattern.search(/[*?]/));
  let compiled: RE2JS | null = null;
  return (text) => {
    if (text.length > LONGEST_FOR_REGEX || !text.startsWith(head)) return false;
    compiled ??= RE2JS.compile(globToRe2(pattern), RE2JS.DOTALL);
    return compiled.testExact(text);
  };
}

/** The RE2 expression of a pattern, to be matched against the whole text with `.` standing for every character. */
export function globToRe2(pattern: string): string {
  return pattern.split(/([*?])/).map((part) => (part === '*' ? '.*' : part === '?' ? '.' : RE2JS.quote(part))).join('');
}
