import {
  CHANNELS, type Cells, type Channel, type Habit, type HourContext, type HourScore, type HourSums,
} from '@remit/contract';
import type { Common } from './common.ts';
import { LEVELS, STRATA, type Epoch } from './fleet.ts';
import type { Ratio } from './ratio.ts';
import { BINS, binOf } from './tail.ts';

/** Digits that a habit must exceed to corroborate others. */
const CORROBORATES = 0.5;
/** Scores from which the parts are told without being asked. */
const TOLD = 2;
/**
 * How the budget is split where nothing is said: many events alone seldom are harm, what several habits say together often is. What speaks alone as a
 * rule, much that leaves or a first step after a long pause, gets most; what is sensitive or outside the remit has company.
 */
const WEIGHTS: Readonly<Record<Channel, number>> = {
  'off-hours': 0.6, sensitive: 1.2, volume: 0.4, export: 3, novelty: 0.6, sequence: 0.7, dormancy: 4, remit: 1, corroboration: 2,
};
/**
 * How many times its own digits a habit may say at most, and a channel those of its strongest: among hours in which hardly anybody has anything
 * sensitive a nightly rotation is rare, but it is no deviation of whoever does it every night.
 */
const MOST_FOLD = 1.5;
/**
 * Parts of the second and the third channel that count beside the strongest: misuse is odd in several ways at once, a harmless storm in one. Their mean,
 * so weighted, goes on a digit a digit in rare hours.
 */
const SECOND = 0.2;
const THIRD = 0.1;
/** Digits from which the sum over 24 h may be of misuse that nobody has judged yet. */
const ODD_SUM = 4;
/** Part of the noise ratio that counts for habits that only agents have: the fleet's hours, not agents', are what they are compared with. */
const AGENTS_RATIO = 0.6;

/** What is compared with the fleet like a habit: the habits, what they say together, and the sum of a day. */
export function compared(habits: number): number { return habits + 2; }
/**
 * Histograms of the fleet, by name and version: what is compared, the channels, the hour as a whole, and the day. Whoever changes what one of them
 * counts gives it another version.
 */
export function histogramsOf(habits: readonly Habit[]): string[] {
  return [...habits.map(({ id, version }) => `${id}@${version}`), 'together@1', 'day-sum@1', ...CHANNELS.map((channel) => `${channel}@1`), 'hour@2', 'day@1'];
}

interface JudgedHabits { all: Habit[]; amount: { deviation(cells: Cells, sums: HourSums, context: HourContext): number } }
/** Shares of the budget by kind and channel. */
export type Weights = Partial<Record<string, Partial<Record<Channel, number>>>>;

/** One hour on its way from raw tails to a score: habits among the fleet, channels among the fleet, the hour among the fleet. */
export class Judgement {
  /** The score, and that of the sum over 24 h. */
  final = 0;
  day = 0;
  /** How far what the hour moved lies off, in standard deviations. */
  deviation = 0;
  /** What the channels show before the shadow of the hours before. */
  readonly shown = new Float64Array(CHANNELS.length);
  readonly #habits: JudgedHabits;
  readonly #common: Common;
  readonly #ratio: Ratio;
  readonly #given: Weights;
  readonly #raw: Float64Array;
  /** By habit: digits among the fleet's hours; among those of its age; after the identity's own ratio. */
  readonly #among: Float64Array;
  readonly #strata: Float64Array;
  readonly #digits: Float64Array;
  readonly #channelOf: number[];
  readonly #channelRaw = new Float64Array(CHANNELS.length);
  readonly #channelDigits = new Float64Array(CHANNELS.length);
  readonly #weights = new Map<string, Float64Array>();
  /** The channel that makes the score; −1 where none does. */
  #strongest = -1;
  #dayRaw = 0;
  #before = 0;

  constructor(habits: JudgedHabits, common: Common, ratio: Ratio, weights: Weights) {
    this.#habits = habits;
    this.#common = common;
    this.#ratio = ratio;
    this.#given = weights;
    const { all } = habits;
    this.#raw = new Float64Array(compared(all.length));
    this.#among = new Float64Array(compared(all.length));
    this.#strata = new Float64Array(compared(all.length));
    this.#digits = new Float64Array(compared(all.length));
    this.#channelOf = all.map((h) => CHANNELS.indexOf(h.channel));
  }

