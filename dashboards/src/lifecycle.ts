import { since, type Plan } from './lib/dashboard.ts';
import { cell, toDashboard, toRunbook } from './lib/links.ts';
import { bars, figure, lines, recordTable, table } from './lib/panels.ts';
import { each, ENVIRONMENT, last, over, OWNER, records, rows } from './lib/queries.ts';
import { cluster, environment, identity, owner } from './lib/variables.ts';
import { COVERAGE, summed } from './lib/words.ts';

const C = 'cluster=~"$cluster"';
const STATE = 'cluster_state:nhi_identities:max';
const ID = `${C}, identity=~"$identity"`;
const END = each('identity', `nhi_identity_decommissioned_timestamp_seconds{${ID}}`);
const SEEN = each('identity', `nhi_identity_last_activity_timestamp_seconds{${ID}}`);
const AFTER = `(${SEEN} - on (cluster, identity) ${END}) > 0`;
const RESTS = 30 * 86_400;
const CHOSEN = { owner: OWNER, environment: ENVIRONMENT, identity: { op: '=~', values: ['$identity'] } } as const;
const LINK = [toDashboard('identity', 'This identity', { identity: cell('Identity') })];
const LIFE = ['decommissioned-active', 'dormant-woke', 'shadow-identity', 'unowned-active', 'unbaselined-sensitive-use', 'recreated-identity', 'identity-silent', 'inventory-stale'];

const state = (name: string, title: string, color: string, description: string): ReturnType<typeof figure> =>
  figure({ title, w: 6, h: 3, decimals: 0, steps: [['green', null], [color, 1]], queries: [last(`sum(${STATE}{${C}, state="${name}"})`)], description });

/** The states of coverage as titles of columns. */
const WORDS = { id: 'organize', options: { excludeByName: {}, indexByName: {}, renameByName: { judged: 'Judged', partly: 'In part', not_judged: 'Not judged' } } };

