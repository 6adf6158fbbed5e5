import React, { useCallback, useMemo } from 'react';
import { InlineField, type ComboboxOption } from '@grafana/ui';
import { t } from '@grafana/i18n';
import { getTemplateSrv } from '@grafana/runtime';
import type { QuickFilter } from '../queries/kind';
import { Choice, Choices } from './Choice';

interface Props {
  quick: QuickFilter;
  id: string;
  values: string[];
  /** `fromData`: those of the values that were chosen from what Remit has, and are no variables whatever signs they have. */
  onChange: (values: string[], fromData: Set<string>) => void;
  load: (contains: string) => Promise<Array<{ value: string; text: string; count: number }>>;
}

/** An option that is a value of Remit, in a list in which variables are offered too. */
type Offered = ComboboxOption<string> & { fromData?: boolean };

/** A field for the values of one label: from a closed list or asked from Remit while typing, dashboard variables first, any text taken. */
export function LabelValuesField({ quick, id, values, onChange, load }: Props) {
  const { options: closed } = quick;
  const options = useCallback(
    async (contains: string): Promise<Offered[]> => {
      const variables = getTemplateSrv().getVariables().map(({ name }) => `$${name}`).filter((name) => name.toLowerCase().includes(contains.toLowerCase()));
      const known = closed ?? (await load(contains).catch(() => [])).map(({ value, text, count }) => ({ value, label: text || t('field.empty', '(none)'), description: count > 0 ? String(count) : undefined, fromData: true }));
      return [...variables.map((value) => ({ value, label: value })), ...known.filter(({ label }) => label.toLowerCase().includes(contains.toLowerCase()))].filter(({ value }) => value !== '');
    },
    [closed, load]
  );
  const chosen = useMemo(() => values.map((value) => ({ value, label: closed?.find((option) => option.value === value)?.label ?? value })), [values, closed]);
  const say = (options: Offered[]) => onChange(options.map(({ value }) => value), new Set(options.filter(({ fromData }) => fromData).map(({ value }) => value)));
  const name = `${id}-name`;
  return (
    <>
      <span id={name} hidden>{quick.label}</span>
      <InlineField label={quick.label} labelWidth={14} tooltip={quick.tooltip} htmlFor={id} interactive>
        {quick.single ? (
          <Choice id={id} labelledBy={name} options={options} value={chosen[0] ?? null} clearable free width={32} placeholder={quick.placeholder ?? t('field.any', 'Any')} onChange={(option) => say(option ? [option] : [])} />
        ) : (
          <Choices id={id} labelledBy={name} options={options} value={chosen} free width={32} placeholder={quick.placeholder ?? t('field.any', 'Any')} onChange={say} />
        )}
      </InlineField>
    </>
  );
}
