import React, { useMemo } from 'react';
import { Button, Combobox, IconButton, Input, Stack, type ComboboxOption } from '@grafana/ui';
import { t } from '@grafana/i18n';
import type { LabelInfo } from '@remit/contract';
import type { Filter, FilterOp } from '../types';

interface Props {
  filters: Filter[];
  labels: LabelInfo[];
  onChange: (filters: Filter[]) => void;
  idPrefix: string;
}

const OPS: FilterOp[] = ['=', '!=', '=~', '!~', 'in', 'not in', '<', '>', '<=', '>='];

/** Options of comparisons, one array for each list of operators: a menu that gets another array with every render never comes to rest. */
const OP_OPTIONS = new Map<string, Array<ComboboxOption<FilterOp>>>();

function optionsOf(ops: FilterOp[]): Array<ComboboxOption<FilterOp>> {
  const id = ops.join(' ');
  const options = OP_OPTIONS.get(id) ?? ops.map((value) => ({ value, label: value }));
  OP_OPTIONS.set(id, options);
  return options;
}

/** Any condition on any label, one a line. Several values of a list are separated by commas. */
export function Conditions({ filters, labels, onChange, idPrefix }: Props) {
  const set = (index: number, change: Partial<Filter>) => onChange(filters.map((filter, at) => (at === index ? { ...filter, ...change } : filter)));
  const keys = useMemo(() => labels.map(({ name, title }) => ({ value: name, label: name, description: title })), [labels]);
  return (
    <Stack direction="column" gap={0.5}>
      {filters.map((filter, index) => (
        <Stack key={index} gap={0.5} alignItems="center">
          <Combobox aria-label={t('conditions.key', 'Label')} id={`${idPrefix}-key-${index}`} width={22} createCustomValue value={filter.key || null} options={keys} placeholder={t('conditions.key', 'Label')} onChange={(option) => set(index, { key: option.value })} />
          <Combobox aria-label={t('conditions.op', 'Comparison')} id={`${idPrefix}-op-${index}`} width={12} value={filter.op} options={optionsOf(labels.find(({ name }) => name === filter.key)?.operators ?? OPS)} onChange={(option) => set(index, { op: option.value })} />
          <Values key={filter.values.join('\n')} filter={filter} onChange={(values) => set(index, { values, literal: filter.literal })} id={`${idPrefix}-values-${index}`} />
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
  const text = filter.values.join(list ? ', ' : '');
  const take = (typed: string) => typed !== text && onChange(list ? typed.split(',').map((each) => each.trim()).filter(Boolean) : [typed]);
  return (
    <Input id={id} aria-label={t('conditions.value', 'Value')} width={50} defaultValue={text} placeholder={list ? t('conditions.values', 'Values, separated by commas') : t('conditions.value', 'Value')} onBlur={(event) => take(event.currentTarget.value)} onKeyDown={(event) => event.key === 'Enter' && take(event.currentTarget.value)} />
  );
}
