/**
 * A list with one more item at `at`. A list that grows in place, is spread or filtered keeps room for seventeen: of lists that are kept by the hundred
 * thousand and hold one item or two, that room is most. So a short list is made anew, to measure, and only a longer one grows in place.
 */
export function withItem<T>(list: T[], at: number, item: T): T[] {
  if (list.length === 0) return [item];
  if (list.length < LONG) return list.toSpliced(at, 0, item);
  list.splice(at, 0, item);
  return list;
}

const LONG = 8;
