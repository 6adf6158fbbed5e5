import type { CatalogueEntry, Exception, IdentityRecord, Inventory, Millis, Owner, Problem } from '@remit/contract';
import { inventoryFileSchema } from '@remit/contract';
import { hash } from 'node:crypto';
import { parseDuration } from '../lib/duration.ts';
import { vocabularyOf } from './check-tools.ts';
import { checkFleet, checkRecord } from './checks.ts';
import { compileClassifier } from './data-classes.ts';
import type { Classification } from './data-classes.ts';
import type { ListedException } from './exceptions.ts';
import { CompiledInventory } from './match.ts';
import { MemoPool } from './memo.ts';
import { parseFile } from './parse.ts';
import type { Path, Place } from './parse.ts';
import { readPlainYaml } from './plain-yaml.ts';
import { schemaProblems } from './problems.ts';
import { compileRemit } from './remit.ts';
import { compileCatalogue, undeclaredTools } from './tools.ts';

/** Largest file, and largest sum of all files, in characters. */
export const FILE_LIMIT = 10 * 1024 * 1024;
export const TOTAL_LIMIT = 64 * 1024 * 1024;
const PROBLEMS_LISTED = 200;

export type LoadResult = { inventory: Inventory; problems: Problem[] } | { inventory: null; problems: Problem[] };

export interface LoadOptions {
  /** When the files came into force: exceptions are called expired, and an undated end of life counts, from then. */
  importedAt: Millis;
  /** The inventory in force before, which knows since when an undated end of life has been known. */
  previous?: Inventory;
  /** Ids of detectors, to point out exceptions for one that does not exist. */
  detectors?: ReadonlySet<string>;
}

/** A part of a file: what it says and where it stands. */
export interface Entry<T> {
  value: T;
  file: string;
  /** In a folder of proposals: judged in shadow until a person moves it out. */
  proposed: boolean;
  place(path?: Path): Place;
}
export interface Draft {
  owners: Entry<Owner>[]; identities: Entry<IdentityRecord>[]; exceptions: Entry<Exception>[];
  catalogue: Entry<CatalogueEntry>[]; dataClasses: Entry<Classification>[];
}

/**
 * Builds an inventory from the text of its files, by path. Pure: the same files and options give the same inventory, so that
 * a journaled revision can be built again. Any error refuses the whole, and the caller keeps the inventory it has; problems
 * with an inventory are warnings. At most 200 problems are listed, the last of them saying how many more there are.
 */
export function loadInventory(files: Readonly<Record<string, string>>, options: LoadOptions): LoadResult {
  const problems: Problem[] = [];
  const draft: Draft = { owners: [], identities: [], exceptions: [], catalogue: [], dataClasses: [] };
  const paths = Object.keys(files).sort();
  let total = 0;
  for (const path of paths) {
    total += files[path]!.length;
    if (files[path]!.length > FILE_LIMIT || total > TOTAL_LIMIT) problems.push(tooLarge(path, total > TOTAL_LIMIT));
    else readFile(path, files[path]!, draft, problems);
  }
  const known = vocabularyOf(draft.catalogue);
  for (const entry of draft.identities) checkRecord(entry, known, options, problems);
  const kept = checkFleet(draft, options, problems);
  const inventory = problems.some(({ severity }) => severity === 'error') ? null : build(kept, revisionOf(files, paths), options);
  return { inventory, problems: bounded(problems) };
}

/** The revision of an inventory: 32 hex digits over the paths and contents of its files. */
export function revisionOf(files: Readonly<Record<string, string>>, paths = Object.keys(files).sort()): string {
  return hash('sha256', JSON.stringify(paths.map((path) => [path, files[path]])), 'hex').slice(0, 32);
}

export function tooLarge(file: string, all: boolean): Problem {
  return {
    file, line: 1, column: 1, severity: 'error',
    message: all ? 'the inventory is larger than 64 MiB in all' : 'the file is larger than 10 MiB',
    hint: all ? 'point --inventory.path at the inventory alone' : 'split it into several files',
  };
}

