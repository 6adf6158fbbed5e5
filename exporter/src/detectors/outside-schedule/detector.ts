import type { Detector, Millis, Reason, ScheduleVerdict, WindowHit } from '@remit/contract';
import { DAY, attack, bounded, day, instant, moment, nist, outcome, owasp, permission, span, tenet } from '../phrases.ts';

/**
 * The start of an event lies outside every declared window, or in a blackout. One finding per identity and missed window,
 * whatever the work and its outcome. Quiet where no schedule is declared or the identity may work at any time.
 */
export const detector: Detector = {
  id: 'outside-schedule',
  title: 'Machine identity worked outside its schedule',
  class: 'remit',
  severity: 'critical',
  certain: false,
  on: 'event',
  frameworks: [
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    owasp('NHI2:2025', 'Secret Leakage'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(4),
  ],
  needs: ['principal', 'action'],
  judges: ['schedule'],
  summary: '{identity} started work outside the schedule that {owner} declared for it',
  firstAction: 'Ask whether someone started the job by hand; if nobody did, disable its credential and look at what it touched',
  benign: [
    'A job started by hand or re-run after a failure', 'A schedule that was moved without changing the inventory',
    'A queue that drained late after an outage', 'A workload that also keeps a connection or a lease open all day',
  ],
  quietFor: DAY,
  inspect(event, view) {
    const verdict = view.remit?.schedule(event.time, view.timeResolution);
    if (verdict === undefined || (verdict.state !== 'outside' && verdict.state !== 'blackout')) return [];
    const did = `${bounded(permission(event), 128)} (${outcome(event)}) at ${moment(event.time)}`;
    return [{ ...about(verdict, event.time, did), evidence: [view.ref(event)], at: event.time }];
  },
};

type Departure = Extract<ScheduleVerdict, { state: 'outside' | 'blackout' }>;

function about(verdict: Departure, at: Millis, did: string): { subject: string; bucket: string; reason: Reason } {
  if (verdict.state === 'blackout') {
    const why = verdict.reason === null ? '' : ` (${bounded(verdict.reason, 80)})`;
    return {
      subject: 'blackout', bucket: instant(verdict.from),
      reason: { expected: `no work between ${moment(verdict.from)} and ${moment(verdict.to)}${why}`, observed: did },
    };
  }
  const { nearest, side, missedBy } = verdict;
  if (nearest === null) {
    return { subject: 'schedule', bucket: day(at), reason: { expected: 'to start inside a declared window, of which none is near', observed: did } };
  }
  return {
    subject: 'schedule', bucket: instant(nearest.start),
    reason: { expected: `to start inside ${windowText(nearest)}`, observed: `${did}, ${span(missedBy)} ${side} the nearest window` },
  };
}

/** `2026-11-22 02:00–03:00 Europe/Berlin`, with the second date where the window crosses midnight. */
function windowText({ start, end, timezone }: WindowHit): string {
  const from = local(start, timezone);
  const to = local(end, timezone);
  const until = to.slice(0, 10) === from.slice(0, 10) ? to.slice(11) : to;
  return `${from}–${until} ${bounded(timezone, 64)}`;
}

// Building a formatter costs more than judging an event; its output depends on nothing but the zone.
const formatters = new Map<string, Intl.DateTimeFormat>();

function local(at: Millis, timezone: string): string {
  let format = formatters.get(timezone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: timezone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit',
    });
    formatters.set(timezone, format);
  }
  return format.format(at);
}
