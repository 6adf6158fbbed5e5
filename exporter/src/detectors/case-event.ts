import type { NhiEvent } from '@remit/contract';
import { CATEGORIES, CREDENTIAL_TYPES, FLAGS, OUTCOMES, nhiEventSchema } from '@remit/contract';
import { z } from 'zod';

/**
 * An event of a `cases.yml`, short enough to be read by eye: `at`, `does` (a permission string, or several), and only where
 * they matter `to` (target), `type` (of the target), `by` (URN), `with` (credential id), `became` (outcome).
 */
export const compactEventSchema = z.strictObject({
  at: z.iso.datetime({ offset: true }),
  does: z.union([z.string(), z.array(z.string()).min(1)]),
  to: z.string().optional(), named: z.string().optional(), type: z.string().optional(), by: z.string().optional(),
  with: z.string().optional(), credential: z.enum(CREDENTIAL_TYPES).optional(),
  became: z.enum([...OUTCOMES, 'unknown']).default('success'),
  category: z.enum(CATEGORIES).optional(), flags: z.array(z.enum(FLAGS)).default([]),
  classified: z.string().optional(),
});
export type CompactEvent = z.infer<typeof compactEventSchema>;

/** A record as its provider writes it, for what a compact event cannot show. */
export const nativeEventSchema = z.strictObject({ source: z.string(), record: z.record(z.string(), z.unknown()) });
export type NativeEvent = z.infer<typeof nativeEventSchema>;

/** The canonical event of a compact one; throws when the result is none. */
export function toEvent(compact: CompactEvent, identity: string, index: number): NhiEvent {
  const used = typeof compact.does === 'string' ? [compact.does] : compact.does;
  const first = used[0] ?? '';
  const kubernetes = first.startsWith('k8s:');
  const urn = compact.by ?? identity;
  return nhiEventSchema.parse({
    metadata: { original_event_uid: `event-${index + 1}`, source: kubernetes ? 'k8s-audit' : 'aws-cloudtrail' },
    principal_key: urn, time: Date.parse(compact.at), class_uid: 6003, activity_id: 0,
    actor: { identity: { urn, kind: 'unknown', resolution: 'derived' } },
    ...(compact.with === undefined && compact.credential === undefined ? {} : {
      credential: { type: compact.credential ?? 'access_key', ...(compact.with === undefined ? {} : { uid: compact.with }) },
    }),
    api: { operation: kubernetes ? first.split(':')[1] ?? first : first.split(':').at(-1) ?? first },
    action: { category: compact.category ?? guess(first) },
    ...(compact.to === undefined && compact.type === undefined && compact.named === undefined ? {} : { resources: [resource(compact)] }),
    status_id: compact.became === 'success' ? 1 : compact.became === 'unknown' ? 0 : 2,
    outcome: { denied: compact.became === 'denied' }, src_kind: 'unknown', privilege: { used }, flags: compact.flags,
  });
}

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
