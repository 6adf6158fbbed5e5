import { expect, test } from 'vitest';
import { finish, visitSorted } from './steps.ts';

const order = (a: number, b: number) => a - b;
/** The same numbers each time, in no order. */
const mixed = (count: number) => Array.from({ length: count }, (_, i) => (i * 7919) % count);

test.each([0, 1, 16, 17, 4096, 4097, 10_000])('%i items are visited in order, each once', (count) => {
  const seen: number[] = [];
  finish(visitSorted(mixed(count), order, 16, (item) => { seen.push(item); }));
  expect(seen).toEqual(Array.from({ length: count }, (_, i) => i));
});

test('no step visits more than it should, and what comes between two steps sees the items in between', () => {
  const seen: number[] = [];
  const counts: number[] = [];
  const steps = visitSorted(mixed(100), order, 16, (item) => { seen.push(item); });
  while (steps.next().done !== true) counts.push(seen.length);
  expect(counts).toEqual([16, 32, 48, 64, 80, 96]);
  expect(seen).toHaveLength(100);
});

test('the list that is given stays as it is', () => {
  const items = mixed(5000);
  finish(visitSorted(items, order, 16, () => {}));
  expect(items).toEqual(mixed(5000));
});
