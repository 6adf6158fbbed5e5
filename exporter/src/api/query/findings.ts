import { SEVERITIES } from '@remit/contract';
import type { Finding, FindingStep, Frame } from '@remit/contract';
import { titleOf } from '../../lib/alert-text.ts';
import { QueryError } from './filters.ts';
import { count, frameOf, raw, table, text, time, yes, type Column } from './frame.ts';
import { stepOf, tell, type Ask, type Kind, type QueryStands } from './kind.ts';

/** Findings whose time overlaps the range, the one with the latest event first: as a table, as logs, as annotations, or counted. */
export const findings: Kind = {
  limit: { usual: 500, most: 10_000 },
  answer(ask) {
    if (ask.format === 'volume') return volume(ask);
    const { rows, total, cursor } = select(ask);
    const told = { total, cursor, notices: cursor === null ? [] : [`${rows.length} of ${total} findings; the next page follows with the cursor`] };
    return tell(ask, [frame(ask, rows)], told);
  },
};

/** Columns of a finding in tables. */
export function findingColumns({ explorer, detector }: QueryStands): Column<Finding>[] {
  return [
    time('time', 'Last event', (f) => f.last), time('first', 'First event', (f) => f.first), text('id', 'Id', (f) => f.id), text('severity', 'Severity', (f) => f.severity),
    text('state', 'State', (f) => f.state), text('title', 'What is wrong', (f) => titleOf(detector(f.detector), f)), text('identity', 'Identity', (f) => f.identity),
    text('kind', 'Kind', (f) => f.kind), text('owner', 'Owner', (f) => f.owner), text('detector', 'Detector', (f) => f.detector), text('finding_class', 'Class', (f) => f.class),
    text('subject', 'About', (f) => f.subject), text('reason', 'Reason', (f) => f.reason), text('expected', 'Expected', (f) => f.expected),
    text('observed', 'Observed', (f) => f.observed), count('count', 'Events', (f) => f.count), count('score', 'Score', (f) => f.score, 'none'),
    text('purpose', 'Purpose', (f) => f.purpose), text('environment', 'Environment', (f) => explorer.identity(f.identity)?.remit?.record.environment),
    yes('provisional', 'Provisional', (f) => f.provisional), text('exception', 'Exception', (f) => f.exception), text('also', 'Also said by', (f) => f.also.join(', ')),
    time('opened', 'Opened', (f) => f.opened_at), time('updated', 'Updated', (f) => f.updated_at), time('closed', 'Closed', (f) => f.closed_at),
    text('by', 'Last word by', (f) => wordOf(f)?.by), text('claimed_user', 'Says to be', (f) => wordOf(f)?.claimed_user, 'Who the client said was asking; nobody checked it'),
    text('note', 'Note', (f) => wordOf(f)?.note), count('revision', 'Revision', (f) => f.revision, 'none'),
  ];
}

/** Of the open findings of the range the one with the latest event, or null. */
export function newestOf(ask: Ask): Finding | null {
  let newest: Finding | null = null;
  for (const finding of matching(ask)) if (finding.state === 'open' && (newest === null || compare(finding, newest) < 0)) newest = finding;
  return newest;
}

/** The last thing that a person said of a finding. */
function wordOf({ history }: Finding): FindingStep | undefined {
  return history?.findLast(({ by }) => by !== null);
}

function frame(ask: Ask, rows: readonly Finding[]): Frame {
  if (ask.format === 'logs') return frameOf('findings', table('log-lines', 'logs'), LOGS, rows);
  if (ask.format === 'annotations') return frameOf('findings', table('table', 'table'), annotationColumns(ask.stands), rows);
  return frameOf('findings', table('table', 'table'), findingColumns(ask.stands), rows);
}

const LOGS: Column<Finding>[] = [
  time('timestamp', 'Time', (f) => f.last), text('body', 'Line', (f) => f.reason), text('severity', 'Level', (f) => f.severity), text('id', 'Id', (f) => f.id),
  raw('labels', 'Labels', ({ id, identity, owner, detector, state, kind, subject, class: of }) =>
    ({ id, identity, ...(owner === null ? {} : { owner }), detector, state, kind, subject, finding_class: of })),
];

