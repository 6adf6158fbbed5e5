import { t } from '@grafana/i18n';
import { coverageStates } from '../../lib/looks';
import { optionsOf, quick } from '../common';
import type { KindModel } from '../kind';

/** What can be judged of each identity and source, and why not where not. */
export const model = (): KindModel => ({
  kind: 'coverage',
  label: t('coverage.label', 'Coverage'),
  description: t('coverage.description', 'Which detectors can judge which identities, and what is missing where they cannot: "no finding" must never mean "no data".'),
  formats: [{ value: 'table', label: t('format.table', 'Table'), description: t('coverage.table', 'One row a detector and identity or source.') }],
  quick: [
    quick.identity(), quick.owner(), { ...quick.detector(), valuesOf: 'coverage' },
    { key: 'state', label: t('filter.coverage-state', 'State'), single: true, options: optionsOf(coverageStates()), tooltip: t('filter.coverage-state-tip', 'Whether it can be judged.') },
  ],
  counts: t('coverage.counts', 'rows'),
});
