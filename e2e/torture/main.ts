import { parseArgs } from 'node:util';
import { torture } from './torture.ts';

const HELP = `npm run torture -- [--short] [--kills N] [--seed N] [--lying]

Kills the service and the replay with kill -9 at random instants and compares what is left with what was acknowledged.
  --short    30 kills, about two minutes; the default is 200
  --kills N  this many kills: two of three during ingest, the others during replay
  --seed N   the run with this seed; it is printed
  --lying    break the journal on purpose: acknowledge 50 ms before the commit. The run must find the loss
Exit codes: 0 every promise was kept; 1 one was broken; 2 the arguments or the surroundings cannot be used.
`;

// Whoever listens for the exit ends the services and removes the files.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(2));
try {
  const { values } = parseArgs({
    options: { short: { type: 'boolean' }, kills: { type: 'string' }, seed: { type: 'string' }, lying: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) process.stdout.write(HELP);
  else process.exitCode = await run(whole('kills', values.kills ?? (values.short ? '30' : '200')), whole('seed', values.seed ?? String(Date.now() % 1_000_000_007)), values.lying ?? false);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}

async function run(kills: number, seed: number, lying: boolean): Promise<number> {
  process.stdout.write(`seed ${seed}\n`);
  const result = await torture({ kills, seed, lying, say: (text) => process.stderr.write(`${text}\n`) });
  for (const wrong of result.wrong) process.stdout.write(`BROKEN ${wrong}\n`);
  process.stdout.write(`${result.kills} kills, ${result.acknowledged} events acknowledged, ${result.wrong.length} promises broken\n`);
  return result.wrong.length === 0 ? 0 : 1;
}

function whole(name: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`--${name} ${text}: give a whole number\n\n${HELP}`);
  return Number(text);
}
