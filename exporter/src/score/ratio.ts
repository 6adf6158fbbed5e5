import type { Cells, Claim } from '@remit/contract';
import { LEVELS } from './fleet.ts';

/** Hours of doubt: how much of a ratio is carried over from the milder level. */
const DOUBT = 2;
/** Strongest step of the ratio from one level to the next, so that more surprise never means less. */
const STEEPEST = 6;
const GENTLEST = 0.05;
/** Fading is put off until it is more than this. */
const SETTLED = 0.9;

/**
 * How much noisier or quieter than the fleet one identity is in each habit: exceedances of three levels over what is due to its
 * hours. A noisy one must deviate more, a strict one less. Exceedances fade with a half-life of eight weeks.
 */
export class Ratio {
  #counts = 0;
  #pending = 0;
  readonly #length: number;

  /** `length`: number of habits. */
  constructor(length: number) {
    this.#length = length;
  }

  claim(cells: Claim): void {
    this.#counts = cells.f32(this.#length * LEVELS.length);
    // What the counts have faded by since they were last faded themselves, less one.
    this.#pending = cells.f32(1);
  }

  /** log10 of the ratio at `digits` of surprise, for an identity with so many (decayed) hours. */
  at(cells: Cells, habit: number, digits: number, hours: number): number {
    const first = cells.word + this.#counts + habit * LEVELS.length;
    const pending = 1 + cells.f32[cells.word + this.#pending]!;
    let before = 1;
    let level = 0;
    let low = 0;
    for (let l = 0; l < LEVELS.length; l++) {
      const due = hours * 10 ** -LEVELS[l]!;
      const ratio = Math.max(before * GENTLEST, Math.min((cells.f32[first + l]! * pending + DOUBT * before) / (due + DOUBT), STEEPEST * before, l === 0 ? 50 : Infinity));
      const high = Math.log10(ratio);
      if (digits < LEVELS[l]!) return low + (high - low) * (digits - level) / (LEVELS[l]! - level);
      before = ratio;
      level = LEVELS[l]!;
      low = high;
    }
    return low;
  }

  fade(cells: Cells, decay: number): void {
    const at = cells.word + this.#pending;
    const pending = (1 + cells.f32[at]!) * decay;
    cells.f32[at] = pending - 1;
    if (pending < SETTLED) this.#settle(cells, pending);
  }

  #settle(cells: Cells, pending: number): void {
    for (let i = cells.word + this.#counts, end = i + this.#length * LEVELS.length; i < end; i++) cells.f32[i]! *= pending;
    cells.f32[cells.word + this.#pending] = 0;
  }

  count(cells: Cells, habit: number, digits: number, by: 1 | -1): void {
    const first = cells.word + this.#counts + habit * LEVELS.length;
    for (let l = 0; l < LEVELS.length; l++) {
      if (digits >= LEVELS[l]!) cells.f32[first + l] = Math.max(0, cells.f32[first + l]! + by / (1 + cells.f32[cells.word + this.#pending]!));
    }
  }
}
