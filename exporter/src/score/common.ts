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
const SCALE = 24;
/** Part of a deviation that stands for the hours after it: one trouble of several hours is one surprise. */
const SHADOW = 0.6;
const SHADOW_STEP = 16;

/** What every row begins with: when the identity was active, and how much was moved in the last 24 hours. */
export class Common {
  #hours = 0; #active = 0; #first = 0; #last = 0; #tools = 0; #longest = 0; #ring = 0; #ringHour = 0; #shadow = 0; #highest = 0;

  claim(cells: Claim): void {
    this.#hours = cells.f32(1);
    this.#active = cells.f32(1);
    this.#first = cells.u32(1);
    this.#last = cells.u32(1);
    this.#tools = cells.u32(1);
    this.#ringHour = cells.u32(1);
    this.#longest = cells.u16(1);
    this.#ring = cells.u8(DAY);
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

  /** Digits of a channel that hours before have shown already and that say nothing new: a part of the strongest, fading within a day. */
  shadow(cells: Cells, channel: number, context: HourContext): number {
    return SHADOW * this.#recent(cells, channel, context);
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
    this.#turn(cells, context.hour);
    if (deviation !== 0) cells.u8[cells.byte + this.#ring + context.hour % DAY] = pack(deviation);
  }

  learned(cells: Cells, context: HourContext): void {
    cells.f32[cells.word + this.#active]! += 1;
    const gap = context.since - 1;
    if (gap > cells.u16[cells.half + this.#longest]!) cells.u16[cells.half + this.#longest] = Math.min(65_535, gap);
  }

  /** How far what was moved in the last 24 hours lies above expectation, in digits of a normal tail; 0 where nothing was. */
  daySum(cells: Cells, hour: number, deviation: number): number {
    let sum = 0;
    let n = 0;
    const ringHour = cells.u32[cells.word + this.#ringHour]!;
    for (let back = 1; back < DAY; back++) {
      const at = hour - back;
      if (at > ringHour || at <= ringHour - DAY) continue;
      const packed = cells.u8[cells.byte + this.#ring + at % DAY]!;
      if (packed === 0) continue;
      sum += unpack(packed);
      n++;
    }
    if (deviation !== 0) {
      sum += Math.max(-MOST, Math.min(MOST, deviation));
      n++;
    }
    const z = sum / Math.sqrt(Math.max(n, HOURS_LEAST));
    return z <= 0 ? 0 : z;
  }

  #turn(cells: Cells, hour: number): void {
    const at = cells.word + this.#ringHour;
    const from = Math.max(cells.u32[at]! + 1, hour - DAY + 1);
    for (let h = from; h <= hour; h++) cells.u8[cells.byte + this.#ring + h % DAY] = 0;
    cells.u32[at] = Math.max(cells.u32[at]!, hour);
  }

  readiness(context: HourContext): Readiness {
    if (context.since > Math.max(STALE, 2 * context.longest)) return 'stale';
    return context.age >= READY.old || (context.age >= READY.age && context.active >= READY.active) ? 'ready' : 'warming';
  }

  /** Removes what is no part of the digest. */
  blank(row: Uint8Array): void { row.fill(0, this.#tools * 4, this.#tools * 4 + 4); }
}

function pack(deviation: number): number { return Math.max(1, Math.min(255, Math.round(deviation * SCALE) + 128)); }
function unpack(packed: number): number { return (packed - 128) / SCALE; }
