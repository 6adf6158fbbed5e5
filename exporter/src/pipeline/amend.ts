import { OUTCOMES, type NhiEvent } from '@remit/contract';
import { correctEvidence } from './evidence.ts';
import { correctVain, hourOf, isRestricted } from './hours.ts';
import type { Processor } from './processor.ts';
import type { Counted } from './span-tree.ts';

const DENIED = OUTCOMES.indexOf('denied');

/** An event that was counted ended differently, as another record of it (`event`) says: counters, its hour and evidence follow. */
export function amend(p: Processor, counted: Counted, outcome: number, event: NhiEvent): void {
  const identity = p.identities.get(counted.urn);
  const before = counted.outcome;
  if (!identity || before === outcome) return;
  counted.outcome = outcome;
  identity[OUTCOMES[before]!]--;
  identity[OUTCOMES[outcome]!]++;
  p.identities.changed.add(identity);
  const now = OUTCOMES[outcome]!;
  const hour = identity.open.find((h) => h.start === hourOf(counted.time));
  if (hour) {
    hour.sums.denied += Number(outcome === DENIED) - Number(before === DENIED);
    hour.sums.failed += Number(outcome > 0) - Number(before > 0);
    if (outcome > 0 !== before > 0) correctVain(hour, event, isRestricted(identity.remit, event), identity.remit, outcome > 0 ? 1 : -1);
    correctEvidence([hour.evidence, ...[...hour.categories.values()].map((c) => c.evidence)], counted.uid, now);
    p.hours.touch(hour, identity);
  }
  p.runs.correct(identity.urn, counted.uid, now);
  for (const kept of p.book.of(identity.urn)) {
    const lists = [kept.finding.evidence, ...[...kept.parts?.values() ?? []].map((part) => part.evidence)];
    if (correctEvidence(lists, counted.uid, now)) p.book.changed.add(kept);
  }
}
