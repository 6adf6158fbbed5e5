import { evaluateAgents, AGENTS_HELP } from './agents/command.ts';
import { evaluateNab, NAB_HELP } from './nab/command.ts';
import { evaluateRows, ROWS_HELP } from './rows/command.ts';
import { evaluateScore, SCORE_HELP } from './score/command.ts';
import { evaluateYear, YEAR_HELP } from './year/command.ts';

/** What can be measured on labelled data, each by its name. */
const SUBJECTS: Record<string, (args: readonly string[]) => number | Promise<number>> = { agents: evaluateAgents, nab: evaluateNab, score: evaluateScore, rows: evaluateRows, year: evaluateYear };
const HELP = `npm run evaluate -- SUBJECT [options]

Measures on labelled recordings how well what is learned tells harm from habit. See docs/evaluation.md.

${AGENTS_HELP}
${NAB_HELP}
${ROWS_HELP}
${SCORE_HELP}
${YEAR_HELP}`;

const [subject, ...args] = process.argv.slice(2);
if (subject === undefined || subject === '--help' || args.includes('--help')) process.stdout.write(HELP);
else if (Object.hasOwn(SUBJECTS, subject)) process.exitCode = await SUBJECTS[subject]!(args);
else {
  process.stderr.write(`${subject}: not known\n\n${HELP}`);
  process.exitCode = 2;
}
