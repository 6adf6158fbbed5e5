import type { Cells, Claim } from '@remit/contract';

const ROWS = 64;

/** Part of a row that one owner has, in bytes from the row's beginning. */
interface Region { name: string; at: number; bytes: number }

/** Someone who keeps cells in every row. `name` says whose and which version: another version starts anew. */
export interface Tenant { name: string; claim(cells: Claim): void }

/**
 * Learned rows, in slabs of 64: each slab is one buffer, row after row, and is stored as it is. A slab written under another
 * layout is taken over part by part: what is still of the same version stays, the rest begins anew.
 */
export class Rows {
  readonly rowBytes: number;
  /** Names and places of the parts: stored beside the slabs. */
  readonly layout: string;
  readonly #regions: Region[] = [];
  readonly #blocks: (Cells | undefined)[] = [];
  readonly #dirty = new Set<number>();

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
  }

  /** Sets `cells` to the row of this number, which begins as zeros. */
  seek(cells: Cells, number: number, write: boolean): void {
    const index = Math.floor(number / ROWS);
    const block = (this.#blocks[index] ??= views(new ArrayBuffer(this.rowBytes * ROWS)));
    if (write) this.#dirty.add(index);
    const at = (number % ROWS) * this.rowBytes;
    cells.f32 = block.f32;
    cells.u32 = block.u32;
    cells.u16 = block.u16;
    cells.u8 = block.u8;
    cells.byte = at;
    cells.half = at >>> 1;
    cells.word = at >>> 2;
  }

  /** Slabs changed since the last call, by number. */
  takeDirty(): { key: string; value: Uint8Array }[] {
    const puts = [...this.#dirty].sort((a, b) => a - b).map((i) => ({ key: String(i).padStart(8, '0'), value: this.#blocks[i]!.u8.slice() }));
    this.#dirty.clear();
    return puts;
  }

  restore(key: string, value: Uint8Array, layout: string): void {
    const index = Number(key);
    const block = new Uint8Array(this.rowBytes * ROWS);
    if (layout === this.layout && value.length === block.length) block.set(value);
    else this.#takeOver(block, value, layout);
    this.#blocks[index] = views(block.buffer);
  }

  #takeOver(block: Uint8Array, value: Uint8Array, layout: string): void {
    const old = JSON.parse(layout) as Region[];
    const rowBytes = value.length / ROWS;
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
    const block = this.#blocks[Math.floor(number / ROWS)];
    return block ? block.u8.slice((number % ROWS) * this.rowBytes, (number % ROWS + 1) * this.rowBytes) : null;
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
