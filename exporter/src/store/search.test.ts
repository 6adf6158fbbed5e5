import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nhiEventSchema, type EventGroup, type NhiEvent } from '@remit/contract';
import { SqliteJournal } from './journal.ts';
import type { SearchSpec } from './search.ts';

const folder = mkdtempSync(join(tmpdir(), 'remit-search-'));
let journal: SqliteJournal;
const all: NhiEvent[] = [];

/** The same every time. */
let state = 7;
const random = (n: number) => (state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff) % n;

function event(n: number, time: number, more: Partial<NhiEvent> = {}): NhiEvent {
  return nhiEventSchema.parse({
    metadata: { original_event_uid: `e${n}`, source: 's' }, principal_key: `p${n % 7}`, time, class_uid: 0, activity_id: 0,
    actor: { identity: { urn: `urn:${n % 7}`, kind: 'workload', resolution: 'derived' } }, api: { operation: `op${n % 5}` }, action: { category: 'read' },
    status_id: n % 11 === 0 ? 2 : 1, outcome: { denied: n % 11 === 0 && n % 2 === 0 }, src_kind: 'service', privilege: { used: [`a${n % 3}`, `b${n % 2}`] }, flags: [], ...more,
  });
}

beforeAll(async () => {
  journal = await SqliteJournal.open(join(folder, 'journal.db'));
  // Batches that overlap, some over a long time, many events at one instant, repeats, and records that only say who acted.
  for (let n = 0; n < 3000;) {
    const wide = random(10) === 0;
    const start = random(10_000);
    const events = Array.from({ length: 1 + random(40) }, () => event(n++, start + random(wide ? 5000 : 50) * (random(3) === 0 ? 0 : 1)));
    all.push(...events);
    const repeats = all.length > 100 ? Array.from({ length: random(4) }, () => all[random(all.length)]!) : [];
    await journal.append({ type: 'batch', receivedAt: start, feed: 'f', backfill: false, events: [...events, ...repeats, event(1_000_000 + n, start, { flags: ['context'] })] });
    if (random(5) === 0) await journal.append({ type: 'tick', now: start, idle: [] });
  }
}, 60_000);
afterAll(async () => {
  await journal.close();
  rmSync(folder, { recursive: true, force: true });
});

const spec = (more: Partial<SearchSpec> = {}): Omit<SearchSpec, 'hashes'> => ({
  from: 0, to: 100_000, order: 'newest', keys: null, conditions: [], after: null, most: 100_000, group: null, apart: [], context: false, budget: 60_000, ...more,
});
async function found(asked: Omit<SearchSpec, 'hashes'>): Promise<{ events: NhiEvent[]; groups: EventGroup[]; full: boolean; late: boolean }> {
  const events: NhiEvent[] = [];
  let last = { groups: [] as EventGroup[], full: false, late: false };
  for await (const turn of journal.search(asked)) {
    events.push(...turn.events);
    last = turn;
  }
  return { events, groups: last.groups, full: last.full, late: last.late };
}
const names = (events: readonly NhiEvent[]) => events.map((e) => e.metadata.original_event_uid);

describe('a search', () => {
  it.each([
    ['everything', {}, () => true], ['a range', { from: 2000, to: 6000 }, (e: NhiEvent) => e.time >= 2000 && e.time < 6000], ['two principals', { keys: ['p1', 'p4'] }, (e: NhiEvent) => ['p1', 'p4'].includes(e.principal_key)],
    ['an unknown one', { keys: ['nobody'] }, () => false], ['a condition', { conditions: [{ key: 'operation', op: '=', values: ['op3'] }] }, (e: NhiEvent) => e.api.operation === 'op3'],
    ['one of many values', { conditions: [{ key: 'permission', op: '=', values: ['b1'] }] }, (e: NhiEvent) => e.privilege!.used!.includes('b1')],
    ['none of them', { conditions: [{ key: 'permission', op: '!=', values: ['b1'] }] }, (e: NhiEvent) => !e.privilege!.used!.includes('b1')],
    ['an outcome of a principal', { keys: ['p2'], conditions: [{ key: 'outcome', op: 'in', values: ['denied', 'failure'] }] }, (e: NhiEvent) => e.principal_key === 'p2' && e.status_id === 2],
  ] as const)('for %s gives each event once and in order, whichever end it begins at', async (_, more, is) => {
    const wanted = all.filter(is as (e: NhiEvent) => boolean);
    for (const order of ['newest', 'oldest'] as const) {
      const { events } = await found(spec({ ...more as Partial<SearchSpec>, order }));
      expect(new Set(names(events))).toEqual(new Set(names(wanted)));
      expect(events).toHaveLength(wanted.length);
      const sign = order === 'newest' ? -1 : 1;
      expect(events.every((e, i) => i === 0 || sign * (e.time - events[i - 1]!.time) > 0 || (e.time === events[i - 1]!.time && e.metadata.uid! > events[i - 1]!.metadata.uid!))).toBe(true);
    }
  });

  it.each([[{}], [{ keys: ['p1', 'p4'] }], [{ from: 2000, to: 6000, conditions: [{ key: 'operation', op: '=~', values: ['op[12]'] }] }]] as const)('goes on behind any event: %j', async (more) => {
    for (const order of ['newest', 'oldest'] as const) {
      const whole = names((await found(spec({ ...more as Partial<SearchSpec>, order }))).events);
      const seen: string[] = [];
      for (let after: SearchSpec['after'] = null, full = true; full;) {
        const page = await found(spec({ ...more as Partial<SearchSpec>, order, most: 97, after }));
        seen.push(...names(page.events));
        const last = page.events.at(-1);
        full = page.full;
        if (last) after = { time: last.time, id: last.metadata.uid! };
      }
      expect(seen).toEqual(whole);
    }
  });

  it('counts each event once by what it is asked to', async () => {
    const { groups } = await found(spec({ group: { by: ['operation', 'time'], step: 1000, most: 1000 } }));
    const counts = new Map<string, number>();
    for (const e of all) counts.set(`${e.api.operation} ${Math.floor(e.time / 1000) * 1000}`, (counts.get(`${e.api.operation} ${Math.floor(e.time / 1000) * 1000}`) ?? 0) + 1);
    expect(new Map(groups.map(({ values, success, failure, denied }) => [values.join(' '), success + failure + denied]))).toEqual(counts);
    const { groups: permissions } = await found(spec({ group: { by: ['permission'], step: 1, most: 100 } }));
    expect(permissions.map(({ values }) => values[0]).sort()).toEqual(['a0', 'a1', 'a2', 'b0', 'b1']);
    expect(permissions.reduce((sum, { success, failure, denied }) => sum + success + failure + denied, 0)).toBe(2 * all.length);
  });

  it('ends when it has enough, or when its time is up, and says which', async () => {
    expect(await found(spec({ most: 100, group: { by: ['operation'], step: 1, most: 100 } }))).toMatchObject({ full: true });
    expect(await found(spec({ group: { by: ['id'], step: 1, most: 10 } }))).toMatchObject({ full: true });
    expect(await found(spec({ budget: 0 }))).toMatchObject({ late: true });
  });

  it('finds what was written since', async () => {
    await found(spec({ keys: ['new'] }));
    await journal.append({ type: 'batch', receivedAt: 1, feed: 'f', backfill: false, events: [event(5_000_000, 50_000, { principal_key: 'new' })] });
    expect(names((await found(spec({ keys: ['new'] }))).events)).toEqual(['e5000000']);
    expect(new Map(await journal.arrivals(50_000, 60_000, 1000))).toEqual(new Map([[50_000, 1]]));
  });
});
