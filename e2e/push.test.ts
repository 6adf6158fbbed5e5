import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { detectorsById } from '../exporter/src/app.ts';
import { AlertmanagerPush } from '../exporter/src/sinks/alertmanager/push.ts';
import { shippedAlertmanager } from '../tools/real/alertmanager-config.ts';
import { ensureBinaries, eventually, freePort, startAlertmanager, startPrometheus, type Alertmanager } from '../tools/real/prometheus.ts';
import { startWebhook, type Webhook } from '../tools/real/webhook.ts';
import { readsObject, roleUrn } from './support/cloudtrail.ts';
import { ExporterProcess } from './support/exporter.ts';
import { inventory, ROLES } from './support/inventory.ts';
import { prometheusAsShipped, rulesAsShipped } from './support/shipped.ts';

// Findings straight to a real Alertmanager, without waiting for a scrape.

const NOW = Date.now();
const TEMPLATES = ['provisioning/alertmanager/templates/remit.tmpl'];
let folder: string;
let stops: (() => unknown)[];
let webhook: Webhook;
let alertmanager: Alertmanager;

beforeEach(async () => {
  await ensureBinaries();
  folder = mkdtempSync(join(tmpdir(), 'remit-push-'));
  stops = [() => { rmSync(folder, { recursive: true, force: true }); }];
  mkdirSync(join(folder, 'inventory'));
  writeFileSync(join(folder, 'inventory', 'teams.yml'), inventory(NOW));
  webhook = await startWebhook();
  stops.push(() => { webhook.stop(); });
  alertmanager = await startAlertmanager({ config: shippedAlertmanager(webhook.url, { group_wait: '1s', group_interval: '1s', repeat_interval: '1h' }), templates: TEMPLATES });
  stops.push(() => alertmanager.stop());
}, 300_000);
afterEach(async () => { for (const stop of stops.reverse()) await stop(); });

async function exporter(push: object): Promise<ExporterProcess> {
  writeFileSync(join(folder, 'write.token'), 'token-of-the-writer\n');
  writeFileSync(join(folder, 'remit.yml'), stringify({
    auth: { write: { token_file: 'write.token' } },
    alertmanager: { urls: [alertmanager.url], labels: { cluster: 'default' }, ...push },
  }));
  const process = new ExporterProcess(await freePort(), {
    'config.file': join(folder, 'remit.yml'), 'inventory.path': join(folder, 'inventory'), 'storage.path': join(folder, 'storage'), 'log.level': 'warn',
  });
  stops.push(() => process.end('SIGKILL'));
  await process.start();
  return process;
}

const send = (to: ExporterProcess, ...records: object[]) => to.post('/ingest', records.map((record) => JSON.stringify(record)).join('\n'));
const about = async (role: string) => (await alertmanager.alerts()).filter(({ labels }) => labels['identity'] === roleUrn(role));

it('beside the rules, a critical opening is told within seconds and is the same alert as that of the rule; a ticket waits for it', async () => {
  const remit = await exporter({ push: 'with-rules' });
  const sent = Date.now();
  await send(remit, readsObject(ROLES.outside, NOW - 60_000), readsObject(ROLES.notEnforced, NOW - 60_000));
  await eventually('the page', async () => webhook.notifications('/payments-pages').length > 0);
  // Nothing has scraped it.
  expect(Date.now() - sent).toBeLessThan(15_000);
  const [pushed] = await about(ROLES.outside);
  expect(pushed?.labels).toEqual({
    alertname: 'RemitOutsideSchedule', cluster: 'default', identity: roleUrn(ROLES.outside), identity_owner: 'payments', detector: 'outside-schedule', severity: 'critical',
  });
  expect(await about(ROLES.notEnforced)).toEqual([]);

  const prometheus = await startPrometheus({ config: prometheusAsShipped({ target: remit.address, alertmanager: alertmanager.url.replace('http://', ''), rules: rulesAsShipped(folder, remit.url) }) });
  stops.push(() => prometheus.stop());
  await eventually('the alert of the rule', async () => (await prometheus.alerts()).some(({ labels }) => labels['identity'] === roleUrn(ROLES.outside)), 60_000);
  await eventually('the ticket', async () => (await about(ROLES.notEnforced)).length === 1, 60_000);
  await pause(5000);
  expect(await about(ROLES.outside)).toHaveLength(1);
  expect(webhook.notifications('/payments-pages')).toHaveLength(1);
  // Word for word, or the last writer would change the text.
  const texts = webhook.notifications('/payments-pages').flatMap(({ alerts }) => alerts.map((a) => a.annotations));
  const ruled = (await prometheus.alerts()).find(({ labels }) => labels['identity'] === roleUrn(ROLES.outside));
  expect(texts).toEqual([ruled?.annotations]);
}, 180_000);

