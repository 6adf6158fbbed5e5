import React from 'react';
import { InlineFieldRow } from '@grafana/ui';
import type { EditorProps } from '../queries/kind';
import { LabelValuesField } from './LabelValuesField';

/** The filters that people think in, each a field of its own; a field edits the first `=` condition on its key. */
export function QuickFilters({ model, query, onChange, onRunQuery, datasource, range }: EditorProps) {
  const filters = query.filters ?? [];
  const change = (key: string, values: string[]) => {
    const at = filters.findIndex((filter) => filter.key === key && filter.op === '=');
    const others = filters.filter((_, index) => index !== at);
    onChange({ ...query, filters: values.length === 0 ? others : at < 0 ? [...others, { key, op: '=', values }] : filters.map((filter, index) => (index === at ? { key, op: '=', values } : filter)) });
    onRunQuery();
  };
  return (
    <InlineFieldRow>
      {model.quick.map((quick) => (
        <LabelValuesField
          key={quick.key}
          quick={quick}
          id={`remit-${query.refId}-${quick.key}`}
          values={filters.find((filter) => filter.key === quick.key && filter.op === '=')?.values ?? []}
          onChange={(values) => change(quick.key, values)}
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
