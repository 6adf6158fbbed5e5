import type { Detector, ExpectedRun, Millis, Signal, WatchedIdentity } from '@remit/contract';
import { Foremost } from '../../lib/foremost.ts';
import { attack, bounded, DAY, instant, moment, nist, owasp, tenet } from '../phrases.ts';

/** Most findings of one look at the fleet; those that fell silent last come first. */
const MOST = 500;
/** Windows that were over this long before the last record are looked at, and the last one however long it is over. */
const LOOK_BACK: Millis = 26 * 3_600_000;
/** Most windows of an identity in one look. */
const WINDOWS = 320;
/** The beginning of a row is looked for in spans that grow, as far as a year: from the last sign of life on, or backwards. */
const SPANS: readonly Millis[] = [2 / 24, 26 / 24, 8, 32, 370].map((days) => days * DAY);

/**
 * A scheduled identity did nothing in a window that is over, grace and retries included. Over is what every feed of the identity
 * has passed, not the wall clock: while a feed is silent, and at the end of a replay, nothing follows from absence. Windows missed one after the
 * other are one finding, named after the first of them, which goes on until the identity works again. Quiet for windows that a blackout
 * touches, those from before the schedule was in force or the identity was first seen, and for identities that are suspended or at their end.
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
  * inspect(state) {
    const missed = new Foremost<Missed>(MOST, (a, b) => b.last.start - a.last.start || (a.identity.urn < b.identity.urn ? -1 : 1));
    yield* state.each((identity) => { for (const episode of episodesOf(identity)) missed.add(episode); });
    return missed.sorted().map(about);
  },
};

/** Windows missed one after the other: the first and the last, and how many, up to `WINDOWS`. */
interface Missed { identity: WatchedIdentity; first: ExpectedRun; last: ExpectedRun; count: number }

function episodesOf(identity: WatchedIdentity): Missed[] {
  const found: Missed[] = [];
  let present: Missed | null = null;
  const windows = lateWindows(identity);
  for (const window of windows) {
    if (!isMissed(identity, window)) present = null;
    else if (present === null) found.push(present = { identity, first: window, last: window, count: 1 });
    else Object.assign(present, { last: window, count: present.count + 1 });
  }
  const [oldest] = found;
  // What began before the windows that are looked at goes by its own beginning, however long ago.
  if (oldest !== undefined && oldest.first === windows[0]) {
    const first = firstOf(oldest);
    if (first === null) return found.slice(1);
    oldest.first = first;
    if (first !== windows[0]) oldest.count = identity.remit!.expectedRuns(first.opens, oldest.last.over, WINDOWS).length;
  }
  return found;
}

function isMissed(identity: WatchedIdentity, { opens, over }: ExpectedRun): boolean { return identity.active(opens, over) === false; }

/** The first window of the row that `known` is in; null when the row began before what is remembered, and so was told of long ago. */
function firstOf({ identity, first: known }: Missed): ExpectedRun | null {
  const since = beginningOf(identity);
  if (identity.last < known.opens) return firstAfter(identity, known, Math.max(since, identity.last));
  for (const span of SPANS) {
    const from = Math.max(since, known.start - span);
    const runs = identity.remit!.expectedRuns(from, known.over, WINDOWS).filter(({ start, opens }) => start <= known.start && opens >= since);
    const kept = runs.findIndex((run) => !isMissed(identity, run));
    if (kept >= 0) return identity.active(runs[kept]!.opens, runs[kept]!.over) === null ? null : runs[kept - 1] ?? known;
    if (from === since) return runs.at(-1) ?? known;
    // Of one that works at other times all day long, the first of the day.
    if (runs.length === WINDOWS) break;
  }
  return firstAfter(identity, known, Math.max(since, known.start - (known.start % DAY)));
}

/** The first window missed after a time at which it was still active. */
function firstAfter(identity: WatchedIdentity, known: ExpectedRun, from: Millis): ExpectedRun {
  const { remit } = identity;
  const since = beginningOf(identity);
  for (const span of SPANS) {
    const runs = remit!.expectedRuns(from, Math.min(from + span, known.over), WINDOWS);
    const first = runs.findLast((run) => run.opens > from && run.opens >= since && isMissed(identity, run));
    if (first !== undefined) return first.start < known.start ? first : known;
    if (runs.length === WINDOWS || from + span >= known.over) break;
  }
  return known;
}

function beginningOf({ first, scheduledSince }: WatchedIdentity): Millis { return Math.max(first, scheduledSince); }

/** Windows that are over and were to be kept, the oldest first. */
function lateWindows(identity: WatchedIdentity): ExpectedRun[] {
  const { remit, complete, first } = identity;
  if (remit === null || remit.lifecycle !== 'active' || !Number.isFinite(complete) || !Number.isFinite(first)) return NONE;
  if (!remit.record.schedule?.windows?.length) return NONE;
  const known = beginningOf(identity);
  const end = remit.endOfLife()?.at ?? Infinity;
  // Asked for everybody alike, so that those who share a schedule share the answer.
  let windows = remit.expectedRuns(complete - LOOK_BACK, complete, WINDOWS);
  if (windows.length === 0) windows = remit.expectedRuns(known, complete, 1);
  return windows.filter((window) => window.opens >= known && window.end < end).reverse();
}

const NONE: ExpectedRun[] = [];

function about({ identity: { urn, last: seen, evidence }, first: { start, opens, end, cron, timezone }, last, count }: Missed): Signal & { urn: string } {
  const windows = count === 1 ? '' : `, in ${count >= WINDOWS ? `${WINDOWS} windows or more` : `${count} windows`} one after the other`;
  return {
    urn, subject: 'schedule', bucket: instant(start),
    reason: {
      expected: `work between ${moment(start)} and ${moment(end)} (${bounded(cron, 64)}, ${bounded(timezone, 64)})`,
      observed: `${seen < opens ? `nothing since ${moment(seen)}` : `nothing from ${moment(opens)} to ${moment(last.over)}`}${windows}`,
    },
    evidence: evidence.slice(-2), at: last.end, first: end,
  };
}
