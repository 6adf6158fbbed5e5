import { setImmediate as breathe } from 'node:timers/promises';
import type { Bytes, Cut, Feature, Millis, Store } from '@remit/contract';
import type { Kept } from './findings.ts';
import type { StoredHour } from './dedup.ts';
import type { Feed } from './feeds.ts';
import { RETENTION } from './findings.ts';
import { restoreHour, saveHour } from './hours.ts';
import type { Identity, Issue } from './identities.ts';
import type { Native } from './natives.ts';
import { nameOf, type KeptChain } from './chains.ts';
import type { Processor } from './processor.ts';
import type { Shadow } from './shadow.ts';
import { loadTrace, saveTrace } from './traces.ts';

/** Version of what a cut holds. Another version is refused at the start, with what to do. */
const VERSION = 2;
const SLICE_ROWS = 200;

/** Learned state, as a cut sees it. */
export interface Learned {
  profiles: { takeDirty(): { key: string; value: Bytes }[]; restore(key: string, value: Bytes): void; layout: string };
  calibration: { save(): unknown; restore(saved: never): void };
}

interface Meta {
  version: number; layout: string; counters: [string, number[]][]; matches: [string, number][]; relied: [string, { urn: string; count: number; first: Millis; last: Millis }][]; unattributed: number; late: number;
  feeds: Feed[]; lastTick: Millis | null; standing: string[]; ready: number[]; dedup: [Millis, StoredHour][];
  calibration: unknown; extra: unknown;
}

/**
 * Everything that changed since the last cut, as rows: one consistent picture at the processor's position. The processor must not
 * apply entries meanwhile; the loop is given back between slices, so that ingestion goes on.
 */
export async function takeCut(p: Processor, learned: Learned, extra: unknown): Promise<Cut> {
  const cut: Cut = { position: p.position, puts: [], deletes: [], drops: [] };
  const put = (table: string, key: string, value: unknown) => cut.puts.push({ table, key, value: json(value) });
  let n = 0;
  const slice = async () => { if (++n % SLICE_ROWS === 0) await breathe(); };
  for (const identity of p.identities.changed) { put('identity', padded(identity.index), p.identities.saveIdentity(identity)); await slice(); }
  p.identities.changed.clear();
  for (const native of p.identities.natives.changed) { put('native', native.key, native); await slice(); }
  p.identities.natives.changed.clear();
  for (const [uid, issue] of p.identities.changedCredentials) { put('credential', uid, issue); await slice(); }
  p.identities.changedCredentials.clear();
  for (const key of p.hours.dirty) {
    const [index, start] = key.split(' ').map(Number) as [number, number];
    const hour = p.identities.all[index]!.open.find((h) => h.start === start);
    if (hour) put('hour', `${start}/${padded(index)}`, saveHour(hour, p.parts.features));
    else cut.deletes.push({ table: 'hour', key: `${start}/${padded(index)}` });
    await slice();
  }
  p.hours.dirty.clear();
  for (const { start, identity, events, denied, score } of p.hours.closed.splice(0)) {
    put('closed', `${String(start).padStart(14, '0')}/${padded(identity.index)}`, [events, denied, score]);
    await slice();
  }
  for (const kept of p.book.changed) { put('finding', kept.finding.id, saveFinding(kept)); await slice(); }
  p.book.changed.clear();
  for (const trace of p.traces.changed) { put('trace', trace.uid, saveTrace(trace)); await slice(); }
  p.traces.changed.clear();
  for (const key of p.traces.takeGone()) cut.deletes.push({ table: 'trace', key });
  for (const chain of p.chains.changed) { put('chain', nameOf(chain), chain); await slice(); }
  p.chains.changed.clear();
  for (const shadow of p.shadows.changed) put('shadow', `${shadow.detector} ${shadow.urn}`, shadow);
  p.shadows.changed.clear();
  for (const key of p.shadows.takeGone()) cut.deletes.push({ table: 'shadow', key });
  for (const key of p.chains.takeGone()) cut.deletes.push({ table: 'chain', key });
  for (const id of p.book.takeForgotten()) cut.deletes.push({ table: 'finding', key: id });
  const oldest = p.feeds.clock - RETENTION;
  if (oldest > 0) cut.drops.push({ table: 'closed', before: String(oldest).padStart(14, '0') });
  for (const { key, value } of p.dedup.takeSegments(p.feeds.clock)) cut.puts.push({ table: 'dedup', key, value });
  for (const key of p.dedup.forget(p.feeds.clock)) cut.deletes.push({ table: 'dedup', key });
  for (const { from, imported, revision, files } of p.inventories.splice(0)) put('inventory', `${String(from).padStart(14, '0')}/${String(imported).padStart(14, '0')}/${revision}`, files);
  for (const { key, value } of learned.profiles.takeDirty()) { cut.puts.push({ table: 'profile', key, value }); await slice(); }
  put('meta', 'state', meta(p, learned, extra));
  return cut;
}

