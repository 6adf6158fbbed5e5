import type { Detector, Millis, Remit, Signal, WatchedIdentity, WindowHit } from '@remit/contract';
import { parseDuration } from '../../lib/duration.ts';
import { attack, bounded, DAY, instant, moment, nist, owasp } from '../phrases.ts';

/** Most findings of one look at the fleet; those that fell silent last come first. */
const MOST = 500;
const GRACE: Millis = 5 * 60_000;

/**
 * A scheduled identity did nothing in its last window that is over, grace and retries included. Over is what every feed of the identity
 * has passed, not the wall clock: while a feed is silent, and at the end of a replay, nothing follows from absence. One finding per
 * missed window. Quiet for windows inside a blackout and for identities that are suspended or at their end.
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
  ],
  needs: ['principal'],
  summary: '{identity} did nothing in the window in which {owner} expects it to run',
  firstAction: 'Look at the scheduler and the log of the job; if it was retired, set the end of life in its record',
  benign: [
    'A run that was skipped because there was nothing to do', 'A job that moved to another identity, or whose schedule moved',
    'A run that the source does not log',
  ],
  quietFor: DAY,
  inspect(state) {
    const missed: { identity: WatchedIdentity; window: WindowHit }[] = [];
    for (const identity of state.identities()) {
      const window = missedWindow(identity);
      if (window !== null) missed.push({ identity, window });
    }
    return missed.sort((a, b) => b.window.start - a.window.start || (a.identity.urn < b.identity.urn ? -1 : 1)).slice(0, MOST).map(about);
  },
};

function missedWindow({ remit, complete, last }: WatchedIdentity): WindowHit | null {
  if (remit === null || remit.lifecycle !== 'active' || !Number.isFinite(complete) || !Number.isFinite(last)) return null;
  if (!remit.record.schedule?.windows?.length) return null;
  const window = remit.lastWindow(complete);
  if (window === null || last >= window.start - graceOf(remit, window)) return null;
  const end = remit.endOfLife();
  if (end !== null && end.at <= window.end) return null;
  return remit.schedule(window.start, 1).state === 'blackout' ? null : window;
}

/** The work of a window may begin this much before it. */
function graceOf({ record }: Remit, { cron, timezone }: WindowHit): Millis {
  let grace = 0;
  for (const window of record.schedule!.windows!) {
    if (window.cron === cron && window.timezone === timezone) grace = Math.max(grace, parseDuration(window.grace_before) ?? GRACE);
  }
  return grace;
}

function about({ identity: { urn, last, evidence }, window: { start, end, cron, timezone } }: { identity: WatchedIdentity; window: WindowHit }): Signal & { urn: string } {
  return {
    urn, subject: 'schedule', bucket: instant(start),
    reason: {
      expected: `work between ${moment(start)} and ${moment(end)} (${bounded(cron, 64)}, ${bounded(timezone, 64)})`,
      observed: `nothing since ${moment(last)}`,
    },
    evidence: evidence.slice(-2), at: end,
  };
}
