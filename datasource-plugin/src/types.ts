import type { DataSourceJsonData } from '@grafana/data';
import type { DataQuery } from '@grafana/schema';
import type { FilterOp, QueryKind } from '@remit/contract';

export type { FilterOp, QueryKind } from '@remit/contract';

/** Version of the stored query model; `migrateQuery` brings older ones up. */
export const QUERY_MODEL_VERSION = 1;

/**
 * One condition. Several values of `=` mean any of them, of `!=` none of them. The values of a `literal` condition come from data (a
 * click on a cell, a link, a list of values) and are taken as they are: a `$` in them is no variable. A list names those of its values that are.
 */
export interface Filter {
  key: string;
  op: FilterOp;
  values: string[];
  literal?: boolean | string[];
}

/** A query as a dashboard or Explore stores it. */
export interface RemitQuery extends DataQuery {
  version?: number;
  kind: QueryKind;
  /** Shape of the answer; the first of the kind when absent. */
  format?: string;
  /** `raw` reads `raw`, `builder` reads `filters`. */
  editor?: 'builder' | 'raw';
  filters?: Filter[];
  /** Conditions as text: `{severity="critical", owner=~"pay.*"} limit 50`. */
  raw?: string;
  /** Rows; the service's default of the kind when absent. */
  limit?: number;
  order?: 'newest' | 'oldest';
  cursor?: string;
  /** Findings only: changes arrive as they happen. */
  live?: boolean;
  /** Bucket in ms, for volumes and series. */
  step?: number;
}

/** What a variable asks for: the values of one label, narrowed by conditions that may use other variables. */
export interface VariableQuery extends DataQuery {
  label: string;
  kind?: QueryKind;
  filters?: Filter[];
}

/** How requests of readers are authenticated towards Remit. `token`: the read token; `basic`: the user of the web configuration; `none`. */
export type ReadAuth = 'token' | 'basic' | 'none';

export interface RemitOptions extends DataSourceJsonData {
  readAuth?: ReadAuth;
  /** Address under which people reach Remit's own pages: runbook links lead there. http or https. */
  publicUrl?: string;
  /** Uid of the dashboard of one identity. When absent: `remit-identity`, or the `remit-plugin-identity` that comes with this plugin, whichever is there. */
  identityDashboard?: string;
  /** Rows asked for when a query names no limit. */
  defaultLimit?: number;
  /** False: the buttons to acknowledge and to say benign or bad are not shown. */
  actions?: boolean;
  /** True: they are in tables as well. Grafana refuses them there unless its `actions_allow_post_url` names the writing route. */
  tableActions?: boolean;
}

export interface RemitSecrets {
  readToken?: string;
  writeToken?: string;
}
