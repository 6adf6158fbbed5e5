import { isIP } from 'node:net';
import { RejectedRecord, type Flag, type NhiEvent } from '@remit/contract';
import { shapedActor, shapedEndpoint, shapedEvent, shapedMetadata, shapedResource, shapedUser } from '../../lib/event-shape.ts';
import { actionOf, type Action } from './actions.ts';
import { fallbackId } from './fallback-id.ts';
import { moment, object, text, type Json } from './fields.ts';
import { targetOf, type Target } from './path.ts';
import { namedUrn, principalOf, type Principal } from './principal.ts';

/** The parts of an entry that several facts are taken from. */
interface Parts {
  entry: Json;
  request: Json;
  response: Json | undefined;
  /** Who called; of a login, who came of it. */
  auth: Json | undefined;
  place: { cluster: string; namespace: string };
  target: Target;
  action: Action;
  complete: boolean;
  failed: boolean;
}

const LONGEST_ID = 256;
/** OCSF's user types: 1 user, 4 service, 0 unknown. */
const USER_TYPES = { interactive: 1, machine: 4 } as const;

/**
 * The canonical event of one entry; throws `RejectedRecord`. Both entries of a request give the whole event under one id, the first
 * with `start_record`; but what only the answer tells (who logged in, which token was made) waits for the answer: the first entry of
 * such a request gives none.
 */
export function eventsOf(entry: Json, cluster: string): NhiEvent[] {
  const parts = partsOf(entry, cluster);
  const { request, target, action, complete, failed, auth, place } = parts;
  const operation = required(request, 'operation');
  const time = timeOf(entry);
  const uid = text(request['id'], LONGEST_ID) ?? fallbackId(request, time);
  if (!complete && (action.issues !== undefined || auth === undefined)) return [];
  const principal = principalOf(auth, place, action.login && !failed ? target.mountType : undefined);
  const event = shapedEvent({
    metadata: shapedMetadata(uid, 'vault-audit', undefined, undefined),
    principal_key: principal?.key ?? '',
    time,
    class_uid: action.classUid,
    activity_id: action.activity,
    actor: actorOf(principal, place.namespace),
    api: { service: { name: target.mountType || target.mount || 'vault' }, operation },
    action: { category: action.category },
    status_id: failed ? 2 : complete ? 1 : 0,
    outcome: { denied: false },
    src_kind: 'unknown',
    flags: flagsOf(parts, principal),
  });
  event.resources = [resourceOf(target, place.namespace)];
  event.privilege = { used: ['vault:' + operation + ':' + target.template], granted_by: undefined, decision: undefined };
  setOutcome(event, parts);
  setNetwork(event, request);
  setCredential(event, parts);
  if (!failed && complete && action.issues !== undefined && !action.login) setIssued(event, parts, action.issues);
  if (!failed && action.ends) setRetired(event, parts);
  return [event];
}

function partsOf(entry: Json, cluster: string): Parts {
  const request = object(entry['request']);
  if (!request) throw new RejectedRecord('missing_field', 'request');
  const complete = entry['type'] === 'response';
  const response = object(entry['response']);
  const namespace = (text(object(request['namespace'])?.['path'], 256) ?? '').replace(/\/$/, '');
  const target = targetOf(required(request, 'path'), text(request['mount_point'], 256) ?? '', text(request['mount_type'], 64) ?? '', namespace);
  const action = actionOf(required(request, 'operation'), target);
  const own = object(entry['auth']);
  const named = own && (own['entity_id'] || own['display_name']) ? own : undefined;
  const failed = typeof entry['error'] === 'string' && entry['error'] !== '';
  const auth = action.login ? object(response?.['auth']) ?? named : named;
  return { entry, request, response, place: { cluster, namespace }, target, action, complete, failed: failed || refused(own), auth };
}

function refused(auth: Json | undefined): boolean {
  return object(auth?.['policy_results'])?.['allowed'] === false;
}

function required(request: Json, field: string): string {
  const value = text(request[field], field === 'path' ? 2048 : LONGEST_ID);
  if (value === undefined) throw new RejectedRecord('missing_field', 'request.' + field);
  return value;
}

function timeOf(entry: Json): number {
  const value = entry['time'];
  if (value === undefined || value === null || value === '') throw new RejectedRecord('missing_field', 'time');
  const time = moment(value);
  if (Number.isNaN(time) || time < 0) throw new RejectedRecord('bad_time', 'time is no RFC 3339 time such as 2026-11-22T08:00:00.123456789Z');
  return time;
}

function actorOf(principal: Principal | null, namespace: string): NhiEvent['actor'] {
  if (!principal) return shapedActor({ urn: null, kind: 'unknown', resolution: 'none' }, undefined);
  const user = shapedUser(principal.name, principal.flag === undefined ? 0 : USER_TYPES[principal.flag], 'service_account');
  if (principal.uid !== undefined) user.uid = principal.uid;
  if (principal.alias !== undefined) user.uid_alt = principal.alias;
  if (namespace !== '') user.account = { uid: namespace };
  return shapedActor({ urn: principal.urn, kind: principal.kind, resolution: principal.immutable ? 'immutable_id' : 'derived' }, user);
}

