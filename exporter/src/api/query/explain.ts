import type { Difference, EventRef, Finding, FindingDetail, FindingStep } from '@remit/contract';
import { detailOf } from '../detail.ts';
import { QueryError } from './filters.ts';
import { findingColumns, newestOf } from './findings.ts';
import { count, frameOf, table, text, time } from './frame.ts';
import { tell, type Ask, type Kind } from './kind.ts';
import { exceptionSnippet } from './snippet.ts';

/** One finding, the newest open one when none is named: what was expected against what was observed, its evidence and history, what is new about it, and what to do. */
export const explain: Kind = {
  limit: { usual: 1, most: 1 },
  answer(ask) {
    const { stands } = ask;
    const id = idOf(ask);
    const finding = id === null ? newestOf(ask) : stands.explorer.finding(id);
    if (!finding && id === null) throw new QueryError(404, 'no open finding in the range', 'choose a longer range, or filter by id');
    if (!finding) throw new QueryError(404, 'no such finding', 'ids are 32 hexadecimal digits; findings are kept for 30 days after their last event');
    const detail = detailOf(finding, stands);
    const plain = table('table', 'table');
    return tell(ask, [
      frameOf('finding', { ...plain }, findingColumns(stands), [finding]),
      frameOf('contributions', plain, [
        text<Contribution>('part', 'Part', (c) => c.part), text<Contribution>('label', 'What', (c) => c.label), text<Contribution>('expected', 'Expected', (c) => c.expected),
        text<Contribution>('observed', 'Observed', (c) => c.observed), count<Contribution>('p', 'Probability', (c) => (c.digits === null ? null : 10 ** -c.digits), 'none'),
        count<Contribution>('contribution', 'Contribution', (c) => c.digits, 'none'), text<Contribution>('text', 'In words', (c) => c.text),
      ], contributionsOf(finding, detail.title)),
      frameOf('evidence', plain, [
        time<EventRef>('time', 'Time', (e) => e.time), text<EventRef>('id', 'Event', (e) => e.uid), text<EventRef>('operation', 'Operation', (e) => e.operation),
        text<EventRef>('category', 'Category', (e) => e.category), text<EventRef>('resource', 'Target', (e) => e.resource), text<EventRef>('outcome', 'Outcome', (e) => e.outcome),
        text<EventRef>('credential', 'Credential', (e) => e.credential), text<EventRef>('network', 'Network', (e) => e.network), text<EventRef>('source', 'Source', (e) => e.source),
      ], finding.evidence),
      frameOf('history', plain, [
        time<FindingStep>('time', 'Time', (s) => s.at), text<FindingStep>('by', 'By', (s) => s.by), text<FindingStep>('claimed_user', 'Says to be', (s) => s.claimed_user),
        text<FindingStep>('from', 'From', (s) => s.from), text<FindingStep>('to', 'To', (s) => s.to), text<FindingStep>('note', 'Note', (s) => s.note),
      ], finding.history ?? []),
      frameOf('since_last', plain, [
        text<Difference>('what', 'What', (d) => d.what), text<Difference>('before', 'Before', (d) => d.before), text<Difference>('now', 'Now', (d) => d.now),
      ], detail.since_last?.differs ?? []),
      frameOf('guidance', plain, [
        text<FindingDetail>('title', 'What is wrong', (d) => d.title), text<FindingDetail>('first_action', 'First action', (d) => d.guidance?.first_action),
        text<FindingDetail>('benign', 'May be harmless', (d) => d.guidance?.benign.join('\n')),
        text<FindingDetail>('frameworks', 'Frameworks', (d) => d.guidance?.frameworks.map(({ name, version, id, title }) => `${name} ${version} ${id} ${title}`).join('\n')),
        text<FindingDetail>('runbook', 'Runbook', (d) => (d.guidance?.runbook == null ? null : d.detector)), text<FindingDetail>('contact', 'Contact', (d) => d.contact?.contact),
        text<FindingDetail>('escalation', 'Escalation', (d) => d.contact?.escalation), text<FindingDetail>('exception_snippet', 'Exception to propose', (d) => exceptionSnippet(d, stands.now())),
      ], [detail]),
    ], { total: 1, notices: id === null ? ['the newest open finding of the range; filter by id for another'] : [], custom: { identity: finding.identity, detector: finding.detector, previous: detail.since_last?.finding ?? null } });
  },
};

interface Contribution { part: string; label: string; expected: string; observed: string; digits: number | null; text: string }

/** What the score is made of; without one, the detector's own word. */
function contributionsOf(finding: Finding, title: string): Contribution[] {
  const { deviation, score, expected, observed, reason } = finding;
  if (deviation === undefined) return [{ part: finding.detector, label: title, expected, observed, digits: score ?? null, text: reason }];
  return deviation.parts.map(({ habit, channel, calibrated, text: said }) => ({
    part: habit, label: channel, expected: said.expected, observed: said.observed, digits: calibrated,
    text: `Expected ${said.expected}; observed ${said.observed}${said.peers === undefined ? '' : `; ${said.peers}`}.`,
  }));
}

function idOf({ filters, query }: Ask): string | null {
  return filters.values('id')?.[0] ?? /[0-9a-f]{32}/.exec(query.query ?? '')?.[0] ?? null;
}
