import { dashboardOf, FLEET, NOBODY, OVERFLOW, type Detector } from '@remit/contract';

/** The part of a detector's manifest that an alert says. */
export type AlertManifest = Pick<Detector, 'id' | 'title' | 'severity' | 'summary' | 'firstAction'>;

/** `outside-schedule` → `RemitOutsideSchedule`, the `alertname` of its alerts. */
export function alertName(detector: string): string {
  return `Remit${detector.split('-').map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')}`;
}

/**
 * What the alert of a detector says of one series of open findings, as the shipped rule does: `identity`, `owner` and `cluster` are label
 * values, `findings` the series' value, `base` the address of this service without a slash at its end.
 */
export function alertAnnotations(detector: AlertManifest, { identity, owner, cluster, findings, base }: { identity: string; owner: string; cluster: string; findings: number; base: string }): Record<string, string> {
  const named = (m: string, t: string): string => (identity === OVERFLOW ? `${m}ore identities than are listed one by one` : identity === FLEET ? `${t}he fleet` : identity);
  return {
    title: detector.title,
    summary: detector.summary.replace(/^\{identity\}/, () => named('M', 'T')).replaceAll('{identity}', () => named('m', 't')).replaceAll('{owner}', () => owner === NOBODY ? 'nobody (no owner is declared)' : owner),
    findings: String(findings),
    first_action: detector.firstAction,
    runbook_url: `${base}/runbooks/${detector.id}`,
    dashboard_url: `${base}/dashboards/${dashboardOf(detector.id)}?identity=${query(identity)}&owner=${query(owner)}&detector=${query(detector.id)}&cluster=${query(cluster)}`,
    finding_url: `${base}/findings?identity=${query(identity)}&detector=${query(detector.id)}`,
  };
}

/** As `urlquery` of Go's templates writes it. */
function query(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll('%20', '+');
}
