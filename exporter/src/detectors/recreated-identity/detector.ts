import type { Detector, Signal, WatchedIdentity } from '@remit/contract';
import { Foremost } from '../../lib/foremost.ts';
import { DAY, attack, bounded, moment, nist, owasp, tenet } from '../phrases.ts';

const HOUR = 3_600_000;
/** An identity that has done nothing for so long is no longer anybody's concern. */
const REMEMBERED = 30 * DAY;
/** Bounds the work of a look at the fleet; those seen last come first. */
const MOST = 500;
const SHOWN = 10;

/**
 * A known name is back under a new immutable id: somebody deleted the identity and made another one of its name. It has a baseline of
 * its own, and nothing that was approved for the old one covers it. One ticket for its whole life, until a reviewed record claims the new id.
 */
export const detector: Detector = {
  id: 'recreated-identity',
  title: 'Machine identity was made anew under a known name',
  class: 'state',
  severity: 'warning',
  certain: false,
  on: 'tick',
  frameworks: [
    attack('T1136.003', 'Create Account: Cloud Account'),
    attack('T1036.010', 'Masquerading: Masquerade Account Name'),
    owasp('NHI1:2025', 'Improper Offboarding'),
    nist('PR.AA-01', 'Identities and credentials for authorized users, services, and hardware are managed by the organization'),
    nist('ID.AM-02', 'Inventories of software, services, and systems managed by the organization are maintained'),
    tenet(6),
  ],
  needs: ['principal'],
  summary: '{identity} carries the name of an earlier identity under a new immutable id',
  firstAction: 'Find who deleted and made it; if it is a planned replacement, give the new id a record of its own',
  benign: ['A stack that was removed and deployed again', 'A namespace or cluster that was restored from a backup'],
  quietFor: REMEMBERED,
  * inspect(state) {
    const back = new Foremost<WatchedIdentity>(MOST, (a, b) => b.last - a.last || (a.urn < b.urn ? -1 : 1));
    yield* state.each((identity) => {
      if (identity.remit === null && state.now - identity.last < REMEMBERED && identity.recreatedFrom !== null) back.add(identity);
    });
    return back.sorted().map(about);
  },
};

function about({ urn, recreatedFrom, first, last, evidence }: WatchedIdentity): Signal & { urn: string } {
  return {
    // The URN holds the new id already; a date would move with late events.
    urn, subject: 'name', bucket: 'life',
    reason: {
      expected: `the one identity known as ${middle(recreatedFrom!)}`,
      observed: `${middle(urn)} of the same name since ${moment(first)}; approvals of the old one do not carry over`,
    },
    // To the hour, so that a ticket which stands for weeks is not told anew at every look.
    evidence: evidence.slice(0, SHOWN), at: Math.max(first, last - (last % HOUR)), first,
  };
}

/** A URN in at most 190 characters, with both its ends: the id that differs is the last part. */
function middle(urn: string): string {
  const text = bounded(urn, 512);
  return text.length <= 190 ? text : `${text.slice(0, 95)}…${text.slice(-94)}`;
}
