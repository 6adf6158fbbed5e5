import { t } from '@grafana/i18n';
import { quick } from '../common';
import type { KindModel } from '../kind';

/** How improbable the behaviour of an identity is under its baseline, over time. */
export const model = (): KindModel => ({
  kind: 'deviations',
  label: t('deviations.label', 'Deviations'),
  description: t('deviations.description', 'The score over time with its parts, and the threshold from which it pages.'),
  formats: [{ value: 'series', label: t('format.series', 'Time series'), description: t('deviations.series', 'Ready for a time series panel.') }],
  quick: [quick.identity(), quick.owner(), quick.kind()],
});
