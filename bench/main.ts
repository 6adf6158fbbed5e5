import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FLAGS } from '../exporter/bin/node.mjs';
import { holds, type Figure } from './measure.ts';

/** The parts, each in a process of its own so that none finds the memory of another. */
const PARTS: Record<string, { args?: readonly string[]; run(say: (text: string) => void): Promise<Figure[]> }> = {
  path: { args: ['--expose-gc'], run: async (say) => (await import('./path.ts')).measurePath(say) },
  ack: { run: async (say) => (await import('./ack.ts')).measureAcknowledgement(say) },
  scrape: { args: ['--expose-gc'], run: async (say) => (await import('./scrape.ts')).measureScrape(say) },
  query: { args: ['--expose-gc'], run: async (say) => (await import('./query.ts')).measureQueries(say) },
  turns: { run: async (say) => (await import('./turns.ts')).measureTurns(say) },
  identities: { args: ['--expose-gc'], run: async (say) => (await import('./identities.ts')).measureIdentities(say) },
};
/** Milliseconds for one part, on a machine that has much else to do. */
const LONGEST = 300_000;
const PART = '--part';
const HELP = `npm run bench [-- --json] [--gate] [PART…]

Measures the exporter on this machine; about five minutes. Parts: ${Object.keys(PARTS).join(', ')}; all when none is named.
  --json   one JSON object on stdout: { NAME: { median, min, max, runs, gate?, ok? } }, names end with the unit or _ratio
  --gate   exit with 1 when a figure misses its gate
`;

const args = process.argv.slice(2);
if (args[0] === PART) await work(args[1]!);
else {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

/** In the child: one part. */
async function work(part: string): Promise<void> {
  process.on('disconnect', () => process.exit(1));
  const figures = await PARTS[part]!.run((text) => process.stderr.write(`${text}\n`));
  process.send!(figures, () => process.disconnect());
}

async function main(): Promise<number> {
  const named = args.filter((arg) => !arg.startsWith('--'));
  const unknown = args.filter((arg) => (arg.startsWith('--') ? !['--json', '--gate'].includes(arg) : !(arg in PARTS)));
  if (unknown.length > 0) {
    process.stderr.write(args.includes('--help') ? HELP : `${unknown.join(' ')}: not known\n\n${HELP}`);
    return args.includes('--help') ? 0 : 2;
  }
  const figures = await measure(named.length > 0 ? named : Object.keys(PARTS));
  if (args.includes('--json')) process.stdout.write(`${JSON.stringify(asObject(figures))}\n`);
  else for (const each of figures) process.stdout.write(`${asLine(each)}\n`);
  const missed = figures.filter((each) => !holds(each));
  process.stderr.write(missed.length === 0 ? 'every gate holds\n' : `${missed.length} gates are missed: ${missed.map((f) => f.name).join(', ')}\n`);
  return args.includes('--gate') && missed.length > 0 ? 1 : 0;
}

/** The parts one after the other. Whatever they leave behind, when they are interrupted too, is in one folder and goes. */
async function measure(parts: readonly string[]): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'remit-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const figures: Figure[] = [];
  for (const part of parts) figures.push(...await inChild(part, folder));
  return figures;
}

async function inChild(part: string, folder: string): Promise<Figure[]> {
  const child = fork(fileURLToPath(import.meta.url), [PART, part], {
    execArgv: [...FLAGS, ...(PARTS[part]!.args ?? [])], env: { ...process.env, TMPDIR: folder }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  const timer = setTimeout(end, LONGEST);
  try {
    return await answer(child, part);
  } finally {
    clearTimeout(timer);
    process.off('exit', end);
  }
}

function answer(child: ChildProcess, part: string): Promise<Figure[]> {
  return new Promise((resolve, reject) => {
    let figures: Figure[] | null = null;
    child.on('message', (message) => { figures = message as Figure[]; });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (figures) resolve(figures);
      else reject(new Error(`${part} ended early: ${signal ? `${signal}, after ${LONGEST / 1000} s at most` : `exit code ${code}`}`));
    });
  });
}

function asObject(figures: readonly Figure[]): Record<string, object> {
  return Object.fromEntries(figures.map(({ name, gate, ...rest }) => [name, { ...rest, ...(gate ? { gate, ok: holds({ name, ...rest, gate }) } : {}) }]));
}

function asLine(each: Figure): string {
  const { name, median, min, max, runs, gate } = each;
  const bound = !gate ? '' : `  ${holds(each) ? 'ok' : 'MISSED'} (${'least' in gate ? `at least ${gate.least}` : `at most ${gate.most}`})`;
  return `${name.padEnd(46)} ${short(median).padStart(9)}  [${short(min)} … ${short(max)}, ${runs} runs]${bound}`;
}

function short(value: number): string {
  return value >= 1000 ? Math.round(value).toString() : value.toPrecision(3);
}
