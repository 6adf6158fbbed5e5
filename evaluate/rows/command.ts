import { parseArgs } from 'node:util';
import { evaluateInvictus, type InvictusResult } from './invictus.ts';
import { evaluatePanther, isSelected, type PantherResult, type PantherRow } from './panther.ts';
import { invictusText, pantherText, stratusText } from './report.ts';
import { readLines } from './shipped.ts';
import { evaluateStratus, type StratusResult } from './stratus.ts';

export const ROWS_HELP = `npm run evaluate -- rows [panther|stratus|invictus] [FILE] [--every] [--json]

Judges real CloudTrail records by certain detectors alone, with nothing learned, and compares with the tables in evaluate/rows: single rows
of public detection rules (panther), single attack techniques (stratus), a person, a pipeline and an attacker on one key (invictus).
All three when none is named. Ends with 1 when something differs from the tables.

  FILE      other rows in the shape of panther's: JSON lines with rule, test, expected_alert, log; plain or gzipped
  --every   of FILE all rows of CloudTrail, not only those that the table selects
  --json    one object on stdout
`;

interface Results { panther?: PantherResult; stratus?: StratusResult; invictus?: InvictusResult }
const SETS = ['panther', 'stratus', 'invictus'] as const;

/** The command; resolves with the exit code: 0, 1 when results differ from the tables or a file cannot be read, 2 when the arguments make no sense. */
export async function evaluateRows(args: readonly string[]): Promise<number> {
  let given: { set: string | undefined; file: string | undefined; every: boolean; json: boolean };
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { every: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } } });
    given = { ...values, set: positionals[0], file: positionals[1] };
    if (given.set !== undefined && !SETS.some((set) => set === given.set)) throw new Error(`${given.set}: not known; there are ${SETS.join(', ')}`);
    if (positionals.length > 2 || (given.file !== undefined && given.set !== 'panther')) throw new Error('one FILE, and only of panther\'s rows');
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${ROWS_HELP}`);
    return 2;
  }
  try {
    const results = await measure(given);
    process.stdout.write(given.json ? `${JSON.stringify(results)}\n` : textOf(results));
    return differ(results) ? 1 : 0;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
}

async function measure({ set, file, every }: { set: string | undefined; file: string | undefined; every: boolean }): Promise<Results> {
  const results: Results = {};
  if (set === undefined || set === 'panther') results.panther = await evaluatePanther(file === undefined ? null : readLines<PantherRow>(file).filter((row) => every || isSelected(row)));
  if (set === undefined || set === 'stratus') results.stratus = await evaluateStratus();
  if (set === undefined || set === 'invictus') results.invictus = await evaluateInvictus();
  return results;
}

function textOf({ panther, stratus, invictus }: Results): string {
  return [panther && pantherText(panther), stratus && stratusText(stratus), invictus && invictusText(invictus)].filter((text) => text !== undefined).join('\n');
}

function differ({ panther, stratus }: Results): boolean {
  return (panther?.differs?.length ?? 0) > 0 || (stratus?.differs.length ?? 0) > 0;
}
