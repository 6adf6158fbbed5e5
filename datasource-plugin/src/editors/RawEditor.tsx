import React from 'react';
import { Field, TextArea, useStyles2 } from '@grafana/ui';
import { t } from '@grafana/i18n';
import { css } from '@emotion/css';
import { parseSelector } from '../lib/selector';
import { useDraft } from './use-draft';

interface Props {
  id: string;
  text: string;
  onChange: (text: string) => void;
  onRun: () => void;
}

/** The conditions as text. What cannot be read is said while typing, with its column; the query runs on Ctrl or ⌘ + Enter and when left. */
export function RawEditor({ id, text, onChange, onRun }: Props) {
  const styles = useStyles2(() => ({ area: css({ fontFamily: 'monospace' }) }));
  const [typed, setTyped] = useDraft(text);
  const read = parseSelector(typed);
  const take = () => {
    if (typed !== text) {
      onChange(typed);
      onRun();
    }
  };
  return (
    <Field
      label={t('raw.label', 'Conditions')} htmlFor={id} invalid={read.error !== undefined}
      error={read.error === undefined ? undefined : t('raw.error', 'Column {{column}}: {{error}}', { column: read.column, error: read.error, interpolation: { escapeValue: false } })}
      description={t('raw.help', 'For example: {severity="critical", owner=~"pay.*", kind in ("cicd", "ai_agent"), score>=2} limit 50')}
    >
      <TextArea id={id} className={styles.area} rows={3} spellCheck={false} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} onBlur={take} onKeyDown={(event) => event.key === 'Enter' && (event.ctrlKey || event.metaKey) && take()} />
    </Field>
  );
}
