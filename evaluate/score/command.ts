import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SimulateOptions } from '../../exporter/src/simulate/options.ts';
import { record } from './hours.ts';
import { BUDGETS, run, type Measured, type RunOptions } from './run.ts';

export const SCORE_HELP = `score [--seed N] [--identities N] [--weeks N] [--declared SHARE] [--stale SHARE] [--attacks N] [--start DATE]
      [--bare] [--unattended] [--shuffled] [--oracle] [--missed] [--recordings DIR]
  The deviation score on a simulated fleet, without journal and findings: calibration, pages against budget, recall
  (at budgets of 5, 20 and 50, by tickets of the day, by certain pages, by the budget of 20 or a certain page).
  A recording of the fleet's hours is kept in DIR and used again.
`;

/** `npm run evaluate -- score`: one simulated fleet, one table. */
export async function evaluateScore(args: readonly string[]): Promise<number> {
  const value = (name: string, otherwise: number) => {
    const at = args.indexOf(`--${name}`);
    return at === -1 ? otherwise : Number(args[at + 1]);
  };
  const folder = args.includes('--recordings') ? args[args.indexOf('--recordings') + 1]! : join(tmpdir(), 'remit-recordings');
  const fleet: SimulateOptions = {
    identities: value('identities', 1000), weeks: value('weeks', 12), seed: value('seed', 1), declared: value('declared', 0.7), stale: value('stale', 0),
    attacks: value('attacks', 40), ...args.includes('--start') ? { start: Date.parse(args[args.indexOf('--start') + 1]!) } : {},
  };
  const options: RunOptions = { bare: args.includes('--bare'), unattended: args.includes('--unattended'), shuffled: args.includes('--shuffled'), oracle: args.includes('--oracle'), missed: args.includes('--missed') };
  const path = join(folder, `${[fleet.identities, fleet.weeks, fleet.seed, fleet.declared, fleet.stale, fleet.attacks, ...fleet.start === undefined ? [] : [fleet.start]].join('-')}.ndjson`);
  process.stderr.write(`recording ${path} (${availableParallelism()} processors)\n`);
  await record(path, fleet);
  process.stderr.write('scoring\n');
  process.stdout.write(table(await run(path, options), fleet));
  return 0;
}

function table(m: Measured, fleet: SimulateOptions): string {
  const lines = [`seed ${fleet.seed}, ${m.identities} identities, ${m.weeks} weeks; ${m.micros.toFixed(1)} µs a closed hour, ${m.microsAnHour.toFixed(1)} µs an identity-hour, quiet ones included, ${m.rowBytes} B a row, ${m.held} hours held`];
  lines.push(`P(s ≥ k)/10^−k: ${m.above.map((n, i) => `${(n / m.conforming * 10 ** (i + 1)).toFixed(2)} (${n})`).join('  ')}`);
  BUDGETS.forEach((b, i) => {
    const weeks = m.byWeek[i]!;
    const counts = Array.from({ length: m.weeks - 4 }, (_, w) => weeks[w + 4] ?? 0);
    const scale = 1000 / m.identities;
    lines.push(`pages a week at ${b}: ${(counts.reduce((a, c) => a + c, 0) / counts.length * scale).toFixed(1)} [${counts.join(' ')}]`);
  });
  for (const [key, { hit, of }] of [...m.recall].sort((a, b) => (a[0] < b[0] ? -1 : 1))) {
    lines.push(`  ${key.padEnd(36)} ${hit.map((h) => `${(h / of * 100).toFixed(0)} %`.padStart(6)).join('')}  of ${of}`);
  }
  const certain = m.certainDelays.sort((a, b) => a - b);
  if (certain.length > 0) lines.push(`active hours to the certain page p95 ${certain[Math.floor(certain.length * 0.95)]}`);
  const delays = m.delays.sort((a, b) => a - b);
  lines.push(`hours to detect p50 ${delays[Math.floor(delays.length / 2)]} p95 ${delays[Math.floor(delays.length * 0.95)]}`);
  lines.push(`day one: ${m.dayOnePages} pages of ${m.newcomers} newcomers; top ten ${(m.topTen * 100).toFixed(0)} % of false hours`);
  lines.push(`bands: above p95 ${(m.p95 / m.banded * 100).toFixed(2)} %, p99 ${(m.p99 / m.banded * 100).toFixed(2)} %`);
  lines.push(`24 h tickets a week ${(m.drip.false / (m.weeks - 4)).toFixed(1)}; drift ${m.drift.flagged} of ${m.drift.of} by day 30, ${(m.drift.false / m.drift.years * 100).toFixed(1)} false per 100 identity-years`);
  lines.push(`drift by sort: ${[...m.drift.bySort].sort().map(([sort, { flagged, of }]) => `${sort} ${flagged} of ${of}`).join(', ')}`);
  lines.push(`false pages by channel: ${[...m.channels].sort((a, b) => b[1] - a[1]).map(([k, v]) => `${k} ${v}`).join(', ')}`);
  lines.push(`false pages by sort and habit: ${[...m.wonBy].sort((a, b) => b[1] - a[1]).slice(0, 14).map(([k, v]) => `${k} ${v}`).join(', ')}`);
  for (const line of m.missed.sort()) lines.push(`missed: ${line}`);
  return `${lines.join('\n')}\n`;
}
