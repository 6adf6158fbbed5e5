import { SEVERITIES } from '@remit/contract';
import type { HourPoint, HourSeries, KnownIdentity, Millis, Severity } from '@remit/contract';
import { exceptions } from './exceptions.ts';
import { QueryError } from './filters.ts';
import { count, frameOf, table, text, time, yes, type Column } from './frame.ts';
import { tell, type Ask, type Kind } from './kind.ts';

/** Everyone seen, and every record nobody was seen under, joined with the inventory; most open findings first. */
export const identities: Kind = {
  limit: { usual: 1000, most: 10_000 },
  answer(ask) {
    if (ask.format === 'exceptions') return exceptions(ask);
    const { filters, stands: { explorer }, limit, query } = ask;
    const found: Listed[] = [];
    for (const identity of filters.identities(explorer)) {
      const events = identity.success + identity.failure + identity.denied;
      const open = [...explorer.openFindings(identity.urn)];
      const listed: Listed = { identity, events, open: open.length, worst: worstOf(open.map(({ severity }) => severity)) };
      if (filters.test(OWN, (key) => ofListed(listed, key))) found.push(listed);
    }
    found.sort(compare);
    const start = startOf(found, query.cursor ?? null);
    const rows = found.slice(start, start + limit);
    const last = rows.at(-1);
    const cursor = last && start + limit < found.length ? JSON.stringify([last.open, last.events, last.identity.urn]) : null;
    return tell(ask, [frameOf('identities', table('table', 'table'), COLUMNS, rows)], {
      cursor, total: found.length, notices: cursor === null ? [] : [`${rows.length} of ${found.length} identities; the next page follows with the cursor`],
    });
  },
};

interface Listed { identity: KnownIdentity; events: number; open: number; worst: Severity | null }

const OWN = ['ready', 'events', 'open_findings', 'score', 'source'] as const;

function ofListed({ identity, events, open }: Listed, key: (typeof OWN)[number]): string | number | null | readonly string[] {
  switch (key) {
    case 'ready': return String(identity.ready);
    case 'events': return events;
    case 'open_findings': return open;
    case 'score': return identity.score;
    case 'source': return identity.sources();
  }
}

const COLUMNS: Column<Listed>[] = [
  text('identity', 'Identity', ({ identity: i }) => i.urn), text('display_name', 'Name', ({ identity: i }) => i.remit?.record.display_name), text('kind', 'Kind', ({ identity: i }) => i.kind),
  text('class', 'Class', ({ identity: i }) => i.class), text('owner', 'Owner', ({ identity: i }) => i.remit?.record.owner), text('supplier', 'Supplier', ({ identity: i }) => i.remit?.record.supplier), text('purpose', 'Purpose', ({ identity: i }) => i.remit?.record.purpose),
  text('environment', 'Environment', ({ identity: i }) => i.remit?.record.environment), text('criticality', 'Criticality', ({ identity: i }) => i.remit?.record.criticality),
  text('lifecycle', 'Lifecycle', ({ identity: i }) => i.remit?.lifecycle ?? 'unknown'), yes('inventoried', 'Inventoried', ({ identity: i }) => i.remit?.reviewed === true),
  time('last', 'Last seen', ({ identity: i }) => i.last), time('first', 'First seen', ({ identity: i }) => i.first), count('events', 'Events', ({ events }) => events),
  count('failure', 'Failed', ({ identity: i }) => i.failure), count('denied', 'Denied', ({ identity: i }) => i.denied), count('open_findings', 'Open findings', ({ open }) => open),
  text('worst', 'Worst open', ({ worst }) => worst), count('score', 'Score', ({ identity: i }) => i.score, 'none'), text('readiness', 'Baseline', ({ identity: i }) => (i.ready ? 'ready' : 'warming')),
  count('granted', 'Granted permissions', ({ identity: i }) => i.remit?.record.granted?.length), count('used', 'Used of them, 90 days', ({ identity: i }) => i.privileges()?.exercised),
  text('sources', 'Sources', ({ identity: i }) => i.sources().join(', ')), text('aliases', 'Also called', ({ identity: i }) => i.aliases().slice(0, ALIASES).join(', ')),
  time('reviewed', 'Last reviewed', ({ identity: i }) => (i.remit?.record.last_reviewed === undefined ? null : Date.parse(i.remit.record.last_reviewed))),
];
const ALIASES = 20;

function worstOf(severities: readonly Severity[]): Severity | null {
  return SEVERITIES.find((severity) => severities.includes(severity)) ?? null;
}

function compare(a: Listed, b: Listed): number {
  return b.open - a.open || b.events - a.events || (a.identity.urn < b.identity.urn ? -1 : a.identity.urn > b.identity.urn ? 1 : 0);
}

/** Where the list goes on behind the last row, also when that row has moved since. */
function startOf(found: readonly Listed[], cursor: string | null): number {
  if (cursor === null || cursor === '') return 0;
  const [open, events, urn] = parsed(cursor);
  const behind = found.findIndex((each) => compare(each, { open, events, identity: { urn } } as Listed) > 0);
  return behind < 0 ? found.length : behind;
}

function parsed(cursor: string): [number, number, string] {
  try {
    const value: unknown = JSON.parse(cursor);
    if (Array.isArray(value) && value.length === 3 && Number.isFinite(value[0]) && Number.isFinite(value[1]) && typeof value[2] === 'string') return value as [number, number, string];
  } catch { /* said below */ }
  throw new QueryError(400, 'the cursor is not one of identities', 'leave it out to begin anew');
}

/** How many the identities are chosen from when a query is about few of them. */
const CANDIDATES = 20;
/** Few identities with what they did in the range, of `all` that it could have been about. */
export interface Few { few: KnownIdentity[]; series: HourSeries[]; all: number }

/** The identities of a query that is about few of them: those it names, else those that did something in the range; the higher `rank` first. */
export async function fewOf({ filters, from, to, stands: { explorer } }: Ask, start: Millis, most: number, rank: (hours: readonly HourPoint[]) => number): Promise<Few> {
  const named = filters.values('identity') !== null;
  const known = filters.identities(explorer).filter(({ first, last }) => first !== null && (named || (first < to && last! >= from)));
  const total = ({ success, failure, denied }: KnownIdentity): number => success + failure + denied;
  const found = known.sort((a, b) => Number(b.ready) - Number(a.ready) || total(b) - total(a) || (a.urn < b.urn ? -1 : 1)).slice(0, Math.max(most, CANDIDATES));
  const series = await explorer.hours(found.map(({ urn }) => urn), start, to);
  const ranked = found.map((identity, i) => ({ identity, series: series[i]!, rank: rank(series[i]!.hours) })).filter((each) => named || each.series.hours.length > 0);
  if (!named) ranked.sort((a, b) => b.rank - a.rank);
  const few = ranked.slice(0, most);
  return { few: few.map(({ identity }) => identity), series: few.map((each) => each.series), all: known.length };
}
