import { incompleteBeta, negativeBinomialTail } from './beta.ts';

/** Beyond this many standard deviations the exact tail is worth its price. */
const EXACT = 0.7;
/** Tails below this are not told apart. */
const LEAST = 1e-300;

/**
 * −log10 P(N ≥ n) of a negative binomial with this mean and dispersion (variance = mean + dispersion·mean²). In the bulk by a
 * variance-stabilised normal, within a fifth of a digit; in the tail exact. 0 for n ≤ 0.
 */
export function countSurprise(n: number, mean: number, dispersion: number): number {
  if (n <= 0) return 0;
  const size = 1 / dispersion;
  const z = 2 * Math.sqrt(size) * (Math.asinh(Math.sqrt(Math.max(n - 0.6, 0) / size)) - Math.asinh(Math.sqrt(mean / size)));
  if (z < EXACT && n > 2) return -Math.log10(normalTail(z));
  return Math.max(0, -Math.log10(Math.max(negativeBinomialTail(n, mean, dispersion), LEAST)));
}

/** Smallest q ≥ 0 with P(N ≥ q) ≤ p for such a count; for 0 < p < 1. */
export function countQuantile(p: number, mean: number, dispersion: number): number {
  let high = Math.max(4, Math.ceil(mean * 2));
  while (negativeBinomialTail(high, mean, dispersion) > p && high < 2 ** 40) high *= 2;
  let low = 0;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (negativeBinomialTail(middle, mean, dispersion) <= p) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** −log10 P(T ≥ t) of Student's t with `freedom` degrees. */
export function studentSurprise(t: number, freedom: number): number {
  if (t <= 0) return 0;
  const tail = incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2;
  return -Math.log10(Math.max(tail, LEAST));
}

/** P(Z ≥ z) of a standard normal, relative error below 2 % for z < 3 (Abramowitz and Stegun 26.2.17). */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 0.3989422804014327 * Math.exp(-z * z / 2) * poly;
}
