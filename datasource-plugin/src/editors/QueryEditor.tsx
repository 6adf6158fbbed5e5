import React, { useEffect, useMemo, useState } from 'react';
import { CoreApp, type QueryEditorProps } from '@grafana/data';
import { Alert, ConfirmModal, Field, InlineField, Input, RadioButtonGroup, Stack, Text } from '@grafana/ui';
import { t } from '@grafana/i18n';
import type { LabelInfo } from '@remit/contract';
import type { RemitDataSource } from '../datasource';
import { KINDS, migrateQuery } from '../lib/migrate';
import { parseSelector, printSelector } from '../lib/selector';
import { REGISTRY } from '../queries/registry';
import type { RemitOptions, RemitQuery } from '../types';
import { Choice } from './Choice';
import { Conditions } from './Conditions';
import { quickAt } from './QuickFilters';
import { RawEditor } from './RawEditor';
import { useDraft } from './use-draft';

type Unread = Extract<ReturnType<typeof parseSelector>, { error: string }>;
type Props = QueryEditorProps<RemitDataSource, RemitQuery, RemitOptions>;

/** Builds a query: what to ask for, in which shape, filters as fields, further conditions, or the same as text. */
export function QueryEditor(props: Props) {
  const { datasource, onRunQuery } = props;
  const query = useMemo(() => migrateQuery(props.query), [props.query]);
  const onChange = (next: RemitQuery) => props.onChange({ ...next, datasource: props.query.datasource });
  const part = REGISTRY[query.kind];
  const model = useMemo(() => part.model(), [part]);
  const kinds = useMemo(() => KINDS.map((kind) => ({ value: kind, label: REGISTRY[kind].model().label, description: REGISTRY[kind].model().description })), []);
  const labels = useLabels(datasource, query.kind);
  const format = query.format ?? model.formats[0]?.value;
  const [unread, setUnread] = useState<Unread | null>(null);
  const id = (name: string) => `remit-${query.refId}-${name}`;
  const run = (next: RemitQuery) => {
    onChange(next);
    onRunQuery();
  };
  const filters = query.filters ?? [];
  const quick = new Set(model.quick.map(({ key }) => filters[quickAt(filters, key)]));
  return (
    <Stack direction="column" gap={1}>
      <Stack gap={1} wrap="wrap" alignItems="center">
        <InlineField label={t('editor.kind', 'Query')} labelWidth={14} htmlFor={id('kind')} tooltip={model.description}>
          <Choice id={id('kind')} label={t('editor.kind', 'Query')} width={32} value={query.kind} options={kinds} onChange={(option) => option && run(withKind(query, option.value as RemitQuery['kind']))} />
        </InlineField>
        {model.formats.length > 1 && (
          <InlineField label={t('editor.format', 'As')} tooltip={model.formats.map(({ label, description }) => `${label}: ${description}`).join(' ')}>
            <RadioButtonGroup aria-label={t('editor.format', 'As')} options={model.formats.map(({ value, label, description }) => ({ value, label, description }))} value={format} onChange={(value) => run({ ...query, format: value })} />
          </InlineField>
        )}
        {model.counts && (
          <InlineField label={t('editor.limit', 'Limit')} htmlFor={id('limit')} tooltip={t('editor.limit-tip', 'At most so many {{what}}; what does not fit is said in a notice.', { what: model.counts })}>
            <Limit id={id('limit')} limit={query.limit} onChange={(limit) => run({ ...query, limit })} />
          </InlineField>
        )}
        <RadioButtonGroup
          size="sm" aria-label={t('editor.mode', 'Editor')} value={query.editor ?? 'builder'} options={[{ value: 'builder' as const, label: t('editor.builder', 'Builder') }, { value: 'raw' as const, label: t('editor.raw', 'Text') }]}
          onChange={(mode) => {
            const read = mode === 'builder' ? parseSelector(query.raw ?? '') : undefined;
            return read?.error === undefined ? onChange(withEditor(query, mode)) : setUnread(read);
          }}
        />
      </Stack>
      {unread !== null && (
        <ConfirmModal
          isOpen title={t('editor.unread', 'The builder cannot show this text')} confirmText={t('editor.discard', 'Discard the text')} confirmVariant="destructive" dismissText={t('editor.keep', 'Keep the text')}
          body={t('editor.unread-why', 'Column {{column}}: {{error}}. The builder would go back to the conditions it had before.', { column: unread.column, error: unread.error, interpolation: { escapeValue: false } })}
          onConfirm={() => {
            setUnread(null);
            run({ ...query, editor: 'builder', raw: undefined });
          }}
          onDismiss={() => setUnread(null)}
        />
      )}
      {query.editor === 'raw' ? (
        <RawEditor key={query.kind} id={id('raw')} text={query.raw ?? ''} onChange={(raw) => onChange({ ...query, raw })} onRun={onRunQuery} />
      ) : (
        <>
          <part.Editor {...props} query={query} onChange={onChange} model={model} />
          <Field label={t('editor.more', 'Further conditions')} noMargin>
            <Conditions idPrefix={id('condition')} labels={labels} filters={filters.filter((filter) => !quick.has(filter))} onChange={(others) => run({ ...query, filters: [...filters.filter((filter) => quick.has(filter)), ...others] })} />
          </Field>
        </>
      )}
      {props.app === CoreApp.UnifiedAlerting && <Alert severity="warning" title={t('editor.alerting', 'Grafana cannot evaluate alert rules on this data source')}>{t('editor.alerting-why', 'It has no part on the server. Alert on the rules that Remit ships for Prometheus.')}</Alert>}
      <Text color="secondary" variant="bodySmall">{model.description}</Text>
      {props.app !== CoreApp.Explore && (
        <Text color="secondary" variant="bodySmall">{t('editor.limits', 'Runs in the browser: not for Grafana-managed rules, server-side expressions, public dashboards, recorded queries or /api/ds/query.')}</Text>
      )}
    </Stack>
  );
}

