import type { Difference, EventRef, Finding, FindingDetail, Reader, SinceLast } from '@remit/contract';
import { wordsOf } from '../lib/alert-text.ts';
import type { DetectorCard } from './api.ts';

/** Where the words beside a finding come from. */
export interface DetailDeps { reader: Pick<Reader, 'previous' | 'owner'>; detector(id: string): DetectorCard | null; runbook(id: string): string | null }

/** A finding with what a person needs to act on it: what to do first, whom to ask, what may explain it, and what is new about it. */
export function detailOf(finding: Finding, { reader, detector, runbook }: DetailDeps): FindingDetail {
  const card = detector(finding.detector);
  const words = card && wordsOf(card, finding.identity);
  const owner = finding.owner === null ? null : reader.owner(finding.owner);
  const previous = reader.previous(finding);
  return {
    ...finding, title: words?.title ?? finding.detector,
    guidance: card && {
      first_action: words!.firstAction, benign: card.benign, frameworks: card.frameworks, runbook: runbook(card.id) === null ? null : `/runbooks/${card.id}`,
    },
    contact: owner && { team: owner.team, contact: owner.contact ?? null, escalation: owner.escalation ?? null },
    since_last: previous && sinceLast(previous, finding),
  };
}

const LISTED = 5;

/** What is not as it was at an earlier finding of the same identity and detector. */
export function sinceLast(before: Finding, now: Finding): SinceLast {
  const differs: Difference[] = [];
  const compare = (what: string, was: string | null, is: string | null): void => {
    if (was !== is) differs.push({ what, before: was, now: is });
  };
  compare('about', before.subject, now.subject);
  compare('expected', before.expected, now.expected);
  compare('severity', before.severity, now.severity);
  compare('owner', before.owner, now.owner);
  compare('purpose', before.purpose, now.purpose);
  for (const [what, of] of FACTS) {
    const was = valuesOf(before.evidence, of);
    const is = valuesOf(now.evidence, of);
    const fresh = is.filter((value) => !was.includes(value));
    if (fresh.length > 0) differs.push({ what, before: joined(was), now: joined(fresh) });
  }
  return {
    finding: before.id, first: before.first, last: before.last, state: before.state, count: before.count,
    pause: Math.max(0, now.first - before.last), differs,
  };
}

/** What the evidence shows now and did not show then. */
const FACTS: readonly [string, (ref: EventRef) => string | undefined][] = [
  ['new operation', (ref) => ref.operation], ['new target', (ref) => ref.resource], ['new outcome', (ref) => ref.outcome],
  ['new credential', (ref) => ref.credential], ['new network', (ref) => ref.network],
];

function valuesOf(evidence: readonly EventRef[], of: (ref: EventRef) => string | undefined): string[] {
  return [...new Set(evidence.map(of).filter((value) => value !== undefined))].sort();
}

function joined(values: readonly string[]): string | null {
  if (values.length === 0) return null;
  return `${values.slice(0, LISTED).join(', ')}${values.length > LISTED ? ` and ${values.length - LISTED} more` : ''}`;
}
