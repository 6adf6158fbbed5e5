import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleCases, retold, type ExampleCase, type Found } from '../exporter/src/demo/cases.ts';
import { shiftTo } from '../exporter/src/demo/shift.ts';
import { labelValue } from '../exporter/src/lib/label-value.ts';
import { detectors } from '../exporter/src/registry.generated.ts';
import { ensureBinaries, eventually, freePort, startAlertmanager, startPrometheus, type Alertmanager, type Prometheus } from '../tools/real/prometheus.ts';
import { startWebhook, type Notification, type Webhook } from '../tools/real/webhook.ts';
import { replayed, sendCase } from './support/cases.ts';
import { ExporterProcess } from './support/exporter.ts';
import { alertmanagerAsShipped, prometheusAsShipped, rulesAsShipped } from './support/shipped.ts';

// The cases of examples/: as they lie there, in a replay; and told as of now, sent as their providers send them, to a real Prometheus
// and a real Alertmanager with the intervals and waits that are shipped.

/** From the moment a case is sent to the page at its owner's receiver. */
const PAGES_WITHIN = 60_000;
/** Longer than a scrape and an evaluation: whatever else were to fire has fired, if Alertmanager does not tell of it at once. */
const AFTERWARDS = 26_000;

const written = exampleCases();

describe('a replay of a case as it is written', () => {
  it('there are five', () => { expect(written.map(({ title }) => title[0])).toEqual(['1', '2', '3', '4', '5']); });

  it.each(written.map((story) => [story.id, story] as const))('%s finds what it must and nothing else', async (id, { found }) => {
    // What an exception hides is listed, as silenced.
    const findings = (await replayed(id)).filter(({ state }) => state !== 'silenced');
    const said = new Set(findings.map(({ detector, identity, owner, severity }) => `${severity} ${detector} ${identity} ${owner}`));
    expect([...said]).toEqual(found.map(({ detector, identity, owner, severity }) => `${severity} ${detector} ${identity} ${owner}`));
  });
});

