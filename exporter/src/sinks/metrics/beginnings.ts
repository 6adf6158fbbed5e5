/** Scrapes at its beginning before a counter counts, so that two Prometheus have each seen where it began. */
export const SCRAPES_AT_BEGINNING = 2;

/**
 * Counters that are born in the middle of a burst: an increase is only seen from a sample before it. Once somebody scrapes regularly, a
 * new counter shows 0 for two scrapes; who looks by hand at a service that nobody scrapes sees what there is.
 */
export class Beginnings<K> {
  /** Counters that show 0 yet, by the number of scrapes when they came. */
  readonly #young = new Map<K, number>();
  readonly #grown = new Set<K>();
  #regular = false;
  #scrapes = 0;

  /** What to show of the counters of this key, whose values are these. */
  shown(key: K, values: readonly number[]): readonly number[] {
    if (this.#grown.has(key)) return values;
    const since = this.#young.get(key);
    if (this.#regular && since === undefined) this.#young.set(key, this.#scrapes);
    if (this.#regular && (since === undefined || this.#scrapes - since < SCRAPES_AT_BEGINNING)) return values.map(() => 0);
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

  /** A scrape is through; `regular` once somebody comes at regular times. */
  scraped(regular: boolean): void {
    this.#scrapes++;
    this.#regular ||= regular;
  }
}
