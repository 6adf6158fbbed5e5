import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { metric } from '@remit/contract';
import { labelValue } from '../exporter/src/lib/label-value.ts';
import { detectors } from '../exporter/src/registry.generated.ts';
import { generated } from '../tools/generate/rules.ts';
import { shippedAlertmanager } from '../tools/real/alertmanager-config.ts';
import { shippedPrometheus } from '../tools/real/prometheus-config.ts';
import { checkMetrics, ensureBinaries, eventually, freePort, startAlertmanager, startPrometheus, type Alertmanager, type Prometheus } from '../tools/real/prometheus.ts';
import { startWebhook, type Notification, type Webhook } from '../tools/real/webhook.ts';
import { readsObject, roleUrn } from './support/cloudtrail.ts';
import { ExporterProcess } from './support/exporter.ts';
import { addition, inventory, ROLES } from './support/inventory.ts';

// The whole way, with nothing of it made up: records over HTTP into the exporter's own process, a real Prometheus with the shipped
// scrape configuration and rules, a real Alertmanager with the shipped routes, and what its receivers are told.

const TEAMS = ['payments', 'platform', 'search'];
const ADMIN = 'token-of-the-admin';
/** Several group intervals: whoever is told twice, or told that it is over, has been by then. */
const LONG_ENOUGH = 5000;
const folder = mkdtempSync(join(tmpdir(), 'remit-page-'));
const stops: (() => unknown)[] = [() => { rmSync(folder, { recursive: true, force: true }); }];
const now = Date.now();

let webhook: Webhook;
let alertmanager: Alertmanager;
let prometheus: Prometheus;
let exporter: ExporterProcess;

beforeAll(async () => {
  await ensureBinaries();
  mkdirSync(join(folder, 'inventory'));
  writeFileSync(join(folder, 'inventory', 'teams.yml'), inventory(now));
  writeFileSync(join(folder, 'admin.token'), `${ADMIN}\n`);
  writeFileSync(join(folder, 'remit.yml'), stringify({ auth: { admin: { token_file: join(folder, 'admin.token') } }, budget: { pages_per_week: 3 } }));
  exporter = new ExporterProcess(await freePort(), {
    'config.file': join(folder, 'remit.yml'), 'inventory.path': join(folder, 'inventory'), 'storage.path': join(folder, 'storage'), 'log.level': 'warn',
  });
  stops.push(() => exporter.end('SIGKILL'));
  webhook = await startWebhook();
  stops.push(() => { webhook.stop(); });
  [alertmanager] = await Promise.all([startAlertmanager({ config: alertmanagerConfig(webhook.url), templates: ['provisioning/alertmanager/templates/remit.tmpl'] }), exporter.start()]);
  stops.push(() => alertmanager.stop());
  prometheus = await startPrometheus({ config: shippedPrometheus({ target: exporter.address, alertmanager: alertmanager.url.replace('http://', ''), rules: rules() }) });
  stops.push(() => prometheus.stop());
}, 300_000);
afterAll(async () => { for (const stop of stops.reverse()) await stop(); });

/** The shipped configuration, with the example's pair of routes and receivers copied for each team, as it says. */
function alertmanagerConfig(url: string): object {
  const waits = { group_wait: '2s', group_interval: '1s', repeat_interval: '1h' };
  const config = shippedAlertmanager(url, waits);
  const others = TEAMS.filter((team) => team !== 'payments');
  const copies = <T extends object>(all: readonly T[], team: string): T[] => all.filter((each) => JSON.stringify(each).includes('payments'))
    .map((each) => JSON.parse(JSON.stringify(each).replaceAll('payments', team)) as T);
  const routes = config.route.routes ?? [];
  const at = routes.findIndex((route) => JSON.stringify(route).includes('payments'));
  return {
    ...config, receivers: [...config.receivers, ...others.flatMap((team) => copies(config.receivers, team))],
    route: { ...config.route, routes: [...routes.slice(0, at), ...others.flatMap((team) => copies(routes, team)), ...routes.slice(at)] },
  };
}

