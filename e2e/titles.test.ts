import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { alertAnnotations, alertName } from '../exporter/src/lib/alert-text.ts';
import { detectors } from '../exporter/src/registry.generated.ts';
import { ensureBinaries, eventually, freePort } from '../tools/real/prometheus.ts';

// What a notification is called: by the shipped template, as amtool renders it, and in the inbox of the demo, which must not tell another tale.

const TEMPLATES = new URL('../provisioning/alertmanager/templates/remit.tmpl', import.meta.url).pathname;
const ROLE = 'urn:nhi:aws:111122223333:role/';
const folder = mkdtempSync(join(tmpdir(), 'remit-titles-'));
type Texts = Record<string, string>;
interface Alert { status: 'firing' | 'resolved'; labels: Texts; annotations: Texts }
interface Rule { alert?: string; labels?: Texts; annotations: Texts }
const { groups } = parse(readFileSync(new URL('../rules/pipeline.rules.yml', import.meta.url), 'utf8')) as { groups: { rules: Rule[] }[] };
const own = groups.flatMap(({ rules }) => rules).filter(({ alert, labels }) => alert !== undefined && labels?.['severity'] !== 'none');

let amtool = '';
let inbox: ChildProcess;
let address = '';
beforeAll(async () => {
  ({ amtool } = await ensureBinaries());
  address = `127.0.0.1:${await freePort()}`;
  inbox = spawn(process.execPath, [new URL('../provisioning/inbox/inbox.mjs', import.meta.url).pathname, address]);
  await eventually('the inbox', async () => (await fetch(`http://${address}/`).catch(() => null))?.ok === true);
}, 300_000);
afterAll(async () => {
  inbox.kill();
  await once(inbox, 'exit');
  rmSync(folder, { recursive: true, force: true });
});

function found(detector: string, identity: string, owner: string, status: Alert['status'] = 'firing'): Alert {
  const manifest = detectors.find(({ id }) => id === detector)!;
  return {
    status, labels: { alertname: alertName(detector), cluster: 'eu', identity, identity_owner: owner, detector, severity: manifest.severity },
    annotations: alertAnnotations(manifest, { identity, owner, cluster: 'eu', findings: 1, base: 'http://127.0.0.1:9847' }),
  };
}

/** An alert of the rules about Remit itself, as it is before its summary is filled in. */
function said(name: string, labels: Texts): Alert {
  const rule = own.find(({ alert }) => alert === name)!;
  return { status: 'firing', labels: { alertname: name, ...rule.labels, cluster: 'eu', ...labels }, annotations: rule.annotations };
}

/** What Alertmanager tells of a group. */
function notification(alerts: Alert[]): object {
  const common = (of: 'labels' | 'annotations'): Texts => Object.fromEntries(Object.entries(alerts[0]![of]).filter(([name, value]) => alerts.every((each) => each[of][name] === value)));
  const commonLabels = common('labels');
  const groupLabels = Object.fromEntries(Object.entries(commonLabels).filter(([name]) => ['cluster', 'identity_owner', 'alertname'].includes(name)));
  return { receiver: 'team', status: alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved', groupLabels, commonLabels, commonAnnotations: common('annotations'), externalURL: '', alerts };
}

async function rendered(data: object, text: string): Promise<string> {
  const file = join(folder, 'data.json');
  writeFileSync(file, JSON.stringify(data));
  return (await promisify(execFile)(amtool, ['template', 'render', `--template.glob=${TEMPLATES}`, `--template.data=${file}`, `--template.text={{ template "${text}" . }}`])).stdout.trimEnd();
}

async function received(data: object): Promise<string> {
  const { ok } = await fetch(`http://${address}/tickets`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(data) });
  expect(ok).toBe(true);
  return ((await (await fetch(`http://${address}/api/received`)).json()) as { received: { title: string }[] }).received[0]!.title;
}

const schedule = 'Page: Machine identity worked outside its schedule';
const one = found('outside-schedule', `${ROLE}a`, 'payments');
const other = found('outside-schedule', `${ROLE}b`, 'payments');
const over = (alert: Alert): Alert => ({ ...alert, status: 'resolved' });

