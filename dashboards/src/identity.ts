import { FLEET, OVERFLOW } from '@remit/contract';
import { since, type Plan } from './lib/dashboard.ts';
import { cell, toDashboard, toRunbook } from './lib/links.ts';
import { figure, lines, openWhen, recordGraph, recordLines, recordLogs, recordTable, table } from './lib/panels.ts';
import { counted, grown, last, over, records, rows } from './lib/queries.ts';
import { cluster, environment, identity as chosen, owner } from './lib/variables.ts';
import { firstAndLast, KINDS, OUTCOME_COLORS } from './lib/words.ts';

const ID = 'cluster=~"$cluster", identity="$identity"';
/** Whether the identity has series of its own: only then a lack of something is one of it. */
const KNOWN = `count(nhi_identity_info{${ID}, identity!="${OVERFLOW}"})`;
const ME = { identity: '$identity' };
const EVENTS = `max by (cluster, identity, outcome) (${grown(`nhi_identity_events_total{${ID}}`)})`;
/** The threshold of the identity's owner where it has one of its own, else that of the fleet. */
const THRESHOLD = `max(nhi_deviation_threshold{cluster=~"$cluster", channel="hour"} and on (cluster, scope) label_replace(nhi_identity_info{${ID}}, "scope", "$1", "identity_owner", "(.*)")) or max(nhi_deviation_threshold{cluster=~"$cluster", channel="hour", scope="_fleet_"})`;

/** What alerts name that is no identity says so. */
const NOBODY_IN_PARTICULAR = ([
  [OVERFLOW, 'Not one identity: all that have no series of their own, as the rest of a storm. Fleet lists their findings by detector and owner'],
  [FLEET, 'Not one identity: all of them together. Lifecycle and coverage shows them'],
] as const).map(([name, words]) => ` or (label_replace(label_replace(vector(1), "purpose", "${words}", "", ""), "identity", "${name}", "", "") and on (identity) label_replace(vector(1), "identity", "$identity", "", ""))`).join('');

