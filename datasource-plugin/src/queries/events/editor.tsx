import React from 'react';
import { InlineField, RadioButtonGroup } from '@grafana/ui';
import { t } from '@grafana/i18n';
import { QuickFilters } from '../../editors/QuickFilters';
import type { EditorProps } from '../kind';

/** The filters of events, and which of them when there are more than the limit. */
export function Editor(props: EditorProps) {
  const { query, onChange, onRunQuery } = props;
  return (
    <>
      <QuickFilters {...props} />
      {query.format !== 'volume' && (
        <InlineField label={t('events.order', 'First')} labelWidth={14} tooltip={t('events.order-tip', 'Which events come when there are more than the limit.')}>
          <RadioButtonGroup
            options={[{ value: 'newest' as const, label: t('events.newest', 'Newest') }, { value: 'oldest' as const, label: t('events.oldest', 'Oldest') }]}
            value={query.order ?? 'newest'} onChange={(order) => { onChange({ ...query, order }); onRunQuery(); }} />
        </InlineField>
      )}
    </>
  );
}
