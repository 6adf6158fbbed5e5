import type { Cells, Channel, Claim, Habit, HabitText, HourContext, HourSums } from '@remit/contract';
import { amount } from './counts.ts';

/** Highest hours that are remembered: the identity's own tail. */
const TOP = 8;
/** Hours below which there is no tail yet, and the most that count. */
const LEAST = 24;
const MEMORY = 1_500;
/** A tail's index before anything is known, and the hours that this is worth. */
const INDEX = 2;
const DOUBT = 3;
/** Heights sink by this much of a logarithm a week, so that a record does not stand for ever. */
const SINK = 0.02;
/** A new height counts at most this far above the highest. */
const STEP = 1;

/**
 * How far an hour lies beyond the identity's own highest ones: a Pareto tail through the eight highest of its hours, with Hill's
 * index. Ten times the most that ever was is rare for everybody; twice is not, where heights vary.
 */
export class Highest implements Habit {
  readonly version = 1;
  readonly id: string;
  readonly channel: Channel;
  readonly #what: string;
  readonly #value: (sums: HourSums) => number;
  #tops = 0; #hours = 0; #used = 0;

  constructor(id: string, channel: Channel, what: string, value: (sums: HourSums) => number) {
    this.id = id;
    this.channel = channel;
    this.#what = what;
    this.#value = value;
  }

  claim(cells: Claim): void {
    this.#tops = cells.f32(TOP);
    this.#hours = cells.f32(1);
    this.#used = cells.u16(1);
  }

  raw(cells: Cells, sums: HourSums, _context: HourContext): number {
    const value = this.#value(sums);
    const hours = cells.f32[cells.word + this.#hours]!;
    if (value <= 0 || hours < LEAST) return 0;
    const first = cells.word + this.#tops;
    const low = cells.f32[first + TOP - 1]!;
    const over = Math.log(value) - low;
    if (over <= 0) return 0;
    let excess = 0;
    for (let i = 0; i < TOP - 1; i++) excess += cells.f32[first + i]! - low;
    const index = (TOP - 1 + DOUBT) / (excess + DOUBT / INDEX);
    return Math.log10(hours / TOP) + index * over * Math.LOG10E;
  }

  learn(cells: Cells, sums: HourSums, context: HourContext): void {
    const value = this.#value(sums);
    const { word } = cells;
    const first = word + this.#tops;
    const used = cells.u16[cells.half + this.#used]!;
    for (let i = 0; i < used; i++) cells.f32[first + i]! -= SINK * context.elapsed / 168;
    if (value <= 0) return;
    cells.f32[word + this.#hours] = Math.min(MEMORY, cells.f32[word + this.#hours]! + 1);
    let log = Math.log(value);
    if (used === TOP) log = Math.min(log, cells.f32[first]! + STEP);
    if (used === TOP && log <= cells.f32[first + TOP - 1]!) return;
    let i = Math.min(used, TOP - 1);
    while (i > 0 && cells.f32[first + i - 1]! < log) {
      cells.f32[first + i] = cells.f32[first + i - 1]!;
      i--;
    }
    cells.f32[first + i] = log;
    if (used < TOP) cells.u16[cells.half + this.#used] = used + 1;
  }

  tell(cells: Cells, sums: HourSums): { observed: number; expected: number; text: HabitText } {
    const highest = Math.exp(cells.f32[cells.word + this.#tops]!);
    const eighth = Math.exp(cells.f32[cells.word + this.#tops + TOP - 1]!);
    return {
      observed: this.#value(sums), expected: highest,
      text: { expected: `${amount(highest)} ${this.#what} in its highest hour, ${amount(eighth)} in the eighth highest`, observed: `${amount(this.#value(sums))} ${this.#what}` },
    };
  }
}
