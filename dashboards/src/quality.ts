import { since, type Plan } from './lib/dashboard.ts';
import { exceptions } from './lib/exceptions.ts';
import { cell, label, toRunbook } from './lib/links.ts';
import { bars, figure, lines, recordLines, recordTable, table } from './lib/panels.ts';
import { each, grown, last, over, OWNER, records, rows } from './lib/queries.ts';
import { cluster, owner } from './lib/variables.ts';

const C = 'cluster=~"$cluster"';
const O = `${C}, identity_owner=~"$owner"`;
const SPENT = 'cluster_owner:nhi_page_budget_spent_pages:max';
const BUDGET = 'cluster_owner:nhi_page_budget_pages:max';
const closed = (disposition: string): string => `sum by (detector) (${each('detector, disposition', `nhi_findings_closed_total{${C}, disposition="${disposition}"}`)})`;
const JUDGED = `(${closed('bad')} + ${closed('benign')})`;

/** Whether the pages are worth being woken for. */
export const quality: Plan = {
  name: 'quality',
  question: 'Are the pages worth it: their number against the budget, how many proved right, what exceptions hide, and who is still being learned.',
  variables: [cluster(), owner()],
  numbers: [
    figure({
      title: 'Pages, 7 days', w: 6, h: 3, decimals: 0, queries: [last(`sum(${SPENT}{${C}, identity_owner="_fleet_"})`)],
      description: 'Critical openings of the fleet in the last seven days, exactly, before Alertmanager groups them.', links: [toRunbook('page-budget')],
    }),
    figure({
      title: 'Budget used', w: 6, h: 3, unit: 'percentunit', decimals: 0, empty: 'No budget', steps: [['green', null], ['orange', 0.75], ['red', 1]], queries: [last(`sum(${SPENT}{${C}, identity_owner="_fleet_"}) / sum(${BUDGET}{${C}, identity_owner="_fleet_"})`)],
      description: 'Those pages against what the fleet allows a week. Above 100 % nothing is withheld. No budget: none is set.', links: [toRunbook('page-budget')],
    }),
    figure({
      title: 'Proved right', w: 6, h: 3, unit: 'percentunit', decimals: 0, empty: 'No verdicts yet', steps: [['red', null], ['orange', 0.5], ['green', 0.8]], queries: [last(`sum(${closed('bad')}) / (sum(${JUDGED}) > 0)`)],
      description: 'Findings that people called bad, of all that they called bad or benign, since Remit keeps its store. No verdicts yet: nobody gave one.',
    }),
    figure({
      title: 'Waiting for a verdict', w: 6, h: 3, decimals: 0, steps: [['green', null], ['orange', 1]], queries: [last(`sum(cluster_severity_state:nhi_findings:sum{${C}, state="open", severity="critical"})`)],
      description: 'Critical findings that nobody acknowledged or judged yet.', links: [toRunbook('verdicts-waiting')],
    }),
    figure({
      title: 'Baselines ready', w: 6, h: 3, unit: 'percentunit', decimals: 0, empty: 'Nobody seen', steps: [['orange', null], ['green', 0.8]],
      queries: [last(`sum(cluster_state:nhi_identities:max{${C}, state="ready"}) / (sum(cluster_state:nhi_identities:max{${C}, state="ready"}) + sum(cluster_state:nhi_identities:max{${C}, state="warming"}))`)],
      description: 'Share of the identities whose habits are known: the others cannot page by a baseline yet. Nobody seen: there is no baseline, ready or learning.',
    }),
    figure({
      title: 'Hours not learned yet', w: 6, h: 3, decimals: 0, steps: [['text', null]], queries: [last(`sum(${each('release', `nhi_quarantine_windows{${C}}`)})`)],
      description: 'Identity-hours with something odd, held back until time or a verdict releases them.', links: [toRunbook('verdicts-waiting')],
    }),
    figure({
      title: 'Oldest of them', w: 6, h: 3, unit: 'dateTimeFromNow', empty: 'None is held back', queries: [last(`min(nhi_quarantine_oldest_timestamp_seconds{${C}}) * 1000`)],
      description: 'Start of the oldest hour that is not learned yet. None is held back: every hour is learned.', links: [toRunbook('verdicts-waiting')],
    }),
    since(6),
    table({
      title: 'Pages of a week against the budget, by owner', w: 11, h: 8, empty: 'No page in seven days', by: 'Pages, 7 d', description: 'Exact counts from Remit\'s store. A dash: the owner has no budget of its own, the fleet\'s counts. Empty: no owner is known.',
      queries: [rows(`topk(50, sum by (identity_owner) (${SPENT}{${O}}))`), rows(`topk(50, sum by (identity_owner) (${BUDGET}{${O}}))`), rows(`topk(50, sum by (identity_owner) (${SPENT}{${O}}) / (sum by (identity_owner) (${BUDGET}{${O}}) > 0))`)],
      columns: [
        { from: 'identity_owner', title: 'Owner', links: [toRunbook('page-budget')] }, { from: 'Value #A', title: 'Pages, 7 d', unit: 'short', decimals: 0, width: 90 }, { from: 'Value #B', title: 'Budget', unit: 'short', decimals: 0, width: 80 },
        { from: 'Value #C', title: 'Used', unit: 'percentunit', decimals: 0, width: 120, steps: [['green', null], ['orange', 0.75], ['red', 1]], gauge: { min: 0, max: 1 } },
      ],
    }),
    table({
      title: 'Which detectors proved right', w: 13, h: 8, empty: 'No finding was closed yet', by: 'Bad', description: 'Closed findings by how: called bad or benign by a person, ended by themselves, or hidden by an exception. Right: bad of bad and benign. Empty: no finding was closed yet.',
      queries: [rows(`${closed('bad')} and (${JUDGED} + ${closed('quiet')} + ${closed('silenced')}) > 0`), rows(`${closed('benign')} > 0`), rows(`${closed('quiet')} > 0`), rows(`${closed('silenced')} > 0`), rows(`${closed('bad')} / (${JUDGED} > 0)`)],
      columns: [
        { from: 'detector', title: 'Detector', links: [toRunbook(cell('Detector'))] }, { from: 'Value #A', title: 'Bad', unit: 'short', decimals: 0, width: 55 }, { from: 'Value #B', title: 'Benign', unit: 'short', decimals: 0, width: 70 },
        { from: 'Value #C', title: 'Ended', unit: 'short', decimals: 0, width: 65 }, { from: 'Value #D', title: 'Hidden', unit: 'short', decimals: 0, width: 70 }, { from: 'Value #E', title: 'Right', unit: 'percentunit', decimals: 0, width: 65, steps: [['red', null], ['orange', 0.5], ['green', 0.8]] },
      ],
    }),
    lines({
      title: 'Pages of the hour before, by class', w: 7, h: 7, decimals: 0, stack: true, empty: 'No page while Prometheus scrapes', colors: { remit: 'red', baseline: 'orange', state: 'yellow' },
      queries: [over(`sum by (class) (${each('identity_owner, class', grown(`nhi_pages_total{${O}}`))})`, '{{class}}')],
      description: 'Critical openings in the hour before each point: remit is certain, baseline is learned, state is of the identity or its record. Openings before Prometheus scraped are not in it; the figures above are exact. Empty: no owner is known.', links: [toRunbook('page-budget')],
    }),
    bars({
      title: 'What opens most', w: 10, h: 7, decimals: 0, empty: 'Nothing was found yet', steps: [['orange', null]], queries: [last(`topk(10, sum by (detector) (${each('detector, severity, class', `nhi_findings_total{${C}}`)}) > 0)`, '{{detector}}')],
      description: 'Findings opened since Remit keeps its store, the ten most frequent detectors. Empty: nothing was found yet. Click one for its runbook.', links: [toRunbook(label('detector'))],
    }),
    lines({
      title: 'From which score it pages', w: 7, h: 7, decimals: 2, empty: 'No threshold yet', queries: [over(`max by (channel, scope) (cluster_channel_scope:nhi_deviation_threshold:max{${C}, scope=~"_fleet_|$owner"})`, '{{scope}} · {{channel}}')],
      description: 'The deviation score at which a learned finding opens, computed so that the budget is kept: it rises when the fleet is restless. Empty: the recording rules are not loaded.',
    }),
    exceptions(5),
  ],
  records: {
    'Findings and verdicts in event time (from the Remit data source)': [
      recordLines({ title: 'Findings by severity', w: 24, h: 6, since: '30d', queries: [records('findings', { format: 'volume', where: { owner: OWNER } })], empty: 'Nothing was found in these days', description: 'Findings of 30 days by their last event. Empty: nothing was found.' }),
      recordTable({
        title: 'What people decided', w: 24, h: 7, since: '30d', queries: [records('findings', { format: 'table', where: { owner: OWNER, state: ['acknowledged', 'benign', 'bad'] }, limit: 100 })], empty: 'Nobody gave a verdict in these days', columns: ['Updated', 'State', 'Severity', 'Finding', 'Detector', 'Identity', 'Decided with token', 'Note'], widths: { Identity: 310, State: 140, 'Decided with token': 90 },
        description: 'Findings with the last word of a person, with which token and why. Empty: nobody gave a verdict in 30 days; give one on a finding\'s page.',
      }),
      recordTable({
        title: 'What exceptions hid', w: 24, h: 6, since: '30d', queries: [records('findings', { format: 'table', where: { owner: OWNER, state: 'silenced' }, limit: 100 })], empty: 'No exception hid anything in these days', columns: ['Last event', 'Exception', 'Severity', 'Finding', 'Detector', 'Identity', 'Reason'], widths: { Exception: 160, Identity: 290 },
        description: 'Findings that an approved exception silenced. Empty: none in 30 days.',
      }),
    ],
  },
};
