import { isAscii } from 'node:buffer';
import { placeOf } from './lately.ts';

/** Format of what `Writer` writes. `Reader` reads this and what came before it: 3 knew no arguments of tools, `LISTED` has the texts as a JSON list. */
export const VERSION = 4;
export const LISTED = 2;
/** Numbers given to the fields of an event. */
const FIELDS = 70;

/** Throws when bytes are of a format that this build does not read. */
export function checkFormat(bytes: Uint8Array): void {
  const format = bytes[0] ?? 0;
  if (format < LISTED || format > VERSION) throw new Error(`journaled events have format ${format}, this build reads ${LISTED} to ${VERSION}`);
}
/** Texts remembered for each field: a power of two. */
const WAYS = 64;

/** Fields as bytes, in the layout that `event-codec.ts` describes. After `finish` it is empty. */
export class Writer {
  #bytes = new Uint8Array(1 << 16);
  #at = 0;
  #texts: string[] = [];
  /** What each field held lately, by a few characters: most texts repeat from event to event, and a Map would hash them whole. */
  readonly #lately: (string | undefined)[] = new Array<string | undefined>(FIELDS * WAYS).fill(undefined);
  readonly #place = new Int32Array(FIELDS * WAYS);
  /** What each field held last: what is constant of a source is found without looking at its characters. */
  readonly #last: (string | undefined)[] = new Array<string | undefined>(FIELDS).fill(undefined);
  readonly #lastPlace = new Int32Array(FIELDS);