/** Identities from birth to end, and which of them can be judged at all. */
export const lifecycle: Plan = {
  name: 'lifecycle',
  question: 'Who is here that should not be, who is not known, and whom can nobody judge: ended but active, dormant, shadow, unowned, never seen; sources and coverage.',
  variables: [cluster(), owner(), environment(), identity('any')],
  numbers: [
    figure({
      title: 'Ended, yet active', w: 6, h: 3, decimals: 0, empty: 'None declared', steps: [['green', null], ['red', 1]], queries: [last(`count(${AFTER}) or (0 * count(${END}))`)],
      description: 'Identities whose last event is after their declared end of life. None declared: no record of those chosen declares an end.', links: [toRunbook('decommissioned-active')],
    }),
    state('not_inventoried', 'Without a record', 'orange', 'Identities that act and are not in the inventory: shadow identities.'),
    state('unowned', 'Nobody owns them', 'orange', 'Records without an owner: nobody would be asked.'),
    state('never_seen', 'Never seen', 'orange', 'Records whose identity was never seen: unused, or its source is not connected.'),
    state('ambiguous', 'Ambiguous', 'orange', 'Names that several records claim.'),
    figure({
      title: 'Dormant', w: 6, h: 3, decimals: 0, empty: 'None seen', steps: [['green', null], ['orange', 1]], queries: [last(`count(time() - ${SEEN} > ${RESTS}) or (0 * count(${SEEN}))`)],
      description: 'Identities with series of their own that did nothing for 30 days, by the clock of Prometheus; a replay of old logs makes all of them dormant. None seen: none of those chosen was ever seen, or they have no series.', links: [toRunbook('dormant-woke')],
    }),
    figure({
      title: 'Inventory loaded', w: 6, h: 3, unit: 'dateTimeFromNow', empty: 'Never', queries: [last(`max(nhi_config_last_reload_success_timestamp_seconds{${C}, file="inventory"}) * 1000`)],
      description: 'When the inventory was last read with success; when each record was last reviewed is below. Never: no inventory is configured.', links: [toRunbook('reload-failed')],
    }),
    since(6),
    table({
      title: 'Ended, yet active: for how long', w: 14, h: 7, empty: 'None of the chosen acts after its end', by: 'Active past it', description: 'Identities whose last event is later than their declared end, and by how much. Empty: nothing acted after its end, or no end is declared.',
      queries: [rows(`topk(50, max by (identity) (${AFTER}))`), rows(`topk(50, max by (identity) ((time() - ${END}) and on (cluster, identity) ${AFTER}))`)], columns: [
        { from: 'identity', title: 'Identity', links: LINK }, { from: 'Value #A', title: 'Active past it', unit: 's', decimals: 1, width: 105, steps: [['red', null]] }, { from: 'Value #B', title: 'Ended', unit: 's', decimals: 1, width: 80 },
      ],
    }),
    bars({
      title: 'Who can be judged', w: 10, h: 7, decimals: 0, queries: COVERAGE.map(({ state: name, name: title }) => last(`sum(${STATE}{${C}, state="${name}"})`, title)),
      description: 'Identities by what is known of them; one can be in several of these, and all are counted, whoever is chosen.', links: [toRunbook('coverage-falling')],
    }),
    table({
      title: 'Silent for longest', w: 14, h: 7, empty: 'None of the chosen was ever seen', by: 'Silent for', most: 20, description: 'Identities with series of their own by the time since their last event: what is not used can be taken away. Empty: none was ever seen.',
      queries: [rows(`topk(20, time() - max by (identity) (${SEEN}))`)], columns: [{ from: 'identity', title: 'Identity', links: LINK }, { from: 'Value', title: 'Silent for', unit: 's', decimals: 1, width: 90, steps: [['text', null], ['orange', RESTS]] }],
    }),
    lines({
      title: 'Known and unknown, over time', w: 10, h: 7, decimals: 0, colors: { 'With a record': 'green', 'Without a record': 'orange' },
      queries: COVERAGE.slice(0, 3).map(({ state: name, name: title }) => over(`sum(${STATE}{${C}, state="${name}"})`, title)), description: 'Coverage of all identities over the range. Not known: Prometheus does not scrape Remit or has not loaded its rules.',
    }),
  ],
  records: {
    'Records (from the Remit data source)': [
      recordTable({
        title: 'Findings about the lives of identities', w: 24, h: 7, since: '30d', queries: [records('findings', { format: 'table', where: { ...CHOSEN, detector: LIFE }, limit: 50 })], empty: 'Nothing was found', columns: ['Last event', 'Severity', 'Finding', 'Detector', 'Identity', 'Reason', 'Owner', 'State'], widths: { Identity: 310, Owner: 110 },
        description: 'Ended, woken, unknown, unowned, recreated or silent identities. Click the finding for its evidence. Empty: nothing was found in 30 days.',
      }),
      recordTable({
        title: 'Who acts without a record', w: 24, h: 7, since: '30d', queries: [records('identities', { where: { inventoried: 'false', events: { op: '>', values: ['0'] } }, limit: 100 })], empty: 'Everybody who acts has a record', columns: ['Identity', 'Kind', 'Class', 'First seen', 'Last seen', 'Events', 'Denied', 'Open findings', 'Sources'], widths: { Identity: 300 },
        description: 'The 100 first of those that are not in the inventory, people and platforms among them. Write a record for each machine. Empty: everybody has one.',
      }),
      recordTable({
        title: 'Records and their age', w: 24, h: 7, queries: [records('identities', { where: { ...CHOSEN, inventoried: 'true' }, limit: 200 })], empty: 'The inventory has no record of these owners', columns: ['Identity', 'Owner', 'Lifecycle', 'Baseline', 'Reviewed', 'First seen', 'Last seen', 'Events'], widths: { Identity: 300 },
        description: 'When each record was last reviewed and its identity last seen; a dash: never. Empty: the inventory has no record of these owners.',
      }),
    ],
    'Coverage: what can be judged, and why not (from the Remit data source)': [
      recordTable({
        title: 'Detectors: whom they can judge', w: 12, h: 10, queries: [records('coverage', { where: CHOSEN, limit: 5000 })], empty: 'None of the chosen is known', change: [...summed(['Detector', 'State'], { Identity: ['count'] }), { id: 'groupingToMatrix', options: { columnField: 'State', rowField: 'Detector', valueField: 'Identity (count)', emptyValue: 'zero' } }, WORDS],
        description: 'Identities of the chosen owners by detector: judged, in part, or not. Empty: none of those chosen is known.',
      }),
      recordTable({
        title: 'Sources: what they let judge', w: 12, h: 10, queries: [records('coverage', { where: CHOSEN, limit: 5000 })], empty: 'None of the chosen is known', change: [...summed(['Source', 'State'], { Identity: ['count'] }), { id: 'groupingToMatrix', options: { columnField: 'State', rowField: 'Source', valueField: 'Identity (count)', emptyValue: 'zero' } }, WORDS],
        description: 'Pairs of identity and detector by source: judged, in part, or not. Empty: none of those chosen is known.',
      }),
      recordTable({
        title: 'Why they cannot be judged', w: 24, h: 8, queries: [records('coverage', { where: { ...CHOSEN, state: 'not_judged' }, limit: 500 })], empty: 'Nobody is known of those chosen, or every detector can judge them', columns: ['Identity', 'Detector', 'Source', 'Would page', 'In words'], widths: { Identity: 300, 'Would page': 90 },
        description: 'The first 500 pairs of identity and detector, with what is missing in a sentence. Empty: every detector can judge those chosen, or none of them is known.',
      }),
    ],
  },
};
