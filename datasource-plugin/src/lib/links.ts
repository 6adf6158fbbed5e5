import type { DataLink } from '@grafana/data';
import { t } from '@grafana/i18n';
import type { VerdictTarget } from './actions';
import type { Filter, QueryKind, RemitOptions, RemitQuery } from '../types';

/** Where the links of an answer lead: this data source, the dashboard of an identity, and Remit's own pages if people can reach them. */
export interface LinkTargets {
  uid: string;
  name: string;
  type: string;
  /** Uid of the dashboard of one identity; null where none is known to be there. */
  identityDashboard: string | null;
  /** Without a slash at the end; null when none is configured, or it is not http or https. */
  publicUrl: string | null;
  /** Where words on findings go; absent when nobody is offered to say one. */
  verdicts?: VerdictTarget;
}

/** Uids of the dashboards of one identity: of Remit's own, and of the ones that come with this plugin. */
export const IDENTITY_DASHBOARDS = ['remit-identity', 'remit-plugin-identity'] as const;

/** The targets of a data source's links. An address that is neither http nor https is none, nor is a uid that could be none. */
export function linkTargets(settings: { uid: string; name: string; type: string; jsonData: RemitOptions }): LinkTargets {
  const { uid, name, type, jsonData } = settings;
  return {
    uid, name, type, identityDashboard: /^[\w-]{1,40}$/.test(jsonData.identityDashboard ?? '') ? (jsonData.identityDashboard ?? '') : null,
    publicUrl: webAddress(jsonData.publicUrl),
  };
}

/** An http or https address without a slash at the end, or null. */
export function webAddress(text: string | undefined): string | null {
  try {
    const url = new URL(text ?? '');
    return (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' ? `${url.origin}${url.pathname}`.replace(/\/+$/, '') : null;
  } catch {
    return null;
  }
}

/** What a cell of a table stands for; decides which links it has. `field` is the name of the column that holds the value. */
export type Linked = 'finding' | 'identity' | 'detector' | 'session' | 'trace';

/** Links of a cell. Values are put in by Grafana, one percent-encoded or as a literal condition, so that no value can change where one leads. */
export function linksOf(what: Linked, field: string, to: LinkTargets): DataLink[] {
  const value = `\${__data.fields["${field}"]:percentencode}`;
  switch (what) {
    case 'finding':
      return [
        explore(t('links.explain', 'Why: expected, observed, evidence'), to, 'explain', 'id', field),
        ...page(t('links.finding', 'Finding in Remit'), to, `findings/${value}`),
      ];
    case 'identity':
      return [
        ...identityPage(value, to),
        explore(t('links.events', 'Its events'), to, 'events', 'identity', field),
        explore(t('links.findings', 'Its findings'), to, 'findings', 'identity', field),
        explore(t('links.graph', 'What it reaches'), to, 'graph', 'identity', field),
      ];
    case 'detector':
      return page(t('links.runbook', 'Runbook'), to, `runbooks/${value}`);
    case 'session':
      return [explore(t('links.chain', 'Steps of this session'), to, 'chain', 'session', field)];
    case 'trace':
      return [explore(t('links.trace', 'Steps of this trace'), to, 'chain', 'trace', field, 'trace')];
  }
}

/** The link of a series to the identity that it is about, which is one of its labels. */
export function seriesLinks(to: LinkTargets): DataLink[] {
  return identityPage('${__field.labels.identity:percentencode}', to);
}

function identityPage(value: string, { identityDashboard }: LinkTargets): DataLink[] {
  return identityDashboard === null ? [] : [{ title: t('links.identity', 'Dashboard of this identity'), url: `/d/${identityDashboard}?var-identity=${value}&\${__url_time_range}` }];
}

function page(title: string, to: LinkTargets, path: string): DataLink[] {
  return to.publicUrl === null ? [] : [{ title, url: `${to.publicUrl}/${path}`, targetBlank: true }];
}

function explore(title: string, to: LinkTargets, kind: QueryKind, key: string, field: string, format?: string): DataLink {
  const filter: Filter = { key, op: '=', values: [`\${__data.fields["${field}"]:raw}`], literal: true };
  const query: RemitQuery = { refId: 'A', datasource: { uid: to.uid, type: to.type }, kind, filters: [filter], ...(format ? { format } : {}) };
  return { title, url: '', internal: { query, datasourceUid: to.uid, datasourceName: to.name } };
}
