// Plain JavaScript for Node 20: see exporter/bin/node.mjs.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const mark = join(modules, '.remit-lock');
const SERVICE = ['--workspace=contract', '--workspace=exporter', '--include-workspace-root'];

/**
 * Installs what the service needs to run, when it is missing or the lock file has changed since. What a developer has
 * installed beyond that stays.
 */
export async function installService() {
  const lock = lockHash();
  if (readMark()?.lock === lock || complete(lock)) return;
  if (!existsSync(modules)) {
    await npm('what the service needs', ['ci', ...SERVICE, '--omit=dev']);
  } else {
    const omit = existsSync(join(modules, 'vitest')) ? [] : ['--omit=dev'];
    await npm('what has changed', ['install', '--no-save', ...SERVICE, ...omit]);
  }
  writeMark(lock, false);
}

/** Installs everything, tests and tools included, when any of it is missing or the lock file has changed since. */
export async function installEverything() {
  const lock = lockHash();
  const known = readMark();
  if ((known?.lock === lock && known.everything) || complete(lock)) return;
  await npm('everything, tools and tests included', ['ci']);
  writeMark(lock, true);
}

/** True when npm's own record of `node_modules` holds every package of the lock file, so that nothing need be done. */
function complete(lock) {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages ?? {};
  const found = readJson(join(modules, '.package-lock.json'))?.packages;
  if (found === undefined) return false;
  for (const [path, { version, link, optional }] of Object.entries(wanted)) {
    if (!path.includes('node_modules/') || (optional && found[path] === undefined)) continue;
    if (found[path] === undefined || (!link && found[path].version !== version)) return false;
  }
  writeMark(lock, true);
  return true;
}

async function npm(what, args) {
  const started = Date.now();
  process.stderr.write(`Installing ${what} with npm … `);
  rmSync(mark, { force: true });
  const cli = process.env.npm_execpath;
  const byNpm = cli !== undefined && /npm-cli\.c?js$/.test(cli);
  const all = [...args, '--ignore-scripts', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
  // npm may be about to replace the Node that runs this file: the Node that runs npm itself stays.
  const child = byNpm
    ? spawn(process.env.npm_node_execpath ?? process.execPath, [cli, ...all], options())
    : spawn('npm', all, { ...options(), shell: process.platform === 'win32' });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { said = (said + text).slice(0, 16_000); });
  const code = await new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`npm could not be started (${error.message}). Install Node with npm.`)));
    child.once('close', (exit) => resolve(exit ?? 1));
  });
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  if (code !== 0) {
    process.stderr.write(`failed after ${seconds} s\n`);
    // npm puts the cause first and two pages of usage after it.
    throw new Error(`${said.trim().split('\n').slice(0, 15).join('\n')}\nnpm ${args[0]} failed. It needs the npm registry, or a proxy or mirror set in .npmrc; run the command again after that.`);
  }
  process.stderr.write(`${seconds} s\n`);
}

function options() {
  // Inherited options would bend the install: `npm start --omit=…`, a NODE_ENV of production, one workspace only.
  const { NODE_ENV: _, npm_config_omit: _o, npm_config_workspace: _w, npm_config_workspaces: _s, npm_config_include: _i, ...env } = process.env;
  if (env.npm_config_cache === undefined || !writable(env.npm_config_cache)) {
    if (!writable(homedir())) env.npm_config_cache = join(root, '.cache', 'npm');
  }
  return { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] };
}

function writable(path) {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function lockHash() { return createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex'); }

function readMark() { return readJson(mark); }

function writeMark(lock, everything) {
  mkdirSync(modules, { recursive: true });
  writeFileSync(mark, `${JSON.stringify({ lock, everything })}\n`);
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
