import type { Detector } from '@remit/contract';
import { learned } from '../learned.ts';
import { attack, DAY, nist, owasp, tenet } from '../phrases.ts';

/**
 * An action or tool that the identity never used, or almost never, and that few of its peers use. Speaks where the record has no `actions`, or allows the
 * action: what it does not allow is the subject of `off-purpose-action`. Learned: it speaks when the score of the hour reaches the threshold that the page budget sets, and this
 * is what stands out most. One finding per identity and hour, provisional until the hour closes.
 */
export const detector: Detector = {
  id: 'new-action',
  title: 'Machine identity did what it never did before',
  class: 'baseline',
  severity: 'critical',
  certain: false,
  on: 'hour',
  frameworks: [
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    owasp('NHI5:2025', 'Overprivileged NHI'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(4),
  ],
  needs: ['principal', 'action'],
  summary: '{identity} did something it never did before',
  firstAction: 'Compare the action with what was released lately; if nothing explains it, take the permission away and look at what it touched',
  benign: [
    'A release that adds a call',
    'A feature that is used for the first time',
    'An error path that had never been taken',
  ],
  quietFor: DAY,
  inspect: (hour, view) => ((hour.violations?.purpose ?? 0) > 0 ? [] : learned('new-action', hour, view)),
};
