import type { Cells, Claim } from '@remit/contract';

const ROWS = 64;

/** Part of a row that one owner has, in bytes from the row's beginning. */
interface Region { name: string; at: number; bytes: number }

/** Someone who keeps cells in every row. `name` says whose and which version: another version starts anew. */
export interface Tenant { name: string; claim(cells: Claim): void }

/** A slab without its words that are zero, as `pack` makes it, and where in it the words of each row begin. */
interface Packed { words: Uint32Array; starts: Uint32Array }

/**
 * Learned rows, in slabs of 64. A slab is unpacked while its rows are written to, and otherwise kept, and stored, without its words
 * that are zero: most are, until an identity has done a great deal. A slab written under another layout is taken over part by
 * part: what is still of the same version stays, the rest begins anew.
 */
export class Rows {
  readonly rowBytes: number;
  /** Names and places of the parts: stored beside the slabs. */
  readonly layout: string;
  readonly #regions: Region[] = [];
  /** Slabs written to since `takeDirty`. */
  readonly #blocks: (Cells | undefined)[] = [];
  readonly #packed: (Packed | undefined)[] = [];
  readonly #dirty = new Set<number>();
  /** What a row shows that was never written. */
  readonly #nothing: Cells;
  /** The row that was sought last, where it was only read and its slab is packed. */
  readonly #read: Cells;

