import { QUERY_FORMATS, QUERY_KINDS, querySchema } from '@remit/contract';
import type { Query, QueryKind, QueryResult } from '@remit/contract';
import { closest } from '../../lib/closest.ts';
import { chain } from './chain.ts';
import { coverage } from './coverage.ts';
import { events } from './events.ts';
import { explain } from './explain.ts';
import { Filters, QueryError } from './filters.ts';
import { findings } from './findings.ts';
import { graph } from './graph.ts';
import { baseline, deviations } from './hours.ts';
import { identities } from './identities.ts';
import type { Ask, Kinds, QueryStands } from './kind.ts';
import { privileges } from './privileges.ts';

const KINDS: Kinds = { findings, events, identities, baseline, deviations, graph, chain, coverage, explain, privileges };
const DAY = 86_400_000;
const LONGEST = 400 * DAY;

/** Answers one query as it was sent. What is wrong with it, or goes wrong, is the result and never thrown; `failed` is told of our own faults. */
export async function runQuery(sent: { refId: string }, stands: QueryStands, limits: { signal: AbortSignal; left(): number }, failed: (error: unknown) => void): Promise<QueryResult> {
  try {
    const query = read(sent);
    const ask = askOf(query, stands, limits);
    if (limits.left() <= 0) throw new QueryError(504, 'the time was up before this query was begun', 'ask fewer queries at once');
    const frames = await KINDS[query.kind].answer(ask);
    for (const frame of frames) frame.schema.refId = query.refId;
    const { ignored } = ask.filters;
    const meta = frames[0]?.schema.meta;
    if (ignored.length > 0 && meta) {
      meta.notices = [...meta.notices ?? [], { severity: 'warning', text: `${ignored.join(', ')}: means nothing to ${query.kind}, and was ignored` }];
    }
    return { status: 200, frames };
  } catch (error) {
    if (error instanceof QueryError) return { status: error.status, error: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }), frames: [] };
    failed(error);
    return { status: 500, error: 'this query failed; the log says why', frames: [] };
  }
}

function read(sent: { refId: string }): Query {
  const parsed = querySchema.safeParse(sent);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = String(issue?.path[0] ?? 'query').slice(0, 64);
  if (where === 'kind') throw unknownKind((sent as { kind?: unknown }).kind);
  if (issue?.code === 'unrecognized_keys') throw new QueryError(400, `unknown key ${JSON.stringify(String(issue.keys[0]).slice(0, 64))}`);
  throw new QueryError(400, `${where === 'filters' ? filterAt(sent, issue?.path[1]) : where}: ${(issue?.message ?? 'not understood').slice(0, 300)}`);
}

/** The filter that a problem is in, by its key. */
function filterAt(sent: object, place: unknown): string {
  const filters: unknown = 'filters' in sent ? sent.filters : null;
  const filter: unknown = Array.isArray(filters) && typeof place === 'number' ? filters[place] : null;
  return typeof filter === 'object' && filter !== null && 'key' in filter && typeof filter.key === 'string' ? `filter ${JSON.stringify(filter.key.slice(0, 64))}` : 'filters';
}

function unknownKind(kind: unknown): QueryError {
  const near = typeof kind === 'string' ? closest(kind, QUERY_KINDS) : null;
  return new QueryError(400, `there is no kind ${JSON.stringify(String(kind).slice(0, 64))}`, near === null ? `kinds are ${QUERY_KINDS.join(', ')}` : `did you mean ${near}?`);
}

function askOf(query: Query, stands: QueryStands, limits: Pick<Ask, 'signal' | 'left'>): Ask {
  const { kind } = query;
  const to = query.to ?? stands.now();
  const from = query.from ?? to - DAY;
  if (from >= to) throw new QueryError(400, 'from must come before to');
  if (to - from > LONGEST) throw new QueryError(400, 'the range is longer than 400 days', 'nothing is kept that long');
  const { usual, most } = KINDS[kind].limit;
  const format = query.format ?? QUERY_FORMATS[kind][0];
  if (!isFormat(kind, format)) throw new QueryError(400, `${kind} has no format ${JSON.stringify(format.slice(0, 32))}`, `formats are ${QUERY_FORMATS[kind].join(', ')}`);
  return { query, from, to, limit: Math.min(query.limit ?? usual, most), format, filters: new Filters(query.filters, kind), stands, ...limits };
}

function isFormat(kind: QueryKind, format: string): boolean {
  return (QUERY_FORMATS[kind] as readonly string[]).includes(format);
}
