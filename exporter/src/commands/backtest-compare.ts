import { SEVERITIES, type Exception, type Finding, type Millis, type RejectReason } from '@remit/contract';
import type { Shadow } from '../pipeline/shadow.ts';

/** What one run found. `pages` are by finding. */
export interface Side {
  events: number; findings: ReadonlyMap<string, Finding>; pages: ReadonlyMap<string, number>;
  exceptions: ReadonlyMap<string, Exception>; known: ReadonlySet<string>; shadow: readonly Shadow[];
}

/** A finding that only one side has, and why the other has not. */
export interface Listed {
  id: string; detector: string; identity: string; owner: string | null; severity: string; subject: string; first: string; last: string; count: number; pages: number;
  reason: string; why: string;
}
/** A finding of both sides that is not the same on both. */
export interface Changed { id: string; detector: string; identity: string; differs: { what: string; before: string | number | null; after: string | number | null }[]; reason: string }
interface Pair { before: number; after: number }
export interface Row { owner: string | null; detector: string; findings: Pair; pages: Pair; findings_a_week: Pair; pages_a_week: Pair }

/** Before against after. Lists are in order of event time; the first 10,000, with exact totals. */
export interface Comparison {
  from: string; to: string; weeks: number; events: number; rejected: Partial<Record<RejectReason, number>>;
  findings: Pair; pages: Pair; by: Row[]; totals: { gained: number; lost: number; changed: number };
  gained: Listed[]; lost: Listed[]; changed: Changed[];
  /** What proposed records would have found after the change, had they been approved. */
  shadow: { identity: string; detector: string; signals: number; reason: string }[];
}

const WEEK: Millis = 7 * 86_400_000;
const MOST = 10_000;
const SHOWN = 25;

/** Compares what two runs found between two times; findings that were withdrawn or silenced are none. A span under a week counts as one. */
export function compare(before: Side, after: Side, span: { from: Millis; to: Millis }, rejected: Comparison['rejected']): Comparison {
  const weeks = Math.max(1, span.to > span.from ? (span.to - span.from) / WEEK : 1);
  const was = standing(before, span);
  const is = standing(after, span);
  const gained = is.filter(({ id }) => !stands(before, id)).map((finding) => listed(finding, after, gainedWhy(before, finding)));
  const lost = was.filter(({ id }) => !stands(after, id)).map((finding) => listed(finding, before, lostWhy(after, finding)));
  const changed = was.flatMap((finding) => stands(after, finding.id) ? differences(finding, after.findings.get(finding.id)!, before, after) : []);
  return {
    from: instant(span.from), to: instant(span.to), weeks: rounded(weeks), events: before.events, rejected,
    findings: { before: was.length, after: is.length }, pages: { before: pagesOf(was, before), after: pagesOf(is, after) }, by: rows(was, is, before, after, weeks),
    totals: { gained: gained.length, lost: lost.length, changed: changed.length },
    gained: gained.slice(0, MOST), lost: lost.slice(0, MOST), changed: changed.slice(0, MOST),
    shadow: after.shadow.map(({ urn, detector, count, reason }) => ({ identity: urn, detector, signals: count, reason })),
  };
}

/** What an exception covered to its end was silenced, even if it fell quiet since. */
function isSilenced({ state, exception }: Finding): boolean {
  return state === 'silenced' || (state === 'resolved' && exception !== undefined);
}

function isGone(finding: Finding): boolean {
  return finding.state === 'withdrawn' || isSilenced(finding);
}

function standing({ findings }: Side, { from, to }: { from: Millis; to: Millis }): Finding[] {
  return [...findings.values()].filter((finding) => !isGone(finding) && finding.last >= from && finding.first < to)
    .sort((a, b) => a.first - b.first || (a.id < b.id ? -1 : 1));
}

function stands({ findings }: Side, id: string): boolean {
  const finding = findings.get(id);
  return finding !== undefined && !isGone(finding);
}

function gainedWhy(before: Side, { id }: Finding): string {
  const then = before.findings.get(id);
  if (then && isSilenced(then)) return `the exception ${then.exception ?? ''} no longer covers it`;
  return then?.state === 'withdrawn' ? 'it was taken back before the change' : 'only the changed inventory or configuration finds it';
}

function lostWhy(after: Side, { id, identity }: Finding): string {
  const now = after.findings.get(id);
  if (now && isSilenced(now)) {
    const exception = after.exceptions.get(now.exception ?? '');
    return `the exception ${now.exception ?? ''} covers it${exception ? ` until ${exception.expires_at} (${exception.owner}: ${exception.reason})` : ''}`;
  }
  if (now) return 'it is taken back after the change';
  return after.known.has(identity) ? 'the changed inventory or configuration does not find it' : 'the identity has another name after the change';
}

function listed(finding: Finding, side: Side, why: string): Listed {
  const { id, detector, identity, owner, severity, subject, first, last, count, reason } = finding;
  return { id, detector, identity, owner, severity, subject, first: instant(first), last: instant(last), count, pages: side.pages.get(id) ?? 0, reason, why };
}

