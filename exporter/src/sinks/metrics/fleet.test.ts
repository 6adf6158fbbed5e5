import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { get } from 'node:http';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { METRICS, type Finding } from '@remit/contract';
import { changeOf, DETECTORS, HandMadeFleet, later, SOURCES } from './cases/hand-made-fleet.ts';
import { parseExposition, type ParsedFamily, type ParsedSample } from './cases/parse-exposition.ts';
import { FleetMetrics, type FleetOptions } from './fleet.ts';

const ID = 'urn:nhi:k8s:prod:service_account/billing/exporter';
const MINUTE = 60_000;
const servers: Server[] = [];

afterEach(() => { for (const server of servers.splice(0)) { server.close(); server.closeAllConnections(); } });

function metricsOf(fleet: HandMadeFleet, more: Partial<FleetOptions> = {}): FleetMetrics {
  const metrics = new FleetMetrics({
    detectors: DETECTORS, sources: SOURCES, readout: fleet, findings: [], now: fleet.now, build: { version: '0.1.0', revision: 'abc' },
    processMetrics: false, ...more,
  });
  metrics.ready = true;
  return metrics;
}

interface Answer { status: number; type: string; families: ParsedFamily[]; text: string }

/** A scrape over HTTP, read by the strict parser. */
async function scrape(metrics: FleetMetrics, headers: Record<string, string> = {}): Promise<Answer> {
  const server = createServer((req, res) => { void metrics.write(req, res); });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const { status, type, body } = await new Promise<{ status: number; type: string; body: Buffer }>((done, failed) => {
    get({ host: '127.0.0.1', port, path: '/metrics', headers }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => { done({ status: res.statusCode ?? 0, type: res.headers['content-type'] ?? '', body: Buffer.concat(chunks) }); });
    }).on('error', failed);
  });
  const text = (headers['accept-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
  const format = type.startsWith('application/openmetrics-text') ? 'openmetrics' : 'text';
  return { status, type, text, families: status === 200 ? parseExposition(text, format) : [] };
}

async function samples(metrics: FleetMetrics, name: string): Promise<ParsedSample[]> {
  return (await scrape(metrics)).families.flatMap((f) => f.samples).filter((s) => s.name === name);
}

/** Values of one metric by the named labels. */
async function by(metrics: FleetMetrics, name: string, ...labels: string[]): Promise<Record<string, number>> {
  return Object.fromEntries((await samples(metrics, name)).map((s) => [labels.map((l) => s.labels[l] ?? '').join(' '), s.value]));
}

const open = (metrics: FleetMetrics): Promise<Record<string, number>> => by(metrics, 'nhi_findings_open', 'identity', 'identity_owner', 'severity');

describe('a scrape', () => {
  it('is refused until state is restored, because zeros would resolve every page', async () => {
    const metrics = metricsOf(new HandMadeFleet());
    metrics.ready = false;
    expect(await scrape(metrics)).toMatchObject({ status: 503 });
    metrics.ready = true;
    expect(await scrape(metrics)).toMatchObject({ status: 200 });
  });

  it.each([
    ['nothing', undefined, 'text/plain; version=0.0.4; charset=utf-8'],
    ['Prometheus 2', 'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'application/openmetrics-text; version=1.0.0; charset=utf-8'],
    ['Prometheus 3', 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2', 'application/openmetrics-text; version=1.0.0; charset=utf-8'],
    ['text first', 'text/plain;version=0.0.4, application/openmetrics-text;q=0.5', 'text/plain; version=0.0.4; charset=utf-8'],
    ['OpenMetrics refused', 'application/openmetrics-text;q=0, */*', 'text/plain; version=0.0.4; charset=utf-8'],
    ['only an unknown version', 'application/openmetrics-text;version=2.0.0', 'text/plain; version=0.0.4; charset=utf-8'],
  ])('that accepts %s gets the right content type, plain or compressed, in valid form', async (_, accept, type) => {
    const metrics = metricsOf(new HandMadeFleet());
    for (const encoding of ['identity', 'gzip']) {
      const answer = await scrape(metrics, { ...(accept ? { accept } : {}), 'accept-encoding': encoding });
      expect(answer.type).toBe(type);
      expect(answer.families.length).toBeGreaterThan(10);
    }
  });

  it('shows only families of the catalogue, with its labels, and counts its own series', async () => {
    const fleet = new HandMadeFleet();
    fleet.record(ID, { owner: 'payments', decommissioned_at: '2026-12-01T00:00:00Z', purpose: 'billing', environment: 'prod', rotation: { interval: '30d' }, credentials: [{ uid: 'AKIA1', created: '2026-11-01T00:00:00Z' }] });
    fleet.change(ID, { success: 1, last: fleet.clock, ready: true, score: 1.5, expected: () => ({ p50: 1, p95: 2, p99: 3 }), level: () => 1.2, parts: { at: fleet.clock, of: [{ habit: 'volume', calibrated: 2.5 }] }, privileges: { granted: 3, exercised: 1 } });
    fleet.feeds = [{ source: 'k8s-audit', lastReceive: fleet.clock, lastEvent: fleet.clock, expectedInterval: MINUTE, skew: 5 }];
    fleet.ends = [{ id: 'EX-1', owner: 'payments', expires_at: '2026-12-01T00:00:00Z' }];
    fleet.beat = fleet.clock;
    const metrics = metricsOf(fleet);
    await metrics.accept([changeOf(fleet.finding())]);
    metrics.acknowledged('http', 0.01);
    metrics.delivered('webhook', true);
    metrics.reloaded('config', true, fleet.clock);
    metrics.stored('journal', 5);
    const { families } = await scrape(metrics);
    const known = new Map(METRICS.map((f) => [f.name, f]));
    for (const family of families) {
      const catalogued = known.get(family.name);
      expect(catalogued, family.name).toBeDefined();
      expect(family.type).toBe(catalogued?.type);
      for (const sample of family.samples) {
        const labels = Object.keys(sample.labels).filter((l) => l !== 'le');
        expect(catalogued?.labels, family.name).toEqual(expect.arrayContaining(labels));
      }
    }
    expect(families.map((f) => f.name).sort()).toEqual(METRICS.map((f) => f.name).sort());
    const all = families.flatMap((f) => f.samples);
    expect(all.find((s) => s.name === 'nhi_metrics_series')?.value).toBe(all.length);
  });
});

describe('zeros', () => {
  it('are there from the start for every known label set', async () => {
    const metrics = metricsOf(new HandMadeFleet());
    const { families } = await scrape(metrics);
    const count = (name: string): number => families.flatMap((f) => f.samples).filter((s) => s.name === name && s.value === 0).length;
    expect({
      events: count('nhi_events_total'), opened: count('nhi_findings_total'), closed: count('nhi_findings_closed_total'),
      findings: count('nhi_findings'), pages: count('nhi_pages_total'), rejected: count('nhi_ingest_rejected_total'), dropped: count('nhi_events_dropped_total'),
    }).toEqual({ events: 24, opened: 6, closed: 8, findings: 12, pages: 9, rejected: 30, dropped: 8 });
  });

  it('are what a new identity and exception show for two scrapes before they count, once somebody scrapes regularly', async () => {
    const fleet = new HandMadeFleet();
    fleet.record(ID);
    fleet.events(ID, 'success', 7);
    const metrics = metricsOf(fleet);
    const counts = async (): Promise<unknown[]> => {
      const { families } = await scrape(metrics);
      const shown = families.flatMap((f) => f.samples).filter(({ name, labels }) => (name === 'nhi_identity_events_total' && labels['identity'] !== '_overflow_' && labels['outcome'] === 'success') || (name === 'nhi_exception_matches_total' && labels['state'] === 'active'));
      return shown.map(({ labels, value }) => [labels['identity']?.slice(-8) ?? labels['exception'], value]);
    };
    // Who looks by hand sees what there is.
    expect(await counts()).toEqual([['exporter', 7]]);
    for (let i = 1; i < 4; i++) await counts();
    fleet.events(ID, 'success', 5);
    fleet.record(`${ID}-2`);
    fleet.events(`${ID}-2`, 'success', 3);
    fleet.ends = [{ id: 'EX-1', owner: 'payments', expires_at: '2026-12-01T00:00:00Z' }];
    fleet.matched = [{ exception: 'EX-1', state: 'active', value: 4 }];
    const before = [['EX-1', 0], ['exporter', 12], ['porter-2', 0]];
    expect([await counts(), await counts(), await counts()].map((each) => each.sort())).toEqual([before, before, [['EX-1', 4], ['exporter', 12], ['porter-2', 3]]]);
  });

  it('of history are told by source, also where there was none', async () => {
    const fleet = new HandMadeFleet();
    fleet.past = 30_000;
    const metrics = metricsOf(fleet);
    expect(await by(metrics, 'nhi_history_events_total', 'source')).toEqual({ 'aws-cloudtrail': 0, 'k8s-audit': 30_000 });
  });

  it('are what an owner\'s pages show for two scrapes before they count', async () => {
    const fleet = new HandMadeFleet();
    const metrics = metricsOf(fleet);
    await metrics.accept([changeOf(fleet.finding())]);
    const pages = async (): Promise<number | undefined> => (await by(metrics, 'nhi_pages_total', 'identity_owner', 'class'))['payments remit'];
    expect([await pages(), await pages(), await pages()]).toEqual([0, 0, 1]);
    await metrics.accept([changeOf(fleet.finding({ identity: `${ID}-2` }))]);
    expect(await pages()).toBe(2);
    fleet.teams = [...fleet.teams, { team: 'search', enforce: true }];
    fleet.reload();
    await metrics.accept([changeOf(fleet.finding({ owner: 'payments', identity: `${ID}-3` }))]);
    expect(await by(metrics, 'nhi_pages_total', 'identity_owner', 'class')).toMatchObject({ 'search remit': 0, 'payments remit': 3 });
  });
});

describe('an open finding', () => {
  it('stays for two minutes even if it is closed at once, then says 0 for an hour, then goes', async () => {
    const fleet = new HandMadeFleet();
    const metrics = metricsOf(fleet);
    const finding = fleet.finding();
    await metrics.accept([changeOf(finding), changeOf(later(finding, { state: 'resolved', closed_at: fleet.clock }), 'resolved')]);
    const seen: (number | undefined)[] = [];
    for (const wait of [0, 119_000, 1000, 59 * MINUTE, MINUTE]) {
      fleet.clock += wait;
      seen.push((await open(metrics))[`${ID} payments critical`]);
    }
    expect(seen).toEqual([1, 1, 0, 0, undefined]);
  });

  it('stays for four scrapes where they are slow', async () => {
    const fleet = new HandMadeFleet();
    const metrics = metricsOf(fleet);
    for (let i = 0; i < 4; i++) { await scrape(metrics); fleet.clock += MINUTE; }
    const finding = fleet.finding();
    await metrics.accept([changeOf(finding), changeOf(later(finding, { state: 'benign' }), 'resolved')]);
    fleet.clock += 3 * MINUTE;
    expect(await open(metrics)).toEqual({ [`${ID} payments critical`]: 1 });
    fleet.clock += MINUTE;
    expect(await open(metrics)).toEqual({ [`${ID} payments critical`]: 0 });
  });

  it.each([
    ['owner', { owner: 'platform' }, `${ID} platform critical`],
    ['severity', { severity: 'warning' as const }, `${ID} payments warning`],
    ['name', { identity: `${ID}@2` }, `${ID}@2 payments critical`],
  ])('under a new %s leaves an explicit 0 behind, at once', async (_, change, moved) => {
    const fleet = new HandMadeFleet();
    const metrics = metricsOf(fleet);
    const finding = fleet.finding();
    await metrics.accept([changeOf(finding)]);
    await scrape(metrics);
    await metrics.accept([changeOf(later(finding, change), 'updated')]);
    expect(await open(metrics)).toEqual({ [`${ID} payments critical`]: 0, [moved]: 1 });
  });

  it('that is acknowledged, or called bad, keeps its alert; benign and silenced end it', async () => {
    for (const [state, value] of [['acknowledged', 1], ['bad', 1], ['benign', 0], ['silenced', 0], ['withdrawn', 0]] as const) {
      const fleet = new HandMadeFleet();
      const metrics = metricsOf(fleet);
      const finding = fleet.finding();
      await metrics.accept([changeOf(finding)]);
      fleet.clock += 5 * MINUTE;
      await metrics.accept([changeOf(later(finding, { state }), 'updated')]);
      expect(await open(metrics), state).toEqual({ [`${ID} payments critical`]: value });
    }
  });

  it('is counted once however often it is delivered', async () => {
    const fleet = new HandMadeFleet();
    const metrics = metricsOf(fleet);
    const finding = fleet.finding();
    const closed = changeOf(later(finding, { state: 'resolved' }), 'resolved');
    await metrics.accept([changeOf(finding), changeOf(finding), closed, changeOf(finding), closed]);
    expect((await by(metrics, 'nhi_findings_total', 'detector', 'severity'))['outside-schedule critical']).toBe(1);
    expect(await by(metrics, 'nhi_findings_closed_total', 'detector', 'disposition')).toMatchObject({ 'outside-schedule quiet': 1 });
    expect((await by(metrics, 'nhi_page_budget_spent_pages', 'identity_owner')).payments).toBe(1);
  });

  it('that fell quiet before a person spoke counts for what the person said as well, once', async () => {
    const fleet = new HandMadeFleet();
    const metrics = metricsOf(fleet);
    const finding = fleet.finding();
    const quiet = later(finding, { state: 'resolved', closed_at: fleet.clock });
    const benign = later(quiet, { state: 'benign' });
    await metrics.accept([changeOf(finding), changeOf(quiet, 'resolved'), changeOf(benign, 'updated'), changeOf(later(benign, {}), 'updated')]);
    expect(await by(metrics, 'nhi_findings_closed_total', 'detector', 'disposition')).toMatchObject({ 'outside-schedule quiet': 1, 'outside-schedule benign': 1, 'outside-schedule bad': 0 });
  });

  it('in a storm of one owner and detector: 50 keep their own, the rest is one series with the exact rest', async () => {
    const fleet = new HandMadeFleet();
    const metrics = metricsOf(fleet);
    const storm = Array.from({ length: 70 }, (_, i) => fleet.finding({ identity: `${ID}-${i}` }));
    await metrics.accept(storm.map((f) => changeOf(f)));
    await metrics.accept([changeOf(fleet.finding({ identity: 'urn:nhi:k8s:prod:service_account/other', owner: 'platform' }))]);
    const seen = await open(metrics);
    expect(Object.keys(seen)).toHaveLength(52);
    expect(seen['_overflow_ payments critical']).toBe(20);
    expect((await by(metrics, 'nhi_findings', 'state', 'detector', 'severity'))['open outside-schedule critical']).toBe(71);
    fleet.clock += 5 * MINUTE;
    await metrics.accept(storm.map((f) => changeOf(later(f, { state: 'resolved' }), 'resolved')));
    expect(new Set(Object.values(await open(metrics)))).toEqual(new Set([0, 1]));
  });

  it('of a flood never takes more than 2,000 series, and none is lost', async () => {
    const fleet = new HandMadeFleet();
    fleet.teams = Array.from({ length: 200 }, (_, i) => ({ team: `team-${i}`, enforce: true }));
    const metrics = metricsOf(fleet);
    const flood = Array.from({ length: 9000 }, (_, i) => fleet.finding({ identity: `${ID}-${i}`, owner: `team-${i % 200}`, severity: (['critical', 'warning', 'info'] as const)[i % 3] ?? 'info' }));
    await metrics.accept(flood.map((f) => changeOf(f)));
    const seen = Object.values(await open(metrics));
    expect(seen.length).toBeLessThanOrEqual(2000);
    expect(seen.reduce((a, b) => a + b, 0)).toBe(9000);
  });

  it('cannot impersonate our words or break the text, whatever its name', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { minLength: 1, maxLength: 10 }), async (names) => {
      const fleet = new HandMadeFleet();
      const metrics = metricsOf(fleet);
      const all = new Set(['_overflow_', '__proto__', 'constructor', ...names]);
      await metrics.accept([...all].map((identity) => changeOf(fleet.finding({ identity, severity: 'warning', owner: null }))));
      for (const identity of all) fleet.events(identity, 'success');
      expect(Object.keys(await open(metrics))).toHaveLength(all.size);
      expect((await by(metrics, 'nhi_findings_open', 'identity'))._overflow_).toBeUndefined();
    }), { numRuns: 15 });
  });
});

