import { once } from 'node:events';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Millis } from '@remit/contract';
import { lineOf } from '../simulate/lines.ts';
import { Delivery } from '../simulate/delivery.ts';
import type { SimulateOptions } from '../simulate/options.ts';
import { simulate as tell, type Simulation } from '../simulate/simulate.ts';
import { UsageError } from './output.ts';
import { Progress } from './progress.ts';

export interface SimulateFlags {
  identities: string; weeks: string; seed: string; out: string; declared?: string; stale?: string; attacks?: string; quiet?: string; bare?: boolean; exact?: boolean; quietly?: boolean;
}

/** Lines that are joined before they are handed on. */
const PIECE = 2000;

/**
 * `remit simulate`: writes a made-up fleet as records, inventory and labels: `events.ndjson.gz`, `inventory/`, `labels.json`. What is
 * written comes as logs come, some late and some twice, unless it shall be exact.
 */
export async function simulate(flags: SimulateFlags): Promise<void> {
  const options: SimulateOptions = {
    identities: number('--identities', flags.identities), weeks: number('--weeks', flags.weeks), seed: number('--seed', flags.seed),
    ...flags.declared === undefined ? {} : { declared: number('--declared', flags.declared) }, ...flags.stale === undefined ? {} : { stale: number('--stale', flags.stale) },
    ...flags.attacks === undefined ? {} : { attacks: number('--attacks', flags.attacks) }, ...flags.quiet === undefined ? {} : { quiet: number('--quiet', flags.quiet) },
  };
  const fleet = make(options);
  mkdirSync(join(flags.out, 'inventory'), { recursive: true });
  for (const [name, text] of Object.entries(flags.bare ? fleet.bareInventory : fleet.inventory)) writeFileSync(join(flags.out, 'inventory', name), text);
  const instant = (at: Millis) => new Date(at).toISOString();
  writeFileSync(join(flags.out, 'labels.json'), `[\n${fleet.labels.map((label) => JSON.stringify({ ...label, start: instant(label.start), end: instant(label.end) })).join(',\n')}\n]\n`);
  const lines = await writeEvents(fleet, join(flags.out, 'events.ndjson.gz'), flags.exact ? null : new Delivery(options.seed), new Progress(process.stderr, flags.quietly ?? false));
  process.stdout.write([
    `${lines} records of ${fleet.identities.length} identities in ${options.weeks} weeks, ${fleet.labels.length} labels, in ${flags.out}`,
    `  remit evaluate --events ${join(flags.out, 'events.ndjson.gz')} --inventory ${join(flags.out, 'inventory')} --labels ${join(flags.out, 'labels.json')} --budget 20`, '',
  ].join('\n'));
}

function make(options: SimulateOptions): Simulation {
  try {
    return tell(options);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message, 'see remit simulate --help');
    throw error;
  }
}

async function writeEvents(fleet: Simulation, file: string, delivery: Delivery | null, progress: Progress): Promise<number> {
  const gzip = createGzip({ level: 1 });
  const output = createWriteStream(file);
  gzip.pipe(output);
  const failed = once(output, 'error').then(([error]) => { throw error as Error; });
  failed.catch(() => {});
  let lines = 0;
  let piece: string[] = [];
  const flush = async () => {
    if (piece.length === 0) return;
    if (!gzip.write(`${piece.join('\n')}\n`)) await Promise.race([once(gzip, 'drain'), failed]);
    lines += piece.length;
    piece = [];
  };
  for (const batch of fleet.hours()) {
    for (const event of delivery ? delivery.take(batch) : batch.events) {
      piece.push(lineOf(event));
      if (piece.length >= PIECE) await flush();
    }
    progress.show('writing', batch.hour - fleet.start, fleet.end - fleet.start, lines, 'records');
  }
  for (const event of delivery?.rest() ?? []) piece.push(lineOf(event));
  await flush();
  gzip.end();
  await Promise.race([finished(output), failed]);
  progress.end();
  return lines;
}

function number(flag: string, text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value)) throw new UsageError(`${flag} ${JSON.stringify(text.slice(0, 64))} is no number`, 'see remit simulate --help');
  return value;
}