  /** Makes room: nothing below looks whether there is any. */
  reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + bytes));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  /** `field` is the number of the call, so that every field remembers its own texts. */
  text(field: number, text: string | undefined): void {
    if (text === undefined) {
      this.#bytes[this.#at++] = 0;
      return;
    }
    if (text !== this.#last[field]) {
      const slot = field * WAYS + (placeOf(text) & (WAYS - 1));
      if (text !== this.#lately[slot]) {
        this.#lately[slot] = text;
        this.#place[slot] = this.#texts.push(text);
      }
      this.#last[field] = text;
      this.#lastPlace[field] = this.#place[slot]!;
    }
    this.unsigned(this.#lastPlace[field]!);
  }

  /** A text that is new with every event. */
  fresh(text: string | undefined): void {
    this.unsigned(text === undefined ? 0 : this.#texts.push(text));
  }

  number(value: number | null | undefined): void {
    if (value === undefined) this.#bytes[this.#at++] = 0;
    else this.unsigned(value === null ? 1 : value + 2);
  }

  flag(value: boolean | undefined): void {
    this.#bytes[this.#at++] = value === undefined ? 0 : value ? 2 : 1;
  }

  has<T>(value: T | undefined): value is T {
    this.#bytes[this.#at++] = value === undefined ? 0 : 1;
    return value !== undefined;
  }

  texts(field: number, list: readonly string[] | undefined): void {
    if (list === undefined) {
      this.#bytes[this.#at++] = 0;
      return;
    }
    this.unsigned(list.length + 1);
    for (let i = 0; i < list.length; i++) this.text(field, list[i]);
  }

  /** A whole number from 0 to 2^53. */
  unsigned(value: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    let rest = value;
    while (rest > 0x0fff_ffff) {
      // Not `%`, which is a call of the C library for numbers that are no small integers.
      const above = Math.floor(rest / 0x1000_0000);
      let low = rest - above * 0x1000_0000;
      for (let i = 0; i < 4; i++) {
        bytes[at++] = (low & 127) | 128;
        low >>>= 7;
      }
      rest = above;
    }
    while (rest > 127) {
      bytes[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.#at = at;
  }

  finish(count: number): Uint8Array {
    const texts = this.#texts;
    const all = texts.join('');
    // Half of a surrogate pair has no UTF-8.
    const wide = !all.isWellFormed();
    const size = wide ? 2 * all.length : Buffer.byteLength(all);
    const lengths = 5 + 1 + 4;
    const start = lengths + 4 * texts.length;
    const end = start + size;
    const out = Buffer.allocUnsafeSlow(end + 4 + this.#at);
    const view = new DataView(out.buffer);
    out[0] = VERSION;
    view.setUint32(1, end - 5, true);
    out[5] = wide ? 1 : 0;
    view.setUint32(6, texts.length, true);
    for (let i = 0; i < texts.length; i++) view.setUint32(lengths + 4 * i, texts[i]!.length, true);
    out.write(all, start, wide ? 'utf16le' : 'utf8');
    view.setUint32(end, count, true);
    out.set(this.#bytes.subarray(0, this.#at), end + 4);
    this.#at = 0;
    this.#texts = [];
    this.#lately.fill(undefined);
    this.#last.fill(undefined);
    return new Uint8Array(out.buffer);
  }
}

/** Reads in the same order what a `Writer` wrote. Throws when the bytes end early. */
export class Reader {
  readonly count: number;
  readonly #bytes: Uint8Array;
  readonly #texts: (place: number) => string | undefined;
  #at: number;

  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = 5 + view.getUint32(1, true);
    this.#bytes = bytes;
    const texts = Buffer.from(bytes.buffer, bytes.byteOffset + 5, end - 5);
    this.#texts = bytes[0] === LISTED ? listed(JSON.parse(texts.toString()) as string[]) : textsOf(texts);
    this.count = view.getUint32(end, true);
    this.#at = end + 4;
  }

  /** Where the next field begins; may be set back to one that was. */
  get at(): number { return this.#at; }
  set at(place: number) { this.#at = place; }

  text(): string | undefined {
    return this.textAt(this.unsigned());
  }

  /** The text that a field's number stands for, made when it is first asked for; 0 for none. */
  textAt(number: number): string | undefined {
    return number === 0 ? undefined : this.#texts(number - 1);
  }

  number(): number | null | undefined {
    const value = this.unsigned();
    return value === 0 ? undefined : value === 1 ? null : value - 2;
  }

  flag(): boolean | undefined {
    const value = this.unsigned();
    return value === 0 ? undefined : value === 2;
  }

  has(): boolean {
    return this.unsigned() === 1;
  }

  texts(): string[] | undefined {
    return this.list(() => this.text()!);
  }

  list<T>(item: () => T): T[] | undefined {
    const length = this.unsigned();
    return length === 0 ? undefined : Array.from({ length: length - 1 }, item);
  }

  /** An object of one text, or undefined. */
  wrapped<K extends string>(key: K): Record<K, string> | undefined {
    const text = this.text();
    return text === undefined ? undefined : ({ [key]: text } as Record<K, string>);
  }

  unsigned(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      if (this.#at >= this.#bytes.length) throw new Error('journaled events end early');
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }
}

function listed(texts: readonly string[]): (place: number) => string | undefined {
  return (place) => texts[place];
}

/** Each a text of its own: pieces of one would keep all of it in memory. */
function textsOf(bytes: Buffer): (place: number) => string | undefined {
  const count = bytes.readUInt32LE(1);
  const start = 5 + 4 * count;
  const all = bytes.subarray(start);
  const wide = bytes[0] === 1;
  const ascii = !wide && isAscii(all);
  const whole = ascii ? '' : all.toString(wide ? 'utf16le' : 'utf8');
  const ends = new Uint32Array(count);
  for (let i = 0, end = 0; i < count; i++) ends[i] = end += bytes.readUInt32LE(5 + 4 * i);
  const texts = new Array<string | undefined>(count);
  return (place) => {
    const known = texts[place];
    if (known !== undefined || place >= count) return known;
    const from = place === 0 ? 0 : ends[place - 1]!;
    const text = ascii ? all.toString('latin1', from, ends[place]) : Buffer.from(whole.slice(from, ends[place]), 'utf16le').toString('utf16le');
    return (texts[place] = text);
  };
}