describe('identities', () => {
  const own = async (metrics: FleetMetrics): Promise<string[]> => Object.keys(await by(metrics, 'nhi_identity_info', 'identity')).filter((i) => i !== '_overflow_').sort();

  it('of the inventory have their own series up to the limit, in its order; the rest counts in the overflow', async () => {
    const fleet = new HandMadeFleet();
    for (let i = 0; i < 500; i++) { fleet.record(`urn:nhi:aws:1:role/r${i}`); fleet.events(`urn:nhi:aws:1:role/r${i}`, 'success', i); }
    const metrics = metricsOf(fleet, { seriesLimit: 8000 });
    const shown = await own(metrics);
    expect(shown.length).toBeGreaterThan(10);
    expect(shown.length).toBeLessThan(500);
    expect(shown).toContain('urn:nhi:aws:1:role/r0');
    const { families } = await scrape(metrics);
    const all = families.flatMap((f) => f.samples);
    expect(all.length).toBeLessThanOrEqual(8000);
    expect(all.find((s) => s.name === 'nhi_metrics_overflow_identities')?.value).toBe(500 - shown.length);
    const total = all.filter((s) => s.name === 'nhi_identity_events_total').reduce((sum, s) => sum + s.value, 0);
    expect(total).toBe((499 * 500) / 2);
  });

  it('keep exact sums that never step back, through inventories, findings and restarts', async () => {
    const step = fc.oneof(
      fc.record({ what: fc.constant('events' as const), who: fc.nat(5), count: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ what: fc.constant('inventory' as const), who: fc.nat(5), count: fc.nat(1) }),
      fc.record({ what: fc.constant('finding' as const), who: fc.nat(5), count: fc.nat(1) }),
      fc.record({ what: fc.constant('restart' as const), who: fc.nat(5), count: fc.nat(1) }),
      fc.record({ what: fc.constant('wait' as const), who: fc.nat(5), count: fc.integer({ min: 1, max: 2 }) }),
    );
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
      const fleet = new HandMadeFleet();
      let metrics = metricsOf(fleet);
      let total = 0;
      const findings = new Map<number, Finding>();
      const before = new Map<string, number>();
      for (const { what, who, count } of steps) {
        const urn = `urn:nhi:aws:1:role/r${who}`;
        if (what === 'events') { fleet.events(urn, 'denied', count); total += count; }
        else if (what === 'wait') fleet.clock += count * 61 * MINUTE;
        else if (what === 'inventory') {
          fleet.records = fleet.records.filter((r) => r.record.urn !== urn);
          if (count > 0) fleet.record(urn);
          fleet.reload();
        } else if (what === 'finding') {
          const known = findings.get(who);
          const next = known?.state === 'open' ? later(known, { state: 'resolved', closed_at: fleet.clock }) : fleet.finding({ identity: urn, owner: null, severity: 'warning' });
          findings.set(who, next);
          await metrics.accept([changeOf(next, next.state === 'open' ? 'opened' : 'resolved')]);
        } else {
          await scrape(metrics);
          const saved: unknown = JSON.parse(JSON.stringify(metrics.snapshot()));
          metrics = metricsOf(fleet, { findings: [...findings.values()], saved });
          fleet.restarted();
        }
        const events = (): Promise<Record<string, number>> => by(metrics, 'nhi_identity_events_total', 'identity', 'outcome');
        // What is new counts after two scrapes.
        await events();
        await events();
        const now = await events();
        expect(Object.values(now).reduce((a, b) => a + b, 0)).toBe(total);
        // A series that went may begin anew.
        for (const key of before.keys()) if (!(key in now)) before.delete(key);
        for (const [key, value] of Object.entries(now)) {
          expect(value, key).toBeGreaterThanOrEqual(before.get(key) ?? 0);
          before.set(key, value);
        }
      }
    }), { numRuns: 60 });
  });

  it('outside the inventory get their own with an open finding, at most 200, and lose it with the last', async () => {
    const fleet = new HandMadeFleet();
    const metrics = metricsOf(fleet);
    const all = Array.from({ length: 260 }, (_, i) => fleet.finding({ identity: `urn:nhi:aws:1:role/r${i}`, owner: null, severity: 'warning', detector: i % 2 ? 'volume' : 'outside-schedule' }));
    await metrics.accept(all.slice(0, 40).map((f) => changeOf(f)));
    expect(await own(metrics)).toHaveLength(40);
    await metrics.accept(all.map((f) => changeOf(f)));
    expect((await own(metrics)).length).toBeLessThanOrEqual(200);
    await metrics.accept(all.map((f) => changeOf(later(f, { state: 'resolved' }), 'resolved')));
    for (let i = 0; i < 3; i++) { await scrape(metrics); fleet.clock += 61 * MINUTE; }
    expect(await own(metrics)).toEqual([]);
  });

  it('show scores only when there are any', async () => {
    const fleet = new HandMadeFleet();
    fleet.record(ID);
    const metrics = metricsOf(fleet);
    expect(await samples(metrics, 'nhi_deviation_score')).toEqual([]);
    fleet.change(ID, { score: 2.5, ready: true });
    expect(await by(metrics, 'nhi_deviation_score', 'identity')).toEqual({ [ID]: 2.5 });
    fleet.change(ID, { score: null, ready: false });
    expect(await samples(metrics, 'nhi_deviation_score')).toEqual([]);
  });
});

