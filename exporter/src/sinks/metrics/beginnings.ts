/** Scrapes at its beginning before a counter counts, so that two Prometheus have each seen where it began. */
export const SCRAPES_AT_BEGINNING = 2;

interface Beginning { since: number; values: readonly number[] }

/**
 * Counters that are born, or go on after a start, in the middle of a burst: an increase is only seen from a sample before it. Each
 * shows what it began with for two scrapes: what it had when `begin` was called, 0 when it came later.
 */
export class Beginnings<K> {
  readonly #young = new Map<K, Beginning>();
  readonly #grown = new Set<K>();
  #begun = false;
  #scrapes = 0;

  /** What to show of the counters of this key, whose values are these. */
  shown(key: K, values: readonly number[]): readonly number[] {
    if (this.#grown.has(key)) return values;
    let young = this.#young.get(key);
    if (young === undefined) this.#young.set(key, young = { since: this.#scrapes, values: this.#begun ? values.map(() => 0) : values });
    // Until all is restored, what comes is not new.
    if (!this.#begun) return young.values = values;
    if (this.#scrapes - young.since < SCRAPES_AT_BEGINNING) return young.values;
    this.#young.delete(key);
    this.#grown.add(key);
    return values;
  }

  /** Keys that may have more to show than they do. */
  young(): K[] { return [...this.#young.keys()]; }

  forget(key: K): void {
    this.#young.delete(key);
    this.#grown.delete(key);
  }

  /** From now on what comes is new. */
  begin(): void { this.#begun = true; }

  /** A scrape is through. */
  scraped(): void { this.#scrapes++; }
}
