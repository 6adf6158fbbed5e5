import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Foremost } from './foremost.ts';

test('the first of any items in an order are those of the sorted list', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 }), fc.integer({ min: 1, max: 12 }), (numbers, most) => {
    const order = (a: { n: number; i: number }, b: { n: number; i: number }) => a.n - b.n || a.i - b.i;
    const items = numbers.map((n, i) => ({ n, i }));
    const foremost = new Foremost(most, order);
    for (const item of items) foremost.add(item);
    const expected = [...items].sort(order).slice(0, most);
    expect(foremost.sorted()).toEqual(expected);
    expect(foremost.sorted()).toEqual(expected);
  }));
});
