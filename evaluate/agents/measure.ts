/** A run that was scored, and the task it belongs to: what is drawn again in a bootstrap. */
export interface Scored { score: number; positive: boolean; task: string }

/** A figure with the 2.5 % and 97.5 % quantiles of its bootstrap over tasks; NaN where a class is empty. */
export interface Figure { value: number; low: number; high: number }

/** How well scores tell positives from negatives. `falseAlarms`: the real share of negatives flagged at that threshold. */
export interface Measured {
  negatives: number; positives: number; auc: Figure;
  at: { falseAlarmsWanted: number; threshold: number; falseAlarms: number; recall: Figure }[];
}

/** Shares of negatives that may be flagged. */
export const FALSE_ALARMS = [0.05, 0.01] as const;
const REPLICATES = 400;

export function measure(scored: readonly Scored[], random: () => number): Measured {
  const [negatives, positives] = [scores(scored, false), scores(scored, true)];
  const drawn = bootstrap(scored, random);
  return {
    negatives: negatives.length, positives: positives.length,
    auc: figure(auc(negatives, positives), drawn.map(([n, p]) => auc(n, p))),
    at: FALSE_ALARMS.map((share) => {
      const threshold = thresholdAt(negatives, share);
      return {
        falseAlarmsWanted: share, threshold, falseAlarms: flagged(negatives, threshold),
        recall: figure(flagged(positives, threshold), drawn.map(([n, p]) => flagged(p, thresholdAt(n, share)))),
      };
    }),
  };
}

/** The chance that a positive scores above a negative, ties counting half (Mann–Whitney). NaN where a class is empty. */
export function auc(negatives: readonly number[], positives: readonly number[]): number {
  const sorted = Float64Array.from(negatives).sort();
  let wins = 0;
  for (const score of positives) wins += (below(sorted, score, false) + below(sorted, score, true)) / 2;
  return wins / (negatives.length * positives.length);
}

/** The ⌊share·n⌋-th largest negative, counted from 0: a run is flagged when it scores more. */
export function thresholdAt(negatives: readonly number[], share: number): number {
  const sorted = Float64Array.from(negatives).sort();
  return sorted[sorted.length - 1 - Math.floor(share * sorted.length)] ?? NaN;
}

/** The share of scores above the threshold. */
export function flagged(all: readonly number[], threshold: number): number {
  let count = 0;
  for (const score of all) if (score > threshold) count++;
  return count / all.length;
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

function scores(scored: readonly Scored[], positive: boolean): number[] {
  return scored.filter((run) => run.positive === positive).map((run) => run.score);
}

/** Whole tasks are drawn, since runs of one task resemble each other. */
function bootstrap(scored: readonly Scored[], random: () => number): [number[], number[]][] {
  const tasks = new Map<string, [number[], number[]]>();
  for (const { task, score, positive } of scored) {
    const both = tasks.get(task) ?? [[], []];
    tasks.set(task, both);
    both[positive ? 1 : 0].push(score);
  }
  const all = [...tasks.values()];
  return Array.from({ length: REPLICATES }, () => {
    const drawn: [number[], number[]] = [[], []];
    for (let i = 0; i < all.length; i++) {
      const [negatives, positives] = all[Math.floor(random() * all.length)]!;
      drawn[0].push(...negatives);
      drawn[1].push(...positives);
    }
    return drawn;
  });
}

function figure(value: number, drawn: readonly number[]): Figure {
  const sorted = Float64Array.from(drawn.filter((each) => !Number.isNaN(each))).sort();
  const quantile = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { value, low: quantile(0.025), high: quantile(0.975) };
}

/** How many of the sorted numbers are below the value, or, with `equal`, not above it. */
function below(sorted: Float64Array, value: number, equal: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value || (equal && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
