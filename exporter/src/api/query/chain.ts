import type { Frame, Sequence } from '@remit/contract';
import { outcomeOf, resourceOf } from './events.ts';
import { count, frameOf, raw, table, text, time, yes, type Column } from './frame.ts';
import { tell, type Ask, type Kind } from './kind.ts';
import { runsOf, type RunRow, type Runs } from './runs.ts';
import { listedRun, namesRun, runOf, type Run, type Step } from './steps.ts';

/** One run's calls against the approved sequence: the newest one of the range when none is named, as steps with the list of the others. Or that list alone. */
export const chain: Kind = {
  limit: { usual: 200, most: 1000 },
  async answer(ask) {
    if (ask.format !== 'list' && namesRun(ask)) return shown(ask, await runOf(ask), []);
    const runs = await runsOf(ask);
    const newest = runs.rows[0];
    if (newest === undefined || ask.format === 'list') return list(ask, runs);
    const notice = `the newest of ${runs.partial ? 'at least ' : ''}${runs.rows.length} chains in the range; filter by session or trace for another`;
    const answer = shown(ask, await listedRun(ask, newest), [notice]);
    return ask.format === 'steps' ? [...answer, listed(runs, ask.limit)] : answer;
  },
};

function shown(ask: Ask, run: Run, more: readonly string[]): Frame[] {
  return tell(ask, frames(ask, run), {
    total: run.steps.length, partial: run.more, ...(run.more ? { warnings: [`the first ${run.steps.length} calls of the run`] } : {}),
    notices: [...more, ...noticesOf(run), ...ask.format === 'states' ? shortOf(ask, run) : []], custom: { identity: run.identity?.urn ?? null, purpose: run.purpose },
  });
}

function frames(ask: Ask, run: Run): Frame[] {
  const { steps, sequences } = run;
  if (ask.format === 'trace') return [frameOf('chain', { preferredVisualisationType: 'trace' }, SPANS, steps)];
  if (ask.format === 'states') return [frameOf('chain', table('timeseries-wide', 'graph'), STATES, steps)];
  return [
    frameOf('chain', table('table', 'table'), COLUMNS, steps),
    frameOf('approved', table('table', 'table'), APPROVED, sequences.flatMap((sequence) => sequence.steps.map((_, position) => ({ sequence, position })))),
  ];
}

/** A timeline of a day does not tell the steps of a few seconds apart. */
function shortOf({ from, to }: Ask, { steps }: Run): string[] {
  const first = steps[0]?.event.time ?? from;
  const last = Math.max(...steps.map(({ event: e }) => e.end_time ?? e.time));
  return (last - first) * 20 > to - from ? [] : [`it went on from ${new Date(first).toISOString()} to ${new Date(last).toISOString()}; zoom in there to tell its steps apart`];
}

function noticesOf({ identity, sequences }: Run): string[] {
  if (identity === null) return ['nobody the calls could be compared with: they name no identity'];
  return sequences.length > 0 ? ['read against the inventory in force now'] : ['no sequence is approved for it, so that none can be departed from'];
}

/** What a step is called: the tool with its server, else the operation. */
export function stepName({ event: { tool, api } }: Step): string {
  return tool === undefined ? api.operation : tool.server === undefined ? tool.name : `${tool.server}/${tool.name}`;
}

const COLUMNS: Column<Step>[] = [
  time('time', 'Time', ({ event: e }) => e.time), time('end', 'End', ({ event: e }) => e.end_time), count('duration', 'Duration', ({ event: e }) => lengthOf(e), 'ms'),
  { name: 'step', type: 'number', title: 'Step', unit: 'none', of: (_, index) => index + 1 }, text('name', 'Call', stepName), text('tool', 'Tool', ({ event: e }) => e.tool?.name),
  text('server', 'Server', ({ event: e }) => e.tool?.server), text('category', 'Category', ({ event: e }) => e.tool?.category ?? e.action.category),
  text('operation', 'Operation', ({ event: e }) => e.api.operation), text('resource', 'Target', ({ event: e }) => resourceOf(e)), text('outcome', 'Outcome', ({ event: e }) => outcomeOf(e)),
  text('verdict', 'Verdict', (s) => s.verdict), text('sequence', 'Approved sequence', (s) => s.sequence), text('position', 'Read as', (s) => s.position),
  text('expected', 'Expected here', (s) => s.expected), text('finding', 'Finding', (s) => s.finding), text('event', 'Event', ({ event: e }) => e.metadata.uid),
  text('identity', 'Identity', ({ event: e }) => e.actor.identity.urn), text('purpose', 'Purpose', ({ event: e }) => e.purpose_uid),
];

