import { evaluateAgents, AGENTS_HELP } from './agents/command.ts';

/** What can be measured on labelled data, each by its name. */
const SUBJECTS: Record<string, (args: readonly string[]) => number> = { agents: evaluateAgents };
const HELP = `npm run evaluate -- SUBJECT [options]

Measures on labelled recordings how well what is learned tells harm from habit. See docs/evaluation.md.

${AGENTS_HELP}`;

const [subject, ...args] = process.argv.slice(2);
if (subject === undefined || subject === '--help' || args.includes('--help')) process.stdout.write(HELP);
else if (Object.hasOwn(SUBJECTS, subject)) process.exitCode = SUBJECTS[subject]!(args);
else {
  process.stderr.write(`${subject}: not known\n\n${HELP}`);
  process.exitCode = 2;
}
