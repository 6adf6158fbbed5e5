import { afterEach, describe, expect, it } from 'vitest';
import type { Finding } from '@remit/contract';
import { openCore, type Core } from '../../exporter/src/app.ts';
import { Progress } from '../../exporter/src/commands/progress.ts';
import { replayInto } from '../../exporter/src/commands/replay.ts';
import { loadConfig } from '../../exporter/src/config.ts';
import { Bench } from '../support/bench.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.parse('2026-08-03T00:00:00Z');
const owners = [{ team: 'payments', contact: '#pay', enforce: true }];
const urn = (name: string) => `urn:nhi:w:r:role/${name}`;
const record = (name: string, more: object) => ({ urn: urn(name), kind: 'service_account', owner: 'payments', ...more });

let bench: Bench | null = null;
let core: Core | null = null;
afterEach(async () => {
  await core?.close();
  bench?.remove();
  core = bench = null;
});

interface Act { at: number; by: string; does?: string; denied?: boolean; account?: string; category?: string; key?: string; bytes?: number }
let events = 0;
function line({ at, by, does = 'SELECT', denied = false, account, category = 'read', key, bytes }: Act): string {
  return JSON.stringify({
    remit_event: 1, id: `e${++events}`, time: at, realm: 'r', principal: { provider: 'w', name: by, type: 'role', machine: true }, service: 'db', operation: does, category,
    resources: [{ id: 't1', type: 'table' }], outcome: denied ? 'denied' : 'success', ...account === undefined ? {} : { cloud: { provider: 'aws', account } },
    ...bytes === undefined ? {} : { bytes_out: bytes }, ...key === undefined ? {} : { credential: { id: key, type: 'access_key' } },
  });
}

/** The findings of a replay as it ends, whatever became of them, with the detector and the pages. */
async function replayed(inventory: object, acts: readonly Act[], retention = Infinity): Promise<{ findings: Finding[]; pages: string[] }> {
  bench = new Bench();
  const pages: string[] = [];
  core = await openCore({
    storage: null, config: loadConfig(undefined).config, retention,
    changed: (changes) => { for (const { finding, page } of changes) if (page) pages.push(`${finding.detector} ${finding.identity.split('/').at(-1)}`); },
  });
  expect(await core.loadInventory(bench.file(JSON.stringify(inventory), 'yml'), 0)).toMatchObject({ ok: true });
  const path = bench.file(acts.map(line).join('\n'));
  await replayInto(core, [{ path, cluster: 'test', bytes: 1 }], new Progress(process.stderr, true));
  const findings = [...core.engine.processor.book.all.values()].map(({ finding }) => finding).filter(({ state }) => state !== 'withdrawn');
  return { findings: findings.sort((a, b) => a.first - b.first || (a.id < b.id ? -1 : 1)), pages };
}

const brief = (findings: readonly Finding[]) => findings.map(({ detector, identity, state }) => `${detector} ${identity.split('/').at(-1)} ${state}`);
/** Something else goes on all the time. */
const others = (days: number): Act[] => Array.from({ length: days }, (_, i) => ({ at: START + i * DAY, by: 'other' }));

it('a replay forgets nothing of a log of months, and says what was once true of the fleet', async () => {
  const inventory = { owners, identities: [
    record('gone', { decommissioned_at: '2026-08-01T00:00:00Z' }), record('other', {}), record('stray', { owner: 'nobody' }),
    record('excused', { actions: ['w:db:INSERT'], exceptions: [{ id: 'old', detector: 'off-purpose-action', owner: 'payments', reason: 'a move', expires_at: '2026-08-02T00:00:00Z' }] }),
    record('imported', { provenance: { kind: { source: 'cmdb', imported_at: '2026-05-01T00:00:00Z' } } }),
  ] };
  const { findings, pages } = await replayed(inventory, [
    { at: START + HOUR, by: 'gone' }, { at: START + HOUR, by: 'stray' }, { at: START + HOUR, by: 'excused' }, { at: START + HOUR, by: 'imported' }, ...others(110),
  ]);
  expect(brief(findings.filter(({ identity }) => identity !== urn('other'))).sort()).toEqual([
    'decommissioned-active gone resolved', 'exception-expired excused resolved', 'inventory-stale imported resolved', 'off-purpose-action excused resolved', 'unowned-active stray resolved',
  ]);
  expect(pages.filter((page) => !page.endsWith(' other'))).toEqual(['decommissioned-active gone', 'off-purpose-action excused']);
});

