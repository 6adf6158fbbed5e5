import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { judgeLive, liveText } from './live.ts';
import { PURPOSES, judgeByFold } from './protocol.ts';
import { noCounts, readCatalogue, readRuns } from './read.ts';
import type { Counts, LabelledRun } from './read.ts';
import { asObject, asText, summarise } from './report.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const CATALOGUE = join(root, 'evaluate/agents/catalogue.yml');
const WHOLE = join(root, '../shared/data/agents/agentdojo-runs.jsonl');
const SHIPPED = ['agentdojo-benign.jsonl.gz', 'agentdojo-hijacked.jsonl.gz'].map((name) => join(root, 'examples/data/agents', name));

export const AGENTS_HELP = `npm run evaluate -- agents [FILE…] [--train FILE] [--ablation] [--json]
                          agents --live [FILE…] [--verdicts] [--json]

Learns from runs of agents done as asked, and judges runs of other base models: done as asked, or hijacked by an instruction in what
they read. FILE: JSON lines in AgentDojo's shape, plain or gzipped; several count as one. Without any the whole set is taken where it lies beside
this folder (../shared/data/agents), or else the part of it that is shipped.

  --train FILE   learn from this file; of each base model in FILE the runs of the same one are left out
  --ablation     also each part of the score by itself, and the score without it
  --live         ask the service instead: replay the runs of the other models as spans, then those of each model, and count its findings of
                 new-destination (a few seconds a model); --verdicts: what it found among the learned runs is called benign
  --catalogue F  inventory file whose tool_catalogue says which tools change something, default evaluate/agents/catalogue.yml
  --json         one object on stdout
`;

interface Loaded { name: string; runs: LabelledRun[]; counts: Counts }

/** The command; returns the exit code: 0, 1 when a file cannot be read, 2 when the arguments make no sense. */
export async function evaluateAgents(args: readonly string[]): Promise<number> {
  let given: { files: string[]; live: boolean; verdicts: boolean; train: string | undefined; ablation: boolean; json: boolean; catalogue: string };
  try {
    const { values, positionals } = parseArgs({
      args: [...args], allowPositionals: true,
      options: { live: { type: 'boolean', default: false }, verdicts: { type: 'boolean', default: false }, train: { type: 'string' }, ablation: { type: 'boolean', default: false }, json: { type: 'boolean', default: false }, catalogue: { type: 'string', default: CATALOGUE } },
    });
    given = { ...values, train: values.train, files: positionals };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${AGENTS_HELP}`);
    return 2;
  }
  try {
    if (given.live) {
      const files = given.files.length > 0 ? given.files.map((file) => resolve(file)) : existsSync(WHOLE) ? [WHOLE] : SHIPPED;
      const folds = await judgeLive(files, given.catalogue, given.verdicts, ({ fold }) => process.stderr.write(`${fold}\n`));
      process.stdout.write(given.json ? `${JSON.stringify({ folds })}\n` : liveText(folds));
      return 0;
    }
    const writes = readCatalogue(given.catalogue);
    const load = (files: readonly string[]): Loaded => {
      if (files.length > 0) return loadAll(files.map((file) => resolve(file)), files.join(' '));
      if (existsSync(WHOLE)) return loadAll([WHOLE], '../shared/data/agents/agentdojo-runs.jsonl');
      process.stderr.write('the whole set is not beside this folder: measuring on the part in examples/data/agents, which has few hijacked runs\n');
      return loadAll(SHIPPED, 'examples/data/agents');
    };
    const loadAll = (files: readonly string[], name: string): Loaded => merge(name, files.map((file) => readRuns(file, writes)));
    const judged = load(given.files);
    const training = given.train === undefined ? judged : load([given.train]);
    const sections = PURPOSES.map((purpose) => summarise(purpose, judgeByFold(training.runs, judged.runs, purpose), given.ablation));
    const names = { file: judged.name, train: given.train === undefined ? null : training.name };
    process.stdout.write(given.json ? `${JSON.stringify(asObject(names, sections, judged.counts))}\n` : `${judged.name}\n${asText(sections, judged.counts)}`);
    return 0;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
}

function merge(name: string, parts: readonly { runs: LabelledRun[]; counts: Counts }[]): Loaded {
  const counts = noCounts();
  for (const part of parts) for (const key of Object.keys(counts) as (keyof Counts)[]) counts[key] += part.counts[key];
  return { name, runs: parts.flatMap((part) => part.runs), counts };
}