/** The shipped rules, with links to this exporter. Without the damping, so that one false 0 would be a RESOLVED. */
function rules(): string[] {
  return Object.entries(generated(detectors, exporter.url)).filter(([path]) => path.startsWith('rules/') && !path.includes('/tests/')).map(([path, text]) => {
    const file = join(folder, path.replaceAll('/', '-'));
    const { groups } = parse(text) as { groups: { name: string; rules: object[] }[] };
    writeFileSync(file, stringify({ groups: groups.map((group) => ({ ...group, rules: group.rules.map((rule) => ({ ...rule, keep_firing_for: undefined })) })) }));
    return file;
  });
}

const send = (records: object[]) => exporter.post('/ingest', records.map((record) => JSON.stringify(record)).join('\n'));
/** What people were told: receiver, status and who it is about. */
const everythingTold = (): string[] => webhook.received.map(({ path, body }) => {
  const { status, alerts } = body as Notification;
  return `${path.slice(1)} ${status} ${alerts.map((a) => `${a.status} ${a.labels['identity'] ?? a.labels['alertname']}`).sort().join(', ')}`;
}).sort();
/** A proposed record is no record yet: the next look at the fleet, every five minutes and after a start, makes one ticket of it. */
const NO_RECORD = `remit firing firing ${roleUrn(ROLES.proposed)}`;
/** All of it but that ticket and the proof of life. */
const told = (): string[] => everythingTold().filter((each) => each !== NO_RECORD && !each.startsWith('watchdog '));
/** Counters that the catalogue promises never step back, by series. */
async function counters(): Promise<Map<string, number>> {
  const { families } = await exporter.scrape();
  return new Map(families.filter((f) => f.type === 'counter' && f.name.startsWith('nhi_') && metric(f.name).life.includes('never steps back'))
    .flatMap((f) => f.samples).map((s) => [`${s.name}${JSON.stringify(s.labels)}`, s.value]));
}
function expectNoStepBack(before: Map<string, number>, after: Map<string, number>): void {
  expect(before.size).toBeGreaterThan(20);
  for (const [series, value] of before) expect([series, after.get(series) ?? -1]).toEqual([series, Math.max(value, after.get(series) ?? -1)]);
}
/** The series that page, by identity. */
async function shownOpen(): Promise<[string, number][]> {
  const { families } = await exporter.scrape();
  const samples = families.find((f) => f.name === 'nhi_findings_open')?.samples ?? [];
  return samples.map((s): [string, number] => [JSON.stringify(s.labels), s.value]).sort();
}
const scrapedAgain = async (): Promise<void> => {
  await eventually('a scrape', async () => (await prometheus.query('up{job="remit"} == 1')).length === 1);
  await pause(LONG_ENOUGH);
};

const RECORDS = [
  readsObject(ROLES.outside, now - 60_000), readsObject(ROLES.outside, now - 50_000), readsObject(ROLES.outsideLong, now - 60_000),
  readsObject(ROLES.decommissioned, now - 60_000, 'invoices'), readsObject(ROLES.inside, now - 60_000), readsObject(ROLES.late, now - 2 * 3_600_000),
  readsObject(ROLES.excepted, now - 60_000), readsObject(ROLES.proposed, now - 60_000), readsObject(ROLES.notEnforced, now - 60_000),
];
const ONCE = [
  `payments-pages firing ${[roleUrn(ROLES.outside), labelValue(roleUrn(ROLES.outsideLong))].map((each) => `firing ${each}`).sort().join(', ')}`,
  `platform-pages firing firing ${roleUrn(ROLES.decommissioned)}`,
];
/** The three pages of ONCE are a week's budget: what Remit says of itself stands through every restart below, too. */
const TICKETS = [`search-tickets firing firing ${roleUrn(ROLES.notEnforced)}`, 'remit firing firing RemitPageBudgetFast'];

