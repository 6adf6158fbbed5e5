import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import type { FilterOp, QueryKind } from '@remit/contract';

/** The data sources that the variables at the top choose. No panel names another. */
export const PROMETHEUS: DataSourceRef = { type: 'prometheus', uid: '${datasource}' };
export const REMIT: DataSourceRef = { type: 'remit-nhi-datasource', uid: '${remit}' };

export type Query = Builder<Dataquery>;

/** The value at the end of the range, a series each. */
export function last(expr: string, legend = '__auto'): DataqueryBuilder {
  return prometheus(expr).instant().legendFormat(legend);
}

/** The values over the range. */
export function over(expr: string, legend = '__auto'): DataqueryBuilder {
  return prometheus(expr).range().legendFormat(legend);
}

/** The values at the end of the range as rows of a table; the value's column is named by the letter of the query: `Value #A`. */
export function rows(expr: string): DataqueryBuilder {
  return prometheus(expr).instant().format(PromQueryFormat.Table);
}

function prometheus(expr: string): DataqueryBuilder {
  return new DataqueryBuilder().datasource(PROMETHEUS).expr(expr);
}

/** Conditions of a query to Remit by key; a value may be a variable, whose All takes the condition away. */
export type Conditions = Readonly<Record<string, string | readonly string[] | { op: FilterOp; values: readonly string[] }>>;
/** The chosen owners and environments: as expressions, because All of them is one, which also takes what has none. */
export const OWNER = { op: '=~', values: ['$owner'] } as const;
export const ENVIRONMENT = { op: '=~', values: ['$environment'] } as const;

interface Asked { format?: string; where?: Conditions; limit?: number }

/** A query of the Remit data source. */
export function records(kind: QueryKind, { format, where = {}, limit }: Asked = {}): Query {
  const filters = filtersOf(where);
  const query = { refId: '', datasource: REMIT, version: 1, kind, ...(format === undefined ? {} : { format }), filters, ...(limit === undefined ? {} : { limit }) };
  return { build: () => ({ ...query, _implementsDataqueryVariant: () => undefined }) as unknown as Dataquery };
}

/** Conditions as the data source stores them. */
export function filtersOf(where: Conditions): { key: string; op: FilterOp; values: readonly string[] }[] {
  return Object.entries(where).map(([key, wanted]) => {
    if (typeof wanted === 'string') return { key, op: '=', values: [wanted] };
    return 'op' in wanted ? { key, ...wanted } : { key, op: '=', values: wanted };
  });
}

/** How many of the chosen installations Prometheus scrapes now, as its rules record it; nothing where it scrapes none. */
export const SCRAPED = 'count(cluster:nhi_pipeline_heartbeat_timestamp_seconds:max{cluster=~"$cluster"})';

/** The same query, its expression put into another one. */
export function within(query: Query, change: (expr: string) => string): Query {
  return {
    build: () => {
      const built = query.build() as ReturnType<Query['build']> & { expr: string };
      return { ...built, expr: change(built.expr) } as ReturnType<Query['build']>;
    },
  };
}

/** A sum of open findings: 0 where the identities are known and nothing is open; nothing where none is known. `of`: the matchers of the identities. */
export function counted(findings: string, of: string): string {
  return `sum(${findings}) or (0 * count(nhi_identity_info{${of}}))`;
}

/** By how much each counter grew in the hour before, in whole numbers: `increase()` would stretch what few samples show to the whole hour. */
export function grown(counter: string): string {
  return `${counter} - min_over_time(${counter}[1h])`;
}

/** One value for each set of labels, whether one exporter or several show it. */
export function each(labels: string, expr: string): string {
  return `max by (cluster${labels === '' ? '' : `, ${labels}`}) (${expr})`;
}