function differences(was: Finding, is: Finding, before: Side, after: Side): Changed[] {
  const differs: Changed['differs'] = [];
  for (const what of ['severity', 'owner', 'purpose', 'expected', 'observed', 'count'] as const) if (was[what] !== is[what]) differs.push({ what, before: was[what], after: is[what] });
  const pages = [before.pages.get(was.id) ?? 0, after.pages.get(is.id) ?? 0] as const;
  if (pages[0] !== pages[1]) differs.push({ what: 'pages', before: pages[0], after: pages[1] });
  return differs.length === 0 ? [] : [{ id: was.id, detector: was.detector, identity: was.identity, differs, reason: is.reason }];
}

function pagesOf(findings: readonly Finding[], { pages }: Side): number {
  return findings.reduce((sum, { id }) => sum + (pages.get(id) ?? 0), 0);
}

function rows(was: readonly Finding[], is: readonly Finding[], before: Side, after: Side, weeks: number): Row[] {
  const found = new Map<string, Row>();
  const count = (list: readonly Finding[], side: Side, when: keyof Pair): void => {
    for (const { id, owner, detector } of list) {
      const key = JSON.stringify([owner, detector]);
      let row = found.get(key);
      if (!row) found.set(key, row = { owner, detector, findings: none(), pages: none(), findings_a_week: none(), pages_a_week: none() });
      row.findings[when]++;
      row.pages[when] += side.pages.get(id) ?? 0;
    }
  };
  count(was, before, 'before');
  count(is, after, 'after');
  const weekly = ({ before: b, after: a }: Pair): Pair => ({ before: rounded(b / weeks), after: rounded(a / weeks) });
  return [...found.values()].map((row) => ({ ...row, findings_a_week: weekly(row.findings), pages_a_week: weekly(row.pages) }))
    .sort((a, b) => compareText(a.owner ?? '', b.owner ?? '') || compareText(a.detector, b.detector));
}

const none = (): Pair => ({ before: 0, after: 0 });
const rounded = (value: number): number => Math.round(value * 100) / 100;
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function instant(at: Millis): string {
  return Number.isFinite(at) ? new Date(at).toISOString() : 'never';
}

// -------------------------------------------------------------- in words

/** The comparison for a terminal; lists are cut at 25. */
export function printed(c: Comparison): string {
  const rejected = Object.entries(c.rejected).map(([reason, n]) => `${n} ${reason}`).join(', ');
  const lines = [
    `${c.events} events${rejected ? `, refused: ${rejected}` : ''}; compared from ${c.from} to ${c.to}`
      + (c.weeks === 1 ? ' (under a week counts as one)' : ` (${c.weeks} weeks)`),
    '', ...table(c), '',
    ...c.totals.gained + c.totals.lost + c.totals.changed === 0 ? ['No difference.'] : [
      ...section('gained', c.totals.gained, c.gained.map(({ why, ...finding }) => told(finding, why))),
      ...section('lost', c.totals.lost, c.lost.map(({ why, ...finding }) => told(finding, why))),
      ...section('changed', c.totals.changed, c.changed.map(({ id, detector, identity, differs, reason }) => [
        `  ${detector}  ${identity}  ${id}`, `           ${reason}`, ...differs.map(({ what, before, after }) => `           ${what}: ${before ?? 'none'} → ${after ?? 'none'}`),
      ])),
    ],
    ...c.shadow.length === 0 ? [] : [
      '', 'Proposed records, judged in shadow:',
      ...c.shadow.slice(0, SHOWN).flatMap(({ identity, detector, signals, reason }) => [`  ${detector}  ${identity}  ${signals} times`, `           ${reason}`]),
    ],
    '',
  ];
  // eslint-disable-next-line no-control-regex
  return lines.join('\n').replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

function table(c: Comparison): string[] {
  if (c.by.length === 0) return ['No findings, before or after.'];
  const total: Row = {
    owner: 'all', detector: '', findings: c.findings, pages: c.pages,
    findings_a_week: { before: rounded(c.findings.before / c.weeks), after: rounded(c.findings.after / c.weeks) },
    pages_a_week: { before: rounded(c.pages.before / c.weeks), after: rounded(c.pages.after / c.weeks) },
  };
  const cells = [
    ['owner', 'detector', 'findings a week', 'pages a week'],
    ...[...c.by, total].map((row) => [row.owner ?? 'nobody', row.detector, arrow(row.findings_a_week), arrow(row.pages_a_week)]),
  ];
  const widths = cells[0]!.map((_, i) => Math.min(48, Math.max(...cells.map((row) => row[i]!.length))));
  return cells.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ').trimEnd());
}

function arrow({ before, after }: Pair): string {
  return before === after ? String(before) : `${before} → ${after}`;
}

function section(name: string, total: number, entries: string[][]): string[] {
  if (total === 0) return [];
  return [`${total} ${name}:`, ...entries.slice(0, SHOWN).flat(), ...total > SHOWN ? [`  … and ${total - SHOWN} more; --json lists them`] : []];
}

function told({ severity, detector, identity, owner, id, reason, pages, count }: Omit<Listed, 'why'>, why: string): string[] {
  const width = Math.max(...SEVERITIES.map((each) => each.length));
  return [
    `  ${severity.padEnd(width)} ${detector}  ${identity}${owner === null ? '' : `  (${owner})`}  ${id}`,
    `           ${reason} ${count} ${count === 1 ? 'event' : 'events'}${pages === 0 ? '' : `, ${pages} ${pages === 1 ? 'page' : 'pages'}`}`, `           because ${why}`,
  ];
}
