import { FLEET, type EntryBody, type FindingChange, type Millis, type NhiEvent, type Problem } from '@remit/contract';
import { openCore, type Core } from '../app.ts';
import type { Config } from '../config.ts';
import { Recording } from '../evaluate/recording.ts';
import type { Truth } from '../evaluate/truth.ts';
import { loadInventory } from '../inventory/load.ts';
import { emptyInventory } from '../inventory/history.ts';
import type { Identity } from '../pipeline/identities.ts';
import type { Processor } from '../pipeline/processor.ts';
import { StateReadout } from '../pipeline/readout.ts';
import { HOLD } from '../pipeline/traces.ts';
import { Analyst } from './evaluate-analyst.ts';
import type { Spool } from './evaluate-spool.ts';
import type { Progress } from './progress.ts';

const HOUR: Millis = 3_600_000;
/** Records come in pieces of this much event time, so that what is found within an hour is found before its end. */
const PIECE: Millis = 30 * 60_000;
const MOST_IN_PIECE = 1000;
const IDLE: Millis = 6 * HOUR;
const IN_FLIGHT = 8;

/** Of one secret, so that arguments of tools compare; nothing of a run is kept. */
export const ANY_KEY = new Uint8Array(16);

export interface RunSetup {
  name: string; config: Config; files: Record<string, string>;
  /** What the stand-in for the people paged knows a day later; null: nobody answers. */
  truth: Truth | null;
}
/** `duplicates`: events that had come before. */
export interface Ran { recording: Recording; verdicts: { bad: number; benign: number }; duplicates: number; complete: boolean }

/** Tells the events to a pipeline of its own on a virtual clock, and keeps what is to be measured. `cut` ends it early. */
export async function runOnce(setup: RunSetup, spool: Spool, progress: Progress, cut: AbortSignal): Promise<Ran> {
  const recording = new Recording();
  let analyst: Analyst | null = null;
  const changed = (changes: readonly FindingChange[]) => {
    for (const { finding, change, page } of changes) {
      const raised = recording.finding(finding, change === 'opened' || change === 'reopened', page);
      if (raised?.page) analyst?.paged(finding.id, raised.at);
    }
  };
  const core = await openCore({ storage: null, config: setup.config, changed, key: ANY_KEY });
  try {
    if (setup.truth) {
      const { truth } = setup;
      analyst = new Analyst(core, (urn, from, to) => (truth.misused(urn, from, to) ? 'bad' : truth.conforming(urn, from, to) ? 'benign' : null));
      await analyst.start();
    }
    await putInForce(core, setup.files);
    const duplicates = watch(core, recording);
    const complete = await tell(core, setup.name, spool, progress, cut, analyst);
    recording.threshold = thresholdOf(core.engine.processor);
    return { recording, verdicts: analyst?.verdicts ?? { bad: 0, benign: 0 }, duplicates: duplicates(), complete };
  } finally {
    await analyst?.close();
    await core.close();
  }
}

/** The score at which the fleet's budget pages, as metrics show it. */
export function thresholdOf(processor: Processor): number {
  return [...new StateReadout(processor).thresholds()].find(({ channel, scope }) => channel === 'hour' && scope === FLEET)?.value ?? Infinity;
}

/** What is wrong with an inventory, before anything runs. */
export function inventoryProblems(files: Record<string, string>): Problem[] {
  return loadInventory(files, { importedAt: 0, previous: emptyInventory() }).problems;
}

async function putInForce(core: Core, files: Record<string, string>): Promise<void> {
  const { inventory } = loadInventory(files, { importedAt: 0, previous: emptyInventory() });
  if (inventory && Object.keys(files).length > 0) await core.engine.submit({ type: 'inventory', now: 0, imported: 0, revision: inventory.revision, files });
}

/** Records what is told from now on; the answer says how much of it had come before. */
function watch(core: Core, recording: Recording): () => number {
  const { processor } = core.engine;
  const take = recordInto(recording, processor);
  let duplicates = 0;
  processor.observer = (event, seen, identity) => {
    if (seen === 'duplicate') duplicates++;
    if (seen === 'unique' && identity) take(event, identity);
  };
  return () => duplicates;
}

/**
 * Records what is measured of a pipeline: closed hours, and of each event, by the function it gives, what the rules it is compared with need.
 */
export function recordInto(recording: Recording, processor: Processor): (event: NhiEvent, identity: Identity) => void {
  processor.hours.watcher = ({ start, identity, events, score, bands }) => {
    recording.hour({ urn: identity.urn, kind: processor.identities.kindOf(identity), start, events, score: score?.score ?? null, p95: bands?.p95 ?? null, p99: bands?.p99 ?? null });
  };
  return (event, identity) => {
    const verdict = processor.identities.classOf(identity);
    if (verdict === 'human' || verdict === 'platform') return;
    recording.event(identity.urn, processor.identities.kindOf(identity), event.time, event.volume?.bytes_out ?? 0);
  };
}

async function tell(core: Core, name: string, spool: Spool, progress: Progress, cut: AbortSignal, analyst: Analyst | null): Promise<boolean> {
  const newest = new Map<string, Millis>();
  const waiting: Promise<unknown>[] = [];
  let [done, piece, hour] = [0, NaN, NaN];
  let batch: NhiEvent[] = [];
  const submit = async (entry: EntryBody) => {
    const submitted = core.engine.submit(entry);
    submitted.catch(() => {});
    waiting.push(submitted);
    if (waiting.length >= IN_FLIGHT) await waiting.shift();
  };
  const settle = async () => { await Promise.all(waiting.splice(0)); };
  const flush = async () => {
    if (batch.length === 0) return;
    const events = batch;
    batch = [];
    done += events.length;
    await submit({ type: 'batch', receivedAt: events.at(-1)!.time, feed: 'evaluate', backfill: true, events });
    progress.show(name, done, spool.count, done, 'events');
  };
  const tick = async (now: Millis) => {
    const idle = [...newest].filter(([, time]) => time < now - IDLE).map(([source]) => `evaluate/${source}`);
    await submit({ type: 'tick', now, idle });
    if (!analyst) return;
    await settle();
    await analyst.work(now);
  };
  for await (const event of spool.events()) {
    const own = Math.floor(event.time / PIECE);
    if (own !== piece || batch.length >= MOST_IN_PIECE) await flush();
    if (own !== piece && cut.aborted) break;
    piece = own;
    const start = Math.floor(event.time / HOUR) * HOUR;
    if (start !== hour) await tick(hour = start);
    newest.set(event.metadata.source, event.time);
    batch.push(event);
  }
  await flush();
  const end = Math.max(...newest.values()) + HOLD;
  if (!cut.aborted && Number.isFinite(end)) await tick(end);
  await settle();
  return !cut.aborted;
}
