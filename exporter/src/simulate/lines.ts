import type { NhiEvent } from '@remit/contract';
import { PROVIDER } from './facts.ts';

/** An event as a line that the generic source reads without a mapping. */
export function lineOf(e: NhiEvent): string {
  const { actor, tool, volume } = e;
  return JSON.stringify({
    remit_event: 1, id: e.metadata.original_event_uid, time: e.time, end_time: e.end_time, realm: e.metadata.realm,
    principal: { provider: PROVIDER, id: actor.user?.uid, name: actor.user?.name, type: actor.user?.type, kind: actor.identity.kind, machine: true },
    service: e.api.service?.name, operation: e.api.operation, category: e.action.category, permission: e.privilege?.used,
    outcome: e.outcome.denied ? 'denied' : e.status_id === 1 ? 'success' : 'failure',
    credential: e.credential === undefined ? undefined : { id: e.credential.uid, type: e.credential.type },
    resources: e.resources?.map(({ uid, name, type, data_classification }) => ({ id: uid, name, type, class: data_classification })),
    ip: e.src_endpoint?.ip, bytes_out: volume?.bytes_out ?? undefined, trace: e.trace?.uid, sequence: e.sequence_key,
    tool: tool === undefined ? undefined : { name: tool.name, server: tool.server },
  });
}
