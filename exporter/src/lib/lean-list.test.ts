import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withItem } from './lean-list.ts';

test('an item is put where it should, whatever the length', () => {
  fc.assert(fc.property(fc.array(fc.integer(), { maxLength: 20 }), fc.nat(20), (list, place) => {
    const at = Math.min(place, list.length);
    const expected = list.toSpliced(at, 0, 7);
    expect(withItem([...list], at, 7)).toEqual(expected);
  }));
});

test.each([0, 1, 7])('a list of %i is left as it was', (length) => {
  const list = Array.from({ length }, (_, i) => i);
  withItem(list, 0, 9);
  expect(list).toEqual(Array.from({ length }, (_, i) => i));
});
