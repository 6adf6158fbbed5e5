import { BINS, Tail } from './tail.ts';
import { dense, sparse } from './peers.ts';

/** Half-life in days: a part of the fleet's age, from one day to eight weeks, so that its beginning is soon forgotten. */
const HALF_LIFE = { least: 1, most: 56, part: 1 / 4 };
const KEPT = 4;
/** Ages in hours up to which an identity is compared with others as young: first day, first week. */
export const STRATA = [24, 168] as const;
/**
 * How much more often the young are taken to exceed, by stratum and level, until they have shown it: of L hours of its own past
 * an identity can know no chance below 1 in L.
 */
const YOUNG = [[4, 24, 144], [1, 6, 36]] as const;
/** Levels at which exceedances are counted, as digits. */
export const LEVELS = [2, 3, 4] as const;
/** Quiet days of the whole fleet that are passed one by one; more are passed at once. */
const LEAP = 64;
/** Days that a late hour may lie before all that is kept, and still be compared with that. */
const LATE = 28;
const PARTS = ['bins', 'strata', 'strataHours'] as const;
/** Hours held count together as this part of what a conforming fleet makes of such hours, until somebody has judged them. */
const HELD = 0.6;
/** Hours of doubt in a ratio. */
const DOUBT = 3;

/** Sums of one day, or decayed ones up to a day: histograms, hours, how many of them are held, how many deviate by the sum over 24 h, exceedances of the young. */
interface Sums { days: number; hours: number; held: number; oddSums: number; bins: Float64Array; strata: Float64Array; strataHours: Float64Array }

/** What hours of a day read: frozen. */
export interface Epoch {
  tails: Tail[];
  /** log10 of the ratio by which the young exceed, by histogram, stratum, level. */
  young: Float64Array;
  /** Whether the fleet was seen for two weeks: only then has an odd Monday been told from the first one, and are there older ones that the young can be compared with. */
  grown: boolean;
  /** Share of held hours that counts, so that attacks left alone do not become normal. */
  heldShare: number;
  /** The same of hours that deviate by the sum over 24 h, as many as a conforming fleet makes: a drip of days that nobody judges is not normal either. */
  sumShare: number;
  hours: number;
}

/**
 * The fleet's histograms of surprise, one for each habit, channel and final score: whole numbers that add up in a day, read as
 * frozen epochs of the days up to D − 2, with a half-life of eight weeks.
 */
export class Fleet {
  readonly #names: readonly string[];
  readonly #days = new Map<number, Sums>();
  readonly #epochs = new Map<number, Epoch>();
  /** What the epochs still read were made of. */
  readonly #kept = new Map<number, Sums>();
  #frozen: Sums;
  #nothing: Epoch | null = null;
  #last = NaN;
  /** Called for every day frozen, in order. */
  readonly #also: (day: number) => void;

  constructor(names: readonly string[], also: (day: number) => void) {
    this.#names = names;
    this.#frozen = this.#empty();
    this.#also = also;
  }

