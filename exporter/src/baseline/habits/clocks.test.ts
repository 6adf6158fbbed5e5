import { expect, test } from 'vitest';
import { clocksMoved } from './clocks.ts';

const at = (text: string) => Date.parse(text) / 3_600_000;

test.each([
  ['2026-10-20T12:00:00Z', { later: false, earlier: true }],
  ['2026-10-25T12:00:00Z', { later: true, earlier: false }],
  ['2026-11-20T12:00:00Z', { later: true, earlier: false }],
  ['2026-12-20T12:00:00Z', { later: false, earlier: false }],
  ['2026-03-10T12:00:00Z', { later: false, earlier: true }],
  ['2026-07-01T12:00:00Z', { later: false, earlier: false }],
])('three weeks after clocks have moved work may come an hour off: %s', (text, expected) => {
  expect(clocksMoved(at(text))).toEqual(expected);
});
