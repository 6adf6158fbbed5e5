import type { Chain, Detector, Signal, View } from '@remit/contract';
import { attack, bounded, DAY, day, moment, nist, owasp, span, tenet } from '../phrases.ts';
import { meetingsOf } from './meetings.ts';
import type { Meeting } from './meetings.ts';
import { addUse, severalPlaces, usesOf } from './uses.ts';
import type { Use } from './uses.ts';

/**
 * One credential was used at two places within 10 minutes: on two workloads that the source proves, or on two networks of which one is
 * not the identity's (declared in `networks`, or seen on it for a day). Keys of an instance's role on two networks at any time are worse:
 * they page where the owner enforces. Otherwise a ticket. One finding per lasting credential and UTC day, one for all session keys of a
 * day. User agents play no part.
 */
export const detector: Detector = {
  id: 'credential-reuse',
  title: 'One credential used at two places at once',
  class: 'state',
  severity: 'critical',
  certain: false,
  on: 'chain',
  unrecorded: true,
  frameworks: [
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    attack('T1552.005', 'Unsecured Credentials: Cloud Instance Metadata API'),
    owasp('NHI2:2025', 'Secret Leakage'),
    owasp('NHI9:2025', 'NHI Reuse'),
    nist('DE.CM-01', 'Networks and network services are monitored'),
    nist('DE.AE-03', 'Information is correlated from multiple sources'),
    tenet(4),
  ],
  needs: ['principal', 'credential', 'network'],
  summary: 'A credential of {identity} is used at two places at once',
  firstAction: 'Revoke the credential or its sessions now if the second place is not yours, then find where it leaked',
  benign: [
    'A second address of the same egress that was not seen for a day yet', 'A workload that moved to another machine or got a new address',
    'One key that several workloads share on purpose', 'A person who tries the key of a machine from a desk',
  ],
  quietFor: DAY,
  keeps: 8 * DAY,
  cap: 256,
  tells: severalPlaces,
  of: (event, view, role) => (role === 'actor' ? usesOf(event, view) : []),
  add: (into: Use[] | null, _, event, view) => addUse(into ?? [], event, view),
  inspect(chain: Chain<Use[]>, view) {
    const groups = new Map<string, { subject: string; bucket: string; meetings: Meeting[] }>();
    for (const meeting of meetingsOf(chain)) {
      const { use } = meeting.here;
      const subject = use.lasting ? `credential:${use.uid}` : 'session keys';
      const bucket = day(meeting.at);
      const group = groups.get(`${subject} ${bucket}`) ?? { subject, bucket, meetings: [] };
      groups.set(`${subject} ${bucket}`, group);
      group.meetings.push(meeting);
    }
    return [...groups.values()].map(({ subject, bucket, meetings }) => ({ subject, bucket, ...about(meetings, view) }));
  },
};

function about(meetings: readonly Meeting[], { remit }: View): Omit<Signal, 'subject' | 'bucket'> {
  const telling = meetings.find(isOffInstance) ?? meetings[0]!;
  const { at, gap, here, there, alone } = telling;
  const off = isOffInstance(telling);
  const more = new Set(meetings.map((meeting) => meeting.here.use.uid)).size - 1;
  const others = more > 0 ? `, and ${more} more ${more === 1 ? 'credential' : 'credentials'}` : '';
  const uid = bounded(here.use.uid, 80);
  return {
    reason: alone === true ? {
      expected: `the key ${uid} of an instance only on the declared networks`, observed: `${bounded(there.place.name, 80)} at ${moment(at)}${others}`,
    } : {
      expected: off ? `the key ${uid} of an instance only on its network ${here.place.name}`
        : `the credential ${uid} at one place, ${bounded(here.place.name, 80)}`,
      observed: `${bounded(there.place.name, 80)} ${gap === 0 ? 'at the same time' : `${span(gap)} apart`}, at ${moment(at)}${
        there.place.declared === 'outside' ? ', outside the declared networks' : ''}${others}`,
    },
    evidence: alone === true ? [there.use.ref] : [here.use.ref, there.use.ref].sort((a, b) => a.time - b.time), at, first: Math.min(here.use.at, there.use.at),
    count: alone === true ? 1 : 2,
    ...(off ? { certain: remit?.owner?.enforce === true } : { severity: 'warning' as const }),
  };
}

/** A key that one instance was given, on another network. */
function isOffInstance({ here, there }: Meeting): boolean {
  return (here.use.instance || there.use.instance) && here.place.family !== 'workload';
}