  /** The epoch that hours of this day read, and its number. */
  at(day: number): { epoch: Epoch; number: number } {
    if (Number.isNaN(this.#last)) this.#start(day - 2);
    if (day - 2 - this.#last > LEAP) this.#leap(day - 2 - LEAP);
    while (this.#last < day - 2) this.#freeze(this.#last + 1, day - 3 - this.#last < KEPT);
    let number = day - 2;
    // What came a month and more after it, a late hour of long ago is not compared with.
    if (number < this.#last - LATE) return { epoch: this.#nothing ??= this.#epoch(this.#empty()), number };
    while (!this.#epochs.has(number) && number < this.#last) number++;
    return { epoch: this.#epochs.get(number)!, number };
  }

  /** The epoch that such hours would read as far as days have gone, or null before the first. Looking ahead ends no day: history may still come for it. */
  seen(day: number): { epoch: Epoch; number: number } | null {
    if (Number.isNaN(this.#last)) return null;
    let number = Math.max(this.#last - KEPT, Math.min(day - 2, this.#last));
    while (!this.#epochs.has(number) && number < this.#last) number++;
    return { epoch: this.#epochs.get(number)!, number };
  }

  #start(day: number): void {
    this.#last = day;
    this.#keep(day);
  }

  #keep(day: number): void {
    this.#kept.set(day, { ...this.#frozen, bins: this.#frozen.bins.slice(), strata: this.#frozen.strata.slice(), strataHours: this.#frozen.strataHours.slice() });
    this.#epochs.set(day, this.#epoch(this.#frozen));
    for (const old of this.#epochs.keys()) if (old <= day - KEPT) {
      this.#epochs.delete(old);
      this.#kept.delete(old);
    }
  }

  /** Long silence of the whole fleet: only the days with something in them are frozen one by one. */
  #leap(to: number): void {
    for (const day of [...this.#days.keys()].filter((d) => d <= to).sort((a, b) => a - b)) {
      this.#fade(day - 1 - this.#last);
      this.#freeze(day, false);
    }
    this.#fade(to - this.#last);
    this.#last = to;
  }

  #fade(days: number): void {
    const frozen = this.#frozen;
    const keep = keepDays(frozen.days, Math.max(0, days));
    frozen.hours *= keep;
    frozen.held *= keep;
    frozen.oddSums *= keep;
    for (const part of PARTS) for (let i = 0; i < frozen[part].length; i++) frozen[part][i]! *= keep;
    this.#last += days;
  }

  #freeze(day: number, kept: boolean): void {
    const sums = this.#days.get(day);
    const frozen = this.#frozen;
    const keep = keepDays(frozen.days, 1);
    if (frozen.hours > 0 || sums !== undefined) frozen.days++;
    frozen.hours = frozen.hours * keep + (sums?.hours ?? 0);
    frozen.held = frozen.held * keep + (sums?.held ?? 0);
    frozen.oddSums = frozen.oddSums * keep + (sums?.oddSums ?? 0);
    for (const part of PARTS) {
      const into = frozen[part];
      const from = sums?.[part];
      for (let i = 0; i < into.length; i++) into[i] = into[i]! * keep + (from === undefined ? 0 : from[i]!);
    }
    this.#days.delete(day);
    this.#also(day);
    this.#last = day;
    if (kept) this.#keep(day);
  }

  #epoch({ days, hours, held, oddSums, bins, strata, strataHours }: Sums): Epoch {
    const tails = Array.from({ length: this.#names.length }, (_, h) => new Tail(bins.subarray(h * BINS, (h + 1) * BINS), hours, h >= this.#names.length - 2));
    const young = new Float64Array(strata.length);
    for (let i = 0; i < strata.length; i += LEVELS.length) {
      const stratum = (i / LEVELS.length) % STRATA.length;
      const n = strataHours[stratum]!;
      const taken = YOUNG[stratum]!;
      let ratio = 1;
      LEVELS.forEach((level, l) => {
        const before = ratio * taken[l]! / (taken[l - 1] ?? 1);
        ratio = Math.max(0.5, Math.min((strata[i + l]! + DOUBT * before) / (n * 10 ** -level + DOUBT), 6 * ratio));
        young[i + l] = Math.log10(ratio);
      });
    }
    const share = (due: number, odd: number): number => Math.min(1, (due * hours * 1e-4 + 3) / Math.max(odd, 1));
    return { tails, young, grown: days * 24 >= 2 * STRATA.at(-1)!, heldShare: share(HELD, held), sumShare: share(1, oddSums), hours };
  }

  /** Sums that an hour of this day adds to; a day frozen long ago adds to the first that is not. */
  adding(day: number): Sums {
    const to = day > this.#last || Number.isNaN(this.#last) ? day : this.#last + 1;
    let sums = this.#days.get(to);
    if (sums === undefined) this.#days.set(to, sums = this.#empty());
    return sums;
  }

  #empty(): Sums {
    const strata = this.#names.length * STRATA.length * LEVELS.length;
    return { days: 0, hours: 0, held: 0, oddSums: 0, bins: new Float64Array(this.#names.length * BINS), strata: new Float64Array(strata), strataHours: new Float64Array(STRATA.length) };
  }

  save(): unknown {
    return {
      names: this.#names, last: Number.isNaN(this.#last) ? null : this.#last, frozen: packed(this.#frozen),
      days: [...this.#days].sort((a, b) => a[0] - b[0]).map(([day, sums]) => [day, packed(sums)]),
      kept: [...this.#kept].map(([day, sums]) => [day, packed(sums)]),
    };
  }

  /**
   * Takes back what `save` gave. What counted under other names says nothing of these, and a tail that nothing is known of would take every hour for
   * rare: then nothing is taken back, the fleet is new, and this says false.
   */
  restore(saved: unknown): boolean {
    const { names, last, frozen, days, kept } = saved as { names?: string[]; last: number | null; frozen: Packed; days: [number, Packed][]; kept: [number, Packed][] };
    if (names?.join() !== this.#names.join() || last === null) return false;
    this.#frozen = this.#unpacked(frozen);
    this.#last = last;
    for (const [day, sums] of days) this.#days.set(day, this.#unpacked(sums));
    for (const [day, sums] of kept) {
      this.#kept.set(day, this.#unpacked(sums));
      this.#epochs.set(day, this.#epoch(this.#kept.get(day)!));
    }
    return true;
  }

  #unpacked(sums: Packed): Sums {
    const empty = this.#empty();
    return {
      hours: sums[0], held: sums[1], bins: dense(sums[2], empty.bins.length), strata: dense(sums[3], empty.strata.length),
      strataHours: dense(sums[4], empty.strataHours.length), days: sums[5], oddSums: sums[6] ?? 0,
    };
  }
}

type Packed = [number, number, number[], number[], number[], number, number?];
function packed(sums: Sums): Packed { return [sums.hours, sums.held, sparse(sums.bins), sparse(sums.strata), sparse(sums.strataHours), sums.days, sums.oddSums]; }

function keepDays(age: number, days: number): number { return 0.5 ** (days / Math.max(HALF_LIFE.least, Math.min(HALF_LIFE.most, age * HALF_LIFE.part))); }
