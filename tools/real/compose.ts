import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Path of `docker-compose`, which reads and checks a compose file without an engine: from the PATH, else Debian's package is installed. Throws
 * an error that says what to do.
 */
export async function ensureCompose(): Promise<string> {
  const found = onPath();
  if (found !== null) return found;
  const install = () => run('apt-get', ['install', '--yes', '--no-install-recommends', 'docker-compose'], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: 300_000 });
  try {
    await install().catch(async () => { await run('apt-get', ['update'], { timeout: 300_000 }); await install(); });
  } catch (error) {
    throw new Error(`docker-compose is needed to check docker-compose.yml and cannot be installed (${String((error as { stderr?: string }).stderr ?? error).trim().split('\n').at(-1)}). Install it (Debian: docker-compose).`);
  }
  const installed = onPath();
  if (installed === null) throw new Error('docker-compose was installed and is not on the PATH');
  return installed;
}

function onPath(): string | null {
  return (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'docker-compose')).find(runs) ?? null;
}

function runs(file: string): boolean {
  try { accessSync(file, constants.X_OK); return true; } catch { return false; }
}
