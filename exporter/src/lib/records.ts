import { isAscii, isUtf8 } from 'node:buffer';
import type { RejectReason } from '@remit/contract';
import { DEEPEST_ENVELOPE, isListKey, unwrap, unwrapItem, type Unwrapped } from './envelopes.ts';
import { INFLATED_BYTES } from './inflate.ts';
import { deeperThan } from './json-depth.ts';
import { JsonScan } from './json-scan.ts';
import { isOtlpList, otlpPieces, remembering, type OtlpList, type Range } from './otlp.ts';
import { Salvage } from './salvage.ts';

export interface RecordLimits {
  /** Objects and lists inside one another in a record; default 64. */
  depth?: number;
  /** Bytes of a record as it lies in the body, white space included; default 1 MiB: API servers cap objects near 1.5 MB, logs at 256 KiB. */
  maxRecordBytes?: number;
  /** Bytes that compressed payloads inside the body may inflate to, all together; default 128 MiB. */
  inflatedBytes?: number;
  /** A faster reader of lines, asked first; see `LineReader`. */
  reader?: LineReader;
}

/**
 * Opens a body and reads its lines, by their first and last byte: of an ordinary record that lies in no envelope, what is wanted of
 * it, else null, and the line is read as any other. It must refuse what `JSON.parse` refuses, and more than 64 levels.
 */
export type LineReader = (body: Uint8Array) => (start: number, end: number) => object | null;

/** A record of a body, or why a part of the body is none. `index` counts both from 0, in the order of the body. */
export type BodyRecord = { index: number; value: object } | { index: number; reject: RejectReason; detail: string };

/**
 * The records of an inflated body, lazily and in order: one JSON value, a list, values by line or without any separator,
 * each taken out of its envelopes (`envelopes.ts`). What is broken costs only itself: of `{"Records":[ok, ok, cut` come two
 * records and one `truncated`, of a list with a broken element its neighbours and one `bad_json`. Never throws.
 */
export function* records(bytes: Uint8Array, limits: RecordLimits = {}): Generator<BodyRecord> {
  const shared: Shared = {
    index: 0, depth: limits.depth ?? 64, maxRecordBytes: limits.maxRecordBytes ?? 1024 * 1024, inflatable: limits.inflatedBytes ?? INFLATED_BYTES,
  };
  yield* new Body(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), shared, 0, limits.reader).read();
}

/** What a body and the bodies inside it have in common. */
interface Shared { index: number; depth: number; maxRecordBytes: number; inflatable: number }
interface Header { kind?: string; messageType?: string }

/** Longest key or `kind` that is looked at, quotes included. */
const LONGEST_KEY = 64;
const NEWLINE = 0x0a;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

class Body implements Unwrapped {
  shallow = false;
  readonly #bytes: Buffer;
  readonly #scan: JsonScan;
  readonly #salvage: Salvage;
  readonly #shared: Shared;
  readonly #level: number;
  readonly #encoding: 'latin1' | 'utf8';
  readonly #utf8: boolean;
  readonly #quick: ReturnType<LineReader> | null;
  readonly #found: BodyRecord[] = [];
  #at = 0;
  /** Lines that held a whole value: newlines are separators here. */
  #lines = 0;

  constructor(bytes: Buffer, shared: Shared, level: number, reader?: LineReader) {
    this.#bytes = bytes;
    this.#quick = reader?.(bytes) ?? null;
    this.#scan = new JsonScan(bytes);
    this.#salvage = new Salvage(bytes, this.#scan);
    this.#shared = shared;
    this.#level = level;
    this.#utf8 = isUtf8(bytes);
    this.#encoding = isAscii(bytes) ? 'latin1' : 'utf8';
  }