describe('a restart', () => {
  it('shows the same open findings, and an explicit 0 for what was shown and is not open any more', async () => {
    const fleet = new HandMadeFleet();
    const first = metricsOf(fleet);
    const [stays, closes] = [fleet.finding(), fleet.finding({ identity: `${ID}-2` })];
    await first.accept([changeOf(stays), changeOf(closes)]);
    for (let i = 0; i < 3; i++) await scrape(first);
    const saved: unknown = JSON.parse(JSON.stringify(first.snapshot()));
    fleet.clock += 5 * MINUTE;
    const second = metricsOf(fleet, { findings: [stays], saved });
    fleet.restarted();
    expect(await open(second)).toEqual({ [`${ID} payments critical`]: 1, [`${ID}-2 payments critical`]: 0 });
    expect(await by(second, 'nhi_pages_total', 'identity_owner', 'class')).toMatchObject({ 'payments remit': 2 });
    expect((await by(second, 'nhi_findings_total', 'detector', 'severity'))['outside-schedule critical']).toBe(2);
    expect((await by(second, 'nhi_page_budget_spent_pages', 'identity_owner'))._fleet_).toBe(2);
    // What is delivered again after the cut counts nothing.
    await second.accept([changeOf(stays)]);
    expect((await by(second, 'nhi_findings_total', 'detector', 'severity'))['outside-schedule critical']).toBe(2);
  });

  it('in a storm leaves each finding in its series, in whatever order the findings come back', async () => {
    const fleet = new HandMadeFleet();
    const first = metricsOf(fleet);
    const storm = Array.from({ length: 70 }, (_, i) => fleet.finding({ identity: `${ID}-${i}`, opened_at: fleet.clock + i }));
    await first.accept(storm.map((f) => changeOf(f)));
    for (let i = 0; i < 3; i++) await scrape(first);
    fleet.clock += 5 * MINUTE;
    // Places are free again: who is in the crowd stays there.
    const [closed, stay] = [storm.slice(3, 9).map((f) => later(f, { state: 'resolved', closed_at: fleet.clock })), [...storm.slice(0, 3), ...storm.slice(9)]];
    await first.accept(closed.map((f) => changeOf(f, 'resolved')));
    const before = await open(first);
    expect(Object.values(before).filter((n) => n === 0)).toHaveLength(6);
    const saved: unknown = JSON.parse(JSON.stringify(first.snapshot()));
    fleet.clock += MINUTE;
    const second = metricsOf(fleet, { findings: [...stay.reverse().map((f) => ({ ...f, opened_at: 0 })), ...closed], saved });
    expect(await open(second)).toEqual(before);
    // A new one takes a free place.
    await second.accept([changeOf(fleet.finding({ identity: `${ID}-new` }))]);
    expect(await open(second)).toMatchObject({ [`${ID}-new payments critical`]: 1, '_overflow_ payments critical': 20 });
  });

  it('without anything saved still says 0 for what closed within the hour', async () => {
    const fleet = new HandMadeFleet();
    const closed = later(fleet.finding(), { state: 'resolved', closed_at: fleet.clock });
    fleet.clock += 5 * MINUTE;
    const metrics = metricsOf(fleet, { findings: [closed] });
    expect(await open(metrics)).toEqual({ [`${ID} payments critical`]: 0 });
  });

  it.each([null, 7, 'x', [], { version: 2 }, { version: 1, tallies: { opened: { __proto__: 1, x: 'y' } }, open: [null, { urn: 1 }], shares: { a: [1], b: 'c' } }])(
    'survives a saved value that is not ours: %j', async (saved) => {
      const metrics = metricsOf(new HandMadeFleet(), { saved });
      expect((await scrape(metrics)).status).toBe(200);
    });
});

