import { expect, test } from 'vitest';
import { countQuantile, countSurprise, normalTail, studentSurprise } from './tails.ts';
import { logGamma } from './beta.ts';

/** P(N ≥ n), summed term by term. */
function brute(n: number, mean: number, dispersion: number): number {
  const size = 1 / dispersion;
  let below = 0;
  for (let k = 0; k < n; k++) below += Math.exp(logGamma(k + size) - logGamma(size) - logGamma(k + 1) + k * Math.log(mean / (mean + size)) + size * Math.log(size / (mean + size)));
  return 1 - below;
}

test.each([[5, 1, 0.3], [30, 8, 0.5], [60, 20, 0.1], [12, 0.4, 1.5], [200, 90, 0.05]])('the tail of %d events at mean %d, dispersion %d is exact', (n, mean, dispersion) => {
  expect(countSurprise(n, mean, dispersion)).toBeCloseTo(-Math.log10(brute(n, mean, dispersion)), 3);
});

test('the bulk is within 0.2 digits, and more is never much less surprising', () => {
  for (const [mean, dispersion] of [[2, 0.5], [20, 0.3], [300, 0.05], [0.5, 1]] as const) {
    let last = 0;
    for (let n = 1; n < mean * 3 + 6; n++) {
      const x = countSurprise(n, mean, dispersion);
      expect(Math.abs(x + Math.log10(brute(n, mean, dispersion)))).toBeLessThan(0.2);
      expect(x).toBeGreaterThan(last - 0.15);
      last = x;
    }
  }
});

test('quantiles are the smallest numbers beyond which the tail lies', () => {
  for (const p of [0.5, 0.05, 0.01, 1e-4]) {
    const q = countQuantile(p, 12, 0.4);
    expect(brute(q, 12, 0.4)).toBeLessThanOrEqual(p);
    expect(brute(q - 1, 12, 0.4)).toBeGreaterThan(p);
  }
});

test('tails of the normal and of Student agree with tables', () => {
  expect(normalTail(1.6448536)).toBeCloseTo(0.05, 4);
  expect(studentSurprise(2.015, 5)).toBeCloseTo(-Math.log10(0.05), 3);
  expect(studentSurprise(3.646, 30)).toBeCloseTo(-Math.log10(0.0005), 3);
  expect(studentSurprise(-1, 5)).toBe(0);
});
