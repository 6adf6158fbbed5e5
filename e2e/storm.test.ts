import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ensureBinaries, eventually, freePort, startAlertmanager, startPrometheus, type Alertmanager, type Prometheus } from '../tools/real/prometheus.ts';
import { startWebhook, type Webhook } from '../tools/real/webhook.ts';
import { readsObject, roleUrn } from './support/cloudtrail.ts';
import { ExporterProcess } from './support/exporter.ts';
import { alertmanagerAsShipped, rulesAsShipped } from './support/shipped.ts';
import { shippedPrometheus } from '../tools/real/prometheus-config.ts';

// Ten thousand decommissioned roles wake up within a minute; then single ones, while exporter, Prometheus and Alertmanager are killed.

const ROLES = 10_000;
const OWNERS = ['payments', 'search'];
const WRITER = 'token-of-the-writer';
const GROUP_INTERVAL = 5000;
const NOW = Date.now();
const folder = mkdtempSync(join(tmpdir(), 'remit-storm-'));
const stops: (() => unknown)[] = [() => { rmSync(folder, { recursive: true, force: true }); }];
afterAll(async () => { for (const stop of stops.reverse()) await stop(); });

let webhook: Webhook;
let alertmanager: Alertmanager;
let prometheus: Prometheus;
let exporter: ExporterProcess;
const ports = { prometheus: 0, alertmanager: 0 };

/** The shipped routes, with waits that a test can wait for. */
function routes(): object {
  const quick = (text: string): string => text.replaceAll('"30s"', '"2s"').replaceAll('"5m"', `"${GROUP_INTERVAL / 1000}s"`);
  return JSON.parse(quick(JSON.stringify(alertmanagerAsShipped(webhook.url, [...OWNERS, 'platform'])))) as object;
}
async function start(part: 'prometheus' | 'alertmanager'): Promise<void> {
  if (part === 'alertmanager') {
    alertmanager = await startAlertmanager({ config: routes(), templates: ['provisioning/alertmanager/templates/remit.tmpl'], folder: join(folder, 'alertmanager'), port: ports.alertmanager });
  } else {
    prometheus = await startPrometheus({
      config: shippedPrometheus({ target: exporter.address, alertmanager: `127.0.0.1:${ports.alertmanager}`, rules: rulesAsShipped(folder, exporter.url) }),
      folder: join(folder, 'prometheus'), port: ports.prometheus,
    });
  }
}
const record = (name: string, i: number): object => ({
  urn: roleUrn(name), kind: 'service_account', owner: OWNERS[i % OWNERS.length], purpose: 'did the work of a system that is gone', status: 'decommissioned',
  decommissioned_at: `${new Date(NOW - 7 * 86_400_000).toISOString().slice(0, 19)}Z`,
});
const LATER = ['exporter', 'prometheus', 'alertmanager'];

beforeAll(async () => {
  await ensureBinaries();
  mkdirSync(join(folder, 'inventory'));
  const identities = Array.from({ length: ROLES }, (_, i) => record(`retired-${i}`, i));
  writeFileSync(join(folder, 'inventory', 'retired.yml'), stringify({ version: 1, owners: OWNERS.map((team) => ({ team })), identities }));
  writeFileSync(join(folder, 'write.token'), `${WRITER}\n`);
  writeFileSync(join(folder, 'remit.yml'), stringify({ auth: { write: { token_file: 'write.token' } } }));
  ports.prometheus = await freePort();
  ports.alertmanager = await freePort();
  exporter = new ExporterProcess(await freePort(), { 'config.file': join(folder, 'remit.yml'), 'inventory.path': join(folder, 'inventory'), 'storage.path': join(folder, 'storage'), 'log.level': 'warn' });
  stops.push(() => exporter.end('SIGKILL'));
  webhook = await startWebhook();
  stops.push(() => { webhook.stop(); });
  await exporter.start();
  await start('alertmanager');
  await start('prometheus');
  stops.push(() => prometheus.stop(), () => alertmanager.stop());
  await eventually('a scrape', async () => (await prometheus.query('up{job="remit"} == 1')).length === 1);
}, 400_000);

