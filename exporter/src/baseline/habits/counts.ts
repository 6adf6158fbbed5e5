import type { Bands, Cells, Channel, Claim, ClaimSums, Habit, HabitText, HourContext, HourSums } from '@remit/contract';
import { negativeBinomialTail } from '../../lib/beta.ts';
import { countQuantile, countSurprise } from '../../lib/tails.ts';
import { clocksMoved } from './clocks.ts';
import type { Rhythm } from './rhythm.ts';
import { cellOf, WEEK } from './time.ts';

/** Hours of past worth this much of the wider mean: all hours → hour of the day → hour of the week. */
const SHRINK = 2;
/** Longest memory of a running mean, in active hours: all hours, hour of the week, hour of the day, level, spread. */
const MEMORY = { all: 400, slot: 6, cell: 8, level: 48, spread: 400 };
/** Active hours of peers that a spread starts from. */
const PEER_SPREAD = 12;
const SPREAD_SCALE = 256;
const LOG_SCALE = 64;
const CELLS = 48;
/** Smallest chance of so few events that is told apart. */
const FEWEST = 1e-3;
/** Steps of a stored logarithmic mean in one e-fold: 0.05 % each. */
const STEP = 2048;

/**
 * How many, given that the hour is active: a negative binomial. Its mean is a running mean by hour of the week, shrunk to the hour
 * of the day and to all hours and moved by a fast level; its dispersion is learned and shrunk to the peers', and widened by what
 * few hours leave unknown. What is learned is capped at the mean plus four standard deviations.
 */
export class Counts implements Habit {
  readonly version = 1;
  readonly id: string;
  readonly channel: Channel;
  readonly #what: string;
  readonly #count: (sums: HourSums) => number;
  readonly #rhythm: Rhythm;
  readonly #hourly: boolean;
  #mean = 0; #level = 0; #over = 0; #under = 0; #seen = 0; #cells = 0; #slots = 0;
  #hours = 0; #logs = 0; #spreads = 0;

  /** `hourly`: a mean for every hour of the week; else for hours of the day only. */
  constructor(id: string, channel: Channel, what: string, count: (sums: HourSums) => number, rhythm: Rhythm, hourly: boolean) {
    this.id = id;
    this.#hourly = hourly;
    this.channel = channel;
    this.#what = what;
    this.#count = count;
    this.#rhythm = rhythm;
  }

