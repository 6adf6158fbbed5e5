import type { Cells, Claim, ClaimSums, Habit, HabitText, HourContext, HourSums } from '@remit/contract';
import { earliest } from '../sums.ts';

/** Tools of one agent that have a number of their own; 0 stands for the start of a session, `OTHER` for any further tool. */
const TOOLS = 28;
const OTHER = 31;
/** Remembered (before last, last, next) with their counts. */
const GRAMS = 150;
const MOST_COUNT = 4_000;
/** Surprise below this is every call's due. */
const DUE = 0.5;
/** Sessions whose last two tools are carried over the end of the hour. */
const CARRIED = 4;
const SHARES = [0, 0.05, 0.2, 0.5];
const BUCKETS = SHARES.length + 1;

/**
 * The order of tool calls in a session: PPM-C of order two, one and none, with the share of an agent's peers that know a step
 * it never took itself. A call's surprise is the mass of calls that are no likelier; a session's the sum of what exceeds 0.5
 * digits a call; the hour's that of its worst session. Sessions go on over the end of an hour.
 */
export class Sequence implements Habit {
  readonly id = 'sequence';
  readonly version = 1;
  readonly channel = 'sequence' as const;
  readonly tools = true;
  readonly #index: number;
  #names = 0; #used = 0; #keys = 0; #counts = 0; #carried = 0; #by = 0; #steps = 0;
  readonly #two = new Float64Array(32);
  readonly #one = new Float64Array(32);
  readonly #none = new Float64Array(32);

  constructor(index: number) {
    this.#index = index;
  }

  claim(cells: Claim, sums: ClaimSums): void {
    this.#names = cells.u32(TOOLS);
    this.#keys = cells.u32(GRAMS);
    // Session, hour, the last two tools.
    this.#carried = cells.u32(CARRIED * 3);
    this.#counts = cells.u16(GRAMS);
    this.#used = cells.u16(2);
    this.#by = sums.sums(BUCKETS);
    this.#steps = sums.sums(1);
  }

  raw(cells: Cells, sums: HourSums, context: HourContext): number {
    return sums.steps === null ? 0 : this.#worst(cells, sums, context).sum;
  }

  #worst(cells: Cells, sums: HourSums, context: HourContext): { sum: number; calls: number } {
    let worst = { sum: 0, calls: 0 };
    for (const { session, tools } of sessions(sums.steps!)) {
      let [before, last] = this.#carry(cells, session, context.hour);
      let sum = 0;
      let lastName = 0;
      for (const name of tools) {
        const token = this.#token(cells, name);
        sum += Math.max(0, this.#surprise(cells, context, before, last, token, lastName, name) - DUE);
        before = last;
        last = token;
        lastName = name;
      }
      if (sum > worst.sum) worst = { sum, calls: tools.length };
    }
    return worst;
  }

  #surprise(cells: Cells, context: HourContext, before: number, last: number, token: number, lastName: number, name: number): number {
    const known = this.#gather(cells, before, last);
    const used = cells.u16[cells.half + this.#used]! + 1;
    const two = this.#two; const one = this.#one; const none = this.#none;
    let mine = 0;
    let mass = 0;
    const chance = (t: number): number => {
      let p = (none[t]! + known.q0 / used) / (known.n0 + known.q0 + (known.n0 === 0 ? 1 : 0));
      p = known.n1 > 0 ? (one[t]! + known.q1 * p) / (known.n1 + known.q1) : p;
      return known.n2 > 0 ? (two[t]! + known.q2 * p) / (known.n2 + known.q2) : p;
    };
    mine = chance(token);
    for (let t = 1; t < used; t++) {
      const p = chance(t);
      if (p <= mine + 1e-12) mass += p;
    }
    const other = chance(OTHER);
    if (token === OTHER || other <= mine) mass += other;
    if (one[token] === 0 && context.active > 24) mass *= this.#rarity(context, lastName, name);
    return -Math.log10(Math.max(mass, 1e-6));
  }

