import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { scores } from './series.ts';

export const NAB_HELP = `nab DIR [--out DIR]
  Scores every series of the Numenta Anomaly Benchmark (DIR holds data/ and labels/combined_windows.json) with the volume habit and
  writes results/remit/<group>/remit_<file>.csv, as NAB's scorer reads them.
`;

/** Writes what NAB's scorer reads; it is Python and not ours: see docs/evaluation.md. */
export function evaluateNab(args: readonly string[]): number {
  const folder = args.find((arg, i) => !arg.startsWith('--') && args[i - 1] !== '--out');
  if (folder === undefined || !existsSync(join(folder, 'data'))) {
    process.stderr.write(`nab: DIR with data/ and labels/combined_windows.json is missing\n\n${NAB_HELP}`);
    return 2;
  }
  const out = args.includes('--out') ? args[args.indexOf('--out') + 1]! : 'results';
  const windows = JSON.parse(readFileSync(join(folder, 'labels/combined_windows.json'), 'utf8')) as Record<string, [string, string][]>;
  let files = 0;
  for (const group of readdirSync(join(folder, 'data')).sort()) {
    for (const file of readdirSync(join(folder, 'data', group)).filter((name) => name.endsWith('.csv')).sort()) {
      const lines = readFileSync(join(folder, 'data', group, file), 'utf8').trim().split('\n').slice(1).map((line) => line.trim().split(','));
      const found = scores(lines.map(([time, value]) => ({ at: Date.parse(`${time!.replace(' ', 'T')}Z`), value: Number(value) })));
      // NAB's files carry the label beside the score; nothing above has seen it.
      const labelled = (windows[`${group}/${file}`] ?? []).map(([from, to]) => [from.slice(0, 19), to.slice(0, 19)] as const);
      const rows = lines.map(([time, value], i) => `${time},${value},${found[i]!.toFixed(9)},${labelled.some(([from, to]) => time! >= from && time! <= to) ? 1 : 0}`);
      mkdirSync(join(out, 'remit', group), { recursive: true });
      writeFileSync(join(out, 'remit', group, `remit_${basename(file)}`), `timestamp,value,anomaly_score,label\n${rows.join('\n')}\n`);
      files++;
    }
  }
  process.stdout.write(`${files} series written to ${join(out, 'remit')}\n`);
  return 0;
}
