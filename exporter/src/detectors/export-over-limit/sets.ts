import { fingerprint } from '../../lib/hash.ts';

/** 48 bits of a text's SHA-256, as a number: to count different texts. Two that meet would only make the count too small. */
export function hash48(text: string): number { return Number.parseInt(fingerprint(text).slice(0, 12), 16); }

/** The smallest `most` of two ordered lists of different numbers, in order; the first list may be changed. */
export function mergeNumbers(into: number[], from: readonly number[], most: number): number[] {
  for (const value of from) {
    const at = place(into, value);
    if (into[at] !== value) into.splice(at, 0, value);
    if (into.length > most) into.pop();
  }
  return into;
}

/** The first `most` of two lists of texts, each once, in order. */
export function mergeTexts(into: string[], from: readonly string[], most: number): string[] {
  if (from.every((text) => into.includes(text))) return into;
  return [...new Set([...into, ...from])].sort().slice(0, most);
}

/** Where the value is, or would be. */
function place(list: readonly number[], value: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
