import { isIP } from 'node:net';
import { RejectedRecord, type Flag, type NhiEvent } from '@remit/contract';
import { contentHash } from '../../lib/content-hash.ts';
import { instant } from '../../lib/instant.ts';
import { shapedActor, shapedEndpoint, shapedEvent, shapedMetadata, shapedResource, shapedSession, shapedUser } from '../../lib/event-shape.ts';
import { actionOf, type Action } from './actions.ts';
import { first, object, text, type Json } from './fields.ts';
import { extraOf, isAws, principalOf, serviceAccountUrn, type Principal } from './principal.ts';
import { grantedBy } from './reason.ts';
import { permissionOf, targetOf, typeOf, uidOf, type Target } from './target.ts';

/** What is known of a record beside the record. */
export interface Origin {
  cluster: string;
  product: string | undefined;
  loggedAt: unknown;
}

const LONGEST_ID = 256;
const LONGEST_AGENT = 256;
const LONGEST_VERB = 32;
/** Of `requestURI` no more than this is looked at; it may carry a megabyte of query. */
const LONGEST_URI = 2048;
const API_ACTIVITY = 6003;
const CREDENTIAL = 'authentication.kubernetes.io/credential-id';
const POD_NAME = 'authentication.kubernetes.io/pod-name';
const POD_UID = 'authentication.kubernetes.io/pod-uid';
const NODE_UID = 'authentication.kubernetes.io/node-uid';
const ISSUED = 'authentication.kubernetes.io/issued-credential-id';
const DECISION = 'authorization.k8s.io/decision';
const REASON = 'authorization.k8s.io/reason';
const STARTS = new Set(['RequestReceived', 'ResponseStarted']);
const ENDS = new Set(['ResponseComplete', 'Panic']);

/**
 * The canonical events of one stage of a request: the request, and where the caller acted as somebody else, before it what the caller did
 * itself, which is to impersonate. Every stage gives the whole event, because the first to arrive counts as the action: a watch may show
 * nothing but its start. Request and response bodies are never looked at. Throws `RejectedRecord`.
 */
export function eventsOf(record: Json, origin: Origin): NhiEvent[] {
  const event = eventOf(record, origin);
  const assumed = object(record['impersonatedUser']);
  const caller = assumed === undefined ? null : principalOf(object(record['user']) ?? {}, origin.cluster, { impersonated: false, gke: origin.product === 'GKE' });
  return caller === null ? [event] : [impersonation(event, caller, assumed!, origin.cluster), event];
}

function eventOf(record: Json, origin: Origin): NhiEvent {
  const { cluster } = origin;
  const stage = stageOf(record);
  const verb = required(record, 'verb', LONGEST_VERB).toLowerCase();
  const caller = object(record['user']) ?? {};
  const assumed = object(record['impersonatedUser']);
  const gke = origin.product === 'GKE';
  const principal = principalOf(assumed ?? caller, cluster, { impersonated: assumed !== undefined, gke });
  const target = targetOf(verb, object(record['objectRef']), uriOf(record));
  const username = principal?.name ?? '';
  const action = actionOf(target, username);
  const annotations = object(record['annotations']);
  const event = shapedEvent({
    metadata: shapedMetadata(idOf(record, stage), 'k8s-audit', cluster, undefined),
    principal_key: principal?.key ?? '',
    time: timeOf(record),
    class_uid: API_ACTIVITY,
    activity_id: action.activity,
    actor: actorOf(principal),
    api: { service: { name: target.path === '' ? target.group : 'nonresource' }, operation: verb },
    action: { category: action.category },
    status_id: 0,
    outcome: { denied: false },
    src_kind: 'unknown',
    flags: flagsOf(stage, principal, action),
  });
  event.resources = [resourceOf(target, cluster)];
  event.k8s = { cluster };
  event.privilege = { used: [permissionOf(target, cluster)], granted_by: undefined, decision: undefined };
  const product = origin.product ?? (isAws(caller) ? 'EKS' : undefined);
  if (product) event.metadata.product = product;
  const logged = instant(origin.loggedAt);
  if (!Number.isNaN(logged)) event.metadata.logged_time = logged;
  if (ENDS.has(stage)) setEnd(event, record);
  if (assumed) setDelegation(event, principalOf(caller, cluster, { impersonated: false, gke }));
  setOutcome(event, stage, record, annotations);
  setNetwork(event, record);
  setCredential(event, caller);
  setIssued(event, target, cluster, annotations);
  // Whoever held what is in a secret is not told; nor, of a collection, which secrets there were.
  if (verb === 'delete' && target.resource === 'secrets' && target.group === 'core' && target.name !== '' && event.status_id !== 2) {
    event.retired = { uid: uidOf(target, cluster) };
  }
  return event;
}

/**
 * The API server checks the verb `impersonate` of the caller before it looks at the request, and names the assumed user only when it was
 * allowed: so it succeeded, whatever became of the request.
 */
