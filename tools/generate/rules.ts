import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { dashboardOf, FLEET, OVERFLOW } from '@remit/contract';
import { alertAnnotations, alertName, type AlertManifest as Manifest } from '../../exporter/src/lib/alert-text.ts';

/** Where links in alerts lead when nothing else is said; `npm run generate -- --base-url URL` writes another, everywhere. */
export const BASE_URL = 'http://127.0.0.1:9847';

export const RECORDED = 'cluster_identity_detector:nhi_findings_open:max';
const BY = 'cluster, identity, identity_owner, detector, severity';
/** That address, or the one that this run was told. */
export const baseUrl = (): string => checkedBase(argument('--base-url') ?? BASE_URL);

/** Written by hand; only the links in them are ours. */
const PIPELINE = ['rules/pipeline.rules.yml', 'rules/tests/pipeline.test.yml', 'rules/tests/days.test.yml', 'rules/tests/restarts.test.yml'] as const;
const HEADER = `# Written by \`npm run generate\` from the detectors' manifests: change those.\n`;

/**
 * The alert rules of all detectors and their promtool tests, by path. One recording rule holds what was open through an outage, so that
 * neither that nor a move to another instance ends an alert; one alert a detector compares it with 0.
 */
export function generated(detectors: readonly Manifest[], baseUrl = argument('--base-url') ?? BASE_URL): Record<string, string> {
  const base = checkedBase(baseUrl);
  const sorted = [...detectors].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    'rules/remit.rules.yml': HEADER + yaml({
      groups: [{ name: 'remit', rules: [recording(), ...sorted.map((d) => alert(d, base))] }],
    }),
    'rules/tests/remit.test.yml': HEADER + yaml({
      rule_files: ['../remit.rules.yml'], evaluation_interval: '30s',
      tests: sorted.flatMap((d, i) => [fires(d, base), quiet(d), ...d.fleet === undefined ? [] : [ofTheFleet(d, base)], ...(i === 0 ? lifeCycle(d, base) : [])]),
    }),
    'rules/tests/remit-days.test.yml': HEADER + yaml({ rule_files: ['../remit.rules.yml'], evaluation_interval: '2m', tests: sorted.slice(0, 1).map((d) => forgotten(d, base)) }),
    ...Object.fromEntries(PIPELINE.map((path) => [path, linked(path, base)])),
  };
}

/**
 * Open findings as alerts see them: the live value, else the last of the past hour, else, while no exporter of the cluster answers, `earlier`,
 * an expression of what was open before; for a day at most, as long as RemitExporterDown speaks of it. `matchers` are those of the series, in braces.
 */
export function openFindings(matchers: string, earlier: string): string {
  const open = `nhi_findings_open${matchers}`;
  const away = 'max by (cluster) (last_over_time(nhi_build_info[1d])) unless on (cluster) max by (cluster) (nhi_build_info)';
  return `max by (${BY}) (${open})\n  or\nmax by (${BY}) (last_over_time(${open}[1h]))\n  or\n(max by (${BY}) (${earlier}) and on (cluster) (${away}))\n`;
}

/** Its own last value is what was open before: that costs nothing, and needs no look at a day of samples. */
function recording(): object { return { record: RECORDED, expr: openFindings('', RECORDED) }; }

function alert(detector: Manifest, base: string): object {
  const worded = (what: 'title' | 'summary' | 'firstAction', filled = (text: string): string => text): string => {
    const one = filled(literal(detector[what]));
    return detector.fleet === undefined ? one : `{{ if eq $labels.identity "${FLEET}" }}${literal(detector.fleet[what])}{{ else }}${one}{{ end }}`;
  };
  return {
    alert: alertName(detector.id),
    expr: `${RECORDED}{detector="${detector.id}"} > 0`,
    keep_firing_for: '2m',
    annotations: {
      title: worded('title'),
      summary: worded('summary', (text) => text.replace(/^\{identity\}/, IDENTITY('M')).replaceAll('{identity}', IDENTITY('m')).replaceAll('{owner}', OWNER)),
      findings: '{{ $value }}',
      first_action: worded('firstAction'),
      runbook_url: `${base}/runbooks/${detector.id}`,
      dashboard_url: `${base}/dashboards/${dashboardOf(detector.id)}?identity={{ $labels.identity | urlquery }}&owner={{ $labels.identity_owner | urlquery }}&detector={{ $labels.detector | urlquery }}&cluster={{ $labels.cluster | urlquery }}`,
      finding_url: `${base}/findings?identity={{ $labels.identity | urlquery }}&detector={{ $labels.detector | urlquery }}`,
    },
  };
}

/** At the beginning of a sentence, or within it. */
const IDENTITY = (m: string): string => `{{ if eq $labels.identity "${OVERFLOW}" }}${m}ore identities than are listed one by one{{ else }}{{ $labels.identity }}{{ end }}`;
const OWNER = '{{ if eq $labels.identity_owner "_none_" }}nobody (no owner is declared){{ else }}{{ $labels.identity_owner }}{{ end }}';

function linked(path: string, base: string): string {
  const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  return text.replace(/((?:runbook|dashboard)_url: )https?:\/\/\S+(\/(?:runbooks|dashboards)\/)/g, `$1${base}$2`);
}

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1] ?? '';
}

/** A manifest's text may not hold template braces of its own. */
function literal(text: string): string {
  if (text.includes('{{') || text.includes('}}')) throw new Error(`A manifest's text holds template braces: ${text}`);
  return text;
}

