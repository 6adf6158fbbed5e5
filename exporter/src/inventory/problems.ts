import type { Problem } from '@remit/contract';
import { inventoryFileSchema } from '@remit/contract';
import { z } from 'zod';
import { closest } from '../lib/closest.ts';
import type { ParsedFile, Path } from './parse.ts';

type Issue = z.core.$ZodIssue;
interface JsonSchema {
  properties?: Record<string, JsonSchema>; items?: JsonSchema; required?: string[]; description?: string; pattern?: string;
}

/** One problem for each thing the schema refuses in a file, at its line and column, with a hint. */
export function schemaProblems(file: string, parsed: ParsedFile, issues: readonly Issue[]): Problem[] {
  return issues.flatMap((issue) => explain(issue, parsed.value).map(({ path, key, message, hint }): Problem => ({
    file, ...parsed.place(path, key), severity: 'error', message, ...(hint === undefined ? {} : { hint }),
  })));
}

interface Explanation { path: Path; key: boolean; message: string; hint?: string | undefined }

function explain(issue: Issue, value: unknown): Explanation[] {
  const { path } = issue;
  const name = shown(path);
  const at = { path, key: false };
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key));
    case 'invalid_type':
      return [typeProblem(issue, value)];
    case 'invalid_value': {
      const options = issue.values.map(String);
      const near = closest(String(look(value, path)), options);
      return [{
        ...at, message: `${name} must be ${options.length === 1 ? options[0] : `one of ${options.join(', ')}`}`,
        hint: near === null ? undefined : `did you mean ${near}?`,
      }];
    }
    case 'invalid_key':
      return [{ ...at, key: true, message: `${name} is no label name`, hint: 'letters, digits and underscores, not beginning with a digit' }];
    case 'invalid_format':
      return [{ ...at, message: `${name} is not in the form expected`, hint: formOf(issue) }];
    case 'too_small':
    case 'too_big': {
      const limit = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
      const unit = issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' items' : '';
      const bound = 'inclusive' in issue && issue.inclusive === false ? limit.replace('at least', 'more than').replace('at most', 'less than') : limit;
      return [{ ...at, message: `${name} must have ${bound}${unit}`.replace('must have', unit === '' ? 'must be' : 'must have') }];
    }
    case 'invalid_union':
      return [{ ...at, message: `${name} is in none of the forms expected`, hint: schemaAt(path)?.description }];
    default:
      return [{ ...at, message: `${name}: ${issue.message.slice(0, 200)}` }];
  }
}

function typeProblem(issue: z.core.$ZodIssueInvalidType, value: unknown): Explanation {
  const { path } = issue;
  const found = look(value, path);
  const name = shown(path);
  if (found === undefined) {
    const form = schemaAt(path)?.description;
    return {
      path: path.slice(0, -1), key: false, message: `${name} is missing`,
      hint: name === 'expires_at' ? 'every exception ends: add expires_at: with a time such as 2027-01-31T00:00:00Z' : form === undefined ? undefined : `add ${name}: ${form}`,
    };
  }
  const wanted = WANTED[issue.expected] ?? `a ${issue.expected}`;
  const hint = found === null ? 'give it a value, or remove the key'
    : issue.expected === 'string' && typeof found !== 'object' ? 'put it in quotes'
      : issue.expected === 'array' ? 'write a list: [a, b], or one "- item" a line' : undefined;
  return { path, key: false, message: `${name} must be ${wanted}, not ${kind(found)}`, hint };
}

const WANTED: Record<string, string> = {
  string: 'a text', array: 'a list', object: 'a set of keys', record: 'a set of keys', boolean: 'true or false', number: 'a number', int: 'a whole number',
};

function kind(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a set of keys' : typeof value === 'string' ? 'a text' : `${typeof value === 'number' ? 'the number ' : ''}${String(value)}`;
}

function unknownKey(path: Path, key: string): Explanation {
  const known = Object.keys(schemaAt(path)?.properties ?? {}).filter((k) => k !== '$schema');
  const near = closest(key, known);
  const where = path.length === 0 ? 'at the top of an inventory file' : `in ${shown(path)}`;
  return {
    path: [...path, key], key: true, message: `unknown key ${JSON.stringify(key.slice(0, 64))} ${where}`,
    hint: near !== null ? `did you mean ${near}?` : known.length > 0 && known.length <= 12 ? `known here: ${known.join(', ')}` : 'see inventory/schema.json for the keys known here',
  };
}

/** The form a text should have, in the words of the schema where it has any. */
function formOf(issue: z.core.$ZodIssueInvalidStringFormat): string {
  if (!issue.message.startsWith('Invalid ')) return `expected ${issue.message}`;
  return schemaAt(issue.path)?.description ?? `it must match ${String(issue.pattern).slice(0, 120)}`;
}

/** Names a place as people do: `aliases[0].value`, without the way through `identities[3]`. */
function shown(path: Path): string {
  const inner = path.length > 2 && typeof path[1] === 'number' ? path.slice(2) : path;
  let text = '';
  for (const step of inner) text += typeof step === 'number' ? `[${step}]` : `${text === '' ? '' : '.'}${String(step).slice(0, 64)}`;
  return text === '' ? 'the file' : text;
}

function look(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[step];
  }
  return at;
}

let schema: JsonSchema | null = null;

function schemaAt(path: Path): JsonSchema | undefined {
  schema ??= z.toJSONSchema(inventoryFileSchema, { io: 'input' }) as JsonSchema;
  let at: JsonSchema | undefined = schema;
  for (const step of path) at = typeof step === 'number' ? at?.items : at?.properties?.[String(step)];
  return at;
}
