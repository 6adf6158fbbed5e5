import { z } from 'zod';
import { CRITICALITIES, CREDENTIAL_TYPES, DATA_CLASSES, KINDS, LIFECYCLES, ROTATION_METHODS } from './words.ts';

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
  cron: z.string().min(9).max(256).describe('Five fields, minute first; names and L allowed. Days of month and week: where one begins with *, both must fit; otherwise one is enough'),
  duration, timezone: z.string().min(1).max(64).optional().describe('A name of the tz database, for example Europe/Berlin; UTC when left out, which check-config points out'),
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
  interval: duration.optional().describe('How long a credential may be used before it is renewed: 90d'),
  grace: duration.optional().describe('Added to the interval before it counts as overdue'),
  window: windowSchema.optional().describe('When new credentials may be created'),
  overlap: duration.optional().describe('How long the old credential may stay after the new one was created. When left out beside an interval: the interval, at most 7 days'),
  method: z.enum(ROTATION_METHODS).optional().describe('Who renews; a controller may write its named secrets at any time'),
  names: z.array(glob).max(256).optional().describe('Patterns of the secrets and credentials this covers; all when left out'),
  approved_rotators: z.array(glob).max(256).optional().describe('Patterns over the URNs of identities that may renew it'),
});

const argumentsSchema = z.array(z.strictObject({
  tool: glob.describe('A pattern over tool names; with a slash over server/tool. Case is ignored'),
  path: glob.describe('A pattern over names of arguments, those inside objects with dots: recipients, message.to. Case is ignored'),
  values: z.array(z.string().max(2048)).min(1).max(4096).describe('Exact values, each one element where the argument is a list. Case and blanks around them are ignored'),
})).max(1024);

