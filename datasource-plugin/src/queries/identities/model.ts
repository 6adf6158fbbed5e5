import { t } from '@grafana/i18n';
import { readiness } from '../../lib/looks';
import { optionsOf, quick } from '../common';
import type { KindModel } from '../kind';

/** The inventory joined with what is known of each identity now. */
export const model = (): KindModel => ({
  kind: 'identities',
  label: t('identities.label', 'Identities'),
  description: t('identities.description', 'Inventory and state side by side: owner, purpose, last seen, readiness of the baseline, open findings.'),
  formats: [{ value: 'table', label: t('format.table', 'Table'), description: t('identities.table', 'One row an identity.') }, { value: 'exceptions', label: t('format.exceptions', 'Exceptions'), description: t('identities.exceptions', 'The exceptions that cover them: until when, and what each hid.') }],
  quick: [
    quick.owner(), quick.kind(), quick.identity(),
    { key: 'inventoried', label: t('filter.inventoried', 'Inventoried'), single: true, tooltip: t('filter.inventoried-tip', 'Whether a record of the inventory stands for it.'), options: [{ value: 'true', label: t('yes', 'Yes') }, { value: 'false', label: t('no', 'No') }] },
    { key: 'ready', label: t('filter.ready', 'Baseline'), single: true, tooltip: t('filter.ready-tip', 'Whether enough was learned to judge by the baseline.'), options: [{ value: 'true', label: readiness().ready?.text ?? '' }, { value: 'false', label: readiness().warming?.text ?? '' }] },
    { key: 'class', label: t('filter.identity-class', 'Class'), tooltip: t('filter.identity-class-tip', 'What its events prove about who stands behind it.'), options: optionsOf({ machine: { text: t('identity.machine', 'Machine') }, human: { text: t('identity.human', 'Person') }, platform: { text: t('identity.platform', 'Platform') }, unknown: { text: t('identity.unknown', 'Unknown') } }) },
  ],
  counts: t('identities.counts', 'identities'),
});
