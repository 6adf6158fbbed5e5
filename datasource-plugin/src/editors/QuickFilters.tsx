import React from 'react';
import { InlineFieldRow } from '@grafana/ui';
import { isLiteral, literalOf } from '../lib/literal';
import type { EditorProps } from '../queries/kind';
import type { Filter } from '../types';
import { LabelValuesField } from './LabelValuesField';

/** No values: one array, so that what is derived from it stays as it is. */
const NONE: string[] = [];

/** Where the condition is that the field of a key edits: the first `=` with values, -1 without one. The others are further conditions. */
export function quickAt(filters: readonly Filter[], key: string): number {
  return filters.findIndex((filter) => filter.key === key && filter.op === '=' && filter.values.length > 0);
}

/** The filters that people think in, each a field of its own; a field edits the first `=` condition on its key that has values. */
export function QuickFilters({ model, query, onChange, onRunQuery, datasource, range }: EditorProps) {
  const filters = query.filters ?? [];
  const change = (key: string, values: string[], fromData: Set<string>) => {
    const at = quickAt(filters, key);
    const had = filters[at];
    const others = filters.filter((_, index) => index !== at);
    const literal = literalOf(values, (value) => (had?.values.includes(value) ? isLiteral(had, value) : fromData.has(value)));
    const next: Filter = { key, op: '=', values, ...literal };
    onChange({ ...query, filters: values.length === 0 ? others : at < 0 ? [...others, next] : filters.map((filter, index) => (index === at ? next : filter)) });
    onRunQuery();
  };
  return (
    <InlineFieldRow>
      {model.quick.map((quick) => (
        <LabelValuesField
          key={quick.key}
          quick={quick}
          id={`remit-${query.refId}-${quick.key}`}
          values={filters[quickAt(filters, quick.key)]?.values ?? NONE}
          onChange={(values, fromData) => change(quick.key, values, fromData)}
          load={(contains) =>
            datasource.client
              .values(quick.key, { kind: quick.valuesOf, contains, filters: datasource.known(filters.filter(({ key }) => key !== quick.key)), from: range?.from.valueOf(), to: range?.to.valueOf() })
              .then(({ items }) => items)
          }
        />
      ))}
    </InlineFieldRow>
  );
}
