import { t } from '@grafana/i18n';
import { quick } from '../common';
import type { KindModel } from '../kind';

/** Why there is a finding: expected against observed, with the evidence and what to do. */
export const model = (): KindModel => ({
  kind: 'explain',
  label: t('explain.label', 'Explain'),
  description: t('explain.description', 'One finding: expected against observed, evidence, history, what to do first, and the exception that would cover it. With none chosen: the newest open one.'),
  formats: [{ value: 'frames', label: t('format.tables', 'Tables'), description: t('explain.frames', 'Finding, contributions, evidence, history, guidance.') }],
  quick: [{ ...quick.finding(), key: 'id' }],
});
