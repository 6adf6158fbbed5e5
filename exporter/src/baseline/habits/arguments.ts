import type { Cells, Claim, ClaimSums, Habit, HabitText, HourContext, HourSums } from '@remit/contract';
import { ONES } from './time.ts';
import { percent } from './rhythm.ts';

/** Words of 16 bits in each of two filters; the older is emptied when the newer holds this many values. */
const WORDS = 48;
const FULL = 110;
/** Values in the newer from which those of the older that are still given are put into it as well. */
const REFRESHED = FULL / 2;
const PROBES = 3;
const PEER_HOURS = 10;
const GROWN = 168;
const MOST = 8;
/** Values of one hour that are looked at: sums hold no more. */
const MOST_AT_ONCE = 48;
const SHARES = [0, 0.05, 0.2, 0.5];
const BUCKETS = SHARES.length + 1;
/** Which filter holds a value. */
const NOWHERE = 0;
const OLDER = 1;
const NEWER = 2;

/**
 * Values and targets that a tool was never given before: Good–Turing over active hours, times how rare the value is among peers,
 * times how seldom several come at once. Values are many, so two Bloom filters in turn remember them.
 */
export class Arguments implements Habit {
  readonly id = 'argument';
  readonly version = 1;
  readonly channel = 'sequence' as const;
  readonly tools = true;
  readonly #index: number;
  readonly #where = new Uint8Array(MOST_AT_ONCE);
  #news = 0; #active = 0; #bits = 0; #state = 0; #hours = 0; #newHours = 0; #extra = 0; #by = 0;

  /** `index`: its number among the habits that ask peers for values. */
  constructor(index: number) {
    this.#index = index;
  }

  claim(cells: Claim, sums: ClaimSums): void {
    this.#news = cells.f32(1);
    this.#active = cells.f32(1);
    this.#bits = cells.u16(WORDS * 2);
    // Which filter is filled, and how many values it holds.
    this.#state = cells.u16(2);
    this.#hours = sums.sums(1);
    this.#newHours = sums.sums(1);
    this.#extra = sums.sums(1);
    this.#by = sums.sums(BUCKETS);
  }

  raw(cells: Cells, sums: HourSums, context: HourContext): number {
    if (sums.arguments === null || cells.f32[cells.word + this.#active]! < 1) return 0;
    let news = 0;
    let rarity = 1;
    for (const value of sums.arguments) {
      if (this.#has(cells, value)) continue;
      news++;
      rarity = Math.min(rarity, this.#rarity(context, value));
    }
    if (news === 0) return 0;
    const extra = context.peers.sum(this.#extra, this.#hours, 100);
    const again = (extra + 1) / (extra + context.peers.sum(this.#newHours, this.#hours, 100) + 2);
    return -Math.log10(this.#chance(cells, context) * rarity) - (Math.min(news, MOST) - 1) * Math.log10(again);
  }

  #chance(cells: Cells, { peers }: HourContext): number {
    const hours = peers.sum(this.#hours, this.#hours, 100);
    const prior = hours > 0 ? (peers.sum(this.#newHours, this.#hours, 100) + 0.5) / (hours + 1) : 0.1;
    return Math.min(1, (cells.f32[cells.word + this.#news]! + PEER_HOURS * prior) / (cells.f32[cells.word + this.#active]! + PEER_HOURS));
  }

  #rarity(context: HourContext, value: number): number {
    const bucket = this.#bucket(context, value);
    let below = 0.5;
    let all = 1;
    for (let b = 0; b < BUCKETS; b++) {
      const n = context.peers.sum(this.#by + b, this.#hours, 100);
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

  #has(cells: Cells, value: number): boolean { return this.#inside(cells, value, 0) || this.#inside(cells, value, 1); }

  #inside(cells: Cells, value: number, filter: number): boolean {
    const first = cells.half + this.#bits + filter * WORDS;
    for (let i = 0; i < PROBES; i++) {
      const bit = probe(value, i);
      if ((cells.u16[first + (bit >>> 4)]! & (1 << (bit & 15))) === 0) return false;
    }
    return true;
  }

  learn(cells: Cells, sums: HourSums, context: HourContext): void {
    const { word } = cells;
    cells.f32[word + this.#news]! *= context.decay;
    cells.f32[word + this.#active]! *= context.decay;
    if (sums.arguments === null) return;
    const grown = context.age >= GROWN;
    const length = Math.min(sums.arguments.length, MOST_AT_ONCE);
    const newer = cells.u16[cells.half + this.#state]!;
    // All are looked up before any is remembered: that may empty the older filter.
    for (let i = 0; i < length; i++) this.#where[i] = this.#inside(cells, sums.arguments[i]!, newer) ? NEWER : this.#inside(cells, sums.arguments[i]!, 1 - newer) ? OLDER : NOWHERE;
    let news = 0;
    for (let i = 0; i < length; i++) {
      const value = sums.arguments[i]!;
      if (this.#where[i] === NEWER || (this.#where[i] === OLDER && cells.u16[cells.half + this.#state + 1]! < REFRESHED)) continue;
      if (this.#where[i] === NOWHERE) {
        news++;
        if (grown) context.peers.add(this.#by + this.#bucket(context, value), 1);
        context.peers.learned(this.#index, value);
      }
      // What is still given outlives the filter that it was first put into, which is emptied soon.
      this.#insert(cells, value);
    }
    if (news > 0) cells.f32[word + this.#news]! += 1;
    cells.f32[word + this.#active]! += 1;
    if (!grown) return;
    context.peers.add(this.#hours, 1);
    if (news > 0) context.peers.add(this.#newHours, 1);
    if (news > 1) context.peers.add(this.#extra, Math.min(news, MOST) - 1);
  }

  #insert(cells: Cells, value: number): void {
    const state = cells.half + this.#state;
    if (cells.u16[state + 1]! >= FULL) {
      cells.u16[state] = 1 - cells.u16[state]!;
      cells.u16[state + 1] = 0;
      cells.u16.fill(0, cells.half + this.#bits + cells.u16[state]! * WORDS, cells.half + this.#bits + (cells.u16[state]! + 1) * WORDS);
    }
    const first = cells.half + this.#bits + cells.u16[state]! * WORDS;
    for (let i = 0; i < PROBES; i++) {
      const bit = probe(value, i);
      cells.u16[first + (bit >>> 4)]! |= 1 << (bit & 15);
    }
    cells.u16[state + 1]! += 1;
  }

  tell(cells: Cells, sums: HourSums, context: HourContext): { observed: number; expected: number; text: HabitText } {
    const news = (sums.arguments ?? []).filter((value) => !this.#has(cells, value));
    const chance = this.#chance(cells, context);
    const known = news.map((value) => context.peers.known(this.#index, value)).sort((a, b) => a.count - b.count)[0];
    let bits = 0;
    for (let i = 0; i < WORDS * 2; i++) bits += ONES[cells.u16[cells.half + this.#bits + i]!]!;
    return {
      observed: news.length, expected: chance,
      text: {
        expected: `targets and values that its tools were given before (about ${Math.round(bits / PROBES)}); something new in ${percent(chance)} of active hours`,
        observed: `${news.length} ${news.length === 1 ? 'target or value' : 'targets or values'} never given to its tools`,
        ...(known === undefined || known.of === 0 ? {} : { peers: `${known.count} of ${known.of} peers (${context.peers.name}) use it` }),
      },
    };
  }
}

function probe(value: number, i: number): number {
  let h = Math.imul(value ^ (i * 0x9e3779b9), 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) % (WORDS * 16);
}
