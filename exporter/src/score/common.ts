import { CHANNELS, type Cells, type Claim, type HourContext, type Millis, type Readiness } from '@remit/contract';

const HOUR: Millis = 3_600_000;
/** Half-life of what is counted: half the age, from half a week to eight weeks, so that a beginning is soon forgotten. */
const HALF_LIFE = { least: 84, most: 8 * 168 };
const DAY = 24;
/** Hours of age, and active hours among them, from which an identity is judged by its own past. */
const READY = { age: 7 * DAY, active: 6, old: 28 * DAY };
/** Silence in hours after which the past may not hold. */
const STALE = 28 * DAY;
/** A deviation of one hour counts this much at most in the sum of a day, up or down. */
const MOST = 4;
/** The sum of a day is read against this many hours at least. */
const HOURS_LEAST = 3;
/** Part of a deviation that stands for the hours after it: one trouble of several hours is one surprise. What exceeds it by so many digits is another. */
const SHADOW = 0.6;
const BEYOND = 1.5;
const SHADOW_STEP = 16;

/** What every row begins with: when the identity was active, and how far off what it moved of late is. */
export class Common {
  #hours = 0; #active = 0; #first = 0; #last = 0; #tools = 0; #longest = 0; #sum = 0; #weight = 0; #shadow = 0; #highest = 0;

  claim(cells: Claim): void {
    this.#hours = cells.f32(1);
    this.#active = cells.f32(1);
    this.#sum = cells.f32(1);
    this.#weight = cells.f32(1);
    this.#first = cells.u32(1);
    this.#last = cells.u32(1);
    this.#tools = cells.u32(1);
    this.#longest = cells.u16(1);
    this.#shadow = cells.u8(CHANNELS.length);
    this.#highest = cells.u8(1);
  }

  /** Identity-hours since the first, decayed. */
  hours(cells: Cells): number { return cells.f32[cells.word + this.#hours]!; }
  /** Hour of the first close since the epoch; 0 before it. */
  first(cells: Cells): number { return cells.u32[cells.word + this.#first]!; }
  toolRow(cells: Cells): number { return cells.u32[cells.word + this.#tools]!; }
  setToolRow(cells: Cells, number: number): void { cells.u32[cells.word + this.#tools] = number; }
  since(cells: Cells): Millis | null {
    const first = this.first(cells);
    return first === 0 ? null : first * HOUR;
  }

  /** Fills what the row knows of time. */
  read(cells: Cells, hour: number, context: HourContext): void {
    const { word } = cells;
    const first = cells.u32[word + this.#first]!;
    const last = cells.u32[word + this.#last]!;
    context.hour = hour;
    context.slot = (hour + 72) % 168;
    context.age = first === 0 ? 0 : Math.max(0, hour - first);
    context.since = last === 0 ? 0 : Math.max(0, hour - last);
    context.longest = cells.u16[cells.half + this.#longest]!;
    context.elapsed = last === 0 ? 1 : context.since;
    context.decay = 0.5 ** (context.elapsed / Math.max(HALF_LIFE.least, Math.min(HALF_LIFE.most, context.age / 2)));
    context.active = cells.f32[word + this.#active]! * context.decay;
  }

  /**
   * Digits of a channel that hours before have shown already and that say nothing new: a part of the strongest, fading within a day,
   * and the less of it the more the hour's own `digits` go beyond that.
   */
  shadow(cells: Cells, channel: number, digits: number, context: HourContext): number {
    const recent = this.#recent(cells, channel, context);
    return SHADOW * recent * Math.max(0, Math.min(1, 1 - (digits - recent) / BEYOND));
  }

  #recent(cells: Cells, channel: number, { since }: HourContext): number {
    return cells.u8[cells.byte + this.#shadow + channel]! / SHADOW_STEP * Math.max(0, 1 - since / DAY);
  }

  /** What the hour's channels showed, before any shadow; only an hour that stands `out` casts one of its own. Call before `advance`. */
  cast(cells: Cells, channels: Float64Array, context: HourContext, out: boolean): void {
    for (let c = 0; c < channels.length; c++) {
      const strongest = Math.max(this.#recent(cells, c, context), out ? channels[c]! : 0);
      cells.u8[cells.byte + this.#shadow + c] = Math.min(255, Math.round(strongest * SHADOW_STEP));
    }
  }

  /** The highest bin that the sum of 24 h has reached on this hour's day so far; 0 before anything. */
  highest(cells: Cells, { hour, since }: HourContext): number {
    return Math.floor(hour / DAY) === Math.floor((hour - since) / DAY) ? cells.u8[cells.byte + this.#highest]! : 0;
  }

  setHighest(cells: Cells, bin: number): void { cells.u8[cells.byte + this.#highest] = Math.min(255, bin); }

  /** The hour is over, whether it is learned or not. */
  advance(cells: Cells, context: HourContext, deviation: number): void {
    const { word } = cells;
    if (cells.u32[word + this.#first] === 0) cells.u32[word + this.#first] = context.hour;
    cells.u32[word + this.#last] = Math.max(cells.u32[word + this.#last]!, context.hour);
    cells.f32[word + this.#hours] = cells.f32[word + this.#hours]! * context.decay + context.elapsed;
    cells.f32[word + this.#active] = context.active;
    const keep = 0.5 ** (context.since / DAY);
    cells.f32[word + this.#sum] = cells.f32[word + this.#sum]! * keep + bounded(deviation);
    cells.f32[word + this.#weight] = cells.f32[word + this.#weight]! * keep * keep + (deviation === 0 ? 0 : 1);
  }

  learned(cells: Cells, context: HourContext): void {
    cells.f32[cells.word + this.#active]! += 1;
    const gap = context.since - 1;
    if (gap > cells.u16[cells.half + this.#longest]!) cells.u16[cells.half + this.#longest] = Math.min(65_535, gap);
  }

  /** How far what was moved of late, with a half-life of 24 hours, lies above expectation, in standard deviations; 0 where it does not. */
  daySum(cells: Cells, { since }: HourContext, deviation: number): number {
    const keep = 0.5 ** (since / DAY);
    const sum = cells.f32[cells.word + this.#sum]! * keep + bounded(deviation);
    const weight = cells.f32[cells.word + this.#weight]! * keep * keep + (deviation === 0 ? 0 : 1);
    return sum <= 0 ? 0 : sum / Math.sqrt(Math.max(weight, HOURS_LEAST));
  }

  readiness(context: HourContext): Readiness {
    if (context.since > Math.max(STALE, 2 * context.longest)) return 'stale';
    return context.age >= READY.old || (context.age >= READY.age && context.active >= READY.active) ? 'ready' : 'warming';
  }

  /** Removes what is no part of the digest. */
  blank(row: Uint8Array): void { row.fill(0, this.#tools * 4, this.#tools * 4 + 4); }
}

function bounded(deviation: number): number { return Math.max(-MOST, Math.min(MOST, deviation)); }
