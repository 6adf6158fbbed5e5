import { t } from '@grafana/i18n';
import { CATEGORIES } from '../../lib/looks';
import { quick } from '../common';
import type { KindModel } from '../kind';

/** What identities did: normalised events of the archive, never bodies. */
export const model = (): KindModel => ({
  kind: 'events',
  label: t('events.label', 'Events'),
  description: t('events.description', 'What identities did, from the archive. Normalised: no bodies, no arguments, no secrets.'),
  formats: [
    { value: 'logs', label: t('format.logs', 'Logs'), description: t('events.logs', 'One line an event, with level, labels and context.') },
    { value: 'table', label: t('format.table', 'Table'), description: t('events.table', 'One row an event.') },
    { value: 'volume', label: t('format.volume', 'Volume'), description: t('events.volume', 'How many, over time, by outcome.') },
  ],
  quick: [
    quick.identity(), quick.outcome(), quick.source(), quick.operation(),
    { key: 'category', label: t('filter.category', 'Category'), options: CATEGORIES.map((value) => ({ value, label: value })), tooltip: t('filter.category-tip', 'What the action does, in words that span sources.') },
    { key: 'resource', label: t('filter.resource', 'Resource'), valuesOf: 'events', tooltip: t('filter.resource-tip', 'The target of the action.') },
  ],
  counts: t('events.counts', 'events'),
});
