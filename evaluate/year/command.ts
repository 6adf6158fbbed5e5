import { parseArgs } from 'node:util';
import { DAY } from './calendar.ts';
import { makeFleet, SKEW, ZONES } from './fleet.ts';
import type { Fullness } from './fleet.ts';
import { judge } from './judge.ts';
import { KINDS, planOf } from './plan.ts';
import { verdictOn } from './verdict.ts';
import type { Report } from './verdict.ts';

export const YEAR_HELP = `npm run evaluate -- year [--identities N] [--seed S] [--year Y] [--json]

Simulates a year of scheduled identities in two time zones: nightly, weekly, monthly and yearly jobs, hourly ones, blackouts, clocks that are
off by up to a minute, records that come twice. Violations are planted, nights on which the clocks change among them; each must be found
once and nothing else may be. When jobs run is worked out apart from the service's own code.

  --identities N  so many, default 1000
  --seed S        another fleet and other violations, default 1
  --year Y        default 2028, a leap year
  --json          one object on stdout
`;

/** Simulates and judges a year. */
export async function simulateYear(identities: number, seed: number, year: number, quiet: boolean, fullness?: Fullness): Promise<Report> {
  const fleet = makeFleet(identities, seed, year, fullness);
  const end = Date.UTC(year + 1, 0, 1) - DAY / 2;
  const plans = fleet.jobs.map((job, i) => planOf(job, fleet, seed * 1_000_003 + i, end));
  return verdictOn(plans, await judge(fleet, plans, seed, end, quiet));
}

/** The command; resolves with the exit code: 0, 1 when findings and violations differ, 2 when the arguments make no sense. */
export async function evaluateYear(args: readonly string[]): Promise<number> {
  let given: { identities: number; seed: number; year: number; json: boolean };
  try {
    const { values } = parseArgs({
      args: [...args], options: { identities: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' }, year: { type: 'string', default: '2028' }, json: { type: 'boolean', default: false } },
    });
    given = { identities: whole('identities', values.identities, 1, 100_000), seed: whole('seed', values.seed, 0, 2 ** 31), year: whole('year', values.year, 1971, 2199), json: values.json };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${YEAR_HELP}`);
    return 2;
  }
  const report = await simulateYear(given.identities, given.seed, given.year, given.json);
  process.stdout.write(given.json ? `${JSON.stringify(report)}\n` : asText(report, given));
  return [report.false_findings, report.missed, report.twice, report.wrong].every((list) => list.length === 0) ? 0 : 1;
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) throw new Error(`--${name} ${JSON.stringify(text.slice(0, 32))} is no whole number from ${least} to ${most}`);
  return value;
}

const SHOWN = 20;

function asText(report: Report, { seed, year }: { seed: number; year: number }): string {
  const listed = (name: string, list: readonly string[]): string[] => [
    `${name}: ${list.length === 0 ? 'none' : list.length}`, ...list.slice(0, SHOWN).map((each) => `  ${each}`), ...list.length > SHOWN ? [`  … and ${list.length - SHOWN} more`] : [],
  ];
  const planted = KINDS.map((kind) => `${report.planted[kind]} ${kind}`).join(', ');
  return [
    `${report.identities} scheduled identities in ${ZONES.join(' and ')}, the year ${year}, seed ${seed}: ${report.events} events (${report.duplicates} came twice), clocks off by up to ${SKEW / 1000} s, judged in ${report.seconds} s`,
    `planted: ${planted}; ${report.clocks} of them within 12 h of a change of the clocks; ${report.consequences} returns after a long absence follow from them`,
    `found: ${report.found} (${report.pages} pages), and ${report.learned} by learned baselines, whose threshold allows some`,
    ...listed('false findings', report.false_findings), ...listed('violations not found', report.missed), ...listed('found twice', report.twice),
    ...listed('found, and told wrong', report.wrong), '',
  ].join('\n');
}
