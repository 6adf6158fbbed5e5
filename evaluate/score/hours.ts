import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { sensitivity, type Detector, type HourFacts, type HourSums, type NhiEvent, type ChainStep, type Remit, type Signal, type View, type Violation } from '@remit/contract';
import { openSums, restoreSums, saveSums, Summing } from '../../exporter/src/baseline/sums.ts';
import { detector as ended } from '../../exporter/src/detectors/decommissioned-active/detector.ts';
import { detector as purpose } from '../../exporter/src/detectors/off-purpose-action/detector.ts';
import { detector as sequence } from '../../exporter/src/detectors/off-purpose-sequence/detector.ts';
import { detector as schedule } from '../../exporter/src/detectors/outside-schedule/detector.ts';
import { detector as rotation } from '../../exporter/src/detectors/secret-outside-rotation/detector.ts';
import { loadInventory } from '../../exporter/src/inventory/load.ts';
import { eventRef } from '../../exporter/src/pipeline/evidence.ts';
import { simulate, type Simulation } from '../../exporter/src/simulate/simulate.ts';
import type { Label, SimulateOptions } from '../../exporter/src/simulate/options.ts';

const HOUR = 3_600_000;
/** Of this installation: measurements need no secret. */
export const KEY = new Uint8Array([7, 1, 8, 2, 8, 1, 8, 2]);
const EVENT_DETECTORS: [Detector, Violation][] = [[schedule, 'schedule'], [ended, 'lifecycle'], [purpose, 'purpose']];

/** One identity of a recording: what never changes about its facts. */
export interface Who { urn: string; sort: string; facts: Omit<HourFacts, 'violations'> }
/** What a recording holds, before its hours. */
export interface Head { start: number; end: number; labels: Label[]; who: Who[] }
/** One closed identity-hour: hour since the epoch, place in `who`, sums, violations. */
export interface Closed { hour: number; identity: number; sums: HourSums; violations: HourFacts['violations'] }

/** Writes a simulated fleet hour by hour to a file, as the scorer is given it, unless the file is there already. */
export async function record(path: string, options: SimulateOptions): Promise<void> {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  const fleet = simulate(options);
  const judge = new HourJudge(fleet);
  const out = createWriteStream(`${path}.part`);
  const head: Head = { start: fleet.start, end: fleet.end, labels: [...fleet.labels], who: judge.who };
  out.write(`${JSON.stringify(head)}\n`);
  for (const { hour, events } of fleet.hours()) {
    const lines = judge.close(hour, events).map(({ identity, sums, violations }) => JSON.stringify([hour / HOUR, identity, saveSums(sums), violations]));
    if (lines.length > 0 && !out.write(`${lines.join('\n')}\n`)) await new Promise<void>((resolve) => { out.once('drain', () => resolve()); });
  }
  await new Promise<void>((resolve) => { out.end(() => resolve()); });
  renameSync(`${path}.part`, path);
}

/** Reads a recording: its head, then every closed hour in order. */
export async function read(path: string, head: (head: Head) => void, closed: (hour: Closed) => void): Promise<void> {
  let first = true;
  for await (const line of createInterface({ input: createReadStream(path, { highWaterMark: 1 << 20 }), crlfDelay: Infinity })) {
    if (first) {
      first = false;
      head(JSON.parse(line) as Head);
      continue;
    }
    const [hour, identity, sums, violations] = JSON.parse(line) as [number, number, unknown, HourFacts['violations']];
    closed({ hour, identity, sums: restoreSums(sums), violations });
  }
}

/** Sums every hour by identity, and asks the remit's detectors, without journal and findings. */
class HourJudge {
  readonly who: Who[];
  readonly #summing = new Summing(KEY);
  readonly #index: Map<string, number>;
  readonly #inventory;

