import type { NhiEvent } from '@remit/contract';
import { CATEGORIES, CREDENTIAL_TYPES, FLAGS, OUTCOMES, nhiEventSchema } from '@remit/contract';
import { z } from 'zod';
import { HiddenValues } from '../lib/tool-arguments.ts';

const instant = z.iso.datetime({ offset: true });
/** A credential that was issued or ended: its id, and whose it is (a URN) unless it is the caller's own. */
const credentialSchema = z.strictObject({ uid: z.string(), of: z.string().optional(), type: z.enum(CREDENTIAL_TYPES).default('access_key') });

/**
 * An event of a `cases.yml`, short enough to be read by eye: `at`, `does` (a permission string, or several) or `tool` (`name` or
 * `server/name`), and only where they matter `to` (target), `type` (of the target), `by` (URN), `with` (credential id), `became`
 * (outcome). Calls of tools may have `ends`, `trace`, `session` and `purpose`; what moved is told by `bytes` and `rows`. Where it
 * happened is told by `account`, `region` and `cluster`, a person by `mfa`, `agent` (user agent) and `behalf` (who acts as the identity).
 */
export const compactEventSchema = z.strictObject({
  /** The event's own id, for one that comes twice; made from its place in the case unless given. */
  id: z.string().optional(),
  /** So many events, each of its own. */
  times: z.int().min(1).max(1000).default(1),
  at: instant, ends: instant.optional(),
  does: z.union([z.string(), z.array(z.string()).min(1)]).optional(), tool: z.string().optional(),
  to: z.string().optional(), named: z.string().optional(), type: z.string().optional(), by: z.string().optional(),
  with: z.string().optional(), credential: z.enum(CREDENTIAL_TYPES).optional(),
  became: z.enum([...OUTCOMES, 'unknown']).default('success'),
  category: z.enum(CATEGORIES).optional(), flags: z.array(z.enum(FLAGS)).default([]),
  classified: z.string().optional(),
  /** What the tool was given, or a text that is no object; only hashes of it become part of the event. */
  passes: z.union([z.record(z.string(), z.unknown()), z.string()]).optional(),
  trace: z.string().optional(), session: z.string().optional(), purpose: z.string().optional(),
  /** Share of traces that is kept. */
  sampled: z.number().optional(),
  /** The parent span of the call never came. */
  orphan: z.boolean().default(false),
  bytes: z.number().nullable().optional(), rows: z.number().nullable().optional(),
  account: z.string().optional(), region: z.string().optional(), cluster: z.string().optional(),
  /** Address, AS number and VPC endpoint of the caller, and the workload that the source proves. */
  from: z.string().optional(), as: z.int().optional(), vpce: z.string().optional(), workload: z.string().optional(),
  /** When the credential was issued, as the provider says. */
  born: instant.optional(),
  mfa: z.boolean().optional(), issuer: z.string().optional(), agent: z.string().optional(), behalf: z.string().optional(),
  /** What the provider says of the authorization, and by what it granted it. */
  decision: z.string().optional(), through: z.array(z.string()).optional(),
  issued: credentialSchema.optional(), retired: credentialSchema.omit({ type: true }).optional(),
}).refine(({ does, tool }) => does !== undefined || tool !== undefined, 'an event has does or tool');
export type CompactEvent = z.input<typeof compactEventSchema>;

/** A record as its provider writes it, for what a compact event cannot show. */
export const nativeEventSchema = z.strictObject({ source: z.string(), record: z.record(z.string(), z.unknown()) });
export type NativeEvent = z.infer<typeof nativeEventSchema>;

