import type { PreferredVisualisationType } from '@grafana/data';
import { t } from '@grafana/i18n';
import { dress, type Looks } from '../../lib/dress';
import { verdicts } from '../../lib/looks';
import { looks as eventLooks } from '../events/frames';
import type { KindPart } from '../kind';

const looks = (): Looks => ({
  ...eventLooks(),
  step: { title: t('chain.step', 'Step'), width: 60, decimals: 0 },
  name: { title: t('chain.name', 'Call'), width: 300 },
  verdict: { title: t('chain.verdict', 'Against the remit'), words: verdicts(), cell: 'pill', width: 150 },
  sequence: { title: t('chain.sequence', 'Approved sequence'), width: 160 },
  position: { title: t('chain.position', 'Read as'), width: 120 },
  expected: { title: t('chain.expected', 'What could have come here'), width: 260 },
  finding: { title: t('field.finding', 'Finding'), link: 'finding', width: 130 },
  event: { title: t('field.event', 'Event'), width: 130 },
  purpose: { title: t('field.purpose', 'Purpose') },
  denied: { title: t('field.denied', 'Denied'), decimals: 0 },
  approved: { title: t('chain.approved', 'Approved here'), custom: { fillOpacity: 40, lineWidth: 0 } },
  steps: { title: t('chain.count', 'Steps'), width: 70, decimals: 0 },
  observed: { title: t('chain.observed', 'Observed'), custom: { fillOpacity: 70, lineWidth: 0 } },
});

/** The steps of the approved sequences. */
const approved = (): Looks => ({
  sequence: { title: t('chain.sequence', 'Approved sequence'), width: 160 }, position: { title: t('chain.position-number', 'No.'), width: 60, decimals: 0 }, step: { title: t('chain.step', 'Step'), width: 240 },
  min: { title: t('chain.min', 'At least'), width: 90, decimals: 0 }, max: { title: t('chain.max', 'At most'), width: 90, decimals: 0 },
  strict: { title: t('chain.strict', 'Strict'), width: 90, description: t('chain.strict-tip', 'Whether nothing else may come in between.') },
});

/** Names that Grafana's trace view reads must stay as they are. */
const TRACE: Looks = {};

/** What was done and how it compares comes first. */
const FIRST = ['step', 'name', 'verdict', 'outcome', 'position', 'expected', 'resource', 'time', 'duration', 'identity', 'finding'];

/** Explore has no state timeline, and its graph shows numbers only. */
const IN_EXPLORE: Record<string, PreferredVisualisationType> = { trace: 'trace', states: 'table' };

/** Steps, a trace, or states over time. */
export const frames: KindPart['frames'] = (answer, { to, query }) =>
  answer.map((json) => {
    const frame = dress(json, query.format === 'trace' ? TRACE : json.schema.name === 'approved' ? approved() : looks(), to, json.schema.name === 'chain' && query.format !== 'trace' && query.format !== 'states' ? FIRST : []);
    if (json.schema.name !== 'chains' && query.format !== undefined && Object.hasOwn(IN_EXPLORE, query.format)) {
      frame.meta = { ...frame.meta, preferredVisualisationType: IN_EXPLORE[query.format] };
    }
    return frame;
  });
