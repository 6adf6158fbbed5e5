import { setImmediate as breathe } from 'node:timers/promises';
import type { Bytes, Channel, Cut, Millis, Store } from '@remit/contract';
import { finish } from '../lib/steps.ts';
import type { Kept } from './findings.ts';
import type { StoredHour } from './dedup.ts';
import type { Feed } from './feeds.ts';
import { RETENTION } from './findings.ts';
import { restoreHour, saveHour } from './hours.ts';
import type { Issue } from './identities.ts';
import { nameOf, saveChain, type SavedChain } from './kept-chain.ts';
import type { HeldRun } from './held-runs.ts';
import type { ClosedHour } from './parts.ts';
import type { Processor } from './processor.ts';
import type { KeptRun } from './runs.ts';
import { saveIdentity, saveNative, type SavedIdentity, type SavedNative } from './saved-identity.ts';
import type { Shadow } from './shadow.ts';
import { loadTrace, saveTrace } from './traces.ts';

/** Version of what a cut holds, and the oldest that is still read. Another version is refused at the start, with what to do. */
const VERSION = 6;
const OLDEST = 5;
/** Milliseconds of building after which the loop is given back. */
const LONGEST_TURN = 3;

interface Meta {
  version: number; counters: [string, number[]][]; history: [string, number][]; matches: [string, number][]; relied: [string, { urn: string; count: number; first: Millis; last: Millis }][]; unattributed: number; late: number;
  feeds: Feed[]; lastTick: Millis | null; standing: string[]; dedup: [Millis, StoredHour][];
  extra: unknown;
}

/**
 * Everything that changed since the last cut, as rows: one consistent picture at the processor's position. The processor must not
 * apply entries meanwhile; the loop is given back between slices, so that ingestion goes on.
 */