/** The canonical event of a compact one; throws when the result is none. */
export function toEvent(compact: CompactEvent, identity: string, index: number): NhiEvent {
  const one = compactEventSchema.parse(compact);
  const used = one.does === undefined ? [`tool:${one.tool}`] : typeof one.does === 'string' ? [one.does] : one.does;
  const first = used[0] ?? '';
  const urn = one.by ?? identity;
  return nhiEventSchema.parse({
    metadata: { original_event_uid: one.id ?? `event-${index + 1}`, source: sourceOf(one, first) },
    principal_key: urn, time: Date.parse(one.at), ...(one.ends === undefined ? {} : { end_time: Date.parse(one.ends) }), class_uid: 6003, activity_id: 0,
    actor: { identity: { urn, kind: 'unknown', resolution: 'derived' }, ...sessionOf(one), ...(one.behalf === undefined ? {} : { delegation: [one.behalf] }) },
    ...placeOf(one), ...(one.agent === undefined ? {} : { http_request: { user_agent: one.agent } }),
    ...(one.with === undefined && one.credential === undefined ? {} : {
      credential: {
        type: one.credential ?? 'access_key', ...(one.with === undefined ? {} : { uid: one.with }),
        ...(one.born === undefined ? {} : { issued_time: Date.parse(one.born) }),
      },
    }),
    ...(one.issued === undefined ? {} : { issued: { uid: one.issued.uid, type: one.issued.type, name_key: one.issued.of ?? urn } }),
    ...(one.retired === undefined ? {} : { retired: { uid: one.retired.uid, name_key: one.retired.of ?? urn } }),
    ...(one.purpose === undefined ? {} : { purpose_uid: one.purpose }),
    api: { operation: one.tool ?? (first.startsWith('k8s:') ? first.split(':')[1] ?? first : first.split(':').at(-1) ?? first) },
    action: { category: one.category ?? (one.tool === undefined ? guess(first) : 'execute_tool') },
    ...(one.tool === undefined ? {} : { tool: toolOf(one.tool, one.passes) }),
    ...(one.to === undefined && one.type === undefined && one.named === undefined ? {} : { resources: [resource(one)] }),
    ...(one.bytes === undefined && one.rows === undefined ? {} : { volume: { bytes_out: one.bytes ?? null, rows: one.rows ?? null } }),
    ...(one.trace === undefined ? {} : { trace: { uid: one.trace, ...(one.sampled === undefined ? {} : { sample_rate: one.sampled }) }, sequence_key: one.trace }),
    status_id: one.became === 'success' ? 1 : one.became === 'unknown' ? 0 : 2,
    outcome: { denied: one.became === 'denied' }, ...callerOf(one), flags: one.flags,
    privilege: { used, ...(one.decision === undefined ? {} : { decision: one.decision }), ...(one.through === undefined ? {} : { granted_by: one.through }) },
  });
}

function sessionOf({ session: uid, mfa, issuer }: CompactEvent): { session?: object } {
  if (uid === undefined && mfa === undefined && issuer === undefined) return {};
  return { session: { ...(uid === undefined ? {} : { uid }), ...(mfa === undefined ? {} : { is_mfa: mfa }), ...(issuer === undefined ? {} : { issuer }) } };
}

function placeOf({ account, region, cluster }: CompactEvent): { cloud?: object; k8s?: object } {
  const cloud = { provider: 'aws', ...(account === undefined ? {} : { account: { uid: account } }), ...(region === undefined ? {} : { region }) };
  return { ...(account === undefined && region === undefined ? {} : { cloud }), ...(cluster === undefined ? {} : { k8s: { cluster } }) };
}

function callerOf({ from: ip, as, vpce, workload, flags }: CompactEvent): object {
  const src_kind = flags?.includes('via_service') ? 'service' : ip === undefined ? 'unknown' : 'ip';
  if (ip === undefined && as === undefined && vpce === undefined && workload === undefined) return { src_kind };
  return {
    src_kind, src_endpoint: {
      ...(ip === undefined ? {} : { ip }), ...(as === undefined ? {} : { autonomous_system: { number: as } }),
      ...(vpce === undefined ? {} : { vpc_endpoint: vpce }), ...(workload === undefined ? {} : { workload_uid: workload }),
    },
  };
}

function sourceOf({ tool }: { tool?: string | undefined }, permission: string): string {
  if (tool !== undefined) return 'otel-genai';
  const sources: Record<string, string> = { k8s: 'k8s-audit', github: 'github-audit', gws: 'google-workspace', vault: 'vault-audit' };
  return sources[permission.split(':')[0] ?? ''] ?? 'aws-cloudtrail';
}

function toolOf(text: string, passes: unknown): object {
  const slash = text.indexOf('/');
  const tool = slash < 0 ? { name: text } : { server: text.slice(0, slash), name: text.slice(slash + 1) };
  const passed = HIDDEN.of(tool.name, passes);
  return passed === undefined ? tool : { ...tool, arguments: passed };
}

const HIDDEN = new HiddenValues(new Uint8Array(8));

function resource({ to, named, type, classified }: CompactEvent): Record<string, string> {
  return {
    ...(to === undefined ? {} : { uid: to }), ...(named === undefined ? {} : { name: named }),
    ...(type === undefined ? {} : { type }), ...(classified === undefined ? {} : { data_classification: classified }),
  };
}

/** Cases that are about the category name it; for the others the verb is close enough. */
function guess(permission: string): NhiEvent['action']['category'] {
  if (/:(get|head|describe)/i.test(permission)) return 'read';
  if (/:(list|watch)/i.test(permission)) return 'list';
  return /:delete/i.test(permission) ? 'delete' : 'write';
}
