import { isIP } from 'node:net';
import { FLEET, type Detector, type EventRef, type Finding, type FindingClass, type FindingState, type Kind, type Millis, type Severity } from '@remit/contract';
import { titleOf, wordsOf } from '../../lib/alert-text.ts';

/** Version of the Open Cybersecurity Schema Framework that is spoken. */
export const OCSF_VERSION = '1.8.0';

/** What stands beside a finding. */
export interface OcsfContext {
  /** Manifest of its detector; null when this version has none. */
  detector: Pick<Detector, 'title' | 'firstAction' | 'fleet' | 'frameworks'> | null;
  /** Of Remit. */
  version: string;
  /** Where people reach this installation, for links; without it there are none. */
  url?: string;
}

/** A finding as an OCSF Detection Finding (class 2004), without profiles. Names and texts are as they came; times are milliseconds. */
export function toOcsf(finding: Finding, { detector, version, url }: OcsfContext): Record<string, unknown> {
  const [activity_id, activity_name] = activityOf(finding);
  const [severity_id, severity] = SEVERITY[finding.severity];
  const [status_id, status] = STATUS[finding.state];
  const title = detector?.title ?? finding.detector;
  return {
    activity_id, activity_name, category_uid: 2, category_name: 'Findings', class_uid: 2004, class_name: 'Detection Finding',
    type_uid: 200_400 + activity_id, type_name: `Detection Finding: ${activity_name}`,
    time: whole(finding.opened_at), start_time: whole(finding.first), end_time: whole(finding.last), timezone_offset: 0, count: Math.max(1, whole(finding.count)),
    severity_id, severity, status_id, status, status_code: finding.state,
    is_alert: finding.severity === 'critical' && (finding.state === 'open' || finding.state === 'acknowledged'), message: finding.reason,
    metadata: {
      version: OCSF_VERSION, product: { name: 'Remit', vendor_name: 'Remit', uid: 'remit', version }, uid: `${finding.id}-${finding.revision}`,
      event_code: finding.detector, log_name: 'findings', sequence: whole(finding.revision), modified_time: whole(finding.updated_at),
    },
    finding_info: {
      uid: finding.id, title: titleOf(detector, finding), desc: finding.reason, analytic: { uid: finding.detector, name: title, category: finding.class, version, ...ANALYTIC[finding.class] },
      types: [finding.class], data_sources: [...new Set(finding.evidence.map(({ source }) => source))], related_events_count: whole(finding.count),
      created_time: whole(finding.opened_at), modified_time: whole(finding.updated_at), first_seen_time: whole(finding.first), last_seen_time: whole(finding.last),
      ...url === undefined ? {} : { src_url: new URL(`/findings/${finding.id}`, url).href }, ...frameworksOf(detector),
    },
    ...detector === null ? {} : { remediation: { desc: wordsOf(detector, finding.identity).firstAction, ...url === undefined ? {} : { references: [new URL(`/runbooks/${finding.detector}`, url).href] } } },
    evidences: finding.evidence.map((ref) => evidenceOf(ref, finding)), resources: resourcesOf(finding), unmapped: { remit: ownOf(finding) },
  };
}

const SEVERITY: Record<Severity, [number, string]> = { critical: [5, 'Critical'], warning: [3, 'Medium'], info: [1, 'Informational'] };
const STATUS: Record<FindingState, [number, string]> = {
  open: [1, 'New'], acknowledged: [2, 'In Progress'], benign: [3, 'Suppressed'], silenced: [3, 'Suppressed'], resolved: [4, 'Resolved'], bad: [4, 'Resolved'],
  withdrawn: [6, 'Deleted'],
};
const ANALYTIC: Record<FindingClass, { type_id: number; type: string }> = {
  remit: { type_id: 1, type: 'Rule' }, state: { type_id: 1, type: 'Rule' }, baseline: { type_id: 3, type: 'Statistical' },
};
const PERSON: ReadonlySet<Kind> = new Set(['human']);