function checkedBase(url: string): string {
  if (!/^https?:\/\/[^\s{}"]+$/.test(url)) throw new Error(`Not a base URL: ${url}. Give one like ${BASE_URL}`);
  return url.replace(/\/+$/, '');
}

// ------------------------------------------------------------- promtool tests

const ID = 'urn:nhi:k8s:prod:service_account/billing/exporter';
const OWNED_BY = 'payments';

interface Case { name: string; interval: string; input_series: { series: string; values: string }[]; alert_rule_test: object[] }

function series(detector: string, severity: string, instance = 'a:9847', identity = ID): string {
  return `nhi_findings_open{cluster="test",instance="${instance}",identity="${identity}",identity_owner="${OWNED_BY}",detector="${detector}",severity="${severity}"}`;
}

const UP = (instance: string): string => `nhi_build_info{cluster="test",instance="${instance}",version="0.1.0",revision="a",node_version="v24"}`;

function expected(detector: Manifest, base: string, value: number, identity = ID): object {
  return {
    exp_labels: { cluster: 'test', identity, identity_owner: OWNED_BY, detector: detector.id, severity: detector.severity },
    // What a direct push says too.
    exp_annotations: alertAnnotations(detector, { identity, owner: OWNED_BY, cluster: 'test', findings: value, base }),
  };
}

function check(detector: Manifest, at: string, ...alerts: object[]): object {
  return { eval_time: at, alertname: alertName(detector.id), exp_alerts: alerts };
}

function fires(detector: Manifest, base: string): Case {
  return {
    name: `${detector.id}: one open finding fires at once, with nothing but its own labels`, interval: '30s',
    input_series: [{ series: series(detector.id, detector.severity), values: '0 0 1x8' }],
    alert_rule_test: [check(detector, '30s'), check(detector, '1m', expected(detector, base, 1))],
  };
}

function ofTheFleet(detector: Manifest, base: string): Case {
  return {
    name: `${detector.id}: what is about the whole fleet has words of its own`, interval: '30s',
    input_series: [{ series: series(detector.id, detector.severity, 'a:9847', FLEET), values: '1x4' }],
    alert_rule_test: [check(detector, '1m', expected(detector, base, 1, FLEET))],
  };
}

function quiet(detector: Manifest): Case {
  return {
    name: `${detector.id}: an explicit 0 and another detector's finding stay quiet`, interval: '30s',
    input_series: [
      { series: series(detector.id, detector.severity), values: '0x20' },
      { series: series('another-detector', 'critical'), values: '3x20' },
    ],
    alert_rule_test: [check(detector, '5m')],
  };
}

function lifeCycle(detector: Manifest, base: string): Case[] {
  const { id, severity } = detector;
  const fired = expected(detector, base, 1);
  return [
    {
      name: 'an outage of ten minutes does not end the alert; the 0 after it does, two minutes later', interval: '30s',
      input_series: [{ series: series(id, severity), values: '1x4 stale _x19 1x4 0x20' }],
      alert_rule_test: [
        check(detector, '2m', fired), check(detector, '7m', fired), check(detector, '12m', fired), check(detector, '14m', fired),
        check(detector, '16m30s', fired), check(detector, '17m30s'),
      ],
    },
    {
      name: 'a move to another instance keeps one alert, and the new instance can end it', interval: '30s',
      input_series: [
        { series: series(id, severity, 'a:9847'), values: '1x10 stale' },
        { series: series(id, severity, 'b:9847'), values: '_x13 1x10 0x20' },
      ],
      alert_rule_test: [check(detector, '6m', fired), check(detector, '8m', fired), check(detector, '12m', fired), check(detector, '15m30s')],
    },
    {
      name: 'a series that is gone while the exporter answers is forgotten after an hour, not before', interval: '30s',
      input_series: [{ series: series(id, severity), values: '1x4 stale' }, { series: UP('a:9847'), values: '1x160' }],
      alert_rule_test: [check(detector, '55m', fired), check(detector, '70m')],
    },
    {
      name: 'nobody answers for hours: what was open stays, until another instance says 0 of it', interval: '30s',
      input_series: [
        { series: series(id, severity, 'a:9847'), values: '1x9 stale' }, { series: UP('a:9847'), values: '1x9 stale' },
        { series: series(id, severity, 'b:9847'), values: '_x600 0x20' }, { series: UP('b:9847'), values: '_x600 1x20' },
        // Closed before, by the exporter of another cluster that is away too.
        { series: series(id, severity, 'c:9847').replace('cluster="test"', 'cluster="other"'), values: '1x4 0x4 stale' },
        { series: UP('c:9847').replace('cluster="test"', 'cluster="other"'), values: '1x8 stale' },
      ],
      alert_rule_test: [
        check(detector, '60m', fired), check(detector, '68m', fired), check(detector, '180m', fired), check(detector, '300m', fired),
        check(detector, '301m', fired), check(detector, '303m'),
      ],
    },
    {
      name: 'the rest of a storm is one alert that says so', interval: '30s',
      input_series: [{ series: series(id, severity, 'a:9847', OVERFLOW), values: '7x8' }],
      alert_rule_test: [check(detector, '1m', expected(detector, base, 7, OVERFLOW))],
    },
  ];
}

/** Looks at a day, and is evaluated rarely for it. */
function forgotten(detector: Manifest, base: string): Case {
  return {
    name: 'an exporter that is gone for more than a day is forgotten, and what it found with it', interval: '2m',
    input_series: [{ series: series(detector.id, detector.severity), values: '1x4 stale' }, { series: UP('a:9847'), values: '1x4 stale' }],
    alert_rule_test: [check(detector, '23h', expected(detector, base, 1)), check(detector, '25h')],
  };
}

function yaml(value: object): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
