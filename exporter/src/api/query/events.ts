import type { Frame, Millis, NhiEvent } from '@remit/contract';
import { QueryError } from './filters.ts';
import { count, frameOf, raw, table, text, time, type Column } from './frame.ts';
import { volumeFrame } from './findings.ts';
import { stepOf, tell, type Ask, type Kind } from './kind.ts';

const HOUR: Millis = 3_600_000;
/** Identities whose hours are added up rather than events counted. */
const MOST_BY_HOUR = 20;
/** Events that a histogram looks at. */
export const LOOK = 50_000;

/** Events of the archive, newest first: as log lines, as a table, or counted. */
export const events: Kind = {
  limit: { usual: 500, most: 5000 },
  async answer(ask) {
    if (ask.format === 'volume') return volume(ask);
    const { filters, stands: { explorer }, from, to, limit, query, signal } = ask;
    const page = await explorer.events({
      from, to, identities: filters.urns(explorer), conditions: filters.events(), order: query.order, limit, after: placeOf(query.cursor ?? null), budget: ask.left(), signal,
    });
    if (page.partial && page.events.length === 0 && page.last === null) throw new QueryError(504, 'the time was up before an event was found', 'name an identity, or shorten the range');
    const owners = ownersOf(ask);
    const shown = page.events.map((event) => ({ event, owner: owners(event.actor.identity.urn) }));
    const frame = ask.format === 'table' ? frameOf('events', table('table', 'table'), COLUMNS, shown) : frameOf('events', table('log-lines', 'logs'), LOGS, shown);
    const cursor = page.more && page.last !== null ? `${page.last.time}.${page.last.id}` : null;
    return tell(ask, [frame], {
      cursor, partial: page.partial, ...(page.partial ? { warnings: ['the time was up before the whole range was looked at; the next page goes on from there'] } : {}),
      ...(cursor !== null && !page.partial ? { notices: [`the ${query.order} ${page.events.length} events; the next page follows with the cursor`] } : {}),
    });
  },
};

interface Shown { event: NhiEvent; owner: string | null }

/** Of `null`: nobody. */
function ownersOf({ stands: { explorer } }: Ask): (urn: string | null) => string | null {
  const known = new Map<string, string | null>();
  return (urn) => {
    if (urn === null) return null;
    let owner = known.get(urn);
    if (owner === undefined) known.set(urn, owner = explorer.identity(urn)?.remit?.record.owner ?? null);
    return owner;
  };
}

/** How an event ended, in one word. */
export function outcomeOf(event: NhiEvent): 'success' | 'failure' | 'denied' {
  return event.outcome.denied ? 'denied' : event.status_id === 2 ? 'failure' : 'success';
}

const LEVEL = { success: 'info', failure: 'warning', denied: 'error' } as const;

/** The target as evidence names it. */
export function resourceOf({ resources, tool }: NhiEvent): string | undefined {
  const target = resources?.[0];
  return target?.uid ?? target?.name ?? target?.type ?? tool?.name;
}

function networkOf({ src_endpoint: from, src_kind: kind }: NhiEvent): string | undefined {
  return from?.ip ?? (kind === 'unknown' ? undefined : kind);
}

const COLUMNS: Column<Shown>[] = [
  time('time', 'Time', ({ event: e }) => e.time), text('id', 'Id', ({ event: e }) => e.metadata.uid), text('identity', 'Identity', ({ event: e }) => e.actor.identity.urn),
  text('kind', 'Kind', ({ event: e }) => e.actor.identity.kind), text('owner', 'Owner', ({ owner }) => owner), text('operation', 'Operation', ({ event: e }) => e.api.operation),
  text('category', 'Category', ({ event: e }) => e.action.category), text('outcome', 'Outcome', ({ event: e }) => outcomeOf(e)), text('resource', 'Target', ({ event: e }) => resourceOf(e)),
  text('resource_type', 'Type of target', ({ event: e }) => e.resources?.[0]?.type), text('source', 'Source', ({ event: e }) => e.metadata.source),
  text('credential', 'Credential', ({ event: e }) => e.credential?.uid), text('credential_type', 'Type of credential', ({ event: e }) => e.credential?.type),
  text('network', 'Network', ({ event: e }) => networkOf(e)), text('tool', 'Tool', ({ event: e }) => e.tool?.name), text('server', 'Server of the tool', ({ event: e }) => e.tool?.server),
  text('session', 'Session', ({ event: e }) => e.actor.session?.uid), text('trace', 'Trace', ({ event: e }) => e.trace?.uid ?? e.sequence_key), text('span', 'Span', ({ event: e }) => e.trace?.span?.uid),
  text('account', 'Account', ({ event: e }) => e.cloud?.account?.uid), text('region', 'Region', ({ event: e }) => e.cloud?.region), text('cluster', 'Cluster', ({ event: e }) => e.k8s?.cluster),
  text('permission', 'Permission', ({ event: e }) => e.privilege?.used?.[0]), text('status_code', 'Status', ({ event: e }) => e.status_code), text('user_agent', 'User agent', ({ event: e }) => e.http_request?.user_agent),
  count('bytes_out', 'Bytes out', ({ event: e }) => e.volume?.bytes_out, 'decbytes'), count('rows', 'Rows', ({ event: e }) => e.volume?.rows), count('duration', 'Duration', ({ event: e }) => durationOf(e), 'ms'),
  text('delegation', 'On behalf of', ({ event: e }) => e.actor.delegation?.join(', ')), text('flags', 'Flags', ({ event: e }) => e.flags.join(', ')),
];
const LABELLED = COLUMNS.filter(({ type, name }) => type === 'string' && name !== 'id');

