import { createHash } from 'node:crypto';
import { parse, stringify } from 'yaml';
import { openFindings, RECORDED } from './rules.ts';

interface Rule { alert?: string; record?: string; expr: string; for?: string; keep_firing_for?: string; labels?: Record<string, string>; annotations?: Record<string, string> }
interface Group { name: string; rules: Rule[] }

const HEADER = '# Written by `npm run generate` from rules/: change those.\n';
const LABELS = { 'app.kubernetes.io/name': 'remit', 'app.kubernetes.io/part-of': 'remit' };

/** The other forms of the rule files (their texts, in order), by path: a manifest for the Prometheus operator, and rules that Grafana evaluates itself. Exactly one form may be in force. */
export function generated(files: readonly string[]): Record<string, string> {
  const groups = files.flatMap((text) => (parse(text) as { groups: Group[] }).groups);
  return {
    'rules/forms/prometheus-rule.yml': HEADER + yaml({ apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata: { name: 'remit', labels: LABELS }, spec: { groups } }),
    'rules/forms/grafana-managed.yml': MANAGED + yaml({ apiVersion: 1, groups: groups.map(managed).filter(({ rules }) => rules.length > 0) }),
  };
}

/** What jsonnet mixins give: alerts and recordings apart. */
export function mixin(files: readonly string[]): Record<string, string> {
  const groups = files.flatMap((text) => (parse(text) as { groups: Group[] }).groups);
  const only = (wanted: (rule: Rule) => boolean): string =>
    yaml({ groups: groups.map((group) => ({ ...group, rules: group.rules.filter(wanted) })).filter(({ rules }) => rules.length > 0) });
  return { 'prometheus_alerts.yaml': only((rule) => rule.alert !== undefined), 'prometheus_rules.yaml': only((rule) => rule.record !== undefined) };
}

const MANAGED = `${HEADER}#
# Opt-in: alerts that Grafana evaluates itself, for those without a ruler of their own. Put this file into provisioning/alerting of a Grafana
# that has a Prometheus data source with the uid \`prometheus\`, and take the rule files out of Prometheus: both at once page twice.
# Each rule carries its own notification settings, so that no policy tree of the organisation is replaced; \`grafana-default-email\` is the
# contact point of a new Grafana, change it to yours. Pages of all owners go there: routing by owner needs Alertmanager and the Prometheus rules.
`;
/** Proof that Prometheus and Alertmanager work: nothing that Grafana could prove of itself. */
const WATCHDOG = 'RemitWatchdog';
const NOTIFY = { receiver: 'grafana-default-email', group_by: ['grafana_folder', 'alertname', 'cluster', 'identity_owner'], group_wait: '30s', group_interval: '5m' };

function managed({ name, rules }: Group): { orgId: number; name: string; folder: string; interval: string; rules: object[] } {
  return { orgId: 1, name, folder: 'Remit', interval: '30s', rules: rules.filter(({ alert }) => alert !== undefined && alert !== WATCHDOG).map((rule) => managedRule(rule, rules)) };
}

/** The recorded series are asked for as they are recorded: nothing records them there. Any number that the expression gives fires. */
function managedRule({ alert, expr, labels, annotations, ...rest }: Rule, group: readonly Rule[]): object {
  return {
    uid: `remit-${createHash('sha256').update(alert!).digest('hex').slice(0, 12)}`, title: alert, condition: 'fires',
    data: [
      { refId: 'found', relativeTimeRange: { from: 600, to: 0 }, datasourceUid: 'prometheus', model: { refId: 'found', expr: unrecorded(expr, group), instant: true, range: false } },
      { refId: 'fires', relativeTimeRange: { from: 600, to: 0 }, datasourceUid: '__expr__', model: { refId: 'fires', type: 'math', expression: 'is_number($found)' } },
    ],
    noDataState: 'OK', execErrState: 'KeepLast', for: rest.for ?? '0s', ...(rest.keep_firing_for === undefined ? {} : { keepFiringFor: rest.keep_firing_for }),
    ...(labels === undefined ? {} : { labels }),
    annotations: Object.fromEntries(Object.entries(annotations ?? {}).map(([key, text]) => [key, shown(text)])),
    notification_settings: { ...NOTIFY, repeat_interval: labels?.['severity'] === 'warning' ? '24h' : '12h' },
  };
}

/** Where an expression gives nothing, Grafana fills the texts all the same: then there is no value. */
function shown(text: string): string { return text.replaceAll(/\{\{ \$value( \|[^}]*)? \}\}/g, (_, through = '') => `{{ with $values.found }}{{ .Value${String(through)} }}{{ end }}`); }

function unrecorded(expr: string, group: readonly Rule[]): string {
  // Of the same group, over a range: what would have been recorded, at the shipped interval.
  const asked = group.reduce((text, { record, expr: of }) => (record === undefined ? text : text.replaceAll(new RegExp(`\\b${record}\\[(\\w+)\\]`, 'g'), (_, range: string) => `(${of})[${range}:10s]`)), expr);
  return asked.replaceAll(new RegExp(`${RECORDED}\\{([^}]*)\\}`, 'g'), (_, matchers: string) => {
    // Findings of the lowest severity are for dashboards.
    const selector = `{${matchers},severity!="info"}`;
    return `(${openFindings(selector, `last_over_time(nhi_findings_open${selector}[1d])`).trim().replaceAll(/\s+/g, ' ')})`;
  });
}

function yaml(value: object): string { return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }); }
