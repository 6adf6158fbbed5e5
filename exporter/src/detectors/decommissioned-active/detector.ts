import type { CredentialType, Detector, NhiEvent, Remit } from '@remit/contract';
import { DAY, attack, bounded, day, instant, moment, nist, outcome, owasp, permission, span, tenet } from '../phrases.ts';

/**
 * The identity, or the credential it used, is past its end of life and grace and still acts. A success pages, once per path
 * for the whole afterlife; an attempt that was refused or failed is one ticket per path and UTC day. Events from before the
 * end are quiet, however late they arrive.
 */
export const detector: Detector = {
  id: 'decommissioned-active',
  title: 'Decommissioned machine identity is still active',
  class: 'remit',
  severity: 'critical',
  certain: true,
  on: 'event',
  frameworks: [
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    owasp('NHI1:2025', 'Improper Offboarding'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(6),
  ],
  needs: ['principal', 'action', 'outcome'],
  judges: ['end_of_life'],
  summary: '{identity} is past its end of life and still acts; {owner} owned it',
  firstAction: 'Revoke the credential named in the finding now, then find out who or what still holds it',
  benign: [
    'A forgotten copy of the workload that nobody stopped', 'A shutdown that was postponed without moving the date',
    'A clean-up job that runs as the identity it removes',
  ],
  quietFor: 7 * DAY,
  inspect(event, view) {
    const end = view.remit?.endOfLife(event.credential?.uid) ?? null;
    if (view.remit === null || end === null || event.time <= end.at) return [];
    const became = outcome(event);
    const after = `${bounded(permission(event), 128)} (${became}) ${span(event.time - end.at)} after the end`;
    return [{
      subject: path(event, view.remit), bucket: became === 'success' ? instant(end.at) : day(event.time),
      reason: {
        expected: end.declared
          ? `no activity after ${moment(end.at)}`
          : `no activity after ${moment(end.at)}, when the status without a date was imported`,
        observed: after,
      },
      evidence: [view.ref(event)], at: event.time,
      ...(became === 'success' ? {} : { severity: 'warning' as const }),
    }];
  },
};

// Their ids change with every session or token: one afterlife would become hundreds of findings.
const PASSING: ReadonlyMap<CredentialType, string> = new Map([
  ['session_key', 'role session'], ['sa_token', 'service account token'], ['oauth_token', 'OAuth token'],
  ['federated', 'federated login'], ['vault_token', 'Vault token'],
]);

/** The way in that is still open: a lasting credential by its id, a passing one by its sort. */
function path({ credential }: NhiEvent, remit: Remit): string {
  if (credential === undefined) return 'identity';
  const { uid, type } = credential;
  const passing = PASSING.get(type);
  if (uid === undefined) return passing ?? 'identity';
  const listed = remit.record.credentials?.some((known) => known.uid === uid) ?? false;
  return passing !== undefined && !listed ? passing : `credential:${bounded(uid, 200)}`;
}
