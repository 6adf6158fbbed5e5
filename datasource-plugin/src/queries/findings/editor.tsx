import React from 'react';
import { InlineField, InlineSwitch } from '@grafana/ui';
import { t } from '@grafana/i18n';
import { QuickFilters } from '../../editors/QuickFilters';
import type { EditorProps } from '../kind';

/** The filters of findings, and whether changes arrive as they happen. */
export function Editor(props: EditorProps) {
  const { query, onChange, onRunQuery } = props;
  const id = `remit-${query.refId}-live`;
  return (
    <>
      <QuickFilters {...props} />
      {(query.format ?? 'table') === 'table' && (
        <InlineField label={t('findings.live', 'Live')} labelWidth={14} htmlFor={id} tooltip={t('findings.live-tip', 'Changes arrive as they happen, over one stream that all panels of this tab share.')}>
          <InlineSwitch id={id} value={query.live ?? false} onChange={(event) => { onChange({ ...query, live: event.currentTarget.checked }); onRunQuery(); }} />
        </InlineField>
      )}
    </>
  );
}
