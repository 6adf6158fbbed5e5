import type { Detector } from '@remit/contract';
import { learned } from '../learned.ts';
import { attack, DAY, nist, owasp, tenet } from '../phrases.ts';

/**
 * A network (its AS number, else the class of its address) that the identity never came from and that few of its peers come from. Single addresses do not
 * count, so that autoscaling and NAT pools are none. Learned: it speaks when the score of the hour reaches the threshold that the page budget sets, and this
 * is what stands out most. One finding per identity and hour, provisional until the hour closes.
 */
export const detector: Detector = {
  id: 'new-network',
  title: 'Machine identity came from a network it never came from',
  class: 'baseline',
  severity: 'critical',
  certain: false,
  on: 'hour',
  frameworks: [
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    owasp('NHI2:2025', 'Secret Leakage'),
    nist('DE.CM-01', 'Networks and network services are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(4),
  ],
  needs: ['principal', 'network'],
  summary: '{identity} came from a network it never came from before',
  firstAction: 'Ask whether the workload was moved; if not, revoke its credentials and sessions now',
  benign: [
    'A move to another region, cluster or provider',
    'A new egress gateway or VPN',
    'A developer who used the credential at home, which is a finding of its own',
  ],
  quietFor: DAY,
  inspect: (hour, view) => learned('new-network', hour, view),
};
