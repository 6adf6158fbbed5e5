import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Millis, RejectReason } from '@remit/contract';
import { hiddenValues, readInventory, sourcesOf } from '../app.ts';
import { loadConfig, type Config } from '../config.ts';
import { bareInventory } from '../evaluate/bare.ts';
import { parseLabels, shuffled, type Label } from '../evaluate/labels.ts';
import { measure, WARMUP, type Measures } from '../evaluate/measure.ts';
import { printed } from '../evaluate/report.ts';
import { Truth } from '../evaluate/truth.ts';
import { parseDuration } from '../lib/duration.ts';
import { EventSorter } from '../pipeline/sorter.ts';
import { ANY_KEY, inventoryProblems, runOnce, type Ran } from './evaluate-run.ts';
import { Spool } from './evaluate-spool.ts';
import { EXIT, fail, printProblems, UsageError } from './output.ts';
import { Progress } from './progress.ts';
import { expand, readAll, type Tally } from './replay.ts';

export interface EvaluateOptions {
  events: string[]; inventory?: string; labels?: string; budget: string; warmup?: string; only?: string; unattended?: boolean; shuffle?: string;
  configFile?: string; cluster?: string; json?: boolean; quiet?: boolean;
}

/** What `--json` prints, once, at the end. `complete` false: it was cut, and this is what was measured until then. */
export interface Evaluation {
  complete: boolean; records: { read: number; events: number; duplicates: number; rejected: Partial<Record<RejectReason, number>> }; labels: number;
  runs: { name: RunName; complete: boolean; verdicts: Ran['verdicts']; measures: Measures }[];
}
export type RunName = 'with remit' | 'behaviour only';

/** While records are read, the end comes as an error. */
class Cut extends Error {}

/**
 * `remit evaluate`: tells recorded events to the real pipeline on a virtual clock, with the inventory and with one that declares
 * nothing, and measures afterwards what the labels allow. Ctrl-C ends it with what is measured so far.
 */
export async function evaluate(options: EvaluateOptions): Promise<void> {
  const { config, problems } = loadConfig(options.configFile);
  if (problems.length > 0) return fail(problems);
  const budgets = budgetsOf(options.budget);
  const names = runsOf(options.only);
  const warmup = warmupOf(options.warmup);
  const shuffle = options.shuffle === undefined ? null : z.coerce.number().int().nonnegative().safeParse(options.shuffle).data;
  if (shuffle === undefined) throw new UsageError(`--shuffle ${JSON.stringify(options.shuffle!.slice(0, 64))} is no whole number`, 'a seed: the same gives the same shuffling');
  const read = await readInventory(options.inventory);
  const wrong = [...read.problems, ...inventoryProblems(read.files)];
  printProblems(wrong);
  if (wrong.some(({ severity }) => severity === 'error')) return fail([]);
  // Looked at early only to say what is wrong with them; nothing that judges can see them.
  const labels = options.labels === undefined ? [] : readLabels(options.labels);

  const cut = new AbortController();
  const stop = () => cut.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const progress = new Progress(process.stderr, options.quiet ?? false);
  const spool = await Spool.create();
  try {
    const tally = await spoolUp(options, config, spool, progress, cut.signal);
    if (spool.count === 0 && !cut.signal.aborted) throw noEvents(tally);
    const result: Evaluation = { complete: true, records: { read: tally.read, events: spool.count, duplicates: 0, rejected: tally.rejected }, labels: labels.length, runs: [] };
    for (const name of names) {
      if (cut.signal.aborted) break;
      const files = name === 'with remit' ? read.files : bareInventory(read.files);
      const setup = { name, config: { ...config, budget: { ...config.budget, pages_per_week: budgets[0]! } }, files };
      const { duplicates, ...run } = await one(setup, { labels, budgets, warmup, shuffle, unattended: options.unattended ?? false }, spool, progress, cut.signal);
      result.runs.push(run);
      // A run that was cut has not met all of them.
      if (duplicates > result.records.duplicates) Object.assign(result.records, { duplicates, events: spool.count - duplicates });
    }
    result.complete = result.runs.length === names.length && result.runs.every((run) => run.complete);
    progress.end();
    process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : printed(result));
    if (!result.complete) process.exitCode = EXIT.negative;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    progress.end();
    await spool.discard();
  }
}

