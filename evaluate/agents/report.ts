import { WEIGHTS, scoreOf } from '../../exporter/src/baseline/tools/judge.ts';
import type { Part } from '../../exporter/src/baseline/tools/judge.ts';
import { flagged, measure, seeded } from './measure.ts';
import type { Figure, Measured, Scored } from './measure.ts';
import type { Judged, JudgedRun, Purpose } from './protocol.ts';
import type { Counts } from './read.ts';

/** One line of the table: which runs, how well they are told apart, and which share of the resisted attacks the same thresholds flag. */
export interface Row extends Measured { name: string; resisted: number; resistedFlagged: number[] }
/** What is reported of one purpose. `skipped`: runs whose purpose had no training. */
export interface Section { purpose: Purpose; skipped: number; rows: Row[]; ablation: Row[] }

const SEED = 1;
const PARTS = Object.keys(WEIGHTS) as Part[];
const NONE: Readonly<Record<Part, number>> = { tool: 0, values: 0, extent: 0, pairs: 0, order: 0, repeat: 0, company: 0 };

/** All runs, the detectable ones, and each suite by itself at thresholds of its own. With `ablation` also what each part is worth. */
export function summarise(purpose: Purpose, { judged, skipped }: Judged, ablation: boolean): Section {
  const detectable = judged.filter(({ run }) => run.detectable);
  const suites = [...new Set(judged.map(({ run }) => run.suite))].sort();
  const score = ({ score: whole }: JudgedRun): number => whole;
  return {
    purpose, skipped,
    rows: [
      row('all', judged, score), row('detectable', detectable, score),
      ...suites.map((suite) => row(suite, detectable.filter(({ run }) => run.suite === suite), score)),
    ],
    ablation: !ablation ? [] : [
      ...PARTS.map((part) => row(`without ${part}`, detectable, ({ calls }) => scoreOf(calls, { ...WEIGHTS, [part]: 0 }))),
      ...PARTS.map((part) => row(`${part} alone`, detectable, ({ calls }) => scoreOf(calls, { ...NONE, [part]: 1 }))),
    ],
  };
}

/** The tables as text. */
export function asText(sections: readonly Section[], counts: Counts): string {
  const lines = [
    `runs read ${counts.read}: errored ${counts.errored}, without calls ${counts.withoutCalls}, goal given openly ${counts.goalGivenOpenly}, `
    + `denial of service ${counts.deniedService}, undecided ${counts.undecided}; benign ${counts.negative}, hijacked ${counts.positive}, resisted ${counts.resisted}`,
  ];
  for (const { purpose, skipped, rows, ablation } of sections) {
    lines.push('', `purpose per ${purpose}; skipped for lack of training: ${skipped}`, header());
    for (const each of rows) lines.push(lineOf(each));
    if (ablation.length > 0) lines.push('', 'parts, on detectable runs');
    for (const each of ablation) lines.push(lineOf(each));
  }
  lines.push('', 'In brackets: 95 % bootstrap interval over tasks. FA: real share of benign runs flagged. R: share of resisted attacks flagged.', '');
  return lines.join('\n');
}

/** The same as one object; what cannot be measured is null. */
export function asObject(files: { file: string; train: string | null }, sections: readonly Section[], counts: Counts): object {
  return {
    ...files,
    runs: {
      read: counts.read, errored: counts.errored, without_calls: counts.withoutCalls, goal_given_openly: counts.goalGivenOpenly, denial_of_service: counts.deniedService,
      undecided: counts.undecided, benign: counts.negative, hijacked: counts.positive, resisted: counts.resisted,
    },
    purposes: Object.fromEntries(sections.map(({ purpose, skipped, rows, ablation }) => [purpose, {
      skipped, ...Object.fromEntries(rows.slice(0, 2).map(entry)), suites: Object.fromEntries(rows.slice(2).map(entry)),
      ...(ablation.length > 0 ? { ablation: Object.fromEntries(ablation.map(entry)) } : {}),
    }])),
  };
}

function row(name: string, judged: readonly JudgedRun[], scoreIt: (run: JudgedRun) => number): Row {
  const scored: Scored[] = [];
  const resisted: number[] = [];
  for (const each of judged) {
    if (each.run.class === 'resisted') resisted.push(scoreIt(each));
    else scored.push({ score: scoreIt(each), positive: each.run.class === 'positive', task: each.run.task });
  }
  const measured = measure(scored, seeded(SEED));
  return { name, ...measured, resisted: resisted.length, resistedFlagged: measured.at.map(({ threshold }) => flagged(resisted, threshold)) };
}

function header(): string {
  const recalls = ['5 %', '1 %'].map((share) => `recall at ${share}`.padEnd(27) + 'FA'.padEnd(7) + 'R'.padEnd(7)).join('');
  return `${''.padEnd(18)}${'benign'.padStart(7)}${'hijacked'.padStart(9)}  ${'AUC'.padEnd(24)}${recalls}`.trimEnd();
}

function lineOf({ name, negatives, positives, auc, at, resistedFlagged }: Row): string {
  const recalls = at.map(({ recall, falseAlarms }, i) => figureOf(recall).padEnd(27) + share(falseAlarms).padEnd(7) + share(resistedFlagged[i]!).padEnd(7)).join('');
  return `${name.padEnd(18)}${String(negatives).padStart(7)}${String(positives).padStart(9)}  ${figureOf(auc).padEnd(24)}${recalls}`.trimEnd();
}

function figureOf({ value, low, high }: Figure): string {
  return Number.isNaN(value) ? '–' : `${value.toFixed(4)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

function share(value: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(3);
}

function entry({ name, negatives, positives, auc, at, resisted, resistedFlagged }: Row): [string, object] {
  const found: Record<string, unknown> = { negatives, positives, resisted, auc: known(auc.value), auc_interval: interval(auc) };
  at.forEach(({ falseAlarmsWanted, threshold, falseAlarms, recall }, i) => {
    const percent = falseAlarmsWanted * 100;
    found[`recall_at_${percent}`] = known(recall.value);
    found[`recall_at_${percent}_interval`] = interval(recall);
    found[`false_alarms_at_${percent}`] = known(falseAlarms);
    found[`threshold_at_${percent}`] = known(threshold);
    found[`resisted_flagged_at_${percent}`] = known(resistedFlagged[i]!);
  });
  return [name, found];
}

function interval({ low, high }: Figure): (number | null)[] {
  return [known(low), known(high)];
}

function known(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toFixed(6)) : null;
}
