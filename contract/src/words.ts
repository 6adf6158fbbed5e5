/** Closed vocabularies. One word, one meaning, in code, metrics, documents and screens. */

/** Milliseconds since 1970-01-01T00:00:00Z, an integer. */
export type Millis = number;

/** Id of a source folder, in kebab-case, for example `aws-cloudtrail`. */
export type SourceId = string;

/** Id of a detector folder, in kebab-case, for example `outside-schedule`. */
export type DetectorId = string;

/** What sort of principal an identity is. `platform` belongs to the provider, `human` only delegates. */
export const KINDS = [
  'service_account', 'workload', 'managed_identity', 'cicd', 'oauth_app', 'ai_agent', 'api_key',
  'bot_user', 'device', 'platform', 'human', 'unknown',
] as const;
export type Kind = (typeof KINDS)[number];

/** The class reported for an identity: what its events prove about who stands behind it. */
export const CLASSES = ['human', 'machine', 'platform', 'unknown', 'unattributed'] as const;
export type IdentityClass = (typeof CLASSES)[number];

/** The `kind` label of `nhi_events_total`. */
export const EVENT_KINDS = ['nhi', 'human', 'platform', 'unknown'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export const OUTCOMES = ['success', 'failure', 'denied'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What an action does, in words that span sources. */
export const CATEGORIES = [
  'read', 'list', 'write', 'delete', 'admin', 'authn', 'authz_grant', 'credential_create',
  'credential_use', 'export', 'share', 'execute_tool', 'message_send', 'ticket_create',
] as const;
export type Category = (typeof CATEGORIES)[number];

export const CREDENTIAL_TYPES = [
  'access_key', 'session_key', 'sa_key', 'sa_token', 'oauth_token', 'pat', 'app_token',
  'client_secret', 'certificate', 'federated', 'vault_token', 'none', 'ssh_key', 'signing_certificate', 'password', 'service_password',
] as const;
export type CredentialType = (typeof CREDENTIAL_TYPES)[number];

/** How the durable identity of an event was found; `none` when the event names no principal. */
export const RESOLUTIONS = ['immutable_id', 'alias', 'derived', 'trace', 'fallback', 'none'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

export const SRC_KINDS = ['ip', 'service', 'internal', 'redacted', 'unknown'] as const;
export type SrcKind = (typeof SRC_KINDS)[number];

/**
 * Facts about a record. `monitoring` marks a change of what is watched (a trail, a log group, an audit policy, an alert
 * rule), `exec` an interactive session inside a workload, `code` a command or program put into a workload that runs it with rights of its
 * own, `interactive` proof of a person (MFA, console, SSO). `context` says
 * who and where for other records of its trace and is no action of its own: it is counted as a start record.
 */
export const FLAGS = [
  'platform_owned', 'via_service', 'read_only', 'late', 'replayed', 'redacted', 'sampled', 'start_record',
  'monitoring', 'exec', 'interactive', 'machine', 'context', 'code', 'implied',
] as const;
export type Flag = (typeof FLAGS)[number];

/** Why a record was refused at the door. A closed list: it is a metric label. */
export const REJECT_REASONS = [
  'bad_json', 'bad_encoding', 'truncated', 'too_large', 'too_deep', 'unknown_shape', 'missing_field',
  'bad_time', 'too_old', 'future',
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

/** Bucket of a finding about attempts that were refused or failed: they are one however long they go on. */
export const IN_VAIN = 'in vain';

/** `critical` pages, `warning` is a ticket, `info` is for dashboards. */
export const SEVERITIES = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** `remit`: certain, no training. `baseline`: learned. `state`: of the identity, its credentials or its record. */
export const FINDING_CLASSES = ['remit', 'baseline', 'state'] as const;
export type FindingClass = (typeof FINDING_CLASSES)[number];

/**
 * `resolved`: quiet for the detector's time. `withdrawn`: the close of the hour, or proof that a person or the platform acted,
 * took it back. `silenced`: an exception in force covers it.
 */
export const FINDING_STATES = ['open', 'acknowledged', 'resolved', 'benign', 'bad', 'silenced', 'withdrawn'] as const;
export type FindingState = (typeof FINDING_STATES)[number];

export const LIFECYCLES = ['proposed', 'active', 'suspended', 'decommissioning', 'decommissioned', 'unknown'] as const;
export type Lifecycle = (typeof LIFECYCLES)[number];

export const CRITICALITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Criticality = (typeof CRITICALITIES)[number];

export const DATA_CLASSES = ['public', 'internal', 'confidential', 'restricted'] as const;
export type DataClass = (typeof DATA_CLASSES)[number];

/** Which side of a call a span describes; the server's span of a call is a child of the client's. */
export const SPAN_KINDS = ['internal', 'client', 'server', 'producer', 'consumer'] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];

/** How credentials are renewed. A `controller` may write its named secrets at any time. */
export const ROTATION_METHODS = ['manual', 'pipeline', 'controller', 'platform'] as const;
export type RotationMethod = (typeof ROTATION_METHODS)[number];

/** Parts of an event a source can fill; a detector says which it needs, and coverage compares the two. */
export const FACETS = [
  'principal', 'credential', 'session', 'action', 'resource', 'outcome', 'network', 'user_agent', 'volume',
  'trace', 'tool', 'privilege', 'delegation',
] as const;
export type Facet = (typeof FACETS)[number];

/** Stands where an identity's URN would: a finding or a number about the whole fleet, for example coverage. */
export const FLEET = '_fleet_';