it('while all is well the watchdog fires, nobody is told anything, and the scrape is what promtool and Prometheus want', async () => {
  await eventually('the watchdog', async () => webhook.notifications('/watchdog').some((n) => n.status === 'firing'));
  expect(told()).toEqual([]);
  expect(await checkMetrics((await exporter.scrape('text')).text)).toBe('');
  // Prometheus asks for OpenMetrics first: a fault in it would be the target's error.
  expect((await exporter.scrape('openmetrics')).text).toMatch(/# EOF\n$/);
  expect((await prometheus.targets()).map(({ health, lastError }) => ({ health, lastError }))).toEqual([{ health: 'up', lastError: '' }]);
  expect(await prometheus.query('nhi_identity_info{identity_owner="platform"}')).toHaveLength(2);
}, 30_000);

describe('a role outside its window and a role past its end', () => {
  it('page their owners once, and their quiet twins page nobody', async () => {
    expect(await send(RECORDS)).toMatchObject({ status: 200, body: { accepted: RECORDS.length, duplicate: 0, rejected: [] } });
    expect(await send(RECORDS)).toMatchObject({ status: 200, body: { accepted: 0, duplicate: RECORDS.length, rejected: [] } });
    await eventually('the pages', async () => [...ONCE, ...TICKETS].every((each) => told().includes(each)));
    await pause(LONG_ENOUGH);
    expect(told()).toEqual([...ONCE, ...TICKETS].sort());
    expect(await exporter.value('nhi_events_total', { source: 'aws-cloudtrail', kind: 'nhi', outcome: 'success' })).toBe(RECORDS.length);
    expect(await exporter.value('nhi_pages_total', { identity_owner: 'payments', class: 'remit' })).toBe(2);
    expect(await exporter.value('nhi_pages_total', { identity_owner: 'platform', class: 'remit' })).toBe(1);
    expect(await exporter.value('nhi_pages_total', { identity_owner: 'search', class: 'remit' })).toBe(0);
  }, 40_000);

  it('and what the twins did is known all the same', async () => {
    const found = async (role: string) => (await exporter.findings(roleUrn(role))).map(({ detector, state, severity, count }) => [detector, state, severity, count]);
    expect(await found(ROLES.outside)).toEqual([['outside-schedule', 'open', 'critical', 2]]);
    expect(await found(ROLES.inside)).toEqual([]);
    expect(await found(ROLES.late)).toEqual([]);
    expect(await found(ROLES.excepted)).toEqual([['outside-schedule', 'silenced', 'critical', 1]]);
    expect(await found(ROLES.notEnforced)).toEqual([['outside-schedule', 'open', 'warning', 1]]);
    expect((await found(ROLES.proposed)).filter(([, , severity]) => severity === 'critical')).toEqual([]);
  });

  it.each([
    ['a role', 'payments', ROLES.outside, 'RemitOutsideSchedule', 'outside-schedule', 'reports'],
    ['a role with a long name', 'payments', ROLES.outsideLong, 'RemitOutsideSchedule', 'outside-schedule', 'reports'],
    ['a role past its end', 'platform', ROLES.decommissioned, 'RemitDecommissionedActive', 'decommissioned-active', 'invoices'],
  ] as const)('the page about %s says what, who, whose and what first, and its links lead there', async (_, owner, role, alertname, detector, bucket) => {
    const [page] = webhook.notifications(`/${owner}-pages`);
    const urn = roleUrn(role);
    const alert = page?.alerts.find((a) => a.labels['identity'] === labelValue(urn));
    const labels = { alertname, cluster: 'default', identity: labelValue(urn), identity_owner: owner, detector, severity: 'critical' };
    const manifest = detectors.find((d) => d.id === detector);
    expect(page?.groupLabels).toEqual({ cluster: 'default', identity_owner: owner, alertname });
    expect(alert?.labels).toEqual(labels);
    expect(alert?.annotations).toMatchObject({ title: manifest?.title, first_action: manifest?.firstAction });
    expect(alert?.annotations['summary']).toContain(labels.identity);
    expect(alert?.annotations['summary']).toContain(owner);

    const follow = async (link: string | undefined): Promise<string> => {
      expect(link?.startsWith(`${exporter.url}/`)).toBe(true);
      const { status, text } = await exporter.page(link?.slice(exporter.url.length) ?? '');
      expect([link, status]).toEqual([link, 200]);
      return text;
    };
    expect(await follow(alert?.annotations['runbook_url'])).toContain('What it means');
    await follow(alert?.annotations['dashboard_url']);
    const list = await follow(alert?.annotations['finding_url']);
    const links = new Set([...list.matchAll(/href="(\/findings\/[0-9a-f]{32})"/g)].map((m) => m[1]));
    expect(links.size).toBe(1);
    const finding = await follow(`${exporter.url}${[...links][0]}`);
    const [known] = await exporter.findings(urn);
    for (const part of [known?.expected, known?.observed, manifest?.firstAction, `owner: <strong><bdi>${owner}`, 'GetObject', `${bucket}/2026/export.parquet`]) {
      expect(finding).toContain(part);
    }
    expect(known?.observed).toContain('aws:s3:GetObject (success)');
  });
});

it('the runbook of every shipped rule is there', async () => {
  for (const text of Object.values(generated(detectors, exporter.url))) {
    for (const [, path] of text.matchAll(/runbook_url: http:\/\/[^/]+(\/runbooks\/\S+)/g)) expect([path, (await exporter.page(path ?? '')).status]).toEqual([path, 200]);
  }
  for (const path of ['/runbooks/nothing', '/runbooks/README', '/runbooks/..%2fapi', '/runbooks/constructor']) expect((await exporter.page(path)).status).toBe(404);
});

it('a start that cannot be ends with a reason, and disturbs nobody', async () => {
  const second = new ExporterProcess(await freePort(), { 'storage.path': join(folder, 'storage') });
  await expect(second.start()).rejects.toThrow('is in use by another remit process');
  expect(await second.end('SIGKILL')).toBe(2);
  writeFileSync(join(folder, 'bad.yml'), 'identities:\n  - urn: nobody\n');
  const third = new ExporterProcess(await freePort(), { 'storage.path': join(folder, 'empty'), 'inventory.path': join(folder, 'bad.yml') });
  await expect(third.start()).rejects.toThrow('bad.yml:2:10: error: urn');
  expect(await third.end('SIGKILL')).toBe(2);
}, 30_000);

it('after kill -9 nothing is resolved, nobody is paged again, and no counter steps back', async () => {
  const before = told();
  // Acknowledged and not yet in a cut: the restart has a tail of the journal to apply.
  const burst = Array.from({ length: 4000 }, (_, i) => readsObject(ROLES.inside, now - 600_000 + i));
  expect(await send(burst)).toMatchObject({ status: 200, body: { accepted: burst.length } });
  const counted = await counters();
  const open = await shownOpen();
  expect(open.length).toBeGreaterThanOrEqual(4);
  await exporter.end('SIGKILL');
  await eventually('a failed scrape', async () => (await prometheus.query('up{job="remit"} == 0')).length === 1);
  await pause(2000);
  await exporter.start();
  expect([...new Set(exporter.answers)].filter((status) => status !== 0)).toEqual([503, 200]);
  const restored = await counters();
  expectNoStepBack(counted, restored);
  // The look at the fleet at the start may have added the ticket about the proposed record.
  expect((await shownOpen()).filter(([labels]) => !labels.includes('shadow-identity'))).toEqual(open.filter(([labels]) => !labels.includes('shadow-identity')));
  expect(restored.get([...counted.keys()].find((k) => k.includes('"aws-cloudtrail"') && k.includes('"nhi"') && k.includes('"success"')) ?? '')).toBe(RECORDS.length + burst.length);
  await scrapedAgain();
  expect(told()).toEqual(before);
  expect(await send(RECORDS)).toMatchObject({ body: { accepted: 0, duplicate: RECORDS.length } });
}, 40_000);

describe('a changed inventory', () => {
  const AFTER_RESTART = 'retired-indexer';
  const AFTER_RELOAD = 'retired-crawler';
  const admin = { Authorization: `Bearer ${ADMIN}` };
  const records = async (): Promise<number> => ((await (await fetch(`${exporter.url}/api/v1/status`)).json()) as { inventory: { records: number } }).inventory.records;
  const good = async (): Promise<number | undefined> => exporter.value('nhi_config_last_reload_successful', { file: 'inventory' });

  it('counts after a graceful restart, which resolves nothing and pages nobody again', async () => {
    const before = told();
    const counted = await counters();
    expect(await exporter.end('SIGTERM')).toBe(0);
    writeFileSync(join(folder, 'inventory', 'restart.yml'), addition(AFTER_RESTART, now));
    await exporter.start();
    expectNoStepBack(counted, await counters());
    await send([readsObject(AFTER_RESTART, Date.now() + 1000)]);
    const page = `search-pages firing firing ${roleUrn(AFTER_RESTART)}`;
    await eventually('the page', async () => told().includes(page));
    await scrapedAgain();
    expect(told()).toEqual([...before, page].sort());
  }, 40_000);

  it('counts after SIGHUP', async () => {
    const had = await records();
    writeFileSync(join(folder, 'inventory', 'reload.yml'), addition(AFTER_RELOAD, now));
    exporter.signal('SIGHUP');
    await eventually('the record', async () => (await records()) === had + 1);
    await send([readsObject(AFTER_RELOAD, Date.now() + 1000)]);
    expect(await exporter.findings(roleUrn(AFTER_RELOAD))).toMatchObject([{ detector: 'decommissioned-active', severity: 'critical', owner: 'search' }]);
  });

  it('counts by itself, without a signal', async () => {
    const had = await records();
    const file = join(folder, 'inventory', 'dropped-in.yml');
    writeFileSync(file, addition('retired-mirror', now));
    await eventually('the record', async () => (await records()) === had + 1);
    rmSync(file);
    await eventually('its absence', async () => (await records()) === had);
  });

  it('that is wrong is named by line and column, and the last good one stays in force', async () => {
    const had = await records();
    const file = join(folder, 'inventory', 'reload.yml');
    appendFileSync(file, '    decomissioned_at: 2026-01-01T00:00:00Z\n');
    expect((await exporter.post('/-/reload', '')).status).toBe(401);
    expect(await good()).toBe(1);
    const answer = await exporter.post('/-/reload', '', admin);
    expect(answer).toMatchObject({ status: 500, body: { ok: false, problems: [{ file: expect.stringMatching(/reload\.yml$/), line: 10, column: 5, severity: 'error' }] } });
    const [problem] = answer.body['problems'] as { message: string }[];
    expect(problem?.message).toContain('decomissioned_at');
    expect(await good()).toBe(0);
    expect((await exporter.page('/')).text).toMatch(/reload\.yml<\/bdi>:10:5/);
    expect(await records()).toBe(had);
    await send([readsObject(AFTER_RELOAD, Date.now() + 2000)]);
    expect(await exporter.findings(roleUrn(AFTER_RELOAD))).toMatchObject([{ state: 'open', count: 2 }]);

    writeFileSync(file, addition(AFTER_RELOAD, now));
    expect(await exporter.post('/-/reload', '', admin)).toMatchObject({ status: 200, body: { ok: true } });
    expect(await good()).toBe(1);
    expect((await exporter.page('/')).text).not.toContain('reload.yml');
  });
});

it('a proposed record made one ticket at most, for nobody\'s pager', () => {
  expect(everythingTold().filter((each) => each.includes(ROLES.proposed)).slice(1)).toEqual([]);
});