export async function takeCut(p: Processor, extra: unknown): Promise<Cut> {
  const cut: Cut = { position: p.position, puts: [], deletes: [], drops: [] };
  const put = (table: string, key: string, value: unknown) => cut.puts.push({ table, key, value: json(value) });
  let breathed = performance.now();
  const isLong = () => performance.now() - breathed > LONGEST_TURN;
  const slice = async () => {
    await breathe();
    breathed = performance.now();
  };
  for (const native of p.identities.takeNativesAlone()) { put('native', native.key, saveNative(native, '', NaN)); if (isLong()) await slice(); }
  for (const identity of p.identities.changed) { put('identity', padded(identity.index), saveIdentity(identity)); if (isLong()) await slice(); }
  p.identities.changed.clear();
  for (const [uid, issue] of p.identities.changedCredentials) { put('credential', uid, issue); if (isLong()) await slice(); }
  p.identities.changedCredentials.clear();
  for (const [start, identities] of p.hours.dirty) {
    for (const { index, open } of identities) {
      const hour = open.find((h) => h.start === start);
      if (hour) put('hour', `${start}/${padded(index)}`, saveHour(hour, p.parts.scoring));
      else cut.deletes.push({ table: 'hour', key: `${start}/${padded(index)}` });
      if (isLong()) await slice();
    }
  }
  p.hours.dirty.clear();
  for (const hour of p.hours.closed.splice(0)) {
    const { start, identity } = hour;
    put('closed', `${String(start).padStart(14, '0')}/${padded(identity.index)}`, closedRow(hour));
    if (isLong()) await slice();
  }
  for (const kept of p.book.changed) { put('finding', kept.finding.id, saveFinding(kept)); if (isLong()) await slice(); }
  p.book.changed.clear();
  for (const trace of p.traces.changed) { put('trace', trace.uid, saveTrace(trace)); if (isLong()) await slice(); }
  p.traces.changed.clear();
  for (const key of p.traces.takeGone()) cut.deletes.push({ table: 'trace', key });
  for (const chain of p.chains.takeChanged()) { put('chain', nameOf(chain), saveChain(chain)); if (isLong()) await slice(); }
  for (const identity of p.privileges.changed) { put('privilege', padded(identity.index), p.privileges.save(identity)); if (isLong()) await slice(); }
  p.privileges.changed.clear();
  for (const shadow of p.shadows.changed) put('shadow', `${shadow.detector} ${shadow.urn}`, shadow);
  p.shadows.changed.clear();
  for (const key of p.shadows.takeGone()) cut.deletes.push({ table: 'shadow', key });
  for (const run of p.runs.changed) { put('run', run.name, run); if (isLong()) await slice(); }
  p.runs.changed.clear();
  for (const key of p.runs.takeGone()) cut.deletes.push({ table: 'run', key });
  for (const urn of p.runs.held.changed) {
    const held = p.runs.held.all.get(urn);
    if (held) put('held', urn, held);
    else cut.deletes.push({ table: 'held', key: urn });
  }
  p.runs.held.changed.clear();
  const habits = p.parts.runs?.habits.takeChanged();
  for (const { key, value } of habits?.puts ?? []) { cut.puts.push({ table: 'habit', key, value }); if (isLong()) await slice(); }
  for (const key of habits?.deletes ?? []) cut.deletes.push({ table: 'habit', key });
  for (const key of p.chains.takeGone()) { cut.deletes.push({ table: 'chain', key }); if (isLong()) await slice(); }
  for (const id of p.book.takeForgotten()) cut.deletes.push({ table: 'finding', key: id });
  const oldest = p.feeds.clock - RETENTION;
  if (oldest > 0) cut.drops.push({ table: 'closed', before: String(oldest).padStart(14, '0') });
  for (const { key, value } of p.dedup.takeSegments(p.feeds.clock)) cut.puts.push({ table: 'dedup', key, value });
  for (const key of p.dedup.forget(p.feeds.clock)) cut.deletes.push({ table: 'dedup', key });
  for (const { from, imported, revision, files } of p.inventories.splice(0)) put('inventory', `${String(from).padStart(14, '0')}/${String(imported).padStart(14, '0')}/${revision}`, files);
  const scores = p.parts.scoring.takeDirty();
  for (const { key, value } of scores.puts) { cut.puts.push({ table: 'score', key, value }); if (isLong()) await slice(); }
  for (const key of scores.gone) cut.deletes.push({ table: 'score', key });
  put('meta', 'state', meta(p, extra));
  return cut;
}

/** Fills an empty processor from the last cut; returns what `takeCut` was given as extra, or null when the store is new. */
export async function restoreCut(p: Processor, store: Store): Promise<unknown> {
  p.position = await store.position();
  const metas: Meta[] = [];
  await each<Meta>(store, 'meta', (_, value) => { metas.push(value); });
  const [saved] = metas;
  if (saved === undefined) return null;
  if (saved.version > VERSION || saved.version < OLDEST) {
    throw new Error(`the stored state has version ${saved.version}, this build reads ${OLDEST} to ${VERSION}; start with an empty --storage.path`);
  }
  await each<SavedIdentity>(store, 'identity', (key, value) => { p.identities.restoreIdentity(Number(key), value); });
  await each<SavedNative>(store, 'native', (_, value) => { p.identities.restoreNative(value); });
  await each<Issue>(store, 'credential', (key, value) => { p.identities.restoreCredential(key, value); });
  p.feeds.restore(saved.feeds);
  await each<object>(store, 'hour', (key, value) => { restoreOpen(p, key, value); });
  await each<SavedFinding>(store, 'finding', (_, value) => { p.book.restore(loadFinding(value)); });
  await each<object>(store, 'trace', (_, value) => { p.traces.restore(loadTrace(value)); });
  await each<Shadow>(store, 'shadow', (_, value) => { p.shadows.restore(value); });
  await each<SavedChain>(store, 'chain', (_, value) => { p.chains.restore(value); });
  await each<[string, number][]>(store, 'privilege', (key, value) => { p.privileges.restore(p.identities.all[Number(key)]!, value); });
  await each<KeptRun>(store, 'run', (_, value) => { p.runs.restore(value); });
  await each<HeldRun[]>(store, 'held', (key, value) => { p.runs.held.restore(key, value); });
  await each<Record<string, string>>(store, 'inventory', (key, files) => {
    const [from, imported] = key.split('/').map(Number) as [number, number];
    p.parts.timeline.add(from, p.parts.compile(files, imported));
  });
  for await (const { keys, value } of store.pages('habit')) keys.forEach((key, i) => { p.parts.runs?.habits.restore(key, value(i)); });
  for await (const { keys, value } of store.pages('score')) keys.forEach((key, i) => { p.parts.scoring.restore(key, value(i)); });
  for (const [key, value] of saved.counters) p.counters.set(key, value);
  for (const [key, value] of saved.history) p.history.set(key, value);
  for (const [key, value] of saved.matches) p.matches.set(key, value);
  for (const [key, value] of saved.relied) p.relied.set(key, value);
  for (const [hour, entry] of saved.dedup) p.dedup.stored.set(hour, entry);
  p.unattributed = saved.unattributed;
  p.late = saved.late;
  p.fleet.standing = new Set(saved.standing);
  p.lastTick = saved.lastTick ?? -Infinity;
  p.heartbeat = saved.lastTick ?? 0;
  p.feeds.clock = Math.max(p.feeds.clock, p.lastTick);
  finish(p.identities.bind(p.parts.timeline.latest(), p.feeds.clock));
  p.allowBudgets();
  return saved.extra;
}

