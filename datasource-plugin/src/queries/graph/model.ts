import { t } from '@grafana/i18n';
import { quick } from '../common';
import type { KindModel } from '../kind';

/** Who reaches what, with which credential and through which action or tool. */
export const model = (): KindModel => ({
  kind: 'graph',
  label: t('graph.label', 'Graph'),
  description: t('graph.description', 'Identity → credential → action or tool → resource; or one tool chain in order. Arcs: green succeeded, orange failed, red denied.'),
  formats: [
    { value: 'access', label: t('graph.access', 'Access'), description: t('graph.access-tip', 'Everything of the range, joined.') },
    { value: 'chain', label: t('graph.chain', 'One chain'), description: t('graph.chain-tip', 'The steps of one session, trace or finding, in order; the newest chain when none is chosen.') },
  ],
  quick: [quick.identity(), quick.outcome(), quick.owner(), quick.source(), quick.session(), quick.trace()],
  counts: t('graph.counts', 'nodes'),
});