  /** Counts of what followed these two, this one, and anything. */
  #gather(cells: Cells, before: number, last: number): { n2: number; q2: number; n1: number; q1: number; n0: number; q0: number } {
    const two = this.#two.fill(0); const one = this.#one.fill(0); const none = this.#none.fill(0);
    const grams = cells.u16[cells.half + this.#used + 1]!;
    let n2 = 0; let q2 = 0; let n1 = 0; let n0 = 0;
    for (let i = 0; i < grams; i++) {
      const key = cells.u32[cells.word + this.#keys + i]!;
      const count = cells.u16[cells.half + this.#counts + i]!;
      const token = key & 31;
      none[token]! += count;
      n0 += count;
      if (((key >>> 5) & 31) !== last) continue;
      one[token]! += count;
      n1 += count;
      if (key >>> 10 !== before) continue;
      two[token] = count;
      n2 += count;
      q2++;
    }
    let q1 = 0; let q0 = 0;
    for (let t = 1; t < 32; t++) {
      if (one[t]! > 0) q1++;
      if (none[t]! > 0) q0++;
    }
    return { n2, q2, n1, q1, n0, q0: Math.max(1, q0) };
  }

  /** Of steps new to an agent, the share that is known to no more of its peers than this one. */
  #rarity(context: HourContext, last: number, name: number): number {
    const bucket = this.#bucket(context, last, name);
    let below = 0.5;
    let all = 1;
    for (let b = 0; b < BUCKETS; b++) {
      const n = context.peers.sum(this.#by + b, this.#steps, 200);
      all += n;
      if (b <= bucket) below += n;
    }
    return below / all;
  }

  #bucket(context: HourContext, last: number, name: number): number {
    const { count, of } = context.peers.known(this.#index, pair(last, name));
    const share = of > 0 ? count / of : 0;
    let bucket = 0;
    while (bucket < SHARES.length && share > SHARES[bucket]!) bucket++;
    return bucket;
  }

  #token(cells: Cells, name: number): number {
    for (let i = 0, n = cells.u16[cells.half + this.#used]!; i < n; i++) if (cells.u32[cells.word + this.#names + i] === name) return i + 1;
    return OTHER;
  }

  #carry(cells: Cells, session: number, hour: number): [number, number] {
    for (let i = 0; i < CARRIED; i++) {
      const at = cells.word + this.#carried + i * 3;
      if (cells.u32[at] === session && hour - cells.u32[at + 1]! <= 24) return [cells.u32[at + 2]! >>> 5, cells.u32[at + 2]! & 31];
    }
    return [0, 0];
  }

  learn(cells: Cells, sums: HourSums, context: HourContext): void {
    if (sums.steps === null) return;
    const grown = context.age >= 168;
    for (const { session, tools } of sessions(sums.steps)) {
      let [before, last] = this.#carry(cells, session, context.hour);
      let lastName = 0;
      for (const name of tools) {
        let token = this.#token(cells, name);
        const used = cells.u16[cells.half + this.#used]!;
        if (token === OTHER && used < TOOLS) {
          cells.u32[cells.word + this.#names + used] = name;
          cells.u16[cells.half + this.#used] = used + 1;
          token = used + 1;
        }
        if (grown) context.peers.add(this.#steps, 1);
        if (!this.#follows(cells, last, token)) {
          if (grown) context.peers.add(this.#by + this.#bucket(context, lastName, name), 1);
          context.peers.learned(this.#index, pair(lastName, name));
        }
        this.#count(cells, (before << 10) | (last << 5) | token);
        before = last;
        last = token;
        lastName = name;
      }
      this.#keep(cells, session, context.hour, (before << 5) | last);
    }
  }

  #follows(cells: Cells, last: number, token: number): boolean {
    const wanted = (last << 5) | token;
    for (let i = 0, n = cells.u16[cells.half + this.#used + 1]!; i < n; i++) if ((cells.u32[cells.word + this.#keys + i]! & 1023) === wanted) return true;
    return false;
  }

  #count(cells: Cells, key: number): void {
    const usedAt = cells.half + this.#used + 1;
    const used = cells.u16[usedAt]!;
    let least = 0;
    for (let i = 0; i < used; i++) {
      const at = cells.half + this.#counts + i;
      if (cells.u32[cells.word + this.#keys + i] === key) {
        if (++cells.u16[at]! >= MOST_COUNT) this.#halve(cells, used);
        return;
      }
      if (cells.u16[at]! < cells.u16[cells.half + this.#counts + least]!) least = i;
    }
    const at = used < GRAMS ? used : least;
    if (used < GRAMS) cells.u16[usedAt] = used + 1;
    cells.u32[cells.word + this.#keys + at] = key;
    cells.u16[cells.half + this.#counts + at] = 1;
  }

  #halve(cells: Cells, used: number): void {
    for (let i = 0; i < used; i++) {
      const at = cells.half + this.#counts + i;
      cells.u16[at] = Math.max(1, cells.u16[at]! >> 1);
    }
  }

  #keep(cells: Cells, session: number, hour: number, tokens: number): void {
    let at = cells.word + this.#carried;
    for (let i = 0; i < CARRIED; i++) {
      const other = cells.word + this.#carried + i * 3;
      if (cells.u32[other] === session) { at = other; break; }
      if (cells.u32[other + 1]! < cells.u32[at + 1]!) at = other;
    }
    cells.u32[at] = session;
    cells.u32[at + 1] = hour;
    cells.u32[at + 2] = tokens;
  }

  tell(cells: Cells, sums: HourSums, context: HourContext): { observed: number; expected: number; text: HabitText } {
    const worst = sums.steps === null ? { sum: 0, calls: 0 } : this.#worst(cells, sums, context);
    const known = cells.u16[cells.half + this.#used + 1]!;
    return {
      observed: worst.sum, expected: 0,
      text: {
        expected: `tools in one of the ${known} orders of three that it is known for`,
        observed: `a session of ${worst.calls} calls, ${worst.sum.toFixed(1)} digits less likely than its usual ones`,
      },
    };
  }
}

/** Tools by session, in order. */
function sessions(steps: number[]): { session: number; tools: number[] }[] {
  const out: { session: number; tools: number[] }[] = [];
  const sorted = earliest(steps);
  for (let i = 0; i < sorted.length; i += 4) {
    let found = out.find((s) => s.session === sorted[i + 1]);
    if (!found) out.push(found = { session: sorted[i + 1]!, tools: [] });
    found.tools.push(sorted[i + 2]!);
  }
  return out;
}

function pair(a: number, b: number): number { return (Math.imul(a, 0x9e3779b1) ^ b) >>> 0; }
