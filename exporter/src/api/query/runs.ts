import type { EventGroup, Millis } from '@remit/contract';
import type { Ask } from './kind.ts';

/** Most events of the range that are looked at for runs, and most runs. */
const LOOK = 50_000;
const MOST = 5000;

/** One run of tool calls of an identity: its session, its trace or both, and how many calls it had in the range. */
export interface RunRow { identity: string; session: string; trace: string; steps: number; denied: number; first: Millis; last: Millis }
/** Runs, the latest first. `partial`: older ones may be missing. */
export interface Runs { rows: RunRow[]; partial: boolean }

/** Runs of tool calls in the range that meet the conditions, the latest first. */
export async function runsOf(ask: Ask): Promise<Runs> {
  const { filters, stands: { explorer }, from, to, signal } = ask;
  const conditions = filters.events();
  const { groups, partial } = await explorer.groups({
    from, to, identities: filters.urns(explorer), conditions: filters.has('tool') ? conditions : [...conditions, { key: 'tool', op: '!=', values: [''] }],
    by: ['identity', 'session', 'trace'], step: 1, most: MOST, look: LOOK, budget: ask.left(), signal,
  });
  return { rows: groups.map(rowOf).filter(({ session, trace }) => session !== '' || trace !== '').sort((a, b) => b.last - a.last), partial };
}

function rowOf({ values: [identity, session, trace], success, failure, denied, first, last }: EventGroup): RunRow {
  return { identity: identity!, session: session!, trace: trace!, steps: success + failure + denied, denied, first, last };
}
