import type { Cells, Claim, ClaimSums, Habit, HabitText, HourContext, HourSums } from '@remit/contract';
import { studentSurprise } from '../../lib/tails.ts';
import { LOG_SCALE } from '../sums.ts';
import { amount } from './counts.ts';

/** Actions whose amounts are remembered. */
const ACTIONS = 10;
/** Variance of an hour's mean logarithm that no past can bring down. */
const FLOOR = 0.02;
const MEMORY = 200;
const MOST_FREEDOM = 30;
/** Hours of peers that a spread starts from. */
const PEER_HOURS = 4;
const SCALE = 256;
/** Fixed point of what is remembered: logarithms, variances. */
const MEAN_STEP = 1_024;
const SPREAD_STEP = 1_024;

/**
 * How much one event of an action moves: Student's t on the mean logarithm of the hour's events, action by action, whose variance
 * falls with their number (0.02 + b / n). The oddest action speaks for the hour.
 */
export class Amounts implements Habit {
  readonly id = 'amount';
  readonly version = 2;
  readonly channel = 'export' as const;
  #hashes = 0; #means = 0; #spreads = 0; #hours = 0; #peerHours = 0; #peerSpread = 0;

  claim(cells: Claim, sums: ClaimSums): void {
    this.#hashes = cells.u32(ACTIONS);
    this.#means = cells.u16(ACTIONS);
    this.#spreads = cells.u16(ACTIONS);
    this.#hours = cells.u16(ACTIONS);
    this.#peerHours = sums.sums(1);
    this.#peerSpread = sums.sums(1);
  }

