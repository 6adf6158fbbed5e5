import { ToolJudge } from '../../exporter/src/baseline/tools/judge.ts';
import type { JudgedCall } from '../../exporter/src/baseline/tools/judge.ts';
import { ToolMemory } from '../../exporter/src/baseline/tools/memory.ts';
import { hashRun } from '../../exporter/src/baseline/tools/run.ts';
import type { HashedRun } from '../../exporter/src/baseline/tools/run.ts';
import { KeyedHash } from '../../exporter/src/lib/hash.ts';
import type { LabelledRun } from './read.ts';

/** What a run is compared with: runs of its task, or all runs of its agent (the suite). */
export const PURPOSES = ['task', 'agent'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** A run with the calls that its score comes from. */
export interface JudgedRun { run: LabelledRun; calls: readonly JudgedCall[]; score: number }
export interface Judged { judged: JudgedRun[]; skipped: number }

/** Any key serves: only equality counts. */
const KEY = Uint8Array.of(0x52, 0x65, 0x6d, 0x69, 0x74, 0x20, 0x65, 0x76);

/**
 * Judges every run of `runs` by what the negatives of the other folds in `training` show, calibration included. Runs of
 * a key without training are skipped and counted.
 */
export function judgeByFold(training: readonly LabelledRun[], runs: readonly LabelledRun[], purpose: Purpose): Judged {
  const hash = new KeyedHash(KEY);
  const hashed = (run: LabelledRun): HashedRun => hashRun({
    id: run.id, agent: run.suite, purpose: purpose === 'task' ? run.task : null, group: run.fold, calls: run.calls,
  }, hash);
  const negatives = training.filter((run) => run.class === 'negative').map((run) => ({ fold: run.fold, hashed: hashed(run) }));
  const folds = Map.groupBy(runs, (run) => run.fold);
  const result: Judged = { judged: [], skipped: 0 };
  for (const [fold, members] of folds) {
    const memory = new ToolMemory();
    for (const negative of negatives) if (negative.fold !== fold) memory.learn(negative.hashed);
    const judge = new ToolJudge(memory);
    for (const run of members) {
      const one = hashed(run);
      const verdict = memory.hasPurpose(one.agent, one.purpose, one.group) ? judge.judge(one) : null;
      if (verdict === null) result.skipped++;
      else result.judged.push({ run, ...verdict });
    }
  }
  return result;
}
