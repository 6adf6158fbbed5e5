import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { checkAlertmanager, routes } from '../../../tools/real/prometheus.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SHIPPED = join(ROOT, 'provisioning/alertmanager');
const folder = mkdtempSync(join(tmpdir(), 'remit-routes-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });
cpSync(join(SHIPPED, 'templates'), join(folder, 'templates'), { recursive: true });

function remit(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [join(ROOT, 'exporter/src/main.ts'), 'routes', ...args], { cwd: folder }, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

const OWNERS = `owners:
  - { team: payments, contact: "#payments", escalation: "mailto:oncall@example.org" }
  - { team: search, contact: search@example.org, escalation: payments }
  - { team: robots.1, contact: "https://hooks.example.org/x?a=1&b={}", escalation: "pagerduty:/etc/alertmanager/key" }
  - { team: ops_, contact: "opsgenie:/etc/alertmanager/ops", escalation: "opsgenie:/etc/alertmanager/ops" }
  - team: nobody-yet
  - team: by-word
    contact: ask at the desk
    escalation: https://hooks.slack.com/services/T/B/x
`;
const TEAMS = ['payments', 'search', 'robots.1', 'ops_', 'nobody-yet', 'by-word'];
/** Of these no address reaches anybody. */
const HANDED = new Set(['nobody-yet', 'by-word']);
writeFileSync(join(folder, 'owners.yml'), OWNERS);

interface Config { route: { routes: { receiver: string; matchers: string[] }[] }; receivers: { name: string; [kind: string]: unknown }[] }

async function routed(file: string): Promise<void> {
  await checkAlertmanager(file);
  for (const team of TEAMS) {
    expect(await routes(file, { identity_owner: team, severity: 'critical', alertname: 'RemitOutsideSchedule' })).toEqual([HANDED.has(team) ? 'remit' : `${team}-pages`]);
    expect(await routes(file, { identity_owner: team, severity: 'warning', alertname: 'RemitVolume' })).toEqual([HANDED.has(team) ? 'remit' : `${team}-tickets`]);
    expect(await routes(file, { identity_owner: team, severity: 'info', alertname: 'RemitVolume' })).toEqual(['nobody']);
  }
  expect(await routes(file, { identity_owner: 'stranger', severity: 'critical' })).toEqual(['remit']);
  expect(await routes(file, { alertname: 'RemitWatchdog', severity: 'none' })).toEqual(['watchdog']);
}

test('a complete configuration sends each team its pages and tickets', async () => {
  const { code, out, err } = await remit('--inventory', 'owners.yml', '--full', '--fallback', 'mailto:security@example.org');
  expect(code).toBe(0);
  expect(err.split('\n').filter((line) => line.includes('warning'))).toEqual([
    'owners.yml:6:5: warning: the team nobody-yet has no contact',
    'owners.yml:8:14: warning: the contact of by-word is no address that Alertmanager can reach',
    'owners.yml:9:17: warning: the escalation of by-word is the secret address of a Slack app',
  ]);
  const file = join(folder, 'full.yml');
  writeFileSync(file, out);
  await routed(file);
  const { receivers } = parse(out) as Config;
  const kinds = Object.fromEntries(receivers.map(({ name, ...ways }) => [name, Object.entries(ways).map(([kind, list]) => `${kind} ${(list as object[]).length}`)]));
  expect(kinds).toEqual({
    remit: ['email_configs 1'], watchdog: [], nobody: [],
    'ops_-pages': ['opsgenie_configs 1'], 'ops_-tickets': ['opsgenie_configs 1'],
    'payments-pages': ['slack_configs 1', 'email_configs 1'], 'payments-tickets': ['slack_configs 1'],
    'robots.1-pages': ['webhook_configs 1', 'pagerduty_configs 1'], 'robots.1-tickets': ['webhook_configs 1'],
    'search-pages': ['email_configs 1', 'slack_configs 1'], 'search-tickets': ['email_configs 1'],
  });
  expect(out).toContain('# Proof of life.');
}, 60_000);

test('whom nobody would tell is said, with what to do', async () => {
  const told = await remit('--inventory', 'owners.yml', '--full');
  expect(told.code).toBe(1);
  expect(told.err).toContain('alerts of by-word, alerts of nobody-yet, what nobody owns, what Remit says of itself: nobody would be told\n  → name who is: --fallback "#oncall"');
  expect(told.out).toContain('# Reaches nobody yet');
  expect((await remit('--inventory', 'owners.yml')).code).toBe(1);
  writeFileSync(join(folder, 'reached.yml'), 'owners: [{ team: payments, contact: "#payments" }]\n');
  expect(await remit('--inventory', 'reached.yml')).toMatchObject({ code: 0, err: '' });
  expect((await remit('--inventory', 'reached.yml', '--full')).code).toBe(1);
  const full = await remit('--inventory', 'reached.yml', '--full', '--fallback', 'payments');
  expect(full).toMatchObject({ code: 0, err: '' });
  const { receivers } = parse(full.out) as Config;
  expect(receivers.find(({ name }) => name === 'remit')).toMatchObject({ slack_configs: [{ channel: '#payments' }] });
  expect(await remit('--inventory', 'reached.yml', '--fallback', 'the desk')).toMatchObject({ code: 2, out: '' });
}, 60_000);

test('the fragment is merged as it says', async () => {
  const { code, out } = await remit('--inventory.path', 'owners.yml', '--fallback', '#oncall');
  expect(code).toBe(0);
  expect(out).toContain('# The receiver "remit" takes the place of the one of that name.');
  expect(out).toContain('# Put them into provisioning/alertmanager/alertmanager.yml in place of the pair of routes and receivers of its example team');
  const fragment = parse(out) as Config;
  const config = parse(readFileSync(join(SHIPPED, 'alertmanager.yml'), 'utf8')) as Config;
  const others = config.route.routes.filter(({ receiver }) => !receiver.startsWith('payments-'));
  others.splice(-1, 0, ...fragment.route.routes);
  const merged = {
    ...config, ...fragment, route: { ...config.route, routes: others },
    receivers: [...config.receivers.filter(({ name }) => !name.startsWith('payments-') && name !== 'remit'), ...fragment.receivers],
  };
  const file = join(folder, 'merged.yml');
  writeFileSync(file, stringify(merged));
  await routed(file);
}, 60_000);

test.each<[string, string[], number, RegExp]>([
  ['no inventory', [], 2, /no inventory named/],
  ['no such folder', ['--inventory', 'nowhere'], 2, /nowhere:1:1: error: there is no such file or folder/],
  ['no owners', ['--inventory', 'none.yml'], 1, /no owners are declared/],
  ['a broken file', ['--inventory', 'broken.yml'], 2, /broken\.yml:1:12: error: unknown key/],
])('%s', async (_, args, code, said) => {
  writeFileSync(join(folder, 'none.yml'), 'identities: []\n');
  writeFileSync(join(folder, 'broken.yml'), 'owners: [{ tem: x }]\n');
  const result = await remit(...args);
  expect([result.code, result.out]).toEqual([code, '']);
  expect(result.err).toMatch(said);
});
