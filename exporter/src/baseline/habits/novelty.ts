import type { Cells, Claim, ClaimSums, Habit, HabitText, HourContext, HourSums } from '@remit/contract';
import { percent } from './rhythm.ts';
import { WEEK } from './time.ts';

/** Active hours of peers that the chance of something new starts from. */
const PEER_HOURS = 10;
/** Shares of peers that know a value: none, up to 5 %, 20 %, 50 %, more. */
const SHARES = [0, 0.05, 0.2, 0.5];
const BUCKETS = SHARES.length + 1;
/** New values beyond this many in an hour say nothing more. */
const MOST = 8;
/** Hours of age from which an identity's news count as the habit of its peers. */
const GROWN = 168;
/** Counts are halved in turns of this many weeks. */
const HALVING = 8 * 168;

/**
 * Values never seen, or seldom: Good–Turing over active hours for the chance that an hour brings something new, times how rare the
 * value is among peers, times how seldom several come at once; for known values the share of all sightings that are no more
 * frequent, unless it was last seen at the same hour of the week: what is done once a week is no surprise then. A counted set of bounded size; what falls out is new again, and raises the chance of news itself.
 */
export class Novelty implements Habit {
  readonly version = 1;
  readonly channel = 'novelty' as const;
  readonly id: string;
  readonly #index: number;
  readonly #cap: number;
  readonly #what: string;
  readonly #values: (sums: HourSums) => readonly number[] | null;
  #hashes = 0; #counts = 0; #slots = 0; #news = 0; #used = 0; #turn = 0;
  #hours = 0; #newHours = 0; #extra = 0; #by = 0;

  /** `index`: its number among the habits that ask peers for values. */
  constructor(id: string, index: number, what: string, cap: number, values: (sums: HourSums) => readonly number[] | null) {
    this.id = id;
    this.#index = index;
    this.#what = what;
    this.#cap = cap;
    this.#values = values;
  }

  claim(cells: Claim, sums: ClaimSums): void {
    this.#news = cells.f32(1);
    this.#hashes = cells.u32(this.#cap);
    this.#counts = cells.u16(this.#cap);
    this.#slots = cells.u8(this.#cap);
    this.#used = cells.u16(1);
    this.#turn = cells.u16(1);
    this.#hours = sums.sums(1);
    this.#newHours = sums.sums(1);
    this.#extra = sums.sums(1);
    this.#by = sums.sums(BUCKETS);
  }

