import type { Cells, Channel, Claim, ClaimSums, Habit, HabitText, HourContext, HourSums } from '@remit/contract';
import { clocksMoved, STILL } from './clocks.ts';
import { cellOf, ONES, WEEK, weekOf } from './time.ts';

/** Weeks that are remembered, one bit each. */
const WEEKS = 16;
/** A neighbouring hour's habit counts for this much: jitter. And where clocks have just moved: it is as good as the hour itself. */
const NEIGHBOUR = 0.08;
const MOVED = 1;
/** Hours of the peers' habit that a new identity starts from. */
const PEER_HOURS = 12;
/** Hours of peers below which they say nothing. */
const PEERS_LEAST = 2_000;
/** First times in an hour of the week, of peers, from which it counts when they come; and how many of them are taken to come at any time. */
const FIRSTS_LEAST = 30;
const FIRSTS_EVEN = 15;
const CELLS = 48;
/** Age in hours from which an hour of the week without activity is one that never was active. */
const KNOWN = 3 * WEEK;
/** Weeks of past below which it says nothing to count them. */
const TOLD_WEEKS = 2;
/** Share of active hours that is assumed where neither past nor peers say anything. */
const BLIND = 0.05;

/**
 * When something is done: the chance that this hour of the week holds any of it, from a bit an hour for 16 weeks, shrunk from all
 * hours to the hour of the day (working days and weekends apart) to the hour of the week.
 */
export class Rhythm implements Habit {
  readonly version = 1;
  readonly id: string;
  readonly channel: Channel;
  readonly #what: string;
  readonly #count: (sums: HourSums) => number;
  readonly #given: Rhythm | undefined;
  #bits = 0; #week = 0; #total = 0; #hours = 0; #slots = 0; #active = 0; #firsts = 0; #first = 0;

  /** `given`: only what this says beyond that rhythm counts, so that one odd hour is no evidence twice. */
  constructor(id: string, channel: Channel, what: string, count: (sums: HourSums) => number, given?: Rhythm) {
    this.#given = given;
    this.id = id;
    this.channel = channel;
    this.#what = what;
    this.#count = count;
  }

  claim(cells: Claim, sums: ClaimSums): void {
    this.#week = cells.u32(1);
    this.#total = cells.u32(1);
    this.#bits = cells.u16(WEEK);
    this.#hours = sums.sums(1);
    this.#active = sums.sums(1);
    this.#slots = sums.sums(WEEK);
    this.#firsts = sums.sums(1);
    this.#first = sums.sums(CELLS);
  }