function noEvents({ read, rejected }: Tally): UsageError {
  const why = Object.entries(rejected).map(([reason, count]) => `${count} ${reason}`).join(', ');
  return new UsageError(`no event in ${read} records${why === '' ? '' : `: ${why}`}`, 'name files of a source that is known, or the configuration with a mapping of your own (--config.file)');
}

/** Labels of identities without any event count as missed: more often than not their URN is written otherwise than that of the records. */
function warnOfStrangers(labels: readonly Label[], seen: ReadonlyMap<string, unknown>): void {
  const strangers = [...new Set(labels.map(({ identity }) => identity))].filter((urn) => !seen.has(urn));
  if (strangers.length === 0) return;
  process.stderr.write(`warning: ${strangers.length} identities of the labels have no event, so their misuse counts as missed: ${JSON.stringify(strangers[0]!.slice(0, 200))}${strangers.length > 1 ? ' and others' : ''}\n`);
}

interface How { labels: readonly Label[]; budgets: readonly number[]; warmup: Millis; shuffle: number | null; unattended: boolean }

async function one(
  setup: { name: RunName; config: Config; files: Record<string, string> }, how: How, spool: Spool, progress: Progress, cut: AbortSignal,
): Promise<Evaluation['runs'][number] & Pick<Ran, 'duplicates'>> {
  const truth = new Truth(how.labels);
  const ran = await runOnce({ ...setup, truth: how.unattended || how.labels.length === 0 ? null : truth }, spool, progress, cut);
  const { recording } = ran;
  if (ran.complete) warnOfStrangers(how.labels, recording.streams);
  const chance = how.shuffle === null ? truth
    : new Truth([...shuffled(how.labels, [...recording.streams.keys()].sort(), recording.from, recording.to, how.shuffle)]);
  // A third at most, so that something is left to measure.
  const warmup = Math.min(how.warmup, Math.max(0, recording.to - recording.from) / 3);
  return { name: setup.name, complete: ran.complete, verdicts: ran.verdicts, duplicates: ran.duplicates, measures: measure(recording, { truth: chance, budgets: how.budgets, warmup }) };
}

/** Reads and sorts once for all runs. */
async function spoolUp(options: EvaluateOptions, config: Config, spool: Spool, progress: Progress, cut: AbortSignal): Promise<Tally> {
  const tally: Tally = { read: 0, unique: 0, duplicate: 0, start_record: 0, rejected: {} };
  const inputs = await expand(options.events, options.cluster ?? config.cluster);
  const sorter = new EventSorter();
  try {
    const add = (event: Parameters<EventSorter['add']>[0]) => {
      if (cut.aborted) throw new Cut();
      return sorter.add(event);
    };
    await readAll(inputs, { add }, tally, progress, { sources: sourcesOf(config), values: hiddenValues(ANY_KEY, config) });
    for await (const event of sorter.sorted()) {
      if (cut.aborted) throw new Cut();
      await spool.add(event);
    }
    await spool.end();
  } catch (error) {
    if (!(error instanceof Cut)) throw error;
  } finally {
    await sorter.discard();
  }
  return tally;
}

function readLabels(file: string): Label[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file}: cannot be read: ${(error as Error).message}`, 'name the file of labels');
  }
  const read = parseLabels(text);
  if ('problem' in read) throw new UsageError(`${file}: ${read.problem}`, 'see docs/evaluation.md');
  return read.labels;
}

function budgetsOf(text: string): number[] {
  const budgets = text.split(',').map(Number);
  if (text.trim() === '' || budgets.some((budget) => !(budget > 0 && budget <= 10_000))) {
    throw new UsageError(`--budget ${JSON.stringify(text.slice(0, 64))} is no budget`, 'pages a week, 10000 at most: 20, or 20,5,50 to see what others would cost');
  }
  return budgets;
}

function runsOf(only: string | undefined): RunName[] {
  if (only === undefined) return ['with remit', 'behaviour only'];
  if (only === 'remit') return ['with remit'];
  if (only === 'behaviour') return ['behaviour only'];
  throw new UsageError(`--only ${JSON.stringify(only.slice(0, 64))} is no run`, 'remit or behaviour');
}

function warmupOf(text: string | undefined): Millis {
  const millis = text === undefined ? WARMUP : parseDuration(text);
  if (millis === null) throw new UsageError(`--warmup ${JSON.stringify(text!.slice(0, 64))} is no duration`, 'as Prometheus writes it: 4w');
  return millis;
}
