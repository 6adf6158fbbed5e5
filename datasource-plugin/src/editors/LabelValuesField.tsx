import React, { useCallback, useMemo } from 'react';
import { Combobox, InlineField, MultiCombobox, type ComboboxOption } from '@grafana/ui';
import { t } from '@grafana/i18n';
import { getTemplateSrv } from '@grafana/runtime';
import type { QuickFilter } from '../queries/kind';

interface Props {
  quick: QuickFilter;
  id: string;
  values: string[];
  onChange: (values: string[]) => void;
  load: (contains: string) => Promise<Array<{ value: string; text: string; count: number }>>;
}

/** A field for the values of one label: from a closed list or asked from Remit while typing, dashboard variables first, any text taken. */
export function LabelValuesField({ quick, id, values, onChange, load }: Props) {
  const { options: closed } = quick;
  const options = useCallback(
    async (contains: string): Promise<Array<ComboboxOption<string>>> => {
      const variables = getTemplateSrv().getVariables().map(({ name }) => `$${name}`).filter((name) => name.toLowerCase().includes(contains.toLowerCase()));
      const known = closed ?? (await load(contains).catch(() => [])).map(({ value, text, count }) => ({ value, label: text || t('field.empty', '(none)'), description: count > 0 ? String(count) : undefined }));
      return [...variables.map((value) => ({ value, label: value })), ...known.filter(({ label }) => label.toLowerCase().includes(contains.toLowerCase()))].filter(({ value }) => value !== '');
    },
    [closed, load]
  );
  const chosen = useMemo(() => values.map((value) => ({ value, label: closed?.find((option) => option.value === value)?.label ?? value })), [values, closed]);
  const name = `${id}-name`;
  return (
    <>
      <span id={name} hidden>{quick.label}</span>
      <InlineField label={quick.label} labelWidth={14} tooltip={quick.tooltip} htmlFor={id} interactive>
        {quick.single ? (
          <Combobox id={id} aria-labelledby={name} options={options} value={chosen[0] ?? null} isClearable createCustomValue width={32} placeholder={quick.placeholder ?? t('field.any', 'Any')} onChange={(option) => onChange(option ? [option.value] : [])} />
        ) : (
          <MultiCombobox id={id} aria-labelledby={name} options={options} value={chosen} createCustomValue width={32} placeholder={quick.placeholder ?? t('field.any', 'Any')} onChange={(all) => onChange(all.map(({ value }) => value))} />
        )}
      </InlineField>
    </>
  );
}
