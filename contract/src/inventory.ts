import { z } from 'zod';
import { CRITICALITIES, CREDENTIAL_TYPES, DATA_CLASSES, KINDS, LIFECYCLES } from './words.ts';

const text = z.string().min(1).max(2048);
const team = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'a team: lower-case letters, digits, dot, dash, underscore; at most 63');
const glob = z.string().min(1).max(512).describe('A pattern: * is any characters, / and : included; ? is one; it matches the whole string');
const duration = z.string().regex(/^(\d+(ms|s|m|h|d|w|y))+$/, 'a duration as Prometheus writes it, for example 30m, 1h30m or 7d')
  .describe('A duration as Prometheus writes it: 30m, 1h30m, 7d');
const instant = z.iso.datetime({ offset: true, message: 'a time with its zone, for example 2026-11-22T08:00:00Z' })
  .describe('RFC 3339 with a zone: 2026-11-22T08:00:00Z');
const bytes = z.union([z.int().nonnegative(), z.string().regex(/^\d+(\.\d+)?\s?(B|kB|KiB|MB|MiB|GB|GiB|TB|TiB)$/)])
  .describe('A number of bytes, or a text such as 500MB or 2 GiB');
const labels = z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string().max(128));

/** A team that owns identities. `enforce` lets the remit detectors page it; `budget` is pages a week. */
export const ownerSchema = z.strictObject({
  team, contact: text.optional(), escalation: text.optional(), enforce: z.boolean().default(false),
  budget: z.number().positive().optional(),
});
export type Owner = z.infer<typeof ownerSchema>;

/** When work may start: at each time of the cron expression, in the named zone, for the duration. */
export const windowSchema = z.strictObject({
  cron: z.string().min(9).max(256).describe('Five fields, minute first; names and L allowed, as croner reads them'),
  duration, timezone: z.string().min(1).max(64).default('UTC'),
  grace_before: duration.default('5m'), grace_after: duration.default('5m'),
  retry_until: duration.optional().describe('Retries may start until this long after the time of the cron expression'),
});
export type ScheduleWindow = z.infer<typeof windowSchema>;

export const scheduleSchema = z.strictObject({
  always_on: z.boolean().optional(), windows: z.array(windowSchema).max(64).optional(),
  blackouts: z.array(z.strictObject({ from: instant, to: instant, reason: text.optional() })).max(256).optional(),
});

/** An approved, owned, expiring deviation from the remit. `expires_at` is mandatory. */
export const exceptionSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
  identity: glob.optional().describe('Only in the top-level list: the identities it covers, a pattern over URNs'),
  detector: z.string().min(1).max(64).describe('A detector id, or * for every one'),
  owner: team, reason: text, approved_by: text.optional(), ticket: text.optional(),
  scope: z.strictObject({
    actions: z.array(glob).max(256).optional(), resources: z.array(glob).max(256).optional(),
    networks: z.array(text).max(256).optional(), tools: z.array(glob).max(256).optional(),
  }).optional(),
  starts_at: instant.optional(), expires_at: instant,
});
export type Exception = z.infer<typeof exceptionSchema>;

const rotationSchema = z.strictObject({
  interval: duration.optional(), grace: duration.optional(), window: windowSchema.optional(), overlap: duration.optional(),
  method: z.enum(['manual', 'pipeline', 'controller', 'platform']).optional(),
  names: z.array(glob).max(256).optional(), approved_rotators: z.array(glob).max(256).optional(),
});

const purposeSchema = z.strictObject({
  id: text, description: text.optional(), actions: z.array(glob).max(4096).optional(),
  tools: z.array(glob).max(1024).optional(), sequences: z.array(text).max(256).optional(),
});