/** At most so many; empty: as Remit decides. Says a change when it is left. */
function Limit({ id, limit, onChange }: { id: string; limit: number | undefined; onChange: (limit: number | undefined) => void }) {
  const shown = limit === undefined ? '' : String(limit);
  const [typed, setTyped] = useDraft(shown);
  const take = () => {
    const wanted = limitOf(typed);
    setTyped(wanted === limit ? shown : typed);
    if (wanted !== limit) {
      onChange(wanted);
    }
  };
  return <Input id={id} type="number" min={1} max={10000} width={12} value={typed} placeholder={t('editor.auto', 'auto')} onChange={(event) => setTyped(event.currentTarget.value)} onBlur={take} onKeyDown={(event) => event.key === 'Enter' && take()} />;
}

function useLabels(datasource: RemitDataSource, kind: RemitQuery['kind']): LabelInfo[] {
  const [labels, setLabels] = useState<LabelInfo[]>([]);
  useEffect(() => {
    let wanted = true;
    datasource.client.labels(kind).then((items) => wanted && setLabels(items)).catch(() => undefined);
    return () => {
      wanted = false;
    };
  }, [datasource, kind]);
  return labels;
}

/** Another kind keeps the conditions that mean the same there; how many rows, in which order and from where on are of the kind. */
function withKind(query: RemitQuery, kind: RemitQuery['kind']): RemitQuery {
  const shared = new Set(['identity', 'owner', 'kind', 'class', 'environment']);
  const { format: _, live: _live, limit: _limit, order: _order, cursor: _cursor, step: _step, ...rest } = query;
  return { ...rest, kind, filters: kind === 'explain' ? [] : (query.filters ?? []).filter(({ key }) => shared.has(key)) };
}

/** The other editor begins with what the first one says. */
function withEditor(query: RemitQuery, editor: 'builder' | 'raw'): RemitQuery {
  if (editor === 'raw') {
    return { ...query, editor, raw: printSelector(query.filters ?? []) };
  }
  const read = parseSelector(query.raw ?? '');
  return read.error === undefined ? { ...query, editor, filters: read.filters, limit: read.limit ?? query.limit } : query;
}

function limitOf(text: string): number | undefined {
  const limit = Number.parseInt(text, 10);
  return Number.isInteger(limit) && limit > 0 ? Math.min(limit, 10_000) : undefined;
}
