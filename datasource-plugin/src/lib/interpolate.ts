import type { AdHocVariableFilter, ScopedVars } from '@grafana/data';
import type { TemplateSrv } from '@grafana/runtime';
import { isLiteral } from './literal';
import { isComplete, parseSelector } from './selector';
import type { Filter, FilterOp, RemitQuery } from '../types';

/** Most values that the service takes in one condition. */
export const VALUES_MOST = 100;

const ALL = '$__all';
const LONE = /^(?:\$\{(\w+)\}|\$(\w+)|\[\[(\w+)\]\])$/;
const AD_HOC: Record<string, FilterOp> = {
  '=': '=', '!=': '!=', '=~': '=~', '!~': '!~', '<': '<', '>': '>', '<=': '<=', '>=': '>=', '=|': 'in', '!=|': 'not in',
};

/** The conditions of a query as it stands: of the builder, or read from its text. Throws a sentence when the text cannot be read. */
export function filtersOf(query: RemitQuery): { filters: Filter[]; limit?: number } {
  if (query.editor !== 'raw') {
    return { filters: query.filters ?? [], limit: query.limit };
  }
  const read = parseSelector(query.raw ?? '');
  if (read.error !== undefined) {
    throw new Error(`The text of the query cannot be read at column ${read.column}: ${read.error}`);
  }
  return { filters: read.filters, limit: read.limit ?? query.limit };
}

/**
 * Puts variables into values, one value at a time and after the text is read, so that what a variable holds is a value and can never become
 * another condition. A variable alone stands for all of its values; `All` and empty variables take the condition away.
 */
export function interpolateFilters(filters: readonly Filter[], templates: TemplateSrv, scoped: ScopedVars): Filter[] {
  return filters.filter(isComplete).flatMap((filter) => {
    if (filter.literal === true) {
      return [{ key: filter.key, op: filter.op, values: filter.values }];
    }
    const values: string[] = [];
    for (const value of filter.values) {
      const filled = isLiteral(filter, value) ? [value] : fill(value, filter.op, templates, scoped);
      if (filled === 'everything') {
        return [];
      }
      values.push(...filled);
    }
    if (values.length > VALUES_MOST) {
      throw new Error(`${filter.key} has ${values.length} values; at most ${VALUES_MOST} can be asked for at once. Choose fewer, or give the variable a custom All value such as .* and use =~`);
    }
    return values.length === 0 ? [] : [{ key: filter.key, op: filter.op, values: [...new Set(values)] }];
  });
}

/** Ad hoc filters of a dashboard as conditions. Their values are data, never templates; unfinished ones are left away. */
export function adHocFilters(filters: readonly AdHocVariableFilter[] | undefined): Filter[] {
  return (filters ?? []).flatMap(({ key, operator, value, values }) => {
    const op = AD_HOC[operator];
    const all = (values?.length ? values : [value]).filter((each) => each !== undefined && each !== null);
    return op === undefined || key === '' || all.length === 0 || (all.length === 1 && all[0] === '' && !values?.length && op === '=')
      ? []
      : [{ key, op, values: all, literal: true }];
  });
}

function fill(value: string, op: FilterOp, templates: TemplateSrv, scoped: ScopedVars): string[] | 'everything' {
  const name = LONE.exec(value);
  if (name) {
    return alone(value, name[1] ?? name[2] ?? name[3] ?? '', op, templates, scoped);
  }
  const text = templates.replace(value, scoped, (held: unknown) => {
    const all = (Array.isArray(held) ? held : [held]).map(String);
    if (op === '=~' || op === '!~') {
      return all.length === 1 ? escapeRegex(all[0] ?? '') : `(${all.map(escapeRegex).join('|')})`;
    }
    return all.join(',');
  });
  return [text];
}

/** `$variable` and nothing else: every value of it, as it is. */
function alone(value: string, name: string, op: FilterOp, templates: TemplateSrv, scoped: ScopedVars): string[] | 'everything' {
  let held: unknown;
  const text = templates.replace(value, scoped, (given: unknown) => {
    held = given;
    return '';
  });
  if (held === undefined) {
    // No such variable, or one of Grafana's own that takes no format.
    return [text];
  }
  if (scoped[name] === undefined && choosesAll(name, templates)) {
    return op === '=~' && !Array.isArray(held) ? [String(held)] : 'everything';
  }
  const all = (Array.isArray(held) ? held : [held]).map(String).filter((each) => each !== '');
  if (all.length === 0 || all.includes(ALL)) {
    return 'everything';
  }
  return op === '=~' || op === '!~' ? all.map((each) => (Array.isArray(held) ? escapeRegex(each) : each)) : all;
}

function choosesAll(name: string, templates: TemplateSrv): boolean {
  const variable = templates.getVariables().find((each) => each.name === name);
  if (variable === undefined || !('current' in variable)) {
    return false;
  }
  const current: { value?: unknown } = variable.current ?? {};
  return current.value === ALL || (Array.isArray(current.value) && current.value.includes(ALL));
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
