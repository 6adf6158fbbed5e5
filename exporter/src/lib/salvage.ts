import { isBlank, type JsonScan } from './json-scan.ts';

const NEWLINE = 0x0a;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Finds in a body of JSON where reading can go on behind something broken. All positions are bytes of the body. */
export class Salvage {
  readonly #bytes: Buffer;
  readonly #scan: JsonScan;
  /** Bytes that may still be read again in search of the end of something broken; keeps the whole linear. */
  #left: number;
  /** Last answer of `nextLine`. */
  #line = { from: Infinity, at: -1 };

  constructor(bytes: Buffer, scan: JsonScan) {
    this.#bytes = bytes;
    this.#scan = scan;
    this.#left = 4 * bytes.length;
  }

  /** End of the broken value by its brackets alone, or -1 when it is not before `limit`. */
  closing(start: number, limit: number): number {
    if (this.#left <= 0) return -1;
    const found = this.#scan.balanced(start, limit);
    this.#left -= this.#scan.at - start;
    return found ? this.#scan.at : -1;
  }

  /** The next comma or end of the list, after something that is neither string nor container, or -1; a new line ends the search. */
  separator(from: number): number {
    for (let i = from; i < this.#bytes.length && this.#bytes[i] !== NEWLINE; i++) {
      if (this.#bytes[i] === COMMA || this.#bytes[i] === CLOSE_LIST) return i;
    }
    return -1;
  }

  /** The next `{` that follows a comma, where a new element of the list may begin, or Infinity. */
  nextElement(from: number): number {
    const bytes = this.#bytes;
    for (let i = bytes.indexOf(OPEN_OBJECT, from); i >= 0; i = bytes.indexOf(OPEN_OBJECT, i + 1)) {
      let before = i - 1;
      while (isBlank(bytes[before])) before--;
      if (bytes[before] !== COMMA) continue;
      if (i === from) return i;
      do before--; while (isBlank(bytes[before]));
      if (bytes[before] === CLOSE_OBJECT) return i;
    }
    return Infinity;
  }

  /** The next line that begins with a value, or Infinity; the one that the blanks in front of `at` end counts too. */
  nextLine(at: number): number {
    const bytes = this.#bytes;
    let from = at;
    while (isBlank(bytes[from - 1])) from--;
    if (this.#line.at >= from && this.#line.from <= from) return this.#line.at;
    let i = bytes.indexOf(NEWLINE, from);
    while (i >= 0 && bytes[i + 1] !== OPEN_OBJECT && bytes[i + 1] !== OPEN_LIST) i = bytes.indexOf(NEWLINE, i + 1);
    this.#line = { from, at: i < 0 ? Infinity : i + 1 };
    return this.#line.at;
  }
}
