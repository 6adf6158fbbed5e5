import { isIP } from 'node:net';
import { RejectedRecord, type Flag, type NhiEvent } from '@remit/contract';
import { contentHash } from '../../lib/content-hash.ts';
import { shapedActor, shapedEndpoint, shapedEvent, shapedMetadata, shapedUser } from '../../lib/event-shape.ts';
import { instant } from '../../lib/instant.ts';
import { actionOf, type Action } from './actions.ts';
import { id, object, Parameters, text, type Json } from './fields.ts';
import { principalOf, type Principal } from './principal.ts';

/** The parts of an item that all its events share. */
interface Item { record: Json; application: string; customer: string; time: number; stem: string }

const MOST_EVENTS = 1000;
/** OCSF's user types: 1 user, 3 system, 4 service, 0 unknown. */
const USER_TYPES = { interactive: 1, platform_owned: 3, machine: 4 } as const;

/** The canonical events of an item of the Reports API, or of the one event that forwarders make a record of its own; throws `RejectedRecord`. */
export function eventsOf(record: Json): NhiEvent[] {
  const item = itemOf(record);
  const events: unknown = record['events'];
  if (!Array.isArray(events)) return [eventOf(item, object(events) ?? record, new Map())];
  const seen = new Map<string, number>();
  const all = events.slice(0, MOST_EVENTS).map((event) => {
    const it = object(event);
    if (!it) throw new RejectedRecord('unknown_shape', 'an element of events is not an object');
    return eventOf(item, it, seen);
  });
  return [...new Map(all.map((event) => [event.metadata.original_event_uid, event])).values()];
}

/**
 * Tells the events of a time and qualifier apart, which several items may share: by what they say, so that a record means the same event
 * in whatever shape a forwarder sends it, and by their turn where an item says the same twice. Who enters a group enters it once: the log
 * has two events for it.
 */
function uidOf(item: Item, own: Json, name: string, parameters: Parameters, seen: Map<string, number>): string {
  const member = item.application === 'groups_enterprise' && /^add_(?:user|member)$/i.test(name) ? parameters.text('member_id', 320) : undefined;
  if (member !== undefined) return [item.stem, item.application, 'membership', contentHash([parameters.text('group_id', 320), member]).slice(0, 16)].join('/');
  const uid = [item.stem, item.application, name, contentHash([own['type'], parameters.content()]).slice(0, 16)].join('/');
  const turn = seen.get(uid) ?? 0;
  seen.set(uid, turn + 1);
  return turn === 0 ? uid : uid + '/' + turn;
}

function itemOf(record: Json): Item {
  const key = object(record['id']);
  const application = text(key?.['applicationName'], 64);
  if (!key || application === undefined) throw new RejectedRecord('missing_field', 'id.applicationName');
  const written = key['time'] ?? record['p_event_time'];
  if (written === undefined || written === null || written === '') throw new RejectedRecord('missing_field', 'id.time');
  const time = instant(written);
  if (Number.isNaN(time)) throw new RejectedRecord('bad_time', 'id.time is no UTC time such as 2026-11-22T08:00:00.000Z');
  const qualifier = id(key['uniqueQualifier'] ?? key['uniqQualifier']);
  return { record, application, time, customer: text(key['customerId'], 64) ?? '', stem: qualifier === undefined ? contentHash(record) : time + '/' + qualifier };
}

function eventOf(item: Item, own: Json, seen: Map<string, number>): NhiEvent {
  const { record, application, customer, time } = item;
  const name = text(own['name'], 128) ?? text(own['type'], 128);
  if (name === undefined) throw new RejectedRecord('missing_field', 'name');
  const parameters = new Parameters(own['parameters']);
  const action = actionOf(application, name, parameters, text(object(record['actor'])?.['email'], 320)?.toLowerCase());
  const principal = principalOf(record, customer, application, parameters, action.byPerson);
  const event = shapedEvent({
    metadata: shapedMetadata(uidOf(item, own, name, parameters, seen), 'google-workspace', customer === '' ? undefined : customer, application),
    principal_key: principal?.key ?? '',
    time,
    class_uid: action.classUid,
    activity_id: action.activity,
    actor: actorOf(principal, customer),
    api: { service: { name: parameters.text('api_name', 128) ?? application }, operation: parameters.text('method_name', 128) ?? name },
    action: { category: action.category },
    status_id: action.failed || action.denied ? 2 : 1,
    outcome: { denied: action.denied },
    src_kind: 'unknown',
    flags: flagsOf(action, principal),
  });
  event.privilege = { used: permissions(application, name, parameters), granted_by: undefined, decision: undefined };
  const resources = resourcesOf(application, action, parameters);
  if (resources) event.resources = resources;
  setGrant(event, application, name, principal);
  setVolume(event, application, action, parameters);
  setNetwork(event, record, parameters);
  return event;
}

