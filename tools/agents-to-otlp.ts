import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createGunzip, createGzip } from 'node:zlib';
import { isBenign, isHijacked, parseRun, suiteOf, toOtlp, type Options, type Run } from './agents-to-otlp/convert.ts';

const HELP = `npm run agents-to-otlp -- INPUT [OUTPUT] [options]

Turns recorded runs of agents (JSON lines of AgentDojo or tau-bench, plain or .gz; examples/data/agents has some) into OTLP/JSON:
one line a run, {"resourceSpans":[...]}, for remit replay, remit normalise or POST /v1/traces. OUTPUT - or none is stdout; a name
that ends in .gz is compressed. A run becomes an invoke_agent span (gen_ai.agent.name = suite, gen_ai.conversation.id = run,
remit.purpose = suite/task) around one execute_tool span a call; a call that failed has error.type=tool_error. Ids are hashes of
the run, so that converting twice gives the same spans. Arguments are carried over as an emitter with opt-in content sends
them (gen_ai.tool.call.arguments). The recordings know neither times nor parallel calls: calls follow one another, one every --step.

  --benign         only tasks done as asked: no attack, no error, at least one call
  --hijacked       only runs in which an attack was carried out, without error, with at least one call
  --suite NAME     only this suite; for runs that name none (tau-bench) it is the suite's name, default airline
  --start TIME     start of the first run, default 2026-11-02T08:00:00Z
  --every SECONDS  from the start of a run to the start of the next, default 60
  --step SECONDS   from the start of a call to the start of the next, default 2; a call lasts half of it
  --limit N        at most so many runs
  --help
`;
const AIRLINE = 'airline';

/** What became of the runs of a file. */
export interface Counts { read: number; written: number; leftOut: number }
export interface Choice { benign: boolean; hijacked: boolean; suite: string | undefined; limit: number }

/** The OTLP lines of a file of runs. Throws with file and line where a line is no run. */
export async function* convert(input: string, choice: Choice, options: Omit<Options, 'suite'>, counts: Counts): AsyncGenerator<string> {
  const bytes = createReadStream(input);
  const gunzip = createGunzip();
  const source = input.endsWith('.gz') ? bytes.pipe(gunzip) : bytes;
  bytes.once('error', (error) => { if (source !== bytes) gunzip.destroy(error); });
  const given = choice.suite ?? AIRLINE;
  let number = 0;
  for await (const line of createInterface({ input: source, crlfDelay: Infinity })) {
    number++;
    if (line.trim() === '') continue;
    let run: Run;
    try {
      run = parseRun(line);
    } catch (error) {
      throw new Error(`${input}:${number}: ${(error as Error).message}`, { cause: error });
    }
    counts.read++;
    const wanted = (choice.suite === undefined || suiteOf(run, given) === choice.suite) && (!choice.benign || isBenign(run)) && (!choice.hijacked || isHijacked(run));
    if (!wanted || counts.written >= choice.limit) counts.leftOut++;
    else yield `${JSON.stringify(toOtlp(run, counts.written++, { ...options, suite: given }))}\n`;
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      benign: { type: 'boolean', default: false }, hijacked: { type: 'boolean', default: false }, suite: { type: 'string' },
      start: { type: 'string', default: '2026-11-02T08:00:00Z' }, every: { type: 'string', default: '60' }, step: { type: 'string', default: '2' },
      limit: { type: 'string' }, help: { type: 'boolean', default: false },
    },
  });
  const [input, output = '-'] = positionals;
  if (values.help || input === undefined || positionals.length > 2) {
    (values.help ? process.stdout : process.stderr).write(HELP);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  if (values.benign && values.hijacked) throw new Error('--benign and --hijacked leave nothing over');
  const start = Date.parse(values.start);
  if (Number.isNaN(start)) throw new Error(`--start ${values.start} is no time such as 2026-11-02T08:00:00Z`);
  const step = seconds('--step', values.step);
  const counts: Counts = { read: 0, written: 0, leftOut: 0 };
  const limit = values.limit === undefined ? Infinity : whole('--limit', values.limit);
  const lines = convert(input, { benign: values.benign, hijacked: values.hijacked, suite: values.suite, limit }, {
    start, every: seconds('--every', values.every), step, lasts: Math.floor(step / 2),
  }, counts);
  await write(lines, output);
  process.stderr.write(`${counts.read} runs read, ${counts.written} written, ${counts.leftOut} left out\n`);
}

async function write(lines: AsyncGenerator<string>, output: string): Promise<void> {
  const from = Readable.from(lines);
  if (output === '-') await pipeline(from, process.stdout, { end: false });
  else if (output.endsWith('.gz')) await pipeline(from, createGzip({ level: 9 }), createWriteStream(output));
  else await pipeline(from, createWriteStream(output));
}

/** Milliseconds of a positive number of seconds. */
function seconds(option: string, value: string): number {
  const millis = Math.round(Number(value) * 1000);
  if (!(millis >= 2 && millis <= 86_400_000)) throw new Error(`${option} ${value} is no number of seconds from 0.002 to 86400`);
  return millis;
}

function whole(option: string, value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new Error(`${option} ${value} is no whole number from 1`);
  return Number(value);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
