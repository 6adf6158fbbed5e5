import type { Detector, Millis, NhiEvent, Remit } from '@remit/contract';
import { attack, bounded, DAY, instant, moment, nist, outcome, owasp, permission, span, tenet } from '../phrases.ts';

/**
 * A credential was used although its rotation says that it should have been renewed: later than `created` + `interval` + `grace`. One
 * ticket per credential and missed interval. Quiet where no interval is declared, where `names` does not cover the credential, and
 * where neither the record nor the event says when it was created.
 */
export const detector: Detector = {
  id: 'credential-overdue',
  title: 'Credential used after it should have been renewed',
  class: 'state',
  severity: 'warning',
  certain: false,
  on: 'event',
  frameworks: [
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    owasp('NHI7:2025', 'Long-Lived Secrets'),
    nist('PR.AA-01', 'Identities and credentials for authorized users, services, and hardware are managed by the organization'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    tenet(6),
  ],
  needs: ['principal', 'credential'],
  judges: ['rotation_interval'],
  summary: '{identity} uses a credential that {owner} declared to be renewed by now',
  firstAction: 'Renew the credential in the finding, give the new one to every holder, then delete the old one',
  benign: [
    'A rotation that failed or waits for a release', 'A renewal that kept its id, or whose date the inventory does not have yet',
    'An interval that was shortened for credentials that exist already',
  ],
  quietFor: 7 * DAY,
  inspect(event, view) {
    const uid = event.credential?.uid;
    if (uid === undefined || view.remit === null) return [];
    const rotation = view.remit.rotation(uid);
    if (rotation === null || rotation.interval === null || rotation.interval <= 0 || !rotation.covers(uid)) return [];
    const created = createdAt(event, view.remit);
    if (created === null) return [];
    const deadline = created + rotation.interval + rotation.grace;
    if (event.time <= deadline) return [];
    const missed = Math.floor((event.time - created - rotation.grace) / rotation.interval);
    return [{
      subject: `credential:${bounded(uid, 200)}`, bucket: instant(created + missed * rotation.interval),
      reason: {
        expected: `to be renewed by ${moment(deadline)}, ${span(rotation.interval + rotation.grace)} after it was created`,
        observed: `${bounded(permission(event), 120)} (${outcome(event)}) ${span(event.time - deadline)} after that`,
      },
      evidence: [view.ref(event)], at: event.time,
    }];
  },
};

/** As the record says, else as the provider does. */
function createdAt({ credential }: NhiEvent, { record }: Remit): Millis | null {
  const listed = record.credentials?.find(({ uid }) => uid === credential!.uid)?.created;
  return listed === undefined ? credential!.issued_time ?? null : Date.parse(listed);
}
