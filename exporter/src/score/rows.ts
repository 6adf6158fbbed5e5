import type { Cells, Claim } from '@remit/contract';

const ROWS = 64;

/** Part of a row that one owner has, in bytes from the row's beginning. */
interface Region { name: string; at: number; bytes: number }

/** Someone who keeps cells in every row. `name` says whose and which version: another version starts anew. */
export interface Tenant { name: string; claim(cells: Claim): void }

/**
 * Learned rows, in slabs of 64. A slab is unpacked while its rows are in use, and otherwise kept, and stored, without its words
 * that are zero: most are, until an identity has done a great deal. A slab written under another layout is taken over part by
 * part: what is still of the same version stays, the rest begins anew.
 */
export class Rows {
  readonly rowBytes: number;
  /** Names and places of the parts: stored beside the slabs. */
  readonly layout: string;
  readonly #regions: Region[] = [];
  /** Slabs in use since `takeDirty`. */
  readonly #blocks: (Cells | undefined)[] = [];
  readonly #packed: (Uint32Array | undefined)[] = [];
  readonly #dirty = new Set<number>();
  /** What a row shows that was never written. */
  readonly #nothing: Cells;

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
  }

  /** Sets `cells` to the row of this number, which begins as zeros. They may be written to only when `write` was said, and hold until `takeDirty`. */
  seek(cells: Cells, number: number, write: boolean): void {
    const index = Math.floor(number / ROWS);
    const block = this.#block(index, write);
    if (write) this.#dirty.add(index);
    const at = block === this.#nothing ? 0 : (number % ROWS) * this.rowBytes;
    cells.f32 = block.f32;
    cells.u32 = block.u32;
    cells.u16 = block.u16;
    cells.u8 = block.u8;
    cells.byte = at;
    cells.half = at >>> 1;
    cells.word = at >>> 2;
  }

  #block(index: number, write: boolean): Cells {
    const known = this.#blocks[index];
    if (known !== undefined) return known;
    const packed = this.#packed[index];
    if (packed === undefined && !write) return this.#nothing;
    const words = new Uint32Array(this.rowBytes * ROWS / 4);
    if (packed !== undefined) unpack(packed, words);
    return (this.#blocks[index] = views(words.buffer));
  }

  /** Slabs changed since the last call, by number. All are packed again by it, those only read as well. */
  * takeDirty(): Generator<{ key: string; value: Uint8Array }> {
    const dirty = [...this.#dirty].sort((a, b) => a - b);
    this.#dirty.clear();
    for (const index of dirty) {
      const packed = (this.#packed[index] = pack(this.#blocks[index]!.u32));
      yield { key: String(index).padStart(8, '0'), value: new Uint8Array(packed.buffer) };
    }
    this.#blocks.length = 0;
  }

  restore(key: string, value: Uint8Array, layout: string): void {
    const index = Number(key);
    const packed = new Uint32Array(value.slice().buffer);
    if (layout === this.layout) this.#packed[index] = packed;
    else {
      const block = new Uint8Array(this.rowBytes * ROWS);
      this.#takeOver(block, packed, layout);
      this.#packed[index] = pack(new Uint32Array(block.buffer));
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
    const block = this.#block(Math.floor(number / ROWS), false);
    return block === this.#nothing ? null : block.u8.slice((number % ROWS) * this.rowBytes, (number % ROWS + 1) * this.rowBytes);
  }
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
