import type { HourFacts, PeerView } from '@remit/contract';
import type { KeyedHash } from '../lib/hash.ts';
import { Sketch } from './sketch.ts';

/** Groups of peers that are told apart; identities of further ones share their kind's. */
const MOST_GROUPS = 1_024;
/** The past of a group counts half after eight weeks. */
const KEEP_DAY = 0.5 ** (1 / 56);
/** Members from which a group's word on a value counts. */
const MEMBERS = 5;
/** Epochs that hours may still read: those of the last days. */
const KEPT = 4;

interface Group { name: string; hash: number; epochs: Map<number, Float64Array> }

/** What the peers of every group did, as sums that add up: day D reads the frozen epoch of the days up to D − 2. */
export class Peers {
  readonly sketch = new Sketch();
  readonly #hash: KeyedHash;
  readonly #groups = new Map<string, Group>();
  /** Sums of days not yet frozen: day → group → sums. */
  readonly #days = new Map<number, Map<string, Float64Array>>();
  #width = 1;
  frozen = -Infinity;

  constructor(hash: KeyedHash) {
    this.#hash = hash;
  }

  /** Offset of further numbers in the sums. 0 is the number of members. */
  claim(length: number): number {
    const at = this.#width;
    this.#width += length;
    return at;
  }

  /** The groups of such an identity, the nearest first. */
  of(facts: HourFacts): Group[] {
    const chain: Group[] = [];
    const { kind } = facts;
    for (const name of [
      facts.group === null ? null : `group ${facts.group}`,
      facts.owner === null ? null : `${kind} of ${facts.owner}`,
      facts.purpose === null ? null : `${kind} for ${facts.purpose}`, kind, 'the fleet',
    ]) {
      if (name === null) continue;
      let group = this.#groups.get(name);
      if (group === undefined) {
        if (this.#groups.size >= MOST_GROUPS && name !== kind && name !== 'the fleet') continue;
        group = this.#create(name);
      }
      chain.push(group);
    }
    return chain;
  }

  #create(name: string): Group {
    this.#hash.update(name.slice(0, 200));
    const group = { name, hash: this.#hash.low, epochs: new Map() };
    this.#groups.set(name, group);
    return group;
  }

  view(chain: Group[], epoch: number, day: number): View { return new View(this, chain, epoch, day); }

  /** Sums of the day that the group is adding to; a day frozen already adds to the first that is not. */
  adding(day: number, name: string): Float64Array {
    if (day <= this.frozen) day = this.frozen + 1;
    let sums = this.#days.get(day);
    if (sums === undefined) this.#days.set(day, sums = new Map());
    let own = sums.get(name);
    if (own === undefined) sums.set(name, own = new Float64Array(this.#width));
    return own;
  }

  /** Freezes one more day: epoch E holds the days up to E, each halved every eight weeks. */
  freeze(epoch: number): void {
    const day = this.#days.get(epoch);
    for (const group of this.#groups.values()) {
      const last = group.epochs.get(epoch - 1);
      const added = day?.get(group.name);
      if (last === undefined && added === undefined) continue;
      const next = new Float64Array(this.#width);
      if (last !== undefined) for (let i = 0; i < next.length; i++) next[i] = last[i]! * (i === 0 ? 1 : KEEP_DAY);
      if (added !== undefined) for (let i = 0; i < next.length; i++) next[i]! += added[i]!;
      group.epochs.set(epoch, next);
      group.epochs.delete(epoch - KEPT);
    }
    this.#days.delete(epoch);
    this.frozen = epoch;
    this.sketch.freeze(epoch);
  }

  /** Plain JSON of everything but the sketch. */
  save(): unknown {
    return {
      width: this.#width, frozen: Number.isFinite(this.frozen) ? this.frozen : null,
      groups: [...this.#groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map((g) => [g.name, [...g.epochs].map(([e, sums]) => [e, sparse(sums)])]),
      days: [...this.#days].sort((a, b) => a[0] - b[0]).map(([day, sums]) => [day, [...sums].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([name, own]) => [name, sparse(own)])]),
    };
  }

  restore(saved: unknown): void {
    const { width, frozen, groups, days } = saved as { width: number; frozen: number | null; groups: [string, [number, number[]][]][]; days: [number, [string, number[]][]][] };
    if (width !== this.#width) return;
    this.frozen = frozen ?? -Infinity;
    for (const [name, epochs] of groups) {
      const group = this.#create(name);
      for (const [epoch, sums] of epochs) group.epochs.set(epoch, dense(sums, width));
    }
    for (const [day, sums] of days) this.#days.set(day, new Map(sums.map(([name, own]) => [name, dense(own, width)])));
  }
}

/** Pairs of place and number, zeros left out. */
export function sparse(sums: Float64Array): number[] {
  const out: number[] = [];
  for (let i = 0; i < sums.length; i++) if (sums[i] !== 0) out.push(i, sums[i]!);
  return out;
}

export function dense(pairs: readonly number[], length: number): Float64Array {
  const out = new Float64Array(length);
  for (let i = 0; i < pairs.length; i += 2) out[pairs[i]!] = pairs[i + 1]!;
  return out;
}

const NOTHING = new Float64Array(0);

/** The peers of one identity on one day. */
export class View implements PeerView {
  readonly #peers: Peers;
  readonly chain: Group[];
  readonly #epoch: number;
  readonly #day: number;
  readonly #frozen: Float64Array[];
  #adding: Float64Array[] | null = null;

  constructor(peers: Peers, chain: Group[], epoch: number, day: number) {
    this.#peers = peers;
    this.chain = chain;
    this.#epoch = epoch;
    this.#day = day;
    this.#frozen = chain.map((group) => group.epochs.get(epoch) ?? NOTHING);
  }

  get name(): string {
    const at = this.#frozen.findIndex((sums) => sums.length > 0 && sums[0]! >= MEMBERS);
    return this.chain[at === -1 ? this.chain.length - 1 : at]!.name;
  }

  sum(offset: number, by: number, least: number): number {
    const frozen = this.#frozen;
    for (let i = 0; i < frozen.length; i++) {
      const sums = frozen[i]!;
      if (sums.length > 0 && sums[by]! >= least) return sums[offset]!;
    }
    return 0;
  }

  known(habit: number, value: number): { count: number; of: number } {
    for (let i = 0; i < this.#frozen.length; i++) {
      const sums = this.#frozen[i]!;
      if (sums.length > 0 && sums[0]! >= MEMBERS) return { count: this.#peers.sketch.read(place(this.chain[i]!.hash, habit, value), this.#epoch), of: sums[0]! };
    }
    return { count: 0, of: 0 };
  }

  add(offset: number, value: number): void {
    // What is frozen meanwhile takes nothing more.
    if (this.#peers.frozen >= this.#day) this.#adding = null;
    const adding = (this.#adding ??= this.chain.map((group) => this.#peers.adding(this.#day, group.name)));
    for (let i = 0; i < adding.length; i++) adding[i]![offset]! += value;
  }

  learned(habit: number, value: number): void {
    for (const group of this.chain) this.#peers.sketch.add(place(group.hash, habit, value), this.#day);
  }
}

function place(group: number, habit: number, value: number): number {
  let h = Math.imul(value ^ group, 0x85ebca6b) ^ Math.imul(habit + 1, 0x9e3779b1);
  h ^= h >>> 15;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 13)) >>> 0;
}
