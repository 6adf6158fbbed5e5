import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';
import { DASHBOARDS, type DashboardName } from '@remit/contract';

/** What a link passes on besides the data sources and the range of time: a variable, and where its value comes from. */
type Passed = Readonly<Partial<Record<'identity' | 'owner' | 'session', string>>>;

/** The value of a column in the row that was clicked, written so that no value can change where the link leads. */
export const cell = (column: string): string => `\${__data.fields["${column}"]:percentencode}`;
/** The value of a label of the series that was clicked. */
export const label = (name: string): string => `\${__field.labels.${name}:percentencode}`;

/** A link to another dashboard, with the same data sources and range. */
export function toDashboard(name: DashboardName, title: string, passed: Passed = {}): DashboardLinkBuilder {
  const variables = Object.entries(passed).map(([variable, value]) => `var-${variable}=${value}&`).join('');
  return new DashboardLinkBuilder(title).type(DashboardLinkType.Link).targetBlank(false)
    .url(`/d/${DASHBOARDS[name].uid}?${variables}\${datasource:queryparam}&\${remit:queryparam}&\${cluster:queryparam}&\${__url_time_range}`);
}

/** A link to the runbook of a detector, named or in the row that was clicked, or of an alert about Remit itself. */
export function toRunbook(id: string, title = 'Runbook: what to do'): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title).type(DashboardLinkType.Link).targetBlank(true).url(`\${remit_url}/runbooks/${id}`);
}

/** The head of every dashboard: the other dashboards, and Remit's own page. */
export function head(): DashboardLinkBuilder[] {
  return [
    new DashboardLinkBuilder('Remit dashboards').type(DashboardLinkType.Dashboards).tags(['remit']).icon('external link').asDropdown(true).keepTime(true).includeVars(true).targetBlank(false),
    new DashboardLinkBuilder('Remit').type(DashboardLinkType.Link).icon('dashboard').tooltip('The status page of Remit: findings with their evidence, inventory, coverage').url('${remit_url}/').targetBlank(true).keepTime(false).includeVars(false),
  ];
}