describe('a notification is called the same by the template and in the inbox', () => {
  it.each<[string, Alert[], string]>([
    ['one identity', [one], `${schedule} · ${ROLE}a · owner payments · eu`],
    ['two', [one, other], `${schedule} · 2 identities · owner payments · eu`],
    ['two, of which one is over', [one, over(other)], `${schedule} · 1 identity · owner payments · eu`],
    ['two that are over', [over(one), over(other)], 'No longer open: Machine identity worked outside its schedule · 2 identities · owner payments · eu'],
    ['a storm', [one, other, found('outside-schedule', '_overflow_', 'payments')], `${schedule} · 3 identities or more · owner payments · eu`],
    ['the rest of a storm of all owners', [found('outside-schedule', '_overflow_', '_overflow_')], `${schedule} · more identities of a storm · several owners · eu`],
    ['nobody\'s identity', [found('shadow-identity', `${ROLE}a`, '_none_')], `Ticket: Active machine identity without an inventory record · ${ROLE}a · owner nobody · eu`],
    ['the whole fleet', [found('shadow-identity', '_fleet_', '_none_')], 'Ticket: Too few active machine identities have an inventory record · the whole fleet · eu'],
    ['a team\'s budget', [said('RemitPageBudgetSpent', { identity_owner: 'payments' })], 'Ticket: The page budget of the week is spent · owner payments · eu'],
    ['the budget of the fleet', [said('RemitPageBudgetFast', { identity_owner: '_fleet_' })], 'Ticket: Pages come too fast for the budget · all owners together · eu'],
    ['an exception', [said('RemitExceptionEnding', { identity_owner: 'payments', exception: 'EX-1' })], 'Ticket: An exception that is relied on ends soon · EX-1 · owner payments · eu'],
    ['two exceptions', [said('RemitExceptionEnding', { identity_owner: 'payments', exception: 'EX-1' }), said('RemitExceptionEnding', { identity_owner: 'payments', exception: 'EX-2' })], 'Ticket: An exception that is relied on ends soon · owner payments · eu'],
    ['a source', [said('RemitSourceSilent', { source: 'k8s-audit' })], 'Ticket: A source of events went silent · k8s-audit · eu'],
    ['the exporter', [said('RemitExporterDown', {})], 'Page: Remit is down · eu'],
  ])('%s', async (_, alerts, title) => {
    const data = notification(alerts);
    expect(await rendered(data, 'remit.title')).toBe(title);
    expect(await received(data)).toBe(title);
  });

  it('whatever fires: with nothing of what the labels are made of, and identities only where it is about them', async () => {
    const all = [...own.map(({ alert }) => said(alert!, { identity_owner: '_fleet_' })), ...detectors.map(({ id }) => found(id, `${ROLE}a`, '_none_'))];
    expect(all.length).toBeGreaterThan(40);
    for (const alert of all) {
      const twice = { ...alert, labels: { ...alert.labels, ...alert.labels['identity'] === undefined ? { source: 'another' } : { identity: `${ROLE}b` } } };
      const data = notification([alert, twice]);
      const title = await rendered(data, 'remit.title');
      expect(title).toContain(alert.annotations['title']);
      expect(title).not.toMatch(/_(fleet|none|overflow)_|<no value>/);
      expect([title, title.includes(' identities · ')]).toEqual([title, alert.labels['detector'] !== undefined]);
      expect(await received(data)).toBe(title);
    }
  }, 120_000);
});

it('the text of a ticket about the fleet names nobody as its owner, and says what to do with it', async () => {
  const text = await rendered(notification([found('shadow-identity', '_fleet_', '_none_')]), 'remit.text');
  expect(text).toMatch(/^Too few active machine identities have an inventory record \(warning\)\nMachine identities are active .*\nIdentity: the whole fleet\nFirst: Let remit learn/);
  expect(text).not.toContain('Owner');
  expect(await rendered(notification([said('RemitPageBudgetFast', { identity_owner: '_fleet_' })]), 'remit.text')).toContain('Owner: all together\n');
  expect(await rendered(notification([over(said('RemitSourceSilent', { source: 'k8s-audit' }))]), 'remit.text')).toContain('- k8s-audit: A source of events went silent');
});

it('the inbox shows what it was told, and nothing of it as markup', async () => {
  await received(notification([{ ...one, labels: { ...one.labels, identity: '<b>x' }, annotations: { ...one.annotations, summary: '<i>y' } }, over(other)]));
  const page = await (await fetch(`http://${address}/`)).text();
  expect(page).toContain('<h2>Page: Machine identity worked outside its schedule · 1 identity · owner payments · eu</h2>');
  expect(page).toContain('&#60;i&#62;y');
  expect(page).not.toMatch(/<[bi]>/);
  expect(page).toContain('<p>No longer open: ');
});