function actorOf(principal: Principal | null, customer: string): NhiEvent['actor'] {
  if (!principal) return shapedActor({ urn: null, kind: 'unknown', resolution: 'none' }, undefined);
  const { name, type, flag, kind, immutable } = principal;
  const user = shapedUser(name, flag === undefined ? 0 : USER_TYPES[flag], type);
  if (principal.uid !== undefined) user.uid = principal.uid;
  if (principal.alias !== undefined) user.uid_alt = principal.alias;
  if (customer !== '') user.account = { uid: customer };
  const actor = shapedActor({ urn: principal.urn, kind, resolution: immutable ? 'immutable_id' : 'derived' }, user);
  if (principal.type === 'oauth_app') {
    actor.app_name = principal.name;
    if (principal.uid !== undefined) actor.app_uid = principal.uid;
  }
  if (principal.through !== undefined) actor.app_uid = principal.through;
  if (principal.behalf !== undefined) actor.delegation = [principal.behalf];
  return actor;
}

function flagsOf(action: Action, principal: Principal | null): Flag[] {
  const flags: Flag[] = [];
  if (action.category === 'read' || action.category === 'list') flags.push('read_only');
  if (action.monitoring) flags.push('monitoring');
  if (principal?.flag !== undefined) flags.push(principal.flag);
  if (action.sideEffect) flags.push('implied');
  return flags;
}

/** The scopes where the event names them, else the method, else the event. */
function permissions(application: string, name: string, parameters: Parameters): string[] {
  const scopes = parameters.texts('scope');
  if (scopes.length > 0) return scopes.map((scope) => 'gws:' + scope);
  return ['gws:' + (parameters.text('method_name', 128) ?? application + '.' + name.toLowerCase())];
}

/** Everybody, in the access list of a calendar. */
const PUBLIC = '__public_principal__@public.calendar.google.com';
type Resource = NonNullable<NhiEvent['resources']>[number];

/** What was touched, the target first. Titles of documents and messages are never kept. */
function resourcesOf(application: string, action: Action, parameters: Parameters): Resource[] | undefined {
  const found: Resource[] = [];
  const add = (kind: string, value: string | undefined): void => { if (value !== undefined) found.push({ uid: 'gws:' + kind + '/' + value, name: value, type: kind }); };
  add('doc', parameters.text('doc_id', 256));
  if (application === 'token') add('api', parameters.text('api_name', 128));
  if (application === 'calendar') add('calendar', parameters.text('calendar_id', 320));
  if (application === 'admin') {
    add('user', parameters.text('USER_EMAIL', 320));
    add('group', parameters.text('GROUP_EMAIL', 320));
    add('role', parameters.text('ROLE_NAME', 256));
    add('api_client', parameters.text('API_CLIENT_NAME', 256) ?? parameters.text('OAUTH2_APP_ID', 320));
    add('domain', parameters.text('DOMAIN_NAME', 256));
    add('setting', parameters.text('SETTING_NAME', 256));
  }
  if (application === 'groups' || application === 'groups_enterprise') add('group', parameters.text('group_email', 320) ?? parameters.text('group_id', 320));
  if (action.category === 'share' || action.category === 'authz_grant') {
    const grantee = parameters.text('target_user', 320) ?? parameters.text('grantee_email', 320) ?? parameters.text('target_domain', 320)
      ?? (application === 'groups_enterprise' ? parameters.text('member_id', 320) : undefined);
    if (grantee !== undefined) found.push({ uid: grantee === PUBLIC ? '*' : grantee, type: 'grantee' });
  }
  return found.length > 0 ? found : undefined;
}

/** The grant of a person to an app: given, used, taken back. Google shows no token, so the grant stands for it. */
function setGrant(event: NhiEvent, application: string, name: string, principal: Principal | null): void {
  if (principal?.type === 'oauth_app') event.credential = principal.grant === undefined ? { type: 'oauth_token' } : { uid: principal.grant, type: 'oauth_token' };
  if (principal) event.sequence_key = principal.grant ?? principal.key;
  if (application !== 'token' || principal?.grant === undefined) return;
  const whose = { principal_key: principal.key, name_key: principal.urn };
  if (name === 'authorize') event.issued = { uid: principal.grant, type: 'oauth_token', ...whose };
  if (name === 'revoke') event.retired = { uid: principal.grant, ...whose };
}

function setVolume(event: NhiEvent, application: string, action: Action, parameters: Parameters): void {
  const bytes = application === 'token' ? parameters.count('num_response_bytes') : undefined;
  if (bytes !== undefined) event.volume = { bytes_out: bytes };
  else if (application === 'drive' && (action.category === 'read' || action.category === 'export')) event.volume = { items: 1 };
}

function setNetwork(event: NhiEvent, record: Json, parameters: Parameters): void {
  const address = record['ipAddress'];
  if (typeof address === 'string' && address.length <= 64 && isIP(address) !== 0) {
    event.src_endpoint = shapedEndpoint(address);
    event.src_kind = 'ip';
  }
  const agent = parameters.text('user_agent', 256);
  if (agent !== undefined) event.http_request = { user_agent: agent };
  const network = object(record['networkInfo']);
  if (network === undefined) return;
  const numbers: unknown = network['ipAsn'];
  const number: unknown = Array.isArray(numbers) ? numbers[0] : undefined;
  const country = text(network['regionCode'], 8);
  if (typeof number === 'number' && Number.isSafeInteger(number) && number > 0) (event.src_endpoint ??= shapedEndpoint(undefined)).autonomous_system = { number };
  if (country !== undefined) (event.src_endpoint ??= shapedEndpoint(undefined)).location = { country };
}
