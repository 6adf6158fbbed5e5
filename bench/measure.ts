/** What was measured: the middle, least and most of several runs. A gate says how much it must be at least or at most. */
export interface Figure { name: string; median: number; min: number; max: number; runs: number; gate?: { least: number } | { most: number } }

/** `name` ends with the unit, or with `_ratio`. */
export function figure(name: string, values: readonly number[], gate?: Figure['gate']): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { name, median, min: sorted[0]!, max: sorted.at(-1)!, runs: sorted.length, ...(gate ? { gate } : {}) };
}

/** Whether the median holds its gate; true without one. */
export function holds({ median, gate }: Figure): boolean {
  if (!gate) return true;
  return 'least' in gate ? median >= gate.least : median <= gate.most;
}

/** The value below which `share` of the sorted values lie. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

/** Runs every case once in each of `rounds` rounds, after `warm` rounds that do not count, so that all see the same weather. */
export async function alternate<T>(rounds: number, cases: readonly T[], run: (one: T, counts: boolean) => Promise<void>, warm = 1): Promise<void> {
  for (let round = 0; round < warm + rounds; round++) for (const one of cases) await run(one, round >= warm);
}

/** CPU seconds of all threads, and seconds on the wall, that `work` takes. */
export async function costs(work: () => Promise<void> | void): Promise<{ cpu: number; wall: number }> {
  globalThis.gc?.();
  const started = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1e6, wall: (performance.now() - started) / 1000 };
}
