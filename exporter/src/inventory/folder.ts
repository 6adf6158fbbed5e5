import type { Problem } from '@remit/contract';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { FILE_LIMIT, TOTAL_LIMIT, tooLarge } from './load.ts';

const FILES_AT_MOST = 10_000;
const DEEPEST = 16;

/** The inventory's files cannot be taken as they are: too large, or no text. Carries what to tell the operator. */
export class UnreadableInventory extends Error {
  readonly problems: Problem[];
  constructor(problems: Problem[]) {
    super(problems.map((p) => `${p.file}: ${p.message}`).join('; '));
    this.name = 'UnreadableInventory';
    this.problems = problems;
  }
}

/** What makes up an inventory on disk: real paths, files in order, with their names in the inventory; folders that were looked into. */
export interface InventoryListing { root: string; files: { path: string; name: string }[]; folders: string[] }

/**
 * The text of every `.yml`, `.yaml` and `.json` file below a folder, by its path relative to the folder, or of one file. No
 * such folder, or an empty one, is an empty inventory. Hidden names and JSON Schemas (`schema.json`) are left out; links are
 * followed to files inside the folder only, as mounted configuration needs it. Throws `UnreadableInventory` when a file is
 * larger than 10 MiB, all together than 64 MiB, or one is not UTF-8; what the system refuses is thrown as it comes.
 */
export async function readInventoryFolder(path: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  let total = 0;
  for (const { path: file, name } of (await listInventory(path))?.files ?? []) {
    // The size is asked before anything is read, and again of what was read, since a file may grow in between.
    const size = (await stat(file)).size;
    const bytes = size > FILE_LIMIT || total + size > TOTAL_LIMIT ? null : await readFile(file);
    total += bytes?.length ?? size;
    if (bytes === null || bytes.length > FILE_LIMIT) throw new UnreadableInventory([tooLarge(name, size <= FILE_LIMIT)]);
    files[name] = decode(name, bytes);
  }
  return files;
}

/** The files that `readInventoryFolder` would read, or null when there is nothing at the path. Throws as that does. */
export async function listInventory(path: string): Promise<InventoryListing | null> {
  let root: string;
  try {
    root = await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  if ((await stat(root)).isFile()) return { root, files: [{ path: root, name: basename(path) }], folders: [] };
  const found: string[] = [];
  const folders: string[] = [];
  await walk(root, root, 0, found, folders);
  const files = found.sort().map((file) => ({ path: file, name: relative(root, file).split(sep).join('/') }));
  return { root, files, folders };
}

async function walk(root: string, folder: string, depth: number, found: string[], folders: string[]): Promise<void> {
  folders.push(folder);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory() && depth < DEEPEST) await walk(root, path, depth + 1, found, folders);
    else if (/\.(ya?ml|json)$/i.test(entry.name) && !/(^|\.)schema\.json$/i.test(entry.name)
      && (entry.isFile() || await isInside(root, path))) found.push(path);
    if (found.length > FILES_AT_MOST) {
      throw new UnreadableInventory([{
        file: relative(root, folder), line: 1, column: 1, severity: 'error', message: `more than ${FILES_AT_MOST} files`,
        hint: 'point --inventory.path at the inventory alone',
      }]);
    }
  }
}

/** A link to a regular file that does not leave the folder. */
async function isInside(root: string, path: string): Promise<boolean> {
  try {
    const target = await realpath(path);
    return target.startsWith(root + sep) && (await stat(target)).isFile();
  } catch {
    return false;
  }
}

function decode(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableInventory([{
      file: name, line: 1, column: 1, severity: 'error', message: 'the file is not UTF-8 text', hint: 'save it as UTF-8',
    }]);
  }
}