  constructor(tenants: readonly Tenant[]) {
    let at = 0;
    for (const tenant of tenants) {
      const size = { word: 0, half: 0, byte: 0 };
      tenant.claim(counting(size, 0, 0, 0));
      const words = at / 4;
      const halves = words * 2 + size.word * 2;
      const bytes = halves * 2 + size.half * 2;
      tenant.claim(counting({ word: 0, half: 0, byte: 0 }, words, halves, bytes));
      const end = Math.ceil((bytes + size.byte) / 4) * 4;
      this.#regions.push({ name: tenant.name, at, bytes: end - at });
      at = end;
    }
    this.rowBytes = at;
    this.layout = JSON.stringify(this.#regions);
    this.#nothing = views(new ArrayBuffer(at));
    this.#read = views(new ArrayBuffer(at));
  }

  /**
   * Sets `cells` to the row of this number, which begins as zeros. They may be written to only when `write` was said, and hold until
   * the next call.
   */
  seek(cells: Cells, number: number, write: boolean): void {
    const index = Math.floor(number / ROWS);
    if (write) {
      this.#dirty.add(index);
      point(cells, this.#block(index), (number % ROWS) * this.rowBytes);
    } else this.#show(cells, number, this.rowBytes);
  }

  /** Sets `cells` to the row of this number, of which only the part of the first tenant is read. */
  seekHead(cells: Cells, number: number): void {
    this.#show(cells, number, this.#regions[0]!.bytes);
  }

  #show(cells: Cells, number: number, bytes: number): void {
    const index = Math.floor(number / ROWS);
    const block = this.#blocks[index];
    const packed = this.#packed[index];
    if (block !== undefined) point(cells, block, (number % ROWS) * this.rowBytes);
    else if (packed === undefined) point(cells, this.#nothing, 0);
    else {
      unpackRow(packed, (number % ROWS) * this.rowBytes / 4, number % ROWS, bytes / 4, this.#read.u32);
      point(cells, this.#read, 0);
    }
  }

  #block(index: number): Cells {
    const known = this.#blocks[index];
    if (known !== undefined) return known;
    const packed = this.#packed[index];
    const words = new Uint32Array(this.rowBytes * ROWS / 4);
    if (packed !== undefined) unpack(packed.words, words);
    return (this.#blocks[index] = views(words.buffer));
  }

  /** Slabs changed since the last call, by number. All are packed again by it. */
  * takeDirty(): Generator<{ key: string; value: Uint8Array }> {
    const dirty = [...this.#dirty].sort((a, b) => a - b);
    this.#dirty.clear();
    for (const index of dirty) {
      const words = pack(this.#blocks[index]!.u32);
      this.#packed[index] = this.#located(words);
      yield { key: String(index).padStart(8, '0'), value: new Uint8Array(words.buffer) };
    }
    this.#blocks.length = 0;
  }

  restore(key: string, value: Uint8Array, layout: string): void {
    const index = Number(key);
    const packed = new Uint32Array(value.slice().buffer);
    if (layout === this.layout) this.#packed[index] = this.#located(packed);
    else {
      const block = new Uint8Array(this.rowBytes * ROWS);
      this.#takeOver(block, packed, layout);
      this.#packed[index] = this.#located(pack(new Uint32Array(block.buffer)));
    }
  }

  #takeOver(block: Uint8Array, packed: Uint32Array, layout: string): void {
    const old = JSON.parse(layout) as Region[];
    const rowBytes = old.reduce((sum, { bytes }) => sum + bytes, 0);
    const words = new Uint32Array(rowBytes * ROWS / 4);
    unpack(packed, words);
    const value = new Uint8Array(words.buffer);
    for (const region of this.#regions) {
      const from = old.find((o) => o.name === region.name && o.bytes === region.bytes);
      if (from === undefined) continue;
      for (let row = 0; row < ROWS; row++) {
        block.set(value.subarray(row * rowBytes + from.at, row * rowBytes + from.at + from.bytes), row * this.rowBytes + region.at);
      }
    }
  }

  /** Raw bytes of one row, for the state digest; null where nothing was ever learned. */
  bytes(number: number): Uint8Array | null {
    const index = Math.floor(number / ROWS);
    if (this.#blocks[index] === undefined && this.#packed[index] === undefined) return null;
    const cells = noCells();
    this.seek(cells, number, false);
    return cells.u8.slice(cells.byte, cells.byte + this.rowBytes);
  }

  #located(words: Uint32Array): Packed {
    const perRow = this.rowBytes / 4;
    const starts = new Uint32Array(ROWS);
    let at = Math.ceil(perRow * ROWS / 32);
    for (let row = 0; row < ROWS; row++) {
      starts[row] = at;
      eachBits(words, row * perRow, perRow, (bits) => { at += ones(bits); });
    }
    return { words, starts };
  }
}

function point(cells: Cells, { f32, u32, u16, u8 }: Cells, byte: number): void {
  cells.f32 = f32;
  cells.u32 = u32;
  cells.u16 = u16;
  cells.u8 = u8;
  cells.byte = byte;
  cells.half = byte >>> 1;
  cells.word = byte >>> 2;
}

/** A bit for each word, set where it is not zero, then those words. */
function pack(words: Uint32Array): Uint32Array {
  const bits = Math.ceil(words.length / 32);
  let set = 0;
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) set++;
  const packed = new Uint32Array(bits + set);
  let at = bits;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === 0) continue;
    packed[i >>> 5]! |= 1 << (i & 31);
    packed[at++] = word;
  }
  return packed;
}

function unpack(packed: Uint32Array, words: Uint32Array): void {
  const bits = Math.ceil(words.length / 32);
  let at = bits;
  for (let b = 0; b < bits; b++) {
    for (let left = packed[b]!; left !== 0; left &= left - 1) words[b * 32 + 31 - Math.clz32(left & -left)] = packed[at++]!;
  }
}

/** The first `count` words of the row with this number, whose first word in the slab is `first`. */
function unpackRow({ words, starts }: Packed, first: number, row: number, count: number, out: Uint32Array): void {
  let at = starts[row]!;
  out.fill(0, 0, count);
  eachBits(words, first, count, (bits, b) => {
    for (let left = bits; left !== 0; left &= left - 1) out[b * 32 + 31 - Math.clz32(left & -left) - first] = words[at++]!;
  });
}

/** Bits `from` to `from + count`, a word of them at a time and in their places; `b` is the number of the word. */
function eachBits(words: Uint32Array, from: number, count: number, take: (bits: number, b: number) => void): void {
  const end = from + count;
  for (let b = from >>> 5; b * 32 < end; b++) {
    let bits = words[b]!;
    if (b * 32 < from) bits &= -1 << (from & 31);
    if (b * 32 + 32 > end) bits &= ~(-1 << (end & 31));
    take(bits, b);
  }
}

/** How many bits of a word are set. */
function ones(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Cells that point nowhere yet. */
export function noCells(): Cells { return views(new ArrayBuffer(0)); }

function views(buffer: ArrayBuffer): Cells {
  return { f32: new Float32Array(buffer), u32: new Uint32Array(buffer), u16: new Uint16Array(buffer), u8: new Uint8Array(buffer), word: 0, half: 0, byte: 0 };
}

function counting(size: { word: number; half: number; byte: number }, words: number, halves: number, bytes: number): Claim {
  const word = (length: number): number => { const at = words + size.word; size.word += length; return at; };
  return {
    f32: word, u32: word,
    u16: (length) => { const at = halves + size.half; size.half += length; return at; },
    u8: (length) => { const at = bytes + size.byte; size.byte += length; return at; },
  };
}