  claim(cells: Claim, sums: ClaimSums): void {
    this.#mean = cells.f32(1);
    this.#level = cells.f32(1);
    this.#over = cells.f32(1);
    this.#under = cells.f32(1);
    this.#seen = cells.f32(1);
    this.#cells = cells.u16(CELLS);
    if (this.#hourly) this.#slots = cells.u16(WEEK);
    this.#hours = sums.sums(1);
    this.#logs = sums.sums(1);
    this.#spreads = sums.sums(1);
  }

  raw(cells: Cells, sums: HourSums, context: HourContext): number {
    const n = this.#count(sums);
    if (n === 0) return 0;
    const { mean, dispersion } = this.#predict(cells, context);
    return countSurprise(n, mean, dispersion);
  }

  /** Twice the chance that an active hour holds no more than this one, from one in a thousand to 1. */
  few(cells: Cells, sums: HourSums, context: HourContext): number {
    const { mean, dispersion } = this.#predict(cells, context);
    return Math.max(FEWEST, Math.min(1, 2 * (1 - negativeBinomialTail(this.#count(sums) + 1, mean, dispersion))));
  }

  /** Smallest numbers that an hour, active with this chance, reaches with probabilities `tails`. */
  bands(cells: Cells, context: HourContext, chance: number, tails: { p50: number; p95: number; p99: number }): Bands {
    const { mean, dispersion } = this.#predict(cells, context, false);
    const edge = (tail: number): number => tail >= chance ? 0 : countQuantile(tail / chance, mean, dispersion);
    return { p50: edge(tails.p50), p95: edge(tails.p95), p99: edge(tails.p99) };
  }

  /** Mean of an active hour at this hour of the day, working days and weekends apart; 0 where it never was active. */
  mean(cells: Cells, slot: number): number {
    const cell = cells.u16[cells.half + this.#cells + cellOf(slot)]!;
    return cell === 0 ? 0 : unpack(cell);
  }

  /** Variance beyond Poisson's over the squared mean, from 0.02 to 4; 0.5 while unknown. */
  spread(cells: Cells): number {
    const under = cells.f32[cells.word + this.#under]!;
    return under > 0 ? Math.max(0.02, Math.min(4, cells.f32[cells.word + this.#over]! / under)) : 0.5;
  }

  /** Mean of an active hour, whichever. */
  typical(cells: Cells): number { return cells.f32[cells.word + this.#mean]!; }

  #predict(cells: Cells, context: HourContext, moved = true): { mean: number; dispersion: number } {
    const seen = cells.f32[cells.word + this.#seen]!;
    const { peers } = context;
    const hours = peers.sum(this.#hours, this.#hours, 200);
    const typical = hours > 0 ? Math.exp(peers.sum(this.#logs, this.#hours, 200) / LOG_SCALE / hours) : 3;
    const spread = hours > 0 ? peers.sum(this.#spreads, this.#hours, 200) / SPREAD_SCALE / hours : 0.5;
    const all = (cells.f32[cells.word + this.#mean]! * seen + 2 * typical) / (seen + 2);
    const slotMean = moved ? this.#moved(cells, context, all) : this.#slotMean(cells, context.slot, all);
    const mean = Math.max(slotMean * Math.exp(cells.f32[cells.word + this.#level]!), 0.05);
    const under = cells.f32[cells.word + this.#under]!;
    const own = under > 0 ? Math.max(cells.f32[cells.word + this.#over]! / under, 0) : spread;
    const phi = Math.max((own * seen + PEER_SPREAD * spread) / (seen + PEER_SPREAD), 0.01);
    const known = Math.min(this.#rhythm.weeks(cells, context.slot), MEMORY.slot) + SHRINK + Math.min(seen / 24, SHRINK * 2);
    return { mean, dispersion: phi + (1 / mean + phi) / known + 1.5 / (seen + 1) };
  }

  /** Where clocks have just moved, the hour beside may be what this one was. */
  #moved(cells: Cells, { hour, slot }: HourContext, all: number): number {
    const { later, earlier } = clocksMoved(hour);
    const own = this.#slotMean(cells, slot, all);
    if (!later && !earlier) return own;
    return Math.max(own, later ? this.#slotMean(cells, (slot + WEEK - 1) % WEEK, all) : 0, earlier ? this.#slotMean(cells, (slot + 1) % WEEK, all) : 0);
  }

  #slotMean(cells: Cells, slot: number, all: number): number {
    const cell = cells.u16[cells.half + this.#cells + cellOf(slot)]!;
    const own = this.#hourly ? cells.u16[cells.half + this.#slots + slot]! : 0;
    if (cell === 0) return all;
    // Days that the hour of the day was seen, at most; its weight saturates soon.
    const cellMean = (unpack(cell) * 6 + all * SHRINK) / (6 + SHRINK);
    if (own === 0) return cellMean;
    const weeks = this.#rhythm.weeks(cells, slot);
    return (unpack(own) * weeks + cellMean * SHRINK) / (weeks + SHRINK);
  }

  learn(cells: Cells, sums: HourSums, context: HourContext): void {
    const n = this.#count(sums);
    if (n === 0) return;
    const { mean, dispersion } = this.#predict(cells, context);
    const seenAt = cells.word + this.#seen;
    const seen = cells.f32[seenAt]!;
    const sd = Math.sqrt(mean + dispersion * mean * mean);
    const value = seen < 8 ? n : Math.min(n, mean + 4 * sd);
    const { word } = cells;
    if (seen >= 4) {
      const keep = 1 - 1 / Math.min(seen, MEMORY.spread);
      const error = value - mean;
      cells.f32[word + this.#over] = cells.f32[word + this.#over]! * keep + (error * error - mean);
      cells.f32[word + this.#under] = cells.f32[word + this.#under]! * keep + mean * mean;
      const step = Math.max(-1, Math.min(1, Math.log((value + 0.5) / (mean + 0.5))));
      const level = cells.f32[word + this.#level]! * (1 - 1 / 400) + step / MEMORY.level;
      cells.f32[word + this.#level] = Math.max(-3, Math.min(3, level));
    }
    cells.f32[word + this.#mean] = cells.f32[word + this.#mean]! + (value - cells.f32[word + this.#mean]!) / Math.min(seen + 1, MEMORY.all);
    cells.f32[seenAt] = Math.min(seen + 1, 2000);
    blend(cells, cells.half + this.#cells + cellOf(context.slot), value, 1 / Math.max(1, Math.min(this.#rhythm.days(cells, context.slot), MEMORY.cell)));
    const weeks = this.#rhythm.weeks(cells, context.slot);
    if (this.#hourly) blend(cells, cells.half + this.#slots + context.slot, value, 1 / Math.max(1, Math.min(weeks, MEMORY.slot)));
    const { peers } = context;
    peers.add(this.#hours, 1);
    peers.add(this.#logs, Math.round(Math.log(value) * LOG_SCALE));
    const under = cells.f32[word + this.#under]!;
    const phi = under > 0 ? Math.max(0, Math.min(4, cells.f32[word + this.#over]! / under)) : 0.5;
    peers.add(this.#spreads, Math.round(phi * SPREAD_SCALE));
  }

  tell(cells: Cells, sums: HourSums, context: HourContext): { observed: number; expected: number; text: HabitText } {
    const n = this.#count(sums);
    const { mean, dispersion } = this.#predict(cells, context);
    const p95 = countQuantile(0.05, mean, dispersion);
    const hours = context.peers.sum(this.#hours, this.#hours, 200);
    const typical = hours > 0 ? Math.exp(context.peers.sum(this.#logs, this.#hours, 200) / LOG_SCALE / hours) : null;
    return {
      observed: n, expected: mean,
      text: {
        expected: `${amount(mean)} ${this.#what} in such an active hour, at most ${amount(p95)} in 95 of 100`,
        observed: `${amount(n)} ${this.#what}`,
        ...(typical === null ? {} : { peers: `${context.peers.name}: ${amount(typical)} in an active hour` }),
      },
    };
  }
}

function blend(cells: Cells, at: number, value: number, rate: number): void {
  const old = cells.u16[at]!;
  cells.u16[at] = pack(old === 0 ? value : unpack(old) + (value - unpack(old)) * rate);
}

function pack(value: number): number { return Math.max(1, Math.min(65_535, Math.round((Math.log(Math.max(value, 1e-3)) + 7) * STEP))); }
function unpack(packed: number): number { return Math.exp(packed / STEP - 7); }

/** A number for people. */
export function amount(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toPrecision(3)} G`;
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)} M`;
  return value >= 10 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}
