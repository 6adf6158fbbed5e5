import type { Share } from './intervals.ts';
import type { Measures, Unlabelled } from './measure.ts';

/** What is printed: the parts of an evaluation that a table needs. */
export interface Printable {
  complete: boolean; records: { read: number; events: number; duplicates: number; rejected: Readonly<Record<string, number>> }; labels: number;
  runs: readonly { name: string; complete: boolean; verdicts: { bad: number; benign: number }; measures: Measures }[];
}

const COLUMN = 26;
const NAME = 42;

/** The table of an evaluation: one column a run. */
export function printed({ complete, records, labels, runs }: Printable): string {
  const rejected = Object.entries(records.rejected).map(([reason, n]) => `${n} ${reason}`).join(', ');
  const lines = [`${records.read} records read: ${records.events} events${records.duplicates > 0 ? `, ${records.duplicates} that had come before` : ''}${rejected ? `, refused: ${rejected}` : ''}; ${labels} labels`];
  if (!complete) lines.push('Cut: this is what was measured until then.');
  const first = runs[0];
  if (!first) return `${lines.join('\n')}\n`;
  const { from, to, identities, learned_weeks: learned } = first.measures;
  if (first.measures.events > 0) lines.push(`measured from ${from.slice(0, 16)} to ${to.slice(0, 16)} (${fixed(first.measures.weeks)} weeks, after ${fixed(learned)} that are only learned), ${identities} identities`);
  lines.push('', row('', runs.map(({ name, complete: whole }) => name + (whole ? '' : ' (cut)'))));
  const all = (name: string, value: (measures: Measures) => string) => lines.push(row(name, runs.map(({ measures }) => value(measures))));
  first.measures.calibration.forEach(({ score }, i) => all(`P(score ≥ ${score}) / 10^−${score}`, ({ calibration }) => promised(calibration[i]!)));
  all('threshold', ({ threshold }) => fixed(threshold));
  all(`pages a week (budget ${first.measures.pages.budget})`, ({ pages }) => `${fixed(pages.calibrated_a_week)} = ${percent(pages.of_budget)}`);
  all('  and certain ones', ({ pages }) => fixed(pages.certain_a_week));
  all('pages per 1,000 identity-weeks', ({ pages }) => `${fixed(pages.per_1000_identity_weeks)} of ${fixed(pages.nominal_per_1000)}`);
  first.measures.budgets.forEach(({ budget }, i) => all(`hours at the threshold of ${budget}, a week`, ({ budgets }) => fixed(budgets[i]!.hours_a_week)));
  recallRows(lines, runs);
  all('hours above the p95 / p99 band', ({ bands }) => `${percent(bands.p95.share)} / ${percent(bands.p99.share)}`);
  all('pages on day 1 per 100 new identities', ({ new_identities: fresh }) => (fresh.per_100 === null ? 'none new' : `${fixed(fresh.per_100)} (${fresh.count} new)`));
  all('share of the ten noisiest', ({ noisiest_ten: ten }) => `${percent(ten.share)} of ${ten.false_hours} hours`);
  all('drift flagged by day 30', ({ drift }) => (drift.labelled === 0 ? 'none labelled' : `${drift.flagged_by_day_30} of ${drift.labelled}`));
  all('  false per 100 identity-years', ({ drift }) => (drift.false_per_100_identity_years === null ? '–' : fixed(drift.false_per_100_identity_years)));
  lines.push(row('verdicts a day later', runs.map(({ verdicts: v }) => `${v.bad} bad, ${v.benign} benign`)));
  plainRows(lines, first.measures);
  weekRows(lines, runs);
  return `${lines.join('\n')}\n`;
}

