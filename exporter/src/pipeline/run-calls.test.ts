import { expect, test } from 'vitest';
import { surpriseOf } from './run-calls.ts';

const DAY = 86_400_000;
const NOW = 30 * DAY;

/** A run as odd as the oddest of 200 learned ones; before it as many of the same that nobody judged, so many days ago. */
const ticketP = (unjudged: number, days: number): number => {
  const held = Array.from({ length: unjudged }, () => ({ score: 5, last: NOW - days * DAY }));
  return surpriseOf({ score: 5, above: 0, sampled: 200, learned: 200, since: 0, perHour: 1, calls: [] } as never, held, NOW).ticketP;
};

test('an agent that changed its ways is told for three days, and then it is how it works', () => {
  expect(ticketP(0, 0)).toBeLessThan(0.01);
  // Misuse that goes on for hours does not hide itself.
  expect(ticketP(20, 1)).toBeLessThan(0.011);
  expect(ticketP(20, 4)).toBeGreaterThan(0.09);
});
