import { RejectedRecord } from '@remit/contract';
import { object, text, type Json } from './fields.ts';

/** True for a row of AKS's own tables in Log Analytics, `AKSAudit` and `AKSAuditAdmin`. */
export function isAksRow(record: Json): boolean {
  return typeof record['AuditId'] === 'string' && typeof record['Verb'] === 'string' && 'RequestUri' in record;
}

/** True for a row of the older table that all of Azure shares, `AzureDiagnostics`: the audit event is a text in it. */
export function isDiagnosticsRow(record: Json): boolean {
  const category = record['Category'] ?? record['category'];
  return typeof record['log_s'] === 'string' && (category === 'kube-audit' || category === 'kube-audit-admin');
}

/** The audit event in such a row. Throws `RejectedRecord` where the text is none: Azure cuts long ones. */
export function diagnosticsEvent(row: Json): Json {
  const line = row['log_s'] as string;
  let event: Json | undefined;
  try {
    event = line.length > LONGEST_LINE ? undefined : object(JSON.parse(line));
  } catch {
    event = undefined;
  }
  if (event === undefined) throw new RejectedRecord('unknown_shape', 'log_s holds no audit event');
  return event;
}

/** The name of the cluster that the row is of, or empty. */
export function aksCluster(row: Json): string {
  const path = text(row['_ResourceId'] ?? row['ResourceId'], 512).toLowerCase();
  const at = path.indexOf('/managedclusters/');
  return at < 0 ? '' : path.slice(at + '/managedclusters/'.length).replace(/\/.*$/, '');
}

/** The row in the shape of an audit event. Exports write its dynamic columns as objects or as text. */
export function rowAsAuditEvent(row: Json): Json {
  return {
    auditID: row['AuditId'], stage: row['Stage'], verb: row['Verb'], requestURI: row['RequestUri'], user: dynamic(row['User']),
    impersonatedUser: dynamic(row['ImpersonatedUser']), objectRef: dynamic(row['ObjectRef']), responseStatus: dynamic(row['ResponseStatus']),
    annotations: dynamic(row['Annotations']), sourceIPs: dynamic(row['SourceIps']), userAgent: row['UserAgent'],
    requestReceivedTimestamp: row['RequestReceivedTime'] ?? row['TimeGenerated'], stageTimestamp: row['StageReceivedTime'],
  };
}

const LONGEST = 65_536;
/** What Falco takes an audit event to have at most. */
const LONGEST_LINE = 262_144;

function dynamic(value: unknown): unknown {
  if (typeof value !== 'string') return value === null ? undefined : value;
  if (value.length > LONGEST) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) ? parsed : object(parsed);
  } catch {
    return undefined;
  }
}
