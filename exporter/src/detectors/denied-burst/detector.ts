import type { Detector } from '@remit/contract';
import { learned } from '../learned.ts';
import { attack, DAY, nist, owasp, tenet } from '../phrases.ts';

/**
 * More failed or refused events among its events than the identity's past makes believable. A principal that always fails is one finding: its own rate of
 * failures is learned, and what it always does deviates from nothing. Learned: it speaks when the score of the hour reaches the threshold that the page budget sets, and this
 * is what stands out most. One finding per identity and hour, provisional until the hour closes.
 */
export const detector: Detector = {
  id: 'denied-burst',
  title: 'Machine identity is refused, or fails, far more than usual',
  class: 'baseline',
  severity: 'critical',
  certain: false,
  on: 'hour',
  frameworks: [
    attack('T1580', 'Cloud Infrastructure Discovery'),
    owasp('NHI5:2025', 'Overprivileged NHI'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(6),
  ],
  needs: ['principal', 'outcome'],
  summary: '{identity} is refused or fails far more often than usual',
  firstAction: 'Look at which calls were refused: one call again and again is a broken deployment, many different ones are somebody trying doors',
  benign: [
    'A permission that was taken away',
    'A dependency that is down',
    'An expired credential in a retry loop',
  ],
  quietFor: DAY,
  inspect: (hour, view) => learned('denied-burst', hour, view),
};
