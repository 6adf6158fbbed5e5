import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { NhiEvent } from '@remit/contract';
import { hiddenValues, readInventory, sourcesOf } from '../app.ts';
import { loadConfig } from '../config.ts';
import { emptyInventory } from '../inventory/history.ts';
import { loadInventory } from '../inventory/load.ts';
import { eventUid } from '../pipeline/evidence.ts';
import { Identities } from '../pipeline/identities.ts';
import { Normaliser } from '../pipeline/normalise.ts';
import { TraceBook, type Release } from '../pipeline/traces.ts';
import { EventSorter } from '../pipeline/sorter.ts';
import { readLogFile } from '../receivers/file/read.ts';
import { EXIT, fail, printProblems } from './output.ts';
import { expand } from './replay.ts';

export interface NormaliseOptions { cluster?: string; inventoryPath?: string; source?: string; configFile?: string }

/**
 * `remit normalise`: one canonical event a line on stdout, in order of event time, resolved against the inventory or none. What is
 * refused goes to stderr with file, index and reason. Arguments of tools have numbers instead of hashes: equal ones are equal values, in this run.
 */
export async function normalise(files: string[], options: NormaliseOptions): Promise<void> {
  const { config, problems } = loadConfig(options.configFile);
  if (problems.length > 0) return fail(problems);
  const inputs = await expand(files, options.cluster ?? config.cluster);
  const read = await readInventory(options.inventoryPath);
  const loaded = loadInventory(read.files, { importedAt: Date.now() });
  printProblems([...read.problems, ...loaded.problems]);
  if (!loaded.inventory) return fail([]);
  const inventory = options.inventoryPath === undefined ? emptyInventory() : loaded.inventory;
  const normaliser = new Normaliser(sourcesOf(config));
  const named = options.source === undefined ? null : normaliser.named(options.source);
  const sorter = new EventSorter();
  const sorters = [sorter];
  const identities = new Identities();
  const values = hiddenValues(randomBytes(16), config);
  const numbers = new Map<number, number>();
  let refused = 0;
  try {
    for (const { path, cluster } of inputs) {
      for await (const record of readLogFile(path, { bytes: 0 })) {
        const result = 'reject' in record
          ? { reason: record.reject, detail: record.detail } : normaliser.record(record.value, named, { feed: 'normalise', cluster, receivedAt: 0, values });
        if ('reason' in result) {
          refused++;
          process.stderr.write(`${path}: record ${record.index}: ${result.reason}: ${result.detail}\n`);
        } else for (const event of result.events) if (!event.flags.includes('implied')) await sorter.add(event);
      }
    }
    // Twice: an identity's kind is known when all its events are.
    const resolved = new EventSorter();
    sorters.push(resolved);
    const traces = new TraceBook();
    const resolve = async (event: NhiEvent) => {
      const identity = identities.resolve(event, inventory);
      if (identity) identities.prove(identity, event);
      await resolved.add(event);
    };
    const released = async ({ what, event }: Release) => {
      if (what === 'merge') event.flags.push('start_record');
      if (what !== 'move') await resolve(event);
    };
    let instant = { time: NaN, actions: new Set<string>() };
    for await (const event of sorter.sorted()) {
      event.metadata.uid = eventUid(event);
      if (event.time !== instant.time) instant = { time: event.time, actions: new Set() };
      // Ends come before starts of the same instant: a start without one is the action itself.
      if (!instant.actions.has(event.metadata.uid) && !event.flags.includes('context')) event.flags = event.flags.filter((flag) => flag !== 'start_record');
      instant.actions.add(event.metadata.uid);
      if (event.trace?.span === undefined || !traces.add(event, { index: 0, replay: true }, event.time)) await resolve(event);
      else if (event.flags.includes('context')) await resolved.add(event);
      for (const release of traces.due()) await released(release);
    }
    for (const release of traces.overdue(Infinity)) await released(release);
    for await (const event of resolved.sorted()) {
      const identity = identities.get(event.actor.identity.urn ?? '');
      if (identity) event.actor.identity.kind = identities.kindOf(identity);
      for (const argument of event.tool?.arguments ?? []) {
        if (!numbers.has(argument.hash)) numbers.set(argument.hash, numbers.size + 1);
        argument.hash = numbers.get(argument.hash)!;
      }
      await print(event);
    }
  } finally {
    for (const each of sorters) await each.discard();
  }
  if (refused > 0) process.exitCode = EXIT.negative;
}

async function print(event: NhiEvent): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(event)}\n`)) await once(process.stdout, 'drain');
}
