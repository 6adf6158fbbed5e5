import type { Detector } from '@remit/contract';
import { learned } from '../learned.ts';
import { attack, DAY, nist, owasp, tenet } from '../phrases.ts';

/**
 * Many targets in one hour that the identity never touched: listing and then reading everything looks like this. A few are the subject of
 * `new-destination`. Learned: it speaks when the score of the hour reaches the threshold that the page budget sets, and this
 * is what stands out most. One finding per identity and hour, provisional until the hour closes.
 */
export const detector: Detector = {
  id: 'fan-out',
  title: 'Machine identity touches many targets it never touched',
  class: 'baseline',
  severity: 'critical',
  certain: false,
  on: 'hour',
  frameworks: [
    attack('T1530', 'Data from Cloud Storage'),
    attack('T1580', 'Cloud Infrastructure Discovery'),
    owasp('NHI5:2025', 'Overprivileged NHI'),
    nist('DE.CM-09', 'Computing hardware and software, runtime environments, and their data are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(4),
  ],
  needs: ['principal', 'resource'],
  summary: '{identity} touches many targets that it never touched before',
  firstAction: 'Look at whether the targets follow each other like a list; if so, and no job explains it, stop the workload',
  benign: [
    'An inventory or compliance scan',
    'A migration, a backfill, a first full sync',
    'A partition scheme with a new name each hour',
  ],
  quietFor: DAY,
  inspect: (hour, view) => learned('fan-out', hour, view),
};
