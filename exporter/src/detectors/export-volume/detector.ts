import type { Detector } from '@remit/contract';
import { learned } from '../learned.ts';
import { attack, DAY, nist, owasp, tenet } from '../phrases.ts';

/**
 * More bytes (or rows, or items) per call, or in the hour, than the identity's past makes believable. Silent while `export-over-limit` is open for the same
 * identity, which is certain where this is learned; the sum over 24 hours is the subject of `slow-drift`. Learned: it speaks when the score of the hour reaches the threshold that the page budget sets, and this
 * is what stands out most. One finding per identity and hour, provisional until the hour closes.
 */
export const detector: Detector = {
  id: 'export-volume',
  title: 'Machine identity moved out far more than it ever did',
  class: 'baseline',
  severity: 'critical',
  certain: false,
  on: 'hour',
  frameworks: [
    attack('T1567', 'Exfiltration Over Web Service'),
    attack('T1530', 'Data from Cloud Storage'),
    owasp('NHI3:2025', 'Vulnerable Third-Party NHI'),
    nist('DE.CM-09', 'Computing hardware and software, runtime environments, and their data are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(4),
  ],
  needs: ['principal', 'volume'],
  summary: '{identity} moved out far more than it ever did in an hour',
  firstAction: 'Find out where it went; if the receiver is not the usual one, revoke the grant before anything else',
  benign: [
    'A full export instead of the daily difference',
    'A new report or customer',
    'A restore or migration',
  ],
  quietFor: DAY,
  inspect: (hour, view) => ((hour.violations?.export ?? 0) > 0 ? [] : learned('export-volume', hour, view)),
};
