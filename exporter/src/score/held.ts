import type { HourFacts, HourSums, Millis } from '@remit/contract';

const HOUR: Millis = 3_600_000;

/** An hour that waits for a verdict before it is learned. `marks`: places and weights that it has in the fleet's histograms. `counted`: as the identity's noise, and by the habits that do not wait for long; null: never, since it paged. `exceeds`: habits and digits. */
export interface HeldHour { hour: number; since: number; sums: HourSums; facts: HourFacts; marks: number[]; share: number; counted: boolean | null; exceeds: number[] }
/** An hour that was learned and may still turn out to be bad: then its marks go. */
interface Recent { hour: number; marks: number[] }

/** Hours of one identity that wait at most; of more the oldest are let go, unlearned, since nobody will judge each of them. */
const MOST_HELD = 14 * 24;
/** Days for which hours that deviate somewhat can still be taken out of the fleet's histograms. */
const RECENT_HOURS = 4 * 24;

/** Hours in quarantine, by identity, in order; and the marks of hours that were learned lately although they deviate somewhat. */
export class Held {
  readonly #codec: { save(sums: HourSums): unknown; restore(saved: unknown): HourSums };
  readonly #hours = new Map<number, HeldHour[]>();
  readonly #recent = new Map<number, Recent[]>();
  readonly #changed = new Set<string>();
  readonly #changedRecent = new Set<number>();

  constructor(codec: { save(sums: HourSums): unknown; restore(saved: unknown): HourSums }) {
    this.#codec = codec;
  }

  /** Whether any hour of the identity waits. */
  has(identity: number): boolean { return this.#hours.has(identity); }

  put(identity: number, held: HeldHour): void {
    const list = this.#hours.get(identity);
    if (list === undefined) this.#hours.set(identity, [held]);
    else list.push(held);
    this.#changed.add(`${identity}/${held.hour}`);
    if (list !== undefined && list.length > MOST_HELD) this.#changed.add(`${identity}/${list.shift()!.hour}`);
  }

  /** Those up to `hour` that are to be counted and were not yet; from now on they are. */
  count(identity: number, hour: number): HeldHour[] {
    const due = (this.#hours.get(identity) ?? []).filter((held) => held.counted === false && held.hour <= hour);
    for (const held of due) {
      held.counted = true;
      this.#changed.add(`${identity}/${held.hour}`);
    }
    return due;
  }

  /** Remembers where an hour that was learned stands in the histograms. */
  remember(identity: number, hour: number, marks: number[]): void {
    const list = (this.#recent.get(identity) ?? []).filter((r) => r.hour > hour - RECENT_HOURS);
    list.push({ hour, marks });
    this.#recent.set(identity, list);
    this.#changedRecent.add(identity);
  }

  /** Marks of the hours learned from `from` to `to`, which are forgotten with this. */
  recall(identity: number, from: number, to: number): Recent[] {
    const list = this.#recent.get(identity) ?? [];
    const taken = list.filter(({ hour }) => hour >= from && hour <= to);
    if (taken.length === 0) return [];
    this.#changedRecent.add(identity);
    if (taken.length === list.length) this.#recent.delete(identity);
    else this.#recent.set(identity, list.filter((r) => !taken.includes(r)));
    return taken;
  }

  /** Removes and returns those that `wanted` names, oldest first. */
  take(identity: number, wanted: (held: HeldHour) => boolean): HeldHour[] {
    const list = this.#hours.get(identity);
    if (list === undefined) return [];
    const taken = list.filter(wanted);
    if (taken.length === 0) return taken;
    for (const { hour } of taken) this.#changed.add(`${identity}/${hour}`);
    const left = list.filter((h) => !taken.includes(h));
    if (left.length === 0) this.#hours.delete(identity);
    else this.#hours.set(identity, left);
    return taken.sort((a, b) => a.hour - b.hour);
  }

  summary(): { count: number; oldest: Millis | null; needsVerdict: number } {
    let count = 0;
    let oldest = Infinity;
    let needsVerdict = 0;
    for (const list of this.#hours.values()) for (const { hour, sums, facts } of list) {
      count++;
      oldest = Math.min(oldest, hour);
      if (sums.privileged > 0 || sums.sensitive > 0 || (facts.violations !== null && Object.keys(facts.violations).length > 0)) needsVerdict++;
    }
    return { count, oldest: count === 0 ? null : oldest * HOUR, needsVerdict };
  }

  takeDirty(): { puts: { key: string; value: unknown }[]; gone: string[] } {
    const puts: { key: string; value: unknown }[] = [];
    const gone: string[] = [];
    for (const key of this.#changed) {
      const [identity, hour] = key.split('/').map(Number) as [number, number];
      const held = this.#hours.get(identity)?.find((h) => h.hour === hour);
      if (held === undefined) gone.push(key);
      else puts.push({ key, value: [held.since, this.#codec.save(held.sums), held.facts, held.marks, held.share, held.counted, held.exceeds] });
    }
    for (const identity of this.#changedRecent) {
      const list = this.#recent.get(identity);
      if (list === undefined) gone.push(`recent/${identity}`);
      else puts.push({ key: `recent/${identity}`, value: list.map(({ hour, marks }) => [hour, marks]) });
    }
    this.#changed.clear();
    this.#changedRecent.clear();
    return { puts, gone };
  }

  /** Takes back one row of `takeDirty`. `marked`: whether the fleet's histograms, in which the hours stand, were taken back as well. */
  restore(key: string, saved: unknown, marked: boolean): void {
    if (key.startsWith('recent/')) {
      if (!marked) return;
      this.#recent.set(Number(key.slice(7)), (saved as [number, number[]][]).map(([at, marks]) => ({ hour: at, marks })));
      return;
    }
    const [identity, hour] = key.split('/').map(Number) as [number, number];
    const [since, sums, facts, held, share, counted = null, exceeds = []] = saved as [number, unknown, HourFacts, number[], number, (boolean | null)?, number[]?];
    const list = this.#hours.get(identity) ?? [];
    list.push({ hour, since, sums: this.#codec.restore(sums), facts, marks: marked ? held : [], share, counted, exceeds });
    this.#hours.set(identity, list.sort((a, b) => a.hour - b.hour));
  }
}
