import type { Cells, Claim, Millis } from '@remit/contract';

const HOUR: Millis = 3_600_000;
/** Days of age, and days with activity among them, that an approval needs. */
const LEAST = { age: 21, days: 4 };
/** Weeks that are remembered since the approval, and days that growth is given to show itself. */
const WEEKS = 8;
const GROWING = 28;
/** Growth a day, as a logarithm: what is looked for, and what two months of ordinary business may bring. */
const DRIFT = Math.log(1.02);
const ORGANIC = { daily: 0.003, days: 60 };
/** Days of one weekday that its mean remembers. */
const MEMORY = 8;
/** Variance between days that is assumed at first, days that this is worth while days are bounded, and while they are judged; days whose variance is remembered. */
const SPREAD = 0.15;
const DOUBT = { bounding: 5, judging: 3 };
const SPREAD_DAYS = 56;
/** A day counts up to so many standard deviations, and an hour up to so many: storms and backlogs are no drift. */
const MOST_DAY = 3;
const MOST_HOUR = 4;
/**
 * A level has drifted when growth explains the days since its approval fifty times better than ordinary business does: were days
 * normal, at most two of 100 conforming identities would ever come that far (Ville's inequality). Days are not, and fewer than five do in a year.
 */
const ODDS = Math.log(50);
/** Fixed point of what is remembered: logarithms of a day, sums of a week's deviations, of their squares. */
const LEVEL = { step: 2_048, zero: 1 };
const SUM = { step: 1_000, zero: 32 };
const SQUARES = 512;
const U16 = 65_535;

/** What the volume of an identity is like: mean of an active hour (0 where it never was active), of any active hour, spread around them. */
export interface Volume { mean(cells: Cells, slot: number): number; typical(cells: Cells): number; spread(cells: Cells): number }

/**
 * Events of a day, now against a reference that its owner approved and that stands still: a moving baseline never sees two per cent a day.
 * Every day is compared with the same day of the week as approved, in the spread of this identity's own days; days without any
 * activity say nothing. What is asked is which is likelier: growth of 2 % a day that began at the turn of some week, four at
 * least ago, or none but that of ordinary business. The approved level itself is known no better than the days before allow.
 */
export class Reference {
  #squares = 0; #today = 0; #approved = 0; #sums = 0; #squared = 0; #levels = 0; #day = 0; #newest = 0; #days = 0; #known = 0; #freedom = 0;
  readonly #weeks: Week[] = Array.from({ length: WEEKS + 1 }, () => ({ at: 0, days: 0, sum: 0, squares: 0 }));
  #used = 0;

  claim(cells: Claim): void {
    this.#squares = cells.f32(1);
    this.#today = cells.f32(1);
    this.#approved = cells.u32(1);
    // By week since the approval: deviations in all, their squares.
    this.#sums = cells.u16(WEEKS);
    this.#squared = cells.u16(WEEKS);
    // By day of the week; the day that is not over; the latest week.
    this.#levels = cells.u16(7);
    this.#day = cells.u16(1);
    this.#newest = cells.u16(1);
    this.#days = cells.u8(WEEKS);
    this.#known = cells.u8(7);
    this.#freedom = cells.u8(1);
  }

