import { isIP } from 'node:net';
import { RejectedRecord, type Flag, type NhiEvent } from '@remit/contract';
import { contentHash } from '../../lib/content-hash.ts';
import { shapedActor, shapedEndpoint, shapedEvent, shapedMetadata, shapedSession, shapedUser } from '../../lib/event-shape.ts';
import { urn } from '../../lib/urn.ts';
import { actionOf, nameOf, refined, type Action } from './actions.ts';
import { id, moment, text, type Json } from './fields.ts';
import { appSlug, credentialOf, placeOf, principalOf, type Place, type Principal } from './principal.ts';
import { requestOf } from './requests.ts';
import { resourcesOf, secretOf } from './resources.ts';

const TIMES = ['@timestamp', 'at_sign_timestamp', 'created_at', 'timestamp'] as const;
/** OCSF's user types: 1 user, 3 system, 4 service, 0 unknown. */
const USER_TYPES = { interactive: 1, platform_owned: 3, machine: 4 } as const;

/** The canonical event of an entry of the audit log; throws `RejectedRecord`. */
export function eventOf(record: Json): NhiEvent {
  const name = nameOf(record['action']);
  if (name === undefined) throw new RejectedRecord('missing_field', 'action');
  const time = timeOf(record);
  const named = actionOf(name, record['operation_type']);
  const own = placeOf(record);
  const principal = principalOf(record, named, own);
  const request = named.name === 'api.request' ? requestOf(record, named) : undefined;
  const action = request?.action ?? named;
  // Only what is aimed at: a workflow that calls the API for another repository is none of that repository's.
  const place = request ? { ...own, repo: own.repo ?? request.repo, repoId: own.repoId ?? request.repoId } : own;
  const about = request?.facts ?? record;
  const category = refined(action, record);
  const event = shapedEvent({
    metadata: shapedMetadata(text(record['_document_id'], 256) ?? contentHash(record), 'github-audit', undefined, undefined),
    principal_key: principal?.key ?? '',
    time,
    class_uid: action.classUid,
    activity_id: action.activity,
    actor: actorOf(principal, own),
    api: { service: { name: action.group || 'github' }, operation: request ? action.operation : name },
    action: { category },
    status_id: 1,
    outcome: { denied: false },
    src_kind: 'unknown',
    flags: flagsOf(action, principal),
  });
  event.privilege = { used: ['github:' + action.operation], granted_by: undefined, decision: undefined };
  const correlation = text(record['request_id'], 256);
  if (correlation) event.metadata.correlation_uid = correlation;
  const resources = resourcesOf(about, action, place, category);
  if (resources) event.resources = resources;
  setSession(event, record, principal);
  setOutcome(event, record, action);
  setCredential(event, record, about, action, place);
  setNetwork(event, record);
  if (name === 'git.clone' || name === 'git.fetch') event.volume = { items: 1 };
  return event;
}

function timeOf(record: Json): number {
  let bad = '';
  for (const field of TIMES) {
    const value = record[field];
    if (value === undefined || value === null || value === '') continue;
    const time = moment(value);
    if (!Number.isNaN(time)) return time;
    bad ||= field;
  }
  if (bad) throw new RejectedRecord('bad_time', `${bad} is neither epoch milliseconds nor a UTC time such as 2026-11-22T08:00:00Z`);
  throw new RejectedRecord('missing_field', '@timestamp');
}

function actorOf(principal: Principal | null, place: Place): NhiEvent['actor'] {
  if (!principal) return shapedActor({ urn: null, kind: 'unknown', resolution: 'none' }, undefined);
  const { name, type, flag, kind, immutable } = principal;
  const user = shapedUser(name, flag === undefined ? 0 : USER_TYPES[flag], type);
  if (principal.uid !== undefined) user.uid = principal.uid;
  if (principal.alias !== undefined) user.uid_alt = principal.alias;
  if (place.realm !== '') user.account = { uid: place.realm };
  const actor = shapedActor({ urn: principal.urn, kind, resolution: immutable ? 'immutable_id' : 'derived' }, user);
  if (principal.type === 'app' || principal.type === 'oauth_app') {
    actor.app_name = principal.name;
    if (principal.uid !== undefined) actor.app_uid = principal.uid;
  }
  if (principal.behalf.length > 0) actor.delegation = principal.behalf;
  return actor;
}

