import type { Detector } from '@remit/contract';
import { learned } from '../learned.ts';
import { attack, DAY, nist, owasp, tenet } from '../phrases.ts';

/**
 * The order of an agent's tool calls within its sessions of the hour is improbable under the orders it has shown, and those of its peers. What is declared
 * as forbidden or outside the approved sequences is the subject of `off-purpose-sequence`. Learned: it speaks when the score of the hour reaches the threshold that the page budget sets, and this
 * is what stands out most. One finding per identity and hour, provisional until the hour closes.
 */
export const detector: Detector = {
  id: 'unusual-sequence',
  title: 'Tool calls of an agent follow each other as they never did',
  class: 'baseline',
  severity: 'critical',
  certain: false,
  on: 'hour',
  frameworks: [
    attack('T1567', 'Exfiltration Over Web Service'),
    owasp('NHI5:2025', 'Overprivileged NHI'),
    nist('DE.CM-09', 'Computing hardware and software, runtime environments, and their data are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(4),
  ],
  needs: ['principal', 'tool', 'trace'],
  summary: '{identity} chained its tools in an order that it never showed',
  firstAction: 'Read the calls of the session in order: what made the agent take the unusual step, and where did it send what it had read',
  benign: [
    'A new prompt, model or tool',
    'A task that nobody had asked for before',
    'A planner that retries in another order',
  ],
  quietFor: DAY,
  inspect: (hour, view) => learned('unusual-sequence', hour, view),
};
