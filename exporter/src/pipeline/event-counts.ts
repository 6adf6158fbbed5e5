import { EVENT_KINDS as KINDS, OUTCOMES, type IdentityClass, type NhiEvent, type SourceId } from '@remit/contract';

/** Place in `KINDS` of what an identity is known to be when its event is judged. */
const CLASS_KIND: Record<IdentityClass, number> = {
  machine: KINDS.indexOf('nhi'), human: KINDS.indexOf('human'), platform: KINDS.indexOf('platform'), unknown: KINDS.indexOf('unknown'),
  unattributed: KINDS.indexOf('unknown'),
};

/** Unique events by source: all by kind × outcome in the order of the contract, and how many of them were history when they came. */
export interface EventCounts { counters: Map<string, number[]>; history: Map<string, number> }

/** Counts one unique event by who acted and how it ended, by its place in `OUTCOMES`. */
export function countEvent({ counters, history }: EventCounts, source: SourceId, who: IdentityClass, outcome: number, past: boolean): void {
  let counts = counters.get(source);
  if (!counts) counters.set(source, counts = new Array<number>(KINDS.length * OUTCOMES.length).fill(0));
  counts[CLASS_KIND[who] * OUTCOMES.length + outcome]!++;
  if (past) history.set(source, (history.get(source) ?? 0) + 1);
}

/** Place in `OUTCOMES`. */
export function outcomeOf(event: NhiEvent): number {
  return event.outcome.denied ? 2 : event.status_id === 2 ? 1 : 0;
}
