import { FLEET, type EntryBody, type Finding, type Millis, type NhiEvent, type Store } from '@remit/contract';
import { detectorsById, openMemory, sources } from '../../exporter/src/app.ts';
import { loadConfig } from '../../exporter/src/config.ts';
import { loadInventory } from '../../exporter/src/inventory/load.ts';
import { finish } from '../../exporter/src/lib/steps.ts';
import { Normaliser } from '../../exporter/src/pipeline/normalise.ts';
import type { Processor } from '../../exporter/src/pipeline/processor.ts';

/** What became of records that were judged by themselves. */
export interface Verdict {
  /** Findings that stand in the end, in order of detector and subject; what was withdrawn is left out. */
  findings: Finding[];
  /** Ids of those that paged. */
  pages: ReadonlySet<string>;
  /** Each event once, with whose it is in the end and the class of that identity. */
  events: { event: NhiEvent; identity: string; class: string }[];
  /** Records that gave no event, by reason. */
  rejected: string[];
}

export type InventoryEntry = Extract<EntryBody, { type: 'inventory' }>;

const HOUR: Millis = 3_600_000;

/** An inventory from the text of one file; throws with place and hint when it is wrong. */
export function inventoryOf(name: string, text: string): InventoryEntry {
  const files = { [name]: text };
  const { inventory, problems } = loadInventory(files, { importedAt: 0, detectors: new Set(detectorsById.keys()) });
  const wrong = problems.find(({ severity }) => severity === 'error');
  if (inventory === null || wrong) throw new Error(`${name}:${wrong?.line ?? 1}: ${wrong?.message ?? 'no inventory'}${wrong?.hint ? ` (${wrong.hint})` : ''}`);
  return { type: 'inventory', now: 0, imported: 0, revision: inventory.revision, files };
}

/**
 * Judges records by themselves, with nothing learned and nobody else in sight: each is recognised and normalised by its source, and goes through
 * the state machine and every detector in the order of its time, hour by hour, as in a replay. Without an inventory nobody is known.
 */
export async function judgeRecords(records: readonly unknown[], inventory: InventoryEntry | null): Promise<Verdict> {
  const normaliser = new Normaliser(sources);
  const rejected: string[] = [];
  const events: NhiEvent[] = [];
  for (const record of records) {
    const result = normaliser.record(record, null, { feed: 'replay', cluster: 'test', receivedAt: 0 });
    if ('reason' in result) rejected.push(result.reason);
    else events.push(...result.events);
  }
  events.sort((a, b) => a.time - b.time || (a.metadata.original_event_uid < b.metadata.original_event_uid ? -1 : 1));
  const { processor, apply } = machine();
  const seen: { event: NhiEvent; urn: string }[] = [];
  processor.observer = (event, what, identity) => { if (what === 'unique' && identity) seen.push({ event, urn: identity.urn }); };
  const pages = new Set<string>();
  const take = async (entry: EntryBody): Promise<void> => {
    await apply(entry);
    for (const { finding, page } of processor.takeChanges()) if (page) pages.add(finding.id);
  };
  if (inventory !== null) await take(inventory);
  let last = 0;
  for (const [start, batch] of Map.groupBy(events, ({ time }) => time - (time % HOUR))) {
    await take({ type: 'tick', now: start, idle: [] });
    await take({ type: 'batch', receivedAt: start + HOUR - 1, feed: 'replay', backfill: true, events: batch });
    last = start;
  }
  await take({ type: 'tick', now: last + HOUR - 1, idle: [] });
  const findings = [...processor.book.all.values()].map(({ finding }) => finding).filter(({ state }) => state !== 'withdrawn')
    .sort((a, b) => (`${a.detector} ${a.subject} ${a.id}` < `${b.detector} ${b.subject} ${b.id}` ? -1 : 1));
  return {
    findings, pages, rejected,
    events: seen.map(({ event, urn }) => {
      const identity = processor.identities.get(urn)!;
      return { event, identity: urn, class: processor.identities.classOf(identity) };
    }),
  };
}

/** Ids of the detectors with a finding on an identity, each once, in order; what is said of the fleet as a whole is left out. */
export function detectorsOf(findings: readonly Finding[]): string[] {
  return [...new Set(findings.filter(({ identity }) => identity !== FLEET).map(({ detector }) => detector))].sort();
}

/** The state machine in memory, which takes entries one after the other. */
function machine(): { processor: Processor; apply(entry: EntryBody): Promise<void> } {
  const { processor } = openMemory(loadConfig(undefined).config);
  let position = 0;
  return {
    processor,
    async apply(body) {
      const entry = { position: ++position, ...body };
      await processor.prepare(entry, NOTHING);
      finish(processor.apply(entry));
    },
  };
}

/** A store that was never written. */
const NOTHING: Store = {
  position: () => Promise.resolve(0), commit: () => Promise.resolve(), bytes: () => Promise.resolve(0), close: () => Promise.resolve(),
  async * pages() { /* There are none. */ },
};
