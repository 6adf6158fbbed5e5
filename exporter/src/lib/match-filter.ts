import { RE2JS } from 're2js';
import type { FilterOp } from '@remit/contract';

/** What a condition is asked about: several values where a thing has several. */
export type Matchable = string | number | boolean | null | undefined | readonly string[];
export type Match = (value: Matchable) => boolean;

/** A condition that cannot be used, in a sentence for whoever wrote it. */
export class BadCondition extends Error {}

/** Texts whose answer one list of expressions remembers, and lists that are remembered: dashboards ask the same again and again. */
const REMEMBERED = 20_000;
const LISTS = 16;
const lists = new Map<string, (text: string) => boolean>();

/**
 * Compiles a condition: `=` and `in` hold for any of the values, `!=` and `not in` for none; `=~` and `!~` are RE2 over the whole value;
 * the rest compare numbers. A missing value is the empty text. Of several values of a thing one must match, or none for the negative ones.
 * Throws `BadCondition`.
 */
export function compileCondition({ op, values }: { op: FilterOp; values: readonly string[] }): Match {
  if (values.length === 0) throw new BadCondition(`${op} needs a value`);
  switch (op) {
    case '=': case 'in': return some(member(values));
    case '!=': case 'not in': return none(member(values));
    case '=~': return some(regular(values));
    case '!~': return none(regular(values));
    default: return compare(op, values);
  }
}

function member(values: readonly string[]): (text: string) => boolean {
  if (values.length === 1) return (text) => text === values[0];
  const set = new Set(values);
  return (text) => set.has(text);
}

/** Each text is looked at once. */
function regular(values: readonly string[]): (text: string) => boolean {
  const name = JSON.stringify(values);
  const made = lists.get(name) ?? remembering(values);
  // The one that was asked last at the end.
  lists.delete(name);
  lists.set(name, made);
  if (lists.size > LISTS) lists.delete(lists.keys().next().value!);
  return made;
}

function remembering(values: readonly string[]): (text: string) => boolean {
  const all = values.map((value) => {
    try {
      // As Prometheus reads a matcher: the dot is any sign, a line break too.
      return RE2JS.compile(value, RE2JS.DOTALL);
    } catch {
      throw new BadCondition(`${JSON.stringify(value.slice(0, 100))} is no regular expression that RE2 understands`);
    }
  });
  const known = new Map<string, boolean>();
  return (text) => {
    let hit = known.get(text);
    if (hit === undefined) {
      if (known.size >= REMEMBERED) known.clear();
      known.set(text, hit = all.some((each) => each.matches(text)));
    }
    return hit;
  };
}

function compare(op: '<' | '>' | '<=' | '>=', values: readonly string[]): Match {
  const bound = values.length === 1 && values[0]!.trim() !== '' ? Number(values[0]) : NaN;
  if (!Number.isFinite(bound)) throw new BadCondition(`${op} needs one number`);
  return (value) => {
    const number = typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN;
    return op === '<' ? number < bound : op === '>' ? number > bound : op === '<=' ? number <= bound : number >= bound;
  };
}

function some(test: (text: string) => boolean): Match {
  return (value) => (isList(value) ? (value.length === 0 ? test('') : value.some(test)) : test(textOf(value)));
}

function none(test: (text: string) => boolean): Match {
  const any = some(test);
  return (value) => !any(value);
}

function isList(value: Matchable): value is readonly string[] {
  return typeof value === 'object' && value !== null;
}

function textOf(value: Exclude<Matchable, readonly string[]>): string {
  return value === null || value === undefined ? '' : String(value);
}
