import type { Detector, EventRef, HourView, Millis, Remit } from '@remit/contract';
import { attack, DAY, instant, moment, nist, owasp, span, tenet } from '../phrases.ts';

const HOUR: Millis = 3_600_000;
/** Nobody is dormant before this. */
const LEAST: Millis = 72 * HOUR;

/**
 * Something succeeded for the first time after a silence longer than 72 hours, twice the longest pause seen, and the next run that its
 * schedule expects: a monthly job is not dormant between its runs. One finding per silence. Attempts that were refused neither wake nor
 * keep awake. Quiet for identities that never succeeded before.
 */
export const detector: Detector = {
  id: 'dormant-woke',
  title: 'Identity active again after a long silence',
  class: 'state',
  severity: 'warning',
  certain: false,
  on: 'hour',
  frameworks: [
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    owasp('NHI1:2025', 'Improper Offboarding'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(4),
  ],
  needs: ['principal', 'outcome'],
  summary: '{identity} works again after a silence far longer than any before',
  firstAction: 'Ask its owner what started it again; if nobody knows, disable its credentials and see what it did first',
  benign: [
    'A job that runs once in a quarter and has no schedule in its record', 'A workload that was switched off and on again',
    'A restore test or an emergency procedure',
  ],
  quietFor: DAY,
  inspect(hour, view) {
    const since = hour.silence?.since;
    if (since === undefined || since === null || hour.events <= hour.denied) return [];
    const first = firstSuccess(hour);
    const at = first?.time ?? hour.start;
    const longest = hour.silence!.longest;
    if (at - since <= Math.max(LEAST, 2 * longest) || !runMissed(view.remit, since, at)) return [];
    const refs = hour.evidence ?? [];
    return [{
      subject: 'silence', bucket: instant(since),
      reason: {
        expected: `no pause longer than ${span(Math.max(LEAST, 2 * longest))}${longest > LEAST / 2 ? `, twice the longest of ${span(longest)}` : ''}`,
        observed: `${hour.events} ${hour.events === 1 ? 'event' : 'events'} from ${moment(at)}, after ${span(at - since)} without a success`,
      },
      evidence: [...new Map([...(first === null ? [] : [first]), ...refs].map((ref) => [ref.uid, ref])).values()].slice(0, 8).sort((a, b) => a.time - b.time),
      at, first: at, count: hour.events,
    }];
  },
};

/** The first of the hour's shown events that was not refused. */
function firstSuccess({ evidence }: HourView): EventRef | null {
  let first: EventRef | null = null;
  for (const ref of evidence ?? []) if (ref.outcome !== 'denied' && (first === null || ref.time < first.time)) first = ref;
  return first;
}

/** Without windows nothing is expected; with them, one has begun and ended since, unseen. The hour after a success may belong to its run. */
function runMissed(remit: Remit | null, since: Millis, at: Millis): boolean {
  if (remit === null || remit.record.schedule?.always_on === true || !remit.record.schedule?.windows?.length) return true;
  return remit.expectedRuns(since, at, 2).some(({ start }) => start >= since + HOUR);
}
