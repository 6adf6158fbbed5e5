import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { FLAGS } from '../exporter/bin/node.mjs';
import { shippedPrometheus } from './real/prometheus-config.ts';
import { startAlertmanager, startPrometheus } from './real/prometheus.ts';
import { start, type Running } from './real/server.ts';
import { startGrafana } from './stack/grafana.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const PORTS = { remit: 9847, prometheus: 9090, alertmanager: 9093, inbox: 8025, grafana: 3000 } as const;
type Part = keyof typeof PORTS;
const HELP = `npm run stack [-- --grafana FOLDER] [--PART.port N…]

The whole of Remit on this machine without Docker: the demo of npm start, Debian's Prometheus and Alertmanager (fetched when they are not
installed) with the shipped rules and routes, an inbox for pages and, given the folder of an unpacked Grafana release, Grafana with the data
source and the dashboards. Everything listens on loopback and keeps its data in data/stack. Ctrl-C stops it.
  --grafana FOLDER   Grafana 12.3 or later; GRAFANA_HOME says the same
  ${Object.entries(PORTS).map(([part, port]) => `--${part}.port ${port}`).join('  ')}
`;

/** Starts every part and says where each is; resolves once they run. `stop` ends them in order. */
export async function startStack(options: { folder: string; ports: Record<Part, number>; grafana?: string; say(text: string): void }): Promise<{ urls: Partial<Record<Part, string>>; stop(): Promise<void> }> {
  const { folder, ports, say } = options;
  const running: Running[] = [];
  const stop = async (): Promise<void> => { for (const part of running.splice(0).reverse()) await part.stop(); };
  try {
    for (const part of Object.keys(PORTS) as Part[]) if (part !== 'grafana' || options.grafana !== undefined) await claim(part, ports[part]);
    mkdirSync(folder, { recursive: true });
    const token = writeToken(folder);
    writeFileSync(join(folder, 'remit.yml'), JSON.stringify({
      auth: { write: { token_file: 'write.token' } }, ...options.grafana === undefined ? {} : { grafana: { url: `http://127.0.0.1:${ports.grafana}` } },
    }));
    const at = async (name: string, begin: () => Promise<Running>): Promise<string> => {
      const part = await begin();
      running.push(part);
      say(`${name.padEnd(13)} ${part.url}\n`);
      return part.url;
    };
    const node = (args: string[], port: number, ready: string): Promise<Running> => start(process.execPath, args, { cwd: root, port, ready, within: 120_000 });
    const remit = await at('Remit', () => node([
      ...FLAGS, join(root, 'exporter/src/main.ts'), 'serve', '--demo', '--storage.path', join(folder, 'remit'), '--config.file', join(folder, 'remit.yml'), '--web.listen-address', `127.0.0.1:${ports.remit}`,
    ], ports.remit, '/-/ready'));
    const inbox = await at('Pages', () => node([join(root, 'provisioning/inbox/inbox.mjs'), `127.0.0.1:${ports.inbox}`], ports.inbox, '/'));
    const alertmanager = await at('Alertmanager', () => startAlertmanager({
      config: readFileSync(join(root, 'provisioning/compose/alertmanager.yml'), 'utf8').replaceAll('http://inbox:8025', inbox).replaceAll('/etc/alertmanager/', ''),
      templates: [join(root, 'provisioning/alertmanager/templates/remit.tmpl')], folder: join(folder, 'alertmanager'), port: ports.alertmanager,
    }));
    const prometheus = await at('Prometheus', () => startPrometheus({ config: prometheusConfig(remit, alertmanager, folder), folder: join(folder, 'prometheus'), port: ports.prometheus, flags: ['--storage.tsdb.retention.time=30d'] }));
    const { grafana: home } = options;
    const grafana = home === undefined ? undefined : await at('Grafana', () => startGrafana({ home, port: ports.grafana, folder: join(folder, 'grafana'), root, prometheus, alertmanager, remit, writeToken: token }));
    return { urls: { remit, inbox, alertmanager, prometheus, ...grafana === undefined ? {} : { grafana } }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The shipped configuration, with the shipped rules; their links lead to where this Remit answers. */
function prometheusConfig(remit: string, alertmanager: string, folder: string): object {
  const bare = (url: string): string => url.replace('http://', '');
  const shipped = parse(readFileSync(join(root, 'provisioning/prometheus/prometheus.yml'), 'utf8')) as { global: object };
  mkdirSync(join(folder, 'rules'), { recursive: true });
  const rules = ['remit', 'pipeline', 'dashboards'].map((name) => {
    const file = join(folder, 'rules', `${name}.rules.yml`);
    writeFileSync(file, readFileSync(join(root, 'rules', `${name}.rules.yml`), 'utf8').replaceAll('http://127.0.0.1:9847', remit));
    return file;
  });
  return { ...shippedPrometheus({ target: bare(remit), alertmanager: bare(alertmanager), rules }), global: shipped.global };
}

function writeToken(folder: string): string {
  const file = join(folder, 'write.token');
  if (!existsSync(file)) writeFileSync(file, `# stack\n${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
  return readFileSync(file, 'utf8').trim().split('\n').at(-1)!;
}

function claim(part: Part, port: number): Promise<void> {
  return new Promise((free, taken) => {
    const probe = createServer().once('error', () => { taken(new Error(`${part}: port ${port} of loopback is taken. Stop what uses it, or choose another: --${part}.port N`)); });
    probe.listen(port, '127.0.0.1', () => { probe.close(() => { free(); }); });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({ options: { grafana: text, help: { type: 'boolean' }, ...Object.fromEntries(Object.keys(PORTS).map((part) => [`${part}.port`, text])) } });
    const given = values as Record<string, string | boolean | undefined>;
    const ports = Object.fromEntries(Object.entries(PORTS).map(([part, port]) => [part, Number(given[`${part}.port`] ?? port)])) as Record<Part, number>;
    const home = typeof given['grafana'] === 'string' ? given['grafana'] : process.env['GRAFANA_HOME'];
    if (given['help'] === true) process.stdout.write(HELP);
    else await main(ports, home === '' ? undefined : home);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}

async function main(ports: Record<Part, number>, grafana: string | undefined): Promise<void> {
  const stack = await startStack({ folder: join(root, 'data/stack'), ports, ...grafana === undefined ? {} : { grafana }, say: (text) => process.stdout.write(text) });
  process.stdout.write(`${grafana === undefined ? 'Grafana       not started: --grafana FOLDER of an unpacked release, 12.3 or later, or docker compose up\n' : ''}
The five cases of examples/ page within a minute: look at ${stack.urls.inbox}. Ctrl-C stops everything.\n`);
  await new Promise<void>((done) => { for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => { done(); }); });
  await stack.stop();
}
