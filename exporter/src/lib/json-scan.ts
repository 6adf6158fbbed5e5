/** How a scan ended: at the end of a complete value, at the end of the bytes inside one, or at a byte that JSON forbids there. */
export type ScanStatus = 'complete' | 'truncated' | 'broken';

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
/** 1 for bytes that stand for themselves inside a string. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0));
/** Containers deeper than this are skipped by counting brackets; whoever reads the value refuses it as too deep anyway. */
const STACK = 256;

/** True for the four bytes JSON takes for white space. */
export function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/**
 * Finds where JSON values end without building them, over bytes that need not be valid UTF-8. It follows the grammar of
 * objects, lists and strings, so that it stops at the first byte that cannot belong there; numbers and escapes are left
 * to `JSON.parse`. Linear in the bytes, with no recursion. What it found is in `status`, `at` and `deepest`.
 */
export class JsonScan {
  status: ScanStatus = 'complete';
  /** Position after the value when complete, else of the byte that stopped the scan. */
  at = 0;
  /** Containers inside one another in the last scanned value. */
  deepest = 0;
  readonly #bytes: Uint8Array;
  readonly #stack = new Uint8Array(STACK);

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Skips white space. */
  blank(from: number): number {
    const bytes = this.#bytes;
    let i = from;
    while (isBlank(bytes[i])) i++;
    return i;
  }

  /** Scans one value. True when it is complete; `at` is then the position after it. */
  value(from: number): boolean {
    const bytes = this.#bytes;
    const stack = this.#stack;
    let depth = 0;
    let i = from;
    this.deepest = 0;
    for (;;) {
      let first = bytes[i];
      if (first! <= SPACE) first = bytes[i = this.blank(i)];
      if (first === QUOTE) {
        i = this.#string(i);
        if (i < 0) return false;
      } else if (first === OPEN_OBJECT || first === OPEN_LIST) {
        if (depth === STACK) {
          if (!this.balanced(i, bytes.length)) return false;
          this.deepest = STACK + 1;
          i = this.at;
        } else {
          stack[depth++] = first;
          if (depth > this.deepest) this.deepest = depth;
          i = this.blank(i + 1);
          if (bytes[i] !== first + 2) {
            if (first === OPEN_OBJECT && (i = this.#key(i)) < 0) return false;
            continue;
          }
          depth--;
          i++;
        }
      } else {
        i = this.#bare(i);
        if (i < 0) return false;
      }
      for (;;) {
        if (depth === 0) return this.#stop('complete', i);
        let next = bytes[i];
        if (next! <= SPACE) next = bytes[i = this.blank(i)];
        const open = stack[depth - 1];
        if (next === COMMA) {
          i++;
          if (open === OPEN_OBJECT && (i = this.#key(i)) < 0) return false;
          break;
        }
        if (next !== open! + 2) return this.#stop(next === undefined ? 'truncated' : 'broken', i);
        depth--;
        i++;
      }
    }
  }

  /** Scans `"name" :`. True when it is complete; `at` is then the position after the colon. */
  key(from: number): boolean {
    const end = this.#key(from);
    return end >= 0 && this.#stop('complete', end);
  }

  /** Looks for the end of a container by counting brackets outside strings, up to `limit`; forgives everything else. */
  balanced(from: number, limit: number): boolean {
    const bytes = this.#bytes;
    const end = Math.min(limit, bytes.length);
    let open = 0;
    for (let i = from; i < end; i++) {
      const c = bytes[i];
      if (c === QUOTE) {
        const end = this.#string(i);
        if (end < 0) return false;
        i = end - 1;
      } else if (c === OPEN_OBJECT || c === OPEN_LIST) open++;
      else if (c === CLOSE_OBJECT || c === CLOSE_LIST) {
        if (--open === 0) return this.#stop('complete', i + 1);
      }
    }
    return this.#stop('truncated', end);
  }

  /** Position after the colon, or -1. */
  #key(from: number): number {
    const bytes = this.#bytes;
    let i = bytes[from]! <= SPACE ? this.blank(from) : from;
    if (bytes[i] !== QUOTE) return this.#fail(i);
    i = this.#string(i);
    if (i < 0) return -1;
    if (bytes[i]! <= SPACE) i = this.blank(i);
    return bytes[i] === COLON ? i + 1 : this.#fail(i);
  }

  /** Position after the closing quote, or -1. */
  #string(quote: number): number {
    const bytes = this.#bytes;
    const end = bytes.length;
    let i = quote + 1;
    for (;;) {
      while (i < end && PLAIN[bytes[i]!] === 1) i++;
      const c = bytes[i];
      if (c === QUOTE) return i + 1;
      if (c !== BACKSLASH) return this.#fail(Math.min(i, end));
      i += 2;
    }
  }

  /** Position after a number or a word, by the bytes that may occur in one, or -1. */
  #bare(from: number): number {
    const bytes = this.#bytes;
    const end = bytes.length;
    let i = from;
    while (i < end) {
      const c = bytes[i]!;
      const word = (c >= 0x30 && c <= 0x39) || (c >= 0x61 && c <= 0x7a) || c === 0x2d || c === 0x2b || c === 0x2e || c === 0x45;
      if (!word) return i === from ? this.#fail(i) : i;
      i++;
    }
    return this.#fail(end);
  }

  #fail(at: number): number {
    this.#stop(at < this.#bytes.length ? 'broken' : 'truncated', at);
    return -1;
  }

  #stop(status: ScanStatus, at: number): boolean {
    this.status = status;
    this.at = at;
    return status === 'complete';
  }
}
