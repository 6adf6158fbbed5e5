import { dateTimeFormat, dateTimeFormatWithAbbrevation, FieldType, type DataFrame, type Field } from '@grafana/data';
import { t } from '@grafana/i18n';
import { linksOf, type LinkTargets } from '../../lib/links';
import { kinds, severities, states } from '../../lib/looks';

/** Characters of a line that fit beside its heading in half a screen. */
const LINE = 96;

/** One row by the names of its columns. */
type Row = Record<string, unknown>;

/**
 * A finding in words, a fact a row, as somebody reads it who was just woken: what, whom, why, and what to do first. `lines`: long texts go over
 * several rows, for tables that do not wrap. `timeZone`: in which times are said. Null without a finding.
 */
export function summaryOf(finding: Row | null, guidance: Row | null, to: LinkTargets, { lines, timeZone }: { lines: boolean; timeZone?: string }): DataFrame | null {
  if (finding === null) {
    return null;
  }
  const rows = facts(finding, guidance ?? {}, timeZone).flatMap(([fact, text]) => {
    const parts = lines ? text.split('\n').flatMap(wrapped) : [text];
    return parts.map((part, index) => ({ fact: index === 0 ? fact : '', text: part }));
  });
  // The columns behind the links are the same in every row, and hidden.
  const same = (name: string): Field => ({ name, type: FieldType.string, config: { custom: { hidden: true, hideFrom: { viz: true, legend: true, tooltip: true } } }, values: rows.map(() => textOf(finding[name])) });
  return {
    name: 'summary', length: rows.length,
    fields: [
      {
        // Links are on the headings: a text that is one link all over is hard to read.
        name: 'fact', type: FieldType.string, values: rows.map(({ fact }) => fact),
        config: { displayName: t('explain.fact', 'Finding'), filterable: false, custom: { width: 150 }, links: [...linksOf('identity', 'identity', to), ...linksOf('detector', 'detector', to)] },
      },
      { name: 'text', type: FieldType.string, values: rows.map(({ text }) => text), config: { displayName: t('explain.text', 'In words'), filterable: false, custom: { minWidth: 400, wrapText: !lines } } },
      same('identity'), same('detector'),
    ],
  };
}

/** Heading and text of each fact that there is. */
function facts(finding: Row, guidance: Row, timeZone: string | undefined): Array<[string, string]> {
  const word = (of: Record<string, { text: string }>, name: string): string => {
    const value = textOf(finding[name]);
    return Object.hasOwn(of, value) ? of[value].text : value;
  };
  const joined = (...parts: string[]): string => parts.filter((part) => part !== '').join(' · ');
  // The zone stands once, at the end: times of a night are read out on the phone.
  const between = joined(timeOf(finding.first, dateTimeFormat, timeZone), timeOf(finding.time, dateTimeFormatWithAbbrevation, timeZone)).replace(' · ', ' – ');
  const ask = textOf(guidance.contact);
  const wake = textOf(guidance.escalation);
  const all: Array<[string, string]> = [
    [t('field.title', 'What'), joined(textOf(finding.title), word(severities(), 'severity'), word(states(), 'state'), finding.provisional === true ? t('field.provisional', 'Provisional') : '')],
    [t('field.identity', 'Identity'), joined(textOf(finding.identity), word(kinds(), 'kind'), textOf(finding.purpose))],
    [t('field.owner', 'Owner'), joined(textOf(finding.owner), ask && t('explain.ask', 'ask {{contact}}', { contact: ask, interpolation: { escapeValue: false } }), wake && t('explain.wake', 'wake {{escalation}}', { escalation: wake, interpolation: { escapeValue: false } }))],
    [t('explain.when', 'When'), joined(between, typeof finding.count === 'number' ? t('explain.events', 'events: {{events}}', { events: finding.count }) : '')],
    [t('explain.why', 'Why'), textOf(finding.reason)],
    [t('field.expected', 'Expected'), textOf(finding.expected)],
    [t('field.observed', 'Observed'), textOf(finding.observed)],
    [t('explain.first', 'Do this first'), textOf(guidance.first_action)],
    [t('explain.benign', 'Harmless when'), textOf(guidance.benign)],
    [t('explain.decided', 'Decided'), joined(textOf(finding.by), textOf(finding.claimed_user) && t('explain.claims', 'claims to be {{user}}', { user: textOf(finding.claimed_user), interpolation: { escapeValue: false } }), textOf(finding.note))],
  ];
  return all.filter(([, text]) => text !== '');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function timeOf(value: unknown, format: typeof dateTimeFormatWithAbbrevation, timeZone: string | undefined): string {
  return typeof value === 'number' ? format(value, { timeZone }) : '';
}

/** The text in lines, broken between words where there are any. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > LINE) {
    const space = rest.lastIndexOf(' ', LINE);
    const at = space > LINE / 2 ? space : LINE;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  return rest === '' && lines.length > 0 ? lines : [...lines, rest];
}
