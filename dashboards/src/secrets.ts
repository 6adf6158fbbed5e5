import { busiest } from './lib/busiest.ts';
import { since, type Plan } from './lib/dashboard.ts';
import { cell, toDashboard, toRunbook } from './lib/links.ts';
import { ENDED, figure, recordLines, recordTable, table } from './lib/panels.ts';
import { counted, each, ENVIRONMENT, last, OWNER, records, rows } from './lib/queries.ts';
import { cluster, environment, identity, owner } from './lib/variables.ts';
import { firstAndLast } from './lib/words.ts';

const ID = 'cluster=~"$cluster", identity=~"$identity"';
const OPEN = 'cluster_identity_detector:nhi_findings_open:max';
const DUE = each('identity', `nhi_identity_credential_due_timestamp_seconds{${ID}}`);
const CHOSEN = { identity: '$identity', owner: OWNER, environment: ENVIRONMENT };
const SECRETS = 'secret-outside-rotation|credential-overdue|credential-reuse';

/** Pipelines and what they hold: secrets made outside their windows, credentials that grow old or are used at two places. */
export const secrets: Plan = {
  name: 'secrets',
  question: 'Are secrets made, renewed and used as declared: creation against rotation windows, overdue and reused credentials.',
  variables: [cluster(), owner(), environment(), identity('cicd|service_account|workload|api_key|managed_identity|bot_user', 'Holder')],
  numbers: [
    figure({
      title: 'Made out of turn', w: 6, h: 3, decimals: 0, empty: 'No holders', steps: [['green', null], ['red', 1]], queries: [last(counted(`${OPEN}{${ID}, detector="secret-outside-rotation"}`, ID))],
      description: 'Open findings: a secret or key was made outside the declared rotation. 0: none was, or no window is declared.', links: [toRunbook('secret-outside-rotation')],
    }),
    figure({
      title: 'Overdue', w: 6, h: 3, decimals: 0, empty: 'No rotation declared', steps: [['green', null], ['orange', 1]], queries: [last(`count(${DUE} < time()) or (0 * count(${DUE}))`)],
      description: 'Identities whose next credential was due before now. No rotation declared: no record of those chosen has a rotation interval and the creation of a credential.', links: [toRunbook('credential-overdue')],
    }),
    figure({
      title: 'Used at two places', w: 6, h: 3, decimals: 0, empty: 'No holders', steps: [['green', null], ['red', 1]], queries: [last(counted(`${OPEN}{${ID}, detector="credential-reuse"}`, ID))],
      description: 'Open findings: one credential at two places at once. 0: none was seen so.', links: [toRunbook('credential-reuse')],
    }),
    since(6),
    table({
      title: 'Whose credentials are open to question', w: 14, h: 7, empty: 'Nothing is open about credentials', by: 'Open', description: `Holders with an open finding about a credential. Empty: nothing is open.`, queries: [rows(`topk(50, sum by (identity, detector) (${OPEN}{${ID}, detector=~"${SECRETS}|human-use|mixed-use"}) > 0)`)],
      columns: [
        { from: 'identity', title: 'Identity', links: [toDashboard('identity', 'This identity', { identity: cell('Identity') })] }, { from: 'detector', title: 'What', width: 190, links: [toRunbook(cell('What'))] },
        { from: 'Value', title: 'Open', unit: 'short', decimals: 0, width: 70, steps: [['text', null], ['red', 1]] },
      ],
    }),
    table({
      title: 'What is due next', w: 10, h: 7, empty: 'No record declares a rotation interval and when a credential was created', by: 'Due', ascending: true,
      description: 'The next rotation of each identity, without the grace. Empty: no record of the inventory declares an interval and the creation of a credential.', queries: [rows(`bottomk(50, ${DUE}) * 1000`)],
      columns: [{ from: 'identity', title: 'Identity', links: [toDashboard('identity', 'This identity', { identity: cell('Identity') })] }, { from: 'Value', title: 'Due', unit: 'dateTimeFromNow', width: 140 }],
    }),
    busiest({ title: 'Who is busiest with them', what: 'Identity', w: 24, h: 6, of: ID, empty: 'None of them was active in this hour' }),
  ],
  records: {
    'Secrets in event time (from the Remit data source)': [
      recordLines({
        title: 'Secrets and keys made, over time', w: 24, h: 6, names: ENDED, since: '30d', queries: [records('events', { format: 'volume', where: { ...CHOSEN, category: 'credential_create' } })], empty: 'No secret was made in these days',
        description: 'Creations by outcome over the last 30 days: those outside the declared windows are findings below. Empty: none in the range.',
      }),
      recordTable({
        title: 'Findings about secrets and credentials', w: 24, h: 7, since: '30d', queries: [records('findings', { format: 'table', where: { ...CHOSEN, detector: SECRETS.split('|') }, limit: 50 })], empty: 'Nothing was found about secrets',
        columns: ['Last event', 'Severity', 'Finding', 'Detector', 'Identity', 'Expected', 'Observed', 'State'], widths: { Identity: 300, Expected: 260 }, description: 'What the declared rotation allows and what was seen. Click the finding for its evidence. Empty: nothing was found in 30 days.',
      }),
      recordTable({
        title: 'Secrets and keys made: by whom, when', w: 24, h: 7, since: '30d', queries: [records('events', { format: 'table', where: { ...CHOSEN, category: 'credential_create' }, limit: 200 })], empty: 'No secret was made in these days', columns: ['Time', 'Identity', 'Operation', 'Resource', 'Outcome', 'Network', 'Source'],
        description: 'The newest 200 creations. Names of secrets, never their values. Empty: none in the range.',
      }),
      recordTable({
        title: 'Credentials in use: how old, how often, from where', w: 24, h: 8, since: '30d', queries: [records('events', { format: 'table', where: { ...CHOSEN, credential: { op: '!=', values: [''] } }, limit: 2000 })], empty: 'No event names a credential',
        change: firstAndLast('Credential', 'Identity', 'Network'), columns: ['Credential', 'Identity', 'Network', 'First', 'Last', 'Times'], widths: { Times: 80, Identity: 310, Credential: 190 },
        description: 'Of the newest 2,000 events: ids of credentials by network. One credential on several lines is used from several places; an old first use is a long life. Empty: the sources name none.',
      }),
    ],
  },
};
