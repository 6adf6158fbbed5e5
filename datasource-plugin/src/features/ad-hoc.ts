import type { AdHocVariableFilter, DataSourceGetTagKeysOptions, DataSourceGetTagValuesOptions, MetricFindValue, TimeRange } from '@grafana/data';
import type { Client } from '../lib/client';
import { adHocFilters } from '../lib/interpolate';
import { migrateQuery } from '../lib/migrate';
import { isComplete } from '../lib/selector';
import type { Filter, QueryKind, RemitQuery } from '../types';

/** Keys for ad hoc filters: what can be filtered by in the kinds that the dashboard asks for, or in any. */
export async function tagKeys(client: Client, options?: DataSourceGetTagKeysOptions<RemitQuery>): Promise<MetricFindValue[]> {
  const kinds = new Set<QueryKind>((options?.queries ?? []).map(({ kind }) => kind).filter(Boolean));
  const labels = await client.labels();
  return labels.filter((label) => kinds.size === 0 || label.kinds.some((kind) => kinds.has(kind))).map(({ name, title }) => ({ text: title || name, value: name }));
}

/** Values of a key, narrowed by the other filters that are set: those that it has in the kinds that the dashboard asks for, where it means something of their own. */
export async function tagValues(client: Client, { key, filters, timeRange, queries }: DataSourceGetTagValuesOptions<RemitQuery>): Promise<MetricFindValue[]> {
  const others = adHocFilters(filters.filter((filter: AdHocVariableFilter) => filter.key !== key)).filter(isComplete);
  const label = (await client.labels()).find(({ name }) => name === key);
  const shown = new Set((queries ?? []).map((query) => migrateQuery(query).kind));
  // What is of whoever acted, an owner for example, is the same whatever is asked for; baselines have nothing else to be filtered by.
  const kinds = label === undefined || label.kinds.includes('baseline') ? [] : label.kinds.filter((kind) => shown.has(kind));
  const lists = await Promise.all((kinds.length > 0 ? kinds : [undefined]).map((kind) => client.values(key, { kind, filters: others, ...bounds(timeRange) })));
  const texts = new Map(lists.flatMap(({ items }) => items.map(({ value, text }) => [value, text || value] as const)));
  return [...texts].map(([value, text]) => ({ text, value }));
}

function bounds(range: TimeRange | undefined): { from?: number; to?: number } {
  return range === undefined ? {} : { from: range.from.valueOf(), to: range.to.valueOf() };
}

/** The query with a condition from a click added, or taken away if it was there; the opposite condition on the same value goes. The value is literal. */
export function toggle(query: RemitQuery, key: string, value: string, out: boolean): RemitQuery {
  const filters = query.filters ?? [];
  const wanted = out ? '!=' : '=';
  const had = filters.some((filter) => says(filter, key, value, wanted));
  const others = filters.filter((filter) => !says(filter, key, value, '=') && !says(filter, key, value, '!='));
  return { ...query, filters: had ? others : [...others, { key, op: wanted, values: [value], literal: true }] };
}

/** The query with a condition from a click, once. */
export function add(query: RemitQuery, key: string, value: string, out: boolean): RemitQuery {
  return has(query, key, value, out) ? query : toggle(query, key, value, out);
}

/** Whether the query has just this condition. */
export function has(query: RemitQuery, key: string, value: string, out = false): boolean {
  return (query.filters ?? []).some((filter) => says(filter, key, value, out ? '!=' : '='));
}

function says({ key, op, values }: Filter, otherKey: string, value: string, otherOp: string): boolean {
  return key === otherKey && op === otherOp && values.length === 1 && values[0] === value;
}