function impersonation(request: NhiEvent, caller: Principal, assumed: Json, cluster: string): NhiEvent {
  const targets = assumedTargets(assumed);
  const action = actionOf(targets[0]!, caller.name);
  const stage = request.flags.includes('start_record') ? 'ResponseStarted' : 'ResponseComplete';
  const event: NhiEvent = {
    ...request, metadata: { ...request.metadata, original_event_uid: `${request.metadata.original_event_uid}/impersonate` },
    principal_key: caller.key, activity_id: action.activity, actor: actorOf(caller), issued: undefined, retired: undefined,
    api: { service: { name: targets[0]!.group }, operation: 'impersonate' }, action: { category: action.category },
    resources: targets.map((target) => resourceOf(target, cluster)), status_id: 1, outcome: { denied: false }, status_code: undefined,
    flags: [...flagsOf(stage, caller, action), 'implied'],
  };
  event.privilege = { used: [...new Set(targets.map((target) => permissionOf(target, cluster)))], granted_by: undefined, decision: undefined };
  return event;
}

const MOST_GROUPS = 16;

/** Whom the caller asked to be: the user or service account, and every group that is not given to such a user anyway. */
function assumedTargets(assumed: Json): Target[] {
  const name = text(assumed['username'], LONGEST_ID);
  const [, , kind, namespace, account] = name.split(':');
  const isAccount = name.startsWith('system:serviceaccount:') && kind !== undefined && namespace !== undefined && account === undefined;
  const first = isAccount ? assumedTarget('serviceaccounts', kind, namespace) : assumedTarget('users', '', name);
  const groups = Array.isArray(assumed['groups']) ? assumed['groups'].slice(0, MOST_GROUPS) : [];
  return [first, ...groups.map((group) => text(group, LONGEST_ID)).filter((group) => group !== '' && !GIVEN.test(group)).map((group) => assumedTarget('groups', '', group))];
}

const GIVEN = /^system:(?:authenticated|unauthenticated|serviceaccounts(?::.*)?)$/;

function assumedTarget(resource: string, namespace: string, name: string): Target {
  return { verb: 'impersonate', group: 'core', resource, subresource: '', namespace, name, path: '', template: '', proxied: '' };
}

function required(record: Json, field: string, longest: number): string {
  const value = record[field];
  if (typeof value !== 'string' || value === '') throw new RejectedRecord('missing_field', field);
  return text(value, longest);
}

/** Stages of one request have one id, so that without it only the end of a request can be told from its other stages. */
function idOf(record: Json, stage: string): string {
  const id = record['auditID'];
  return (id === undefined || id === null) && ENDS.has(stage) ? contentHash(record) : required(record, 'auditID', LONGEST_ID);
}

/** What was answered has ended; some forwarders leave the stage out. */
function stageOf(record: Json): string {
  if (record['stage'] === undefined && object(record['responseStatus']) !== undefined) return 'ResponseComplete';
  const stage = required(record, 'stage', LONGEST_VERB);
  if (!STARTS.has(stage) && !ENDS.has(stage)) throw new RejectedRecord('unknown_shape', 'stage is none of the four of audit.k8s.io');
  return stage;
}

/** When the request came in; very old API servers wrote `timestamp` alone. */
function timeOf(record: Json): number {
  for (const field of ['requestReceivedTimestamp', 'timestamp', 'stageTimestamp']) {
    const value = record[field];
    if (value === undefined || value === null || value === '') continue;
    const time = instant(value);
    if (Number.isNaN(time)) throw new RejectedRecord('bad_time', `${field} is no UTC time such as 2026-11-22T08:00:00.123456Z`);
    return time;
  }
  throw new RejectedRecord('missing_field', 'requestReceivedTimestamp');
}

function uriOf(record: Json): string {
  const uri = record['requestURI'];
  if (typeof uri !== 'string') return '';
  return uri.length <= LONGEST_URI ? uri : Buffer.from(uri.slice(0, LONGEST_URI)).toString();
}

function actorOf(principal: Principal | null): NhiEvent['actor'] {
  if (!principal) return shapedActor({ urn: null, kind: 'unknown', resolution: 'none' }, undefined);
  const { urn, kind, immutable } = principal;
  const actor = shapedActor({ urn, kind, resolution: immutable ? 'immutable_id' : 'derived' }, userOf(principal));
  if (principal.session !== '') actor.session = shapedSession(principal.session, principal.arn === '' ? undefined : principal.arn);
  return actor;
}

/** Shared by all events of a principal. */
const USERS = new WeakMap<Principal, NonNullable<NhiEvent['actor']['user']>>();

function userOf(principal: Principal): NonNullable<NhiEvent['actor']['user']> {
  const known = USERS.get(principal);
  if (known) return known;
  const user = shapedUser(principal.name, userType(principal), principal.type);
  if (principal.uid !== '') user.uid = principal.uid;
  if (principal.arn !== '') user.uid_alt = principal.arn;
  if (principal.account !== '') user.account = { uid: principal.account };
  USERS.set(principal, user);
  return user;
}

