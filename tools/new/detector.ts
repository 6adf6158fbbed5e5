/** The three files of a new detector: one that speaks when an identity is refused a deletion. */
export function detectorFiles(id: string): Record<string, string> {
  return { 'detector.ts': code(id), 'cases.yml': cases(id), 'README.md': runbook(id) };
}

function code(id: string): string {
  return `import type { Detector } from '@remit/contract';
import { attack, bounded, DAY, day, nist, owasp, permission, target, tenet } from '../phrases.ts';

/** A deletion that was refused: one ticket per identity, permission and UTC day. */
export const detector: Detector = {
  id: '${id}',
  title: 'Machine identity was refused a deletion',
  class: 'remit',
  severity: 'warning',
  certain: false,
  on: 'event',
  frameworks: [
    attack('T1485', 'Data Destruction'),
    owasp('NHI5:2025', 'Overprivileged NHI'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    tenet(4),
  ],
  needs: ['principal', 'action', 'outcome'],
  summary: '{identity} tried to delete something and was refused; {owner} owns it',
  firstAction: 'Look what it wanted to delete and whether a release explains that',
  benign: ['A clean-up job that lost a permission'],
  quietFor: DAY,
  inspect(event, view) {
    if (event.action.category !== 'delete' || !event.outcome.denied) return [];
    const used = permission(event);
    return [{
      subject: bounded(used, 256), bucket: day(event.time),
      reason: { expected: 'no deletion that has to be refused', observed: \`\${bounded(used, 128)} \${target(event)} (denied)\` },
      evidence: [view.ref(event)], at: event.time,
    }];
  },
};
`;
}

function cases(id: string): string {
  return `# What happens in each case, and what comes of it: fires, quiet (why) or silenced (by which exception).
identity: urn:nhi:aws:111122223333:role/payments-export
inventory:
  owners: [{ team: payments }]
  identities:
    - urn: urn:nhi:aws:111122223333:role/payments-export
      owner: payments
cases:
  - name: a refused deletion
    events:
      - { at: 2026-11-22T10:00:00Z, does: 'aws:s3:DeleteBucket', to: 'arn:aws:s3:::salaries', became: denied }
    fires:
      - { subject: 'aws:s3:DeleteBucket', bucket: '2026-11-22', severity: warning, observed: 'arn:aws:s3:::salaries (denied)' }

  - name: a deletion that works
    events:
      - { at: 2026-11-22T10:00:00Z, does: 'aws:s3:DeleteObject', to: 'arn:aws:s3:::payments/a.csv' }
    quiet: nothing was refused

  - name: a clean-up under an exception
    inventory:
      owners: [{ team: payments }]
      identities:
        - urn: urn:nhi:aws:111122223333:role/payments-export
          owner: payments
          exceptions:
            - { id: cleanup, detector: ${id}, owner: payments, reason: old buckets are removed, expires_at: 2026-12-01T00:00:00Z }
    events:
      - { at: 2026-11-22T10:00:00Z, does: 'aws:s3:DeleteBucket', to: 'arn:aws:s3:::old', became: denied }
    silenced:
      - { exception: cleanup }
`;
}

function runbook(id: string): string {
  return `# ${id}

## What it means
The identity tried to delete something and was refused. A ticket, once per permission and UTC day.

## First
1. \`remit explain FINDING\`: what it wanted to delete, with which credential, from where.
2. Ask the owner whether a release or a clean-up explains it.

## Harmless or bad
| look at | harmless | bad |
|---|---|---|
| target | its own system | another team's, backups, audit logs |
| before | the same job worked yesterday | listings and refusals of other kinds |

## Silence it properly
\`\`\`yaml
exceptions:
  - id: cleanup
    detector: ${id}
    owner: payments
    reason: old buckets are removed
    expires_at: 2026-12-01T00:00:00Z
\`\`\`

## Evasions covered
- Many attempts in a day are one finding, and the count grows.

## Blind spots
- Deletions that succeed.
`;
}
