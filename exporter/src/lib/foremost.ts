/** The first `most` of any number of items in an order, without sorting, or keeping, all of them. */
export class Foremost<T> {
  readonly #most: number;
  readonly #order: (a: T, b: T) => number;
  #items: T[] = [];
  /** Sorted already; what comes after it is not. */
  #last: T | null = null;

  constructor(most: number, order: (a: T, b: T) => number) {
    this.#most = most;
    this.#order = order;
  }

  add(item: T): void {
    if (this.#last !== null && this.#order(item, this.#last) >= 0) return;
    this.#items.push(item);
    if (this.#items.length < 2 * this.#most) return;
    this.#items = this.sorted();
    this.#last = this.#items.at(-1)!;
  }

  sorted(): T[] { return this.#items.sort(this.#order).slice(0, this.#most); }
}
