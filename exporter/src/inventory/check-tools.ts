import type { CatalogueEntry, IdentityRecord, Problem } from '@remit/contract';
import { closest } from '../lib/closest.ts';
import { parseDuration } from '../lib/duration.ts';
import { GlobSet } from '../lib/glob.ts';
import { checkDuration } from './check-times.ts';
import type { Entry } from './load.ts';
import { lazily } from './memo.ts';
import { noteIn, remembered } from './notes.ts';
import type { Note } from './notes.ts';
import type { Path } from './parse.ts';
import { parseStep, parseTransition } from './sequences.ts';
import { UNKNOWN_CATEGORY } from './tools.ts';

/** What the catalogue knows, asked by the texts of steps. */
export interface Vocabulary { categories: ReadonlySet<string>; tools: ToolNames }

/** Notes entries of the catalogue that never count because the same name and server stand earlier. */
export function checkCatalogue(catalogue: readonly Entry<CatalogueEntry>[], problems: Problem[]): void {
  const first = new Map<string, Entry<CatalogueEntry>>();
  for (const entry of catalogue) {
    const key = JSON.stringify([entry.value.name.toLowerCase(), entry.value.server?.toLowerCase()]);
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, entry);
    else {
      noteIn(entry, problems)('warning', [], `the tool ${entry.value.name.slice(0, 128)} is already at ${earlier.file}:${earlier.place().line}, which counts`,
        'keep one of them, or tell them apart by server');
    }
  }
}

/** What steps are compared with when a file is checked. */
export function vocabularyOf(catalogue: readonly Entry<CatalogueEntry>[]): Vocabulary {
  return { categories: new Set(catalogue.map(({ value }) => value.category)), tools: new ToolNames(catalogue.map(({ value }) => value.name)) };
}

/** Notes what is wrong with a record's tools, sequences, forbidden transitions and purposes. */
export function checkTools(record: IdentityRecord, known: Vocabulary, note: Note): void {
  record.tools?.forEach(({ name, server, mode }, i) => {
    if (/^\**$/.test(name) && server === undefined && mode !== 'deny') {
      note('warning', ['tools', i, 'name'], 'this pattern covers every tool of every server', 'name the tools, or the server');
    }
  });
  if (record.sequences === undefined && record.forbidden_transitions === undefined && record.purposes === undefined) return;
  const own = new ToolNames(record.tools?.map(({ name }) => name) ?? []);
  checkSequences(record, own, known, note);
  checkTransitions(record, own, known, note);
  checkPurposes(record, own, note);
}

function checkSequences(record: IdentityRecord, own: ToolNames, known: Vocabulary, note: Note): void {
  if (record.sequences === undefined) return;
  unique(record.sequences.map(({ name }) => name), 'sequence', (i) => ['sequences', i, 'name'], note);
  record.sequences.forEach(({ steps, max_gap: gap }, i) => {
    checkDuration(gap, ['sequences', i, 'max_gap'], note);
    if (gap !== undefined && parseDuration(gap) === 0) note('error', ['sequences', i, 'max_gap'], 'the gap has no length', 'a duration such as 10m');
    steps.forEach((text, j) => {
      const path = ['sequences', i, 'steps', j];
      const step = parseStep(text);
      if ('fault' in step) note('error', path, step.fault, step.hint);
      else if (isListed(record.tools)) {
        if (!isOwn(step.what, record.tools, own, known)) unknownStep(step.what, 'tools', namesOf(record.tools, known), path, note);
      } else if (known.tools.names.length > 0 && !isCatalogued(step.what, known)) {
        unknownStep(step.what, 'tool_catalogue', [...known.tools.names, ...known.categories], path, note);
      }
    });
  });
}

function checkTransitions(record: IdentityRecord, own: ToolNames, known: Vocabulary, note: Note): void {
  record.forbidden_transitions?.forEach((written, i) => {
    const path = ['forbidden_transitions', i];
    const sides = parseTransition(written);
    if (sides === null) {
      note('error', path, `${JSON.stringify(written.slice(0, 128))} is no transition from one step to another`, 'write one arrow an entry: file_storage -> messaging');
      return;
    }
    for (const side of sides) {
      const step = parseStep(side);
      if ('fault' in step || step.min !== 1 || step.max !== 1) {
        note('error', path, `${JSON.stringify(side.slice(0, 64))} is no step of a transition`, 'a category or a tool, without a repetition: one call on each side is enough');
      } else if (!isOwn(step.what, record.tools ?? [], own, known) && !isCatalogued(step.what, known)) {
        unknownStep(step.what, 'tools and tool_catalogue', [...namesOf(record.tools ?? [], known), ...known.tools.names], path, note);
      }
    }
  });
}