const purposeSchema = z.strictObject({
  id: text.describe('As the run carries it, for example in the attribute remit.purpose'), description: text.optional(),
  actions: z.array(glob).max(4096).optional().describe('The approved permissions that this purpose needs; those of the record when left out'),
  tools: z.array(glob).max(1024).optional().describe('The approved tools that this purpose needs; those of the record when left out'),
  sequences: z.array(text).max(256).optional().describe('Names of sequences of the record; all of them when left out'),
  arguments: argumentsSchema.optional().describe('Values that calls may pass for this purpose, beside those of the record'),
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
  owner: team.optional(), sponsor: text.optional(), supplier: text.optional().describe('Who supplies what acts under it, where that is a third party'), source_of_truth: text.optional(),
  last_reviewed: instant.optional(), review_interval: duration.optional(),
  purpose: text.optional(), approved_by: text.optional(), approved_at: instant.optional(), ticket: text.optional(),
  data_classes_allowed: z.array(z.enum(DATA_CLASSES)).optional().describe('Classes of data that are part of the purpose'),
  environments_allowed: z.array(glob).max(256).optional(),
  schedule: scheduleSchema.optional(),
  actions: z.array(glob).max(4096).optional().describe('Approved permissions, for example aws:s3:Get* or k8s:get:core/secrets@prod/*'),
  resources: z.array(glob).max(4096).optional().describe('Approved targets: ARNs, object paths, names'),
  restricted_resources: z.array(glob).max(4096).optional().describe('Targets whose data is of class restricted, where the event does not say'),
  networks: z.array(text).max(1024).optional().describe('CIDR blocks, AS numbers (AS64500), VPC endpoints (vpce-…), or service'),
  max_volume: z.array(z.strictObject({
    bytes: bytes.optional(), rows: z.int().positive().optional(), objects: z.int().positive().optional().describe('Different objects, for sources that tell no size'),
    per: duration.describe('In any period of this length, at most 31d: 24h'),
  })).max(16).optional().describe('The most that may be moved out, over all credentials of the identity'),
  tools: z.array(z.strictObject({
    name: glob.describe('A pattern over tool names; with a slash over server/tool. Case is ignored'),
    server: text.optional().describe('A pattern over names of servers; any server, or none, when left out'),
    category: text.optional().describe('What the tool is for; that of tool_catalogue when left out'),
    mode: z.enum(['allow', 'deny', 'approval']).default('allow').describe('approval: a person agrees to each call. The strictest of several entries counts'),
  })).max(1024).optional().describe('Tools an agent may call. When there are any, others are outside'),
  sequences: z.array(z.strictObject({
    name: text,
    steps: z.array(text.describe('A category or a pattern over tools, then + (once or more), {3}, {1,3} or {2,} where it repeats')).min(1).max(64),
    strict: z.boolean().optional().describe('True: nothing may happen in between. Otherwise tools that only read may'),
    max_gap: duration.optional().describe('The longest pause between two steps'),
  })).max(256).optional().describe('Approved orders of tool calls'),
  arguments: argumentsSchema.optional().describe('Values that calls may pass for any purpose: recipients, accounts, files. They need no habit: another value, unless runs for the purpose have shown it, is told at once'),
  forbidden_transitions: z.array(z.string().regex(/^\S+\s*(->|→)\s*\S+$/, 'two steps with an arrow: file_storage -> messaging')).max(256).optional()
    .describe('What must never follow what, however much lies between: file_storage -> messaging'),
  purposes: z.array(purposeSchema).max(1024).optional().describe('Tasks that need less than the whole record'),
  granted: z.array(z.strictObject({
    permission: glob, scope: text.optional(), via: text.optional().describe('The policy, role or binding'), granted_at: instant.optional(),
  })).max(4096).optional().describe('Permissions that the provider grants, whether used or not'),
  credentials: z.array(z.strictObject({
    uid: text, type: z.enum(CREDENTIAL_TYPES).optional(), created: instant.optional(), expires: instant.optional(),
    last_used: instant.optional(), decommissioned_at: instant.optional(),
    rotation: rotationSchema.optional().describe('Of this credential alone; that of the record when left out'),
  })).max(1024).optional(),
  rotation: rotationSchema.optional().describe('When, how and by whom the credentials of the identity are renewed'),
  status: z.enum(LIFECYCLES).default('active'),
  workload_refs: z.array(z.strictObject({
    type: text, id: text, state: text.optional(), state_seen_at: instant.optional(),
  })).max(256).optional(),
  decommissioned_at: instant.optional(), grace: duration.optional(),
  exceptions: z.array(exceptionSchema.omit({ identity: true })).max(256).optional(),
  baseline: z.strictObject({
    mode: z.enum(['learn', 'active', 'frozen']).optional(), warmup: duration.optional(), reset_at: instant.optional(),
    peer_group: text.optional(), approved_at: instant.optional().describe('When the owner approved anew the level at which it works'),
  }).optional(),
  review_required: z.array(glob).max(4096).optional().describe('Seen, sensitive, and not approved: move what is right to actions'),
  provenance: z.record(z.string(), z.strictObject({ source: text, imported_at: instant.optional() })).optional(),
});
/** What is known and approved about one identity, as written. */
export type IdentityRecord = z.infer<typeof identityRecordSchema>;

/** What a tool is for, whoever calls it: the first entry whose name, and server where given, match. */
export const catalogueEntrySchema = z.strictObject({
  name: glob.describe('A pattern over tool names; with a slash over server/tool. Case is ignored'),
  server: glob.optional().describe('A pattern over names of servers; any server, or none, when left out'), category: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'a category: lower-case letters, digits, underscore'),
  writes: z.boolean().optional().describe('False for tools that only read; true unless the category is read, list or search'),
});
export type CatalogueEntry = z.infer<typeof catalogueEntrySchema>;

/** The data class of resources, where the events do not say it. The first match counts. */
export const classificationSchema = z.strictObject({ resources: z.array(glob).min(1).max(4096), data_class: z.enum(DATA_CLASSES) });

/** One inventory file: YAML or JSON. Owners, identities and fleet-wide exceptions may be spread over any number of files. */
export const inventoryFileSchema = z.strictObject({
  $schema: z.string().max(2048).optional().describe('For editors; ignored'),
  version: z.literal(1).default(1),
  owners: z.array(ownerSchema).max(200).optional(),
  identities: z.array(identityRecordSchema).optional(),
  exceptions: z.array(exceptionSchema).max(1024).optional(),
  tool_catalogue: z.array(catalogueEntrySchema).max(10_000).optional().describe('What tools are for, whoever calls them; an unknown tool counts as write'),
  data_classes: z.array(classificationSchema).max(1024).optional().describe('The class of resources where events do not say it; the first match counts'),
});
export type InventoryFile = z.infer<typeof inventoryFileSchema>;
