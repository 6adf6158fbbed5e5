import { t } from '@grafana/i18n';
import type { DashboardLink, DataSourceRef } from '@grafana/schema';
import type { LinkTargets } from '../lib/links';

/** A variable as dashboards of the second schema hold it; the types of the 12.4 packages have none to name here. */
export interface DefaultVariable {
  kind: 'QueryVariable' | 'AdhocVariable';
  group?: string;
  datasource?: { name: string };
  spec: Record<string, unknown>;
}

/** Owner, the identities of the chosen owners, and filters on anything. */
export function defaultVariables({ uid = '', type = '' }: DataSourceRef): DefaultVariable[] {
  const values = (name: string, label: string, filters: object[]): DefaultVariable => ({
    kind: 'QueryVariable',
    spec: {
      name, label, query: { kind: 'DataQuery', version: 'v0', group: type, datasource: { name: uid }, spec: { refId: 'variable', label: name, filters } }, current: { text: ['All'], value: ['$__all'] }, options: [],
      multi: true, includeAll: true, allowCustomValue: true, refresh: 'onTimeRangeChanged', sort: 'disabled', regex: '', hide: 'dontHide', skipUrlSync: false,
    },
  });
  return [
    values('owner', t('filter.owner', 'Owner'), []),
    values('identity', t('filter.identity', 'Identity'), [{ key: 'owner', op: '=', values: ['$owner'] }]),
    { kind: 'AdhocVariable', group: type, datasource: { name: uid }, spec: { name: 'filters', label: t('defaults.filters', 'Filters'), baseFilters: [], filters: [], defaultKeys: [], hide: 'dontHide', skipUrlSync: false, allowCustomValue: true } },
  ];
}

/** The other dashboards of Remit, and its own pages where people can reach them. */
export function defaultLinks({ publicUrl }: LinkTargets): DashboardLink[] {
  const base = { asDropdown: false, includeVars: true, keepTime: true, tags: [], targetBlank: false, tooltip: '' };
  return [
    { ...base, type: 'dashboards', title: 'Remit', icon: 'external link', tags: ['remit'], asDropdown: true, url: '' },
    ...(publicUrl === null ? [] : [{ ...base, type: 'link' as const, title: t('defaults.page', 'Status of Remit'), icon: 'external link', url: `${publicUrl}/`, includeVars: false, keepTime: false, targetBlank: true }]),
  ];
}