  constructor(fleet: Simulation) {
    const loaded = loadInventory(fleet.inventory, { importedAt: fleet.start });
    if (loaded.inventory === null) throw new Error(loaded.problems[0]?.message ?? 'no inventory');
    this.#inventory = loaded.inventory;
    this.#index = new Map(fleet.identities.map(({ urn }, i) => [urn, i]));
    this.who = fleet.identities.map(({ urn, sort, declared }) => {
      const remit = this.#inventory.match([urn], fleet.start)!.remit;
      const { kind, owner, purpose: why, environment } = remit.record;
      return { urn, sort, facts: { kind, owner: owner ?? null, purpose: why ?? null, environment: environment ?? null, group: null, declared } };
    });
  }

  close(hour: number, events: readonly NhiEvent[]): Closed[] {
    const open = new Map<number, Closed>();
    const chained: { sequence: NhiEvent[]; rotation: NhiEvent[] } = { sequence: [], rotation: [] };
    for (const event of events) {
      const urn = event.actor.identity.urn!;
      const identity = this.#index.get(urn)!;
      let closed = open.get(identity);
      if (closed === undefined) open.set(identity, closed = { hour: hour / HOUR, identity, sums: openSums(), violations: null });
      this.#summing.add(closed.sums, event, sensitivity(event, false));
      const remit = this.#inventory.match([urn], event.time)?.remit ?? null;
      if (remit === null || !this.who[identity]!.facts.declared) continue;
      for (const [detector, way] of EVENT_DETECTORS) if (detector.on === 'event') add(closed, way, detector.inspect(event, this.#view(urn, remit)));
      if (event.tool !== undefined && remit.sequences.length > 0) chained.sequence.push(event);
      if (event.issued !== undefined || event.action.category === 'credential_create') chained.rotation.push(event);
    }
    for (const [way, detector] of [['sequence', sequence], ['rotation', rotation]] as const) {
      if (detector.on !== 'chain' || chained[way].length === 0) continue;
      for (const [urn, signals] of this.#chains(detector, chained[way])) add(open.get(this.#index.get(urn)!)!, way, signals);
    }
    return [...open.values()].sort((a, b) => a.identity - b.identity);
  }

  /** Groups the calls of one hour as the pipeline does over longer times: what the simulation chains is over within minutes. */
  #chains(detector: Extract<Detector, { on: 'chain' }>, events: readonly NhiEvent[]): Map<string, Signal[]> {
    const groups = new Map<string, { urn: string; key: string; remit: Remit; steps: ChainStep[] }>();
    for (const event of events) {
      const urn = event.actor.identity.urn!;
      const remit = this.#inventory.match([urn], event.time)!.remit;
      for (const { key, slot, id, fact } of detector.of(event, this.#view(urn, remit), 'actor')) {
        const name = `${urn} ${key}`;
        const group = groups.get(name) ?? { urn, key, remit, steps: [] };
        groups.set(name, group);
        const same = group.steps.find((step) => step.slot === slot && step.id === id);
        if (same !== undefined) same.fact = detector.merge?.(same.fact, fact) ?? same.fact;
        else group.steps.push({ slot, id, first: event.time, last: event.time, count: 1, ref: eventRef(event), fact });
      }
    }
    const found = new Map<string, Signal[]>();
    for (const { urn, key, remit, steps } of groups.values()) {
      steps.sort((a, b) => a.slot - b.slot || (a.id < b.id ? -1 : 1));
      const signals = detector.inspect({ key, steps, dropped: 0, incomplete: false }, this.#view(urn, remit));
      if (signals.length > 0) found.set(urn, [...found.get(urn) ?? [], ...signals]);
    }
    return found;
  }

  #view(urn: string, remit: Remit | null): View {
    return {
      identity: { urn, kind: 'unknown', class: 'machine', first: 0, last: 0, principalKey: urn }, remit, timeResolution: 1000, ready: true, threshold: Infinity,
      ref: eventRef, recordOf: (keys, at) => this.#inventory.match(keys, at)?.remit ?? null, dataClass: (uid) => this.#inventory.dataClass(uid),
    };
  }
}

function add(closed: Closed, way: Violation, signals: readonly Signal[]): void {
  if (signals.length === 0) return;
  closed.violations ??= {};
  closed.violations[way] = (closed.violations[way] ?? 0) + signals.length;
}
