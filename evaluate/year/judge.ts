import type { Finding, NhiEvent } from '@remit/contract';
import { openCore, sources, sourcesById } from '../../exporter/src/app.ts';
import { loadConfig } from '../../exporter/src/config.ts';
import { Progress } from '../../exporter/src/commands/progress.ts';
import { replayFrom } from '../../exporter/src/commands/replay.ts';
import { Normaliser } from '../../exporter/src/pipeline/normalise.ts';
import { CLUSTER, inventoryOf, SKEW } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import type { Plan } from './plan.ts';
import { Random } from './random.ts';
import { recordOf } from './records.ts';

/** What the service made of a year: each finding in its last state, and which of them paged how often. */
export interface Judged { findings: readonly Finding[]; pages: ReadonlyMap<string, number>; events: number; duplicates: number; seconds: number }

/**
 * Judges the year on the path that every record takes: source, sorter, journal, processor, the fleet's looks on event time. Some
 * records come twice. Findings are followed as they change, since closed ones are forgotten after 30 days.
 */
export async function judge(fleet: Fleet, plans: readonly Plan[], seed: number, end: number, quiet: boolean): Promise<Judged> {
  const started = performance.now();
  const findings = new Map<string, Finding>();
  const pages = new Map<string, number>();
  const core = await openCore({
    storage: null, config: loadConfig(undefined).config,
    changed: (changes) => {
      for (const { finding, page } of changes) {
        findings.set(finding.id, finding);
        if (page) pages.set(finding.id, (pages.get(finding.id) ?? 0) + 1);
      }
    },
  });
  try {
    await core.engine.submit({ type: 'inventory', now: 0, imported: 0, revision: 'year', files: { 'fleet.yml': inventoryOf(fleet) } });
    const { tally } = await replayFrom(core, async (sorter, counts) => {
      for (const event of eventsOf(fleet, plans, seed, end)) {
        counts.read++;
        await sorter.add(event);
      }
    }, new Progress(process.stderr, quiet));
    return { findings: [...findings.values()], pages, events: tally.unique, duplicates: tally.duplicate, seconds: (performance.now() - started) / 1000 };
  } finally {
    await core.close();
  }
}

function* eventsOf(fleet: Fleet, plans: readonly Plan[], seed: number, end: number): Generator<NhiEvent> {
  const normaliser = new Normaliser(sources);
  const random = new Random(seed);
  const read = (record: object, source: string): NhiEvent[] => {
    const result = normaliser.record(record, sourcesById.get(source)!, { feed: 'year', cluster: CLUSTER, receivedAt: 0 });
    if ('reason' in result) throw new Error(`a record was refused: ${result.reason}, ${result.detail}`);
    return result.events;
  };
  for (const service of fleet.services) {
    let number = 0;
    for (let hour = Date.UTC(fleet.year, 0, 1); hour < end; hour += fleet.pulse) {
      yield* read(recordOf(service, { at: Math.floor((hour + random.next() * fleet.pulse) / 1000) * 1000, denied: false }, number++), service.source);
    }
    // So that the feed passes the last window by more than clocks are off.
    yield* read(recordOf(service, { at: end + 2 * SKEW, denied: false }, number), service.source);
  }
  for (const { job, acts } of plans) {
    for (const [number, act] of acts.entries()) {
      yield* read(recordOf(job, act, number), job.source);
      if (random.chance(0.01)) yield* read(recordOf(job, act, number), job.source);
    }
  }
}
