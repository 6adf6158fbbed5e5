/** A JSON object of unknown content. */
export type Json = { readonly [key: string]: unknown };

/** The way to a value: names of fields and places in lists, outermost first. Empty: the record itself. */
export type Path = readonly (string | number)[];

const NAME = /[A-Za-z_@$][\w@$-]*/y;
const PLACE = /\[(\d{1,6})\]/y;
const QUOTED = /"((?:[^"\\]|\\["\\])*)"/y;
const DEEPEST = 32;

/**
 * Reads `user.name`, `objects[0].id`, `"a field with.dots".value`; `.` alone is the record, or the element of a list. Null for anything
 * else.
 */
export function parsePath(text: string): Path | null {
  if (text === '.') return [];
  const path: (string | number)[] = [];
  let at = 0;
  const next = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found;
  };
  do {
    const quoted = next(QUOTED);
    const name = quoted ? quoted[1]!.replaceAll(/\\(["\\])/g, '$1') : next(NAME)?.[0];
    if (name === undefined) return null;
    path.push(name);
    for (let place = next(PLACE); place; place = next(PLACE)) path.push(Number(place[1]));
    if (path.length > DEEPEST) return null;
    if (at === text.length) return path;
  } while (text[at++] === '.');
  return null;
}

/** What lies at the end of the path; undefined where it leads nowhere. Only own fields count, whatever their names. */
export function at(record: unknown, path: Path): unknown {
  let value = record;
  for (let i = 0; i < path.length; i++) {
    if (typeof value !== 'object' || value === null) return undefined;
    const step = path[i]!;
    if (Array.isArray(value) ? typeof step !== 'number' : typeof step === 'number') return undefined;
    if (!Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** A text with paths in braces, `db/{database}/{objects[0].name}`; `{{` is a brace. Null when it is broken. */
export function parseText(text: string): (string | Path)[] | null {
  const parts: (string | Path)[] = [];
  let literal = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if ((c === '{' || c === '}') && text[i + 1] === c) {
      literal += c;
      i++;
    } else if (c === '}') return null;
    else if (c === '{') {
      const end = text.indexOf('}', i);
      const path = end < 0 ? null : parsePath(text.slice(i + 1, end));
      if (!path) return null;
      if (literal !== '') parts.push(literal);
      literal = '';
      parts.push(path);
      i = end;
    } else literal += c;
  }
  if (literal !== '') parts.push(literal);
  return parts;
}
