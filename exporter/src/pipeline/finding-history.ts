import { SEVERITIES, type Finding, type FindingState, type FindingStep, type Millis, type Severity, type Verdict } from '@remit/contract';

const MAX_STEPS = 50;

/** Whether the same word was the last one that a person said, or says nothing new: nothing is to be done then. */
export function isRepeat(finding: Finding, { state, by, note, claimed_user }: Verdict): boolean {
  if (finding.state !== state) return false;
  const last = finding.history?.findLast((step) => step.by !== null);
  return note === undefined || (last?.by === by && last.to === state && last.note === note && last.claimed_user === claimed_user);
}

/** Puts a finding into a state and remembers the step; a finding that is just being opened has none to remember. */
export function turn(finding: Finding, to: FindingState, at: Millis, verdict: Verdict | null = null): void {
  const { state: from } = finding;
  finding.state = to;
  if (finding.revision === 0 || (from === to && verdict === null)) return;
  const step: FindingStep = { at, by: verdict?.by ?? null, from, to };
  if (verdict?.claimed_user !== undefined) step.claimed_user = verdict.claimed_user;
  if (verdict?.note !== undefined && verdict.note !== '') step.note = verdict.note;
  // Copied, since changes that are on their way share the list.
  const history = [...finding.history ?? [], step];
  if (history.length > MAX_STEPS) history.splice(Math.max(0, history.findIndex(({ by }) => by === null)), 1);
  finding.history = history;
}

/** Place of a severity, the gravest first. */
export function rank(severity: Severity): number { return SEVERITIES.indexOf(severity); }

/** What pages, or is told, once in 24 hours: an identity as one detector sees it. */
export function episode(finding: Finding): string {
  return `${finding.severity === 'critical' ? 'page' : 'ticket'} ${finding.detector} ${finding.identity}`;
}