function meta(p: Processor, extra: unknown): Meta {
  return {
    version: VERSION, counters: [...p.counters], history: [...p.history], matches: [...p.matches], relied: [...p.relied], unattributed: p.unattributed,
    late: p.late, feeds: p.feeds.all, lastTick: p.lastTick, standing: [...p.fleet.standing],
    dedup: [...p.dedup.stored], extra,
  };
}

/** A closed hour as it is kept: events, refused ones, score, then its band and the digits of each channel where something deviates. */
export type ClosedRow = [events: number, denied: number, score: number | null, bands?: [p50: number, p95: number, p99: number] | null, channels?: [Channel, number][]];

export function closedRow({ events, denied, score, bands }: ClosedHour): ClosedRow {
  const digits = (value: number): number => Math.round(value * 1000) / 1000;
  const row: ClosedRow = [events, denied, score === null ? null : digits(score.score)];
  const channels = score?.channels ?? [];
  if (bands === null && channels.length === 0) return row;
  row.push(bands === null ? null : [bands.p50, bands.p95, bands.p99]);
  if (channels.length > 0) row.push(channels.map(({ id, calibrated }): [Channel, number] => [id, digits(calibrated)]));
  return row;
}

function restoreOpen(p: Processor, key: string, saved: unknown): void {
  const [start, index] = key.split('/').map(Number) as [number, number];
  const identity = p.identities.all[index]!;
  identity.open.push(restoreHour(saved as object, p.parts.scoring));
  const set = p.hours.open.get(start);
  if (set) set.add(identity);
  else p.hours.open.set(start, new Set([identity]));
}

function saveFinding(kept: Kept): object {
  return { ...kept, parts: kept.parts && [...kept.parts] };
}

type SavedFinding = Omit<Kept, 'parts'> & { parts: [string, never][] | null };

function loadFinding(saved: SavedFinding): Kept {
  return { ...saved, parts: saved.parts && new Map(saved.parts) };
}

function padded(index: number): string {
  return String(index).padStart(10, '0');
}

function json(value: unknown): Bytes {
  return Buffer.from(JSON.stringify(value));
}

/** Every row of a table of JSON, in key order. */
async function each<T>(store: Store, table: string, restore: (key: string, value: T) => void): Promise<void> {
  for await (const { keys, text } of store.pages(table)) keys.forEach((key, i) => { restore(key, JSON.parse(text(i)) as T); });
}
