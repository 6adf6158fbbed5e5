import { execFile } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = resolve(import.meta.dirname, '../../.cache/debian');
/** Debian's Alertmanager reads its default templates from here and does not start without them. */
const SHARE = '/usr/share/prometheus/alertmanager';
/** As long as the path above, and relative to the working folder. */
const RELATIVE = `${'./'.repeat(12)}/templates`;

/** Where the real programs are. */
export interface Binaries {
  prometheus: string; promtool: string; alertmanager: string; amtool: string;
  /** Default templates that Alertmanager wants as `templates` in its working folder; null when it brings its own. */
  templates: string | null;
}
type Programs = Omit<Binaries, 'templates'>;

/**
 * Prometheus and Alertmanager with their tools: from `PROMETHEUS_BIN` and `ALERTMANAGER_BIN` (the tools beside them), else from
 * the PATH, else Debian's packages unpacked into `.cache/debian` without installing or starting anything. Throws an error that
 * says what was tried.
 */
export async function ensureBinaries(): Promise<Binaries> {
  const installed = named() ?? onPath();
  return installed ? { ...installed, templates: null } : unpacked() ?? await fetched();
}

function named(): Programs | null {
  const { PROMETHEUS_BIN: prometheus, ALERTMANAGER_BIN: alertmanager } = process.env;
  if (!prometheus && !alertmanager) return null;
  if (!prometheus || !alertmanager) throw new Error('Set both PROMETHEUS_BIN and ALERTMANAGER_BIN, or neither');
  const all = { prometheus, promtool: join(dirname(prometheus), 'promtool'), alertmanager, amtool: join(dirname(alertmanager), 'amtool') };
  for (const [name, file] of Object.entries(all)) {
    if (!runs(file)) throw new Error(`${name} is not at ${file}: promtool belongs beside PROMETHEUS_BIN, amtool beside ALERTMANAGER_BIN`);
  }
  return all;
}

function onPath(): Programs | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const find = (...names: string[]): string | undefined =>
    folders.flatMap((folder) => names.map((name) => join(folder, name))).find(runs);
  return whole(find('prometheus'), find('promtool'), find('alertmanager', 'prometheus-alertmanager'), find('amtool'));
}

function unpacked(): Binaries | null {
  const at = (name: string): string | undefined => [join(CACHE, 'usr/bin', name)].find(runs);
  const found = whole(at('prometheus'), at('promtool'), at('prometheus-alertmanager'), at('amtool'));
  if (!found || existsSync(join(SHARE, 'default.tmpl'))) return found && { ...found, templates: null };
  return { ...found, alertmanager: portable(found.alertmanager), templates: join(CACHE, SHARE) };
}

/** A copy that looks for its templates in its working folder, so that nothing outside the cache has to be written. */
function portable(alertmanager: string): string {
  const copy = join(CACHE, 'alertmanager');
  if (runs(copy)) return copy;
  const program = readFileSync(alertmanager);
  let patched = 0;
  for (let at = program.indexOf(SHARE); at >= 0; at = program.indexOf(SHARE, at + 1)) { program.write(RELATIVE, at); patched++; }
  if (patched === 0) throw new Error(`${alertmanager} does not read ${SHARE}: install the package prometheus-alertmanager, or set ALERTMANAGER_BIN`);
  writeFileSync(copy, program);
  chmodSync(copy, 0o755);
  return copy;
}

function whole(prometheus?: string, promtool?: string, alertmanager?: string, amtool?: string): Programs | null {
  return prometheus && promtool && alertmanager && amtool ? { prometheus, promtool, alertmanager, amtool } : null;
}

function runs(file: string): boolean {
  try { accessSync(file, constants.X_OK); return true; } catch { return false; }
}

/** The programs need libc alone; what the packages depend on beside it is for their web pages and services. */
async function fetched(): Promise<Binaries> {
  const packages = ['prometheus', 'prometheus-alertmanager'];
  const tried: string[] = [];
  const attempt = async (command: string, args: string[]): Promise<boolean> => {
    try { await run(command, args, { cwd: CACHE, timeout: 300_000 }); return true; } catch (error) {
      tried.push(`${command} ${args.join(' ')}: ${String((error as { stderr?: string }).stderr ?? error).trim().split('\n').at(-1)}`);
      return false;
    }
  };
  mkdirSync(CACHE, { recursive: true });
  const download = (): Promise<boolean> => attempt('apt-get', ['download', ...packages]);
  if (!(await download())) { await attempt('apt-get', ['update']); await download(); }
  for (const file of readdirSync(CACHE).filter((name) => name.endsWith('.deb'))) {
    await attempt('dpkg-deb', ['-x', file, CACHE]);
    rmSync(join(CACHE, file));
  }
  const found = unpacked();
  if (found) return found;
  throw new Error([
    'Prometheus and Alertmanager are needed for the tests and cannot be had.',
    'Install them (Debian: prometheus prometheus-alertmanager), or set PROMETHEUS_BIN and ALERTMANAGER_BIN. Tried:', ...tried.map((t) => `  ${t}`),
  ].join('\n'));
}
