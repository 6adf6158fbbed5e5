import {
  ConstantVariableBuilder, DatasourceVariableBuilder, QueryVariableBuilder, VariableHide, VariableRefresh, VariableSort, type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { QueryKind } from '@remit/contract';
import { filtersOf, PROMETHEUS, REMIT, type Conditions } from './queries.ts';

export type Variable = Builder<VariableModel>;

/** The two data sources, in the menu at the top right, and where Remit's own pages are: a constant, because an address that a link could set would be an attacker's. */
export function sources(remitUrl: string): Variable[] {
  const source = (name: string): DatasourceVariableBuilder => new DatasourceVariableBuilder(name).hide(VariableHide.InControlsMenu);
  return [
    source('datasource').label('Prometheus').description('Prometheus, Mimir, Thanos or VictoriaMetrics that scrapes Remit and evaluates its rules').type('prometheus'),
    source('remit').label('Remit').description('The Remit data source, for records and history. Without one its rows stay empty; everything else works.').type('remit-nhi-datasource'),
    constant('remit_url', remitUrl),
  ];
}

function constant(name: string, value: string): Variable {
  const built = new ConstantVariableBuilder(name).value(value).build();
  return { build: () => ({ ...built, hide: VariableHide.HideVariable, skipUrlSync: true, current: { selected: true, text: value, value }, options: [{ selected: true, text: value, value }] }) };
}

interface Choice { name: string; label: string; description: string; query: string; several?: boolean; all?: 'any' | 'listed'; regex?: string }

/** Values of a label in Prometheus. `all`: `any` also takes series without the label, `listed` only what the list holds. */
export function choice({ name, label, description, query, several = true, all, regex }: Choice): Variable {
  const variable = new QueryVariableBuilder(name).label(label).description(description).datasource(PROMETHEUS)
    .query({ qryType: 1, query, refId: `variable-${name}` }).definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged).sort(VariableSort.AlphabeticalAsc).multi(several);
  if (regex !== undefined) variable.regex(regex);
  if (all === undefined) return variable;
  variable.includeAll(true).current({ selected: true, text: several ? ['All'] : 'All', value: several ? ['$__all'] : '$__all' });
  return all === 'any' ? variable.allValue('.*') : variable;
}

/** Values of a label in Remit, newest and most frequent first. */
export function recorded(name: string, label: string, description: string, query: { label: string; kind?: QueryKind; where?: Conditions }): Variable {
  const filters = filtersOf(query.where ?? {});
  return new QueryVariableBuilder(name).label(label).description(description).datasource(REMIT)
    .query({ refId: 'variable', label: query.label, ...(query.kind === undefined ? {} : { kind: query.kind }), filters })
    .refresh(VariableRefresh.OnTimeRangeChanged).sort(VariableSort.Disabled).multi(false);
}

/** `from`: a metric that carries `cluster`. */
export const cluster = (from = 'nhi_build_info'): Variable =>
  choice({ name: 'cluster', label: 'Cluster', description: 'Installations of Remit, by the label that Prometheus adds', query: `label_values(${from}, cluster)`, all: 'any' });

/** Owners that are declared, named by a record or have an open finding: `families` hold all of them together. */
export const owner = (...families: readonly string[]): Variable => {
  const all = families.length > 0 ? families : ['nhi_identity_info', 'cluster_owner_severity:nhi_findings_open:sum', 'cluster_owner:nhi_page_budget_spent_pages:max'];
  return choice({ name: 'owner', label: 'Owner', description: 'Teams that are declared, named by a record or have open findings; _none_ is what nobody owns', query: `label_values({__name__=~"${all.join('|')}", cluster=~"$cluster"}, identity_owner)`, all: 'any', regex: '/^(?!_(fleet|overflow)_$).*/' });
};

export const environment = (): Variable =>
  choice({ name: 'environment', label: 'Environment', description: 'Environments of the inventory', query: 'label_values(nhi_identity_info{cluster=~"$cluster", identity_owner=~"$owner"}, identity_environment)', all: 'any' });

/** Identities with series of their own, of the chosen owners and environments. `kind`: several at once, of one kind (`a|b`) or of any; without one a single identity. */
export function identity(kind?: 'any' | (string & {}), name = 'Identity'): Variable {
  const query = `label_values(nhi_identity_info{cluster=~"$cluster", identity_owner=~"$owner", identity_environment=~"$environment"${kind === undefined || kind === 'any' ? ', identity!="_overflow_"' : `, kind=~"${kind}"`}}, identity)`;
  return kind === undefined
    ? choice({ name: 'identity', label: name, description: 'One identity; a link may bring one that is not listed', query, several: false })
    : choice({ name: 'identity', label: name, description: 'One, several or all of them', query, all: kind === 'any' ? 'any' : 'listed' });
}