it('is told again after a kill -9 before anybody heard of it', async () => {
  const remit = await exporter({ push: 'with-rules' });
  await alertmanager.stop();
  await send(remit, readsObject(ROLES.outside, NOW - 60_000));
  await pause(1000);
  await remit.end('SIGKILL');
  alertmanager = await startAlertmanager({ config: shippedAlertmanager(webhook.url, { group_wait: '1s', group_interval: '1s', repeat_interval: '1h' }), templates: TEMPLATES });
  stops.push(() => alertmanager.stop());
  await exporter({ push: 'with-rules' });
  await eventually('the page', async () => webhook.notifications('/payments-pages').length > 0, 30_000);
}, 120_000);

it('without rules it tells tickets too', async () => {
  const remit = await exporter({ push: 'sole' });
  await send(remit, readsObject(ROLES.outside, NOW - 60_000), readsObject(ROLES.notEnforced, NOW - 60_000));
  await eventually('page and ticket', async () => (await about(ROLES.outside)).length === 1 && (await about(ROLES.notEnforced)).length === 1, 60_000);
}, 120_000);

it('without rules it ends what is no longer open', async () => {
  const series = { identity: roleUrn(ROLES.outside), identity_owner: 'payments', detector: 'outside-schedule', severity: 'critical' };
  let open = [{ ...series, value: 1 }];
  const errors: unknown[] = [];
  const stopping = new AbortController();
  stops.push(() => { stopping.abort(); });
  const push = new AlertmanagerPush({
    urls: [alertmanager.url], labels: { cluster: 'default' }, mode: 'sole', base: 'http://127.0.0.1:9847', open: () => open, where: () => null, scrapes: () => 0,
    now: Date.now, manifest: (id) => detectorsById.get(id) ?? null, authorization: () => null, delivered: (ok, error) => { if (!ok) errors.push(error); },
  });
  push.start([], stopping.signal);
  await push.idle();
  await eventually('the page', async () => webhook.notifications('/payments-pages').length === 1, 20_000);
  open = [{ ...series, value: 0 }];
  await push.accept([]);
  await eventually('the end of the alert', async () => (await about(ROLES.outside)).length === 0, 20_000);
  await eventually('the word of it', async () => webhook.notifications('/payments-pages').some(({ status }) => status === 'resolved'), 20_000);
  expect(errors).toEqual([]);
}, 60_000);

it('an Alertmanager that hangs holds up no other', async () => {
  const hangs = createServer(() => {}).listen(0, '127.0.0.1');
  await once(hangs, 'listening');
  stops.push(() => { hangs.close(); hangs.closeAllConnections(); });
  const { port } = hangs.address() as { port: number };
  const remit = await exporter({ push: 'with-rules', urls: [`http://127.0.0.1:${port}`, alertmanager.url] });
  await send(remit, readsObject(ROLES.outside, NOW - 60_000));
  await eventually('the first', async () => (await about(ROLES.outside)).length === 1, 5000);
  // The round that the other one holds up is still going on.
  await send(remit, readsObject(ROLES.decommissioned, NOW - 60_000));
  await eventually('the second', async () => (await about(ROLES.decommissioned)).length === 1, 5000);
}, 60_000);
