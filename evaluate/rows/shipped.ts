import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { inventoryOf, type InventoryEntry } from './judge.ts';

const root = new URL('../../', import.meta.url);

/** Records of a gzipped or plain file of JSON lines: of `examples/data` by its name, of any other by its path. */
export function readLines<T>(file: string | URL): T[] {
  const bytes = readFileSync(file);
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString();
  return text.split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as T);
}

/** Records that ship in `examples/data`. */
export function shippedLines<T>(name: string): T[] { return readLines(new URL(`examples/data/${name}.jsonl.gz`, root)); }

/** A committed table beside this file. */
export function table<T>(name: string): T { return parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T; }

/** A committed inventory beside this file; `change` may alter its text. */
export function committedInventory(name: string, change: (text: string) => string = (text) => text): InventoryEntry {
  return inventoryOf(name, change(readFileSync(new URL(name, import.meta.url), 'utf8')));
}
