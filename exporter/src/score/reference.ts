import type { Cells, Claim, Millis } from '@remit/contract';

const HOUR: Millis = 3_600_000;
/** Days whose totals are remembered: four weeks, so that every day of the week is there four times. */
const DAYS = 28;
const WEEK = 7;
/** Active days that an approval needs, and that a comparison needs of the last two weeks. */
const LEAST = { approval: 7, now: 3 };
/** A level has drifted when both last weeks lie above the reference, the last by this factor and so many standard errors. */
const FACTOR = Math.log(1.4);
const ERRORS = 3.5;
/** Share of the last week's growth that the week before must show already: a storm is no drift. */
const BEFORE = 0.4;
const STEP = 4_096;
/** Least spread of a day's logarithm. */
const SPREAD = 0.08;

/**
 * Events a day, now against a reference that its owner approved and that stands still: a moving baseline never sees two per cent
 * a day. Days are compared with the same days of the week, in logarithms, without the highest and the lowest.
 */
export class Reference {
  #days = 0; #day = 0; #count = 0; #levels = 0; #spread = 0; #approved = 0;

  claim(cells: Claim): void {
    // NaN-free: 0 stands for a day of the week without activity; the spread of a day around them.
    this.#levels = cells.f32(WEEK);
    this.#spread = cells.f32(1);
    this.#day = cells.u32(1);
    this.#count = cells.u32(1);
    this.#approved = cells.u32(1);
    this.#days = cells.u16(DAYS);
  }

  /** Adds a closed hour to its day. */
  count(cells: Cells, hour: number, events: number): void {
    const day = Math.floor(hour / 24);
    this.#turn(cells, day);
    if (cells.u32[cells.word + this.#day] === day) cells.u32[cells.word + this.#count] = Math.min(2 ** 31, cells.u32[cells.word + this.#count]! + events);
  }

  #turn(cells: Cells, day: number): void {
    const last = cells.u32[cells.word + this.#day]!;
    if (day <= last) return;
    cells.u32[cells.word + this.#day] = day;
    if (last === 0) return;
    cells.u16[cells.half + this.#days + last % DAYS] = Math.min(65_535, Math.round(Math.log1p(cells.u32[cells.word + this.#count]!) * STEP));
    cells.u32[cells.word + this.#count] = 0;
    for (let d = Math.max(last + 1, day - DAYS); d < day; d++) cells.u16[cells.half + this.#days + d % DAYS] = 0;
  }

  /** Logarithm of a day's total; 0 for a day without events, or one that is no longer, or not yet, known. */
  #log(cells: Cells, d: number): number {
    const last = cells.u32[cells.word + this.#day]!;
    return d >= last || d < last - DAYS || d < 0 ? 0 : cells.u16[cells.half + this.#days + d % DAYS]! / STEP;
  }

  /** Takes the last four weeks as the reference. False while they hold fewer than seven active days. */
  approve(cells: Cells, hour: number): boolean {
    const day = Math.floor(hour / 24);
    const known = Array.from({ length: DAYS }, (_, i) => day - 1 - i).map((d) => ({ d, log: this.#log(cells, d) })).filter(({ log }) => log > 0);
    if (known.length < LEAST.approval) return false;
    const all = trimmed(known.map(({ log }) => log));
    const levels = Array.from({ length: WEEK }, (_, w) => {
      const same = known.filter(({ d }) => d % WEEK === w).map(({ log }) => log);
      // Four days of a week are few: they lean on the others.
      return same.length === 0 ? 0 : (middle(same) * same.length + all) / (same.length + 1);
    });
    levels.forEach((level, w) => { cells.f32[cells.word + this.#levels + w] = level; });
    const off = known.map(({ d, log }) => Math.abs(log - levels[d % WEEK]!));
    cells.f32[cells.word + this.#spread] = Math.max(SPREAD, 1.4826 * middle(off) * Math.sqrt(known.length / Math.max(1, known.length - WEEK / 2)));
    cells.u32[cells.word + this.#approved] = hour;
    return true;
  }

  /** Now against the approved reference, 1 when alike; null without one, or without activity to compare. */
  level(cells: Cells, hour: number): { ratio: number; drifted: boolean; approved: Millis } | null {
    const approved = cells.u32[cells.word + this.#approved]!;
    if (approved === 0) return null;
    const day = Math.floor(hour / 24);
    const last = this.#off(cells, day - WEEK, day);
    const before = this.#off(cells, day - 2 * WEEK, day - WEEK);
    if (last.count + before.count === 0) return null;
    const off = last.count > 0 ? last.off : before.off;
    const error = cells.f32[cells.word + this.#spread]! * Math.sqrt(1 / Math.max(1, last.count) + 1 / 14);
    const drifted = last.count >= LEAST.now && before.count >= LEAST.now && off >= FACTOR && off >= ERRORS * error && before.off >= BEFORE * off;
    return { ratio: Math.exp(off), drifted, approved: approved * HOUR };
  }

  #off(cells: Cells, from: number, to: number): { off: number; count: number } {
    const offs: number[] = [];
    for (let d = from; d < to; d++) {
      const log = this.#log(cells, d);
      const level = cells.f32[cells.word + this.#levels + ((d % WEEK) + WEEK) % WEEK]!;
      if (log > 0 && level > 0) offs.push(log - level);
    }
    return { off: offs.length === 0 ? 0 : trimmed(offs), count: offs.length };
  }
}

/** Mean without the highest and the lowest, where there are five or more. */
function trimmed(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const inner = sorted.length >= 5 ? sorted.slice(1, -1) : sorted;
  return inner.reduce((a, b) => a + b, 0) / inner.length;
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
