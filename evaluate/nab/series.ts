import { studentSurprise } from '../../exporter/src/lib/tails.ts';
import { BINS, binOf, Tail, UNIT } from '../../exporter/src/score/tail.ts';

/** Points of the past, in parts of a day, that a running mean remembers: long, short. */
const LONG_DAYS = 3;
const FREEDOM = 8;
/** Deviation that no past can bring down, as a part of the range of the series so far. */
const FLOOR = 0.01;
/** Strongest surprise that is told apart. */
const MOST = 30;
/** What is learned of a value lies at most so many standard deviations off. */
const LEARNED = 6;
/** Share of a day after something odd in which less odd things say nothing new. */
const REFRACTORY_DAYS = 1.5;
/** Digits of the summed surprises at which the score is half of what it can be. */
const HALF = 6;

/** A point of a series: milliseconds since the epoch, and its value. */
export interface Point { at: number; value: number }

/**
 * Anomaly scores in [0, 1) of a series, each from the points before it alone: the volume habit made two-sided and for values of any
 * sort. A mean by time of day, shrunk to a running mean; surprise of the point, of the mean of the latest hour and of the latest four
 * (by time of day and at all), and of the step; each calibrated against the series' own past with the score's tails, summed,
 * calibrated again. It never reaches 1.
 */
export function scores(points: readonly Point[]): number[] {
  const step = middle(points.slice(1, 400).map(({ at }, i) => at - points[i]!.at)) || 300_000;
  const day = Math.max(12, Math.round(86_400_000 / step));
  const hour = Math.max(3, Math.round(day / 24));
  const watch = Math.max(6, Math.round(day / 6));
  const habits = [new Level(day, 1, true), new Level(day, hour, true), new Level(day, watch, true), new Level(day, watch, false), new Steps(day)];
  const tails = habits.map(() => new Ranks());
  const whole = new Ranks();
  const out: number[] = [];
  let shadow = 0;
  for (const point of points) {
    let together = 0;
    habits.forEach((habit, i) => { together += Math.max(0, tails[i]!.digits(Math.min(MOST, habit.see(point))) - 0.5); });
    const digits = whole.digits(together) + together / 4;
    // What follows something odd is part of it.
    const fresh = Math.max(0, digits - shadow);
    shadow = Math.max(shadow * (1 - 1 / (REFRACTORY_DAYS * day)), digits);
    out.push(fresh / (fresh + HALF));
  }
  return out;
}

/** How unusual the mean of the latest points is, by time of day and at all. */
class Level {
  readonly #day: number;
  readonly #latest: number;
  readonly #seasonal: boolean;
  readonly #ring: number[] = [];
  readonly #cells = new Map<number, { mean: number; n: number }>();
  #mean = 0; #square = 0; #n = 0; #low = Infinity; #high = -Infinity;

  constructor(day: number, latest: number, seasonal: boolean) {
    this.#day = day;
    this.#latest = latest;
    this.#seasonal = seasonal;
  }

  see({ at, value }: Point): number {
    this.#ring.push(value);
    if (this.#ring.length > this.#latest) this.#ring.shift();
    const now = this.#ring.reduce((a, b) => a + b, 0) / this.#ring.length;
    this.#low = Math.min(this.#low, value);
    this.#high = Math.max(this.#high, value);
    const hour = Math.floor(at / 3_600_000) % 24 + (isWeekend(at) ? 24 : 0);
    const cell = this.#cells.get(hour) ?? { mean: this.#mean, n: 0 };
    const days = cell.n / Math.max(1, this.#day / 24);
    const expected = this.#seasonal ? (cell.mean * days + this.#mean * 2) / (days + 2) : this.#mean;
    const range = Math.max(this.#high - this.#low, 1e-9);
    const variance = this.#square + (FLOOR * range) ** 2;
    const off = now - expected;
    const raw = this.#n < 20 ? 0 : studentSurprise(Math.abs(off) / Math.sqrt(variance * (1 + 1 / this.#n)), FREEDOM);
    const sd = Math.sqrt(variance);
    const capped = this.#n < 20 ? off : Math.max(-LEARNED * sd, Math.min(LEARNED * sd, off));
    this.#n++;
    const rate = 1 / Math.min(this.#n, LONG_DAYS * this.#day);
    this.#square += (capped * capped - this.#square) * rate;
    this.#mean += (expected + capped - this.#mean) * rate;
    cell.n++;
    cell.mean += (expected + capped - cell.mean) / Math.min(cell.n, 10 * this.#day / 24);
    this.#cells.set(hour, cell);
    return raw;
  }
}

/** How unusual the change from the last point is. */
class Steps {
  readonly #day: number;
  #last = NaN; #square = 0; #n = 0; #low = Infinity; #high = -Infinity;

  constructor(day: number) {
    this.#day = day;
  }

  see({ value }: Point): number {
    this.#low = Math.min(this.#low, value);
    this.#high = Math.max(this.#high, value);
    const off = Number.isNaN(this.#last) ? 0 : value - this.#last;
    this.#last = value;
    const variance = this.#square + (FLOOR * Math.max(this.#high - this.#low, 1e-9)) ** 2;
    const raw = this.#n < 20 ? 0 : studentSurprise(Math.abs(off) / Math.sqrt(variance), FREEDOM);
    const capped = this.#n < 20 ? off : Math.min(Math.abs(off), LEARNED * Math.sqrt(variance));
    this.#n++;
    this.#square += (capped * capped - this.#square) / Math.min(this.#n, 7 * this.#day);
    return raw;
  }
}

/** Calibrates surprises against those before them. */
class Ranks {
  readonly #bins = new Float64Array(BINS);
  #n = 0;
  #next = 32;
  #tail = new Tail(this.#bins, 0);

  digits(x: number): number {
    const digits = this.#tail.at(x);
    if (x > 0) this.#bins[binOf(x)]! += UNIT;
    if (++this.#n >= this.#next) {
      this.#next = Math.ceil(Math.min(this.#n * 1.05, this.#n + 50));
      this.#tail = new Tail(this.#bins, this.#n);
    }
    return digits;
  }
}

function isWeekend(at: number): boolean { return (Math.floor(at / 86_400_000) + 3) % 7 >= 5; }

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
