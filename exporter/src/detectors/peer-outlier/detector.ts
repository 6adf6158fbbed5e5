import type { Detector } from '@remit/contract';
import { signalOf } from '../learned.ts';
import { attack, DAY, nist, owasp, tenet } from '../phrases.ts';

/**
 * An identity whose own past is too short to judge it behaves as its peers (kind, purpose, owner, declared group) and identities of its age never do.
 * A ticket, never a page: what is new is odd to everybody for a while. From the day its baseline is ready the other learned detectors speak.
 * One finding per identity and hour.
 */
export const detector: Detector = {
  id: 'peer-outlier',
  title: 'New machine identity behaves unlike its peers',
  class: 'baseline',
  severity: 'warning',
  certain: false,
  on: 'hour',
  frameworks: [
    attack('T1136.003', 'Create Account: Cloud Account'),
    owasp('NHI5:2025', 'Overprivileged NHI'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(4),
  ],
  needs: ['principal', 'action'],
  summary: '{identity} is new and behaves unlike its peers',
  firstAction: 'Ask who created it and what for; without an answer, disable it until there is one',
  benign: [
    'The first of a new sort of workload',
    'A bulk import on the first day',
    'A peer group that is too wide: declare baseline.peer_group in the record',
  ],
  quietFor: DAY,
  inspect(hour, view) {
    const { score } = hour;
    if (score === null || view.ready || score.readiness !== 'warming' || score.channel === 'remit' || !(score.score >= view.threshold) || score.parts.length === 0) return [];
    return [signalOf(score, hour, view.threshold, { peers: true })];
  },
};
