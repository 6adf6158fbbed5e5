import type { Column, Feature, Millis, Row, Surprise } from '@remit/contract';
import { negativeBinomialTail } from '../lib/beta.ts';

const HOUR: Millis = 3_600_000;
/** Active hours, and the span they must cover, before the past says anything. */
const MIN_ACTIVE = 24;
const MIN_SPAN: Millis = 7 * 24 * HOUR;
/** Weight of old hours halves every four weeks of hourly activity. */
const KEEP = 1 - Math.LN2 / (4 * 168);
/** Prior pseudo-hours that shrink an hour of the day towards the overall mean. */
const SHRINK = 4;
/** Without evidence, counts spread this much more than Poisson's: variance = mean + φ·mean². */
const MIN_DISPERSION = 0.05;

/**
 * How many events an identity makes in an hour in which it is active: a negative binomial whose mean is the running mean,
 * shrunk from the hour of the day to the whole, widened by what few hours leave unknown. One-sided: only too many is a surprise.
 * A learned value is capped at the mean plus four standard deviations, so that one flood does not become normal.
 */
export const volume: Feature<{ n: number }> = {
  id: 'volume',
  version: 1,
  columns: [
    { name: 'since', type: 'f64', length: 1 }, { name: 'latest', type: 'f64', length: 1 },
    { name: 'active', type: 'u32', length: 1 },
    { name: 'weight', type: 'f32', length: 1 }, { name: 'mean', type: 'f32', length: 1 }, { name: 'square', type: 'f32', length: 1 },
    { name: 'day_weight', type: 'f32', length: 24 }, { name: 'day_mean', type: 'f32', length: 24 },
  ] satisfies Column[],
  open: () => ({ n: 0 }),
  add(aggregate) { aggregate.n++; },
  merge(into, from) { into.n += from.n; },
  save: (aggregate) => aggregate.n,
  restore: (saved) => ({ n: Number(saved) }),
  ready: (row) => row['active']![0]! >= MIN_ACTIVE && row['latest']![0]! - row['since']![0]! >= MIN_SPAN,
  expect(row, { n }, hour, calibrate): Surprise | null {
    if (!this.ready(row)) return null;
    const { mean, dispersion } = predict(row, hour);
    const p = Math.max(negativeBinomialTail(n, mean, dispersion), 1e-300);
    const calibrated = calibrate(p);
    return {
      p, score: -Math.log10(calibrated), observed: n, expected: mean, ready: true,
      // Asked for by few: a quantile costs a dozen tails.
      get p50() { return quantile(0.5, mean, dispersion); },
      get p95() { return quantile(0.95, mean, dispersion); },
      get p99() { return quantile(0.99, mean, dispersion); },
    };
  },
  learn(row, { n }, hour) {
    const slot = new Date(hour).getUTCHours();
    const active = row['active']!;
    if (active[0] === 0) row['since']![0] = hour;
    row['latest']![0] = hour;
    let value = n;
    if (active[0]! >= MIN_ACTIVE) {
      const { mean, dispersion } = predict(row, hour);
      value = Math.min(n, mean + 4 * Math.sqrt(mean + dispersion * mean * mean));
    }
    active[0]!++;
    const weight = row['weight']![0]! * KEEP + 1;
    row['weight']![0] = weight;
    row['mean']![0]! += (value - row['mean']![0]!) / weight;
    row['square']![0]! += (value * value - row['square']![0]!) / weight;
    const dayWeight = row['day_weight']![slot]! * KEEP + 1;
    row['day_weight']![slot] = dayWeight;
    row['day_mean']![slot]! += (value - row['day_mean']![slot]!) / dayWeight;
  },
};

function predict(row: Row, hour: Millis): { mean: number; dispersion: number } {
  const slot = new Date(hour).getUTCHours();
  const overall = row['mean']![0]!;
  const weight = row['weight']![0]!;
  const dayWeight = row['day_weight']![slot]!;
  const mean = Math.max((row['day_mean']![slot]! * dayWeight + overall * SHRINK) / (dayWeight + SHRINK), 0.1);
  const variance = Math.max(row['square']![0]! - overall * overall, 0);
  const spread = Math.max((variance - overall) / Math.max(overall * overall, 0.01), MIN_DISPERSION);
  return { mean, dispersion: spread + (1 / mean + spread) / weight };
}

/** Smallest q with P(N ≥ q) ≤ 1 − level: the band's upper edge. */
function quantile(level: number, mean: number, dispersion: number): number {
  let low = 0;
  let high = Math.max(4, Math.ceil(mean * 2));
  while (negativeBinomialTail(high, mean, dispersion) > 1 - level) high *= 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (negativeBinomialTail(middle, mean, dispersion) <= 1 - level) high = middle;
    else low = middle + 1;
  }
  return low;
}
