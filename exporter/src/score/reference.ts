import type { Cells, Claim, Millis } from '@remit/contract';

const HOUR: Millis = 3_600_000;
/** Hours of the day, working days and weekends apart. */
const CELLS = 48;
/** Steps of a stored logarithm in one e-fold, and its zero. */
const STEP = 12;
const ZERO = 60;
/** Hours of age, and active ones, that an approval needs; active hours, and hours since the approval, that a comparison needs. */
const LEAST = { age: 21 * 24, active: 4, now: 2, since: 7 * 24 };
/** A level has drifted that lies this factor above the reference, and half a per cent a day that growth may cost for up to two months … */
const FACTOR = Math.log(1.15);
const ORGANIC = { daily: 0.003, days: 60 };
/** … and so many standard errors: a chance of a few in 100 identities and years. */
const ERRORS = 4;
/** An hour counts up to so many standard deviations: storms and backlogs are no drift. */
const MOST = 3;
/** Active hours that a mean by hour of the day remembers. */
const REMEMBERED = 12;
/** Least spread: what a few weeks show may be too even. */
const SPREAD = 0.1;
/** Half-life in days of what is now: as short as the noise allows. */
const LIFE = { least: 3, most: 10, noise: 35 };
const LIFE_STEP = 16;

/** What the volume of an identity is like: means of an active hour by hour of the day, its spread, active hours learned. */
export interface Volume { mean(cells: Cells, slot: number): number; spread(cells: Cells): number; active(cells: Cells): number }

/**
 * Events of an active hour, now against a reference that its owner approved and that stands still: a moving baseline never sees
 * two per cent a day. Every hour is compared with the same hour of the day as approved; pauses and hours never active say nothing.
 */
export class Reference {
  #levels = 0; #life = 0; #off = 0; #centre = 0; #expected = 0; #hours = 0; #spread = 0; #approved = 0; #last = 0;

  claim(cells: Claim): void {
    this.#off = cells.f32(1);
    this.#centre = cells.f32(1);
    this.#expected = cells.f32(1);
    this.#hours = cells.f32(1);
    this.#spread = cells.f32(1);
    this.#approved = cells.u32(1);
    this.#last = cells.u32(1);
    // 0 stands for an hour that was never active.
    this.#levels = cells.u8(CELLS);
    this.#life = cells.u8(1);
  }

  /** Adds a closed hour, before it is learned. `volume`: what the identity's volume is like now. */
  count(cells: Cells, hour: number, events: number, volume: Volume): void {
    const { word } = cells;
    const approved = cells.u32[word + this.#approved]! > 0;
    const level = approved ? this.#level(cells, hour) : 0;
    const mean = approved ? (level === 0 ? 0 : Math.exp((level - ZERO) / STEP)) : volume.mean(cells, (hour + 72) % 168);
    if (mean === 0) return;
    const spread = approved ? cells.f32[word + this.#spread]! : Math.max(SPREAD, volume.spread(cells));
    const last = cells.u32[word + this.#last]!;
    const life = approved ? cells.u8[cells.byte + this.#life]! / LIFE_STEP : LIFE.most;
    const keep = last === 0 ? 0 : 0.5 ** (Math.max(0, hour - last) / (life * 24));
    cells.u32[word + this.#last] = Math.max(last, hour);
    cells.f32[word + this.#off] = cells.f32[word + this.#off]! * keep + deviation(events, mean, spread);
    cells.f32[word + this.#expected] = cells.f32[word + this.#expected]! * keep + mean;
    cells.f32[word + this.#hours] = cells.f32[word + this.#hours]! * keep + 1;
  }

  /** The approved level of the hour, or of one beside it: clocks may have moved. */
  #level(cells: Cells, hour: number): number {
    const slot = (hour + 72) % 168;
    const first = cells.byte + this.#levels + (slot >= 120 ? 24 : 0);
    const own = cells.u8[first + slot % 24]!;
    return own > 0 ? own : Math.max(cells.u8[first + (slot + 1) % 24]!, cells.u8[first + (slot + 23) % 24]!);
  }

  /** Takes what is usual now as the reference. False while too little is known: three weeks and four active hours at least. */
  approve(cells: Cells, hour: number, age: number, volume: Volume): boolean {
    const { word, byte } = cells;
    const active = volume.active(cells);
    if (age < LEAST.age || active < LEAST.active) return false;
    let sum = 0;
    let n = 0;
    for (let c = 0; c < CELLS; c++) {
      const mean = volume.mean(cells, c < 24 ? c : c + 96);
      cells.u8[byte + this.#levels + c] = mean <= 0 ? 0 : Math.max(1, Math.min(255, Math.round(Math.log(mean) * STEP + ZERO)));
      if (mean > 0) n++;
      sum += mean;
    }
    if (n === 0) return false;
    const spread = Math.max(SPREAD, volume.spread(cells));
    const noise = (spread + n / sum) / (active / age * 24);
    cells.u8[byte + this.#life] = Math.round(Math.max(LIFE.least, Math.min(LIFE.most, LIFE.noise * noise)) * LIFE_STEP);
    // Counts are skewed, and hours without any are not seen: what lies off a mean that moves along is no drift.
    if (cells.u32[word + this.#approved] === 0) cells.f32[word + this.#centre] = cells.f32[word + this.#off]! / Math.max(1, cells.f32[word + this.#hours]!);
    cells.f32[word + this.#spread] = spread;
    cells.u32[word + this.#approved] = hour;
    cells.u32[word + this.#last] = 0;
    return true;
  }

  /** Now against the approved reference, 1 when alike; null without one, or without activity to compare. */
  level(cells: Cells, hour: number): { ratio: number; drifted: boolean; approved: Millis } | null {
    const { word } = cells;
    const approved = cells.u32[word + this.#approved]!;
    if (approved === 0 || cells.u32[word + this.#last] === 0) return null;
    const hours = cells.f32[word + this.#hours]!;
    let known = 0;
    for (let c = 0; c < CELLS; c++) if (cells.u8[cells.byte + this.#levels + c]! > 0) known++;
    const deviations = cells.f32[word + this.#off]! / hours - cells.f32[word + this.#centre]!;
    const off = deviations * Math.sqrt(cells.f32[word + this.#spread]! + hours / cells.f32[word + this.#expected]!);
    const due = FACTOR + ORGANIC.daily * Math.min(ORGANIC.days, Math.max(0, hour - approved) / 24);
    const drifted = hour - approved >= LEAST.since && hours >= LEAST.now && off >= due && deviations >= ERRORS * Math.sqrt(1 / (2 * hours) + 1 / (known * REMEMBERED));
    return { ratio: Math.exp(off), drifted, approved: approved * HOUR };
  }
}

/** Standard deviations by which a count lies off its mean, on a scale on which all spreads are alike, within ±2. */
function deviation(n: number, mean: number, spread: number): number {
  const size = 1 / Math.max(spread, 0.01);
  const z = 2 * Math.sqrt(size) * (Math.asinh(Math.sqrt(n / size)) - Math.asinh(Math.sqrt(mean / size)));
  return Math.max(-MOST, Math.min(MOST, z));
}
