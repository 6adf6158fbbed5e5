import { accessSync, constants } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable'];

/**
 * A headless Chromium: the one that `CHROMIUM_PATH` names, else the system's. Throws an error that says how to get one; none is
 * downloaded, as those of browser automation come from no package registry.
 */
export async function launchChromium(): Promise<Browser> {
  const executablePath = [process.env.CHROMIUM_PATH, ...PLACES].find((path) => path !== undefined && runs(path));
  if (executablePath === undefined) throw new Error(`Chromium is needed for these tests: install it (Debian: apt-get install chromium), or set CHROMIUM_PATH. Looked for ${PLACES.join(', ')}`);
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
