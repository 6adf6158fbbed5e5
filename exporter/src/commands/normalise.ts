import { once } from 'node:events';
import type { NhiEvent } from '@remit/contract';
import { readInventory, sources } from '../app.ts';
import { emptyInventory } from '../inventory/history.ts';
import { loadInventory } from '../inventory/load.ts';
import { eventUid } from '../pipeline/evidence.ts';
import { Identities } from '../pipeline/identities.ts';
import { Normaliser } from '../pipeline/normalise.ts';
import { EventSorter } from '../pipeline/sorter.ts';
import { readLogFile } from '../receivers/file/read.ts';
import { EXIT, fail, printProblems } from './output.ts';
import { expand } from './replay.ts';

export interface NormaliseOptions { cluster?: string; inventoryPath?: string; source?: string }

/**
 * `remit normalise`: one canonical event a line on stdout, in order of event time, resolved against the inventory or none. What is
 * refused goes to stderr with file, index and reason.
 */
export async function normalise(files: string[], options: NormaliseOptions): Promise<void> {
  const inputs = await expand(files, options.cluster ?? 'default');
  const read = await readInventory(options.inventoryPath);
  const loaded = loadInventory(read.files, { importedAt: 0 });
  printProblems([...read.problems, ...loaded.problems]);
  if (!loaded.inventory) return fail([]);
  const inventory = options.inventoryPath === undefined ? emptyInventory() : loaded.inventory;
  const normaliser = new Normaliser(sources);
  const named = options.source === undefined ? null : normaliser.named(options.source);
  const sorter = new EventSorter();
  const identities = new Identities();
  let refused = 0;
  try {
    for (const { path, cluster } of inputs) {
      for await (const record of readLogFile(path, { bytes: 0 })) {
        const result = 'reject' in record
          ? { reason: record.reject, detail: record.detail } : normaliser.record(record.value, named, { feed: 'normalise', cluster, receivedAt: 0 });
        if ('reason' in result) {
          refused++;
          process.stderr.write(`${path}: record ${record.index}: ${result.reason}: ${result.detail}\n`);
        } else for (const event of result.events) await sorter.add(event);
      }
    }
    for await (const event of sorter.sorted()) await print(resolved(event, identities, inventory));
  } finally {
    await sorter.discard();
  }
  if (refused > 0) process.exitCode = EXIT.negative;
}

function resolved(event: NhiEvent, identities: Identities, inventory: ReturnType<typeof emptyInventory>): NhiEvent {
  event.metadata.uid = eventUid(event);
  const identity = identities.resolve(event, inventory);
  if (identity) {
    identities.prove(identity, event);
    event.actor.identity.kind = identities.kindOf(identity);
  }
  return event;
}

async function print(event: NhiEvent): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(event)}\n`)) await once(process.stdout, 'drain');
}
