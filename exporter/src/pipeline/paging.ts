import type { Page } from '@remit/contract';

/** Place of an item in the order of its list, ascending. */
export type Place = readonly [number, number, string];

/**
 * One page of a list, in order of place. A cursor is the place of the last item of the page before, so that the next page begins
 * right after it even when that item has moved or gone.
 */
export function pageOf<T>(items: readonly T[], limit: number, cursor: string | undefined, placeOf: (item: T) => Place): Page<T> {
  const placed = items.map((item) => ({ item, place: placeOf(item) })).sort((a, b) => compare(a.place, b.place));
  const after = cursor === undefined ? null : placeIn(cursor);
  const start = after === null ? 0 : placed.findIndex(({ place }) => compare(place, after) > 0);
  const shown = start < 0 ? [] : placed.slice(start, start + limit);
  const more = start >= 0 && start + limit < placed.length;
  return { items: shown.map(({ item }) => item), cursor: more ? shown.at(-1)!.place.join(':') : null, total: items.length };
}

/** The contract has checked its form. */
function placeIn(cursor: string): Place {
  const [, first, second, id] = /^(-?\d+):(-?\d+):(.+)$/.exec(cursor) ?? ['', '-Infinity', '-Infinity', ''];
  return [Number(first), Number(second), id!];
}

function compare(a: Place, b: Place): number {
  return a[0] - b[0] || a[1] - b[1] || (a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : 0);
}
