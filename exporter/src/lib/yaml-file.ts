import { LineCounter, isMap, isPair, isScalar, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import { z } from 'zod';
import type { Problem } from '@remit/contract';
import { closest } from './closest.ts';

/** A configuration file as its schema reads it, or every problem in it with file, line and column. */
export type YamlFile<T> = { ok: true; value: T } | { ok: false; problems: Problem[] };

/** Reads one YAML document strictly: duplicate keys, unknown keys and wrong types are problems, each at its place. */
export function readYaml<S extends z.ZodType>(file: string, text: string, schema: S): YamlFile<z.output<S>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true, uniqueKeys: true });
  const at = (offset: number): Pick<Problem, 'file' | 'line' | 'column' | 'severity'> => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col), severity: 'error' };
  };
  const broken = document.errors.map((error): Problem => ({ ...at(error.pos[0]), message: error.message }));
  if (broken.length > 0) return { ok: false, problems: broken };

  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (parsed.success) return { ok: true, value: parsed.data };
  const problems: Problem[] = [];
  for (const issue of parsed.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        problems.push({ ...at(offsetOfKey(document, [...issue.path, key])), message: `unknown key ${JSON.stringify(key)}`, hint: spelling(schema, issue.path, key) });
      }
    } else {
      const path = issue.path.map(String).join('.');
      problems.push({ ...at(offsetOfValue(document, issue.path)), message: path === '' ? issue.message : `${path}: ${issue.message}` });
    }
  }
  return { ok: false, problems };
}

/** What to do about an unknown key: the known one it resembles, if there is one. */
function spelling(schema: z.ZodType, path: readonly PropertyKey[], key: string): string {
  let at: z.ZodType = schema;
  for (const part of path) {
    const next = typeof part === 'number' ? elementOf(at) : shapeOf(at)[String(part)];
    if (next === undefined) return 'remove it, or correct its spelling';
    at = next;
  }
  const near = closest(key, Object.keys(shapeOf(at)));
  return near === null ? 'remove it, or correct its spelling' : `did you mean ${near}?`;
}

function elementOf(schema: z.ZodType): z.ZodType | undefined {
  const inner = unwrapped(schema);
  return inner instanceof z.ZodArray ? inner.element as z.ZodType : undefined;
}

function unwrapped(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodPipe) {
    inner = (inner instanceof z.ZodPipe ? inner.out : inner.unwrap()) as z.ZodType;
  }
  return inner;
}

function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  const inner = unwrapped(schema);
  return inner instanceof z.ZodObject ? (inner.shape as Record<string, z.ZodType>) : {};
}

/** Where the value at this path begins; where it is missing, the nearest parent that exists. */
function offsetOfValue(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true) as Node | undefined;
    if (node?.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

function offsetOfKey(document: Document, path: readonly PropertyKey[]): number {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const pair = isMap(parent) ? parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === path.at(-1)) : undefined;
  return isScalar(pair?.key) && pair.key.range ? pair.key.range[0] : offsetOfValue(document, path.slice(0, -1));
}