describe('a storm of 10,000 findings in a minute', () => {
  it('is at most one notification for an owner and an alert in each group interval', async () => {
    const began = Date.now();
    for (let i = 0; i < ROLES; i += 1000) {
      const records = Array.from({ length: 1000 }, (_, n) => readsObject(`retired-${i + n}`, NOW - 60_000));
      expect((await exporter.post('/ingest', records.map((each) => JSON.stringify(each)).join('\n'))).body).toMatchObject({ accepted: 1000 });
    }
    expect(Date.now() - began).toBeLessThan(60_000);
    const pages = () => webhook.received.filter(({ path, body }) => path.endsWith('-pages') && JSON.stringify(body).includes('RemitDecommissionedActive'));
    await eventually('a page for each owner', async () => new Set(pages().map(({ path }) => path)).size === OWNERS.length, 120_000);
    await pause(4 * GROUP_INTERVAL);
    for (const owner of OWNERS) {
      const times = pages().filter(({ path }) => path === `/${owner}-pages`).map(({ at }) => at);
      for (const [i, at] of times.entries()) if (i > 0) expect(at - times[i - 1]!).toBeGreaterThan(GROUP_INTERVAL * 0.9);
    }
    // What a person is sent stays readable: fifty by name, the rest as one.
    const alerts = (await alertmanager.alerts()).filter(({ labels }) => labels['alertname'] === 'RemitDecommissionedActive');
    for (const owner of OWNERS) {
      const own = alerts.filter(({ labels }) => labels['identity_owner'] === owner);
      expect([owner, own.length, own.filter(({ labels }) => labels['identity'] === '_overflow_').length]).toEqual([owner, 51, 1]);
    }
  }, 240_000);

  it('is counted and listed whole', async () => {
    const { families } = await exporter.scrape();
    const open = families.find(({ name }) => name === 'nhi_findings')!.samples.filter(({ labels }) => labels['state'] === 'open' && labels['detector'] === 'decommissioned-active');
    expect(open.reduce((sum, { value }) => sum + value, 0)).toBe(ROLES);
    const listed = new Set<string>();
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = (await (await fetch(`${exporter.url}/api/v1/findings?detector=decommissioned-active&state=open&limit=1000${cursor === '' ? '' : `&cursor=${cursor}`}`)).json()) as { items: { identity: string }[]; cursor: string | null };
      for (const { identity } of page.items) listed.add(identity);
      cursor = page.cursor;
    }
    expect(listed.size).toBe(ROLES);
  }, 60_000);
});

describe('kill -9', () => {
  const told = (name: string): string[] => webhook.received.flatMap(({ path, body }) => (body as { alerts?: { status: string; labels: Record<string, string> }[] }).alerts?.filter(({ labels }) => labels['identity'] === roleUrn(name)).map(({ status }) => `${path} ${status}`) ?? []);

  // Of an owner without a storm: in one they would be counted in its rest.
  it.each(LATER)('of the %s during a finding still pages', async (name) => {
    writeFileSync(join(folder, 'inventory', `${name}.yml`), stringify({ identities: [{ ...record(`new-${name}`, 0), owner: 'platform' }], ...name === LATER[0] ? { owners: [{ team: 'platform' }] } : {} }));
    await eventually('the inventory', async () => (await exporter.page(`/coverage?identity=${encodeURIComponent(roleUrn(`new-${name}`))}`)).status === 200, 120_000);
    // An event is judged by the revision in force at its time, which CloudTrail tells in whole seconds: this one must lie after the record.
    await pause(2500);
    await exporter.post('/ingest', JSON.stringify(readsObject(`new-${name}`, Date.now() - 500)));
    if (name === 'exporter') {
      await exporter.end('SIGKILL');
      await exporter.start();
    } else {
      process.kill((name === 'prometheus' ? prometheus : alertmanager).pid, 'SIGKILL');
      await pause(500);
      await start(name as 'prometheus' | 'alertmanager');
    }
    // Prometheus says an alert again after a minute: an Alertmanager that is killed before it told anybody hears of it then.
    await eventually('the page', async () => told(`new-${name}`).some((each) => each.endsWith(' firing')), 200_000);
    expect(told(`new-${name}`).filter((each) => each.endsWith('resolved'))).toEqual([]);
  }, 360_000);

  it('leaves an alert that ends within ten minutes of the close', async () => {
    const [finding] = await exporter.findings(roleUrn('new-exporter'));
    const answer = await fetch(`${exporter.url}/api/v1/findings/${finding!.id}/verdict`, { method: 'POST', headers: { Authorization: `Bearer ${WRITER}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ state: 'benign' }) });
    expect(answer.status).toBe(200);
    await eventually('the end of the alert', async () => !(await alertmanager.alerts()).some(({ labels }) => labels['identity'] === roleUrn('new-exporter')), 600_000);
  }, 660_000);
});
