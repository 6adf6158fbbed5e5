import type { DataTransformerConfig, ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';

/** Severities in their colours, the same as in the tables of the data source. */
export const SEVERITY_COLORS = { critical: 'red', warning: 'orange', info: 'blue' } as const;
export const OUTCOME_COLORS = { success: 'green', failure: 'orange', denied: 'red' } as const;

/** States of `nhi_identities` as people read them, most asked first. */
export const COVERAGE: readonly { state: string; name: string }[] = [
  { state: 'inventoried', name: 'With a record' }, { state: 'not_inventoried', name: 'Without a record' }, { state: 'ready', name: 'Baseline ready' }, { state: 'warming', name: 'Baseline learning' },
  { state: 'never_seen', name: 'Never seen' }, { state: 'unowned', name: 'Nobody owns it' }, { state: 'decommissioned', name: 'Decommissioned' },
  { state: 'partly_seen', name: 'Seen in part' }, { state: 'ambiguous', name: 'Ambiguous' }, { state: 'proposed', name: 'Proposed record' }, { state: 'human', name: 'Person' }, { state: 'platform', name: 'Platform' },
];

/** Kinds of identities as people read them. */
export const KINDS = [{
  type: 'value', options: Object.fromEntries([
    ['service_account', 'Service account'], ['workload', 'Workload'], ['managed_identity', 'Managed identity'], ['cicd', 'CI/CD'], ['oauth_app', 'OAuth app'], ['ai_agent', 'AI agent'], ['api_key', 'API key'],
    ['bot_user', 'Bot user'], ['device', 'Device'], ['platform', 'Platform'], ['human', 'Person'], ['unknown', 'Unknown'],
  ].map(([value, text], index) => [value, { text, index }])),
}] as unknown as ValueMapping[];

/** Rows put together by some of their columns, named by their titles; of the others `kept` is kept: `{ 'Bytes out': ['sum'] }`. */
export function summed(by: readonly string[], kept: Readonly<Record<string, readonly string[]>>): DataTransformerConfig[] {
  const fields = Object.fromEntries([
    ...by.map((name) => [name, { operation: 'groupby', aggregations: [] }] as const), ...Object.entries(kept).map(([name, aggregations]) => [name, { operation: 'aggregate', aggregations }] as const),
  ]);
  return [{ id: 'groupBy', options: { fields } }];
}

/** Rows put together, with the first and the last time and how often: columns `First`, `Last`, `Times`. */
export function firstAndLast(...by: string[]): DataTransformerConfig[] {
  return [
    ...summed(by, { Time: ['min', 'max', 'count'] }),
    { id: 'organize', options: { excludeByName: {}, indexByName: {}, renameByName: { 'Time (min)': 'First', 'Time (max)': 'Last', 'Time (count)': 'Times' } } },
    { id: 'sortBy', options: { sort: [{ field: 'First', desc: true }] } },
  ];
}