function activityOf({ state, revision }: Finding): [number, string] {
  if (state === 'resolved' || state === 'benign' || state === 'bad' || state === 'withdrawn') return [3, 'Close'];
  return revision <= 1 ? [1, 'Create'] : [2, 'Update'];
}

/** ATT&CK has a place of its own; the other frameworks are tags. */
function frameworksOf(detector: OcsfContext['detector']): { attacks?: object[]; tags?: object[] } {
  const attacks: object[] = [];
  const tags: object[] = [];
  for (const { name, version, id, title } of detector?.frameworks ?? []) {
    if (name !== 'MITRE ATT&CK') tags.push({ name: `${name} ${version}`, value: `${id} ${title}` });
    else if (/^TA\d/.test(id)) attacks.push({ version, tactic: { uid: id, name: title } });
    else if (id.includes('.')) attacks.push({ version, technique: { uid: id.slice(0, id.indexOf('.')) }, sub_technique: { uid: id, name: title } });
    else attacks.push({ version, technique: { uid: id, name: title } });
  }
  return { ...attacks.length > 0 ? { attacks } : {}, ...tags.length > 0 ? { tags } : {} };
}

function evidenceOf(ref: EventRef, finding: Finding): object {
  const { uid, time, source, service, operation, category, outcome, resource, credential, network } = ref;
  return {
    uid, name: `${operation} (${outcome})`, api: { operation, service: { name: service ?? source } }, actor: { user: userOf(finding, credential) },
    ...resource === undefined ? {} : { resources: [target(resource)] },
    ...network === undefined ? {} : { src_endpoint: endpointOf(network) },
    data: { time: whole(time), category, outcome, source },
  };
}

/** An address in its shortest form: written out, an IPv6 address with an embedded IPv4 one is longer than the schema's 40 characters. */
function endpointOf(network: string): { ip: string } | { name: string } {
  if (isIP(network) !== 6) return isIP(network) === 4 ? { ip: network } : { name: network };
  const address = URL.parse(`http://[${network}]/`)?.hostname.slice(1, -1);
  return address === undefined ? { name: network } : { ip: address };
}

function userOf({ identity, kind }: Finding, credential: string | undefined): object {
  const [type_id, type] = PERSON.has(kind) ? [1, 'User'] : kind === 'platform' ? [3, 'System'] : kind === 'unknown' ? [0, 'Unknown'] : [4, 'Service'];
  return { uid: identity, name: nameOf(identity), type_id, type, ...credential === undefined ? {} : { programmatic_credentials: [{ uid: credential }] } };
}

/** Who acted, and what was acted upon as far as the evidence shows it. */
function resourcesOf(finding: Finding): object[] {
  const { identity, kind, owner } = finding;
  const targets = new Set(finding.evidence.map(({ resource }) => resource).filter((resource) => resource !== undefined));
  return [
    { uid: identity, name: nameOf(identity), type: identity === FLEET ? 'fleet' : kind, role_id: 2, role: 'Actor', ...owner === null ? {} : { owner: { name: owner } } },
    ...[...targets].map(target),
  ];
}

function target(resource: string): object {
  return { uid: resource, name: nameOf(resource), role_id: 1, role: 'Target' };
}

/** What OCSF has no word for, under our own names. */
function ownOf({ identity, kind, owner, purpose, subject, bucket, expected, observed, also, provisional, exception, score, closed_at, history }: Finding): object {
  return {
    identity, kind, owner, purpose, subject, bucket, expected, observed, also, provisional,
    ...exception === undefined ? {} : { exception }, ...score === undefined ? {} : { score }, ...closed_at === undefined ? {} : { closed_at }, ...history === undefined ? {} : { history },
  };
}

/** Last part of a path-like name; the whole where nothing follows the last slash. */
function nameOf(uid: string): string {
  return uid.slice(uid.lastIndexOf('/') + 1) || uid;
}

function whole(value: Millis): number {
  return Number.isFinite(value) ? Math.trunc(value) : 0;
}