  raw(cells: Cells, sums: HourSums, context: HourContext): number {
    const values = this.#values(sums);
    if (values === null || context.active < 1) return 0;
    let news = 0;
    let rarity = 1;
    let least = Infinity;
    for (let i = 0; i < values.length; i++) {
      const at = this.#find(cells, values[i]!);
      if (at === -1) {
        news++;
        rarity = Math.min(rarity, this.#rarity(context, values[i]!));
      } else if (apart(cells.u8[cells.byte + this.#slots + at]!, context.slot) > 1) least = Math.min(least, cells.u16[cells.half + this.#counts + at]!);
    }
    if (news === 0) return least === Infinity ? 0 : -Math.log10(this.#mass(cells, least));
    return -Math.log10(this.#chance(cells, context) * rarity) - (Math.min(news, MOST) - 1) * Math.log10(this.#again(context));
  }

  /** That an active hour brings something new. */
  #chance(cells: Cells, context: HourContext): number {
    const { peers } = context;
    const hours = peers.sum(this.#hours, this.#hours, 500);
    const prior = hours > 0 ? (peers.sum(this.#newHours, this.#hours, 500) + 0.5) / (hours + 1) : 0.05;
    return Math.min(1, (cells.f32[cells.word + this.#news]! + PEER_HOURS * prior) / (context.active + PEER_HOURS));
  }

  /** Of new values, the share that is known to no more peers than this one. */
  #rarity(context: HourContext, value: number): number {
    const { peers } = context;
    const bucket = this.#bucket(context, value);
    let below = 0.5;
    let all = 1;
    for (let b = 0; b < BUCKETS; b++) {
      const n = peers.sum(this.#by + b, this.#hours, 500);
      all += n;
      if (b <= bucket) below += n;
    }
    return below / all;
  }

  #bucket(context: HourContext, value: number): number {
    const { count, of } = context.peers.known(this.#index, value);
    const share = of > 0 ? count / of : 0;
    let bucket = 0;
    while (bucket < SHARES.length && share > SHARES[bucket]!) bucket++;
    return bucket;
  }

  /** That one more new value follows a new one in the same hour. */
  #again(context: HourContext): number {
    const extra = context.peers.sum(this.#extra, this.#hours, 500);
    return (extra + 1) / (extra + context.peers.sum(this.#newHours, this.#hours, 500) + 2);
  }

  /** Share of all sightings that are of values seen at most this often. */
  #mass(cells: Cells, count: number): number {
    let below = 0;
    let all = 0;
    for (let i = cells.half + this.#counts, end = i + cells.u16[cells.half + this.#used]!; i < end; i++) {
      const n = cells.u16[i]!;
      all += n;
      if (n <= count) below += n;
    }
    return all === 0 ? 1 : Math.min(1, (below + 0.5) / (all + 0.5));
  }

  #find(cells: Cells, value: number): number {
    const first = cells.word + this.#hashes;
    for (let i = 0, used = cells.u16[cells.half + this.#used]!; i < used; i++) if (cells.u32[first + i] === value) return i;
    return -1;
  }

  learn(cells: Cells, sums: HourSums, context: HourContext): void {
    const newsAt = cells.word + this.#news;
    cells.f32[newsAt] = cells.f32[newsAt]! * context.decay;
    this.#halve(cells, context.hour);
    const values = this.#values(sums);
    if (values === null) return;
    const grown = context.age >= GROWN;
    let news = 0;
    for (let i = 0; i < values.length; i++) {
      const at = this.#find(cells, values[i]!);
      if (at !== -1) {
        const count = cells.half + this.#counts + at;
        if (cells.u16[count]! < 65_535) cells.u16[count]!++;
        cells.u8[cells.byte + this.#slots + at] = context.slot;
        continue;
      }
      news++;
      if (grown) context.peers.add(this.#by + this.#bucket(context, values[i]!), 1);
      this.#insert(cells, values[i]!, context.slot);
      context.peers.learned(this.#index, values[i]!);
    }
    if (news > 0) cells.f32[newsAt]! += 1;
    if (!grown) return;
    context.peers.add(this.#hours, 1);
    if (news > 0) context.peers.add(this.#newHours, 1);
    if (news > 1) context.peers.add(this.#extra, Math.min(news, MOST) - 1);
  }

  #insert(cells: Cells, value: number, slot: number): void {
    const used = cells.u16[cells.half + this.#used]!;
    let at = used;
    if (used < this.#cap) cells.u16[cells.half + this.#used] = used + 1;
    else {
      at = 0;
      for (let i = 1; i < used; i++) {
        const n = cells.u16[cells.half + this.#counts + i]! - cells.u16[cells.half + this.#counts + at]!;
        if (n < 0 || (n === 0 && cells.u32[cells.word + this.#hashes + i]! < cells.u32[cells.word + this.#hashes + at]!)) at = i;
      }
    }
    cells.u32[cells.word + this.#hashes + at] = value;
    cells.u16[cells.half + this.#counts + at] = 1;
    cells.u8[cells.byte + this.#slots + at] = slot;
  }

  #halve(cells: Cells, hour: number): void {
    const turn = Math.floor(hour / HALVING) & 0xffff;
    const at = cells.half + this.#turn;
    if (cells.u16[at] === turn) return;
    const first = cells.u16[at] === 0;
    cells.u16[at] = turn;
    if (first) return;
    for (let i = cells.half + this.#counts, end = i + cells.u16[cells.half + this.#used]!; i < end; i++) cells.u16[i] = Math.max(1, cells.u16[i]! >> 1);
  }

  tell(cells: Cells, sums: HourSums, context: HourContext): { observed: number; expected: number; text: HabitText } {
    const values = this.#values(sums) ?? [];
    const news = values.filter((v) => this.#find(cells, v) === -1);
    const chance = this.#chance(cells, context);
    const known = news.map((v) => context.peers.known(this.#index, v)).sort((a, b) => a.count - b.count)[0];
    return {
      observed: news.length, expected: chance,
      text: {
        expected: `${this.#what} among the ${cells.u16[cells.half + this.#used]!} known; something new in ${percent(chance)} of active hours`,
        observed: news.length > 0 ? `${news.length} ${news.length === 1 ? this.#what.slice(0, -1) : this.#what} never seen` : `one of its ${this.#what} that makes up ${percent(this.#mass(cells, this.#rarest(cells, values)))} of its past`,
        ...(known === undefined || known.of === 0 ? {} : { peers: `${known.count} of ${known.of} peers (${context.peers.name}) know it` }),
      },
    };
  }

  #rarest(cells: Cells, values: readonly number[]): number {
    return Math.min(...values.map((v) => cells.u16[cells.half + this.#counts + this.#find(cells, v)]!), 65_535);
  }
}

/** Hours between two hours of the week, the short way round. */
function apart(a: number, b: number): number {
  const off = Math.abs(a - b);
  return Math.min(off, WEEK - off);
}
