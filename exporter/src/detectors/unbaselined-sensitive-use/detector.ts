import type { Detector, Remit } from '@remit/contract';
import { attack, bounded, DAY, instant, moment, nist, owasp, tenet } from '../phrases.ts';

const PERIOD = 7 * DAY;

/**
 * Sensitive work by an identity that nothing can judge yet: it has no record; or its baseline is warming and its reviewed record does not
 * approve the action; or its record has sensitive actions that wait for a person's decision. One ticket per identity, category and 7
 * days. Monitoring is left to `monitoring-tampering`, which needs no baseline.
 */
export const detector: Detector = {
  id: 'unbaselined-sensitive-use',
  title: 'Sensitive use by a machine identity that cannot be judged yet',
  class: 'state',
  severity: 'warning',
  certain: false,
  on: 'hour',
  frameworks: [
    attack('T1552', 'Unsecured Credentials'),
    owasp('NHI5:2025', 'Overprivileged NHI'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    nist('DE.CM-09', 'Computing hardware and software, runtime environments, and their data are monitored'),
    tenet(3),
  ],
  needs: ['principal', 'action', 'resource'],
  summary: '{identity} did something sensitive before there was a remit or a baseline to judge it by',
  firstAction: 'Find the owner, check the evidence with them, and record what the identity may do',
  benign: [
    'A new workload in its first two weeks', 'A secrets operator or certificate manager that nobody recorded yet',
  ],
  quietFor: PERIOD,
  inspect(hour, view) {
    const { remit } = view;
    const waits = (remit?.record.review_required?.length ?? 0) > 0;
    if (remit !== null && !waits && view.ready) return [];
    const declared = remit !== null && !waits && declares(remit);
    const signals = [];
    for (const [category, { count: all, unapproved, vain: allVain = 0, unapprovedVain = 0, first, last, evidence }] of hour.categories) {
      const count = declared ? unapproved : all;
      const vain = declared ? unapprovedVain : allVain;
      if (category === 'monitoring' || count === 0) continue;
      signals.push({
        subject: bounded(category, 256), bucket: instant(hour.start - (hour.start % PERIOD)).slice(0, 10),
        reason: {
          expected: remit === null
            ? 'a record that says what this identity may do'
            : waits ? 'a decision on the actions under review_required'
              : declared ? 'only approved actions for sensitive work, while no habit is known' : 'approved actions or a learned baseline before sensitive work',
          observed: `${vain === count ? 'tried in vain: ' : ''}${WORDS.get(category) ?? bounded(category, 64)}, ${count} ${count === 1 ? 'event' : 'events'}${
            vain > 0 && vain < count ? `, ${vain} of them refused or failed,` : ''} in the hour of ${moment(hour.start)}`,
        },
        evidence: [...evidence], at: last, first, count,
      });
    }
    return signals;
  },
};

/** A reviewed record with actions has said what is right: approved work is quiet from the first event. */
function declares(remit: Remit): boolean {
  return remit.reviewed && (remit.record.actions?.length ?? 0) > 0;
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ['credential_create', 'made a credential'], ['credential_use', 'used a stored credential'], ['authz_grant', 'granted rights'],
  ['share', 'shared something'], ['export', 'exported data'], ['exec', 'opened a session inside a workload'],
  ['code', 'put a command or code into a workload'],
  ['secrets', 'touched Kubernetes secrets'], ['restricted_data', 'touched restricted data'],
]);