  raw(cells: Cells, sums: HourSums, context: HourContext): number {
    if (this.#count(sums) === 0) return 0;
    const given = this.#given === undefined ? 1 : this.#given.chance(cells, context);
    return Math.max(0, -Math.log10(this.chance(cells, context) / given));
  }

  /** The probability in (0, 1] that such an hour is active, for the doubt that clocks have `moved`. */
  chance(cells: Cells, context: HourContext, moved = true): number {
    const { slot } = context;
    const { later, earlier } = moved ? clocksMoved(context.hour) : STILL;
    const { peers } = context;
    const hours = peers.sum(this.#hours, this.#hours, PEERS_LEAST);
    const rate = hours > 0 ? (peers.sum(this.#active, this.#hours, PEERS_LEAST) + 1) / (hours + 20) : BLIND;
    const own = this.#slotChance(cells, context, slot, hours, rate) * (this.#never(cells, context) ? this.#risk(context) : 1);
    // What comes every week is not made likelier by its neighbours.
    if (own >= Math.max(earlier ? MOVED : NEIGHBOUR, later ? MOVED : NEIGHBOUR)) return Math.min(1, own);
    const after = this.#slotChance(cells, context, (slot + 1) % WEEK, hours, rate) * (earlier ? MOVED : NEIGHBOUR);
    const before = this.#slotChance(cells, context, (slot + WEEK - 1) % WEEK, hours, rate) * (later ? MOVED : NEIGHBOUR);
    return Math.min(1, Math.max(own, after, before));
  }

  /** Nothing in this hour of the week, nor in those beside it, in any of three weeks or more. */
  #never(cells: Cells, { slot, age }: HourContext): boolean {
    return age >= KNOWN && this.weeks(cells, slot) === 0 && this.weeks(cells, (slot + 1) % WEEK) === 0 && this.weeks(cells, (slot + WEEK - 1) % WEEK) === 0;
  }

  /** How much more often than at any time peers do something for the first time at this hour of the day: runs by hand come by day. */
  #risk({ slot, peers }: HourContext): number {
    const firsts = peers.sum(this.#firsts, this.#firsts, FIRSTS_LEAST);
    const even = (slot >= 120 ? 2 : 5) / WEEK;
    return (peers.sum(this.#first + cellOf(slot), this.#firsts, FIRSTS_LEAST) + FIRSTS_EVEN * even) / ((firsts + FIRSTS_EVEN) * even);
  }

  /** Of the weeks in which `whole` was active in this hour, the share in which this was too; next to nothing where it never was. */
  due(cells: Cells, context: HourContext, whole: Rhythm): number {
    const { later, earlier } = clocksMoved(context.hour);
    const at = (slot: number) => this.weeks(cells, slot) / (whole.weeks(cells, slot) + 1);
    return Math.max(at(context.slot), at((context.slot + 1) % WEEK) * (earlier ? MOVED : NEIGHBOUR), at((context.slot + WEEK - 1) % WEEK) * (later ? MOVED : NEIGHBOUR));
  }

  /** Weeks of the last sixteen in which this hour of the week was active. */
  weeks(cells: Cells, slot: number): number {
    return ONES[cells.u16[cells.half + this.#bits + slot]!]!;
  }

  /** Days, working days or those of weekends as the hour of the week is, on which this hour was active. */
  days(cells: Cells, slot: number): number {
    const weekend = slot >= 120;
    let seen = 0;
    for (let day = weekend ? 5 : 0; day < (weekend ? 7 : 5); day++) seen += this.weeks(cells, day * 24 + slot % 24);
    return seen;
  }

  #slotChance(cells: Cells, context: HourContext, slot: number, hours: number, rate: number): number {
    const age = Math.min(context.age, WEEKS * WEEK);
    const { peers } = context;
    const prior = hours > 0 ? (peers.sum(this.#slots + slot, this.#hours, PEERS_LEAST) + 24 * rate) / (hours / WEEK + 24) : BLIND;
    const overall = Math.min(1, (cells.u32[cells.word + this.#total]! + PEER_HOURS * prior) / (age + PEER_HOURS));
    const seen = this.days(cells, slot);
    const days = Math.floor(age / WEEK * (slot >= 120 ? 2 : 5));
    const cell = Math.min(1, (seen + overall) / (Math.max(days, seen) + 1));
    const own = this.weeks(cells, slot);
    return (own + cell) / (Math.max(Math.floor(age / WEEK), own) + 1);
  }

  learn(cells: Cells, sums: HourSums, context: HourContext): void {
    const { peers, elapsed, slot, hour } = context;
    peers.add(this.#hours, elapsed);
    this.#turn(cells, weekOf(hour));
    if (this.#count(sums) === 0) return;
    if (this.#never(cells, context)) {
      peers.add(this.#firsts, 1);
      peers.add(this.#first + cellOf(slot), 1);
    }
    const at = cells.half + this.#bits + slot;
    if ((cells.u16[at]! & 1) === 0) {
      cells.u16[at]! |= 1;
      cells.u32[cells.word + this.#total]!++;
    }
    peers.add(this.#active, 1);
    peers.add(this.#slots + slot, 1);
  }

  /** Moves every hour's bits on by the weeks that have begun since. */
  #turn(cells: Cells, week: number): void {
    const last = cells.u32[cells.word + this.#week]!;
    if (week <= last) return;
    cells.u32[cells.word + this.#week] = week;
    if (last === 0) return;
    const by = Math.min(week - last, WEEKS);
    let total = 0;
    for (let i = cells.half + this.#bits, end = i + WEEK; i < end; i++) {
      const bits = (cells.u16[i]! << by) & 0xffff;
      cells.u16[i] = bits;
      total += ONES[bits]!;
    }
    cells.u32[cells.word + this.#total] = total;
  }

  tell(cells: Cells, sums: HourSums, context: HourContext): { observed: number; expected: number; text: HabitText } {
    const chance = this.chance(cells, context);
    const weeks = Math.min(WEEKS, Math.floor(context.age / WEEK));
    const { peers } = context;
    const hours = peers.sum(this.#hours, this.#hours, PEERS_LEAST);
    const same = hours > 0 ? peers.sum(this.#slots + context.slot, this.#hours, PEERS_LEAST) / (hours / WEEK) : null;
    return {
      observed: this.#count(sums), expected: chance,
      text: {
        expected: `${this.#what} in this hour of the week ${weeks < TOLD_WEEKS ? 'as often as its peers, too young for a rhythm of its own' : `in ${this.weeks(cells, context.slot)} of ${weeks} weeks`} (chance ${percent(chance)})`,
        observed: `${this.#count(sums)} ${this.#what === 'active' ? 'events' : this.#what} on ${NAMES[Math.floor(context.slot / 24)]} at ${String(context.slot % 24).padStart(2, '0')}:00 UTC`,
        ...(same === null ? {} : { peers: `${peers.name}: ${percent(Math.min(1, same))} of such hours` }),
      },
    };
  }
}

const NAMES = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** A probability for people. */
export function percent(p: number): string {
  if (p <= 0) return 'none';
  if (p >= 0.1) return `${Math.round(p * 100)} %`;
  return p >= 0.001 ? `${(p * 100).toPrecision(2)} %` : `1 in ${Math.round(1 / Math.max(p, 1e-12))}`;
}
