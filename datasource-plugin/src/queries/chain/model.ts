import { t } from '@grafana/i18n';
import { quick } from '../common';
import type { KindModel } from '../kind';

/** The steps of one session in order, against the sequences that are approved for it. */
export const model = (): KindModel => ({
  kind: 'chain',
  label: t('chain.label', 'Chain'),
  description: t('chain.description', 'The steps of one session against the approved sequence. With no session, trace or finding chosen: the newest chain, of the identity if one is chosen.'),
  formats: [
    { value: 'steps', label: t('chain.steps', 'Steps'), description: t('chain.steps-tip', 'One row a step, with what was approved there.') },
    { value: 'trace', label: t('chain.trace', 'Trace'), description: t('chain.trace-tip', 'As spans, for the trace view.') },
    { value: 'states', label: t('chain.states', 'State timeline'), description: t('chain.states-tip', 'What was done and how it was judged, over time.') },
    { value: 'list', label: t('chain.list', 'List'), description: t('chain.list-tip', 'The chains of the range, one a row; a click on a session or trace leads to its steps.') },
  ],
  quick: [quick.identity(), quick.session(), quick.trace(), quick.finding()],
});
