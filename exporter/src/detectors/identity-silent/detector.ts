import type { Detector, ExpectedRun, Millis, Signal, WatchedIdentity } from '@remit/contract';
import { attack, bounded, DAY, instant, moment, nist, owasp, tenet } from '../phrases.ts';

/** Most findings of one look at the fleet; those that fell silent last come first. */
const MOST = 500;
/** Windows that were over this long before the last record are looked at, and the last one however long it is over. */
const LOOK_BACK: Millis = 26 * 3_600_000;
/** Most windows of an identity in one look. */
const WINDOWS = 320;

/**
 * A scheduled identity did nothing in a window that is over, grace and retries included. Over is what every feed of the identity
 * has passed, not the wall clock: while a feed is silent, and at the end of a replay, nothing follows from absence. One finding per
 * missed window. Quiet for windows that a blackout touches, those from before the schedule was in force or the identity was first
 * seen, and for identities that are suspended or at their end.
 */
export const detector: Detector = {
  id: 'identity-silent',
  title: 'Scheduled machine identity did not run',
  class: 'state',
  severity: 'warning',
  certain: false,
  on: 'tick',
  stays: true,
  frameworks: [
    attack('T1489', 'Service Stop'),
    owasp('NHI1:2025', 'Improper Offboarding'),
    nist('DE.CM-09', 'Computing hardware and software, runtime environments, and their data are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(5),
  ],
  needs: ['principal'],
  judges: ['schedule'],
  summary: '{identity} did nothing in the window in which {owner} expects it to run',
  firstAction: 'Look at the scheduler and the log of the job; if it was retired, set the end of life in its record',
  benign: [
    'A run that was skipped because there was nothing to do', 'A job that moved to another identity, or whose schedule moved',
    'A run that the source does not log',
  ],
  quietFor: DAY,
  inspect(state) {
    const missed: Missed[] = [];
    for (const identity of state.identities()) for (const window of missedWindows(identity)) missed.push({ identity, window });
    return missed.sort((a, b) => b.window.start - a.window.start || (a.identity.urn < b.identity.urn ? -1 : 1)).slice(0, MOST).map(about);
  },
};

interface Missed { identity: WatchedIdentity; window: ExpectedRun }

function missedWindows(identity: WatchedIdentity): ExpectedRun[] {
  const { remit, complete, first } = identity;
  if (remit === null || remit.lifecycle !== 'active' || !Number.isFinite(complete) || !Number.isFinite(first)) return NONE;
  if (!remit.record.schedule?.windows?.length) return NONE;
  const known = Math.max(first, identity.scheduledSince);
  const end = remit.endOfLife()?.at ?? Infinity;
  let windows = remit.expectedRuns(Math.max(known, complete - LOOK_BACK), complete, WINDOWS);
  if (windows.length === 0) windows = remit.expectedRuns(known, complete, 1);
  return windows.filter((window) => window.opens >= known && window.end < end && identity.active(window.opens, window.over) === false);
}

const NONE: ExpectedRun[] = [];

function about({ identity: { urn, last, evidence }, window: { start, opens, over, end, cron, timezone } }: Missed): Signal & { urn: string } {
  return {
    urn, subject: 'schedule', bucket: instant(start),
    reason: {
      expected: `work between ${moment(start)} and ${moment(end)} (${bounded(cron, 64)}, ${bounded(timezone, 64)})`,
      observed: last < opens ? `nothing since ${moment(last)}` : `nothing from ${moment(opens)} to ${moment(over)}`,
    },
    evidence: evidence.slice(-2), at: end,
  };
}
