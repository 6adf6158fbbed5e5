import { execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { FLAGS } from '../exporter/bin/node.mjs';
import { ensureCompose } from '../tools/real/compose.ts';
import { eventually, freePort, startAlertmanager, startPrometheus } from '../tools/real/prometheus.ts';

// What docker-compose.yml stands up, as far as it can be run without Docker: its own files, flags and scripts, with other paths and ports.

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'remit-compose-'));
const stops: (() => unknown)[] = [() => { rmSync(folder, { recursive: true, force: true }); }];
afterAll(async () => { for (const stop of stops.reverse()) await stop(); });

interface Service {
  image?: string; build?: { target: string }; user?: string; read_only?: boolean; cap_drop?: string[]; security_opt?: string[]; ports?: string[]; command?: string[];
  healthcheck?: { test: string[] }; restart?: string; environment?: Record<string, string>; volumes?: string[]; depends_on?: Record<string, { condition: string }>;
}
const { services } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as { services: Record<string, Service> };
const shipped = (path: string): string => readFileSync(join(root, 'provisioning/compose', path), 'utf8');

it('is a valid file for docker-compose', async () => {
  const { stdout } = await run(await ensureCompose(), ['-f', join(root, 'docker-compose.yml'), 'config', '--services']);
  expect(stdout.trim().split('\n').sort()).toEqual(Object.keys(services).sort());
});

it('copies nothing into an image that the build context leaves out', () => {
  const left = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n').filter((line) => line !== '');
  const sources = [...readFileSync(join(root, 'Dockerfile'), 'utf8').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) => paths!.split(' '));
  expect(sources.length).toBeGreaterThan(10);
  for (const path of sources) {
    // Of the patterns in use: a whole folder, its content, and what is taken back.
    const [top] = path.split('/');
    const taken = left.includes(`!${path}`) || !(left.includes(top!) || left.includes(path) || (path.includes('/') && left.includes(`${top}/*`)));
    expect([path, taken, existsSync(join(root, path))]).toEqual([path, true, true]);
  }
});

it('builds an image that has what its commands read', async () => {
  const image = join(folder, 'image');
  const stage = readFileSync(join(root, 'Dockerfile'), 'utf8').split(/^FROM /m).find((text) => text.startsWith('workspaces AS exporter'))!;
  for (const [, from, to] of stage.matchAll(/^COPY (\S+) (\S+)$/gm)) cpSync(join(root, from!), join(image, to!), { recursive: true, filter: (path) => !path.includes('node_modules') });
  symlinkSync(join(root, 'node_modules'), join(image, 'node_modules'));
  const remit = (...args: string[]) => run(process.execPath, [...FLAGS, join(image, 'exporter/src/main.ts'), ...args]);
  expect((await remit('demo-feed', '--output', join(folder, 'fed'))).stderr).toBe('');
  expect((await remit('routes', '--full', '--fallback', '#oncall', '--inventory', join(folder, 'fed'))).stdout).toContain('RemitWatchdog');
});

it('gives each service no more than it needs', () => {
  for (const [name, service] of Object.entries(services)) {
    expect([name, service.read_only, service.cap_drop, service.security_opt]).toEqual([name, true, ['ALL'], ['no-new-privileges:true']]);
    for (const port of service.ports ?? []) expect(port, name).toMatch(/^127\.0\.0\.1:/);
    expect(service.image, name).toMatch(/:v?\d+\.\d+\.\d+$/);
    expect(JSON.stringify(service.environment ?? {}), name).not.toMatch(/password"?:"(?!\/secrets)/i);
    if (service.restart !== 'no') expect(service.healthcheck, name).toBeDefined();
  }
  // Ours say who they run as; those of Prometheus, Alertmanager and Grafana do by themselves.
  const stages = readFileSync(join(root, 'Dockerfile'), 'utf8').split(/^FROM /m).slice(1);
  for (const target of ['exporter', 'setup']) expect(stages.find((stage) => stage.includes(` AS ${target}`)), target).toMatch(/^USER 10001:10001$/m);
  expect(readFileSync(join(root, 'Dockerfile'), 'utf8')).not.toMatch(/^FROM \S+:latest/m);
});