  * read(): Generator<BodyRecord, void> {
    const bytes = this.#bytes;
    let lineEnd = -1;
    for (this.#skipSeparators(); this.#at < bytes.length; this.#skipSeparators()) {
      const start = this.#at;
      const newLine = start > lineEnd;
      if (newLine) {
        const newline = bytes.indexOf(NEWLINE, start);
        lineEnd = newline < 0 ? bytes.length : newline;
      }
      // Each line is tried as a whole once: a long one of many values side by side would otherwise be read again for each.
      if (!newLine || !this.#wholeLine(start, lineEnd)) {
        if (newLine && this.#lines > 0 && this.#utf8 && lineEnd - start <= this.#shared.maxRecordBytes && this.#isWhole(lineEnd + 1)) this.#garbage(start, lineEnd);
        else if (bytes[start] === OPEN_OBJECT) yield* this.#object(start);
        else if (bytes[start] === OPEN_LIST) yield* this.#list(start, '', {});
        else this.#garbage(start, lineEnd);
      }
      for (const found of this.#found) yield found;
      this.#found.length = 0;
    }
  }

  /** Whether the line that begins here is a whole value: then what precedes it was a line too, however it ends. */
  #isWhole(start: number): boolean {
    if (start >= this.#bytes.length) return false;
    const newline = this.#bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? this.#bytes.length : newline;
    const first = this.#bytes[this.#scan.blank(start)];
    return (first === OPEN_OBJECT || first === OPEN_LIST) && end - start <= this.#shared.maxRecordBytes && this.#parse(start, end) !== undefined;
  }

  /** White space, the byte order mark, and the record separator of JSON text sequences. */
  #skipSeparators(): void {
    const bytes = this.#bytes;
    for (;;) {
      this.#at = this.#scan.blank(this.#at);
      if (bytes[this.#at] === 0x1e) this.#at++;
      else if (bytes[this.#at] === 0xef && bytes[this.#at + 1] === 0xbb && bytes[this.#at + 2] === 0xbf) this.#at += 3;
      else return;
    }
  }

  /** The fast way: the rest of the line is one value. */
  #wholeLine(start: number, end: number): boolean {
    if (end - start > this.#shared.maxRecordBytes || !this.#utf8) return false;
    const quick = this.#quick?.(start, end) ?? null;
    if (quick !== null) this.#found.push({ index: this.#shared.index++, value: quick });
    else {
      const value = this.#parse(start, end);
      if (value === undefined) return false;
      this.shallow = false;
      unwrap(value, this.#level, this);
    }
    this.#at = end;
    this.#lines++;
    return true;
  }

  /** An object that is no line of its own: long, printed over several lines, next to others, cut or broken. */
  * #object(start: number): Generator<BodyRecord, void> {
    const scan = this.#scan;
    const header: Header = {};
    let streamed = false;
    let deepest = 0;
    let at = scan.blank(start + 1);
    while (this.#bytes[at] !== CLOSE_OBJECT) {
      const name = at;
      if (!scan.key(at)) return void this.#broken(start, false);
      const key = this.#shortText(name, scan.at - 1);
      at = scan.blank(scan.at);
      if (this.#bytes[at] === OPEN_LIST && isListKey(key, header.kind)) {
        streamed = true;
        if (!(yield* this.#list(at, key, header))) return;
        at = this.#at;
      } else {
        const from = at;
        if (!scan.value(at)) return void this.#broken(start, false);
        if (scan.deepest > deepest) deepest = scan.deepest;
        at = scan.at;
        if (key === 'kind' || key === 'messageType') header[key] = this.#shortText(from, at);
      }
      at = scan.blank(at);
      if (this.#bytes[at] === COMMA) at = scan.blank(at + 1);
      else if (this.#bytes[at] !== CLOSE_OBJECT) return void this.#stray(at);
    }
    this.#at = at + 1;
    if (!streamed) this.#element(start, this.#at, deepest + 1, '', header);
  }

  /** A list of records. False when its end was not found; reading goes on at `#at` in either case. */
  * #list(open: number, key: string, header: Header): Generator<BodyRecord, boolean> {
    const scan = this.#scan;
    const bytes = this.#bytes;
    let at = scan.blank(open + 1);
    while (bytes[at] !== CLOSE_LIST) {
      if (scan.value(at)) {
        const start = at;
        at = scan.deepest === 0 ? this.#salvage.separator(scan.at) : scan.at;
        if (at < 0) at = scan.at;
        if (isOtlpList(key) && (!this.#utf8 || at - start > this.#shared.maxRecordBytes || scan.deepest > this.#shared.depth)) yield* this.#otlp(start, key);
        else this.#element(start, at, scan.deepest, key, header);
        for (const found of this.#found) yield found;
        this.#found.length = 0;
      } else {
        const next = this.#broken(at, true);
        at = this.#at;
        if (next === 'outside') return false;
        if (next === 'element') continue;
      }
      at = scan.blank(at);
      if (bytes[at] === COMMA) at = scan.blank(at + 1);
      else if (bytes[at] !== CLOSE_LIST && bytes[at] !== OPEN_OBJECT) {
        this.#stray(at);
        return false;
      }
    }
    this.#at = at + 1;
    return true;
  }

  #element(start: number, end: number, deepest: number, key: string, header: Header, take?: (value: unknown) => void): void {
    const { maxRecordBytes, depth } = this.#shared;
    if (header.messageType === 'CONTROL_MESSAGE') return;
    if (end - start > maxRecordBytes) return this.reject('too_large', `a record of ${end - start} bytes; the limit is ${maxRecordBytes}`);
    if (deepest > depth + DEEPEST_ENVELOPE) return this.reject('too_deep', `more than ${depth} levels`);
    if (!this.#utf8 && !isUtf8(this.#bytes.subarray(start, end))) return this.reject('bad_encoding', `not UTF-8 near byte ${start}`);
    const value = this.#parse(start, end);
    if (value === undefined) return this.reject('bad_json', `no JSON value at byte ${start}`);
    this.shallow = take === undefined && deepest <= depth;
    if (take) return take(value);
    unwrapItem(key, value, this.#level + (key === '' ? 0 : 1), this);
  }

  /** A long element of an OTLP export: each span or log record is a record of its own, together with its resource and scope. */
  * #otlp(start: number, list: OtlpList): Generator<BodyRecord, void> {
    const [scopes, items] = list === 'resourceSpans' ? ['scopeSpans', 'spans'] : ['scopeLogs', 'logRecords'];
    const [resources, scoped] = [remembering((range) => this.#objectIn(range)), remembering((range) => this.#objectIn(range))];
    for (const piece of otlpPieces(this.#bytes, list, start)) {
      const resource = resources(piece.resource);
      const scope = scoped(piece.scope);
      const { from, to } = piece.item;
      if (typeof resource === 'string' || typeof scope === 'string') this.reject((typeof resource === 'string' ? resource : scope) as RejectReason, 'its resource or scope cannot be used');
      else this.#element(from, to, piece.deepest, '', {}, (item) => unwrapItem(list, { resource, [scopes]: [{ scope, [items]: [item] }] }, this.#level + 1, this));
      for (const found of this.#found) yield found;
      this.#found.length = 0;
    }
  }

  /** The object in a range, or what is wrong with it. */
  #objectIn({ from, to }: Range): object | RejectReason {
    if (to - from > this.#shared.maxRecordBytes) return 'too_large';
    if (!this.#utf8 && !isUtf8(this.#bytes.subarray(from, to))) return 'bad_encoding';
    const value = this.#parse(from, to);
    return typeof value === 'object' && value !== null ? value : 'bad_json';
  }

  /** A byte where only a separator or an end may be. */
  #stray(at: number): void {
    this.#scan.status = at < this.#bytes.length ? 'broken' : 'truncated';
    this.#scan.at = at;
    this.#broken(at, false);
  }

  /**
   * Refuses the value that begins at `start` and that the scanner could not follow, and decides where reading goes on:
   * `after` it in the list, at another `element` of the list, or `outside`.
   */
  #broken(start: number, inList: boolean): 'after' | 'element' | 'outside' {
    const { status, at } = this.#scan;
    const line = status === 'broken' || this.#lines > 0 ? this.#salvage.nextLine(at) : Infinity;
    if (status === 'truncated' && line === Infinity) {
      this.reject('truncated', `the body ends inside the value at byte ${start}`);
      this.#at = this.#bytes.length;
      return 'outside';
    }
    this.reject('bad_json', `unexpected byte at ${at}`);
    const end = inList && this.#bytes[start] !== OPEN_OBJECT && this.#bytes[start] !== OPEN_LIST
      ? this.#salvage.separator(at) : this.#salvage.closing(start, Math.min(line, this.#bytes.length, start + this.#shared.maxRecordBytes));
    if (end >= 0) {
      const next = this.#bytes[this.#scan.blank(end)];
      this.#at = end;
      if (!inList) return 'outside';
      if (next === COMMA || next === CLOSE_LIST) return 'after';
    }
    this.#at = inList && this.#lines === 0 ? this.#salvage.nextElement(at) : line;
    if (this.#at < this.#bytes.length) return inList && this.#lines === 0 ? 'element' : 'outside';
    this.#at = this.#bytes.length;
    return 'outside';
  }

  #garbage(start: number, end: number): void {
    const text = this.#utf8 || isUtf8(this.#bytes.subarray(start, end));
    this.reject(text ? 'bad_json' : 'bad_encoding', text ? `no JSON value at byte ${start}` : `not UTF-8 near byte ${start}`);
    this.#at = end;
  }

  #parse(start: number, end: number): unknown {
    try {
      return JSON.parse(this.#bytes.toString(this.#encoding, start, end));
    } catch {
      return undefined;
    }
  }

  /** A short string between two positions, or nothing. */
  #shortText(from: number, to: number): string {
    const text = to - from <= LONGEST_KEY ? this.#parse(from, to) : '';
    return typeof text === 'string' ? text : '';
  }

  record(value: object): void {
    if (!this.shallow && deeperThan(value, this.#shared.depth)) this.reject('too_deep', `more than ${this.#shared.depth} levels`);
    else this.#found.push({ index: this.#shared.index++, value });
  }

  reject(reason: RejectReason, detail: string): void {
    this.#found.push({ index: this.#shared.index++, reject: reason, detail });
  }

  body(bytes: Buffer, level: number): void {
    for (const found of new Body(bytes, this.#shared, level).read()) this.#found.push(found);
  }

  takeInflated(bytes: number): boolean {
    if (bytes > this.#shared.inflatable) return false;
    this.#shared.inflatable -= bytes;
    return true;
  }

  get inflatable(): number {
    return this.#shared.inflatable;
  }

  get maxRecordBytes(): number {
    return this.#shared.maxRecordBytes;
  }
}
