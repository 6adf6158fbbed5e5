import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { numberText, putNumber, WIDTH } from './number.ts';

const compress = promisify(gzip);

/** Text at one moment. Never changed while a scrape holds it. */
interface Frame { bytes: Buffer; holds: number; zipped: Promise<Buffer> | null }

/** Up to a fixed number of series as one text, with the places of their values. */
export class Block {
  /** The set of series changed: the text must be made again. */
  torn = false;
  size = 0;
  readonly #values: Float64Array;
  readonly #names: (string | null)[] = [];
  readonly #places: Int32Array;
  readonly #free: number[] = [];
  readonly #dirty: number[] = [];
  readonly #isDirty: Uint8Array;
  readonly #changed: Set<Block>;
  #frame: Frame = { bytes: Buffer.alloc(0), holds: 0, zipped: null };

  constructor(capacity: number, changed: Set<Block>) {
    this.#values = new Float64Array(capacity);
    this.#places = new Int32Array(capacity);
    this.#isDirty = new Uint8Array(capacity);
    for (let slot = capacity - 1; slot >= 0; slot--) this.#free.push(slot);
    this.#changed = changed;
  }

  get full(): boolean { return this.#free.length === 0; }
  get length(): number { return this.#frame.bytes.length; }

  /** `name` is everything before the space in front of the value. The block must not be full. */
  add(name: string, value: number): number {
    const slot = this.#free.pop();
    if (slot === undefined) throw new Error('The block is full');
    this.#names[slot] = name;
    this.#values[slot] = value;
    this.size++;
    this.#tear();
    return slot;
  }

  remove(slot: number): void {
    this.#names[slot] = null;
    this.#free.push(slot);
    this.size--;
    this.#tear();
  }

  value(slot: number): number { return this.#values[slot] ?? NaN; }

  set(slot: number, value: number): void {
    const before = this.#values[slot] ?? NaN;
    if (Object.is(before, value)) return;
    this.#values[slot] = value;
    if (!Number.isFinite(value) || !Number.isFinite(before)) { this.#tear(); return; }
    if (this.#isDirty[slot]) return;
    this.#isDirty[slot] = 1;
    this.#dirty.push(slot);
    if (this.#dirty.length === 1) this.#changed.add(this);
  }

  /** Makes the text again from names and values. */
  render(): void {
    let bytes = 0;
    for (const [slot, name] of this.#names.entries()) {
      if (name !== null && name !== undefined) bytes += Buffer.byteLength(name) + this.#valueLength(slot) + 2;
    }
    const text = Buffer.allocUnsafeSlow(bytes);
    let at = 0;
    for (const [slot, name] of this.#names.entries()) {
      if (name === null || name === undefined) continue;
      at += text.write(name, at);
      text[at++] = 0x20;
      this.#places[slot] = at;
      const value = this.value(slot);
      if (Number.isFinite(value)) putNumber(text, at, value);
      else text.write(numberText(value), at, 'latin1');
      at += this.#valueLength(slot);
      text[at++] = 0x0a;
    }
    this.#frame = { bytes: text, holds: 0, zipped: null };
    this.torn = false;
    this.#clean();
  }

  /** Brings the text up to date, in place unless a scrape still holds it. */
  patch(): void {
    if (this.torn) { this.render(); return; }
    if (this.#dirty.length === 0) return;
    const held = this.#frame.holds > 0;
    const bytes = held ? Buffer.from(this.#frame.bytes) : this.#frame.bytes;
    for (const slot of this.#dirty) putNumber(bytes, this.#places[slot] ?? 0, this.value(slot));
    if (held) this.#frame = { bytes, holds: 0, zipped: null };
    else this.#frame.zipped = null;
    this.#clean();
  }

  /** The present text, kept as it is until `release`. Call `patch` first. */
  hold(): Piece {
    return new Piece(this.#frame);
  }

  #valueLength(slot: number): number {
    const value = this.value(slot);
    return Number.isFinite(value) ? WIDTH : numberText(value).length;
  }

  #tear(): void {
    this.torn = true;
    this.#changed.add(this);
  }

  #clean(): void {
    for (const slot of this.#dirty) this.#isDirty[slot] = 0;
    this.#dirty.length = 0;
  }
}

/** A part of one scrape's body. */
export class Piece {
  readonly #frame: Frame;
  #released = false;

  constructor(frame: Frame) {
    this.#frame = frame;
    frame.holds++;
  }

  /** A text of this scrape alone. */
  static once(bytes: Buffer): Piece {
    return new Piece({ bytes, holds: 0, zipped: null });
  }

  get bytes(): Buffer { return this.#frame.bytes; }

  /** One gzip member, made off the main thread and kept until the text changes. */
  gzip(): Promise<Buffer> {
    this.#frame.zipped ??= compress(this.#frame.bytes, { level: constants.Z_BEST_SPEED, chunkSize: 64 * 1024 });
    return this.#frame.zipped;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#frame.holds--;
  }
}
