import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

test.each([
  ['30m', 1_800_000], ['1h30m', 5_400_000], ['7d', 604_800_000], ['1w', 604_800_000], ['1y', 31_536_000_000],
  ['250ms', 250], ['0s', 0], ['1m5ms', 60_005],
  ['', null], ['5', null], ['5 m', null], ['-5m', null], ['1.5h', null], ['m', null], ['5m ', null], ['5x', null],
  ['99999999999y', null], ['101y', null], [`${'9'.repeat(400)}s`, null],
])('%j is %j ms', (text, millis) => {
  expect(parseDuration(text)).toBe(millis);
});

test.each([[0, '0s'], [90_000, '1m30s'], [5_400_000, '1h30m'], [864_000_000, '10d'], [604_800_000, '1w'], [60_005, '1m5ms']])('%j ms is %j', (millis, text) => {
  expect(formatDuration(millis)).toBe(text);
  expect(parseDuration(text)).toBe(millis);
});
