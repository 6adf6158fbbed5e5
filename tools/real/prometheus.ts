import { execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { ensureBinaries } from './binaries.ts';
import { freePort, start, type Running } from './server.ts';

export { ensureBinaries, type Binaries } from './binaries.ts';
export { eventually, freePort, type Running } from './server.ts';

const run = promisify(execFile);

export interface Sample { labels: Record<string, string>; value: number }
export interface Prometheus extends Running {
  query(expression: string): Promise<Sample[]>;
  alerts(): Promise<{ labels: Record<string, string>; annotations: Record<string, string>; state: string }[]>;
  targets(): Promise<{ health: string; lastError: string }[]>;
}
export interface PrometheusOptions {
  /** `host:port` of the exporter, unless `config` says it. */
  target?: string;
  /** The whole configuration, instead of one made from the fields here. */
  config?: object;
  /** Absolute paths of rule files; globs allowed. */
  rules?: string[];
  /** `host:port`. */
  alertmanager?: string;
  /** Of scrapes and of rule evaluation, in seconds. */
  interval?: number;
  flags?: string[];
  /** Keeps data between two starts. */
  folder?: string;
  port?: number;
}

/** A real Prometheus on a free port of loopback, with data in a folder of its own. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const { prometheus } = await ensureBinaries();
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'remit-prometheus-'));
  mkdirSync(folder, { recursive: true });
  const interval = `${options.interval ?? 1}s`;
  writeFileSync(join(folder, 'prometheus.yml'), stringify(options.config ?? {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: (options.rules ?? []).map((path) => resolve(path)),
    scrape_configs: [{ job_name: 'remit', static_configs: [{ targets: [options.target ?? ''], labels: { cluster: 'test' } }] }],
    ...(options.alertmanager ? { alerting: { alertmanagers: [{ static_configs: [{ targets: [options.alertmanager] }] }] } } : {}),
  }));
  const port = options.port ?? await freePort();
  const running = await start(prometheus, [
    `--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`, ...(options.flags ?? []),
  ], { cwd: folder, port, ready: '/-/ready' });
  return { ...running, ...api(running.url), stop: () => stopAnd(running, options.folder ? null : folder) };
}

export interface Alertmanager extends Running { alerts(): Promise<{ labels: Record<string, string>; status: { state: string } }[]> }

/** A real Alertmanager on a port of loopback, a free one unless it is named. `config` is its configuration, as text or as an object; `folder` keeps its data between two starts. */
export async function startAlertmanager(options: { config: string | object; templates?: string[]; folder?: string; port?: number }): Promise<Alertmanager> {
  const binaries = await ensureBinaries();
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'remit-alertmanager-'));
  mkdirSync(folder, { recursive: true });
  if (binaries.templates) cpSync(binaries.templates, join(folder, 'templates'), { recursive: true });
  for (const path of options.templates ?? []) cpSync(path, join(folder, 'templates', path.split('/').at(-1) ?? path));
  writeFileSync(join(folder, 'alertmanager.yml'), typeof options.config === 'string' ? options.config : stringify(options.config));
  const port = options.port ?? await freePort();
  const running = await start(binaries.alertmanager, [
    '--config.file=alertmanager.yml', '--storage.path=data', `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address=',
  ], { cwd: folder, port, ready: '/-/ready' });
  const alerts = async (): ReturnType<Alertmanager['alerts']> => (await (await fetch(`${running.url}/api/v2/alerts`)).json()) as never;
  return { ...running, alerts, stop: () => stopAnd(running, options.folder ? null : folder) };
}

/** `promtool check metrics` on a text of `/metrics`. Resolves to its complaints, empty when there are none. */
export async function checkMetrics(text: string): Promise<string> {
  const { promtool } = await ensureBinaries();
  return new Promise((done, failed) => {
    const child = spawn(promtool, ['check', 'metrics']);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => { said += chunk.toString(); });
    child.stderr.on('data', (chunk: Buffer) => { said += chunk.toString(); });
    child.on('error', failed);
    child.on('close', (code) => { done(code === 0 ? said.trim() : said.trim() || `promtool check metrics ended with ${code}`); });
    child.stdin.end(text);
  });
}

/** `promtool check rules`. Throws what it says when a file is bad. */
export async function checkRules(files: string[]): Promise<string> {
  return tool((await ensureBinaries()).promtool, ['check', 'rules', ...files]);
}

/** `promtool check config`, syntax and rule files. Throws what it says. */
export async function checkConfig(file: string): Promise<string> {
  return tool((await ensureBinaries()).promtool, ['check', 'config', file]);
}

/** `promtool test rules`. Throws what it says when a test fails. */
export async function testRules(files: string[]): Promise<string> {
  return tool((await ensureBinaries()).promtool, ['test', 'rules', ...files]);
}

/** `amtool check-config`. Throws what it says. */
export async function checkAlertmanager(file: string): Promise<string> {
  return tool((await ensureBinaries()).amtool, ['check-config', file]);
}

/** The receivers that Alertmanager's configuration routes these labels to. */
export async function routes(file: string, labels: Record<string, string>): Promise<string[]> {
  const { amtool } = await ensureBinaries();
  const { stdout } = await run(amtool, ['config', 'routes', 'test', `--config.file=${file}`, ...Object.entries(labels).map(([k, v]) => `${k}=${v}`)]);
  return stdout.trim().split(',');
}

async function tool(program: string, args: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await run(program, args);
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program.split('/').at(-1)} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}

function api(url: string): Pick<Prometheus, 'query' | 'alerts' | 'targets'> {
  const get = async (path: string): Promise<Record<string, unknown>> => {
    const body = (await (await fetch(url + path)).json()) as { status: string; data: Record<string, unknown>; error?: string };
    if (body.status !== 'success') throw new Error(`${path}: ${body.error ?? body.status}`);
    return body.data;
  };
  return {
    query: async (expression) => {
      const { result } = await get(`/api/v1/query?query=${encodeURIComponent(expression)}`);
      return (result as { metric: Record<string, string>; value: [number, string] }[]).map((r) => ({ labels: r.metric, value: Number(r.value[1]) }));
    },
    alerts: async () => (await get('/api/v1/alerts')).alerts as never,
    targets: async () => (await get('/api/v1/targets')).activeTargets as never,
  };
}

async function stopAnd(running: Running, folder: string | null): Promise<void> {
  await running.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
}
