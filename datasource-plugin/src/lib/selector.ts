import type { Filter, FilterOp } from '../types';
import { LIMIT_MOST, limitOf } from './limit';
import { isLiteral, literalOf } from './literal';

/** What a text of conditions says, or the first thing in it that cannot be read, with its column counted from 1. */
export type Selector = { filters: Filter[]; limit?: number; error?: undefined } | { error: string; column: number };

const OPS: readonly FilterOp[] = ['not in', 'in', '!=', '=~', '!~', '>=', '<=', '=', '<', '>'];

/**
 * Reads `{severity="critical", owner=~"pay.*", kind in ("cicd", "ai_agent"), score>=2} limit 50`. Braces may be left away. Values are
 * quoted with JSON's escapes, or bare words without spaces, commas, quotes, parentheses and braces, such as numbers and `$variables`.
 */
export function parseSelector(text: string): Selector {
  const reader = new Reader(text);
  try {
    return reader.selector();
  } catch (error) {
    if (error instanceof Unreadable) {
      return { error: error.message, column: reader.at + 1 };
    }
    throw error;
  }
}

/** The text of conditions; `parseSelector` reads it back to the same. Unfinished conditions are left away. */
export function printSelector(filters: readonly Filter[], limit?: number): string {
  const parts = filters.filter(isComplete).map((filter) => {
    const { key, op, values } = filter;
    const list = values.map((value) => (isLiteral(filter, value) ? JSON.stringify(value).replace(/[$[]/g, (sign) => ESCAPED[sign] ?? sign) : JSON.stringify(value)));
    const many = op === 'in' || op === 'not in';
    if (many || list.length > 1) {
      return `${key} ${op === '=' ? 'in' : op === '!=' ? 'not in' : op} (${list.join(', ')})`;
    }
    return `${key}${op}${list[0]}`;
  });
  return `{${parts.join(', ')}}${limit === undefined ? '' : ` limit ${limit}`}`;
}

/** A condition that says something: a key and at least one value. */
export function isComplete({ key, values }: Filter): boolean {
  return key !== '' && values.length > 0;
}

/** How a literal value writes the signs with which variables begin: escaped, they are no variables when read again. */
const ESCAPED: Record<string, string> = { $: '\\u0024', '[': '\\u005b' };

/** An escaped sign of those; a backslash that is escaped itself begins none. */
const ESCAPE = /(?<!\\)(?:\\\\)*\\u00(24|5b)/i;

class Unreadable extends Error {}

class Reader {
  at = 0;
  constructor(private readonly text: string) {}

  selector(): Selector {
    const filters: Filter[] = [];
    const braced = this.take('{');
    while (!this.ended() && !this.sees('}') && !this.limitFollows()) {
      filters.push(this.filter());
      if (!this.take(',')) {
        break;
      }
    }
    if (braced && !this.take('}')) {
      throw new Unreadable('a comma or } is missing here');
    }
    const limit = this.limit();
    if (!this.ended()) {
      throw new Unreadable('nothing more was expected here');
    }
    return limit === undefined ? { filters } : { filters, limit };
  }

  private filter(): Filter {
    const key = this.word(/[a-z][a-z0-9_]*/iy, 'the name of a label is missing here');
    this.space();
    const op = OPS.find((candidate) => this.text.startsWith(candidate, this.at) && (/\W$/.test(candidate) || /[\s($"]/.test(this.text[this.at + candidate.length] ?? '')));
    if (op === undefined) {
      throw new Unreadable(`one of ${[...OPS].sort().join(' ')} is missing here`);
    }
    this.at += op.length;
    const escaped = new Set<string>();
    const values = this.values((value, text) => ESCAPE.test(text) && escaped.add(value));
    return { key, op, values, ...literalOf(values, (value) => escaped.has(value)) };
  }

  private values(read: (value: string, text: string) => void): string[] {
    const next = (): string => {
      const from = this.at;
      const value = this.value();
      read(value, this.text.slice(from, this.at));
      return value;
    };
    if (!this.take('(')) {
      return [next()];
    }
    const values: string[] = [];
    do {
      values.push(next());
    } while (this.take(','));
    if (!this.take(')')) {
      throw new Unreadable('a comma or ) is missing here');
    }
    return values;
  }

  private value(): string {
    this.space();
    if (this.text[this.at] !== '"') {
      return this.word(/(?:\$\{[^}\s]*\}|[^\s,(){}"])+/y, 'a value is missing here');
    }
    const quoted = /"(?:[^"\\]|\\.)*"/y;
    quoted.lastIndex = this.at;
    const found = quoted.exec(this.text)?.[0];
    try {
      const value: unknown = JSON.parse(found ?? '');
      this.at += found?.length ?? 0;
      return String(value);
    } catch {
      throw new Unreadable('this text does not end with a quote, or has an escape that JSON does not know');
    }
  }

  private limitFollows(): boolean {
    this.space();
    return /limit\s+\d/y.test(this.text.slice(this.at));
  }

  private limit(): number | undefined {
    if (!this.limitFollows()) {
      return undefined;
    }
    this.at += 'limit'.length;
    this.space();
    const from = this.at;
    const limit = Number(this.word(/\d+/y, 'a number is missing here'));
    if (limit !== limitOf(limit)) {
      this.at = from;
      throw new Unreadable(`a limit is from 1 to ${LIMIT_MOST}`);
    }
    return limit;
  }

  private word(pattern: RegExp, missing: string): string {
    this.space();
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) {
      throw new Unreadable(missing);
    }
    this.at += found.length;
    return found;
  }

  private take(sign: string): boolean {
    const found = this.sees(sign);
    this.at += found ? sign.length : 0;
    return found;
  }

  private sees(sign: string): boolean {
    this.space();
    return this.text.startsWith(sign, this.at);
  }

  private ended(): boolean {
    this.space();
    return this.at >= this.text.length;
  }

  private space(): void {
    while (/\s/.test(this.text[this.at] ?? '')) {
      this.at += 1;
    }
  }
}
