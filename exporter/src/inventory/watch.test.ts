import { mkdir, mkdtemp, open, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchInventory } from './watch.ts';

/** Reports of the system, and nothing else, are what a test waits for. */
const REPORTED = { quiet: 100, poll: 600_000 };
/** As on a file system that reports nothing, seen by looking. */
const LOOKED = { quiet: 20, poll: 60 };

let base = '';
let folder = '';
let stop = new AbortController();
let calls = 0;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'remit-watch-'));
  folder = join(base, 'inventory');
  await mkdir(folder);
  await writeFile(join(folder, 'a.yml'), 'owners: []\n');
  stop = new AbortController();
  calls = 0;
});
afterEach(async () => {
  stop.abort();
  await rm(base, { recursive: true });
});

const start = (path = folder, times = REPORTED): Promise<void> => watchInventory(path, () => void calls++, stop.signal, times);
/** Calls once nothing more comes. */
async function told(expected: number): Promise<number> {
  const until = Date.now() + 3000;
  while (calls < expected && Date.now() < until) await sleep(10);
  await sleep(400);
  return calls;
}

test.each<[string, () => Promise<unknown>]>([
  ['written in place', () => writeFile(join(folder, 'a.yml'), 'owners: [{ team: a }]\n')],
  ['written in pieces', async () => {
    const file = await open(join(folder, 'a.yml'), 'w');
    for (let i = 0; i < 20; i++) {
      await file.write(`# ${i}\n`);
      await sleep(10);
    }
    await file.close();
  }],
  ['renamed over', async () => {
    await writeFile(join(folder, '.a.yml.tmp'), 'version: 1\n');
    await rename(join(folder, '.a.yml.tmp'), join(folder, 'a.yml'));
  }],
  ['added', () => writeFile(join(folder, 'b.yaml'), '')],
  ['removed', () => rm(join(folder, 'a.yml'))],
  ['added in a new folder', async () => {
    await mkdir(join(folder, 'teams/one'), { recursive: true });
    await writeFile(join(folder, 'teams/one/b.yml'), '');
  }],
  ['all changed at once', () => Promise.all(Array.from({ length: 50 }, (_, i) => writeFile(join(folder, `${i}.yml`), 'version: 1\n')))],
  ['replaced with its folder', async () => {
    await rename(folder, join(base, 'old'));
    await mkdir(folder);
    await writeFile(join(folder, 'c.yml'), '');
  }],
])('a change is told once: files %s', async (_, change) => {
  await start();
  await change();
  expect(await told(1)).toBe(1);
  await writeFile(join(folder, 'z.yml'), 'version: 1\n');
  expect(await told(2)).toBe(2);
});

test('links that a mounted configuration swaps', async () => {
  const mounted = join(base, 'mounted');
  await mkdir(join(mounted, '..one'), { recursive: true });
  await writeFile(join(mounted, '..one/a.yml'), 'owners: []\n');
  await symlink('..one', join(mounted, '..data'));
  await symlink('..data/a.yml', join(mounted, 'a.yml'));
  await start(mounted);
  const swap = async (name: string, text: string): Promise<void> => {
    await mkdir(join(mounted, name));
    await writeFile(join(mounted, name, 'a.yml'), text);
    await symlink(name, join(mounted, '..data_tmp'));
    await rename(join(mounted, '..data_tmp'), join(mounted, '..data'));
  };
  await swap('..two', 'owners: [{ team: a }]\n');
  expect(await told(1)).toBe(1);
  await swap('..three', 'owners: [{ team: a }]\n');
  expect(await told(1), 'the same contents').toBe(1);
});

test('a link to the folder that is turned to another', async () => {
  await mkdir(join(base, 'next'));
  await writeFile(join(base, 'next/a.yml'), 'version: 1\n');
  await symlink('inventory', join(base, 'current'));
  await start(join(base, 'current'));
  await symlink('next', join(base, 'turned'));
  await rename(join(base, 'turned'), join(base, 'current'));
  expect(await told(1)).toBe(1);
  await writeFile(join(base, 'next/a.yml'), '');
  expect(await told(2)).toBe(2);
});

test('a single file, and not its neighbours', async () => {
  await start(join(folder, 'a.yml'));
  await writeFile(join(folder, 'b.yml'), '');
  await writeFile(join(folder, 'a.yml.swp'), '');
  expect(await told(0)).toBe(0);
  await writeFile(join(folder, 'a.yml'), 'version: 1\n');
  expect(await told(1)).toBe(1);
});

test('a folder that does not exist yet, and one that goes away', async () => {
  const later = join(base, 'later');
  await start(later);
  await mkdir(later);
  expect(await told(0), 'an empty folder is no change').toBe(0);
  await writeFile(join(later, 'a.yml'), '');
  expect(await told(1)).toBe(1);
  await rm(later, { recursive: true });
  expect(await told(2)).toBe(2);
});

test('what changes nothing is not told', async () => {
  await start();
  await writeFile(join(folder, 'a.yml'), 'owners: []\n');
  await utimes(join(folder, 'a.yml'), new Date(), new Date());
  await writeFile(join(folder, '.hidden.yml'), 'x');
  await writeFile(join(folder, 'README.md'), 'x');
  await writeFile(join(folder, 'schema.json'), '{}');
  expect(await told(0)).toBe(0);
});

test('without reports, changes are found by looking', async () => {
  const far = join(base, 'not/there/yet');
  await start(far, LOOKED);
  await mkdir(far, { recursive: true });
  await writeFile(join(far, 'a.yml'), 'a');
  expect(await told(1)).toBe(1);
  await writeFile(join(far, 'a.yml'), 'b');
  expect(await told(2)).toBe(2);
});

test('what was refused is told again; what cannot be read is told as well', async () => {
  let refused = 2;
  await watchInventory(folder, () => {
    calls++;
    if (refused-- > 0) throw new Error('the store is full');
  }, stop.signal, LOOKED);
  await writeFile(join(folder, 'a.yml'), 'version: 1\n');
  expect(await told(3)).toBe(3);
  await rm(folder, { recursive: true });
  expect(await told(4), 'nothing there').toBe(4);
  await symlink('inventory', folder);
  expect(await told(5), 'a link to itself').toBe(5);
});

test('after the end nothing is told', async () => {
  await start(folder, LOOKED);
  stop.abort();
  await writeFile(join(folder, 'a.yml'), 'version: 1\n');
  expect(await told(0)).toBe(0);
  await start();
});