function readFile(file: string, text: string, draft: Draft, problems: Problem[]): void {
  const parsed = readPlainYaml(text) ?? parseFile(file, text);
  if ('problems' in parsed) {
    problems.push(...parsed.problems);
    return;
  }
  const checked = inventoryFileSchema.safeParse(parsed.value ?? {});
  if (!checked.success) {
    problems.push(...schemaProblems(file, parsed, checked.error.issues));
    return;
  }
  const proposed = /(^|\/)proposed\//.test(file);
  const entry = <T>(list: string, value: T, i: number): Entry<T> => ({
    value, file, proposed, place: (path = []) => parsed.place([list, i, ...path]),
  });
  const { owners = [], identities = [], exceptions = [], tool_catalogue: catalogue = [], data_classes: dataClasses = [] } = checked.data;
  owners.forEach((value, i) => draft.owners.push(entry('owners', value, i)));
  identities.forEach((value, i) => draft.identities.push(entry('identities', value, i)));
  exceptions.forEach((value, i) => draft.exceptions.push(entry('exceptions', value, i)));
  if (proposed) {
    for (const list of ['tool_catalogue', 'data_classes'] as const) {
      if (checked.data[list] === undefined) continue;
      problems.push({
        file, ...parsed.place([list], true), severity: 'warning', message: `${list} under proposed/ is not in force`,
        hint: 'it would change what reviewed records mean: move it out once it is reviewed',
      });
    }
    return;
  }
  catalogue.forEach((value, i) => draft.catalogue.push(entry('tool_catalogue', value, i)));
  dataClasses.forEach((value, i) => draft.dataClasses.push(entry('data_classes', value, i)));
}

function build(draft: Draft, revision: string, options: LoadOptions): Inventory {
  const memos = new MemoPool();
  const catalogue = compileCatalogue(draft.catalogue.map(({ value }) => value), memos);
  const classOf = compileClassifier(draft.dataClasses.map(({ value }) => value), memos);
  const shop = {
    catalogue, undeclaredTools: undeclaredTools(catalogue, memos), isRestricted: (uid: string) => classOf(uid) === 'restricted',
    crons: new Map(), memos, importedAt: options.importedAt, undatedSince: undatedSince(options.previous),
    owners: new Map(draft.owners.map(({ value }) => [value.team, value])),
  };
  const listed: ListedException[] = [];
  const records = draft.identities.map((entry) => {
    const { value, file, proposed } = entry;
    const remit = compileRemit(value, `${file}:${entry.place().line}`, proposed, shop);
    if (remit.reviewed) {
      value.exceptions?.forEach((exception, i) => listed.push({
        exception, identity: value.urn, where: `${file}:${entry.place(['exceptions', i]).line}`,
      }));
    }
    return remit;
  });
  for (const entry of draft.exceptions) {
    listed.push({ exception: entry.value, identity: entry.value.identity ?? null, where: `${entry.file}:${entry.place().line}` });
  }
  return new CompiledInventory({ revision, records, owners: draft.owners.map(({ value }) => value), exceptions: listed, memos, classOf, toolOf: shop.undeclaredTools });
}

function undatedSince(previous: Inventory | undefined): Map<string, Millis> {
  const since = new Map<string, Millis>();
  for (const remit of previous?.records() ?? []) {
    const end = remit.endOfLife();
    if (end?.declared === false) since.set(remit.record.urn, end.at - (parseDuration(remit.record.grace ?? '0s') ?? 0));
  }
  return since;
}

function bounded(problems: Problem[]): Problem[] {
  problems.sort((a, b) => (a.severity === b.severity ? 0 : a.severity === 'error' ? -1 : 1)
    || (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column));
  if (problems.length <= PROBLEMS_LISTED) return problems;
  const rest = problems.length - PROBLEMS_LISTED + 1;
  const next = problems[PROBLEMS_LISTED - 1]!;
  return [...problems.slice(0, PROBLEMS_LISTED - 1), { ...next, message: `${next.message} (and ${rest - 1} more problems)` }];
}
