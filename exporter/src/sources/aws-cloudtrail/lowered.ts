import { list, object, type Json } from './fields.ts';

/** Names of CloudTrail that have capitals, which tables such as Athena's and Glue's do not keep. */
const NAMES = `eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode errorMessage requestParameters
  responseElements additionalEventData requestID eventID readOnly resources eventType apiVersion managementEvent recipientAccountId sharedEventID
  vpcEndpointId eventCategory addendum sessionCredentialFromConsole serviceEventDetails tlsDetails originalEventID principalId accountId
  accessKeyId userName invokedBy identityProvider credentialId onBehalfOf userId identityStoreArn inScopeOf credentialsIssuedTo sessionContext
  sessionIssuer webIdFederationData federatedProvider attributes creationDate mfaAuthenticated ec2RoleDelivery sourceIdentity`.split(/\s+/);
const CANONICAL: ReadonlyMap<string, string> = new Map(NAMES.map((name) => [name.toLowerCase(), name]));
/** Columns that such tables hold as text. */
const DOCUMENTS = new Set(['requestParameters', 'responseElements', 'additionalEventData', 'serviceEventDetails']);
/** What is under these is the caller's own and stays as it is. */
const OPAQUE = new Set([...DOCUMENTS, 'tlsDetails']);
const DEEPEST = 6;
const LONGEST = 262_144;

/** True for a row of a table that has CloudTrail's names in lower case. */
export function isLowered(record: Json): boolean {
  return typeof record['eventname'] === 'string' && typeof record['eventsource'] === 'string' && record['eventName'] === undefined;
}

/** The native record of such a row. */
export function capitalised(row: Json): Json {
  const record = renamed(row, 0);
  // Of resources alone it is written large.
  return { ...record, resources: list(record['resources']).map((item) => ({ ...object(item), ARN: object(item)?.['arn'] ?? object(item)?.['ARN'] })) };
}

function renamed(from: Json, depth: number): Json {
  const to: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(from)) {
    const name = CANONICAL.get(key) ?? key;
    if (name === '__proto__') continue;
    to[name] = depth === 0 && DOCUMENTS.has(name) ? document(value) : OPAQUE.has(name) ? value : inside(value, depth);
  }
  return to;
}

function inside(value: unknown, depth: number): unknown {
  if (depth === DEEPEST) return undefined;
  if (Array.isArray(value)) return value.map((item) => inside(item, depth + 1));
  const it = object(value);
  return it === undefined ? value : renamed(it, depth + 1);
}

function document(value: unknown): unknown {
  if (typeof value !== 'string' || value.length > LONGEST) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
}
