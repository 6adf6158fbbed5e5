import { createHmac } from 'node:crypto';
import type { Millis, Store } from '@remit/contract';
import { KeyedHash } from '../lib/hash.ts';
import { HOUR, hourOf } from './hours.ts';

/** What a record turned out to be. */
export type Seen = 'unique' | 'start_record' | 'duplicate';

/**
 * How long ids are remembered, in event time. Published: sources resend within it. Hours that history was loaded into are remembered
 * as long as the storage lives, so that a replay can be cut and continued at any time.
 */
export const DEDUP_WINDOW: Millis = 8 * 24 * HOUR;

/** Number of segments, when they were last added to, and whether history was loaded into the hour. */
export interface StoredHour { segments: number; touched: Millis; history: boolean }

const START = 1;
const COMPLETE = 2;
/** Bits 2–3: the outcome that was counted. */
const OUTCOME_SHIFT = 2;
/** Hours kept in memory; more while they wait for a cut. */
const RESIDENT = 16;

/**
 * Remembers which events have been counted: 64-bit keyed hashes by hour of event time. Hours in use are in memory, the rest
 * in the store, loaded when an event of that hour comes again.
 */
export class Dedup {
  readonly #key: Uint8Array;
  /** One hash a source and realm, so that only the provider's own id is hashed. */
  readonly #hashes = new Map<string, KeyedHash>();
  #hash: KeyedHash | null = null;
  #scope = ['', ''];
  readonly #hours = new Map<Millis, HourSet>();
  /** Hours with segments in the store. */
  readonly stored = new Map<Millis, StoredHour>();
  #last: HourSet | null = null;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Loads what the store has of these hours; call before `see`. */
  async ensure(hours: ReadonlySet<Millis>, store: Store): Promise<void> {
    if (this.#hours.size > RESIDENT) this.#evict(hours);
    for (const hour of hours) {
      if (this.#hours.has(hour)) continue;
      const set = new HourSet(hour);
      this.#hours.set(hour, set);
      if (this.stored.has(hour)) {
        const prefix = hourKey(hour);
        for await (const { keys, value } of store.pages('dedup', { from: `${prefix}/`, to: `${prefix}0` })) keys.forEach((_, i) => { set.load(value(i)); });
      }
    }
  }

  resident(hour: Millis): boolean {
    return this.#hours.has(hour);
  }

  /**
   * Counts an id. `outcome` is 0 success, 1 failure, 2 denied. Returns what the record is and, when the second stage of an
   * action contradicts the counted outcome, that outcome.
   */
  see(time: Millis, source: string, realm: string, id: string, start: boolean, outcome: number, history: boolean): { seen: Seen; counted: number } {
    const hour = hourOf(time);
    let set = this.#last;
    if (set?.hour !== hour) {
      set = this.#hours.get(hour) ?? null;
      if (!set) throw new Error('the hour was not ensured');
      this.#last = set;
    }
    if (history) set.history = true;
    const hash = this.#scoped(source, realm);
    hash.update(id);
    const bit = start ? START : COMPLETE;
    const slot = set.find(hash.high, hash.low);
    const before = set.flags[slot]!;
    if (before === 0) {
      set.write(slot, hash.high, hash.low, bit | (outcome << OUTCOME_SHIFT));
      return UNIQUE;
    }
    if (before & bit) return DUPLICATE;
    const counted = before >> OUTCOME_SHIFT;
    const now = start ? counted : outcome;
    set.write(slot, hash.high, hash.low, (before & 3) | bit | (now << OUTCOME_SHIFT));
    return counted === now ? START_RECORD : { seen: 'start_record', counted };
  }

  #scoped(source: string, realm: string): KeyedHash {
    if (this.#hash && this.#scope[0] === source && this.#scope[1] === realm) return this.#hash;
    const name = `${source}\0${realm}`;
    let hash = this.#hashes.get(name);
    if (!hash) this.#hashes.set(name, hash = new KeyedHash(createHmac('sha256', this.#key).update(name).digest()));
    this.#scope = [source, realm];
    return (this.#hash = hash);
  }

  /** What was added since the last call, as segments to store. */
  takeSegments(now: Millis): { key: string; value: Uint8Array }[] {
    const segments: { key: string; value: Uint8Array }[] = [];
    for (const set of this.#hours.values()) {
      const value = set.takeLog();
      if (!value) continue;
      const entry = this.stored.get(set.hour) ?? { segments: 0, touched: 0, history: false };
      segments.push({ key: `${hourKey(set.hour)}/${String(entry.segments++).padStart(8, '0')}`, value });
      entry.touched = now;
      entry.history ||= set.history;
      this.stored.set(set.hour, entry);
    }
    return segments;
  }

  /** Forgets hours that ended before the window and were not added to within it; returns the keys to delete. */
  forget(now: Millis): string[] {
    const gone: string[] = [];
    for (const [hour, { segments, touched, history }] of this.stored) {
      if (history || Math.max(hour + HOUR, touched) >= now - DEDUP_WINDOW) continue;
      for (let i = 0; i < segments; i++) gone.push(`${hourKey(hour)}/${String(i).padStart(8, '0')}`);
      this.stored.delete(hour);
      this.#hours.delete(hour);
      this.#last = null;
    }
    return gone;
  }

  /** Lets go of the hours that were asked for longest ago, once they are stored. */
  #evict(wanted: ReadonlySet<Millis>): void {
    this.#last = null;
    for (const [hour, set] of this.#hours) {
      if (this.#hours.size <= RESIDENT) return;
      if (set.pending === 0 && !wanted.has(hour)) this.#hours.delete(hour);
    }
  }
}

const UNIQUE = { seen: 'unique', counted: 0 } as const;
const START_RECORD = { seen: 'start_record', counted: -1 } as const;
const DUPLICATE = { seen: 'duplicate', counted: -1 } as const;

function hourKey(hour: Millis): string {
  return String(Math.floor(hour / HOUR) + 1_000_000_000);
}

/** Open-addressing set of 64-bit hashes with a byte of flags; a log of writes since the last cut. */
class HourSet {
  readonly hour: Millis;
  history = false;
  flags: Uint8Array;
  #high: Uint32Array;
  #low: Uint32Array;
  #mask: number;
  #size = 0;
  #log: Uint32Array = new Uint32Array(96);
  pending = 0;

  constructor(hour: Millis) {
    this.hour = hour;
    this.#mask = 63;
    this.flags = new Uint8Array(64);
    this.#high = new Uint32Array(64);
    this.#low = new Uint32Array(64);
  }

  /** The slot that holds this hash, or the free one where it belongs. */
  find(high: number, low: number): number {
    let slot = low & this.#mask;
    while (this.flags[slot] !== 0 && (this.#high[slot] !== high || this.#low[slot] !== low)) slot = (slot + 1) & this.#mask;
    return slot;
  }

  write(slot: number, high: number, low: number, flags: number): void {
    const end = this.pending * 3;
    if (end + 3 > this.#log.length) {
      const grown = new Uint32Array(this.#log.length * 2);
      grown.set(this.#log);
      this.#log = grown;
    }
    this.#log[end] = high;
    this.#log[end + 1] = low;
    this.#log[end + 2] = flags;
    this.pending++;
    this.#put(slot, high, low, flags);
  }

  takeLog(): Uint8Array | null {
    if (this.pending === 0) return null;
    const value = new Uint8Array(this.#log.slice(0, this.pending * 3).buffer);
    this.pending = 0;
    if (this.#log.length > 3 * 4096) this.#log = new Uint32Array(96);
    return value;
  }

  load(bytes: Uint8Array): void {
    const words = new Uint32Array(bytes.slice().buffer);
    for (let i = 0; i < words.length; i += 3) this.#put(this.find(words[i]!, words[i + 1]!), words[i]!, words[i + 1]!, words[i + 2]!);
  }

  #put(slot: number, high: number, low: number, flags: number): void {
    const fresh = this.flags[slot] === 0;
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.flags[slot] = flags;
    if (fresh && ++this.#size * 2 > this.#mask) this.#grow();
  }

  #grow(): void {
    const { flags } = this;
    const high = this.#high;
    const low = this.#low;
    const capacity = (this.#mask + 1) * 2;
    this.#mask = capacity - 1;
    this.flags = new Uint8Array(capacity);
    this.#high = new Uint32Array(capacity);
    this.#low = new Uint32Array(capacity);
    for (let i = 0; i < flags.length; i++) {
      if (flags[i] === 0) continue;
      const slot = this.find(high[i]!, low[i]!);
      this.flags[slot] = flags[i]!;
      this.#high[slot] = high[i]!;
      this.#low[slot] = low[i]!;
    }
  }
}
