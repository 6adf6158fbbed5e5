import { since, type Plan } from './lib/dashboard.ts';
import { cell, label, toDashboard, toRunbook } from './lib/links.ts';
import { bars, figure, lines, recordTable, table } from './lib/panels.ts';
import { last, over, OWNER, records, rows, SCRAPED } from './lib/queries.ts';
import { choice, cluster, owner } from './lib/variables.ts';
import { COVERAGE, SEVERITY_COLORS } from './lib/words.ts';

const C = 'cluster=~"$cluster"';
const O = `${C}, identity_owner=~"$owner"`;
const OPEN = 'cluster_owner_severity:nhi_findings_open:sum';
const SPENT = 'cluster_owner:nhi_page_budget_spent_pages:max';
const BUDGET = 'cluster_owner:nhi_page_budget_pages:max';
const SCORE = 'cluster_identity:nhi_deviation_score:max_topk';
const STATE = 'cluster_state:nhi_identities:max';
const SEEN = 'cluster_source:nhi_source_last_receive_timestamp_seconds:max';
const EXPECTED = 'cluster_source:nhi_source_expected_interval_seconds:max';
const THRESHOLD = 'cluster_channel_scope:nhi_deviation_threshold:max{channel="hour", scope="_fleet_"}';

/** What needs attention now. Reads only recorded series, of which there are few however large the fleet is. */
export const fleet: Plan = {
  name: 'fleet',
  question: 'What needs attention now: who has findings, who pages, what left its habits, and what cannot be seen.',
  variables: [
    cluster('cluster:nhi_pipeline_heartbeat_timestamp_seconds:max'),
    owner('cluster_owner_severity:nhi_findings_open:sum', SPENT),
    choice({ name: 'detector', label: 'Detector', description: 'Of the bars by detector and of the list of findings below; all figures are of every detector', query: `label_values(cluster_detector_severity:nhi_findings:sum{${C}}, detector)`, all: 'any' }),
  ],
  numbers: [
    figure({
      title: 'Critical, open', w: 6, h: 3, decimals: 0, steps: [['green', null], ['red', 1]], queries: [last(`sum(${OPEN}{${O}, severity="critical"}) or on () 0 * ${SCRAPED}`)],
      description: 'Open and acknowledged findings that page, of the chosen owners, held for a day while Remit is not scraped.', links: [toDashboard('quality', 'Are the pages worth it?')],
    }),
    figure({
      title: 'Warnings, open', w: 6, h: 3, decimals: 0, steps: [['green', null], ['orange', 1]], queries: [last(`sum(${OPEN}{${O}, severity="warning"}) or on () 0 * ${SCRAPED}`)],
      description: 'Open and acknowledged findings that are tickets, of the chosen owners, held for a day while Remit is not scraped.',
    }),
    figure({
      title: 'Pages, 7 days', w: 6, h: 3, decimals: 0, queries: [last(`sum(${SPENT}{${C}, identity_owner="_fleet_"})`)],
      description: 'Critical openings of the whole fleet in the last seven days, exactly, from Remit\'s store, before Alertmanager groups them.',
      links: [toDashboard('quality', 'Pages against the budget'), toRunbook('page-budget')],
    }),
    figure({
      title: 'Page budget used', w: 6, h: 3, unit: 'percentunit', decimals: 0, empty: 'No budget', steps: [['green', null], ['orange', 0.75], ['red', 1]],
      queries: [last(`sum(${SPENT}{${C}, identity_owner="_fleet_"}) / sum(${BUDGET}{${C}, identity_owner="_fleet_"})`)],
      description: 'Pages of the last seven days against what the fleet allows a week. Above 100 % nothing is withheld; a ticket says so. No budget: none is set.', links: [toDashboard('quality', 'Pages against the budget'), toRunbook('page-budget')],
    }),
    figure({
      title: 'Beyond their habits', w: 6, h: 3, decimals: 0, empty: 'Learning', steps: [['green', null], ['orange', 1]],
      queries: [last(`count(${SCORE}{${C}} >= on (cluster) group_left () max by (cluster) (${THRESHOLD})) or (0 * sum(cluster:nhi_identity_baseline_ready:sum{${C}} > 0))`)],
      description: 'Identities whose deviation score is at or above the threshold of the fleet now. Learning: no baseline is ready yet, so none can be told from its habits.', links: [toRunbook('unusual-hour')],
    }),
    figure({
      title: 'With a record', w: 6, h: 3, unit: 'percentunit', decimals: 0, empty: 'None seen', steps: [['red', null], ['orange', 0.5], ['green', 0.9]],
      queries: [last(`sum(${STATE}{${C}, state="inventoried"}) / (sum(${STATE}{${C}, state="inventoried"}) + sum(${STATE}{${C}, state="not_inventoried"}))`)],
      description: 'Share of the identities that have a record of the inventory: only those can be judged by what they may do. None seen: no identity was seen and none is recorded.', links: [toDashboard('lifecycle', 'Who cannot be judged, and why'), toRunbook('coverage-falling')],
    }),
    figure({
      title: 'Silent sources', w: 6, h: 3, decimals: 0, empty: 'None expected', steps: [['green', null], ['orange', 1]],
      queries: [last(`count((time() - ${SEEN}{${C}}) > on (cluster, source) ${EXPECTED}{${C}}) or (0 * count(${EXPECTED}{${C}}))`)],
      description: 'Live sources that sent nothing for longer than expected: what happens there is not seen. None expected: no source has an expected interval; replays never have one.', links: [toRunbook('source-silent'), toDashboard('itself', 'Sources')],
    }),
    since(6),

    table({
      title: 'Whose findings are open, and who is paged', w: 13, h: 8, empty: 'No findings and no pages yet',
      description: 'Owners with what is open now, their pages of the last seven days and the share of their budget. _none_: nobody owns the identity. Empty: nothing was found yet. Budget used is empty where an owner has none of its own; the fleet\'s then counts.',
      queries: [
        rows(`topk(50, sum by (identity_owner) (${OPEN}{${O}, severity="critical"}))`), rows(`topk(50, sum by (identity_owner) (${OPEN}{${O}, severity="warning"}))`),
        rows(`topk(50, sum by (identity_owner) (${SPENT}{${O}, identity_owner!="_fleet_"}))`),
        rows(`topk(50, sum by (identity_owner) (${SPENT}{${O}, identity_owner!="_fleet_"}) / sum by (identity_owner) (${BUDGET}{${O}, identity_owner!="_fleet_"} > 0))`),
      ],
      by: 'Critical', columns: [
        { from: 'identity_owner', title: 'Owner', links: [toDashboard('quality', 'Pages and verdicts of this owner', { owner: cell('Owner') }), toDashboard('identity', 'Identities of this owner', { owner: cell('Owner') })] },
        { from: 'Value #A', title: 'Critical', unit: 'short', decimals: 0, width: 75, steps: [['text', null], ['red', 1]] },
        { from: 'Value #B', title: 'Warnings', unit: 'short', decimals: 0, width: 85, steps: [['text', null], ['orange', 1]] },
        { from: 'Value #C', title: 'Pages, 7 d', unit: 'short', decimals: 0, width: 85 },
        { from: 'Value #D', title: 'Budget used', unit: 'percentunit', decimals: 0, width: 110, steps: [['green', null], ['orange', 0.75], ['red', 1]], gauge: { min: 0, max: 1 } },
      ],
    }),
    bars({
      title: 'What is wrong, by detector', w: 11, h: 8, decimals: 0, empty: 'Nothing is open', steps: [['orange', null]],
      queries: [last(`topk(10, sum by (detector) (cluster_detector_severity:nhi_findings:sum{${C}, detector=~"$detector"}) > 0)`, '{{detector}}')],
      description: 'Findings that are open or acknowledged, exactly, the ten most frequent of the chosen detectors, all owners. Empty: nothing is open. Click one for its runbook.', links: [toRunbook(label('detector'))],
    // Of a single bar Grafana leaves the name away, unless it is given.
    }).displayName('${__field.labels.detector}'),

    lines({
      title: 'Open findings over time', w: 7, h: 7, decimals: 0, stack: true, colors: SEVERITY_COLORS, empty: 'Nothing was found yet',
      queries: [over(`sum by (severity) (${OPEN}{${O}})`, '{{severity}}')], description: 'Open and acknowledged findings of the chosen owners by severity. Empty: nothing was ever found, or nothing is known.',
    }),
    table({
      title: 'Who leaves its habits', w: 10, h: 7, empty: 'Nobody: no baseline is ready yet, or all keep to their habits', most: 20, by: 'Score',
      description: 'Highest deviation scores now: 2 is what one hour in a hundred shows, 3 one in a thousand. Scores below 1 are not recorded. Empty: no baseline is ready yet (see Lifecycle and coverage), or all keep to their habits.',
      queries: [rows(`topk(20, ${SCORE}{${C}})`)], columns: [
        { from: 'identity', title: 'Identity', links: [toDashboard('identity', 'This identity', { identity: cell('Identity') })] },
        { from: 'Value', title: 'Score', unit: 'short', decimals: 2, width: 90, steps: [['text', null], ['orange', 2], ['red', 3]] },
      ],
    }),
    table({
      title: 'What is not heard of', w: 7, h: 7, empty: 'No source sent anything yet', by: 'Silent for', most: 50,
      description: 'Sources by the time since their last record, and the silence that is normal for each. A dash: a replay, of which nothing is expected. Empty: no source sent anything yet.',
      queries: [rows(`topk(50, time() - max by (source) (${SEEN}{${C}}))`), rows(`topk(50, max by (source) (${EXPECTED}{${C}}))`)], columns: [
        { from: 'source', title: 'Source', links: [toDashboard('itself', 'Ingest'), toRunbook('source-silent')] },
        { from: 'Value #A', title: 'Silent for', unit: 's', decimals: 0, width: 90 }, { from: 'Value #B', title: 'Normal', unit: 's', decimals: 0, width: 75 },
      ],
    }),
    lines({
      title: 'What machine identities do', w: 12, h: 6, unit: 'cpm', decimals: 1, empty: 'Nothing was judged yet', stack: true,
      queries: [over(`topk(12, sum by (source) (cluster_source_outcome:nhi_events:rate5m{${C}}) * 60)`, '{{source}}')],
      description: 'Judged events a minute by source, averaged over five minutes. Empty: nothing was judged since Prometheus scrapes.', links: [toDashboard('itself', 'Ingest')],
    }),
    bars({
      title: 'Who can be judged', w: 12, h: 6, decimals: 0, empty: 'No identity is known yet', mappings: [], steps: [['blue', null]],
      queries: COVERAGE.slice(0, 7).map(({ state, name }) => last(`sum(${STATE}{${C}, state="${state}"})`, name)),
      description: 'Identities by what is known of them; one can be in several of these. Empty: no identity was seen and none is recorded.', links: [toDashboard('lifecycle', 'Who cannot be judged, and why')],
    }),
  ],
  records: {
    'Findings that wait for somebody (from the Remit data source)': [
      recordTable({
        title: 'Open findings of the last 7 days', w: 24, h: 10, since: '7d', empty: 'Nothing is open of these owners and detectors',
        queries: [records('findings', { format: 'table', where: { owner: OWNER, detector: { op: '=~', values: ['$detector'] }, state: ['open', 'acknowledged'] }, limit: 50 })],
        columns: ['Last event', 'Severity', 'Finding', 'Detector', 'Identity', 'Owner', 'Reason', 'State'], widths: { Identity: 330, Owner: 110 },
        description: 'The 50 newest, by their last event, in event time. Click the finding for its evidence, the detector for the runbook, the identity for its dashboard. Empty: nothing is open of the chosen owners and detectors, or the Remit data source is not set up.',
      }),
    ],
  },
};
