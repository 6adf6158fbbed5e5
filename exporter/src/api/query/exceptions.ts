import type { Exception, Explorer, Finding, Frame, KnownIdentity, Millis } from '@remit/contract';
import { GlobSet } from '../../lib/glob.ts';
import { count, frameOf, table, text, time, type Column } from './frame.ts';
import { tell, type Ask } from './kind.ts';

/** Exceptions of the inventory that cover the identities asked for, without those that ended before the range, with what each hid of each; which end first come first. */
export function exceptions(ask: Ask): Frame[] {
  const { filters, stands: { explorer, now }, from, limit } = ask;
  const listed = compiled(explorer, from);
  const rows: Row[] = [];
  let cut = false;
  for (const identity of listed.length === 0 ? [] : filters.identities(explorer)) {
    for (const { exception, covers } of listed) if (covers(identity)) rows.push(rowOf(identity.urn, exception, explorer, now()));
    cut = rows.length > limit * ENOUGH || ask.left() === 0;
    if (cut) break;
  }
  rows.sort((a, b) => a.ends - b.ends || (a.exception.id + a.identity < b.exception.id + b.identity ? -1 : 1));
  return tell(ask, [frameOf('exceptions', table('table', 'table'), COLUMNS, rows.slice(0, limit))], {
    total: cut ? null : rows.length, partial: cut || rows.length > limit, ...(cut || rows.length > limit ? { warnings: [`${Math.min(limit, rows.length)} rows of more; filter by identity or owner`] } : {}),
  });
}

/** Rows looked at for each that is shown. */
const ENOUGH = 10;

interface Row { identity: string; exception: Exception; state: 'pending' | 'active' | 'ended'; ends: Millis; findings: number; events: number; last: Millis | null }

const COLUMNS: Column<Row>[] = [
  text('identity', 'Identity', (r) => r.identity), text('exception', 'Exception', (r) => r.exception.id), text('detector', 'Detector', (r) => r.exception.detector), text('exception_state', 'State', (r) => r.state),
  time('starts', 'Starts', (r) => (r.exception.starts_at === undefined ? null : Date.parse(r.exception.starts_at))), time('ends', 'Ends', (r) => r.ends),
  count('hidden_findings', 'Findings hidden', (r) => r.findings), count('hidden_events', 'Events hidden', (r) => r.events), time('last_hidden', 'Last event hidden', (r) => r.last),
  text('owner', 'Owner', (r) => r.exception.owner), text('reason', 'Reason', (r) => r.exception.reason), text('approved_by', 'Approved by', (r) => r.exception.approved_by), text('ticket', 'Ticket', (r) => r.exception.ticket),
];

interface Compiled { exception: Exception; covers(identity: KnownIdentity): boolean }

/** An exception of a record covers that record's identity; one of the whole list whoever its pattern fits, under its own name or that of its record. */
function compiled(explorer: Explorer, from: Millis): Compiled[] {
  return explorer.exceptions().filter(({ exception: { expires_at: end } }) => Date.parse(end) > from).map(({ exception, identity }) => {
    const pattern = exception.identity === undefined ? null : new GlobSet([exception.identity]);
    return { exception, covers: ({ urn, remit }) => (pattern === null ? identity === (remit?.record.urn ?? urn) : pattern.test(urn) || (remit !== null && pattern.test(remit.record.urn))) };
  });
}

function rowOf(identity: string, exception: Exception, explorer: Explorer, now: Millis): Row {
  const hidden: Finding[] = [...explorer.findingsOf(identity)].filter((finding) => finding.exception === exception.id);
  const ends = Date.parse(exception.expires_at);
  const state = now >= ends ? 'ended' : exception.starts_at !== undefined && now < Date.parse(exception.starts_at) ? 'pending' : 'active';
  return {
    identity, exception, state, ends, findings: hidden.length, events: hidden.reduce((sum, finding) => sum + finding.count, 0),
    last: hidden.reduce<Millis | null>((last, finding) => Math.max(last ?? finding.last, finding.last), null),
  };
}