describe('an exception hides what it names and nothing else', () => {
  const except = (detector: string) => [{ id: 'x', detector, owner: 'payments', reason: 'a move', expires_at: '2026-12-31T00:00:00Z' }];
  it.each([
    ['of the one that speaks first', 'wrong-environment', ['off-purpose-action m open', 'wrong-environment m silenced'], ['off-purpose-action m']],
    ['of one that gives way', 'off-purpose-action', ['wrong-environment m open'], ['wrong-environment m']],
    ['of all', '*', ['wrong-environment m silenced'], []],
  ])('%s', async (_, detector, found, woken) => {
    const identity = record('m', { actions: ['w:db:SELECT'], environments_allowed: ['111122223333'], exceptions: except(detector) });
    const { findings, pages } = await replayed({ owners, identities: [identity] }, [{ at: START + HOUR, by: 'm', does: 'DROP', category: 'delete', account: '444455556666' }]);
    expect(brief(findings).sort()).toEqual(found);
    expect(pages).toEqual(woken);
  });
});

it('an exception that ends while a sum goes on is one that is relied on', async () => {
  const end = START + 12 * HOUR;
  bench = await new Bench().open(JSON.stringify({ owners, identities: [record('vol', {
    max_volume: [{ bytes: '1MB', per: '24h' }], exceptions: [{ id: 'e-vol', detector: 'export-over-limit', owner: 'payments', reason: 'a move', expires_at: new Date(end).toISOString() }],
  })] }));
  for (const hour of [9, 10, 11, 13]) {
    bench.now = START + hour * HOUR;
    await bench.ingest(JSON.stringify({ ...JSON.parse(line({ at: bench.now, by: 'vol', category: 'export' })) as object, bytes_out: 600_000 }));
    if (hour === 11) expect(brief(bench.findings().filter((f) => f.class === 'remit'))).toEqual(['export-over-limit vol silenced']);
  }
  await bench.tick(bench.now + HOUR);
  expect(brief(bench.findings().filter((f) => f.class === 'remit')).sort()).toEqual(['exception-expired vol open', 'export-over-limit vol open']);
});

describe('who fails for good is one finding', () => {
  const failing = (does = 'SELECT'): Act[] => Array.from({ length: 18 * 144 }, (_, i) => ({ at: START + i * 10 * MINUTE, by: 'stuck', denied: true, does }));
  it.each([
    ['at what is approved', { actions: ['w:db:SELECT'] }, 'denied-burst'],
    ['at what is not', { actions: ['w:db:INSERT'] }, 'off-purpose-action'],
    ['without anything declared', {}, 'denied-burst'],
  ])('%s', async (_, declared, detector) => {
    const { findings, pages } = await replayed({ owners, identities: [record('stuck', declared)] }, failing());
    expect(findings.map((one) => [one.detector, one.severity, one.state])).toEqual([[detector, 'warning', 'open']]);
    expect(findings[0]!.count).toBeGreaterThan(17 * 144);
    expect(findings[0]!.last - findings[0]!.first).toBeGreaterThan(17 * DAY);
    expect(pages).toEqual([]);
  }, 60_000);
});

it('what is left of an ended identity pages nobody while all is refused, however odd its hours are', async () => {
  const usual = Array.from({ length: 30 * 24 }, (_, i): Act => ({ at: START + i * HOUR, by: 'ended', key: 'k1' }));
  const end = START + 30 * DAY;
  const storm = Array.from({ length: 400 }, (_, i): Act => ({ at: end + HOUR + i * 5000, by: 'ended', key: 'k1', denied: true, does: `OTHER${i % 50}`, category: 'delete' }));
  const { findings: all } = await replayed({ owners, identities: [record('ended', { decommissioned_at: new Date(end).toISOString() })] }, [...usual, ...storm, { at: end + 5 * HOUR, by: 'ended', key: 'k1', denied: true }]);
  const findings = all.filter(({ last }) => last >= end);
  expect(findings.filter(({ severity }) => severity === 'critical').map(({ detector }) => detector)).toEqual([]);
  expect(findings.filter(({ detector }) => detector === 'decommissioned-active').map(({ severity, count }) => [severity, count])).toEqual([['warning', 401]]);
  // Its hours are odd indeed.
  expect(findings.some((one) => one.class === 'baseline')).toBe(true);
}, 60_000);

