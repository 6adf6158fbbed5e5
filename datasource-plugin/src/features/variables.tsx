import React, { useEffect, useState } from 'react';
import { from, map, type Observable } from 'rxjs';
import { CustomVariableSupport, type DataQueryRequest, type DataQueryResponse, type QueryEditorProps } from '@grafana/data';
import { Field, InlineField, Stack } from '@grafana/ui';
import { t } from '@grafana/i18n';
import type { LabelInfo } from '@remit/contract';
import { getTemplateSrv } from '@grafana/runtime';
import type { RemitDataSource } from '../datasource';
import { Choice } from '../editors/Choice';
import { Conditions } from '../editors/Conditions';
import { interpolateFilters } from '../lib/interpolate';
import type { RemitOptions, RemitQuery, VariableQuery } from '../types';

/** Template variables: the values of a label, most frequent first, narrowed by conditions in which other variables may stand. */
export class VariableSupport extends CustomVariableSupport<RemitDataSource, VariableQuery, RemitQuery, RemitOptions> {
  constructor(private readonly datasource: RemitDataSource) {
    super();
  }

  editor = VariableEditor;

  query(request: DataQueryRequest<VariableQuery>): Observable<DataQueryResponse> {
    const { label, kind, filters = [] } = variableQuery(request.targets[0]);
    const { range, scopedVars } = request;
    const known = interpolateFilters(filters, getTemplateSrv(), scopedVars ?? {});
    const values = this.datasource.client.values(label, { kind, filters: known, from: range?.from.valueOf(), to: range?.to.valueOf(), limit: 1000 });
    // The empty value, of what nobody owns for example, could not be told from "nothing chosen".
    return from(values).pipe(map(({ items }) => ({ data: items.filter(({ value }) => value !== '').map(({ value, text }) => ({ value, text: text || value })) })));
  }
}

/** A stored variable as a query; the bare name of a label, as typed by hand into provisioned dashboards, is one too. */
export function variableQuery(stored: unknown): VariableQuery {
  if (typeof stored === 'string') {
    return { refId: 'variable', label: stored };
  }
  const { label, kind, filters, query }: Partial<VariableQuery> & { query?: unknown } = typeof stored === 'object' && stored !== null ? stored : {};
  return { refId: 'variable', label: typeof label === 'string' && label !== '' ? label : typeof query === 'string' && query !== '' ? query : 'identity', kind, filters };
}

type Props = QueryEditorProps<RemitDataSource, RemitQuery, RemitOptions, VariableQuery>;

function VariableEditor({ query, onChange, datasource }: Props) {
  const current = variableQuery(query);
  const [labels, setLabels] = useState<LabelInfo[]>([]);
  useEffect(() => {
    let wanted = true;
    datasource.client.labels().then((items) => wanted && setLabels(items)).catch(() => undefined);
    return () => {
      wanted = false;
    };
  }, [datasource]);
  return (
    <Stack direction="column" gap={1}>
      <InlineField label={t('variable.label', 'Values of')} labelWidth={14} htmlFor="remit-variable-label" tooltip={t('variable.label-tip', 'Identities, owners, kinds, detectors, sources, or any other label.')}>
        <Choice id="remit-variable-label" label={t('variable.label', 'Values of')} width={32} free value={current.label} options={labels.map(({ name, title }) => ({ value: name, label: title, description: name }))} onChange={(option) => option && onChange({ ...current, label: option.value })} />
      </InlineField>
      <Field noMargin label={t('variable.where', 'Only where')} description={t('variable.where-tip', 'Conditions may use other variables: owner = $owner lists the identities of the chosen owners.')}>
        <Conditions idPrefix="remit-variable" labels={labels} filters={current.filters ?? []} onChange={(filters) => onChange({ ...current, filters })} />
      </Field>
    </Stack>
  );
}
