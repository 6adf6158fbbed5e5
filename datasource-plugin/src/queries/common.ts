import { t } from '@grafana/i18n';
import { findingClasses, kinds, outcomes, severities, states } from '../lib/looks';
import type { QuickFilter } from './kind';

/** A closed list of words as options of a field. */
export function optionsOf(words: Record<string, { text: string }>): Array<{ value: string; label: string }> {
  return Object.entries(words).map(([value, { text }]) => ({ value, label: text }));
}

/** The fields that several kinds share, by key. Functions: texts are known once the language is. */
export const quick = {
  identity: (): QuickFilter => ({
    key: 'identity', label: t('filter.identity', 'Identity'), valuesOf: 'identities',
    tooltip: t('filter.identity-tip', 'URN of the identity, as in the inventory, or the shortened form of the metrics.'),
  }),
  owner: (): QuickFilter => ({
    key: 'owner', label: t('filter.owner', 'Owner'), valuesOf: 'identities', tooltip: t('filter.owner-tip', 'Team of the inventory. Empty: nobody owns it.'),
  }),
  kind: (): QuickFilter => ({
    key: 'kind', label: t('filter.kind', 'Kind'), options: optionsOf(kinds()), tooltip: t('filter.kind-tip', 'What sort of principal the identity is.'),
  }),
  severity: (): QuickFilter => ({
    key: 'severity', label: t('filter.severity', 'Severity'), options: optionsOf(severities()), tooltip: t('filter.severity-tip', 'Critical pages, warning is a ticket, info is for dashboards.'),
  }),
  state: (): QuickFilter => ({
    key: 'state', label: t('filter.state', 'State'), options: optionsOf(states()), tooltip: t('filter.state-tip', 'Where the finding stands now.'),
  }),
  findingClass: (): QuickFilter => ({
    key: 'finding_class', label: t('filter.class', 'Class'), options: optionsOf(findingClasses()),
    tooltip: t('filter.class-tip', 'Remit: certain, from the inventory. Baseline: learned. State: of the identity, its credentials or its record.'),
  }),
  detector: (): QuickFilter => ({
    key: 'detector', label: t('filter.detector', 'Detector'), valuesOf: 'findings', tooltip: t('filter.detector-tip', 'Which rule found it.'),
  }),
  outcome: (): QuickFilter => ({
    key: 'outcome', label: t('filter.outcome', 'Outcome'), options: optionsOf(outcomes()), tooltip: t('filter.outcome-tip', 'Denied: the platform refused it.'),
  }),
  source: (): QuickFilter => ({
    key: 'source', label: t('filter.source', 'Source'), valuesOf: 'events', tooltip: t('filter.source-tip', 'Which log the event came from.'),
  }),
  operation: (): QuickFilter => ({
    key: 'operation', label: t('filter.operation', 'Operation'), valuesOf: 'events', tooltip: t('filter.operation-tip', 'The call as the source spells it.'),
  }),
  session: (): QuickFilter => ({
    key: 'session', label: t('filter.session', 'Session'), valuesOf: 'events', single: true, tooltip: t('filter.session-tip', 'Id of a session or conversation.'),
  }),
  trace: (): QuickFilter => ({
    key: 'trace', label: t('filter.trace', 'Trace'), valuesOf: 'events', single: true, tooltip: t('filter.trace-tip', 'Id of a trace, as its spans carry it.'),
  }),
  finding: (): QuickFilter => ({
    key: 'finding', label: t('filter.finding', 'Finding'), single: true, options: [], placeholder: '4f0e6d2a9b1c3857d6e2f1a0b9c8d7e6',
    tooltip: t('filter.finding-tip', 'Id of a finding, 32 hexadecimal digits.'),
  }),
} satisfies Record<string, () => QuickFilter>;
