import { EVENT_KINDS as KINDS, OUTCOMES, type IdentityClass, type SourceId } from '@remit/contract';

/** Place in `KINDS` of what an identity is known to be when its event is judged. */
const CLASS_KIND: Record<IdentityClass, number> = {
  machine: KINDS.indexOf('nhi'), human: KINDS.indexOf('human'), platform: KINDS.indexOf('platform'), unknown: KINDS.indexOf('unknown'),
  unattributed: KINDS.indexOf('unknown'),
};

/** Unique events by source, then kind × outcome in the order of the contract: all, and those of them that were history when they came. */
export interface EventCounts { counters: Map<string, number[]>; history: Map<string, number[]> }

/** Counts one unique event by who acted and how it ended, by its place in `OUTCOMES`. */
export function countEvent({ counters, history }: EventCounts, source: SourceId, who: IdentityClass, outcome: number, past: boolean): void {
  const at = CLASS_KIND[who] * OUTCOMES.length + outcome;
  countsOf(counters, source)[at]!++;
  if (past) countsOf(history, source)[at]!++;
}

function countsOf(of: Map<string, number[]>, source: SourceId): number[] {
  let counts = of.get(source);
  if (!counts) of.set(source, counts = new Array<number>(KINDS.length * OUTCOMES.length).fill(0));
  return counts;
}
