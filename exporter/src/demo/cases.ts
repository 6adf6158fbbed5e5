import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { DetectorId, Millis, Severity } from '@remit/contract';
import { shiftInventory, shiftRecord, type Shift } from './shift.ts';

const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));

/** What a case must find: one alert, however many findings stand behind it. */
export interface Found { detector: DetectorId; alertname: string; identity: string; owner: string; severity: Severity; why: string }
/** An identity about which nobody may be paged; where it is also found, what else it does. `silenced`: its exception keeps a finding of this detector quiet. */
export interface Quiet { identity: string; why: string; silenced?: DetectorId }
/** Records of one provider, and the path that takes them over HTTP. */
export interface Feed { file: string; to: string; records: readonly unknown[] }

/** One use case of `examples/`: a story with a fixed time, the inventory that it is judged by, and what must come of it. */
export interface ExampleCase {
  id: string; title: string; at: Millis;
  feeds: readonly Feed[];
  /** Texts of YAML files, by name. */
  inventory: ReadonlyMap<string, string>;
  found: readonly Found[]; quiet: readonly Quiet[];
}

interface Written { title: string; at: string; send: { file: string; to: string }[]; found: Found[]; quiet: Quiet[] }

/** All cases of the repository in the order of their number; a case is a folder with an `expect.yml`. */
export function exampleCases(folder = EXAMPLES): ExampleCase[] {
  return readdirSync(folder).filter((id) => existsSync(join(folder, id, 'expect.yml'))).map((id) => readCase(join(folder, id), id))
    .sort((a, b) => (a.title < b.title ? -1 : 1));
}

/** The same story at another time. */
export function retold(story: ExampleCase, shift: Shift): ExampleCase {
  return {
    ...story, at: story.at + shift.seconds * 1000,
    feeds: story.feeds.map((feed) => ({ ...feed, records: feed.records.map((record) => shiftRecord(record, shift)) })),
    inventory: new Map([...story.inventory].map(([name, text]) => [name, shiftInventory(text, shift)])),
  };
}

function readCase(folder: string, id: string): ExampleCase {
  const { title, at, send, found, quiet } = parse(readFileSync(join(folder, 'expect.yml'), 'utf8')) as Written;
  const inventory = readdirSync(join(folder, 'inventory')).filter((name) => name.endsWith('.yml')).sort();
  return {
    id, title, at: Date.parse(at), found, quiet,
    feeds: send.map(({ file, to }) => ({ file, to, records: lines(join(folder, 'events', file)) })),
    inventory: new Map(inventory.map((name) => [name, readFileSync(join(folder, 'inventory', name), 'utf8')])),
  };
}

function lines(path: string): unknown[] {
  return readFileSync(path, 'utf8').split('\n').filter((line) => line !== '').map((line): unknown => JSON.parse(line));
}