function resourceOf(target: Target, namespace: string): NonNullable<NhiEvent['resources']>[number] {
  const resource = shapedResource('vault:' + (namespace === '' ? '' : namespace + '/') + target.template, target.mountType === '' ? undefined : target.mountType);
  resource.name = target.template;
  if (namespace !== '') resource.namespace = namespace;
  return resource;
}

function flagsOf({ action, complete }: Parts, principal: Principal | null): Flag[] {
  const flags: Flag[] = [];
  if (action.category === 'read' || action.category === 'list') flags.push('read_only');
  if (!complete) flags.push('start_record');
  if (action.monitoring) flags.push('monitoring');
  if (principal?.flag !== undefined) flags.push(principal.flag);
  return flags;
}

/** The text of an error may repeat what was sent, so that only its kind is kept. */
function setOutcome(event: NhiEvent, { entry, failed }: Parts): void {
  const auth = object(entry['auth']);
  const results = object(auth?.['policy_results']);
  const allowed = results?.['allowed'];
  if (typeof allowed === 'boolean') event.privilege!.decision = allowed ? 'allow' : 'deny';
  const granting: unknown = results?.['granting_policies'];
  if (Array.isArray(granting)) {
    const names = granting.slice(0, 32).map(policyOf).filter((name) => name !== undefined);
    if (names.length > 0) event.privilege!.granted_by = names;
  }
  if (!failed) return;
  const error = text(entry['error'], 1024) ?? '';
  event.outcome.denied = allowed === false || /permission denied/i.test(error);
  event.status_code = event.outcome.denied ? 'permission denied' : 'error';
}

function policyOf(value: unknown): string | undefined {
  const policy = object(value);
  const name = text(policy?.['name'], 128);
  return name === undefined ? undefined : (text(policy?.['type'], 32) ?? 'acl') + '/' + (text(policy?.['namespace_path'], 128) ?? '') + name;
}

function setNetwork(event: NhiEvent, request: Json): void {
  const address = request['remote_address'];
  if (typeof address === 'string' && address.length <= 64 && isIP(address) !== 0) {
    event.src_endpoint = shapedEndpoint(address);
    event.src_kind = 'ip';
  }
  const agents: unknown = object(request['headers'])?.['user-agent'];
  const agent = text(Array.isArray(agents) ? agents[0] : undefined, 256);
  if (agent !== undefined) event.http_request = { user_agent: agent };
}

/** The token by its accessor, hashed or not as the device writes it. */
function setCredential(event: NhiEvent, { request, auth }: Parts): void {
  const accessor = text(auth?.['accessor'], LONGEST_ID) ?? text(request['client_token_accessor'], LONGEST_ID);
  const issued = moment(auth?.['token_issue_time']);
  if (accessor !== undefined) event.credential = { uid: accessor, type: 'vault_token' };
  else if (auth) event.credential = { type: 'vault_token' };
  if (event.credential && issued >= 0) event.credential.issued_time = issued;
  const sequence = accessor ?? event.principal_key;
  if (sequence !== '') event.sequence_key = sequence;
}

type Type = NonNullable<NhiEvent['issued']>['type'];

/** The id of what the answer handed out, and whose it is: a token its entity's, a secret id its role's, a lease the caller's. */
function setIssued(event: NhiEvent, parts: Parts, type: Type): void {
  const { response, target, place } = parts;
  const made = object(response?.['auth']);
  const data = object(response?.['data']);
  const wrapped = object(response?.['wrap_info']);
  const uid = text(made?.['accessor'], LONGEST_ID) ?? text(data?.['secret_id_accessor'], LONGEST_ID) ?? text(data?.['serial_number'], LONGEST_ID)
    ?? text(object(response?.['secret'])?.['lease_id'], LONGEST_ID) ?? text(wrapped?.['wrapped_accessor'], LONGEST_ID);
  if (uid === undefined) return;
  event.issued = { uid, type };
  const holder = made ? principalOf(made, place, undefined) : null;
  const role = type === 'client_secret' ? /^role\/([^/]+)\//.exec(target.rest)?.[1] : undefined;
  if (holder) Object.assign(event.issued, { principal_key: holder.key, name_key: holder.urn });
  else if (role !== undefined) event.issued.name_key = namedUrn(target.mount.slice('auth/'.length) + '/' + role, place);
  else if (!made && type !== 'vault_token' && event.actor.identity.urn !== null) Object.assign(event.issued, { principal_key: event.principal_key, name_key: event.actor.identity.urn });
}

/** By what the request names; a stored secret by its path. */
function setRetired(event: NhiEvent, { request, target }: Parts): void {
  const data = object(request['data']);
  const self = target.mount === 'auth/token' && target.rest === 'revoke-self';
  const uid = self ? event.credential?.uid
    : text(data?.['accessor'], LONGEST_ID) ?? text(data?.['secret_id_accessor'], LONGEST_ID) ?? text(data?.['secret_id'], LONGEST_ID)
      ?? text(data?.['serial_number'], LONGEST_ID) ?? text(data?.['lease_id'], LONGEST_ID) ?? text(data?.['token'], LONGEST_ID) ?? event.resources?.[0]?.uid;
  if (uid === undefined) return;
  event.retired = { uid };
  if (self && event.actor.identity.urn !== null) Object.assign(event.retired, { principal_key: event.principal_key, name_key: event.actor.identity.urn });
}