/** One identity: what it may do, what it does, what was found, and what cannot be known. */
export const identity: Plan = {
  name: 'identity',
  question: 'Does this identity do what it is there for: its record, its behaviour against its habits, its findings, its privileges and credentials.',
  variables: [cluster(), owner(), environment(), chosen()],
  annotate: true,
  numbers: [
    table({
      title: 'Who it is', w: 24, h: 3, empty: 'No series of its own: not in the inventory and nothing open, or the limit on series is reached', most: 1,
      description: 'What the inventory says. Empty: the identity has no series of its own, because it is not in the inventory and has no open finding, or because the limit on series is reached; the rows of the Remit data source know it all the same.',
      queries: [rows(`max by (identity, kind, identity_owner, identity_environment, purpose, lifecycle) (nhi_identity_info{${ID}, identity!="${OVERFLOW}"})${NOBODY_IN_PARTICULAR}`)],
      columns: [
        { from: 'kind', title: 'Kind', width: 130, mappings: KINDS }, { from: 'identity_owner', title: 'Owner', width: 120, links: [toDashboard('quality', 'Pages and verdicts of this owner', { owner: cell('Owner') })] },
        { from: 'identity_environment', title: 'Environment', width: 110 }, { from: 'lifecycle', title: 'Lifecycle', width: 130 }, { from: 'purpose', title: 'Purpose' },
      ],
    }),
    figure({
      title: 'Open findings', w: 6, h: 3, decimals: 0, steps: [['green', null], ['red', 1]], queries: [last(counted(`cluster_identity_detector:nhi_findings_open:max{${ID}}`, ID))],
      description: 'Open and acknowledged findings of this identity. 0: none is open; closed ones are below. Held for a day while Remit is not scraped.',
    }),
    figure({
      title: 'Last seen', w: 6, h: 3, unit: 'dateTimeFromNow', empty: 'Never', known: KNOWN, queries: [last(`max(nhi_identity_last_activity_timestamp_seconds{${ID}}) * 1000`)],
      description: 'Event time of its latest event. Never: it is in the inventory and was not seen.',
    }),
    figure({
      title: 'Deviation score', w: 6, h: 3, decimals: 2, empty: 'Learning', known: KNOWN, steps: [['green', null], ['orange', 2], ['red', 3]], queries: [last(`max(nhi_deviation_score{${ID}})`)],
      description: 'How improbable its behaviour is: 2 is one hour in a hundred, 3 one in a thousand. Learning: its baseline is not ready, so only its remit judges it.',
    }),
    figure({
      title: 'Baseline', w: 6, h: 3, steps: [['text', null]], queries: [last(`max(nhi_identity_baseline_ready{${ID}})`)],
      mappings: [{ type: 'value', options: { 0: { text: 'Learning', color: 'orange', index: 0 }, 1: { text: 'Ready', color: 'green', index: 1 } } } as never],
      description: 'Whether what it normally does is known well enough to judge by.',
    }),
    figure({
      title: 'Privileges used', w: 6, h: 3, unit: 'percentunit', decimals: 0, empty: 'No grants recorded', known: KNOWN, steps: [['orange', null], ['text', 0.3], ['green', 0.7]], queries: [last(`max(nhi_privileges_exercised{${ID}}) / max(nhi_privileges_granted{${ID}})`)],
      description: 'Grants of its record of which at least one permission was used in the last 90 days: what is never used can be taken away. No grants recorded: its record names none.',
    }),
    figure({
      title: 'Credential due', w: 6, h: 3, unit: 'dateTimeFromNow', empty: 'No rotation declared', known: KNOWN, queries: [last(`min(nhi_identity_credential_due_timestamp_seconds{${ID}}) * 1000`)],
      description: 'When the next of its credentials is due for rotation, without the grace. No rotation declared: its record has no interval, or no credential with the time of its creation.', links: [toRunbook('credential-overdue')],
    }),
    figure({
      title: 'End of life', w: 6, h: 3, unit: 'dateTimeFromNow', empty: 'None declared', known: KNOWN, queries: [last(`min(nhi_identity_decommissioned_timestamp_seconds{${ID}}) * 1000`)],
      description: 'Declared end of its life; whatever it does after that is a finding. None declared: its record has none.', links: [toRunbook('decommissioned-active')],
    }),
    since(6),
    lines({
      title: 'What it did in an hour, against what is expected', w: 12, h: 8, decimals: 0, empty: 'No events while Prometheus scrapes (event time is below)', dashed: ['Median expected', '95 % stay below', '99 % stay below'],
      colors: { ...OUTCOME_COLORS, 'Median expected': 'semi-dark-green', '95 % stay below': 'yellow', '99 % stay below': 'semi-dark-orange' },
      queries: [
        over(`sum by (outcome) (${EVENTS})`, '{{outcome}}'), ...([['p50', 'Median expected'], ['p95', '95 % stay below'], ['p99', '99 % stay below']] as const).map(([bound, name]) => over(`max(nhi_baseline_expected_events{${ID}, bound="${bound}"})`, name)),
      ],
      description: 'Judged events of the hour before each point, by outcome, and what is expected of the present hour once a baseline is ready. History in event time is below.',
    }),
    lines({
      title: 'How improbable that is, and why', w: 12, h: 8, decimals: 2, empty: 'No score: its baseline is learning, or it has no series', colors: { Score: 'text', 'Pages from here': 'red' }, dashed: ['Pages from here'],
      queries: [over(`max(nhi_deviation_score{${ID}})`, 'Score'), over(`max by (feature) (nhi_deviation_feature_score{${ID}})`, '{{feature}}'), over(THRESHOLD, 'Pages from here')],
      description: 'The deviation score, its parts, and the threshold that the page budget allows. Only the threshold: the baseline is still learning. Parts are shown for the 100 identities in detail.',
    }),
    openWhen({ w: 24, h: 5, open: `max by (detector) (cluster_identity_detector:nhi_findings_open:max{${ID}})`, whose: 'this identity' }),
  ],
  records: {
    'Its record and its history in event time (from the Remit data source)': [
      recordTable({
        title: 'Its record', w: 24, h: 3, since: '30d', queries: [records('identities', { where: ME })], empty: 'Remit does not know this identity',
        columns: ['Class', 'Criticality', 'Inventoried', 'First seen', 'Last seen', 'Events', 'Failed', 'Denied', 'Sources', 'Also known as', 'Reviewed'],
        description: 'The inventory joined with what was seen. Empty: Remit does not know this identity, or the Remit data source is not set up.',
      }),
      recordLines({
        title: 'Activity an hour within its band', w: 12, h: 8, since: '7d', queries: [records('baseline', { where: ME })], empty: 'It did nothing in these days',
        description: 'Observed events against the median, p95 and p99 of such hours, in event time; green behind them: hours in which its record declares work. No band: the baseline is still learning. Empty: it did nothing in the range, or the Remit data source is not set up.',
      }),
      recordLines({
        title: 'Deviation and its parts', w: 12, h: 8, since: '7d', queries: [records('deviations', { where: ME })], empty: 'No score in these days: its baseline is still learning',
        description: 'The score of each hour with its parts and the threshold. Only the threshold: the baseline is still learning.',
      }),
      recordTable({
        title: 'Findings', w: 24, h: 8, since: '30d', queries: [records('findings', { format: 'table', where: ME, limit: 50 })], empty: 'Nothing was found about this identity',
        columns: ['Last event', 'Severity', 'State', 'Finding', 'Detector', 'Reason', 'Events', 'Exception'], widths: { State: 90, Reason: 500, Events: 70 }, description: 'Of the last 30 days, closed ones too, and which exception hides what. Click the finding for its evidence. Empty: nothing was found.',
      }),
      recordTable({
        title: 'What is excepted of it, until when, and what that hides', w: 24, h: 5, since: '30d', queries: [records('identities', { format: 'exceptions', where: ME, limit: 50 })], empty: 'No exception covers this identity',
        columns: ['Exception', 'Detector', 'State', 'Ends', 'Findings hidden', 'Events hidden', 'Last hidden', 'Approved by', 'Reason'], widths: { Exception: 150, Detector: 150, State: 80, 'Findings hidden': 130, 'Events hidden': 115, 'Approved by': 110 },
        description: 'Exceptions of its record and those whose pattern covers it, in force, to come, or ended within 30 days, with the findings of this identity that each hid. Empty: none covers it.',
      }),
    ],
    'What it reaches and with what (from the Remit data source)': [
      recordGraph({ title: 'Access: identity, credential, action, target', w: 24, h: 12, since: '7d', queries: [records('graph', { format: 'access', where: ME, limit: 30 })], empty: 'It did nothing in these days', description: 'Who reached what with which credential. The ring shows shares of success, failure and denial; arcs are red where something was denied or outside the remit. Empty: no events in the range.' }),
      recordTable({
        title: 'Privileges: granted against used', w: 24, h: 7, since: '30d', queries: [records('privileges', { where: ME, limit: 100 })], empty: 'No permission was used and none is granted in its record', columns: ['Permission', 'State', 'Inventory says', 'Uses', 'Denied', 'Last used'],
        description: 'What it may do and what it does. Used, no grants declared: its record names no grants to compare with. Empty: nothing used in the range and nothing granted.',
      }),
      recordTable({
        title: 'Credentials: since when, how often', w: 24, h: 6, since: '30d', queries: [records('events', { format: 'table', where: { ...ME, credential: { op: '!=', values: [''] } }, limit: 1000 })], empty: 'No event names a credential',
        change: firstAndLast('Credential', 'Type of credential'), columns: ['Credential', 'Type of credential', 'First', 'Last', 'Times'], widths: { Times: 80 },
        description: 'Of its newest 1,000 events: ids of credentials, never secrets, with the first and the last use in the range. An old first use is an old credential. Empty: the sources name none.',
      }),
      recordTable({
        title: 'Destinations: where its calls go', w: 24, h: 7, since: '30d', queries: [records('events', { format: 'table', where: ME, limit: 1000 })], empty: 'No event in these days',
        change: firstAndLast('Resource', 'Operation'), columns: ['Resource', 'Operation', 'First', 'Last', 'Times'], widths: { Times: 80 },
        description: 'Of its newest 1,000 events: targets with the first and the last call in the range; a new first call is a new destination. Empty: no events.',
      }),
      recordTable({
        title: 'What cannot be judged of it, and why', w: 24, h: 7, queries: [records('coverage', { where: { ...ME, state: { op: '!=', values: ['judged'] } }, limit: 100 })], empty: 'Every detector can judge it, or Remit does not know it', columns: ['Detector', 'State', 'In words'],
        description: 'No finding must never mean no data. Empty: every detector can judge it, or the identity is not known.',
      }),
      recordTable({
        title: 'Its runs: chains of calls', w: 24, h: 6, since: '7d', queries: [records('chain', { format: 'list', where: ME })], empty: 'No runs: its events carry no session or trace', columns: ['Time', 'Session', 'Trace', 'Steps', 'Denied'],
        description: 'Sessions and traces of the range; click one for its steps against the approved sequence. Empty: its events carry neither session nor trace.',
      }),
      recordLogs({
        title: 'What it did', w: 24, h: 9, since: '7d', queries: [records('events', { format: 'logs', where: ME, limit: 200 })], empty: 'No events in these days', description: 'The newest 200 events. Normalised: no bodies, no arguments, no secrets. Empty: none in the range.',
      }),
    ],
  },
};
