/** Width of a bin in digits, up to `LINEAR` digits; beyond, in logarithms of them: retry storms reach hundreds. */
const BIN = 0.05;
const LINEAR = 8;
/** Bins of a histogram of surprises, 0 to more than 300 digits. */
export const BINS = 752;
/** Exceedances that an empirical tail needs; above, a Pareto tail goes on. What counts digits already goes on as such, and needs fewer. */
const LEAST = 25;
const LEAST_DIGITS = 12;
/** Units of one whole identity-hour in a bin. */
export const UNIT = 256;
/** Narrowest and widest Pareto tail, as mean logarithmic excess. */
const NARROW = 0.01;
const WIDE = 1;

/** The bin of a surprise in digits. */
export function binOf(x: number): number {
  const y = x < LINEAR ? x : LINEAR * (1 + Math.log(x / LINEAR));
  return Math.min(BINS - 1, Math.floor(y / BIN));
}

function lower(bin: number): number {
  const y = bin * BIN;
  return y < LINEAR ? y : LINEAR * Math.exp(y / LINEAR - 1);
}
const LOWER = Float64Array.from({ length: BINS + 1 }, (_, i) => lower(i));

/**
 * What share of all identity-hours is at least as surprising, in digits: empirical where at least 25 exceed, beyond that a Pareto
 * tail with Hill's index. Where fewer ever exceed, as in a fleet of a few steady jobs, it is empirical as far as anything was seen, and then
 * the widest tail. Before anything was seen everything is ordinary.
 */
export class Tail {
  readonly #edges = new Float64Array(BINS + 1);
  readonly #from: number;
  readonly #slope: number;
  readonly #digits: boolean;
  readonly #sparse: boolean;

  /** `counts` in units of 1/256 hour by bin; `hours`: all identity-hours, quiet ones included. `digits`: what is counted are digits already, and goes on as such. */
  constructor(counts: Float64Array, hours: number, digits = false) {
    let above = 0;
    let logs = 0;
    let from = -1;
    let excess = 0;
    let highest = 0;
    for (let i = BINS - 1; i >= 0; i--) {
      // What was taken out again has faded less than what was put in.
      const n = Math.max(0, counts[i]!) / UNIT;
      above += n;
      if (n > 0 && highest === 0) highest = i;
      if (n > 0 && i > 0) logs += n * Math.log(Math.max(LOWER[i]!, BIN));
      this.#edges[i] = Math.max(0, -Math.log10((above + 1) / (hours + 1)));
      if (from === -1 && above >= (digits ? LEAST_DIGITS : LEAST) && i > 0) {
        from = i;
        excess = Math.max(NARROW, Math.min(WIDE, (logs - above * Math.log(LOWER[i]!)) / above + BIN / 2 / LOWER[i]!));
      }
    }
    this.#edges[BINS] = this.#edges[BINS - 1]!;
    this.#sparse = from === -1;
    this.#from = !this.#sparse ? from : hours === 0 ? BINS : Math.min(BINS, highest + 1);
    this.#slope = 1 / (this.#sparse ? WIDE : excess);
    this.#digits = digits;
    for (let i = this.#from + 1; i <= BINS; i++) this.#edges[i] = this.#beyond(LOWER[i]!);
  }

  #beyond(x: number): number {
    const low = LOWER[this.#from]!;
    if (this.#digits && this.#sparse) return Math.max(this.#edges[this.#from]!, x);
    return this.#edges[this.#from]! + (this.#digits ? x - low : this.#slope * Math.log10(Math.max(x, low) / low));
  }

  /** Digits of the share of hours with at least `x`; 0 for x ≤ 0. */
  at(x: number): number {
    if (x <= 0) return 0;
    const bin = binOf(x);
    if (bin >= this.#from) return this.#beyond(x);
    const low = LOWER[bin]!;
    const share = (x - low) / (LOWER[bin + 1]! - low);
    return this.#edges[bin]! + (this.#edges[bin + 1]! - this.#edges[bin]!) * share;
  }

  /** The smallest surprise that at most this share of hours exceeds. */
  inverse(share: number): number {
    const wanted = -Math.log10(share);
    let bin = 0;
    while (bin < BINS && this.#edges[bin + 1]! < wanted) bin++;
    return bin >= BINS ? LOWER[BINS]! : LOWER[bin]!;
  }
}