function flagsOf(action: Action, principal: Principal | null): Flag[] {
  const flags: Flag[] = [];
  if (principal?.flag === 'platform_owned') flags.push('platform_owned');
  if (action.readOnly) flags.push('read_only');
  if (action.monitoring) flags.push('monitoring');
  if (principal?.flag === 'interactive' || principal?.flag === 'machine') flags.push(principal.flag);
  return flags;
}

/** The run of a workflow, or of an agent, holds its actions together; else the token does. */
function setSession(event: NhiEvent, record: Json, principal: Principal | null): void {
  const agent = text(record['agent_session_id'], 256);
  const session = agent ?? id(record['workflow_run_id']);
  if (session !== undefined && principal) event.actor.session = shapedSession(session, undefined);
  if (principal?.kind === 'ai_agent') {
    event.ai_agent = { name: principal.name };
    if (principal.uid !== undefined) event.ai_agent.uid = principal.uid;
    if (agent !== undefined) event.ai_agent.instance_uid = agent;
  }
  const sequence = session ?? id(record['token_id']) ?? text(record['hashed_token'], 256) ?? event.principal_key;
  if (sequence !== '') event.sequence_key = sequence;
}

function setCredential(event: NhiEvent, record: Json, about: Json, action: Action, place: Place): void {
  const credential = credentialOf(record);
  if (credential) event.credential = credential;
  const granted = text(record['token_scopes'], 2048)?.split(/[\s,]+/, 33).filter((scope) => scope !== '').slice(0, 32);
  if (granted && granted.length > 0) event.privilege!.granted_by = granted.map((scope) => 'github:scope/' + scope);
  if (action.secret && event.action.category === 'delete') {
    const secret = event.status_id === 2 ? undefined : secretOf(about, place);
    if (secret) event.retired = { uid: secret };
  } else if (action.credential) setMade(event, record, action.credential, place);
}

/** The key or token that the action is about, and whose it is: an app's belongs to the app, any other to the user named. */
function setMade(event: NhiEvent, record: Json, credential: NonNullable<Action['credential']>, place: Place): void {
  const app = text(record['integration'], 256) ?? (credential.type === 'app_token' ? text(record['name'], 256) : undefined);
  const oauth = id(record['oauth_application_id']);
  const uid = id(record['user_programmatic_access_id']) ?? id(record['oauth_access_id']) ?? id(record['public_key_id']) ?? text(record['fingerprint'], 256)
    ?? id(record['installation_id']) ?? id(record['integration_installation_id']) ?? id(record['client_secret_id']) ?? app ?? oauth;
  if (uid === undefined) return;
  const holder = text(record['user'], 256) ?? text(record['actor'], 256);
  const name_key = credential.type === 'pat' || credential.type === 'oauth_token' ? urn('github', place.realm, 'token', uid)
    : app !== undefined ? urn('github', place.realm, 'app', appSlug(app))
      : oauth !== undefined ? urn('github', place.realm, 'oauth_app', oauth)
        : holder === undefined ? undefined : urn('github', place.realm, 'user', holder);
  const whose = name_key === undefined ? {} : { name_key };
  if (credential.ends) event.retired = { uid, ...whose };
  else event.issued = { uid, type: credential.type, ...whose };
}

/** The log holds what was done; only runs, sign-ins and API requests tell of failure. */
function setOutcome(event: NhiEvent, record: Json, action: Action): void {
  const conclusion = text(record['conclusion'], 64);
  const code = id(record['status_code']);
  if (action.failed || conclusion === 'failure' || conclusion === 'timed_out' || conclusion === 'startup_failure') event.status_id = 2;
  if (action.denied) event.outcome.denied = true;
  if (conclusion !== undefined) event.status_code = conclusion;
  else if (code !== undefined) {
    event.status_code = code;
    if (Number(code) >= 400) event.status_id = 2;
    event.outcome.denied = code === '401' || code === '403';
  }
}

function setNetwork(event: NhiEvent, record: Json): void {
  const address = record['actor_ip'];
  const location = record['actor_location'];
  const country = typeof location === 'object' && location !== null ? text((location as Json)['country_code'], 8) : undefined;
  if (typeof address === 'string' && address.length <= 64 && isIP(address) !== 0) {
    event.src_endpoint = shapedEndpoint(address);
    event.src_kind = 'ip';
  }
  if (country !== undefined) (event.src_endpoint ??= shapedEndpoint(undefined)).location = { country };
  const agent = text(record['user_agent'], 256);
  if (agent !== undefined) event.http_request = { user_agent: agent };
}