  /** Judges an hour by the rows of its identity. */
  judge(cells: Cells, toolCells: Cells, sums: HourSums, context: HourContext, epoch: Epoch): void {
    const { all } = this.#habits;
    this.#channelRaw.fill(0);
    let together = 0;
    for (let h = 0; h < all.length; h++) {
      const habit = all[h]!;
      const own = habit.tools === true ? toolCells : cells;
      const raw = habit.raw(own, sums, context);
      this.#raw[h] = raw;
      const digits = this.#compare(h, raw, epoch, cells, context, habit.tools === true ? AGENTS_RATIO : 1);
      const channel = this.#channelOf[h]!;
      const strongest = this.#channelRaw[channel]!;
      // Habits of one channel speak of the same thing: all but the strongest count half.
      const before = Math.max(0, strongest - CORROBORATES);
      const more = Math.max(0, digits - CORROBORATES);
      together += digits > strongest ? more - before / 2 : more / 2;
      if (digits > strongest) this.#channelRaw[channel] = digits;
    }
    this.#raw[all.length] = together;
    this.#channelRaw[CORROBORATION] = this.#compare(all.length, together, epoch, cells, context, 1);
    this.deviation = this.#habits.amount.deviation(cells, sums, context);
    const day = this.#common.daySum(cells, context, this.deviation);
    this.#raw[all.length + 1] = day;
    this.#dayRaw = this.#compare(all.length + 1, day, epoch, cells, context, 1);
    this.day = epoch.tails[all.length + 2 + CHANNELS.length + 1]!.at(this.#dayRaw);
    const weights = this.#shares(context.facts.kind);
    let first = 0;
    let second = 0;
    let third = 0;
    let corroborated = 0;
    this.#strongest = -1;
    for (let c = 0; c < CHANNELS.length; c++) {
      this.shown[c] = this.#channelRaw[c]!;
      this.#channelDigits[c] = 0;
      if (this.shown[c] === 0) continue;
      this.#channelRaw[c] = Math.max(0, this.#channelRaw[c]! - this.#common.shadow(cells, c, this.shown[c]!, context));
      const digits = Math.min(MOST_FOLD * this.#channelRaw[c]!, epoch.tails[all.length + 2 + c]!.at(this.#channelRaw[c]!));
      this.#channelDigits[c] = digits;
      const weighted = digits + weights[c]!;
      if (digits === 0 || weighted <= 0) continue;
      if (c === CORROBORATION) {
        corroborated = weighted;
        continue;
      }
      if (weighted > first) this.#strongest = c;
      third = Math.max(third, Math.min(second, weighted));
      second = Math.max(second, Math.min(first, weighted));
      first = Math.max(first, weighted);
    }
    const best = first + SECOND * second + THIRD * third;
    if (corroborated > best) this.#strongest = CORROBORATION;
    this.#before = Math.max(best, corroborated) / (1 + SECOND + THIRD);
    this.final = epoch.tails[all.length + 2 + CHANNELS.length]!.at(this.#before);
  }

  #compare(h: number, raw: number, epoch: Epoch, cells: Cells, context: HourContext, part: number): number {
    if (raw <= 0) {
      this.#among[h] = this.#strata[h] = 0;
      return this.#digits[h] = 0;
    }
    let digits = this.#among[h] = Math.min(MOST_FOLD * raw, epoch.tails[h]!.at(raw));
    const stratum = stratumOf(context.age);
    if (stratum >= 0) digits = Math.max(0, digits - between(epoch.young, (h * STRATA.length + stratum) * LEVELS.length, digits));
    this.#strata[h] = digits;
    digits -= part * this.#ratio.at(cells, h, digits, this.#common.hours(cells));
    return this.#digits[h] = Math.max(0, digits);
  }

  #shares(kind: string): Float64Array {
    let shares = this.#weights.get(kind);
    if (shares === undefined) {
      const given = this.#given[kind] ?? {};
      const parts = CHANNELS.map((c) => given[c] ?? WEIGHTS[c]);
      const sum = parts.reduce((a, b) => a + b, 0);
      this.#weights.set(kind, shares = Float64Array.from(parts, (w) => Math.log10(Math.max(w, 1e-6) / sum * CHANNELS.length)));
    }
    return shares;
  }

  /** Adds the hour to the histograms of its day; into `marks` goes what it added, where it may have to be taken back. */
  mark(sums: { bins: Float64Array; oddSums: number }, unit: number, cells: Cells, context: HourContext, epoch: Epoch, marks: number[] | null): void {
    const { bins } = sums;
    const mark = (histogram: number, x: number, weight: number): void => {
      if (x <= 0) return;
      const at = histogram * BINS + binOf(x);
      bins[at]! += weight;
      if (marks !== null) marks.push(at, weight);
    };
    const habits = this.#raw.length;
    for (let h = 0; h < habits; h++) {
      if (this.#raw[h]! <= 0) continue;
      // A noisy identity counts less, so that it cannot move the fleet.
      const noise = this.#among[h]! - this.#digits[h]!;
      let weight = noise <= 0 ? unit : unit / 10 ** noise;
      if (h === habits - 1 && this.#among[h]! >= ODD_SUM) {
        weight *= epoch.sumShare;
        sums.oddSums++;
      }
      mark(h, this.#raw[h]!, Math.max(1, Math.round(weight)));
    }
    for (let c = 0; c < CHANNELS.length; c++) mark(habits + c, this.#channelRaw[c]!, unit);
    mark(habits + CHANNELS.length, this.#before, unit);
    this.#markDay(bins, unit, cells, context, marks);
  }

  /** Of a sum over 24 h the neighbouring hours say nearly the same: a day counts once, by its highest. */
  #markDay(bins: Float64Array, unit: number, cells: Cells, context: HourContext, marks: number[] | null): void {
    const before = this.#common.highest(cells, context);
    const bin = this.#dayRaw <= 0 ? 0 : Math.min(255, binOf(this.#dayRaw));
    this.#common.setHighest(cells, Math.max(before, bin));
    if (bin <= before) return;
    const first = (this.#raw.length + CHANNELS.length + 1) * BINS;
    bins[first + bin]! += unit;
    marks?.push(first + bin, unit);
    if (before === 0) return;
    bins[first + before]! -= unit;
    marks?.push(first + before, -unit);
  }

  /** Adds the exceedances of a young identity to those of its age. */
  young(sums: { strata: Float64Array; strataHours: Float64Array }, context: HourContext): void {
    const stratum = stratumOf(context.age);
    if (stratum < 0) return;
    sums.strataHours[stratum]! += context.elapsed;
    for (let h = 0; h < this.#raw.length; h++) {
      if (this.#raw[h]! <= 0) continue;
      const digits = this.#among[h]!;
      for (let l = 0; l < LEVELS.length; l++) if (digits >= LEVELS[l]!) sums.strata[(h * STRATA.length + stratum) * LEVELS.length + l]! += 1;
    }
  }

  /** Adds the hour's exceedances to the identity's own. */
  count(cells: Cells): void {
    for (let h = 0; h < this.#raw.length; h++) if (this.#strata[h]! >= LEVELS[0]) this.#ratio.count(cells, h, this.#strata[h]!, 1);
  }

  /** The same as pairs of habit and digits, to be counted later by `recount`. */
  exceedances(): number[] {
    const pairs: number[] = [];
    for (let h = 0; h < this.#raw.length; h++) if (this.#strata[h]! >= LEVELS[0]) pairs.push(h, Math.round(this.#strata[h]! * 100) / 100);
    return pairs;
  }

  /** Counts such pairs (1), or takes them back (−1). */
  recount(cells: Cells, pairs: readonly number[], by: 1 | -1): void {
    for (let i = 0; i < pairs.length; i += 2) this.#ratio.count(cells, pairs[i]!, pairs[i + 1]!, by);
  }

  /** Nothing was judged: an hour that is learned late counts no exceedance. */
  forget(): void {
    this.#raw.fill(0);
    this.#strata.fill(0);
  }

  /** The score and, where it is high or asked for, what makes it. */
  told(cells: Cells, toolCells: Cells, sums: HourSums, context: HourContext, detail: boolean, held: boolean): HourScore {
    const { all } = this.#habits;
    const score = this.final;
    const said: HourScore = {
      score, channel: this.#strongest === -1 ? null : CHANNELS[this.#strongest]!, channels: [], parts: [], readiness: this.#common.readiness(context),
      since: this.#common.since(cells), day: this.day, held,
    };
    if (score < TOLD && !detail) return said;
    for (let c = 0; c < CHANNELS.length; c++) if (this.#channelDigits[c]! > 0) said.channels.push({ id: CHANNELS[c]!, calibrated: this.#channelDigits[c]! });
    for (let h = 0; h < all.length; h++) {
      if (this.#digits[h]! < (detail ? 0.1 : 1)) continue;
      const habit = all[h]!;
      const own = habit.tools === true ? toolCells : cells;
      said.parts.push({ habit: habit.id, channel: habit.channel, raw: this.#raw[h]!, calibrated: this.#digits[h]!, ...habit.tell(own, sums, context) });
    }
    said.parts.sort((a, b) => b.calibrated - a.calibrated || (a.habit < b.habit ? -1 : 1));
    return said;
  }
}

const CORROBORATION = CHANNELS.indexOf('corroboration');

function stratumOf(age: number): number {
  for (let s = 0; s < STRATA.length; s++) if (age < STRATA[s]!) return s;
  return -1;
}

/** A ratio known at the levels, at any digits between: 0 at none, constant beyond the last. */
function between(ratios: Float64Array, first: number, digits: number): number {
  let level = 0;
  let low = 0;
  for (let l = 0; l < LEVELS.length; l++) {
    const high = ratios[first + l]!;
    if (digits < LEVELS[l]!) return low + (high - low) * (digits - level) / (LEVELS[l]! - level);
    level = LEVELS[l]!;
    low = high;
  }
  return low;
}
