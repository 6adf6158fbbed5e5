import type { Problem } from '@remit/contract';
import { isAlias, isCollection, isMap, isNode, isPair, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';

/** Where something is written; both count from 1. */
export interface Place { line: number; column: number }
export type Path = readonly PropertyKey[];

/** A file as plain data, with the place of each part of it. */
export interface ParsedFile {
  value: unknown;
  /** Place of the value at a path, or of the nearest thing around it. With `key`, of the key itself. */
  place(path: Path, key?: boolean): Place;
}

const ALIASES_AT_MOST = 100;
const PROBLEMS_AT_MOST = 20;

/** Reads YAML 1.2 (JSON is part of it) without tags, merge keys or repeated keys; every syntax error is a problem with its place. */
export function parseFile(file: string, text: string): ParsedFile | { problems: Problem[] } {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines, version: '1.2', schema: 'core', merge: false, uniqueKeys: true, prettyErrors: false, logLevel: 'error',
    });
    // An unknown tag is only a warning to the library; here it would turn typed data into something else unseen.
    const faults = [...document.errors, ...document.warnings];
    if (faults.length > 0) {
      return { problems: faults.slice(0, PROBLEMS_AT_MOST).map((f) => syntaxProblem(file, text, lines, f.pos[0], f.code, f.message)) };
    }
    return {
      value: document.toJS({ maxAliasCount: ALIASES_AT_MOST }) as unknown,
      place: (path, key = false) => placeAt(lines, offsetOf(document, path, key)),
    };
  } catch (error) {
    const bomb = error instanceof ReferenceError;
    return { problems: [{
      file, line: 1, column: 1, severity: 'error',
      message: bomb ? 'too many aliases (*name)' : 'the file is nested too deeply to be read',
      hint: bomb ? 'write the repeated parts out, or generate the file as JSON' : 'an inventory needs no more than ten levels',
    }] };
  }
}

const SYNTAX: Record<string, [message: string, hint: string]> = {
  DUPLICATE_KEY: ['this key is there twice', 'keep one of them'],
  TAB_AS_INDENT: ['a tab is used to indent', 'indent with spaces'],
  MULTIPLE_DOCS: ['a second YAML document begins here', 'write one document a file: put the second part into a file of its own'],
  TAG_RESOLVE_FAILED: ['tags are not taken', 'remove the tag; quote the value if it is text'],
  BAD_INDENT: ['the indentation does not fit', 'indent the items of one list, and the keys of one record, equally'],
  BLOCK_AS_IMPLICIT_KEY: ['a key or a list cannot begin here', 'quote texts that contain ": ", and indent by two spaces'],
  MISSING_CHAR: ['something is missing here', 'close every quote and bracket, and write a colon after each key'],
};

function syntaxProblem(file: string, text: string, lines: LineCounter, offset: number, code: string, said: string): Problem {
  const [message, hint] = SYNTAX[code] ?? [null, 'check quotes, brackets and indentation'];
  const plain = said.split('\n', 1)[0]!.slice(0, 200);
  return {
    file, ...placeAt(lines, Math.min(offset, text.length)), severity: 'error', hint,
    message: message === null ? plain : `${message} (${plain})`,
  };
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** Offset of the node at a path; where the path leaves the document, of the last node on the way. */
function offsetOf(document: Document, path: Path, key: boolean): number {
  let node: unknown = document.contents;
  let offset = start(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (!isCollection(node)) break;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) break;
      const keyed = start(pair.key) ?? offset;
      const last = depth === path.length - 1;
      offset = last && key ? keyed : start(pair.value) ?? keyed;
      // An empty value sits after the colon, where nothing is to be seen; its key is.
      if (isScalar(pair.value) && pair.value.range !== undefined && pair.value.range?.[0] === pair.value.range?.[1]) offset = keyed;
      node = pair.value;
    } else {
      const item: unknown = node.items[Number(step)];
      if (item === undefined || isPair(item)) break;
      offset = start(item) ?? offset;
      node = item;
    }
  }
  return offset;
}

function start(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