describe('what moved, over weeks', () => {
  const limited = (per: string) => ({ owners, identities: [record('report', { max_volume: [{ bytes: '1GB', per }] }), record('other', {})] });
  const hourly = (from: number, to: number): Act[] => Array.from({ length: (to - from) * 24 }, (_, i) => ({ at: START + from * DAY + i * HOUR, by: 'report', bytes: 40_000_000 }));
  const moved = ({ findings }: { findings: Finding[] }) => findings.filter(({ detector }) => detector === 'export-over-limit').map(({ first, last }) => [first, last]);
  const about = (pages: string[]) => pages.filter((page) => page.startsWith('export-over-limit'));
  const kept = () => [...core!.engine.processor.chains.all].filter(({ detector }) => detector === 'export-over-limit').flatMap(({ steps }) => steps.map(({ last }) => last));

  it('only the present period is kept; an excess after weeks is found as on the first day, once, while its steps go one by one', async () => {
    const more = { at: START + 19 * DAY + 30 * MINUTE, by: 'report', bytes: 41_000_000 };
    const { findings, pages } = await replayed(limited('24h'), [...hourly(0, 30), more]);
    expect(moved({ findings })).toEqual([[START + 18 * DAY + HOUR, START + 20 * DAY]]);
    expect(about(pages)).toEqual(['export-over-limit report']);
    expect(kept().length).toBeGreaterThan(24);
    expect(kept().length).toBeLessThanOrEqual(2 * 24 + 4);
  });

  it('what goes on above its limit is one finding, whose steps are all there', async () => {
    const { findings, pages } = await replayed(limited('12h'), hourly(0, 9).map((act) => ({ ...act, bytes: 90_000_000 })));
    expect(moved({ findings })).toEqual([[START, START + 9 * DAY - HOUR]]);
    expect(about(pages)).toEqual(['export-over-limit report']);
    expect(kept().length).toBe(9 * 24);
  });

  it('what was found, and forgotten after its retention, is no news when the identity comes back', async () => {
    const burst = { at: START, by: 'report', bytes: 1_100_000_000 };
    const later = { at: START + 40 * DAY, by: 'report', bytes: 1 };
    const { findings, pages } = await replayed(limited('31d'), [burst, ...others(42), later], 30 * DAY);
    expect(kept()).toEqual([burst.at, later.at]);
    expect(moved({ findings })).toEqual([]);
    expect(about(pages)).toEqual(['export-over-limit report']);
  });
});

describe('a verdict speaks of an episode', () => {
  const at = Date.parse('2026-11-20T12:00:00Z');
  const use = (time: number): string => line({ at: time, by: 'gone', key: 'k1' });
  it.each(['bad', 'benign'] as const)('%s: within 24 hours it holds, after that the path is told and pages again', async (state) => {
    bench = new Bench();
    bench.now = at;
    await bench.open(JSON.stringify({ owners, identities: [record('gone', { decommissioned_at: '2026-08-01T00:00:00Z' })] }));
    const pages = () => bench!.findings().map((one) => [one.state, one.count]);
    await bench.ingest(use(at - HOUR));
    expect(pages()).toEqual([['open', 1]]);
    const [{ id } = { id: '' }] = bench.findings();
    await bench.core.engine.submit({ type: 'verdict', verdict: { finding: id, state, by: 'ann', at } });
    bench.now = at + 23 * HOUR;
    await bench.ingest(use(at + 23 * HOUR));
    expect(pages()).toEqual([[state, 2]]);
    bench.now = at + 30 * HOUR;
    // What is heard of late belongs to what was judged.
    await bench.ingest(use(at - 2 * HOUR));
    expect(pages()).toEqual([[state, 3]]);
    await bench.ingest(use(at + 29 * HOUR));
    expect(pages()).toEqual([['open', 4]]);
    await bench.close();
  });
});

describe('what waits for a verdict', () => {
  const inventory = { owners, identities: [record('report', { actions: ['w:db:SELECT'] }), record('other', {})] };
  const usual = Array.from({ length: 96 }, (_, i) => ({ at: START + i * HOUR, by: 'report' }));
  const odd = (hour: number, does: string): Act => ({ at: START + hour * HOUR + 5 * MINUTE, by: 'report', does });
  const held = () => core!.engine.processor.parts.scoring.held().count;
  const judge = async (first: number, state: 'bad' | 'benign') => {
    const { finding } = [...core!.engine.processor.book.all.values()].find((kept) => kept.finding.first === first)!;
    await core!.engine.submit({ type: 'verdict', verdict: { finding: finding.id, state, by: 'ann', at: START + 97 * HOUR } });
  };

  it('the hours with events of a finding, not those between them', async () => {
    const { findings } = await replayed(inventory, [...usual, odd(26, 'INSERT'), odd(46, 'INSERT')]);
    expect(findings.map(({ detector, first, last }) => [detector, last - first])).toEqual([['off-purpose-action', 20 * HOUR]]);
    expect(held()).toBe(2);
  });

  it.each([['benign', 2], ['bad', 1]] as const)('%s: what deviates within the next day goes with a bad one only, and %d hours wait on', async (state, left) => {
    await replayed(inventory, [...usual, odd(40, 'INSERT'), odd(42, 'DELETE'), odd(80, 'DROP')]);
    expect(held()).toBe(3);
    await judge(odd(40, '').at, state);
    expect(held()).toBe(left);
  });
});
