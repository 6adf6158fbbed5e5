import { fingerprint } from '../../lib/hash.ts';

/** 48 bits of a text's SHA-256, as a number: to count different texts. Two that meet would only make the count too small. */
export function hash48(text: string): number { return Number.parseInt(fingerprint(text).slice(0, 12), 16); }

/** Different things with the first and the last time each was seen, as triples in one list in the order of their hashes. */
export type Sightings = number[];
const TRIPLE = 3;

/** The `most` things with the smallest hashes of both; the first list may be changed. Any order of merging gives the same. */
export function mergeSightings(into: Sightings, from: Sightings, most: number): Sightings {
  for (let i = 0; i < from.length; i += TRIPLE) {
    const [hash, first, last] = [from[i]!, from[i + 1]!, from[i + 2]!];
    const at = place(into, hash);
    if (into[at] === hash) {
      into[at + 1] = Math.min(into[at + 1]!, first);
      into[at + 2] = Math.max(into[at + 2]!, last);
    } else {
      into.splice(at, 0, hash, first, last);
      if (into.length > most * TRIPLE) into.length = most * TRIPLE;
    }
  }
  return into;
}

/** How many different things they are. */
export function countOf(sightings: Sightings): number { return sightings.length / TRIPLE; }

/** The first `most` of two lists of texts, each once, in order. */
export function mergeTexts(into: string[], from: readonly string[], most: number): string[] {
  if (from.every((text) => into.includes(text))) return into;
  return [...new Set([...into, ...from])].sort().slice(0, most);
}

/** Where the hash is, or would be. */
function place(list: Sightings, hash: number): number {
  let low = 0;
  let high = list.length / TRIPLE;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle * TRIPLE]! < hash) low = middle + 1;
    else high = middle;
  }
  return low * TRIPLE;
}
