import type { Millis, NhiEvent } from '@remit/contract';
import { outcomeOf } from './events.ts';
import type { Ask } from './kind.ts';

/** Most calls of the range, the newest first, that runs are made of. */
const LOOK = 5000;

/** One run of tool calls of an identity: its trace, its session or both, and how many calls it had in the range. */
export interface RunRow { identity: string; session: string; trace: string; steps: number; denied: number; first: Millis; last: Millis }
/** Runs, the latest first. `partial`: older ones may be missing. */
export interface Runs { rows: RunRow[]; partial: boolean }

/** Runs of tool calls in the range that meet the conditions, the latest first. What is said without a trace is a run by its session. */
export async function runsOf(ask: Ask): Promise<Runs> {
  const { filters, stands: { explorer }, from, to, signal } = ask;
  const conditions = filters.events();
  const { events, more, partial } = await explorer.events({
    from, to, identities: filters.urns(explorer), conditions: filters.has('tool') ? conditions : [...conditions, { key: 'tool', op: '!=', values: [''] }],
    order: 'newest', limit: LOOK, after: null, budget: ask.left(), signal,
  });
  const runs = new Map<string, RunRow>();
  for (const event of withoutEchoes(events)) {
    const { actor: { identity, session }, trace } = event;
    const [urn, named, uid] = [identity.urn ?? '', session?.uid ?? '', trace?.uid ?? event.sequence_key ?? ''];
    if (named === '' && uid === '') continue;
    const key = `${urn}\0${uid === '' ? `s${named}` : `t${uid}`}`;
    let run = runs.get(key);
    if (!run) runs.set(key, run = { identity: urn, session: named, trace: uid, steps: 0, denied: 0, first: event.time, last: event.time });
    run.steps++;
    if (outcomeOf(event) === 'denied') run.denied++;
    run.first = Math.min(run.first, event.time);
    run.last = Math.max(run.last, event.time);
  }
  return { rows: [...runs.values()].sort((a, b) => b.last - a.last), partial: partial || more };
}

/** Calls without those that a span inside another one tells again: what the server of a tool says of the call that its client made. */
export function withoutEchoes(events: readonly NhiEvent[]): NhiEvent[] {
  const calls = new Map<string, string>();
  for (const { tool, trace } of events) if (tool !== undefined && trace?.span !== undefined) calls.set(trace.span.uid, tool.name);
  return events.filter(({ tool, trace }) => tool === undefined || trace?.span?.parent_uid === undefined || calls.get(trace.span.parent_uid) !== tool.name);
}
