import type { QueryKind } from './wire.ts';

/**
 * Columns, and labels of log lines, that a kind of query can be filtered by: each has the name of its key, and its value is a value of that
 * key. A click on any other column could not become a condition that means what was clicked.
 */
export const FILTER_COLUMNS = {
  findings: ['identity', 'owner', 'kind', 'purpose', 'environment', 'id', 'state', 'severity', 'detector', 'finding_class', 'subject', 'exception'],
  events: [
    'identity', 'owner', 'kind', 'id', 'source', 'operation', 'category', 'outcome', 'resource', 'resource_type', 'credential', 'credential_type', 'network', 'tool', 'server', 'session', 'trace', 'span',
    'account', 'region', 'cluster', 'permission', 'status_code', 'user_agent', 'delegation', 'flags',
  ],
  identities: ['identity', 'kind', 'class', 'owner', 'purpose', 'environment', 'criticality', 'lifecycle'],
  baseline: ['identity', 'owner'],
  deviations: ['identity', 'owner'],
  graph: [],
  chain: ['identity', 'session', 'trace', 'finding'],
  privileges: ['identity', 'owner', 'permission', 'granted_by', 'state'],
  coverage: ['identity', 'owner', 'kind', 'source', 'detector', 'state', 'reason'],
  explain: [],
} as const satisfies Record<QueryKind, readonly string[]>;
/** Their names as a type, for whoever cannot import the list. */
export type FilterColumns = { [K in QueryKind]: (typeof FILTER_COLUMNS)[K][number] };

/** Most characters of one value of a filter; a regular expression may have `PATTERN_MOST`. */
export const VALUE_MOST = 4096;
export const PATTERN_MOST = 512;