/** How the score keeps its promise before and after a change, where nobody says what was misuse. */
export function printedUnlabelled(before: Unlabelled, after: Unlabelled): string {
  const both = [before, after];
  const lines = [`the score from ${before.from.slice(0, 16)} to ${before.to.slice(0, 16)}, everything counting as conforming`, row('', ['before', 'after'])];
  before.calibration.forEach(({ score }, i) => lines.push(row(`P(score ≥ ${score}) / 10^−${score}`, both.map(({ calibration }) => promised(calibration[i]!)))));
  lines.push(row('pages a week against the budget', both.map(({ pages }) => `${fixed(pages.calibrated_a_week)} of ${fixed(pages.budget)}`)));
  lines.push(row('  and certain ones', both.map(({ pages }) => fixed(pages.certain_a_week))));
  lines.push(row('hours above the p95 / p99 band', both.map(({ bands }) => `${percent(bands.p95.share)} / ${percent(bands.p99.share)}`)));
  lines.push(row('share of the ten noisiest', both.map(({ noisiest_ten: ten }) => `${percent(ten.share)} of ${ten.false_hours} hours`)));
  return `${lines.join('\n')}\n`;
}

function promised({ ratio, ratio_low: low, ratio_high: high, count }: Measures['calibration'][number]): string {
  return ratio === null ? 'nothing scored' : `${fixed(ratio)} [${fixed(low!)}, ${fixed(high!)}] (${count})`;
}

function recallRows(lines: string[], runs: Printable['runs']): void {
  const names = [...new Set(runs.flatMap(({ measures }) => measures.recall.map(({ use_case, level }) => `${use_case}\0${level}`)))].sort();
  if (names.length === 0) return;
  lines.push('', row('recall: paged (calibrated/certain), told', []));
  let last = '';
  for (const name of names) {
    const [useCase, level] = name.split('\0') as [string, string];
    if (useCase !== last) {
      lines.push(row(useCase, runs.map(({ measures }) => overall(measures, useCase))));
      last = useCase;
    }
    lines.push(row(`  ${level}`, runs.map(({ measures }) => {
      const found = measures.recall.find((one) => one.use_case === useCase && one.level === level);
      return found ? `${share(found.paged)} (${found.calibrated}/${found.certain}), ${found.told}` : '–';
    })));
  }
  lines.push('');
}

function overall({ recall, time_to_detect: times }: Measures, useCase: string): string {
  const own = recall.filter(({ use_case }) => use_case === useCase);
  const of = own.reduce((sum, one) => sum + one.of, 0);
  const paged = own.reduce((sum, one) => sum + one.paged.count, 0);
  const time = times.find(({ use_case }) => use_case === useCase);
  return `${percent(of === 0 ? null : paged / of)} of ${of}${time?.hours_p50 == null ? '' : `, ${fixed(time.hours_p50)}/${fixed(time.hours_p95!)} h`}`;
}

function plainRows(lines: string[], { plain }: Measures): void {
  lines.push('', row('rules in common use, same streams', ['pages a week, recall', 'at the budget']));
  for (const { method, out_of_the_box: out, at_budget: at } of plain) {
    lines.push(row(method, [`${fixed(out.pages_a_week)}, ${percent(out.recall)}`, `${fixed(at.pages_a_week)}, ${percent(at.recall)} at ${fixed(at.deviations)} deviations`]));
  }
}

function weekRows(lines: string[], runs: Printable['runs']): void {
  for (const { name, measures: { pages } } of runs) {
    lines.push('', `calibrated pages by week, ${name}:`);
    for (const { week, calibrated, certain, by_kind } of pages.by_week) {
      const kinds = Object.entries(by_kind).sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, n]) => `${kind} ${n}`).join(', ');
      lines.push(`  ${week}  ${String(calibrated).padStart(4)}${kinds ? `  (${kinds})` : ''}${certain > 0 ? `, ${certain} certain` : ''}`);
    }
  }
}

function row(name: string, cells: readonly string[]): string {
  return (name.padEnd(NAME) + cells.map((cell) => cell.padEnd(COLUMN)).join('  ')).trimEnd();
}

function share({ count, of, share: value }: Share): string {
  return `${count}/${of} = ${percent(value)}`;
}

function percent(value: number | null): string {
  return value === null ? '–' : `${Math.round(value * 1000) / 10} %`;
}

function fixed(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value * 100) / 100) : '–';
}