/** What is known and approved about one identity. */
export const identityRecordSchema = z.strictObject({
  urn: z.string().regex(/^urn:nhi:[a-z0-9-]+:[^:\s]*:[a-z0-9_-]+\/\S+$/, 'a URN: urn:nhi:<provider>:<realm>:<type>/<id>').max(512),
  kind: z.enum(KINDS).default('unknown'), display_name: text.optional(), environment: z.string().max(63).optional(),
  criticality: z.enum(CRITICALITIES).default('medium'),
  aliases: z.array(z.strictObject({
    type: text, value: text, valid_from: instant.optional(), valid_to: instant.optional(),
  })).max(256).optional(),
  labels: labels.optional(),
  owner: team.optional(), sponsor: text.optional(), source_of_truth: text.optional(),
  last_reviewed: instant.optional(), review_interval: duration.optional(),
  purpose: text.optional(), approved_by: text.optional(), approved_at: instant.optional(), ticket: text.optional(),
  data_classes_allowed: z.array(z.enum(DATA_CLASSES)).optional(),
  environments_allowed: z.array(glob).max(256).optional(),
  schedule: scheduleSchema.optional(),
  actions: z.array(glob).max(4096).optional().describe('Approved permissions, for example aws:s3:Get* or k8s:get:core/secrets@prod/*'),
  resources: z.array(glob).max(4096).optional().describe('Approved targets: ARNs, object paths, names'),
  restricted_resources: z.array(glob).max(4096).optional().describe('Targets whose data is of class restricted, where the event does not say'),
  networks: z.array(text).max(1024).optional().describe('CIDR blocks, AS numbers (AS64500), VPC endpoints (vpce-…), or service'),
  max_volume: z.array(z.strictObject({
    bytes: bytes.optional(), rows: z.int().positive().optional(), objects: z.int().positive().optional(), per: duration,
  })).max(16).optional(),
  tools: z.array(z.strictObject({
    name: glob, server: text.optional(), category: text.optional(), mode: z.enum(['allow', 'deny', 'approval']).default('allow'),
  })).max(1024).optional(),
  sequences: z.array(z.strictObject({
    name: text, steps: z.array(text).min(1).max(64), strict: z.boolean().optional(), max_gap: duration.optional(),
  })).max(256).optional(),
  forbidden_transitions: z.array(z.string().regex(/^\S+\s*(->|→)\s*\S+$/, 'two steps with an arrow: file_storage -> messaging')).max(256).optional(),
  purposes: z.array(purposeSchema).max(1024).optional(),
  granted: z.array(z.strictObject({
    permission: glob, scope: text.optional(), via: text.optional(), granted_at: instant.optional(),
  })).max(4096).optional(),
  credentials: z.array(z.strictObject({
    uid: text, type: z.enum(CREDENTIAL_TYPES).optional(), created: instant.optional(), expires: instant.optional(),
    last_used: instant.optional(), decommissioned_at: instant.optional(), rotation: rotationSchema.optional(),
  })).max(1024).optional(),
  rotation: rotationSchema.optional(),
  status: z.enum(LIFECYCLES).default('active'),
  workload_refs: z.array(z.strictObject({
    type: text, id: text, state: text.optional(), state_seen_at: instant.optional(),
  })).max(256).optional(),
  decommissioned_at: instant.optional(), grace: duration.optional(),
  exceptions: z.array(exceptionSchema.omit({ identity: true })).max(256).optional(),
  baseline: z.strictObject({
    mode: z.enum(['learn', 'active', 'frozen']).optional(), warmup: duration.optional(), reset_at: instant.optional(),
    peer_group: text.optional(),
  }).optional(),
  review_required: z.array(glob).max(4096).optional().describe('Seen, sensitive, and not approved: move what is right to actions'),
  provenance: z.record(z.string(), z.strictObject({ source: text, imported_at: instant.optional() })).optional(),
});
/** What is known and approved about one identity, as written. */
export type IdentityRecord = z.infer<typeof identityRecordSchema>;

/** One inventory file: YAML or JSON. Owners, identities and fleet-wide exceptions may be spread over any number of files. */
export const inventoryFileSchema = z.strictObject({
  $schema: z.string().max(2048).optional().describe('For editors; ignored'),
  version: z.literal(1).default(1),
  owners: z.array(ownerSchema).max(200).optional(),
  identities: z.array(identityRecordSchema).optional(),
  exceptions: z.array(exceptionSchema).max(1024).optional(),
});
export type InventoryFile = z.infer<typeof inventoryFileSchema>;
