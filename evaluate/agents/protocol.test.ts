import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { measure, seeded } from './measure.ts';
import { judgeByFold } from './protocol.ts';
import type { Judged } from './protocol.ts';
import { readCatalogue, readRuns } from './read.ts';
import type { LabelledRun } from './read.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FILES = ['agentdojo-benign.jsonl.gz', 'agentdojo-hijacked.jsonl.gz'].map((name) => join('examples/data/agents', name));

let runs: LabelledRun[] = [];
beforeAll(() => {
  const writes = readCatalogue(join(root, 'evaluate/agents/catalogue.yml'));
  runs = FILES.flatMap((file) => readRuns(join(root, file), writes).runs);
});

describe('judgeByFold, on the part of the runs that is shipped', () => {
  it.each(['task', 'agent'] as const)('tells hijacked runs from others, purpose per %s', (purpose) => {
    const judged = judgeByFold(runs, runs, purpose);
    expect(judged.skipped).toBe(0);
    expect(judged.judged).toHaveLength(1272);
    expect(aucOf(judged)).toBeGreaterThan(0.93);
  });

  it('is at chance when labels are drawn by lot', () => {
    const random = seeded(3);
    const labels = runs.map((run) => run.class).map((label) => ({ label, at: random() })).sort((a, b) => a.at - b.at);
    const shuffled = runs.map((run, i): LabelledRun => ({ ...run, class: labels[i]!.label }));
    expect(Math.abs(aucOf(judgeByFold(shuffled, shuffled, 'task')) - 0.5)).toBeLessThan(0.1);
  });

  it('does not look at names of suites, models and tasks', () => {
    const renamed = runs.map((run): LabelledRun => ({ ...run, suite: `s-${run.suite}`, task: `t-${run.task}`, fold: `f-${run.fold}` }));
    const [before, after] = [runs, renamed].map((all) => judgeByFold(all, all, 'task').judged.map(({ score }) => score));
    expect(after).toEqual(before!.map((score) => expect.closeTo(score, 9) as number));
  });

  it('learns nothing from attacks, nor from the fold that is judged', () => {
    const [fold] = runs.map((run) => run.fold);
    const judged = runs.filter((run) => run.fold === fold);
    const others = runs.filter((run) => run.class === 'negative' && run.fold !== fold);
    const scores = (training: LabelledRun[]): number[] => judgeByFold(training, judged, 'task').judged.map(({ score }) => score);
    expect(scores(runs)).toEqual(scores(others));
  });

  it('skips and counts runs whose purpose nobody else ran', () => {
    const training = runs.filter((run) => run.task !== 'banking/user_task_3');
    const missing = runs.filter((run) => run.task === 'banking/user_task_3').length;
    expect(judgeByFold(training, runs, 'task')).toMatchObject({ skipped: missing });
    expect(judgeByFold(training, runs, 'agent')).toMatchObject({ skipped: 0 });
    expect(judgeByFold(runs.filter((run) => run.suite !== 'banking'), runs, 'agent').skipped).toBe(runs.filter((run) => run.suite === 'banking').length);
  });
});

describe('npm run evaluate', () => {
  it('prints one object', () => {
    const printed = JSON.parse(execFileSync(process.execPath, ['evaluate/main.ts', 'agents', '--json', '--train', FILES[0]!, ...FILES], { cwd: root, encoding: 'utf8' })) as Record<string, unknown>;
    expect(printed).toMatchObject({
      file: FILES.join(' '), train: FILES[0], runs: { read: 1272, benign: 1208, hijacked: 64, errored: 0 },
      purposes: { task: { skipped: 0, all: { positives: 64, false_alarms_at_5: 0.049669, resisted_flagged_at_1: null }, suites: { banking: { positives: 27 }, travel: { negatives: 335 } } }, agent: { detectable: { negatives: 1208 } } },
    });
  });

  it.each<[string[], number, RegExp]>([
    [['agents', 'no-such-file'], 1, /no-such-file/], [['agents', '--fast'], 2, /--fast/], [['weather'], 2, /weather: not known/], [['--help'], 0, /^$/],
  ])('%j ends with %i', (args, code, said) => {
    const { status, stderr } = spawnSync(process.execPath, ['evaluate/main.ts', ...args], { cwd: root, encoding: 'utf8' });
    expect(status).toBe(code);
    expect(stderr).toMatch(said);
  });
});

function aucOf({ judged }: Judged): number {
  const scored = judged.filter(({ run }) => run.class !== 'resisted' && run.detectable)
    .map(({ run, score }) => ({ score, positive: run.class === 'positive', task: run.task }));
  return measure(scored, seeded(1)).auc.value;
}
