import type { Feature, Row } from '@remit/contract';

const ROWS = 64;
const SIZES = { u8: 1, u16: 2, u32: 4, f32: 4, f64: 8 } as const;
const ARRAYS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array, f64: Float64Array } as const;

interface Place { feature: string; name: string; type: keyof typeof SIZES; length: number; offset: number }

/**
 * Learned rows of all identities, in slabs of 64 rows: each block is one buffer, column after column, and is stored as it is.
 * A block carries the features' versions; one of another version is left out, and its identities warm up again.
 */
export class Profiles {
  readonly #places: Place[] = [];
  readonly #blockBytes: number;
  readonly #blocks: (ArrayBuffer | undefined)[] = [];
  readonly #dirty = new Set<number>();
  readonly layout: string;
  /** Bytes of one row, all features together. */
  readonly rowBytes: number;

  constructor(features: readonly Feature[]) {
    let offset = 0;
    const columns = features.flatMap((f) => f.columns.map((c) => ({ ...c, feature: f.id })));
    for (const { feature, name, type, length } of columns.sort((a, b) => SIZES[b.type] - SIZES[a.type])) {
      this.#places.push({ feature, name, type, length, offset });
      offset += SIZES[type] * length * ROWS;
    }
    this.#blockBytes = offset;
    this.rowBytes = offset / ROWS;
    this.layout = features.map((f) => `${f.id}@${f.version}`).sort().join(' ');
  }

  /** The cells of one feature in one identity's row. `write` marks the block for the next cut. */
  row(feature: string, identity: number, write: boolean): Row {
    const index = Math.floor(identity / ROWS);
    const block = (this.#blocks[index] ??= new ArrayBuffer(this.#blockBytes));
    if (write) this.#dirty.add(index);
    const row: Row = {};
    for (const { feature: of, name, type, length, offset } of this.#places) {
      if (of === feature) row[name] = new ARRAYS[type](block, offset + (identity % ROWS) * length * SIZES[type], length);
    }
    return row;
  }

  takeDirty(): { key: string; value: Uint8Array }[] {
    const puts = [...this.#dirty].map((i) => ({ key: String(i).padStart(8, '0'), value: new Uint8Array(this.#blocks[i]!.slice(0)) }));
    this.#dirty.clear();
    return puts;
  }

  restore(key: string, value: Uint8Array): void {
    if (value.length === this.#blockBytes) this.#blocks[Number(key)] = value.slice().buffer;
  }

  /** Raw bytes of one row, for the state digest. */
  bytes(identity: number): Uint8Array | null {
    const block = this.#blocks[Math.floor(identity / ROWS)];
    if (!block) return null;
    const out = new Uint8Array(this.rowBytes);
    let at = 0;
    for (const { type, length, offset } of this.#places) {
      const size = SIZES[type] * length;
      out.set(new Uint8Array(block, offset + (identity % ROWS) * size, size), at);
      at += size;
    }
    return out;
  }
}
