import type { Detector } from '@remit/contract';
import { learned } from '../learned.ts';
import { attack, DAY, nist, owasp, tenet } from '../phrases.ts';

/**
 * More events in one hour, more of them on secrets and restricted data, or a larger part of them, than the identity's own past and the fleet's
 * calibration make believable. Only too much is its subject; too little is that of others. Learned: it speaks when the score of the hour reaches the threshold that the page budget sets, and this
 * is what stands out most. One finding per identity and hour, provisional until the hour closes.
 */
export const detector: Detector = {
  id: 'volume',
  title: 'Machine identity did far more, or far more that is sensitive, than ever',
  class: 'baseline',
  severity: 'critical',
  certain: false,
  on: 'hour',
  frameworks: [
    attack('T1119', 'Automated Collection'),
    owasp('NHI2:2025', 'Secret Leakage'),
    nist('DE.CM-09', 'Computing hardware and software, runtime environments, and their data are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(4),
  ],
  needs: ['principal', 'action'],
  summary: '{identity} did far more in an hour, or far more that is sensitive, than its own past makes believable',
  firstAction: 'Look at which actions and targets make up the hour; stop the workload if they are not its job',
  benign: [
    'A backfill, a migration or a restored queue',
    'A retry loop against a service that is down',
    'A scale-out or a new customer',
    'The first run of a yearly job',
  ],
  quietFor: DAY,
  inspect: (hour, view) => learned('volume', hour, view),
};
