import { t } from '@grafana/i18n';
import { quick } from '../common';
import type { KindModel } from '../kind';

/** What needs attention: identities that left their remit or their baseline. */
export const model = (): KindModel => ({
  kind: 'findings',
  label: t('findings.label', 'Findings'),
  description: t('findings.description', 'Identities that left their remit or their baseline, with owner, state and reason.'),
  formats: [
    { value: 'table', label: t('format.table', 'Table'), description: t('findings.table', 'One row a finding, newest first.') },
    { value: 'logs', label: t('format.logs', 'Logs'), description: t('findings.logs', 'One line a finding, with its labels.') },
    { value: 'annotations', label: t('format.annotations', 'Annotations'), description: t('findings.annotations', 'Spans of time, to draw over other panels.') },
    { value: 'volume', label: t('format.volume', 'Volume'), description: t('findings.volume', 'How many, over time, by severity.') },
  ],
  quick: [quick.severity(), quick.state(), quick.owner(), quick.detector(), quick.identity(), quick.findingClass()],
  counts: t('findings.counts', 'findings'),
});
