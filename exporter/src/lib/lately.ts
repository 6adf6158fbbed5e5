/**
 * Remembers what was lately made of a text, in `slots` places (a power of two) chosen by a few of its characters. Cheaper than a Map, which
 * would hash the whole text; a place that two texts share is made anew each time, never wrong. What is made is shared: do not change it.
 */
export class Lately<V> {
  readonly #texts: (string | undefined)[];
  readonly #values: (V | undefined)[];
  readonly #make: (text: string) => V;
  readonly #mask: number;

  constructor(make: (text: string) => V, slots = 1024) {
    this.#texts = new Array<string | undefined>(slots).fill(undefined);
    this.#values = new Array<V | undefined>(slots).fill(undefined);
    this.#make = make;
    this.#mask = slots - 1;
  }

  of(text: string): V {
    const slot = placeOf(text) & this.#mask;
    if (this.#texts[slot] === text) return this.#values[slot] as V;
    const value = this.#make(text);
    this.#texts[slot] = text;
    this.#values[slot] = value;
    return value;
  }
}

/** A number from the length and seven characters of a text: names of one kind differ at their end. */
export function placeOf(text: string): number {
  const { length } = text;
  if (length < 4) return length === 0 ? 0 : text.charCodeAt(0) + text.charCodeAt(length - 1) * 131 + text.charCodeAt(length >> 1) * 17;
  const end = text.charCodeAt(length - 1) + text.charCodeAt(length - 2) * 11 + text.charCodeAt(length - 3) * 113 + text.charCodeAt(length - 4) * 1237;
  return end ^ (length * 31) ^ (text.charCodeAt(length >> 1) * 131) ^ (text.charCodeAt(length >> 2) * 17) ^ (text.charCodeAt(length - (length >> 2) - 1) * 67);
}
