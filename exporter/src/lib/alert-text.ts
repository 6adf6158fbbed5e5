import { dashboardOf, FLEET, NOBODY, OVERFLOW, type Detector, type Finding } from '@remit/contract';

/** The part of a detector's manifest that an alert says. */
export type AlertManifest = Pick<Detector, 'id' | 'title' | 'severity' | 'summary' | 'firstAction' | 'fleet'>;

/** `outside-schedule` → `RemitOutsideSchedule`, the `alertname` of its alerts. */
export function alertName(detector: string): string {
  return `Remit${detector.split('-').map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')}`;
}

/** What a detector says of an identity, or, with texts of its own, of the whole fleet. */
export function wordsOf<W extends { fleet?: Words }>(detector: W, identity: string): W | Words {
  return identity === FLEET && detector.fleet !== undefined ? detector.fleet : detector;
}
/** What is wrong, in the words of its detector; the detector's id where that is gone. */
export function titleOf(detector: { title: string; fleet?: Words } | null, finding: Pick<Finding, 'detector' | 'identity'>): string {
  return detector === null ? finding.detector : wordsOf(detector, finding.identity).title;
}
type Words = NonNullable<Detector['fleet']>;

/**
 * What the alert of a detector says of one series of open findings, as the shipped rule does: `identity`, `owner` and `cluster` are label
 * values, `findings` the series' value, `base` the address of this service without a slash at its end.
 */
export function alertAnnotations(detector: AlertManifest, { identity, owner, cluster, findings, base }: { identity: string; owner: string; cluster: string; findings: number; base: string }): Record<string, string> {
  const named = (m: string): string => (identity === OVERFLOW ? `${m}ore identities than are listed one by one` : identity);
  const { title, summary, firstAction } = wordsOf(detector, identity);
  return {
    title,
    summary: summary.replace(/^\{identity\}/, () => named('M')).replaceAll('{identity}', () => named('m')).replaceAll('{owner}', () => owner === NOBODY ? 'nobody (no owner is declared)' : owner),
    findings: String(findings),
    first_action: firstAction,
    runbook_url: `${base}/runbooks/${detector.id}`,
    dashboard_url: `${base}/dashboards/${dashboardOf(detector.id)}?identity=${query(identity)}&owner=${query(owner)}&detector=${query(detector.id)}&cluster=${query(cluster)}`,
    finding_url: `${base}/findings?identity=${query(identity)}&detector=${query(detector.id)}`,
  };
}

/** As `urlquery` of Go's templates writes it. */
function query(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll('%20', '+');
}
