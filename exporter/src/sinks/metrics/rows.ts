import type { Family, Series } from './exposition.ts';

/** The series of a family as a list that is read anew each time: what is not `put` again before `sweep` goes. */
export class Rows {
  readonly #family: Family;
  readonly #most: number;
  #rows = new Map<string, Series>();
  #kept = new Map<string, Series>();

  /** Rows beyond `most` are not shown; the first ones are. */
  constructor(family: Family, most = Infinity) {
    this.#family = family;
    this.#most = most;
  }

  put(labels: readonly string[], value: number): void {
    if (this.#kept.size >= this.#most) return;
    const key = labels.join('\n');
    const series = this.#rows.get(key) ?? this.#kept.get(key) ?? this.#family.add(labels, value);
    if (!series) return;
    series.set(value);
    this.#kept.set(key, series);
    this.#rows.delete(key);
  }

  /** Ends a reading. */
  sweep(): void {
    for (const series of this.#rows.values()) series.remove();
    this.#rows = this.#kept;
    this.#kept = new Map();
  }
}
