import type { Millis } from '@remit/contract';

const DAY: Millis = 86_400_000;
const BIN = 0.05;
const BINS = 200;
/** Days of the fleet's past that count. */
const KEEP_DAYS = 56;

/**
 * Turns raw tail probabilities into the fleet's: the share of closed identity-hours that looked at least this improbable,
 * p̂ = (1 + exceedances) / (1 + hours), the conformal rank, so that P(score ≥ s) ≤ 10^−s for conforming behaviour. Day D reads the
 * histograms of days ≤ D − 2, frozen and integer, so that the order of hours inside a day does not matter.
 */
export class Calibration {
  readonly #days = new Map<number, Int32Array>();
  #frozenDay = NaN;
  #above = new Int32Array(BINS + 1);
  #total = 0;
  readonly budget: number;

  /** `budget`: pages a week for the whole fleet. */
  constructor(budget: number) {
    this.budget = budget;
  }

  add(hour: Millis, p: number): void {
    const day = Math.floor(hour / DAY);
    let bins = this.#days.get(day);
    if (!bins) this.#days.set(day, bins = new Int32Array(BINS));
    bins[Math.min(BINS - 1, Math.floor(-Math.log10(p) / BIN))]!++;
    for (const old of this.#days.keys()) if (old < day - KEEP_DAYS) this.#days.delete(old);
  }

  /** The calibrator for an hour. */
  at(hour: Millis): (p: number) => number {
    this.#freeze(Math.floor(hour / DAY));
    return (p) => Math.max(p, (1 + this.#above[Math.min(BINS - 1, Math.floor(-Math.log10(p) / BIN))]!) / (1 + this.#total));
  }

  /** s* = log10(168·N/B): the score above which B pages a week are expected of N conforming identities. */
  threshold(identities: number): number {
    return Math.log10((168 * Math.max(identities, 1)) / this.budget);
  }

  save(): [number, number[]][] {
    return [...this.#days].map(([day, bins]) => [day, [...bins]]);
  }

  restore(saved: [number, number[]][]): void {
    for (const [day, bins] of saved) this.#days.set(day, Int32Array.from(bins));
    this.#frozenDay = NaN;
  }

  #freeze(day: number): void {
    if (day === this.#frozenDay) return;
    this.#frozenDay = day;
    const sums = new Int32Array(BINS);
    for (const [d, bins] of this.#days) if (d <= day - 2) for (let i = 0; i < BINS; i++) sums[i]! += bins[i]!;
    this.#above = new Int32Array(BINS + 1);
    for (let i = BINS - 1; i >= 0; i--) this.#above[i] = this.#above[i + 1]! + sums[i]!;
    this.#total = this.#above[0]!;
  }
}
