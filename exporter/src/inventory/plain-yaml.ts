import type { ParsedFile, Path } from './parse.ts';

/**
 * Reads the plain part of YAML in which inventories are written, about twenty times as fast as the `yaml` library, so that
 * ten thousand records load in a moment. Null for everything else and for every fault: the library then decides, and words
 * the problem. Where both read a file they agree on values and places, which a test holds over generated files.
 * Taken: mappings, lists, one-line scalars, brackets and braces over several lines, comments. Not taken: anchors, aliases,
 * tags, block scalars, texts over several lines, tabs, several documents, keys other than words.
 */
export function readPlainYaml(text: string): ParsedFile | null {
  if (UNUSUAL.test(text)) return null;
  try {
    const reader = new Reader(text);
    const value = reader.document();
    return { value, place: (path, key = false) => reader.place(path, key) };
  } catch (error) {
    if (error === NOT_PLAIN) return null;
    throw error;
  }
}

/** Controls, tabs, carriage returns, other line ends, byte order marks and lone surrogates. */
const UNUSUAL = /[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;
const NOT_PLAIN = new Error('not plain');
const DEEPEST = 32;

const KEY = /([A-Za-z_$][A-Za-z0-9_$.-]*):(?=[ \n]|$)/y;
const DOUBLE_QUOTED = /"(?:[^"\\\n]|\\["\\/bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4})*"/y;
const SINGLE_QUOTED = /'((?:[^'\n]|'')*)'/y;
const REST_OF_LINE = / *(?:(?<= )#[^\n]*)?(?:\n|$)/y;
/** First characters that mean something other than a text, or may. */
const INDICATOR = /[-?:,[\]{}#&*!|>'"%@`]/;
const FLOW_TEXT = /(?:[^\s,[\]{}:#]|:(?![\s,[\]{}]|$)|(?<! )#| +(?![\s#,[\]{}:]|$))+/y;
const NUMBER_LIKE = /^(?:[-+]?(?:0o[0-7]+|0x[0-9a-fA-F]+|(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN))$/;
const PLAIN_INTEGER = /^(?:0|[1-9]\d{0,14})$/;
const CONSTANTS = new Map<string, unknown>([
  ...['~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);

type Fields = Record<string, unknown>;

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

class Reader {
  readonly #text: string;
  /** Of each list and mapping: its own offset, then for each item its key's offset (a list: the item's) and its value's. */
  readonly #offsets = new Map<object, number[]>();
  #root: unknown = null;
  #pos = 0;
  /** Offset of the last scalar that was read; of the key where its value is left out. */
  #start = 0;
  #depth = 0;
  #lines: number[] | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  document(): unknown {
    if (/^---[ \n]/m.test(this.#text) || /^(?:%|\.\.\.|---$)/m.test(this.#text)) throw NOT_PLAIN;
    const indent = this.#nextLine();
    if (indent < 0) throw NOT_PLAIN;
    const first = this.#text[this.#pos]!;
    if (first === '{' || first === '[') {
      this.#root = this.#flow(-1);
      this.#endLine();
    } else this.#root = this.#block(indent);
    if (this.#nextLine() >= 0) throw NOT_PLAIN;
    return this.#root;
  }

  /** Moves to the first character of the next line that says anything; its indentation, or −1 at the end. */
  #nextLine(): number {
    const text = this.#text;
    let start = this.#pos;
    while (start < text.length) {
      let at = start;
      while (text.charCodeAt(at) === 32) at++;
      const code = text.charCodeAt(at);
      if (code !== 10 && code !== 35 && at < text.length) {
        this.#pos = at;
        return at - start;
      }
      const end = text.indexOf('\n', at);
      start = end < 0 ? text.length : end + 1;
    }
    this.#pos = start;
    return -1;
  }

  /** As `#nextLine`, without moving past the start of that line. */
  #peekLine(): number {
    const indent = this.#nextLine();
    if (indent >= 0) this.#pos -= indent;
    return indent;
  }

  #block(column: number): unknown {
    if (++this.#depth > DEEPEST) throw NOT_PLAIN;
    const value = this.#atDash() ? this.#list(column) : this.#mapping(column);
    this.#depth--;
    return value;
  }

  /** A mapping whose first key is at the position and whose keys stand in the column. */
  #mapping(column: number): Fields {
    const fields: Fields = {};
    const offsets = [this.#pos];
    do {
      const key = this.#match(KEY).slice(0, -1);
      const at = this.#pos - key.length - 1;
      this.#unused(fields, key);
      this.#start = at;
      const value = this.#valueOfKey(column);
      fields[key] = value;
      offsets.push(at, isNested(value) ? this.#offsets.get(value)![0]! : this.#start);
    } while (this.#sibling(column, false));
    this.#offsets.set(fields, offsets);
    return fields;
  }

  #valueOfKey(column: number): unknown {
    const here = this.#pos;
    REST_OF_LINE.lastIndex = here;
    if (!REST_OF_LINE.test(this.#text)) {
      this.#skipSpaces();
      return this.#oneLine(column);
    }
    this.#pos = REST_OF_LINE.lastIndex;
    const indent = this.#nextLine();
    if (indent > column || (indent === column && this.#atDash())) return this.#block(indent);
    this.#pos -= Math.max(0, indent);
    return null;
  }

  #list(column: number): unknown[] {
    const items: unknown[] = [];
    const offsets = [this.#pos];
    do {
      const dash = this.#pos++;
      this.#skipSpaces();
      KEY.lastIndex = this.#pos;
      const start = this.#pos;
      const value = KEY.test(this.#text) ? this.#block(column + this.#pos - dash) : this.#oneLine(column);
      items.push(value);
      offsets.push(start, isNested(value) ? start : this.#start);
    } while (this.#sibling(column, true));
    this.#offsets.set(items, offsets);
    return items;
  }

  /** Moves to the next key or dash in the column; false when the collection is over. */
  #sibling(column: number, dash: boolean): boolean {
    const indent = this.#peekLine();
    if (indent < column) return false;
    if (indent > column) throw NOT_PLAIN;
    this.#pos += indent;
    if (this.#atDash() === dash) return true;
    if (!dash) throw NOT_PLAIN;
    this.#pos -= indent;
    return false;
  }

  /** A value that begins on this line; what follows must not be indented deeper, or it would belong to the value. */
  #oneLine(column: number): unknown {
    const first = this.#text[this.#pos];
    let value: unknown;
    if (first === '{' || first === '[') value = this.#flow(column);
    else if (first === '"' || first === "'") value = this.#quoted();
    else value = this.#plain(this.#lineText());
    this.#endLine();
    if (this.#peekLine() > column) throw NOT_PLAIN;
    return value;
  }

  #lineText(): string {
    const text = this.#text;
    const newline = text.indexOf('\n', this.#pos);
    const line = text.slice(this.#pos, newline < 0 ? text.length : newline);
    const comment = line.indexOf(' #');
    let end = comment < 0 ? line.length : comment;
    while (line.charCodeAt(end - 1) === 32) end--;
    const found = line.slice(0, end);
    if (found.includes(': ') || found.endsWith(':')) throw NOT_PLAIN;
    this.#start = this.#pos;
    this.#pos += found.length;
    return found;
  }

  /** A list in brackets or a mapping in braces; its further lines are indented deeper than the column. */
  #flow(column: number): unknown {
    if (++this.#depth > DEEPEST) throw NOT_PLAIN;
    const start = this.#pos;
    const isList = this.#text[this.#pos++] === '[';
    const close = isList ? ']' : '}';
    const items: unknown[] = [];
    const fields: Fields = {};
    const offsets = [start];
    this.#skipInFlow(column);
    while (this.#text[this.#pos] !== close || items.length > 0) {
      const at = this.#pos;
      let key = '';
      if (!isList) {
        key = this.#flowKey();
        this.#unused(fields, key);
        this.#skipInFlow(column);
      }
      const value = this.#flowValue(column);
      if (isList) items.push(value);
      else items.push(fields[key] = value);
      const nested = isNested(value) ? this.#offsets.get(value)![0]! : this.#start;
      offsets.push(isList ? nested : at, nested);
      this.#skipInFlow(column);
      const next = this.#text[this.#pos++];
      if (next === close) break;
      if (next !== ',') throw NOT_PLAIN;
      this.#skipInFlow(column);
    }
    if (items.length === 0) this.#pos++;
    this.#depth--;
    const value = isList ? items : fields;
    this.#offsets.set(value, offsets);
    return value;
  }

  #flowKey(): string {
    if (this.#text[this.#pos] !== '"') return this.#match(KEY).slice(0, -1);
    const key = this.#quoted();
    if (this.#text[this.#pos++] !== ':' || !/^[A-Za-z_$]/.test(key)) throw NOT_PLAIN;
    return key;
  }

  #flowValue(column: number): unknown {
    const first = this.#text[this.#pos];
    if (first === '{' || first === '[') return this.#flow(column);
    if (first === '"' || first === "'") return this.#quoted();
    this.#start = this.#pos;
    return this.#plain(this.#match(FLOW_TEXT));
  }

  #skipInFlow(column: number): void {
    this.#skipSpaces();
    while (this.#text.charCodeAt(this.#pos) === 10) {
      const line = ++this.#pos;
      this.#skipSpaces();
      if (this.#pos - line <= column && this.#text.charCodeAt(this.#pos) !== 10) throw NOT_PLAIN;
    }
  }

  #quoted(): string {
    this.#start = this.#pos;
    if (this.#text[this.#pos] === '"') return JSON.parse(this.#match(DOUBLE_QUOTED)) as string;
    return this.#match(SINGLE_QUOTED).slice(1, -1).replaceAll("''", "'");
  }

  /** The value of an unquoted text, as the core schema of YAML 1.2 reads it. */
  #plain(text: string): unknown {
    if (text === '' || INDICATOR.test(text[0]!)) throw NOT_PLAIN;
    const constant = CONSTANTS.get(text);
    if (constant !== undefined) return constant;
    if (PLAIN_INTEGER.test(text)) return Number(text);
    if (NUMBER_LIKE.test(text)) throw NOT_PLAIN;
    return text;
  }

  #unused(fields: Fields, key: string): void {
    if (Object.hasOwn(fields, key) || key === '__proto__' || CONSTANTS.has(key)) throw NOT_PLAIN;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#pos;
    const found = pattern.exec(this.#text);
    if (found === null) throw NOT_PLAIN;
    this.#pos = pattern.lastIndex;
    return found[0];
  }

  #endLine(): void {
    this.#match(REST_OF_LINE);
  }

  #skipSpaces(): void {
    while (this.#text.charCodeAt(this.#pos) === 32) this.#pos++;
  }

  #atDash(): boolean {
    return this.#text[this.#pos] === '-' && (this.#text[this.#pos + 1] === ' ');
  }

  place(path: Path, key: boolean): { line: number; column: number } {
    let at: unknown = this.#root;
    let offset = this.#offsets.get(at as object)?.[0] ?? 0;
    for (const [depth, step] of path.entries()) {
      const offsets = isNested(at) ? this.#offsets.get(at) : undefined;
      if (offsets === undefined) break;
      const i = Array.isArray(at) ? Number(step) : Object.keys(at as Fields).indexOf(String(step));
      if (i < 0 || offsets[2 * i + 2] === undefined) break;
      offset = offsets[2 * i + (key && depth === path.length - 1 ? 1 : 2)]!;
      at = (at as Fields)[step as string];
    }
    if (this.#lines === null) {
      this.#lines = [0];
      for (let end = this.#text.indexOf('\n'); end >= 0; end = this.#text.indexOf('\n', end + 1)) this.#lines.push(end + 1);
    }
    let low = 0;
    let high = this.#lines.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#lines[middle]! <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - this.#lines[low]! + 1 };
  }
}