const APPROVED: Column<{ sequence: Sequence; position: number }>[] = [
  text('sequence', 'Sequence', ({ sequence }) => sequence.name), count('position', 'Position', ({ position }) => position + 1, 'none'),
  text('step', 'Step', ({ sequence, position }) => sequence.steps[position]!.text), count('min', 'At least', ({ sequence, position }) => sequence.steps[position]!.min, 'none'),
  count('max', 'At most', ({ sequence, position }) => sequence.steps[position]!.max, 'none'), yes('strict', 'Nothing in between', ({ sequence }) => sequence.strict),
];

const SPANS: Column<Step>[] = [
  text('traceID', 'Trace', ({ event: e }) => e.trace?.uid ?? e.sequence_key ?? e.actor.session?.uid ?? ''), text('spanID', 'Span', ({ event: e }) => e.trace?.span?.uid ?? e.metadata.uid),
  text('parentSpanID', 'Parent', () => null), text('operationName', 'Call', stepName), text('serviceName', 'Identity', ({ event: e }) => shortName(e.actor.identity.urn)),
  raw('serviceTags', 'Identity', ({ event: e }) => pairs({ identity: e.actor.identity.urn, kind: e.actor.identity.kind, source: e.metadata.source })), count('startTime', 'Start', ({ event: e }) => e.time, 'ms'),
  count('duration', 'Duration', ({ event: e }) => lengthOf(e) ?? 0, 'ms'),
  raw('tags', 'Facts', (s) => pairs({
    verdict: s.verdict, sequence: s.sequence, position: s.position, expected: s.expected, outcome: outcomeOf(s.event), category: s.event.tool?.category, resource: resourceOf(s.event),
    purpose: s.event.purpose_uid, finding: s.finding, event: s.event.metadata.uid,
  })),
  text('kind', 'Kind', ({ event: e }) => e.trace?.span?.kind ?? 'internal'), count('statusCode', 'Status', (s) => (s.event.status_id === 1 && isFine(s) ? 1 : isFine(s) ? 0 : 2), 'none'),
  text('statusMessage', 'Status', (s) => (isFine(s) ? null : s.verdict)),
];

const STATES: Column<Step>[] = [
  time('time', 'Time', ({ event: e }) => e.time), text('observed', 'Call', stepName), text('approved', 'Read as', (s) => s.position ?? '—'), text('verdict', 'Verdict', (s) => s.verdict),
];

/** The end of a URN, which tells identities of one trace apart; the whole is in the tags. */
function shortName(urn: string | null): string {
  return urn === null ? 'nobody' : urn.slice(Math.max(urn.lastIndexOf('/'), urn.lastIndexOf(':')) + 1) || urn;
}

function isFine({ verdict, event }: Step): boolean {
  return (verdict === 'approved' || verdict === 'read' || verdict === 'undeclared') && event.status_id !== 2;
}

function lengthOf({ time: start, end_time: end }: Step['event']): number | null {
  return end === undefined ? null : Math.max(0, end - start);
}

function pairs(facts: Record<string, string | null | undefined>): { key: string; value: string }[] {
  return Object.entries(facts).filter(([, value]) => value !== null && value !== undefined).map(([key, value]) => ({ key, value: value! }));
}

function list(ask: Ask, runs: Runs): Frame[] {
  const cut = runs.partial || runs.rows.length > ask.limit;
  return tell(ask, [listed(runs, ask.limit)], {
    total: runs.partial ? null : runs.rows.length, partial: cut,
    ...(cut ? { warnings: ['the latest runs only; shorten the range or filter by identity for others'] } : {}), notices: ['filter by session, trace or finding, or ask for steps, to see one run'],
  });
}

function listed({ rows }: Runs, limit: number): Frame {
  return frameOf('chains', table('table', 'table'), RUNS, rows.slice(0, limit));
}

const RUNS: Column<RunRow>[] = [
  time('time', 'Begin', (r) => r.first), time('end', 'Last call', (r) => r.last), text('identity', 'Identity', (r) => r.identity), text('session', 'Session', (r) => r.session || null),
  text('trace', 'Trace', (r) => r.trace || null), count('steps', 'Calls', (r) => r.steps), count('denied', 'Denied', (r) => r.denied),
];