function unknownStep(what: string, where: string, names: readonly string[], path: Path, note: Note): void {
  const near = closest(what, names);
  note('warning', path, `nothing in ${where} is called ${JSON.stringify(what.slice(0, 64))} or has that category`,
    near === null ? 'add the tool with its name and category' : `did you mean ${near}?`);
}

function checkPurposes(record: IdentityRecord, own: ToolNames, note: Note): void {
  const { purposes, tools, actions } = record;
  if (purposes === undefined) return;
  unique(purposes.map(({ id }) => id), 'purpose', (i) => ['purposes', i, 'id'], note);
  const sequences = new Set(record.sequences?.map(({ name }) => name));
  purposes.forEach((purpose, i) => {
    purpose.sequences?.forEach((name, j) => {
      if (sequences.has(name)) return;
      const near = closest(name, sequences);
      note('error', ['purposes', i, 'sequences', j], `the record has no sequence ${JSON.stringify(name.slice(0, 64))}`, near === null ? 'write it in sequences of the record' : `did you mean ${near}?`);
    });
    purpose.tools?.forEach((pattern, j) => {
      if (isListed(tools) && !own.mayHold(pattern)) {
        note('warning', ['purposes', i, 'tools', j], `the record's tools do not hold ${JSON.stringify(pattern.slice(0, 64))}: a purpose only narrows`, 'add it to tools of the record');
      }
    });
    if (isListed(actions) && isListed(purpose.actions)) {
      const allowed = new GlobSet(actions, { ignoreCase: true });
      purpose.actions.forEach((action, j) => {
        if (/[*?]/.test(action) || allowed.test(action)) return;
        note('warning', ['purposes', i, 'actions', j], `the record's actions do not hold ${JSON.stringify(action.slice(0, 128))}: a purpose only narrows`, 'add it to actions of the record');
      });
    }
    if (!isListed(purpose.actions) && !isListed(purpose.tools) && !isListed(purpose.sequences)) {
      note('warning', ['purposes', i], 'the purpose narrows nothing', 'add actions, tools or sequences');
    }
  });
}

type Tools = NonNullable<IdentityRecord['tools']>;

/** Whether a step may be met by a tool of the record. One without a category of its own has that of the catalogue, or writes. */
function isOwn(what: string, tools: Tools, own: ToolNames, known: Vocabulary): boolean {
  if (own.mayHold(what)) return true;
  const category = what.toLowerCase();
  const elsewhere = category === UNKNOWN_CATEGORY || known.categories.has(category);
  return tools.some((tool) => (tool.category === undefined ? elsewhere : tool.category.toLowerCase() === category));
}

function isCatalogued(what: string, known: Vocabulary): boolean {
  return what.toLowerCase() === UNKNOWN_CATEGORY || known.categories.has(what.toLowerCase()) || known.tools.mayHold(what);
}

function namesOf(tools: Tools, known: Vocabulary): string[] {
  return [...tools.map(({ name }) => name), ...tools.flatMap(({ category }) => category ?? []), ...known.categories];
}

/** Patterns over tools, asked whether one of them may mean the same tool as another pattern. */
class ToolNames {
  readonly names: readonly string[];
  /**
   * False only when no name can be matched by both: where both have wildcards, when their fixed beginnings or ends differ. Of
   * a pattern with a server only the tool is compared.
   */
  readonly mayHold: (pattern: string) => boolean;

  constructor(names: readonly string[]) {
    this.names = names;
    this.mayHold = lazily(() => {
      const tools = [...new Set(names.map(toolOf))];
      const all = new GlobSet(tools);
      const exact = tools.filter((tool) => !WILD.test(tool));
      const edges = tools.filter((tool) => WILD.test(tool)).map(edgesOf);
      return remembered((pattern) => {
        const tool = toolOf(pattern);
        if (!WILD.test(tool)) return all.test(tool);
        const one = new GlobSet([tool]);
        const [head, tail] = edgesOf(tool);
        return exact.some((name) => one.test(name))
          || edges.some(([h, t]) => (head.startsWith(h) || h.startsWith(head)) && (tail.endsWith(t) || t.endsWith(tail)));
      });
    });
  }
}

const WILD = /[*?]/;

function toolOf(pattern: string): string {
  return pattern.slice(pattern.lastIndexOf('/') + 1).toLowerCase();
}

function edgesOf(pattern: string): [head: string, tail: string] {
  const pieces = pattern.split(WILD);
  return [pieces[0]!, pieces.at(-1)!];
}

function unique(names: readonly string[], word: string, pathOf: (i: number) => Path, note: Note): void {
  names.forEach((name, i) => {
    if (names.indexOf(name) < i) note('error', pathOf(i), `the ${word} ${JSON.stringify(name.slice(0, 64))} is there twice`, `give every ${word} of a record a name of its own`);
  });
}

function isListed<T>(list: readonly T[] | undefined): list is readonly T[] {
  return list !== undefined && list.length > 0;
}