  /** Adds a closed hour, before it is learned. `volume`: what the identity's volume is like now. */
  count(cells: Cells, hour: number, events: number, volume: Volume): void {
    const day = Math.floor(hour / 24);
    if (day > cells.u16[cells.half + this.#day]!) {
      this.#end(cells);
      cells.u16[cells.half + this.#day] = day;
    }
    const mean = volume.mean(cells, (hour + 72) % 168) || volume.typical(cells);
    const most = mean === 0 ? events : mean + MOST_HOUR * Math.sqrt(mean + volume.spread(cells) * mean * mean);
    cells.f32[cells.word + this.#today]! += Math.min(events, most);
  }

  /** The day that was counted is over: it is learned, or compared with what was approved. */
  #end(cells: Cells): void {
    const { word, half, byte } = cells;
    const total = cells.f32[word + this.#today]!;
    cells.f32[word + this.#today] = 0;
    if (total <= 0) return;
    const day = cells.u16[half + this.#day]!;
    const log = Math.log(total + 0.5);
    if (cells.u32[word + this.#approved] === 0) {
      this.#learn(cells, weekday(day), log);
      return;
    }
    const off = this.#off(cells, day, log);
    if (off === null) {
      this.#setLevel(cells, weekday(day), log - this.#now(cells, day));
      cells.u8[byte + this.#known + weekday(day)] = 1;
      return;
    }
    const place = this.#turn(cells, day);
    cells.u16[half + this.#sums + place] = pack((cells.u16[half + this.#sums + place]! / SUM.step) + off, SUM.step);
    cells.u16[half + this.#squared + place] = pack(cells.u16[half + this.#squared + place]! / SQUARES + off * off, SQUARES);
    cells.u8[byte + this.#days + place]! += 1;
  }

  #learn(cells: Cells, at: number, log: number): void {
    const { word, byte } = cells;
    const known = cells.u8[byte + this.#known + at]!;
    if (known === 0) {
      this.#setLevel(cells, at, log);
      cells.u8[byte + this.#known + at] = 1;
      return;
    }
    const share = known / (known + 1);
    const freedom = cells.u8[byte + this.#freedom]!;
    const squares = cells.f32[word + this.#squares]!;
    const most = freedom < 4 ? Infinity : MOST_DAY * Math.sqrt((squares + DOUBT.bounding * SPREAD) / (freedom + DOUBT.bounding) / share);
    const level = this.#level(cells, at);
    const off = Math.max(-most, Math.min(most, log - level));
    const keep = freedom >= SPREAD_DAYS ? 1 - 1 / SPREAD_DAYS : 1;
    cells.f32[word + this.#squares] = squares * keep + off * off * share;
    cells.u8[byte + this.#freedom] = Math.min(SPREAD_DAYS, freedom + 1);
    this.#setLevel(cells, at, level + off / Math.min(known + 1, MEMORY));
    cells.u8[byte + this.#known + at] = Math.min(MEMORY, known + 1);
  }

  /** How far a day lies off the approved one, as a logarithm, within what counts; null where that weekday was never active. */
  #off(cells: Cells, day: number, log: number): number | null {
    const at = weekday(day);
    if (cells.u8[cells.byte + this.#known + at] === 0) return null;
    const sd = Math.sqrt((cells.f32[cells.word + this.#squares]! + DOUBT.judging * SPREAD) / (cells.u8[cells.byte + this.#freedom]! + DOUBT.judging));
    const since = Math.max(0, Math.min(WEEKS * 7, day - this.#approvedDay(cells)));
    return Math.max(-MOST_DAY * sd, Math.min(DRIFT * since + MOST_DAY * sd, log - this.#level(cells, at)));
  }

  /** The place of the day's week; weeks that have gone out of sight make room. */
  #turn(cells: Cells, day: number): number {
    const week = weekOf(day, this.#approvedDay(cells));
    const newest = cells.u16[cells.half + this.#newest]!;
    for (let w = Math.max(newest + 1, week - WEEKS + 1); w <= week; w++) this.#clear(cells, w % WEEKS);
    if (week > newest) cells.u16[cells.half + this.#newest] = week;
    return week % WEEKS;
  }

  #clear(cells: Cells, place: number): void {
    cells.u16[cells.half + this.#sums + place] = SUM.zero * SUM.step;
    cells.u16[cells.half + this.#squared + place] = 0;
    cells.u8[cells.byte + this.#days + place] = 0;
  }

  /** Takes what is usual now as the reference. False while too little is known: three weeks, and four days with activity at least. */
  approve(cells: Cells, hour: number, age: number): boolean {
    const { word, half, byte } = cells;
    const day = Math.floor(hour / 24);
    let days = 0;
    for (let at = 0; at < 7; at++) days += cells.u8[byte + this.#known + at]!;
    if (age < LEAST.age * 24 || days < LEAST.days) return false;
    if (cells.u16[half + this.#day]! < day) this.#end(cells);
    const now = cells.u32[word + this.#approved]! > 0 ? this.#now(cells, day) : 0;
    for (let at = 0; at < 7; at++) if (cells.u8[byte + this.#known + at]! > 0) this.#setLevel(cells, at, this.#level(cells, at) + now);
    for (let place = 0; place < WEEKS; place++) this.#clear(cells, place);
    cells.u16[half + this.#newest] = 0;
    cells.u32[word + this.#approved] = hour;
    return true;
  }

  /** Now against the approved reference, 1 when alike; null without one, or without activity to compare. */
  level(cells: Cells, hour: number): { ratio: number; drifted: boolean; approved: Millis } | null {
    const approved = cells.u32[cells.word + this.#approved]!;
    if (approved === 0) return null;
    const day = Math.floor(hour / 24);
    this.#gather(cells, day);
    if (this.#used === 0) return null;
    return { ratio: Math.exp(this.#recent()), drifted: this.#drifted(cells, day - Math.floor(approved / 24)), approved: approved * HOUR };
  }

  #drifted(cells: Cells, since: number): boolean {
    if (since < GROWING) return false;
    let before = 0;
    for (let at = 0; at < 7; at++) before += cells.u8[cells.byte + this.#known + at]!;
    const freedom = cells.u8[cells.byte + this.#freedom]! + DOUBT.judging;
    const own = cells.f32[cells.word + this.#squares]! + DOUBT.judging * SPREAD;
    let days = 0;
    for (let i = 0; i < this.#used; i++) days += this.#weeks[i]!.days;
    const still = Math.log(own + this.#residue(Infinity, before));
    let odds = 0;
    let begun = 0;
    for (let onset = Math.max(0, weekOf(since, 0) - WEEKS + 1) * 7; onset <= since - GROWING; onset += 7) {
      odds += Math.exp(Math.min(100, (freedom + days) / 2 * (still - Math.log(own + this.#residue(onset, before)))));
      begun++;
    }
    return begun > 0 && Math.log(odds / begun) >= ODDS;
  }

  /** Squares that are left when growth began on this day since the approval, where so many days before it say what the level was. */
  #residue(onset: number, before: number): number {
    let squares = 0;
    let sum = 0;
    let days = before;
    for (let i = 0; i < this.#used; i++) {
      const week = this.#weeks[i]!;
      const due = week.at <= onset ? organic(week.at) : organic(onset) + DRIFT * (week.at - onset);
      squares += week.squares - 2 * due * week.sum + week.days * due * due;
      sum += week.sum - week.days * due;
      days += week.days;
    }
    return Math.max(0, squares - sum * sum / days);
  }

  /** Deviation of late: of this week and the last that had any activity. */
  #recent(): number {
    let sum = 0;
    let days = 0;
    for (let i = Math.max(0, this.#used - 2); i < this.#used; i++) {
      sum += this.#weeks[i]!.sum;
      days += this.#weeks[i]!.days;
    }
    return days === 0 ? 0 : sum / days;
  }

  #now(cells: Cells, day: number): number {
    this.#gather(cells, day);
    return this.#recent();
  }

  /** Reads the weeks with activity, the day included that is over and not yet added. */
  #gather(cells: Cells, today: number): void {
    const { half, byte } = cells;
    const start = this.#approvedDay(cells);
    const newest = cells.u16[half + this.#newest]!;
    this.#used = 0;
    for (let w = Math.max(0, newest - WEEKS + 1); w <= newest; w++) {
      const days = cells.u8[byte + this.#days + w % WEEKS]!;
      if (days > 0) this.#put(w, days, cells.u16[half + this.#sums + w % WEEKS]! / SUM.step - SUM.zero, cells.u16[half + this.#squared + w % WEEKS]! / SQUARES, today - start);
    }
    const day = cells.u16[half + this.#day]!;
    const total = cells.f32[cells.word + this.#today]!;
    if (total <= 0 || day >= today) return;
    const off = this.#off(cells, day, Math.log(total + 0.5));
    if (off === null) return;
    const last = this.#weeks[this.#used - 1];
    const week = weekOf(day, start);
    if (this.#used > 0 && last!.at >= week * 7) {
      last!.days++;
      last!.sum += off;
      last!.squares += off * off;
    } else this.#put(week, 1, off, off * off, today - start);
  }

  /** A week stands at its middle, as far as it has come. */
  #put(week: number, days: number, sum: number, squares: number, since: number): void {
    const into = this.#weeks[this.#used++]!;
    into.at = (week * 7 + Math.min(week * 7 + 6, Math.max(week * 7, since - 1))) / 2;
    into.days = days;
    into.sum = sum;
    into.squares = squares;
  }

  #approvedDay(cells: Cells): number { return Math.floor(cells.u32[cells.word + this.#approved]! / 24); }
  #level(cells: Cells, at: number): number { return cells.u16[cells.half + this.#levels + at]! / LEVEL.step - LEVEL.zero; }
  #setLevel(cells: Cells, at: number, log: number): void { cells.u16[cells.half + this.#levels + at] = pack(log + LEVEL.zero, LEVEL.step); }
}

interface Week { at: number; days: number; sum: number; squares: number }

function organic(day: number): number { return ORGANIC.daily * Math.min(ORGANIC.days, day); }
function weekday(day: number): number { return (day + 3) % 7; }
function weekOf(day: number, start: number): number { return Math.max(0, Math.floor((day - start) / 7)); }
function pack(value: number, step: number): number { return Math.max(0, Math.min(U16, Math.round(value * step))); }
