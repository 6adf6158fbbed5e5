import { since, type Plan } from './lib/dashboard.ts';
import { cell, label, toDashboard, toRunbook } from './lib/links.ts';
import { figure, lines, openWhen, recordGraph, recordLines, recordTable, table } from './lib/panels.ts';
import { counted, ENVIRONMENT, last, over, OWNER, records, rows } from './lib/queries.ts';
import { cluster, environment, identity, owner } from './lib/variables.ts';
import { OUTCOME_COLORS, summed } from './lib/words.ts';

const ID = 'cluster=~"$cluster", identity=~"$identity"';
const OPEN = 'cluster_identity_detector:nhi_findings_open:max';
const APPS = { kind: 'oauth_app', identity: '$identity', owner: OWNER, environment: ENVIRONMENT };

/** OAuth apps of suppliers: what they take out, and with which scopes. */
export const thirdParty: Plan = {
  name: 'thirdParty',
  question: 'Do integrations of third parties take out no more than they may: export against limit and habit by app, scopes used, who supplies them.',
  variables: [cluster(), owner(), environment(), identity('oauth_app', 'App')],
  numbers: [
    figure({ title: 'Apps', w: 6, h: 3, decimals: 0, empty: 'None', queries: [last(`count(max by (cluster, identity) (nhi_identity_info{${ID}, kind="oauth_app"}))`)], description: 'Chosen apps with series of their own. None: no identity of the kind oauth_app is in the inventory or has an open finding.' }),
    figure({
      title: 'Over their limit', w: 6, h: 3, decimals: 0, empty: 'No apps', steps: [['green', null], ['red', 1]], queries: [last(counted(`${OPEN}{${ID}, detector="export-over-limit"}`, ID))],
      description: 'Open findings: more was taken out than the declared maximum. 0: none was, or no limit is declared.', links: [toRunbook('export-over-limit')],
    }),
    figure({
      title: 'Far above habit', w: 6, h: 3, decimals: 0, empty: 'No apps', steps: [['green', null], ['orange', 1]], queries: [last(counted(`${OPEN}{${ID}, detector=~"export-volume|volume"}`, ID))],
      description: 'Open findings: far more than ever before. 0: nothing of the kind is open, or the baselines are still learning.', links: [toRunbook('export-volume')],
    }),
    since(6),
    lines({
      title: 'What apps do, by outcome', w: 12, h: 7, unit: 'cpm', decimals: 1, stack: true, colors: OUTCOME_COLORS, empty: 'No app has series of its own', queries: [over(`sum by (outcome) (max by (cluster, identity, outcome) (rate(nhi_identity_events_total{${ID}}[5m])) * 60)`, '{{outcome}}')],
      description: 'Judged events a minute of the chosen apps. Flat at 0: they rest, or their audit log comes late. Empty: no app has series of its own.',
    }),
    lines({
      title: 'How unusual their export is', w: 12, h: 7, decimals: 2, empty: 'No baseline is ready: export is judged by its limit alone', queries: [over(`topk(10, max by (identity) (nhi_deviation_feature_score{${ID}, feature=~"amount|moved"}))`, '{{identity}}')],
      description: 'The part of export in the deviation score: 2 is one hour in a hundred. Empty: no baseline of these apps is ready, or none deviates.', links: [toDashboard('identity', 'This app', { identity: label('identity') })],
    }),
    openWhen({ w: 12, h: 6, open: `topk(20, max by (detector) (${OPEN}{${ID}}))`, whose: 'the chosen apps' }),
    table({
      title: 'Grants that are never used', w: 12, h: 6, empty: 'No record of an app names its grants', by: 'Used', ascending: true, description: 'Apps by the share of their granted scopes that were used in 90 days: the rest can be taken away. Empty: no record of an app names its grants; the scopes they use are below.',
      queries: [rows(`bottomk(20, max by (identity) (nhi_privileges_exercised{${ID}}) / max by (identity) (nhi_privileges_granted{${ID}} > 0))`)],
      columns: [{ from: 'identity', title: 'App', links: [toDashboard('identity', 'This app', { identity: cell('App') })] }, { from: 'Value', title: 'Used', unit: 'percentunit', decimals: 0, width: 130, steps: [['orange', null], ['green', 0.7]], gauge: { min: 0, max: 1 } }],
    }),
  ],
  records: {
    'Export in event time (from the Remit data source)': [
      recordTable({
        title: 'Findings: the limit, and what was taken', w: 24, h: 6, since: '30d', queries: [records('findings', { format: 'table', where: APPS, limit: 50 })], empty: 'Nothing was found about these apps', columns: ['Last event', 'Severity', 'Finding', 'Detector', 'Identity', 'Expected', 'Observed', 'State'], widths: { Identity: 200, Expected: 250 },
        description: 'What was declared or is usual, and what was seen. Click the finding for its evidence. Empty: nothing was found in 30 days.',
      }),
      recordTable({
        title: 'Volume by app and call', w: 24, h: 7, since: '30d', queries: [records('events', { format: 'table', where: APPS, limit: 2000 })], empty: 'These apps did nothing in these days',
        change: [...summed(['Identity', 'Operation', 'Category'], { 'Bytes out': ['sum'], Rows: ['sum'], Time: ['count', 'max'] }), { id: 'organize', options: { excludeByName: {}, indexByName: {}, renameByName: { 'Bytes out (sum)': 'Bytes out', 'Rows (sum)': 'Rows', 'Time (count)': 'Calls', 'Time (max)': 'Last' } } }, { id: 'sortBy', options: { sort: [{ field: 'Bytes out', desc: true }] } }],
        columns: ['Identity', 'Operation', 'Category', 'Bytes out', 'Rows', 'Calls', 'Last'], widths: { Identity: 480, Operation: 200, Calls: 70, Rows: 80, 'Bytes out': 100 }, units: { 'Bytes out': 'decbytes' },
        description: 'Of the newest 2,000 events: bytes and rows that left, as far as the source tells them. 0: the source tells no size. Empty: these apps did nothing in the range.',
      }),
      recordLines({ title: 'Events an hour within the band', w: 24, h: 7, since: '7d', queries: [records('baseline', { where: APPS })], empty: 'These apps did nothing in these days', description: 'Observed activity and the band that is normal once learned. Empty: these apps did nothing in the range.' }),
    ],
    'Scopes and suppliers (from the Remit data source)': [
      recordTable({
        title: 'Scopes: granted against used', w: 24, h: 7, since: '30d', queries: [records('privileges', { where: APPS, limit: 200 })], empty: 'No scope was used and none is granted', columns: ['Identity', 'Permission', 'State', 'Inventory says', 'Uses', 'Denied', 'Last used'], widths: { Identity: 270, Permission: 250 },
        description: 'Scopes that an app may use and those that it does use. Empty: none was used in the range and none is granted in a record.',
      }),
      recordTable({
        title: 'Suppliers', w: 24, h: 5, since: '30d', queries: [records('identities', { where: APPS })], empty: 'No app is known', nothing: { Supplier: 'not named' },
        change: [...summed(['Supplier'], { Identity: ['count'], Events: ['sum'], Denied: ['sum'], 'Open findings': ['sum'], 'Last seen': ['max'] }), { id: 'organize', options: { excludeByName: {}, indexByName: {}, renameByName: { 'Identity (count)': 'Apps', 'Events (sum)': 'Events', 'Denied (sum)': 'Denied', 'Open findings (sum)': 'Open findings', 'Last seen (max)': 'Last seen' } } }, { id: 'sortBy', options: { sort: [{ field: 'Open findings', desc: true }] } }],
        columns: ['Supplier', 'Apps', 'Open findings', 'Events', 'Denied', 'Last seen'], description: 'Whose apps these are, by the field supplier of their records: how many, what is open, what they did. Empty: no app is known.',
      }),
      recordTable({
        title: 'Apps by their records', w: 24, h: 6, since: '30d', queries: [records('identities', { where: APPS })], empty: 'No app is known', columns: ['Supplier', 'Name', 'Owner', 'Identity', 'Purpose', 'Criticality', 'Last seen', 'Events', 'Open findings', 'Reviewed'], widths: { Identity: 280, Purpose: 220, Owner: 90 }, nothing: { Supplier: 'not named' },
        description: 'Who supplies an app, the team that answers for it, what it is for, and when its record was last reviewed. Empty: no app is known.',
      }),
      recordGraph({ title: 'Apps, calls and targets', w: 24, h: 11, since: '7d', queries: [records('graph', { format: 'access', where: APPS, limit: 30 })], empty: 'These apps did nothing in these days', description: 'Which app reaches what. Empty: no events in the range.' }),
    ],
  },
};