it('spends the budget over seven days', async () => {
  const fleet = new HandMadeFleet();
  const metrics = metricsOf(fleet, { budget: 7 });
  await metrics.accept([changeOf(fleet.finding()), changeOf(fleet.finding({ owner: 'platform', detector: 'volume', class: 'baseline' }))]);
  expect(await by(metrics, 'nhi_page_budget_pages', 'identity_owner')).toEqual({ payments: 5, _fleet_: 7 });
  expect(await by(metrics, 'nhi_page_budget_spent_pages', 'identity_owner')).toEqual({ _fleet_: 2, payments: 1, platform: 1, _none_: 0 });
  fleet.clock += 7 * 24 * 60 * MINUTE;
  expect(await by(metrics, 'nhi_page_budget_spent_pages', 'identity_owner')).toEqual({ _fleet_: 0, payments: 0, platform: 0, _none_: 0 });
});

it('carries the finding as an exemplar, in OpenMetrics alone', async () => {
  const fleet = new HandMadeFleet();
  const metrics = metricsOf(fleet);
  const finding = fleet.finding();
  await metrics.accept([changeOf(finding)]);
  const { families } = await scrape(metrics, { accept: 'application/openmetrics-text;version=1.0.0' });
  const carrying = families.flatMap((f) => f.samples).filter((s) => s.exemplar);
  expect(carrying.map((s) => [s.name, s.exemplar])).toEqual([['nhi_findings_total', { labels: { finding_id: finding.id }, value: 1, at: finding.opened_at / 1000 }]]);
});
