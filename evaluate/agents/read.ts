import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { inventoryFileSchema } from '@remit/contract';
import type { Call } from '../../exporter/src/baseline/tools/run.ts';
import { MemoPool } from '../../exporter/src/inventory/memo.ts';
import { compileCatalogue } from '../../exporter/src/inventory/tools.ts';
import { HiddenValues, passedIn } from '../../exporter/src/lib/tool-arguments.ts';
import { readYaml } from '../../exporter/src/lib/yaml-file.ts';

/** What a run is for the measurement. Goals given openly and denial of service are neither. */
export type RunClass = 'negative' | 'positive' | 'resisted';

/** A run that takes part. `fold`: its base model. `detectable`: false where what was carried out leaves no trace in tools. */
export interface LabelledRun { id: string; suite: string; task: string; fold: string; class: RunClass; detectable: boolean; calls: Call[] }

/** How many runs a file has, and what became of them; `read` is the sum of the others. */
export interface Counts {
  read: number; errored: number; withoutCalls: number; goalGivenOpenly: number; deniedService: number; undecided: number;
  negative: number; positive: number; resisted: number;
}

/** Endings of pipeline names that say how a model was defended, not which it is. */
const DEFENCES = ['-repeat_user_prompt', '-spotlighting_with_delimiting', '-tool_filter', '-transformers_pi_detector'];
/** The service leaves out free text unless it is told otherwise, and so does this. */
const KEPT = new HiddenValues(new Uint8Array(8));
const TRACELESS = 'travel/injection_task_6';

interface RawRun {
  path?: string; suite: string; pipeline: string; user_task: string; injection_task?: string | null;
  attack?: string | null; security?: boolean | null; error?: boolean; calls: RawCall[];
}
interface RawCall { tool: string; args?: unknown; ok?: boolean }
/** Whether a tool changes something; an unknown one does. */
export type Writes = (tool: string) => boolean;

/** Reads runs, JSON lines plain or gzipped. Throws with file and line where a line is no run. */
export function readRuns(file: string, writes: Writes): { runs: LabelledRun[]; counts: Counts } {
  const bytes = readFileSync(file);
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
  const counts = noCounts();
  const runs: LabelledRun[] = [];
  const ids = new Set<string>();
  text.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    let raw: RawRun;
    try {
      raw = parse(line);
    } catch (error) {
      throw new Error(`${file}:${i + 1}: ${(error as Error).message}`, { cause: error });
    }
    counts.read++;
    const found = classify(raw);
    counts[found]++;
    if (found !== 'negative' && found !== 'positive' && found !== 'resisted') return;
    // Files that were put together may name two runs alike.
    const id = raw.path === undefined || ids.has(raw.path) ? `${raw.path ?? file}:${i + 1}` : raw.path;
    ids.add(id);
    runs.push({
      id, suite: raw.suite, task: `${raw.suite}/${raw.user_task}`, fold: foldOf(raw.pipeline), class: found,
      detectable: `${raw.suite}/${raw.injection_task ?? ''}` !== TRACELESS,
      calls: raw.calls.map((call) => ({ tool: call.tool, writes: writes(call.tool), ok: call.ok !== false, arguments: passedIn(call.args, (path) => KEPT.keeps(call.tool, path)) })),
    });
  });
  return { runs, counts };
}

export function noCounts(): Counts {
  return { read: 0, errored: 0, withoutCalls: 0, goalGivenOpenly: 0, deniedService: 0, undecided: 0, negative: 0, positive: 0, resisted: 0 };
}

/** The base model of a pipeline. */
export function foldOf(pipeline: string): string {
  let name = pipeline;
  for (const ending of DEFENCES) if (name.endsWith(ending)) name = name.slice(0, -ending.length);
  return name;
}

/** The tool catalogue of an inventory file as a question. Throws with file, line and column where it is broken. */
export function readCatalogue(file: string): Writes {
  const read = readYaml(file, readFileSync(file, 'utf8'), inventoryFileSchema);
  if (!read.ok) throw new Error(read.problems.map((p) => `${p.file}:${p.line}:${p.column} ${p.message}`).join('\n'));
  const catalogue = compileCatalogue(read.value.tool_catalogue ?? [], new MemoPool());
  return (name) => catalogue({ name, server: undefined })?.writes ?? true;
}

function parse(line: string): RawRun {
  const raw = JSON.parse(line) as Partial<RawRun> | null;
  for (const name of ['suite', 'pipeline', 'user_task'] as const) if (typeof raw?.[name] !== 'string') throw new Error(`no run: ${name} is not a text`);
  if (!Array.isArray(raw?.calls) || !raw.calls.every((call) => typeof call?.tool === 'string')) throw new Error('no run: it has no list of calls with a tool each');
  return raw as RawRun;
}

function classify(run: RawRun): RunClass | 'errored' | 'withoutCalls' | 'goalGivenOpenly' | 'deniedService' | 'undecided' {
  if (run.error === true) return 'errored';
  if (run.calls.length === 0) return 'withoutCalls';
  if (run.attack == null) return run.user_task.startsWith('user_task') ? 'negative' : 'goalGivenOpenly';
  if (run.attack === 'dos' || run.attack.endsWith('_dos')) return 'deniedService';
  return run.security === true ? 'positive' : run.security === false ? 'resisted' : 'undecided';
}
