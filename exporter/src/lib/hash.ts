import { hash } from 'node:crypto';

/**
 * Keyed 64-bit hash of strings (HalfSipHash-2-4 with 64-bit output, Aumasson and Bernstein, over UTF-16 code units). Whoever
 * does not know the key cannot make two ids collide. The result is left in `high` and `low`, as unsigned 32-bit integers, so
 * that the hot path allocates nothing.
 */
export class KeyedHash {
  high = 0;
  low = 0;
  readonly #k0: number;
  readonly #k1: number;

  constructor(key: Uint8Array) {
    const view = new DataView(key.buffer, key.byteOffset, 8);
    this.#k0 = view.getInt32(0, true);
    this.#k1 = view.getInt32(4, true);
  }

  update(text: string): void {
    let v0 = this.#k0;
    let v1 = this.#k1 ^ 0xee;
    let v2 = 0x6c796765 ^ this.#k0;
    let v3 = 0x74656462 ^ this.#k1;
    const length = text.length;
    const words = (length >> 1) + 1;
    for (let w = 0; w < words; w++) {
      const i = w << 1;
      const m = w === words - 1
        ? (length << 24) | (i < length ? text.charCodeAt(i) : 0)
        : text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16);
      v3 ^= m;
      for (let r = 0; r < 2; r++) {
        v0 = (v0 + v1) | 0; v1 = (v1 << 5) | (v1 >>> 27); v1 ^= v0; v0 = (v0 << 16) | (v0 >>> 16);
        v2 = (v2 + v3) | 0; v3 = (v3 << 8) | (v3 >>> 24); v3 ^= v2;
        v0 = (v0 + v3) | 0; v3 = (v3 << 7) | (v3 >>> 25); v3 ^= v0;
        v2 = (v2 + v1) | 0; v1 = (v1 << 13) | (v1 >>> 19); v1 ^= v2; v2 = (v2 << 16) | (v2 >>> 16);
      }
      v0 ^= m;
    }
    v2 ^= 0xee;
    for (let pass = 0; pass < 2; pass++) {
      for (let r = 0; r < 4; r++) {
        v0 = (v0 + v1) | 0; v1 = (v1 << 5) | (v1 >>> 27); v1 ^= v0; v0 = (v0 << 16) | (v0 >>> 16);
        v2 = (v2 + v3) | 0; v3 = (v3 << 8) | (v3 >>> 24); v3 ^= v2;
        v0 = (v0 + v3) | 0; v3 = (v3 << 7) | (v3 >>> 25); v3 ^= v0;
        v2 = (v2 + v1) | 0; v1 = (v1 << 13) | (v1 >>> 19); v1 ^= v2; v2 = (v2 << 16) | (v2 >>> 16);
      }
      if (pass === 0) {
        this.high = (v1 ^ v3) >>> 0;
        v1 ^= 0xdd;
      } else this.low = (v1 ^ v3) >>> 0;
    }
  }
}

/** First 128 bits of SHA-256 over the parts, each closed by a NUL, as 32 hex digits. Parts are made NUL-free first. */
export function fingerprint(...parts: string[]): string {
  let text = '';
  for (const part of parts) text += (part.includes('\0') ? part.replaceAll('\0', '\u2400') : part) + '\0';
  return hash('sha256', text, 'hex').slice(0, 32);
}
