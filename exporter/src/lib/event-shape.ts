import type { NhiEvent } from '@remit/contract';

type Actor = NhiEvent['actor'];
type User = NonNullable<Actor['user']>;
type Session = NonNullable<Actor['session']>;
type Resource = NonNullable<NhiEvent['resources']>[number];
type Endpoint = NonNullable<NhiEvent['src_endpoint']>;

/**
 * Events and their parts with every member of the schema in place, in its order, absent ones as undefined: then all events are of one
 * shape for the engine, and reading a member costs a load and not a search. A source fills in what it knows.
 */
export function shapedEvent(e: Pick<NhiEvent,
'metadata' | 'principal_key' | 'time' | 'class_uid' | 'activity_id' | 'actor' | 'api' | 'action' | 'status_id' | 'outcome' | 'src_kind' | 'flags'>): NhiEvent {
  return {
    metadata: e.metadata, principal_key: e.principal_key, time: e.time, end_time: undefined, duration: undefined, class_uid: e.class_uid,
    activity_id: e.activity_id, actor: e.actor, ai_agent: undefined, credential: undefined, issued: undefined, retired: undefined, purpose_uid: undefined,
    api: e.api, action: e.action, tool: undefined, resources: undefined, cloud: undefined, k8s: undefined, status_id: e.status_id, outcome: e.outcome, status_code: undefined,
    status_detail: undefined, src_endpoint: undefined, src_kind: e.src_kind, http_request: undefined, volume: undefined, trace: undefined,
    sequence_key: undefined, privilege: undefined, flags: e.flags,
  };
}

export function shapedMetadata(id: string, source: string, realm: string | undefined, product: string | undefined): NhiEvent['metadata'] {
  return {
    uid: undefined, original_event_uid: id, source, realm, product, logged_time: undefined, processed_time: undefined, correlation_uid: undefined,
  };
}

export function shapedActor(identity: Actor['identity'], user: User | undefined): Actor {
  return { identity, user, app_uid: undefined, app_name: undefined, session: undefined, delegation: undefined, invoked_by: undefined };
}

export function shapedUser(name: string, typeId: number, type: string): User {
  return { uid: undefined, uid_alt: undefined, name, type_id: typeId, type, account: undefined };
}

export function shapedSession(uid: string | undefined, issuer: string | undefined): Session {
  return { uid, issuer, created_time: undefined, is_mfa: undefined };
}

export function shapedResource(uid: string | undefined, type: string | undefined): Resource {
  return { uid, name: undefined, type, namespace: undefined, data_classification: undefined, owner_account: undefined };
}

export function shapedEndpoint(ip: string | undefined): Endpoint {
  return { ip, autonomous_system: undefined, location: undefined, vpc_endpoint: undefined, workload_uid: undefined };
}
