import { IN_VAIN, type Millis, type Signal } from '@remit/contract';
import { fingerprint } from '../lib/hash.ts';
import { spreadEvidence } from './evidence.ts';
import { rank, turn } from './finding-history.ts';
import { EVIDENCE_HALF, OPEN, type Contribution, type FindingBook, type Kept } from './findings.ts';

/** So many different things that one identity tried in vain, as one detector tells them, are one finding: somebody tries doors, or a program cannot stop. */
const MANY = 20;
/** Subject of that finding. */
export const MANY_THINGS = 'many things in vain';
/** How many are named, and how many are told apart. */
const NAMED = 8;
const TOLD_APART = 1000;
const LONGEST = 60;

/** Things that one identity tried in vain, in order, with one more; from 1,000 on they are not told apart. */
function withThing(things: readonly string[], thing: string): string[] {
  const known = things.length >= TOLD_APART || things.includes(thing);
  return known ? things as string[] : [...things, thing].sort();
}

/** What was tried, in one phrase of at most 300 characters. */
function thingsText(things: readonly string[]): string {
  const count = things.length >= TOLD_APART ? `${TOLD_APART} or more` : String(things.length);
  const named = things.slice(0, NAMED).map((each) => (each.length > LONGEST ? `${each.slice(0, LONGEST - 1)}…` : each)).join(', ');
  return `${count} different things tried in vain: ${named}${things.length > NAMED ? ' …' : ''}`.slice(0, 300);
}

/**
 * The findings that become one with this signal, because it is the last of many or belongs to one of many that is there already; null where it
 * stands for itself. What an exception hides, and what a person has spoken on, stays as it is.
 */
export function gathered(book: FindingBook, { detector, signal: { bucket, subject }, exception, identity: { urn }, part }: Contribution): Kept[] | null {
  if (bucket !== IN_VAIN || part !== undefined || exception !== null) return null;
  const own = book.all.get(fingerprint(urn, detector.id, subject, bucket));
  if (own && isSettled(own)) return null;
  if (book.all.has(fingerprint(urn, detector.id, MANY_THINGS, bucket))) return [];
  if (own) return null;
  const others = [...book.of(urn)].filter((kept) => kept.finding.detector === detector.id && kept.finding.bucket === IN_VAIN && kept.finding.state !== 'withdrawn' && !isSettled(kept));
  return others.length < MANY - 1 ? null : others;
}

function isSettled({ finding, loud }: Kept): boolean {
  return loud === 0 || finding.state === 'silenced' || finding.history?.some(({ by }) => by !== null) === true;
}

/** Takes the others in, which are withdrawn for it, and says how many things it is. */
export function gather(book: FindingBook, into: Kept, thing: string, others: readonly Kept[], at: Millis): void {
  const { finding } = into;
  for (const other of others) {
    finding.count += other.finding.count;
    into.loud += other.loud;
    finding.first = Math.min(finding.first, other.finding.first);
    finding.last = Math.max(finding.last, other.finding.last);
    finding.evidence = spreadEvidence(finding.evidence, other.finding.evidence, EVIDENCE_HALF);
    if (rank(other.finding.severity) < rank(finding.severity)) finding.severity = other.finding.severity;
    if (other.lead[0] < into.lead[0]) {
      into.lead = other.lead;
      finding.expected = other.finding.expected;
    }
    if (OPEN.has(other.finding.state)) book.close(other, 'withdrawn', at);
    else turn(other.finding, 'withdrawn', at);
    book.changed.add(other);
  }
  into.things = withThing(into.things ?? others.map((other) => other.finding.subject).sort(), thing);
  finding.observed = thingsText(into.things);
  finding.reason = `Expected ${finding.expected}; observed ${finding.observed}.`;
}

/** Id of the finding that a signal has become part of. */
export function idOf(book: FindingBook, urn: string, detector: string, { subject, bucket }: Signal): string {
  const many = fingerprint(urn, detector, MANY_THINGS, bucket);
  return book.all.get(many)?.things?.includes(subject) === true ? many : fingerprint(urn, detector, subject, bucket);
}
