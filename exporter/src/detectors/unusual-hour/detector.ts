import type { Detector } from '@remit/contract';
import { learned } from '../learned.ts';
import { attack, DAY, nist, owasp, tenet } from '../phrases.ts';

/**
 * Activity, or activity on secrets and restricted data, at an hour of the week at which the identity was never or hardly ever active, or after a pause far
 * longer than any before. Neighbouring hours count, so that jitter and daylight saving are none. Learned: it speaks when the score of the hour reaches the threshold that the page budget sets, and this
 * is what stands out most. One finding per identity and hour, provisional until the hour closes.
 */
export const detector: Detector = {
  id: 'unusual-hour',
  title: 'Machine identity worked at an hour at which it never does',
  class: 'baseline',
  severity: 'critical',
  certain: false,
  on: 'hour',
  frameworks: [
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    owasp('NHI2:2025', 'Secret Leakage'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(4),
  ],
  needs: ['principal', 'action'],
  summary: '{identity} worked at an hour at which it is never active',
  firstAction: 'Ask its owner who or what started it at that hour; if nobody knows, revoke its credentials and see what it read',
  benign: [
    'A manual rerun after a failed job',
    'A job that was moved and whose schedule nobody declared',
    'A release at night',
    'A quarterly job in its first year',
  ],
  quietFor: DAY,
  inspect: (hour, view) => learned('unusual-hour', hour, view),
};
