import { busiest } from './lib/busiest.ts';
import { since, type Plan } from './lib/dashboard.ts';
import { cell, toDashboard, toRunbook } from './lib/links.ts';
import { figure, lines, recordGraph, openWhen, recordTable, table } from './lib/panels.ts';
import { counted, ENVIRONMENT, last, over, OWNER, records, rows } from './lib/queries.ts';
import { cluster, environment, identity, owner, recorded } from './lib/variables.ts';
import { firstAndLast, OUTCOME_COLORS } from './lib/words.ts';

const ID = 'cluster=~"$cluster", identity=~"$identity"';
const OPEN = 'cluster_identity_detector:nhi_findings_open:max';
const AGENTS = { kind: 'ai_agent', identity: '$identity', owner: OWNER, environment: ENVIRONMENT };
const CALLS = `max by (cluster, identity, outcome) (rate(nhi_identity_events_total{${ID}}[5m])) * 60`;

/** AI agents: what they call, in which order, for which purpose. */
export const agents: Plan = {
  name: 'agents',
  question: 'Do agents do what they are approved to do: the order of their calls, new tools and destinations, and what they were started for.',
  variables: [
    cluster(), owner(), environment(), identity('ai_agent', 'Agent'),
    recorded('session', 'Run', 'A session or conversation with calls of tools, whose steps are shown', { label: 'session', kind: 'events', where: { tool: { op: '!=', values: [''] } } }),
  ],
  numbers: [
    figure({
      title: 'Agents', w: 6, h: 3, decimals: 0, empty: 'None', queries: [last(`count(max by (cluster, identity) (nhi_identity_info{${ID}, kind="ai_agent"}))`)],
      description: 'Chosen agents with series of their own. None: no identity of the kind ai_agent is in the inventory, or has an open finding.',
    }),
    figure({
      title: 'Off their sequence', w: 6, h: 3, decimals: 0, empty: 'No agents', steps: [['green', null], ['red', 1]], queries: [last(counted(`${OPEN}{${ID}, detector=~"off-purpose-sequence|unusual-sequence"}`, ID))],
      description: 'Open findings about the order of calls. 0: no run left its approved or usual sequence.', links: [toRunbook('off-purpose-sequence')],
    }),
    figure({
      title: 'New in their calls', w: 6, h: 3, decimals: 0, empty: 'No agents', steps: [['green', null], ['orange', 1]], queries: [last(counted(`${OPEN}{${ID}, detector=~"new-action|new-destination|new-network|off-purpose-action"}`, ID))],
      description: 'Open findings about tools, targets or values that are new for the purpose, or not approved. 0: nothing new was used.', links: [toRunbook('new-destination')],
    }),
    since(6),
    lines({
      title: 'Calls of agents, by outcome', w: 12, h: 7, unit: 'cpm', decimals: 1, stack: true, colors: OUTCOME_COLORS, empty: 'No agent has series of its own', queries: [over(`sum by (outcome) (${CALLS})`, '{{outcome}}')],
      description: 'Judged events a minute of the chosen agents, averaged over five minutes. Flat at 0: they rest, or their traces do not arrive. Empty: no agent has series of its own.',
    }),
    busiest({ title: 'Who calls most', what: 'Agent', w: 12, h: 7, of: ID, empty: 'No agent called anything in this hour while Prometheus scraped' }),
    openWhen({ w: 10, h: 6, open: `topk(20, max by (detector) (${OPEN}{${ID}}))`, whose: 'the chosen agents' }),
    table({
      title: 'Who left its habits or its remit', w: 14, h: 6, empty: 'Nothing is open', by: 'Open', most: 20, description: 'Agents with open findings. Empty: nothing is open.', queries: [rows(`topk(20, sum by (identity, identity_owner) (${OPEN}{${ID}}) > 0)`)],
      columns: [
        { from: 'identity', title: 'Agent', links: [toDashboard('identity', 'This agent', { identity: cell('Agent') })] }, { from: 'identity_owner', title: 'Owner', width: 100 },
        { from: 'Value', title: 'Open', unit: 'short', decimals: 0, width: 70, steps: [['text', null], ['red', 1]] },
      ],
    }),
  ],
  records: {
    'Runs against what is approved (from the Remit data source)': [
      recordTable({
        title: 'Runs: newest first', w: 24, h: 7, since: '7d', queries: [records('chain', { format: 'list', where: { identity: '$identity' } })], empty: 'No runs in these days', columns: ['Time', 'Identity', 'Session', 'Trace', 'Steps', 'Denied'], widths: { Identity: 400, Denied: 75 },
        leads: { Session: toDashboard('agents', 'Steps of this run', { session: cell('Session') }) },
        description: 'Sessions and traces of the chosen agents. Click a session to see its steps below. Empty: no traces arrived.',
      }),
      recordTable({
        title: 'Steps of the chosen run, against the approved sequence', w: 24, h: 7, since: '7d', queries: [records('chain', { format: 'steps', where: { session: '$session' } })], empty: 'Choose a run above', widths: { Call: 300, 'Against the remit': 130, 'What could have come here': 250 },
        columns: ['Step', 'Call', 'Against the remit', 'Finding', 'Read as', 'What could have come here', 'Outcome', 'Time'],
        description: 'Each call of the run in order, what the approved sequence would have allowed there, and the finding where it left it. Empty: no run is chosen, or the range has none.',
      }),
      recordGraph({ title: 'The chosen run as a chain', w: 24, h: 9, since: '7d', queries: [records('graph', { format: 'chain', where: { session: '$session' } })], empty: 'Choose a run above', description: 'Its calls in order: green went well, red was not approved; what was approved and did not happen stands where it was expected. Empty: no run is chosen.' }),
      recordTable({
        title: 'Findings about agents', w: 24, h: 7, since: '30d', queries: [records('findings', { format: 'table', where: AGENTS, limit: 50 })], empty: 'Nothing was found about these agents', columns: ['Last event', 'Severity', 'Finding', 'Detector', 'Identity', 'Reason', 'State'], widths: { Identity: 310 },
        description: 'The 50 newest of the last 30 days. Click the finding for its evidence. Empty: nothing was found.',
      }),
    ],
    'Tools and MCP servers (from the Remit data source)': [
      recordTable({
        title: 'Tools: since when, how often', w: 24, h: 8, since: '30d', queries: [records('events', { format: 'table', where: { ...AGENTS, tool: { op: '!=', values: [''] } }, limit: 2000 })], empty: 'No call of a tool in these days',
        change: firstAndLast('Server', 'Tool', 'Outcome'), columns: ['Server', 'Tool', 'Outcome', 'First', 'Last', 'Times'], widths: { Times: 80 },
        description: 'Of the newest 2,000 calls: tools by MCP server, newest first use first: what is new stands at the top. Empty: no agent called a tool.',
      }),
      recordGraph({ title: 'Agents, tools and targets', w: 24, h: 12, since: '7d', queries: [records('graph', { format: 'access', where: { identity: '$identity', tool: { op: '!=', values: [''] } }, limit: 30 })], empty: 'No calls in these days', description: 'Who reaches what through which tool. Arcs are red where something was denied or outside the remit. Empty: no calls in the range.' }),
    ],
  },
};