function annotationColumns({ detector }: QueryStands): Column<Finding>[] {
  return [
    time('time', 'From', (f) => f.first), time('timeEnd', 'To', (f) => f.last), text('title', 'Title', (f) => titleOf(detector(f.detector), f)),
    text('text', 'Text', (f) => `${f.identity}: ${f.reason}`), raw('tags', 'Tags', (f) => [f.severity, f.state, f.detector, ...(f.owner === null ? [] : [f.owner])]),
    text('id', 'Id', (f) => f.id), text('severity', 'Severity', (f) => f.severity),
  ];
}

/** The first ones behind the cursor, in order; only as many are kept at a time as are asked for, a few times over. */
function select(ask: Ask): { rows: Finding[]; total: number; cursor: string | null } {
  const { limit } = ask;
  const after = placeOf(ask.query.cursor ?? null);
  let rows: Finding[] = [];
  let total = 0;
  let behind = 0;
  // The last of those that were kept when there were too many: whatever comes behind it is not among the first.
  let worst: Finding | null = null;
  for (const finding of matching(ask)) {
    total++;
    if (after !== null && compare(finding, after) <= 0) continue;
    behind++;
    if (worst !== null && compare(finding, worst) > 0) continue;
    rows.push(finding);
    if (rows.length <= 4 * limit + 1000) continue;
    rows = rows.sort(compare).slice(0, limit);
    worst = rows.at(-1)!;
  }
  rows = rows.sort(compare).slice(0, limit);
  const last = rows.at(-1);
  return { rows, total, cursor: last && behind > limit ? `${last.last}.${last.severity}.${last.id}` : null };
}

function* matching({ filters, stands: { explorer }, from, to, query }: Ask): Generator<Finding> {
  const one = /[0-9a-f]{32}/.exec(query.query ?? '')?.[0];
  if (one !== undefined) {
    const finding = explorer.finding(one);
    if (finding) yield finding;
    return;
  }
  for (const finding of explorer.findings()) {
    if (finding.last >= from && finding.first < to && filters.finding(finding, explorer)) yield finding;
  }
}

type Place = Pick<Finding, 'last' | 'severity' | 'id'>;

/** Latest event first, then the most severe. */
function compare(a: Place, b: Place): number {
  return b.last - a.last || SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function placeOf(cursor: string | null): Place | null {
  if (cursor === null || cursor === '') return null;
  const [, last, severity, id] = /^(-?\d{1,16})\.(critical|warning|info)\.([0-9a-f]{32})$/.exec(cursor) ?? [];
  if (id === undefined) throw new QueryError(400, 'the cursor is not one of findings', 'leave it out to begin anew');
  return { last: Number(last), severity: severity as Place['severity'], id };
}

function volume(ask: Ask): Frame[] {
  const step = stepOf(ask, 200, 1000);
  const counts = new Map<string, Map<number, number>>(SEVERITIES.map((severity) => [severity, new Map<number, number>()]));
  let total = 0;
  for (const { severity, last } of matching(ask)) {
    const start = Math.floor(Math.min(last, ask.to - 1) / step) * step;
    const of = counts.get(severity)!;
    of.set(start, (of.get(start) ?? 0) + 1);
    total++;
  }
  return tell(ask, [...counts].map(([level, of]) => volumeFrame(ask, level, of, step)), { total, custom: { step } });
}

/** A series of counts of one level, for a histogram over logs: every bucket of the range, or none when the level has no counts. */
export function volumeFrame({ from, to }: Pick<Ask, 'from' | 'to'>, level: string, counts: ReadonlyMap<number, number>, step: number): Frame {
  const rows: [number, number][] = [];
  // Bars are as wide as the least distance of two points, so that quiet buckets must be there.
  if (counts.size > 0) for (let start = Math.floor(from / step) * step; start < to; start += step) rows.push([start, counts.get(start) ?? 0]);
  return frameOf('volume', table('timeseries-multi', 'graph'), [
    { name: 'time', type: 'time', of: ([start]) => start, config: { interval: step } },
    { name: 'value', type: 'number', of: ([, n]) => n, title: level, unit: 'short', labels: { level } },
  ], rows);
}
