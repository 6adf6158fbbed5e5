import { z } from 'zod';
import {
  CATEGORIES, CREDENTIAL_TYPES, FLAGS, KINDS, RESOLUTIONS, SPAN_KINDS, SRC_KINDS,
} from './words.ts';

const text = z.string();
const millis = z.int();
const count = z.number().nullable();

/**
 * The canonical event: one thing an identity did, or was refused, normalised from a source record. Names are OCSF's for
 * who, what, where and decision, OpenTelemetry's for traces and tools, and our own where both are silent. Times are
 * milliseconds since the epoch; absent facts are left out; an unknown volume is null or absent, never 0. No body, no
 * query text and no secret is ever part of it.
 */
export const nhiEventSchema = z.strictObject({
  metadata: z.strictObject({
    /** SHA-256 of source, realm and original id, its first 128 bits in hex; printed and stored with evidence, absent in flight. */
    uid: text.optional(),
    /** The provider's own id, unique together with `source` and `realm`. */
    original_event_uid: text,
    /** The source folder's id. */
    source: text,
    /** What scopes the original id where the provider does not: for Kubernetes the cluster. */
    realm: text.optional(),
    /** Tells sub-feeds of one source apart, for example `EKS`. */
    product: text.optional(),
    logged_time: millis.optional(),
    processed_time: millis.optional(),
    correlation_uid: text.optional(),
  }),
  /**
   * The native principal, scoped so that it is unique across providers: the immutable id where there is one, else the
   * name. Key of the journal's filter and of partitioning. Empty when the record names no principal.
   */
  principal_key: text,
  time: millis,
  end_time: millis.optional(),
  duration: millis.optional(),
  class_uid: z.int(),
  activity_id: z.int(),
  actor: z.strictObject({
    /**
     * Before resolution, as `normalise` leaves it: the URN derived from the native name (from the id where no name is
     * known), the native kind, and `immutable_id` when `principal_key` is an id that is never reused, else `derived`.
     * `trace` says that the record names nobody itself: its nearest ancestor span with the flag `context` and an agent does, and
     * what stands here (the service) holds only while there is none.
     * After resolution: the durable identity. `urn` is null when the record names no principal.
     */
    identity: z.strictObject({
      urn: text.nullable(),
      kind: z.enum(KINDS),
      resolution: z.enum(RESOLUTIONS),
    }),
    user: z.strictObject({
      uid: text.optional(), uid_alt: text.optional(), name: text.optional(), type_id: z.int().optional(),
      /** The provider's own type of principal, as in the URN: `role`, `user`, `service`, `service_account`, `node` … */
      type: text.optional(),
      account: z.strictObject({ uid: text }).optional(),
    }).optional(),
    app_uid: text.optional(),
    app_name: text.optional(),
    session: z.strictObject({
      uid: text.optional(), issuer: text.optional(), created_time: millis.optional(), is_mfa: z.boolean().optional(),
    }).optional(),
    /** Outermost first: initiator, impersonated principals, agent ancestors; native principal keys, URNs once resolved. */
    delegation: z.array(text).optional(),
    invoked_by: text.optional(),
  }),
  ai_agent: z.strictObject({
    uid: text.optional(), instance_uid: text.optional(), name: text.optional(), version: text.optional(),
  }).optional(),
  credential: z.strictObject({
    uid: text.optional(), type: z.enum(CREDENTIAL_TYPES), issued_time: millis.optional(),
  }).optional(),
  /** Own: the id of a credential that this event created, and the principal it was issued to. */
  issued: z.strictObject({
    uid: text, type: z.enum(CREDENTIAL_TYPES), principal_key: text.optional(), name_key: text.optional(),
  }).optional(),
  /** Own: the id of a credential that this event ended (deleted, revoked, disabled), and the principal that held it. */
  retired: z.strictObject({ uid: text, principal_key: text.optional(), name_key: text.optional() }).optional(),
  /** Own: the task or purpose this run was started for, which selects a narrower remit. */
  purpose_uid: text.optional(),
  api: z.strictObject({ service: z.strictObject({ name: text }).optional(), operation: text }),
  action: z.strictObject({ category: z.enum(CATEGORIES) }),
  tool: z.strictObject({
    name: text, category: text.optional(), server: text.optional(), method: text.optional(),
    /**
     * Own: what was passed, as keyed hashes of 53 bits and never as values: a list element each, at most 24, of which the last stands for all
     * that follow. The same value hashes alike on every path of one installation, and differently on another.
     */
    arguments: z.array(z.strictObject({ path: text, hash: z.int().nonnegative() })).optional(),
  }).optional(),
  /** The first is the target. */
  resources: z.array(z.strictObject({
    uid: text.optional(), name: text.optional(), type: text.optional(), namespace: text.optional(),
    data_classification: text.optional(), owner_account: text.optional(),
  })).optional(),
  cloud: z.strictObject({
    provider: text, account: z.strictObject({ uid: text }).optional(), region: text.optional(),
  }).optional(),
  k8s: z.strictObject({ cluster: text }).optional(),
  /** 1 success, 2 failure, 0 unknown. */
  status_id: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  outcome: z.strictObject({ denied: z.boolean() }),
  status_code: text.optional(),
  status_detail: text.optional(),
  src_endpoint: z.strictObject({
    ip: text.optional(),
    autonomous_system: z.strictObject({ number: z.int() }).optional(),
    location: z.strictObject({ country: text }).optional(),
    vpc_endpoint: text.optional(),
    /** Own: the workload that called, when the source proves it: instance id, pod uid, runner. */
    workload_uid: text.optional(),
  }).optional(),
  src_kind: z.enum(SRC_KINDS),
  http_request: z.strictObject({ user_agent: text }).optional(),
  volume: z.strictObject({
    bytes_out: count.optional(), bytes_in: count.optional(), rows: count.optional(), items: count.optional(),
    tokens: count.optional(),
  }).optional(),
  trace: z.strictObject({
    uid: text,
    span: z.strictObject({ uid: text, parent_uid: text.optional(), kind: z.enum(SPAN_KINDS).optional() }).optional(),
    /** Share of traces that the emitter says it keeps, in (0, 1); absent when all are kept or nothing is said. */
    sample_rate: z.number().optional(),
  }).optional(),
  sequence_key: text.optional(),
  privilege: z.strictObject({
    /** Permission strings, for example `aws:s3:GetObject` or `k8s:get:core/secrets@prod/billing`. */
    used: z.array(text).optional(), granted_by: z.array(text).optional(), decision: text.optional(),
  }).optional(),
  flags: z.array(z.enum(FLAGS)),
});

/** One thing an identity did, or was refused. See `nhiEventSchema`. */
export type NhiEvent = z.infer<typeof nhiEventSchema>;