it('tells the five cases to its inbox, over TLS and with tokens that were made at its start', async () => {
  for (const name of ['remit', 'prometheus', 'grafana', 'rules', 'dashboards', 'source', 'data']) mkdirSync(join(folder, name));
  cpSync(join(root, 'rules'), join(folder, 'source/rules'), { recursive: true });
  cpSync(join(root, 'dashboards/out'), join(folder, 'source/dashboards'), { recursive: true });
  const port = await freePort();
  const url = `https://localhost:${port}`;
  const setup = () => run('/bin/sh', [join(root, 'provisioning/compose/setup.sh')], { env: { PATH: process.env['PATH'], VOLUMES: folder, REMIT_URL: url } });
  const said = (await setup()).stdout;
  const token = readFileSync(join(folder, 'remit/read.token'), 'utf8').trim();
  expect(said).toContain(token);
  // A second start keeps what there is.
  expect((await setup()).stdout).toBe(said);
  expect(readFileSync(join(folder, 'rules/remit.rules.yml'), 'utf8')).toContain(`${url}/runbooks/`);

  const moved = (text: string): string => text.replaceAll('/secrets/', `${folder}/remit/`).replaceAll('/var/lib/remit', join(folder, 'data')).replaceAll('/etc/remit/', `${folder}/`)
    .replaceAll(':9847', `:${port}`).replaceAll('https://remit:', 'https://localhost:').replaceAll('/tmp/beat', join(folder, 'beat'));
  for (const file of ['remit.yml', 'web.yml']) writeFileSync(join(folder, file), moved(shipped(file)));
  const environment = { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'remit/ca.crt') };
  const start = (name: string): { exited: Promise<number | null>; log: () => string } => {
    let log = '';
    const child = spawn(process.execPath, [...FLAGS, join(root, 'exporter/src/main.ts'), ...services[name]!.command!.map(moved)], { stdio: ['ignore', 'pipe', 'pipe'], env: environment });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => { log = (log + text.toString()).slice(-20_000); });
    const exited = new Promise<number | null>((done) => child.once('exit', done));
    stops.push(async () => { child.kill('SIGTERM'); await exited; });
    return { exited, log: () => log };
  };
  expect(await start('story').exited).toBe(0);
  const remit = start('remit');
  const ask = (path: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> => new Promise((done, failed) => {
    request(`${url}${path}`, { ca: readFileSync(join(folder, 'remit/ca.crt')), headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (more: string) => { text += more; }).on('end', () => { done({ status: answer.statusCode ?? 0, text }); });
    }).on('error', failed).end();
  });
  await eventually('remit', async () => (await ask('/-/ready').catch(() => null))?.status === 200, 60_000).catch((error: unknown) => { throw new Error(`${String(error)}\n${remit.log()}`); });
  expect((await ask('/metrics')).status).toBe(401);
  expect((await ask('/', { Authorization: `Basic ${Buffer.from(`me:${token}`).toString('base64')}` })).status).toBe(200);

  const inboxPort = await freePort();
  const inbox = spawn(process.execPath, [join(root, 'provisioning/inbox/inbox.mjs'), `127.0.0.1:${inboxPort}`], { stdio: 'ignore' });
  stops.push(() => inbox.kill());
  const alertmanager = await startAlertmanager({
    config: shipped('alertmanager.yml').replaceAll('inbox:8025', `127.0.0.1:${inboxPort}`).replaceAll('/etc/alertmanager/', '').replace(/group_wait: 30s/, 'group_wait: 1s'),
    templates: [join(root, 'provisioning/alertmanager/templates/remit.tmpl')],
  });
  stops.push(() => alertmanager.stop());
  const config = shipped('prometheus.yml').replaceAll('/secrets/', `${folder}/prometheus/`).replaceAll('/rules/', `${folder}/rules/`)
    .replace('remit:9847', `localhost:${port}`).replace('alertmanager:9093', alertmanager.url.replace('http://', '')).replaceAll('_interval: 10s', '_interval: 2s').replace('_timeout: 10s', '_timeout: 2s');
  const prometheus = await startPrometheus({ config: parse(config) as object });
  stops.push(() => prometheus.stop());
  const fed = (): Promise<boolean> => run(process.execPath, services['feeder']!.healthcheck!.test.slice(2).map(moved)).then(() => true, () => false);
  expect(await fed()).toBe(false);
  const feeder = start('feeder');
  const told = async (): Promise<string[]> => {
    const { received } = (await (await fetch(`http://127.0.0.1:${inboxPort}/api/received`)).json()) as { received: { kind: string; owner: string; alerts: { labels: Record<string, string> }[] }[] };
    return received.flatMap(({ kind, alerts }) => alerts.map(({ labels }) => `${kind} ${labels['detector']} ${labels['identity_owner']}`));
  };
  const CASES = [
    'pages outside-schedule payments', 'pages off-purpose-sequence support', 'pages secret-outside-rotation platform', 'pages export-over-limit sales', 'pages decommissioned-active search',
  ];
  await eventually('the five cases', async () => { const all = await told(); return CASES.every((each) => all.includes(each)); }, 120_000)
    .catch(async (error: unknown) => { throw new Error(`${String(error)}\n${(await told()).join('\n')}\n${feeder.log()}\n${remit.log()}`); });
  expect((await prometheus.targets()).map(({ health }) => health)).toEqual(['up']);
  await eventually('a healthy feeder', fed, 30_000);
  const page = await (await fetch(`http://127.0.0.1:${inboxPort}/`)).text();
  expect(page).toContain(`${url}/findings?identity=`);
}, 300_000);

it('the inbox shows hostile text as text', async () => {
  const port = await freePort();
  const inbox = spawn(process.execPath, [join(root, 'provisioning/inbox/inbox.mjs'), `127.0.0.1:${port}`], { stdio: 'ignore' });
  stops.push(() => inbox.kill());
  await eventually('the inbox', () => fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.ok, () => false));
  const post = (body: string, type = 'application/json') => fetch(`http://127.0.0.1:${port}/pages`, { method: 'POST', body, headers: { 'Content-Type': type } });
  const nasty = '"><script>alert(1)</script>';
  expect((await post(JSON.stringify({ status: 'firing', groupLabels: { identity_owner: nasty }, alerts: [{ annotations: { title: nasty, finding_url: 'javascript:alert(1)', runbook_url: `http://a/${nasty}` } }] }))).status).toBe(200);
  expect((await post('{')).status).toBe(400);
  expect((await post(JSON.stringify({ alerts: [null] }))).status).toBe(400);
  expect((await post(JSON.stringify({ alerts: [{ annotations: null }, { annotations: { finding_url: 5 } }] }))).status).toBe(200);
  expect((await post('{}', 'text/plain')).status).toBe(415);
  const page = await (await fetch(`http://127.0.0.1:${port}/`)).text();
  expect(page).not.toContain('<script');
  expect(page).not.toContain('javascript:');
  expect(page).toContain('&#60;script&#62;');
});
