// Plain JavaScript for Node 20: it runs before the Node that the project brings is known to be there.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WANTED = 24;

/**
 * What the exporter is run with. Events live until they are on disk, a little longer than V8's nursery expects, and a larger one
 * spares copying them (a fifth of the whole path); it costs up to 128 MiB of memory under load. And V8 forgets what objects look
 * like that none is left of at a collection, and with it the code made for them: kept, it need not be made again (a tenth).
 */
export const FLAGS = ['--min-semi-space-size=64', '--max-semi-space-size=64', '--retain-maps-for-n-gc=1000'];
/**
 * Environment of the exporter: from the second start on, its code is compiled already, that of its threads too. Where the folder
 * cannot be written, Node goes on without.
 */
export const ENVIRONMENT = { NODE_COMPILE_CACHE: fileURLToPath(new URL('../../.cache/compile', import.meta.url)), ...process.env };
/** Spawn options for the exporter. It ends when this program is killed: it notices that the channel closes. */
export const TIED = { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: ENVIRONMENT };

/**
 * Path of a Node 24 or later: the one npm brought into `node_modules`, else the running one. Throws with what to do when
 * there is neither.
 * @param {string} root folder that holds `node_modules`
 */
export function findNode(root) {
  const brought = join(root, 'node_modules', '.bin', 'node');
  // The brought one is built for glibc: where it does not start, it is as good as absent.
  if (existsSync(brought) && major(spawnSync(brought, ['--version'], { encoding: 'utf8' }).stdout ?? '') >= WANTED) return brought;
  if (major(process.version) >= WANTED) return process.execPath;
  throw new Error(
    `Remit needs Node ${WANTED} or later; this is Node ${process.version} on ${process.platform}-${process.arch}, for which npm brings none.\n`
    + `Install Node ${WANTED} (https://nodejs.org/en/download) and run the same command again.`,
  );
}

/**
 * Runs a program in place of this one: same terminal, signals passed on, its exit code kept (128 + n for signal n).
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>}
 */
export function run(program, args, options = {}) {
  const child = spawn(program, args, { stdio: 'inherit', ...options });
  const forward = (signal) => {
    // A terminal sends Ctrl-C to the whole group; a second one would mean: stop at once.
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, forward);
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

/** Ends the process with one readable message and code 1. */
export function fail(error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

function major(version) { return Number(/^v(\d+)\./.exec(version.trim())?.[1] ?? 0); }