const LOGS: Column<Shown>[] = [
  time('timestamp', 'Time', ({ event }) => event.time), text('body', 'Line', ({ event }) => lineOf(event)), text('severity', 'Level', ({ event }) => LEVEL[outcomeOf(event)]),
  text('id', 'Id', ({ event }) => event.metadata.uid),
  raw('labels', 'Labels', (shown) => {
    const labels: Record<string, string> = {};
    for (const [index, { name, of }] of LABELLED.entries()) {
      const value = of(shown, index);
      if (typeof value === 'string' && value !== '') labels[name] = value;
    }
    return labels;
  }),
];

function durationOf({ time: start, end_time: end, duration }: NhiEvent): number | null {
  return duration ?? (end === undefined ? null : Math.max(0, end - start));
}

function lineOf(event: NhiEvent): string {
  const network = networkOf(event);
  return [
    outcomeOf(event) === 'success' ? null : outcomeOf(event), event.actor.identity.urn ?? 'nobody', event.api.operation, resourceOf(event),
    network === undefined ? null : `from ${network}`,
  ].filter((part) => part !== null && part !== undefined && part !== '').join(' ');
}

/** `time.id`; the id may be missing where a page ended between two events. */
function placeOf(cursor: string | null): { time: Millis; id: string } | null {
  if (cursor === null || cursor === '') return null;
  const [, at, id] = /^(-?\d{1,16})\.([0-9a-f]{32}|)$/.exec(cursor) ?? [];
  if (id === undefined) throw new QueryError(400, 'the cursor is not one of events: time.id', 'leave it out to begin anew');
  return { time: Number(at), id };
}

/** By the quickest way that tells the truth: hours of few identities, batches of everything, else events one by one. */
async function volume(ask: Ask): Promise<Frame[]> {
  const { filters, stands: { explorer }, from, to } = ask;
  const step = stepOf(ask, 200, 1000);
  const urns = filters.urns(explorer);
  if (!filters.any) {
    const counts = await explorer.arrivals(from, to, step);
    if (counts.reduce((sum, { events: n }) => sum + n, 0) > LOOK) {
      return tell(ask, [volumeFrame(ask, 'info', new Map(counts.map(({ start, events: n }) => [start, n])), step)], {
        notices: ['all events by the batch they came in, repeats included; name an identity or another filter to see outcomes'], custom: { step },
      });
    }
  }
  if (filters.onlyIdentity && urns !== null && urns.length <= MOST_BY_HOUR && (step >= HOUR || ask.query.step == null)) return byHour(ask, urns);
  const { groups, partial, since } = await explorer.groups({
    from, to, identities: urns, conditions: filters.events(), by: ['time'], step, most: 2000, look: LOOK, budget: ask.left(), signal: ask.signal,
  });
  const series = { info: new Map<number, number>(), warning: new Map<number, number>(), error: new Map<number, number>() };
  for (const { values: [start], success, failure, denied } of groups) {
    for (const [level, n] of [['info', success], ['warning', failure], ['error', denied]] as const) if (n > 0) series[level].set(Number(start), n);
  }
  return tell(ask, Object.entries(series).map(([level, counts]) => volumeFrame(ask, level, counts, step)), {
    partial, ...(partial ? { warnings: [`counted since ${new Date(since).toISOString()} only: there are more than ${LOOK} events, or the time was up`] } : {}), custom: { step },
  });
}

/** Hours know what was denied, not what failed otherwise. */
async function byHour(ask: Ask, urns: readonly string[]): Promise<Frame[]> {
  const step = stepOf(ask, 200, HOUR);
  const info = new Map<number, number>();
  const error = new Map<number, number>();
  for (const { hours } of await ask.stands.explorer.hours(urns, Math.floor(ask.from / HOUR) * HOUR, ask.to)) {
    for (const { start, events: n, denied } of hours) {
      const bucket = Math.floor(start / step) * step;
      if (n > denied) info.set(bucket, (info.get(bucket) ?? 0) + n - denied);
      if (denied > 0) error.set(bucket, (error.get(bucket) ?? 0) + denied);
    }
  }
  return tell(ask, [volumeFrame(ask, 'info', info, step), volumeFrame(ask, 'error', error, step)], { custom: { step }, notices: ['by whole hours; failures that were no denials count as info'] });
}
