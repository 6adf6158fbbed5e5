import type { DataFrame } from '@grafana/data';
import type { FilterColumns } from '@remit/contract';
import type { QueryKind } from '../types';

/** Keys that a click can become a condition on, by kind: the contract's list, as a record, so that what is missing or too much here does not compile. */
const COLUMNS: { [K in QueryKind]: Record<FilterColumns[K], 1> } = {
  findings: { identity: 1, owner: 1, kind: 1, purpose: 1, environment: 1, id: 1, state: 1, severity: 1, detector: 1, finding_class: 1, subject: 1, exception: 1 },
  events: {
    identity: 1, owner: 1, kind: 1, id: 1, source: 1, operation: 1, category: 1, outcome: 1, resource: 1, resource_type: 1, credential: 1, credential_type: 1, network: 1, tool: 1, server: 1, session: 1, trace: 1, span: 1,
    account: 1, region: 1, cluster: 1, permission: 1, status_code: 1, user_agent: 1, delegation: 1, flags: 1,
  },
  identities: { identity: 1, kind: 1, class: 1, owner: 1, purpose: 1, environment: 1, criticality: 1, lifecycle: 1 },
  baseline: { identity: 1, owner: 1 },
  deviations: { identity: 1, owner: 1 },
  graph: {},
  chain: { identity: 1, session: 1, trace: 1, finding: 1 },
  privileges: { identity: 1, owner: 1, permission: 1, granted_by: 1, state: 1 },
  coverage: { identity: 1, owner: 1, kind: 1, source: 1, detector: 1, state: 1, reason: 1 },
  explain: {},
};

/** Whether a click on a column or a label of this name can become a condition of this kind. */
export function isClickable(kind: QueryKind, name: string): boolean {
  return Object.hasOwn(COLUMNS[kind], name);
}

/** The frame with a filter offered in the columns that the kind can be filtered by, and in no other. */
export function clickable(frame: DataFrame, kind: QueryKind): DataFrame {
  for (const field of frame.fields) {
    field.config.filterable = isClickable(kind, field.name);
  }
  return frame;
}
