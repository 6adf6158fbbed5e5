const SLOTS = 1024;

/**
 * Remembers what was lately made of a text, in a fixed number of places chosen by a few of its characters. Cheaper than a Map, which
 * would hash the whole text; a place that two texts share is made anew each time, never wrong. What is made is shared: do not change it.
 */
export class Lately<V> {
  readonly #texts = new Array<string | undefined>(SLOTS).fill(undefined);
  readonly #values = new Array<V | undefined>(SLOTS).fill(undefined);
  readonly #make: (text: string) => V;

  constructor(make: (text: string) => V) {
    this.#make = make;
  }

  of(text: string): V {
    const slot = placeOf(text) & (SLOTS - 1);
    if (this.#texts[slot] === text) return this.#values[slot] as V;
    const value = this.#make(text);
    this.#texts[slot] = text;
    this.#values[slot] = value;
    return value;
  }
}

/** A number from the length and four characters of a text. */
export function placeOf(text: string): number {
  const { length } = text;
  if (length === 0) return 0;
  return (length * 31) ^ (text.charCodeAt(length - 1) * 5) ^ (text.charCodeAt(length >> 1) * 131) ^ (text.charCodeAt(length >> 2) * 17)
    ^ (text.charCodeAt(length - (length >> 2) - 1) * 67);
}
