import { t } from '@grafana/i18n';
import { dress, type Looks } from '../../lib/dress';
import { coverageStates, kinds } from '../../lib/looks';
import type { KindPart } from '../kind';

const looks = (): Looks => ({
  identity: { title: t('field.identity', 'Identity'), link: 'identity', width: 320 },
  source: { title: t('field.source', 'Source'), width: 150 },
  detector: { title: t('field.detector', 'Detector'), link: 'detector', width: 200 },
  state: { title: t('field.state', 'State'), words: coverageStates(), cell: 'pill', width: 120 },
  owner: { title: t('field.owner', 'Owner'), width: 110 },
  kind: { title: t('field.kind', 'Kind'), words: kinds(), width: 130 },
  may_page: { title: t('coverage.may-page', 'Would page'), description: t('coverage.may-page-tip', 'Whether this detector pages when it can judge.'), width: 100 },
  reason: { title: t('coverage.reason', 'Reason'), width: 180 },
  sentence: { title: t('coverage.sentence', 'In words'), width: 480, wrap: true },
});

/** Coverage as a table. */
export const frames: KindPart['frames'] = (answer, { to }) => answer.map((frame) => dress(frame, looks(), to, ['identity', 'detector', 'state', 'sentence', 'source', 'reason', 'owner']));
