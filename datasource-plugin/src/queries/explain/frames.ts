import { t } from '@grafana/i18n';
import { dress, type Looks } from '../../lib/dress';
import { states } from '../../lib/looks';
import { looks as eventLooks } from '../events/frames';
import { FIRST, looks as findingLooks } from '../findings/frames';
import type { KindPart } from '../kind';
import { summaryOf } from './summary';

/** An explanation in words, then its parts by the name of the frame. */
export const frames: KindPart['frames'] = (answer, { to, explore = false, timeZone }) => {
  const looks: Record<string, Looks> = { finding: findingLooks(), contributions: contributions(), evidence: eventLooks(), history: history(), since_last: sinceLast(), guidance: guidance() };
  const parts = answer.map((frame) => {
    const name = frame.schema.name;
    const dressed = dress(frame, Object.hasOwn(looks, name) ? (looks[name] ?? {}) : {}, to, name === 'finding' ? FIRST : name === 'guidance' ? ['runbook', 'contact', 'escalation', 'frameworks', 'exception_snippet'] : []);
    if (explore) {
      // Explore shows twenty columns of a table, and the rest of a finding is in the other tables.
      dressed.fields = dressed.fields.slice(0, 20);
    }
    dressed.meta = { ...dressed.meta, preferredVisualisationType: 'table' };
    return dressed;
  });
  const row = (name: string): Record<string, unknown> | null => {
    const frame = parts.find((each) => each.name === name);
    return frame && frame.length > 0 ? Object.fromEntries(frame.fields.map((field) => [field.name, field.values[0]])) : null;
  };
  const summary = summaryOf(row('finding'), row('guidance'), to, { lines: explore, timeZone });
  const [first, ...others] = parts;
  // What is said of the answer as a whole stands on the frame that is shown first.
  return summary === null || first === undefined ? parts : [{ ...summary, refId: first.refId, meta: first.meta }, { ...first, meta: { preferredVisualisationType: 'table' } }, ...others];
};

const contributions = (): Looks => ({
  part: { title: t('explain.part', 'Part'), width: 160 }, label: { title: t('explain.what', 'What'), width: 200 },
  expected: { title: t('field.expected', 'Expected'), width: 280, wrap: true }, observed: { title: t('field.observed', 'Observed'), width: 280, wrap: true },
  p: { title: t('explain.p', 'Probability'), unit: 'sci', width: 110 },
  contribution: { title: t('explain.contribution', 'Share of the score'), decimals: 2, width: 160, cell: 'gauge', min: 0 },
  p50: { title: 'p50', decimals: 1, width: 70 }, p95: { title: 'p95', decimals: 1, width: 70 }, p99: { title: 'p99', decimals: 1, width: 70 },
  text: { title: t('explain.text', 'In words'), width: 360, wrap: true },
});

const history = (): Looks => ({
  time: { title: t('field.time', 'Time'), width: 170 }, by: { title: t('field.by', 'Decided with token') },
  claimed_user: { title: t('field.claimed', 'Claimed user'), description: t('field.claimed-tip', 'Who the client said was asking; nobody checked it.') },
  from: { title: t('explain.from', 'From'), words: states() }, to: { title: t('explain.to', 'To'), words: states() }, note: { title: t('field.note', 'Note'), wrap: true },
});

const sinceLast = (): Looks => ({
  what: { title: t('explain.since', 'Different since last time') }, before: { title: t('explain.before', 'Before') }, now: { title: t('explain.now', 'Now') },
});

const guidance = (): Looks => ({
  title: { title: t('field.title', 'What') }, first_action: { title: t('explain.first', 'Do this first'), width: 320, wrap: true }, benign: { title: t('explain.benign', 'Harmless when'), width: 320, wrap: true },
  frameworks: { title: t('explain.frameworks', 'Frameworks'), width: 240 }, runbook: { title: t('explain.runbook', 'Runbook'), link: 'detector' },
  contact: { title: t('explain.contact', 'Ask') }, escalation: { title: t('explain.escalation', 'Wake') },
  exception_snippet: { title: t('explain.exception', 'Exception to propose'), width: 320, wrap: true, custom: { inspect: true }, description: t('explain.exception-tip', 'Paste it into the inventory and have it reviewed.') },
});