  raw(cells: Cells, sums: HourSums, context: HourContext): number {
    let worst = 0;
    for (let i = 0; i < (sums.amounts?.length ?? 0); i += 3) {
      const at = this.#find(cells, sums.amounts![i]!);
      const hours = at === -1 ? 0 : cells.u16[cells.half + this.#hours + at]!;
      if (hours < 3) continue;
      const off = this.#off(cells, at, sums.amounts![i + 2]! / LOG_SCALE / sums.amounts![i + 1]!);
      if (off <= 0) continue;
      const t = off / Math.sqrt(this.#variance(cells, at, sums.amounts![i + 1]!, context) * (1 + 1 / hours));
      worst = Math.max(worst, studentSurprise(t, Math.min(hours + PEER_HOURS, MOST_FREEDOM)));
    }
    return worst;
  }

  /** Standard deviations by which all actions together lie above what is expected of them; below it negative. 0 while nothing is known or moved. */
  deviation(cells: Cells, sums: HourSums, context: HourContext): number {
    let sum = 0;
    let weight = 0;
    for (let i = 0; i < (sums.amounts?.length ?? 0); i += 3) {
      const at = this.#find(cells, sums.amounts![i]!);
      const hours = at === -1 ? 0 : cells.u16[cells.half + this.#hours + at]!;
      if (hours < 3) continue;
      const variance = this.#variance(cells, at, sums.amounts![i + 1]!, context) * (1 + 1 / hours);
      sum += this.#off(cells, at, sums.amounts![i + 2]! / LOG_SCALE / sums.amounts![i + 1]!) / variance;
      weight += 1 / variance;
    }
    return weight === 0 ? 0 : sum / Math.sqrt(weight);
  }

  #off(cells: Cells, at: number, log: number): number { return log - cells.u16[cells.half + this.#means + at]! / MEAN_STEP; }

  #variance(cells: Cells, at: number, events: number, context: HourContext): number {
    const hours = cells.u16[cells.half + this.#hours + at]!;
    const peerHours = context.peers.sum(this.#peerHours, this.#peerHours, 200);
    const prior = peerHours > 0 ? context.peers.sum(this.#peerSpread, this.#peerHours, 200) / SCALE / peerHours : 1;
    const own = cells.u16[cells.half + this.#spreads + at]! / SPREAD_STEP;
    return FLOOR + (own * hours + PEER_HOURS * prior) / (hours + PEER_HOURS) / events;
  }

  #find(cells: Cells, action: number): number {
    for (let i = 0; i < ACTIONS; i++) if (cells.u32[cells.word + this.#hashes + i] === action && cells.u16[cells.half + this.#hours + i]! > 0) return i;
    return -1;
  }

  learn(cells: Cells, sums: HourSums, context: HourContext): void {
    for (let i = 0; i < (sums.amounts?.length ?? 0); i += 3) {
      const events = sums.amounts![i + 1]!;
      const log = sums.amounts![i + 2]! / LOG_SCALE / events;
      let at = this.#find(cells, sums.amounts![i]!);
      if (at === -1) {
        at = this.#place(cells);
        cells.u32[cells.word + this.#hashes + at] = sums.amounts![i]!;
        cells.u16[cells.half + this.#means + at] = Math.round(log * MEAN_STEP);
        cells.u16[cells.half + this.#spreads + at] = 0;
        cells.u16[cells.half + this.#hours + at] = 1;
        continue;
      }
      this.#learnOne(cells, at, log, events, context);
    }
  }

  #learnOne(cells: Cells, at: number, log: number, events: number, context: HourContext): void {
    const hours = cells.u16[cells.half + this.#hours + at]!;
    const sd = Math.sqrt(this.#variance(cells, at, events, context) * (1 + 1 / hours));
    const off = hours < 5 ? this.#off(cells, at, log) : Math.max(-4 * sd, Math.min(4 * sd, this.#off(cells, at, log)));
    const rate = 1 / Math.min(hours + 1, MEMORY);
    const mean = cells.half + this.#means + at;
    cells.u16[mean] = Math.max(0, Math.min(65_535, Math.round(cells.u16[mean]! + off * rate * MEAN_STEP)));
    const spread = cells.half + this.#spreads + at;
    const b = Math.min(Math.max(0, off * off * (hours / (hours + 1)) - FLOOR) * events, 60);
    cells.u16[spread] = Math.round(cells.u16[spread]! + (b * SPREAD_STEP - cells.u16[spread]!) * rate);
    cells.u16[cells.half + this.#hours + at] = Math.min(hours + 1, MEMORY * 5);
    context.peers.add(this.#peerHours, 1);
    context.peers.add(this.#peerSpread, Math.round(cells.u16[spread]! / SPREAD_STEP * SCALE));
  }

  /** A free place, else that of the action seen least. */
  #place(cells: Cells): number {
    let least = 0;
    for (let i = 0; i < ACTIONS; i++) if (cells.u16[cells.half + this.#hours + i]! < cells.u16[cells.half + this.#hours + least]!) least = i;
    return least;
  }

  tell(cells: Cells, sums: HourSums, context: HourContext): { observed: number; expected: number; text: HabitText } {
    let worst = { t: -Infinity, usual: 0, high: 0, seen: 0, events: 0 };
    for (let i = 0; i < (sums.amounts?.length ?? 0); i += 3) {
      const at = this.#find(cells, sums.amounts![i]!);
      if (at === -1) continue;
      const events = sums.amounts![i + 1]!;
      const log = sums.amounts![i + 2]! / LOG_SCALE / events;
      const sd = Math.sqrt(this.#variance(cells, at, events, context));
      const usual = Math.exp(cells.u16[cells.half + this.#means + at]! / MEAN_STEP);
      if (this.#off(cells, at, log) / sd > worst.t) worst = { t: this.#off(cells, at, log) / sd, usual, high: usual * Math.exp(2 * sd), seen: Math.exp(log), events };
    }
    return {
      observed: worst.seen, expected: worst.usual,
      text: { expected: `about ${amount(worst.usual)} bytes an event of this action, seldom above ${amount(worst.high)}`, observed: `${amount(worst.seen)} bytes an event over ${worst.events} events` },
    };
  }
}
