import { t } from '@grafana/i18n';
import { dress, type Looks } from '../../lib/dress';
import { kinds, readiness, severities } from '../../lib/looks';
import type { KindPart } from '../kind';

const looks = (): Looks => ({
  identity: { title: t('field.identity', 'Identity'), link: 'identity', width: 320 },
  display_name: { title: t('field.name', 'Name'), width: 160 },
  kind: { title: t('field.kind', 'Kind'), words: kinds(), width: 130 },
  class: { title: t('field.identity-class', 'Class'), width: 90 },
  owner: { title: t('field.owner', 'Owner'), width: 110 },
  supplier: { title: t('field.supplier', 'Supplier'), width: 140 },
  purpose: { title: t('field.purpose', 'Purpose'), width: 220 },
  environment: { title: t('field.environment', 'Environment'), width: 110 },
  criticality: {
    title: t('field.criticality', 'Criticality'), width: 100,
    words: { critical: { text: t('criticality.critical', 'Critical'), color: 'red' }, high: { text: t('criticality.high', 'High'), color: 'orange' }, medium: { text: t('criticality.medium', 'Medium'), color: 'yellow' }, low: { text: t('criticality.low', 'Low'), color: 'text' } },
  },
  lifecycle: {
    title: t('field.lifecycle', 'Lifecycle'), width: 140,
    words: {
      active: { text: t('lifecycle.active', 'Active'), color: 'green' }, proposed: { text: t('lifecycle.proposed', 'Proposed'), color: 'blue' }, suspended: { text: t('lifecycle.suspended', 'Suspended'), color: 'yellow' },
      decommissioning: { text: t('lifecycle.decommissioning', 'Being decommissioned'), color: 'orange' }, decommissioned: { text: t('lifecycle.decommissioned', 'Decommissioned'), color: 'red' }, unknown: { text: t('lifecycle.unknown', 'Unknown'), color: 'text' },
    },
  },
  inventoried: { title: t('field.inventoried', 'Inventoried'), width: 90 },
  last: { title: t('field.seen', 'Last seen'), width: 170 },
  first: { title: t('field.first-seen', 'First seen'), width: 170 },
  events: { title: t('field.events', 'Events'), unit: 'short', width: 90 },
  failure: { title: t('field.failed', 'Failed'), unit: 'short', width: 80 },
  denied: { title: t('field.denied', 'Denied'), unit: 'short', width: 80 },
  open_findings: { title: t('field.open-findings', 'Open findings'), unit: 'short', decimals: 0, width: 110 },
  worst: { title: t('field.worst', 'Worst'), words: severities(), cell: 'pill', width: 90 },
  score: { title: t('field.score', 'Score'), unit: 'short', decimals: 2, width: 80 },
  readiness: { title: t('field.readiness', 'Baseline'), words: readiness(), width: 110 },
  granted: { title: t('field.granted', 'Granted'), unit: 'short', decimals: 0, width: 80 },
  used: { title: t('field.used', 'Used'), unit: 'short', decimals: 0, width: 80 },
  sources: { title: t('field.sources', 'Sources'), width: 160 },
  aliases: { title: t('field.aliases', 'Also known as'), width: 220 },
  reviewed: { title: t('field.reviewed', 'Reviewed'), width: 170 },
  exception: { title: t('field.exception', 'Exception'), width: 180 },
  detector: { title: t('field.detector', 'Detector'), width: 170 },
  exception_state: {
    title: t('field.state', 'State'), width: 90,
    words: { pending: { text: t('exception.pending', 'To come'), color: 'blue' }, active: { text: t('exception.active', 'In force'), color: 'green' }, ended: { text: t('exception.ended', 'Ended'), color: 'text' } },
  },
  starts: { title: t('field.starts', 'Starts'), width: 170 },
  ends: { title: t('field.ends', 'Ends'), width: 170 },
  hidden_findings: { title: t('field.hidden-findings', 'Findings hidden'), unit: 'short', decimals: 0, width: 120 },
  hidden_events: { title: t('field.hidden-events', 'Events hidden'), unit: 'short', decimals: 0, width: 110 },
  last_hidden: { title: t('field.last-hidden', 'Last hidden'), width: 170 },
  reason: { title: t('field.reason', 'Reason'), width: 260 },
  approved_by: { title: t('field.approved-by', 'Approved by'), width: 130 },
  ticket: { title: t('field.ticket', 'Ticket'), width: 110 },
});

/** Identities as a table, or the exceptions that cover them. */
export const frames: KindPart['frames'] = (answer, { to }) => answer.map((frame) => dress(frame, looks(), to, ['identity', 'owner', 'worst', 'open_findings', 'last', 'readiness', 'score', 'kind', 'display_name', 'purpose', 'granted', 'used', 'lifecycle']));