/** OCSF's user types: 1 user, 3 system, 4 service, 0 unknown. */
function userType(principal: Principal): number {
  if (principal.platform) return 3;
  if (principal.interactive) return 1;
  return principal.machine ? 4 : 0;
}

function resourceOf(target: Target, cluster: string): NonNullable<NhiEvent['resources']>[number] {
  const resource = shapedResource(uidOf(target, cluster), typeOf(target));
  if (target.path !== '') resource.name = target.path;
  else if (target.name !== '') resource.name = target.name;
  if (target.namespace !== '') resource.namespace = target.namespace;
  return resource;
}

function flagsOf(stage: string, principal: Principal | null, action: Action): Flag[] {
  const flags: Flag[] = [];
  if (principal?.platform) flags.push('platform_owned');
  if (action.readOnly) flags.push('read_only');
  if (STARTS.has(stage)) flags.push('start_record');
  if (action.monitoring) flags.push('monitoring');
  if (action.exec) flags.push('exec');
  if (principal?.interactive) flags.push('interactive');
  if (principal?.machine) flags.push('machine');
  return flags;
}

function setEnd(event: NhiEvent, record: Json): void {
  const end = instant(record['stageTimestamp']);
  if (end >= event.time) event.end_time = end;
}

/** Who acted as somebody else stands outermost. */
function setDelegation(event: NhiEvent, caller: Principal | null): void {
  if (caller) event.actor.delegation = [caller.key];
}

function setOutcome(event: NhiEvent, stage: string, record: Json, annotations: Json | undefined): void {
  const code = object(record['responseStatus'])?.['code'];
  const decision = annotations?.[DECISION];
  const known = typeof code === 'number' && Number.isInteger(code) && code >= 100 && code <= 599;
  const denied = decision === 'forbid' || code === 401 || code === 403;
  event.outcome.denied = denied;
  if (known) {
    event.status_code = String(code);
    event.status_id = code >= 400 ? 2 : 1;
  }
  if (denied || stage === 'Panic') event.status_id = 2;
  if (decision === 'allow' || decision === 'forbid') event.privilege!.decision = decision;
  const granted = grantedBy(annotations?.[REASON]);
  if (granted.length > 0) event.privilege!.granted_by = granted;
}

/** Only the last address was seen by the API server itself; those before it are the caller's word. */
function setNetwork(event: NhiEvent, record: Json): void {
  const addresses = record['sourceIPs'];
  const address: unknown = Array.isArray(addresses) ? addresses[addresses.length - 1] : undefined;
  if (typeof address === 'string' && address.length <= 64 && isIP(address) !== 0) {
    event.src_endpoint = shapedEndpoint(address);
    event.src_kind = 'ip';
  }
  const agent = record['userAgent'];
  if (typeof agent === 'string' && agent !== '') {
    event.http_request = { user_agent: agent.length <= LONGEST_AGENT ? agent : Buffer.from(agent.slice(0, LONGEST_AGENT)).toString() };
  }
}

/** The credential and the pod are the caller's own, also when it acts as somebody else. */
function setCredential(event: NhiEvent, caller: Json): void {
  const extra = extraOf(caller);
  if (!extra) return;
  const token = first(extra, CREDENTIAL, LONGEST_ID);
  const accessKey = first(extra, 'accessKeyId', LONGEST_ID);
  const serviceAccount = typeof caller['username'] === 'string' && caller['username'].startsWith('system:serviceaccount:');
  if (token !== '') event.credential = { uid: token, type: credentialType(token, serviceAccount), issued_time: undefined };
  else if (accessKey !== '') event.credential = { uid: accessKey, type: accessKey.startsWith('AKIA') ? 'access_key' : 'session_key', issued_time: undefined };
  const pod = first(extra, POD_UID, LONGEST_ID);
  const workload = pod || first(extra, NODE_UID, LONGEST_ID);
  if (workload !== '') (event.src_endpoint ??= shapedEndpoint(undefined)).workload_uid = workload;
  const podName = first(extra, POD_NAME, LONGEST_ID);
  if (podName !== '' && !event.actor.session) event.actor.session = shapedSession(podName, undefined);
  const sequence = event.credential?.uid ?? pod;
  if (sequence !== '') event.sequence_key = sequence;
}

/** `JTI=…` of a bound token, `X509SHA256=…` of a client certificate. */
function credentialType(id: string, serviceAccount: boolean): NonNullable<NhiEvent['credential']>['type'] {
  if (id.startsWith('X509')) return 'certificate';
  return serviceAccount ? 'sa_token' : 'federated';
}

/** A token that was handed out, joined to its use by the id that both events carry. */
function setIssued(event: NhiEvent, target: Target, cluster: string, annotations: Json | undefined): void {
  if (target.resource !== 'serviceaccounts' || target.subresource !== 'token' || target.group !== 'core') return;
  const uid = text(annotations?.[ISSUED], LONGEST_ID);
  if (uid === '') return;
  event.issued = { uid, type: 'sa_token' };
  if (target.namespace !== '' && target.name !== '') event.issued.name_key = serviceAccountUrn(cluster, target.namespace, target.name);
}
