import type { Detector, Signal, WatchedIdentity } from '@remit/contract';
import { Foremost } from '../../lib/foremost.ts';
import { DAY, attack, bounded, instant, moment, nist, owasp, tenet } from '../phrases.ts';

const HOUR = 3_600_000;
const PERIOD = 7 * DAY;
/** Bounds the work of a look at the fleet; those that did something sensitive come first. */
const MOST = 500;
const SHOWN = 10;

/**
 * An identity with a reviewed record was active in the last 7 days, and nobody answers for it: the record names no owner, or one that
 * is not in `owners[]`. Nothing else about it can reach a person before that is mended. One ticket per identity and week.
 */
export const detector: Detector = {
  id: 'unowned-active',
  title: 'Active machine identity that nobody owns',
  class: 'state',
  severity: 'warning',
  certain: false,
  on: 'tick',
  passes: true,
  frameworks: [
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    owasp('NHI1:2025', 'Improper Offboarding'),
    nist('GV.RR-02', 'Roles, responsibilities, and authorities related to cybersecurity risk management are established and enforced'),
    nist('ID.AM-02', 'Inventories of software, services, and systems managed by the organization are maintained'),
    tenet(5),
  ],
  needs: ['principal'],
  judges: ['record'],
  summary: '{identity} is active and its record names no owner that the inventory knows',
  firstAction: 'Find the team that runs it and enter it as owner, in the record and under owners; or switch the identity off',
  benign: ['A team that was renamed in one place and not in the other', 'A record that was taken over before its owner was settled'],
  quietFor: PERIOD,
  * inspect(state) {
    const unowned = new Foremost<WatchedIdentity>(MOST, (a, b) => Number(b.sensitive) - Number(a.sensitive) || b.events - a.events || (a.urn < b.urn ? -1 : 1));
    yield* state.each((identity) => {
      const { remit, last } = identity;
      if (remit !== null && !remit.owned && state.now - last < PERIOD) unowned.add(identity);
    });
    return unowned.sorted().map(about);
  },
};

function about({ urn, remit, last, first, evidence }: WatchedIdentity): Signal & { urn: string } {
  const { where, record: { owner } } = remit!;
  return {
    urn, subject: 'owner', bucket: instant(last - (last % PERIOD)).slice(0, 10),
    reason: {
      expected: 'an owner that is listed under owners',
      observed: `${owner === undefined ? 'no owner' : `the unknown owner ${bounded(owner, 64)}`} in ${bounded(where, 100)}, and work since ${moment(first)}`,
    },
    // To the hour, so that a ticket which stands for a week is not told anew at every look.
    evidence: evidence.slice(0, SHOWN), at: Math.max(first, last - (last % HOUR)), first,
  };
}
