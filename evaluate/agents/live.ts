import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openCore } from '../../exporter/src/app.ts';
import { Progress } from '../../exporter/src/commands/progress.ts';
import { replayInto } from '../../exporter/src/commands/replay.ts';
import { loadConfig } from '../../exporter/src/config.ts';
import { isBenign, isHijacked, parseRun, toOtlp, type Run } from '../../tools/agents-to-otlp/convert.ts';
import { foldOf } from './read.ts';

const START = Date.parse('2026-11-02T00:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TRACELESS = 'travel/injection_task_6';
const TIMES = { step: 2000, lasts: 1000, suite: 'agents' };
/** A prime, so that models and tasks come mixed, always in the same way. */
const STRIDE = 7919;

/** What the service found of the runs of one base model, having seen only benign runs of the others. `held`: runs it did not learn, for they lay inside a finding. */
export interface LiveFold { fold: string; learned: number; held: number; benign: number; benignFound: number; hijacked: number; hijackedFound: number }

/**
 * The same question asked of the service: for each base model the benign runs of the others are replayed as OpenTelemetry spans, one a minute, and
 * then its own, whose findings of `new-destination` are counted. `verdicts`: somebody calls every finding among the learned runs benign at once.
 */
export async function judgeLive(files: readonly string[], catalogue: string, verdicts: boolean, done: (fold: LiveFold) => void): Promise<LiveFold[]> {
  const runs = files.flatMap(readLines);
  const benign = runs.filter(isBenign);
  const folds: LiveFold[] = [];
  for (const fold of [...new Set(benign.map((run) => foldOf(run.pipeline!)))].sort()) {
    const own = runs.filter((run) => foldOf(run.pipeline!) === fold && (isBenign(run) || (isHijacked(run) && `${run.suite}/${run.injection_task}` !== TRACELESS)));
    folds.push(await judgeFold(fold, benign.filter((run) => foldOf(run.pipeline!) !== fold), own, readFileSync(catalogue, 'utf8'), verdicts));
    done(folds.at(-1)!);
  }
  return folds;
}

/** One line a fold, and their sum. */
export function liveText(folds: readonly LiveFold[]): string {
  const sum = { fold: 'together', learned: 0, held: 0, benign: 0, benignFound: 0, hijacked: 0, hijackedFound: 0 };
  for (const fold of folds) for (const key of ['learned', 'held', 'benign', 'benignFound', 'hijacked', 'hijackedFound'] as const) sum[key] += fold[key];
  const share = (found: number, of: number): string => `${found}/${of}${of === 0 ? '' : ` ${(100 * found / of).toFixed(1)} %`}`;
  const lines = [...folds, sum].map((f) => `${f.fold.padEnd(34)}${String(f.learned).padStart(7)}${String(f.held).padStart(6)}  ${share(f.benignFound, f.benign).padEnd(18)}${share(f.hijackedFound, f.hijacked)}`);
  return [`${'base model'.padEnd(34)}learned  held  benign found      hijacked found`, ...lines, ''].join('\n');
}

async function judgeFold(fold: string, past: readonly Run[], own: readonly Run[], catalogue: string, verdicts: boolean): Promise<LiveFold> {
  const folder = mkdtempSync(join(tmpdir(), 'remit-live-'));
  const core = await openCore({ storage: null, config: loadConfig(undefined).config });
  try {
    writeFileSync(join(folder, 'catalogue.yml'), catalogue);
    await core.loadInventory(join(folder, 'catalogue.yml'), 0);
    const replay = async (lines: readonly string[]): Promise<void> => {
      const path = join(folder, 'runs.jsonl');
      writeFileSync(path, lines.join('\n'));
      await replayInto(core, [{ path, cluster: 'none', bytes: 1 }], new Progress(process.stderr, true));
    };
    const mixed = past.map((run, i) => ({ run, at: (i * STRIDE) % past.length })).sort((a, b) => a.at - b.at);
    await replay(mixed.map(({ run }, i) => JSON.stringify(toOtlp(run, i, { ...TIMES, start: START, every: MINUTE }))));
    const now = START + past.length * MINUTE + 6 * HOUR;
    await core.engine.submit({ type: 'tick', now, idle: ['replay/otel-genai'] });
    const { processor } = core.engine;
    const standing = () => [...processor.book.all.values()].map(({ finding }) => finding).filter(({ detector, state }) => detector === 'new-destination' && state !== 'withdrawn');
    if (verdicts) for (const { id } of standing()) await core.engine.submit({ type: 'verdict', verdict: { finding: id, state: 'benign', by: 'evaluate', at: now } });
    const held = [...processor.runs.held.all.values()].reduce((sum, list) => sum + list.length, 0);
    // All at once, so that none is learned before the others are judged.
    await replay(own.map((run, i) => JSON.stringify(toOtlp(run, i, { ...TIMES, start: now + HOUR, every: 4000 }))));
    const found = new Set(standing().map(({ bucket }) => bucket));
    const count = (of: (run: Run) => boolean) => {
      const these = own.filter(of);
      return [these.length, these.filter((run) => found.has(`trace:${traceOf(run)}`)).length] as const;
    };
    const [benign, benignFound] = count(isBenign);
    const [hijacked, hijackedFound] = count(isHijacked);
    return { fold, learned: past.length - held, held, benign, benignFound, hijacked, hijackedFound };
  } finally {
    await core.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function traceOf(run: Run): string {
  return toOtlp(run, 0, { ...TIMES, start: 0, every: 1 }).resourceSpans[0]!.scopeSpans[0]!.spans[0]!.traceId;
}

function readLines(file: string): Run[] {
  const bytes = readFileSync(file);
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8').split('\n').filter((text) => text.trim() !== '').map(parseRun);
}
