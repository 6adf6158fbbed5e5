import type { HourFacts, HourSums } from '@remit/contract';
import { habits } from '../baseline/habits/all.ts';
import { openSums, restoreSums, saveSums } from '../baseline/sums.ts';
import { Scorer, type ScorerOptions } from './scorer.ts';

// A made-up fleet for tests.
export const HOUR = 3_600_000;
export const START = Date.UTC(2026, 8, 7);
const KEY = new Uint8Array(8).fill(5);
export const make = (options: Partial<ScorerOptions> = {}) => new Scorer({ habits: habits(), sums: { save: saveSums, restore: restoreSums }, key: KEY, budget: { fleet: 10 }, ...options });
export interface Closed { identity: number; hour: number; sums: HourSums }

export const facts = (identity: number): HourFacts => ({
  kind: identity % 4 === 0 ? 'ai_agent' : 'service_account', owner: `team-${identity % 3}`, purpose: null, environment: 'prod', group: null, declared: identity % 2 === 0, violations: null,
});

/** A conforming fleet: office hours or round the clock, counts of a negative binomial, now and then something new, an odd hour, a storm. */
export function fleet(identities: number, weeks: number, seed: number): Closed[] {
  const random = generator(seed);
  const closed: Closed[] = [];
  const rate = Array.from({ length: identities }, () => 2 + 20 * random());
  for (let h = 0; h < weeks * 168; h++) for (let i = 0; i < identities; i++) {
    const office = i % 3 === 0 || (h % 24 >= 8 && h % 24 < 17 && h % 168 < 120);
    if (random() > (office ? 0.7 : 0.004)) continue;
    const storm = random() < 0.001 ? Math.min(50, (1 - random()) ** -0.8) : 1;
    const events = 1 + poisson(random, rate[i]! * storm * (gamma3(random) / 3));
    const sums = openSums();
    Object.assign(sums, { events, failed: random() < 0.02 ? Math.ceil(events / 3) : 0, sensitive: random() < 0.1 ? 1 : 0 });
    sums.actions = pick(random, 4, 1_000 + i * 10).concat(random() < 0.003 ? [5_000 + Math.floor(random() * 1e6)] : []).sort((a, b) => a - b);
    sums.resources = pick(random, 6, 77_000 + i * 10);
    sums.sources = [9];
    const bytes = Math.ceil(events * Math.exp(7 + normal(random) * 0.6 / Math.sqrt(events)));
    Object.assign(sums, { amount: bytes, measured: events, amounts: [sums.actions[0]!, events, Math.round(Math.log(bytes / events) * 64) * events] });
    if (i % 4 === 0) sums.steps = [1, 2, 3, 4].flatMap((k) => [k * 60_000 + i, h, 40 + (random() < 0.02 ? Math.floor(random() * 6) : k), h * 10 + k]);
    closed.push({ identity: i, hour: START + h * HOUR, sums });
  }
  return closed;
}

export function close(scorer: Scorer, hours: readonly Closed[]): number[] {
  return hours.map(({ identity, hour, sums }) => scorer.close(identity, sums, facts(identity), hour).score);
}

export function generator(seed: number): () => number {
  let a = seed * 0x9e3779b9 >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
export function normal(random: () => number): number { return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()); }
export function gamma3(random: () => number): number { return -Math.log((1 - random()) * (1 - random()) * (1 - random())); }
export function poisson(random: () => number, mean: number): number {
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  let n = 0;
  for (let p = random(); p > Math.exp(-mean) && n < 200; n++) p *= random();
  return n;
}
function pick(random: () => number, of: number, base: number): number[] {
  return Array.from({ length: of }, (_, i) => base + i).filter((_, i) => random() < 1 / (1 + i));
}
