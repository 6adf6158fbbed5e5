/** Something that is used again and again; `used` belongs to its `Recency`, and is 0 while it is in none. */
export interface Used { used: number }

/**
 * What was used longest ago. A use is only noted, which is much cheaper than to move something in a set; notes that a later use has
 * outdated are passed over, and cleared away when they are many.
 */
export class Recency<T extends Used> {
  /** Notes in order: of what, and the number of the use. */
  #of: T[] = [];
  #use: number[] = [];
  #next = 0;
  #uses = 0;
  size = 0;

  use(one: T): void {
    if (one.used === 0) this.size++;
    one.used = ++this.#uses;
    this.#of.push(one);
    this.#use.push(one.used);
    if (this.#of.length > 4 * this.size + FEW) this.#clear();
  }

  drop(one: T): void {
    if (one.used === 0) return;
    one.used = 0;
    this.size--;
  }

  /** There must be one. */
  get oldest(): T {
    while (this.#isOutdated(this.#next)) this.#next++;
    return this.#of[this.#next]!;
  }

  #isOutdated(note: number): boolean { return this.#of[note]!.used !== this.#use[note]; }

  #clear(): void {
    this.#of = this.#of.filter((_, note) => !this.#isOutdated(note));
    this.#use = this.#of.map(({ used }) => used);
    this.#next = 0;
  }
}

const FEW = 256;
