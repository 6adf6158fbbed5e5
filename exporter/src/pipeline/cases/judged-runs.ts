import type { EventRef, Inventory, NhiEvent, RunView } from '@remit/contract';
import type { Habits } from '../parts.ts';
import { callOf, RunHasher, surpriseOf, type Segment } from '../run-calls.ts';
import { runKey } from '../runs.ts';

/** Test support: learns the runs of `history` and judges those of `events`, as the service does with runs that are over. */
export function judgedRuns(
  { habits, conceal }: { habits: Habits; conceal(text: string): number }, history: readonly NhiEvent[], events: readonly NhiEvent[], inventory: Inventory, ref: (event: NhiEvent) => EventRef,
): { urn: string; run: RunView; event: NhiEvent }[] {
  const hasher = new RunHasher(conceal);
  for (const { segment } of segmentsOf(history, inventory, ref)) habits.learn(hasher.learned(segment), segment.calls[0]!.time, segment.calls.at(-1)!.time);
  return segmentsOf(events, inventory, ref).map(({ segment, event }) => {
    const remit = inventory.match([segment.urn], event.time)?.remit ?? null;
    const verdict = habits.judge(hasher.judged(segment, remit));
    const { key, purpose, calls } = segment;
    const run: RunView = {
      key, purpose, calls: hasher.views(segment, verdict, remit?.reviewed === true ? remit : null), dropped: 0, incomplete: calls.some((call) => call.gap), closing: true,
      surprise: verdict === null ? null : surpriseOf(verdict, [], 0),
    };
    return { urn: segment.urn, run, event };
  });
}

function segmentsOf(events: readonly NhiEvent[], inventory: Inventory, ref: (event: NhiEvent) => EventRef): { segment: Segment; event: NhiEvent }[] {
  const calls = events.filter((event) => event.tool !== undefined).sort((a, b) => a.time - b.time || (a.metadata.original_event_uid < b.metadata.original_event_uid ? -1 : 1));
  return [...Map.groupBy(calls, (event) => `${event.actor.identity.urn} ${runKey(event)} ${event.purpose_uid}`).values()].map((members) => {
    const event = members[0]!;
    const named = event.actor.identity.urn ?? '';
    const remit = inventory.match([event.principal_key, named], event.time)?.remit ?? null;
    const kept = members.map((each) => callOf(each, ref(each), remit, inventory, false, false));
    return { segment: { urn: remit?.record.urn ?? named, key: runKey(event) ?? '', purpose: event.purpose_uid ?? null, calls: kept }, event };
  });
}
