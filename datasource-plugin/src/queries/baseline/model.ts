import { t } from '@grafana/i18n';
import { quick } from '../common';
import type { KindModel } from '../kind';

/** What an identity did an hour, within the band in which it normally stays. */
export const model = (): KindModel => ({
  kind: 'baseline',
  label: t('baseline.label', 'Baseline'),
  description: t('baseline.description', 'Observed activity an hour and the band that is normal for it (p50, p95, p99).'),
  formats: [{ value: 'series', label: t('format.series', 'Time series'), description: t('baseline.series', 'Ready for a time series panel.') }],
  quick: [quick.identity(), quick.owner(), quick.kind()],
});
