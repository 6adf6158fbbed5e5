import React, { useMemo } from 'react';
import { Button, IconButton, Input, Stack, type ComboboxOption } from '@grafana/ui';
import { t } from '@grafana/i18n';
import type { LabelInfo } from '@remit/contract';
import { readValues, writeValues } from '../lib/listed';
import type { Filter, FilterOp } from '../types';
import { Choice } from './Choice';
import { useDraft } from './use-draft';

interface Props {
  filters: Filter[];
  labels: LabelInfo[];
  onChange: (filters: Filter[]) => void;
  idPrefix: string;
}

const OPS: FilterOp[] = ['=', '!=', '=~', '!~', 'in', 'not in', '<', '>', '<=', '>='];

/** Options of comparisons, one array for each list of operators: a menu that gets another array with every render never comes to rest. */
const OP_OPTIONS = new Map<string, Array<ComboboxOption<string>>>();

function optionsOf(ops: FilterOp[]): Array<ComboboxOption<string>> {
  const id = ops.join(' ');
  const options = OP_OPTIONS.get(id) ?? ops.map((value) => ({ value, label: value }));
  OP_OPTIONS.set(id, options);
  return options;
}

/** Any condition on any label, one a line. Several values of a list are separated by commas; one that has a comma itself stands in quotes. */
export function Conditions({ filters, labels, onChange, idPrefix }: Props) {
  const set = (index: number, change: Partial<Filter>) => onChange(filters.map((filter, at) => (at === index ? { ...filter, ...change } : filter)));
  const keys = useMemo(() => labels.map(({ name, title }) => ({ value: name, label: name, description: title })), [labels]);
  return (
    <Stack direction="column" gap={0.5}>
      {filters.map((filter, index) => (
        <Stack key={index} gap={0.5} alignItems="center">
          <Choice label={t('conditions.key', 'Label')} id={`${idPrefix}-key-${index}`} width={22} free value={filter.key || null} options={keys} placeholder={t('conditions.key', 'Label')} onChange={(option) => option && set(index, { key: option.value })} />
          <Choice label={t('conditions.op', 'Comparison')} id={`${idPrefix}-op-${index}`} width={12} value={filter.op} options={optionsOf(labels.find(({ name }) => name === filter.key)?.operators ?? OPS)} onChange={(option) => option && set(index, { op: option.value as FilterOp })} />
          <Values filter={filter} onChange={(values) => set(index, { values })} id={`${idPrefix}-values-${index}`} />
          <IconButton name="trash-alt" aria-label={t('conditions.remove', 'Remove condition')} tooltip={t('conditions.remove', 'Remove condition')} onClick={() => onChange(filters.filter((_, at) => at !== index))} />
        </Stack>
      ))}
      <div>
        <Button size="sm" variant="secondary" icon="plus" onClick={() => onChange([...filters, { key: '', op: '=', values: [] }])}>
          {t('conditions.add', 'Condition')}
        </Button>
      </div>
    </Stack>
  );
}

function Values({ filter, onChange, id }: { filter: Filter; onChange: (values: string[]) => void; id: string }) {
  const list = filter.op === 'in' || filter.op === 'not in' || filter.values.length > 1;
  const shown = writeValues(filter.values, list);
  const [typed, setTyped] = useDraft(shown);
  const take = () => typed !== shown && onChange(readValues(typed, list));
  return (
    <Input id={id} aria-label={t('conditions.value', 'Value')} width={50} value={typed} placeholder={list ? t('conditions.values', 'Values, separated by commas') : t('conditions.value', 'Value')} onChange={(event) => setTyped(event.currentTarget.value)} onBlur={take} onKeyDown={(event) => event.key === 'Enter' && take()} />
  );
}
