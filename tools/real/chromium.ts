import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';

const run = promisify(execFile);
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable'];
const INSTALL_WITHIN = 300_000;

/**
 * A headless Chromium: the one that `CHROMIUM_PATH` names, else the system's, else Debian's package, installed where this may. Throws an
 * error that says what was tried; those that come with browser automation are in no package registry.
 */
export async function launchChromium(): Promise<Browser> {
  const executablePath = found() ?? await installed();
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-quic'] });
}

function found(): string | undefined {
  return [process.env['CHROMIUM_PATH'], ...PLACES].find((path) => path !== undefined && runs(path));
}

/** A browser needs dozens of libraries: unpacking its package is not enough. */
async function installed(): Promise<string> {
  const tried: string[] = [];
  const attempt = async (...args: string[]): Promise<void> => {
    try {
      await run('apt-get', args, { timeout: INSTALL_WITHIN, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    } catch (error) {
      tried.push(`apt-get ${args.join(' ')}: ${String((error as { stderr?: string }).stderr ?? error).trim().split('\n').at(-1)}`);
    }
  };
  const install = ['install', '-y', '--no-install-recommends', 'chromium'];
  await attempt(...install);
  if (found() === undefined) {
    await attempt('update');
    await attempt(...install);
  }
  const path = found();
  if (path !== undefined) return path;
  throw new Error(['Chromium is needed for these tests: install it (Debian: apt-get install chromium), or set CHROMIUM_PATH. Tried:', ...tried.map((t) => `  ${t}`)].join('\n'));
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
