import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readInventoryFolder, UnreadableInventory } from './folder.ts';

let base = '';
let folder = '';
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'remit-inventory-'));
  folder = join(base, 'inventory');
  await mkdir(folder);
});
afterEach(() => rm(base, { recursive: true }));

const put = async (name: string, text: string | Uint8Array = name): Promise<void> => {
  await mkdir(join(folder, name, '..'), { recursive: true });
  await writeFile(join(folder, name), text);
};

test('files are read by their path below the folder, hidden ones, schemas and others left out', async () => {
  for (const name of ['a.yml', 'b/c.yaml', 'proposed/d.json', 'E.YML', '.git/x.yml', '.hidden.yml', 'schema.json', 'my.schema.json', 'README.md']) await put(name);
  expect(await readInventoryFolder(folder)).toEqual({ 'E.YML': 'E.YML', 'a.yml': 'a.yml', 'b/c.yaml': 'b/c.yaml', 'proposed/d.json': 'proposed/d.json' });
  expect(await readInventoryFolder(join(folder, 'a.yml'))).toEqual({ 'a.yml': 'a.yml' });
});

test('no folder and an empty one are an empty inventory', async () => {
  expect(await readInventoryFolder(folder)).toEqual({});
  expect(await readInventoryFolder(join(folder, 'missing'))).toEqual({});
});

test('links are followed inside the folder, as mounted configuration has them, and never out of it', async () => {
  await writeFile(join(base, 'secret.yml'), 'secret');
  await put('..v1/a.yml', 'mounted');
  await symlink('..v1', join(folder, '..data'));
  await symlink('..data/a.yml', join(folder, 'a.yml'));
  await symlink('../secret.yml', join(folder, 'out.yml'));
  await symlink('..', join(folder, 'up'));
  await symlink('nowhere.yml', join(folder, 'broken.yml'));
  expect(await readInventoryFolder(folder)).toEqual({ 'a.yml': 'mounted' });
});

test('what is too large or no text is refused with its name', async () => {
  await put('big.yml');
  await truncate(join(folder, 'big.yml'), 10 * 1024 * 1024 + 1);
  await expect(readInventoryFolder(folder)).rejects.toThrow('big.yml: the file is larger than 10 MiB');
  await truncate(join(folder, 'big.yml'), 10 * 1024 * 1024);
  for (let i = 0; i < 6; i++) {
    await put(`big${i}.yml`);
    await truncate(join(folder, `big${i}.yml`), 10 * 1024 * 1024);
  }
  await expect(readInventoryFolder(folder)).rejects.toThrow('the inventory is larger than 64 MiB in all');
  await rm(folder, { recursive: true });
  await put('latin.yml', new Uint8Array([0x61, 0xff, 0x62]));
  await expect(readInventoryFolder(folder)).rejects.toBeInstanceOf(UnreadableInventory);
});