describe('all cases at once, as of now', () => {
  const folder = mkdtempSync(join(tmpdir(), 'remit-examples-'));
  const stops: (() => unknown)[] = [() => { rmSync(folder, { recursive: true, force: true }); }];
  const now = Date.now();
  const cases = written.map((story) => retold(story, shiftTo(story.at, now)));
  const owners = [...new Set(cases.flatMap(({ found }) => found.map(({ owner }) => owner)))];
  const all = cases.flatMap((story) => story.found.map((found) => ({ story, found })));
  let webhook: Webhook;
  let alertmanager: Alertmanager;
  let prometheus: Prometheus;
  let exporter: ExporterProcess;
  const sent = new Map<ExampleCase, number>();

  beforeAll(async () => {
    await ensureBinaries();
    const inventory = join(folder, 'inventory');
    mkdirSync(inventory);
    for (const { id, inventory: files } of cases) for (const [name, text] of files) writeFileSync(join(inventory, `${id}-${name}`), text);
    exporter = new ExporterProcess(await freePort(), { 'inventory.path': inventory, 'storage.path': join(folder, 'storage'), 'log.level': 'warn' });
    stops.push(() => exporter.end('SIGKILL'));
    webhook = await startWebhook();
    stops.push(() => { webhook.stop(); });
    const templates = ['provisioning/alertmanager/templates/remit.tmpl'];
    [alertmanager] = await Promise.all([startAlertmanager({ config: alertmanagerAsShipped(webhook.url, owners), templates }), exporter.start()]);
    stops.push(() => alertmanager.stop());
    const rules = rulesAsShipped(folder, exporter.url);
    prometheus = await startPrometheus({ config: prometheusAsShipped({ target: exporter.address, alertmanager: alertmanager.url.replace('http://', ''), rules }) });
    stops.push(() => prometheus.stop());
    await eventually('the first scrape', async () => (await prometheus.query('up{job="remit"} == 1')).length === 1);
    for (const story of cases) {
      sent.set(story, Date.now());
      expect([story.id, [...new Set(await sendCase(exporter, story))]]).toEqual([story.id, [200]]);
    }
  }, 300_000);
  afterAll(async () => { for (const stop of stops.reverse()) await stop(); });

  const pages = ({ owner }: Found) => webhook.received.filter(({ path }) => path === `/${owner}-pages`);
  const labelsOf = ({ alertname, identity, owner, detector, severity }: Found): Record<string, string> =>
    ({ alertname, cluster: 'default', identity: labelValue(identity), identity_owner: owner, detector, severity });

  it('each pages its owner once, within a minute of being sent', async () => {
    await eventually('the pages', () => Promise.resolve(all.every(({ found }) => pages(found).length > 0)), PAGES_WITHIN + 10_000);
    for (const { story, found } of all) {
      const took = pages(found)[0]!.at - sent.get(story)!;
      expect([story.id, took <= PAGES_WITHIN, took]).toEqual([story.id, true, took]);
    }
    // At least once is what providers promise: the same again is no news.
    for (const story of cases) await sendCase(exporter, story);
    await pause(AFTERWARDS);
    for (const { found } of all) expect([found.owner, pages(found).length]).toEqual([found.owner, 1]);
  }, PAGES_WITHIN + AFTERWARDS + 30_000);

  it.each(all.map(({ story, found }) => [story.id, found] as const))('%s is grouped and worded for the one who is woken', async (_, found) => {
    const page = pages(found)[0]?.body as Notification;
    const manifest = detectors.find(({ id }) => id === found.detector);
    expect(page.status).toBe('firing');
    expect(page.groupLabels).toEqual({ alertname: found.alertname, cluster: 'default', identity_owner: found.owner });
    expect(page.alerts.map(({ labels }) => labels)).toEqual([labelsOf(found)]);
    const { title, summary, first_action: first, runbook_url: runbook, finding_url: link } = page.alerts[0]!.annotations;
    expect({ title, first }).toEqual({ title: manifest?.title, first: manifest?.firstAction });
    expect(summary).toContain(labelValue(found.identity));
    expect(summary).toContain(found.owner);
    for (const url of [runbook, link]) {
      expect(url?.startsWith(`${exporter.url}/`)).toBe(true);
      expect([url, (await exporter.page(url!.slice(exporter.url.length))).status]).toEqual([url, 200]);
    }
  });

  it('nothing else fires as critical, neither at Prometheus nor at Alertmanager', async () => {
    const expected = all.map(({ found }) => JSON.stringify(labelsOf(found))).sort();
    const critical = (alerts: readonly { labels: Record<string, string> }[]): string[] => alerts.filter(({ labels }) => labels['severity'] === 'critical')
      .map(({ labels: { alertname, cluster, identity, identity_owner, detector, severity } }) => JSON.stringify({ alertname, cluster, identity, identity_owner, detector, severity })).sort();
    expect(critical(await alertmanager.alerts())).toEqual(expected);
    expect(critical(await prometheus.alerts())).toEqual(expected);
  });

  it.each(cases.flatMap((story) => story.quiet.map((quiet) => [quiet.identity, quiet, story] as const)))('%s stays quiet', async (identity, { silenced }, story) => {
    const findings = await exporter.findings(identity);
    if (!story.found.some((found) => found.identity === identity)) {
      expect(findings.map(({ detector, state }) => [detector, state])).toEqual(silenced === undefined ? [] : [[silenced, 'silenced']]);
      expect(webhook.received.filter(({ body }) => JSON.stringify(body).includes(JSON.stringify(labelValue(identity))))).toEqual([]);
      return;
    }
    // What it is found for happened in the last minute of the story; what it did before is the twin.
    expect(findings.filter(({ first }) => first < story.at - 60_000)).toEqual([]);
  });
});
