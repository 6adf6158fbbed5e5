import type { Detector, EventRef, Exception, FleetView, Millis, Signal, Steps } from '@remit/contract';
import { DAY, attack, bounded, instant, moment, nist, owasp, tenet } from '../phrases.ts';

const PERIOD = 7 * DAY;
const SHOWN = 10;

/**
 * What an exception allowed until it ended still happens. One ticket per exception and end, on the identity that relied on it last,
 * until nothing did for 7 days or the exception is renewed. The behaviour itself is told by its own detector again.
 */
export const detector: Detector = {
  id: 'exception-expired',
  title: 'Machine identity still does what an expired exception allowed',
  class: 'remit',
  severity: 'warning',
  certain: false,
  on: 'tick',
  passes: true,
  frameworks: [
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    owasp('NHI5:2025', 'Overprivileged NHI'),
    nist('ID.RA-07', 'Changes and exceptions are managed, assessed for risk impact, recorded, and tracked'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(6),
  ],
  needs: ['principal', 'action'],
  summary: '{identity} relies on an exception that has ended; {owner} owns the identity',
  firstAction: 'Ask the owner of the exception whether the work should have ended; then stop it, approve it for good, or renew the exception',
  benign: ['A migration that takes longer than planned', 'A deviation that became the normal way and belongs into the record'],
  quietFor: PERIOD,
  * inspect(state) {
    const relied = [];
    for (const one of state.reliedOn()) {
      const ended = Date.parse(one.exception.expires_at);
      if (one.last >= ended && ended <= state.now && state.now - one.last < PERIOD) relied.push({ ...one, ended });
    }
    if (relied.length === 0) return [];
    const evidence = yield* evidenceOf(state, new Set(relied.map(({ urn }) => urn)));
    return relied.map((one) => about(one, evidence.get(one.urn) ?? []));
  },
};

interface Relied { exception: Exception; urn: string; count: number; first: Millis; last: Millis; ended: Millis }

function about({ exception, urn, count, first, last, ended }: Relied, evidence: readonly EventRef[]): Signal & { urn: string } {
  const whose = exception.detector === '*' ? 'any detector' : bounded(exception.detector, 64);
  return {
    urn, subject: exception.id, bucket: instant(ended),
    reason: {
      expected: `an end of what ${exception.id} of ${exception.owner} excused until ${moment(ended)} (${bounded(exception.reason, 80)})`,
      observed: `${whose} spoke ${count === 1 ? 'once' : `${count} times`} since, last at ${moment(last)}`,
    },
    evidence: evidence.filter(({ time }) => time >= first && time <= last).slice(-SHOWN), at: last, first, count,
  };
}

function* evidenceOf(state: FleetView, urns: ReadonlySet<string>): Steps<Map<string, readonly EventRef[]>> {
  const found = new Map<string, readonly EventRef[]>();
  yield* state.each(({ urn, evidence }) => { if (urns.has(urn)) found.set(urn, evidence); });
  return found;
}