/** Fills an empty processor from the last cut; returns what `takeCut` was given as extra, or null when the store is new. */
export async function restoreCut(p: Processor, learned: Learned, store: Store): Promise<unknown> {
  p.position = await store.position();
  let saved: Meta | null = null;
  for await (const { value } of store.rows('meta')) saved = parse(value) as Meta;
  if (!saved) return null;
  if (saved.version !== VERSION) {
    throw new Error(`the stored state has version ${saved.version}, this build reads ${VERSION}; start with an empty --storage.path`);
  }
  for await (const { value } of store.rows('native')) p.identities.natives.restore(parse(value) as Native);
  for await (const { key, value } of store.rows('identity')) p.identities.restoreIdentity(Number(key), parse(value) as Identity);
  for await (const { key, value } of store.rows('credential')) p.identities.restoreCredential(key, parse(value) as Issue);
  p.feeds.restore(saved.feeds);
  for await (const { key, value } of store.rows('hour')) restoreOpen(p, key, parse(value), p.parts.features);
  for await (const { value } of store.rows('finding')) p.book.restore(loadFinding(value));
  for await (const { value } of store.rows('trace')) p.traces.restore(loadTrace(parse(value) as object));
  for await (const { value } of store.rows('shadow')) p.shadows.restore(parse(value) as Shadow);
  for await (const { value } of store.rows('chain')) p.chains.restore(parse(value) as KeptChain);
  for await (const { key, value } of store.rows('inventory')) {
    const [from, imported] = key.split('/').map(Number) as [number, number];
    p.parts.timeline.add(from, p.parts.compile(parse(value) as Record<string, string>, imported));
  }
  if (saved.layout === learned.profiles.layout) {
    for await (const { key, value } of store.rows('profile')) learned.profiles.restore(key, value);
    for (const index of saved.ready) p.hours.ready.add(p.identities.all[index]!);
  }
  learned.calibration.restore(saved.calibration as never);
  for (const [key, value] of saved.counters) p.counters.set(key, value);
  for (const [key, value] of saved.matches) p.matches.set(key, value);
  for (const [key, value] of saved.relied) p.relied.set(key, value);
  for (const [hour, entry] of saved.dedup) p.dedup.stored.set(hour, entry);
  p.unattributed = saved.unattributed;
  p.late = saved.late;
  p.fleet.standing = new Set(saved.standing);
  p.lastTick = saved.lastTick ?? -Infinity;
  p.heartbeat = saved.lastTick ?? 0;
  p.feeds.clock = Math.max(p.feeds.clock, p.lastTick);
  p.identities.bind(p.parts.timeline.latest(), p.feeds.clock);
  return saved.extra;
}

function meta(p: Processor, learned: Learned, extra: unknown): Meta {
  return {
    version: VERSION, layout: learned.profiles.layout, counters: [...p.counters], matches: [...p.matches], relied: [...p.relied], unattributed: p.unattributed,
    late: p.late, feeds: p.feeds.all, lastTick: p.lastTick, standing: [...p.fleet.standing],
    ready: [...p.hours.ready].map((i) => i.index), dedup: [...p.dedup.stored], calibration: learned.calibration.save(), extra,
  };
}

function restoreOpen(p: Processor, key: string, saved: unknown, features: readonly Feature[]): void {
  const [start, index] = key.split('/').map(Number) as [number, number];
  const identity = p.identities.all[index]!;
  identity.open.push(restoreHour(saved as object, features));
  const set = p.hours.open.get(start);
  if (set) set.add(identity);
  else p.hours.open.set(start, new Set([identity]));
}

function saveFinding(kept: Kept): object {
  return { ...kept, parts: kept.parts && [...kept.parts] };
}

function loadFinding(value: Bytes): Kept {
  const saved = parse(value) as Omit<Kept, 'parts'> & { parts: [string, never][] | null };
  return { ...saved, parts: saved.parts && new Map(saved.parts) };
}

function padded(index: number): string {
  return String(index).padStart(10, '0');
}

function json(value: unknown): Bytes {
  return Buffer.from(JSON.stringify(value));
}

function parse(value: Bytes): unknown {
  return JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.length).toString());
}
