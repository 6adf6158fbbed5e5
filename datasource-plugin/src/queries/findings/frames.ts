import { textUtil, type DataFrame, type Field } from '@grafana/data';
import { t } from '@grafana/i18n';
import { dress, type Looks } from '../../lib/dress';
import { findingClasses, kinds, severities, states } from '../../lib/looks';
import { dressVolume } from '../volume';
import type { KindPart } from '../kind';

/** How the columns of a finding are shown, wherever findings are. */
export const looks = (): Looks => ({
  time: { title: t('field.last', 'Last event'), width: 170 },
  first: { title: t('field.first', 'First event'), width: 170 },
  id: { title: t('field.finding', 'Finding'), link: 'finding', actions: true, width: 130, description: t('field.finding-tip', 'Id of the finding; a hash, the same wherever the same events are judged.') },
  severity: { title: t('field.severity', 'Severity'), words: severities(), cell: 'pill', width: 90 },
  state: { title: t('field.state', 'State'), words: states(), width: 130 },
  title: { title: t('field.title', 'What'), link: 'finding', linkOf: 'id', actions: true, width: 290 },
  identity: { title: t('field.identity', 'Identity'), link: 'identity', width: 300 },
  kind: { title: t('field.kind', 'Kind'), words: kinds(), width: 130 },
  owner: { title: t('field.owner', 'Owner'), width: 110 },
  detector: { title: t('field.detector', 'Detector'), link: 'detector', width: 180 },
  finding_class: { title: t('field.class', 'Class'), words: findingClasses(), width: 140 },
  subject: { title: t('field.subject', 'Subject'), width: 220 },
  reason: { title: t('field.reason', 'Reason'), width: 480 },
  expected: { title: t('field.expected', 'Expected'), width: 300 },
  observed: { title: t('field.observed', 'Observed'), width: 300 },
  count: { title: t('field.count', 'Events'), unit: 'short', decimals: 0, width: 80 },
  score: { title: t('field.score', 'Score'), unit: 'short', decimals: 2, width: 80, description: t('field.score-tip', '−log10 of the probability under the baseline.') },
  purpose: { title: t('field.purpose', 'Purpose') },
  environment: { title: t('field.environment', 'Environment') },
  provisional: { title: t('field.provisional', 'Provisional'), description: t('field.provisional-tip', 'Of an hour that is still open; confirmed or withdrawn at its close.') },
  exception: { title: t('field.exception', 'Exception') },
  also: { title: t('field.also', 'Also seen by') },
  opened: { title: t('field.opened', 'Opened'), width: 170 },
  updated: { title: t('field.updated', 'Updated'), width: 170 },
  closed: { title: t('field.closed', 'Closed'), width: 170 },
  by: { title: t('field.by', 'Decided with token'), description: t('field.by-tip', 'Name of the write token in Remit; by rule when empty.') },
  claimed_user: { title: t('field.claimed', 'Claimed user'), description: t('field.claimed-tip', 'Who the client said was asking; nobody checked it.') },
  note: { title: t('field.note', 'Note') },
  timeEnd: { title: t('field.last', 'Last event'), width: 170 },
  text: { title: t('field.reason', 'Reason'), width: 480 },
  tags: { title: t('field.tags', 'Tags'), width: 260 },
  revision: { title: t('field.revision', 'Revision'), hidden: true },
});

/** What is wrong with whom and since when comes first; the rest is one scroll away. */
export const FIRST = ['severity', 'title', 'identity', 'owner', 'state', 'time', 'reason', 'id', 'detector', 'count', 'score', 'expected', 'observed', 'subject', 'kind', 'finding_class', 'environment', 'first'];

/** Findings as a table, as lines, as annotations or counted over time. */
export const frames: KindPart['frames'] = (answer, context) =>
  context.query.format === 'volume'
    ? dressVolume(answer, context)
    : answer.map((frame) => {
        const dressed = dress(frame, looks(), context.to, context.query.format === 'annotations' || context.query.format === 'logs' ? [] : FIRST);
        return context.query.format === 'annotations' ? asSpans(dressed, context.explore === true) : dressed;
      });

/** Findings as annotations: their time is that of the first event. Explore shows them as a table, in which text is text. */
function asSpans(frame: DataFrame, explore: boolean): DataFrame {
  const fields = frame.fields.map((field) => (field.name === 'time' ? { ...field, config: { ...field.config, displayName: looks().first.title } } : field));
  const place = ({ name }: Field): number => (SPANS.includes(name) ? SPANS.indexOf(name) : SPANS.length);
  return { ...frame, fields: explore ? fields.sort((a, b) => place(a) - place(b)) : fields.map(harmless) };
}

const SPANS = ['severity', 'title', 'time', 'timeEnd', 'text', 'id', 'tags'];

/** Grafana shows the text of an annotation as sanitised HTML: what is meant as text must not become a picture or a link either. */
function harmless(field: Field): Field {
  return field.name === 'text' || field.name === 'title'
    ? { ...field, values: field.values.map((value: unknown) => (typeof value === 'string' ? textUtil.escapeHtml(value) : value)) }
    : field;
}
