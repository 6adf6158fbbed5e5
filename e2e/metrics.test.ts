import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeOf, DETECTORS, HandMadeFleet, later, SOURCES } from '../exporter/src/sinks/metrics/cases/hand-made-fleet.ts';
import { CONTENT_TYPES, Exposition } from '../exporter/src/sinks/metrics/exposition.ts';
import { FleetMetrics } from '../exporter/src/sinks/metrics/fleet.ts';
import { shippedAlertmanager } from '../tools/real/alertmanager-config.ts';
import {
  checkAlertmanager, checkConfig, checkMetrics, checkRules, ensureBinaries, eventually, routes, startAlertmanager, startPrometheus, testRules,
} from '../tools/real/prometheus.ts';
import { startWebhook, type Webhook } from '../tools/real/webhook.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const ALERTMANAGER = `${root}provisioning/alertmanager/alertmanager.yml`;
const ID = 'urn:nhi:k8s:prod:service_account/billing/exporter';
const open: (() => unknown)[] = [];

beforeAll(async () => { await ensureBinaries(); }, 300_000);
afterAll(async () => { for (const stop of open.reverse()) await stop(); });

async function serve(answer: (path: string, openmetrics: boolean) => Promise<{ type: string; body: string }> | null, metrics?: FleetMetrics): Promise<string> {
  const server: Server = createServer((req, res) => {
    const given = answer(req.url ?? '/', (req.headers.accept ?? '').includes('openmetrics'));
    if (!given) { void metrics?.write(req, res); return; }
    void given.then(({ type, body }) => { res.writeHead(200, { 'Content-Type': type }); res.end(body); });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  open.push(() => { server.close(); server.closeAllConnections(); });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the shipped files', () => {
  it('pass promtool and amtool', async () => {
    expect(await checkRules(['pipeline', 'remit', 'dashboards'].map((name) => `${root}rules/${name}.rules.yml`))).toContain('SUCCESS');
    expect(await testRules(['pipeline', 'days', 'restarts', 'remit', 'remit-days'].map((name) => `${root}rules/tests/${name}.test.yml`))).toContain('SUCCESS');
    expect(await checkConfig(`${root}provisioning/prometheus/prometheus.yml`)).toContain('3 rule files found');
    expect(await checkAlertmanager(ALERTMANAGER)).toContain('1 templates');
  }, 60_000);

  it.each([
    ['a page to the team', { alertname: 'RemitOutsideSchedule', severity: 'critical', identity_owner: 'payments' }, 'payments-pages'],
    ['a ticket to the team', { alertname: 'RemitVolume', severity: 'warning', identity_owner: 'payments' }, 'payments-tickets'],
    ['what nobody owns to Remit\'s own', { alertname: 'RemitShadowIdentity', severity: 'warning', identity_owner: '_none_' }, 'remit'],
    ['a page of another team to Remit\'s own', { alertname: 'RemitOutsideSchedule', severity: 'critical', identity_owner: 'search' }, 'remit'],
    ['the watchdog its own way', { alertname: 'RemitWatchdog', severity: 'none' }, 'watchdog'],
    ['information to nobody', { alertname: 'RemitVolume', severity: 'info', identity_owner: 'payments' }, 'nobody'],
  ])('send %s', async (_, labels, receiver) => {
    expect(await routes(ALERTMANAGER, labels)).toEqual([receiver]);
  });
});

const ODD = [0, -1, 1.5, -0.25, 1e-9, -1.234567890123456e-300, 5e-324, 1.7976931348623157e308, NaN, Infinity, -Infinity, 2 ** 53, 0.1 + 0.2, 1e21];
const NAMES = ['plain', 'a "quoted" \\ name', 'two\nlines', 'naïve – ☃ 😀', '{a="b"} 1'];

it.each([['text', 'text'], ['OpenMetrics', 'openmetrics']] as const)('Prometheus reads padded numbers and odd names exactly, as %s', async (_, format) => {
  const exposition = new Exposition(4);
  const family = exposition.family({ name: 'odd', type: 'gauge', help: 'Odd "values" \\ and names.', unit: '', labels: ['n', 'name'] });
  for (const [i, value] of ODD.entries()) family.add([String(i), ''], value);
  for (const [i, name] of NAMES.entries()) family.add([String(ODD.length + i), name], 1);
  const target = await serve(async () => {
    const chunks: string[] = [];
    const { PassThrough } = await import('node:stream');
    const to = new PassThrough();
    to.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
    await exposition.write(format, to, { gzip: false });
    return { type: CONTENT_TYPES[format], body: chunks.join('') };
  });
  const prometheus = await startPrometheus({ target });
  open.push(() => prometheus.stop());
  await eventually('a scrape', async () => (await prometheus.query('up == 1')).length === 1);
  const answer = (await (await fetch(`${prometheus.url}/api/v1/query?query=odd`)).json()) as { data: { result: { metric: Record<string, string>; value: [number, string] }[] } };
  const read = new Map(answer.data.result.map(({ metric, value }) => [Number(metric.n), { name: metric.name, text: value[1] }]));
  expect(read.size).toBe(ODD.length + NAMES.length);
  for (const [i, value] of ODD.entries()) expect(Number(read.get(i)?.text.replace('+Inf', 'Infinity').replace('-Inf', '-Infinity'))).toBe(value);
  for (const [i, name] of NAMES.entries()) expect(read.get(ODD.length + i)?.name).toBe(name);
  await prometheus.stop();
}, 60_000);

describe('from a finding to a message', () => {
  const fleet = new HandMadeFleet();
  let webhook: Webhook;
  let metrics: FleetMetrics;
  let target = '';
  const build = (): FleetMetrics => new FleetMetrics({
    detectors: DETECTORS, sources: SOURCES, readout: fleet, findings: [], now: fleet.now, build: { version: '0.1.0', revision: 'e2e' },
  });

  beforeAll(async () => {
    fleet.record(ID, { owner: 'payments', purpose: 'exports invoices' });
    fleet.events(ID, 'success', 3);
    metrics = build();
    metrics.ready = true;
    const beat = setInterval(() => { fleet.beat = fleet.clock = Math.max(fleet.clock, Date.now()); }, 200);
    open.push(() => { clearInterval(beat); });
    webhook = await startWebhook();
    open.push(() => { webhook.stop(); });
    target = await serve(() => null, metrics);
  });

  it('promtool finds no fault with the metrics', async () => {
    expect(await checkMetrics(await (await fetch(`http://${target}/metrics`)).text())).toBe('');
  });

  it('one page to the owner, readable by whoever is woken; nothing else; its end says so', async () => {
    const config = shippedAlertmanager(webhook.url);
    // One more receiver takes the text that people read.
    const receivers = config.receivers.map((r) => (r.name !== 'payments-pages' ? r : {
      ...r, slack_configs: [{ api_url: `${webhook.url}/text`, channel: '#payments', send_resolved: true, title: '{{ template "remit.title" . }}', text: '{{ template "remit.text" . }}' }],
    }));
    const alertmanager = await startAlertmanager({ config: { ...config, receivers }, templates: [`${root}provisioning/alertmanager/templates/remit.tmpl`] });
    open.push(() => alertmanager.stop());
    const prometheus = await startPrometheus({ target, rules: [`${root}rules/*.rules.yml`], alertmanager: alertmanager.url.replace('http://', '') });
    open.push(() => prometheus.stop());
    await eventually('the watchdog', async () => (await alertmanager.alerts()).some((a) => a.labels.alertname === 'RemitWatchdog'));
    const finding = fleet.finding({ opened_at: Date.now() });
    await metrics.accept([changeOf(finding)]);
    const [page] = await eventually('the page', async () => (webhook.notifications('/payments-pages').length > 0 ? webhook.notifications('/payments-pages') : null));
    expect(page?.alerts.map((a) => a.labels)).toEqual([{
      alertname: 'RemitOutsideSchedule', cluster: 'test', detector: 'outside-schedule', identity: ID, identity_owner: 'payments', severity: 'critical',
    }]);
    expect(page?.alerts[0]?.annotations).toMatchObject({
      title: 'Machine identity worked outside its schedule',
      runbook_url: 'http://127.0.0.1:9847/runbooks/outside-schedule',
      finding_url: `http://127.0.0.1:9847/findings?identity=${encodeURIComponent(ID)}&detector=outside-schedule`,
    });
    const text = await eventually('the text', async () => textOf(webhook, 0));
    expect(text).toContain(`Page: Machine identity worked outside its schedule · ${ID} · owner payments · test`);
    for (const word of ['Owner: payments', 'First: ', 'Reason and evidence: http', 'Runbook: http']) expect(text).toContain(word);

    await metrics.accept([changeOf(later(finding, { state: 'resolved', closed_at: fleet.clock }), 'resolved')]);
    fleet.clock += 3 * 60_000;
    await eventually('the explicit 0', async () => (await prometheus.query(`nhi_findings_open{identity="${ID}"} == 0`)).length === 1);
    expect(webhook.notifications('/payments-pages').filter((n) => n.status === 'firing')).toHaveLength(1);
    expect(webhook.received.filter((r) => !['/payments-pages', '/text', '/watchdog'].includes(r.path))).toEqual([]);
    await prometheus.stop();
    await alertmanager.stop();
  }, 90_000);
});

it('a text names ten alerts and counts the rest, and never says fixed', async () => {
  const webhook = await startWebhook();
  open.push(() => { webhook.stop(); });
  const alertmanager = await startAlertmanager({
    config: {
      templates: ['templates/remit.tmpl'], route: { receiver: 'text', group_by: ['cluster', 'identity_owner', 'alertname'], group_wait: '2s', group_interval: '1s' },
      receivers: [{ name: 'text', slack_configs: [{ api_url: `${webhook.url}/text`, channel: '#payments', send_resolved: true, title: '{{ template "remit.title" . }}', text: '{{ template "remit.text" . }}' }] }],
    },
    templates: [`${root}provisioning/alertmanager/templates/remit.tmpl`],
  });
  open.push(() => alertmanager.stop());
  // Now: a group whose first alert is older than the wait is sent before the others have come in.
  const startsAt = new Date().toISOString();
  const post = async (endsAt: number): Promise<void> => {
    const alerts = Array.from({ length: 23 }, (_, i) => ({
      labels: { alertname: 'RemitVolume', cluster: 'test', identity: `${ID}-${i}`, identity_owner: '_none_', detector: 'volume', severity: 'warning' },
      annotations: { title: 'Busier than ever', summary: `${ID}-${i} did more than it ever does`, first_action: 'Compare the hours', finding_url: 'http://127.0.0.1:9847/findings' },
      startsAt, endsAt: new Date(endsAt).toISOString(),
    }));
    const answer = await fetch(`${alertmanager.url}/api/v2/alerts`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(alerts) });
    expect(answer.status).toBe(200);
  };
  await post(Date.now() + 600_000);
  const firing = await eventually('the text', async () => textOf(webhook, 0));
  expect(firing).toContain('Ticket: Busier than ever · 23 identities · owner nobody · test');
  expect(firing.split('First: Compare the hours')).toHaveLength(11);
  expect(firing).toContain('10 of 23 are shown');
  await post(Date.now());
  const resolved = await eventually('the end', async () => textOf(webhook, 1));
  expect(resolved).toContain('No longer open: Busier than ever · 23 identities');
  expect(resolved).toContain('No longer open (quiet or closed):');
  expect(resolved.toLowerCase()).not.toContain('fixed');
  await alertmanager.stop();
}, 60_000);

/** Title and text of the n-th message that people would read. */
function textOf(webhook: Webhook, n: number): string | null {
  const body = webhook.received.filter((r) => r.path === '/text')[n]?.body as { attachments?: { title: string; text: string }[] } | undefined;
  const attachment = body?.attachments?.[0];
  return attachment ? `${attachment.title}\n${attachment.text}` : null;
}
