import { incompleteBeta } from '../lib/beta.ts';

export interface Share { count: number; of: number; share: number | null; low: number | null; high: number | null }

/** A share with its 95 % interval (Clopper–Pearson: exact for independent trials, and hours of one identity are not quite). */
export function shareOf(count: number, of: number): Share {
  if (of === 0) return { count, of, share: null, low: null, high: null };
  const low = count === 0 ? 0 : solve((p) => 1 - tail(count, of, p), 0.975);
  const high = count === of ? 1 : solve((p) => 1 - tail(count + 1, of, p), 0.025);
  return { count, of, share: count / of, low, high };
}

/** P(X ≥ k) of n trials. */
function tail(k: number, n: number, p: number): number {
  return incompleteBeta(p, k, n - k + 1);
}

/** Where a function that falls in p passes a level. */
function solve(falling: (p: number) => number, level: number): number {
  let low = 0;
  let high = 1;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (falling(middle) > level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The value below which this share of the values lies (nearest rank); null for none. */
export function quantile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
}
