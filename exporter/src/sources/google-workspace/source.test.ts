import { readFileSync } from 'node:fs';
import { CATEGORIES, nhiEventSchema, RejectedRecord, type NhiEvent } from '@remit/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { source } from './source.ts';

type Fields = Record<string, unknown>;
const context = { feed: 'test', cluster: '', receivedAt: 0 };
const person = { callerType: 'USER', email: 'Jo@acme.example', profileId: '301' };
const key = (applicationName: string) => ({ time: '2026-11-22T10:00:00.123Z', uniqueQualifier: '-7312729053723258069', applicationName, customerId: 'C01' });
const all = (record: Fields): NhiEvent[] => source.normalise(record, context).map((event) => nhiEventSchema.parse(event));
/** One event of an application's log, in Google's shape. */
function one(application: string, name: string, parameters: Fields = {}, actor: unknown = person): NhiEvent {
  const list = Object.entries(parameters).map(([parameter, value]) => ({ name: parameter, [Array.isArray(value) ? 'multiValue' : typeof value === 'number' ? 'intValue' : 'value']: typeof value === 'number' ? String(value) : value }));
  return all({ kind: 'admin#reports#activity', id: key(application), actor, events: [{ type: 't', name, parameters: list }] })[0]!;
}
const TOKEN = { client_id: '77-x.apps.googleusercontent.com', app_name: 'Acme Backup' };

describe('who', () => {
  test('an OAuth app is known by its client id; the person whose data it used stands behind it', () => {
    const event = one('token', 'activity', { ...TOKEN, api_name: 'drive', method_name: 'drive.files.get', num_response_bytes: 73_400_320 });
    expect(event).toMatchObject({
      principal_key: 'gws:C01:oauth_app@77-x.apps.googleusercontent.com', volume: { bytes_out: 73_400_320 }, flags: ['read_only', 'machine'],
      actor: { identity: { urn: 'urn:nhi:gws:c01:oauth_app/77-x.apps.googleusercontent.com', kind: 'oauth_app', resolution: 'immutable_id' }, app_name: 'Acme Backup', delegation: ['gws:C01:user@301'] },
      action: { category: 'read' }, privilege: { used: ['gws:drive.files.get'] }, api: { service: { name: 'drive' }, operation: 'drive.files.get' },
    });
  });

  test('the application that a person used is told beside the person', () => {
    const { actor, credential, sequence_key: sequence } = one('drive', 'view', { originating_app_id: '9001' });
    expect([actor.app_uid, actor.user?.name, credential, sequence]).toEqual(['9001', 'jo@acme.example', undefined, 'gws:C01:user@301']);
  });

  test('a grant is given, used and taken back under one id', () => {
    const [given, used, back] = [one('token', 'authorize', { ...TOKEN, scope: ['openid', 'https://www.googleapis.com/auth/drive'] }), one('token', 'activity', TOKEN), one('token', 'revoke', TOKEN)];
    const uid = '77-x.apps.googleusercontent.com/301';
    expect(given).toMatchObject({ action: { category: 'authz_grant' }, issued: { uid, type: 'oauth_token' }, privilege: { used: ['gws:openid', 'gws:https://www.googleapis.com/auth/drive'] } });
    expect(used.credential?.uid).toBe(uid);
    expect(back).toMatchObject({ action: { category: 'delete' }, retired: { uid, name_key: given.actor.identity.urn } });
  });

  test.each<[string, string, string, Fields, unknown, { urn: string | null; kind: string; flags: string[] }]>([
    ['a person who works on a file', 'drive', 'rename', {}, person, { urn: 'urn:nhi:gws:c01:user/jo@acme.example', kind: 'human', flags: ['interactive'] }],
    ['a person of an older record', 'drive', 'rename', {}, { email: 'jo@acme.example' }, { urn: 'urn:nhi:gws:c01:user/jo@acme.example', kind: 'human', flags: ['interactive'] }],
    ['what the service does for a person', 'drive', 'storage_usage_update', {}, person, { urn: 'urn:nhi:gws:c01:user/jo@acme.example', kind: 'human', flags: [] }],
    ['who answers a challenge', 'login', 'login_verification', { login_challenge_status: 'passed' }, person, { urn: 'urn:nhi:gws:c01:user/jo@acme.example', kind: 'human', flags: ['interactive'] }],
    ['who does not answer it', 'login', 'login_verification', { login_challenge_status: 'incorrect_answer_entered' }, person, { urn: 'urn:nhi:gws:c01:user/jo@acme.example', kind: 'human', flags: [] }],
    ['who looks after the own account', 'user_accounts', '2sv_enroll', {}, person, { urn: 'urn:nhi:gws:c01:user/jo@acme.example', kind: 'human', flags: ['interactive'] }],
    ['who searches in the console', 'admin', 'SECURITY_INVESTIGATION_QUERY', {}, person, { urn: 'urn:nhi:gws:c01:user/jo@acme.example', kind: 'human', flags: ['interactive'] }],
    ['administration that a program may do', 'admin', 'CREATE_USER', {}, person, { urn: 'urn:nhi:gws:c01:user/jo@acme.example', kind: 'human', flags: [] }],
    ['a calendar in the browser', 'calendar', 'create_calendar', { api_kind: 'web' }, person, { urn: 'urn:nhi:gws:c01:user/jo@acme.example', kind: 'human', flags: ['interactive'] }],
    ['a calendar over the interface', 'calendar', 'create_calendar', { api_kind: 'api_v3' }, person, { urn: 'urn:nhi:gws:c01:user/jo@acme.example', kind: 'human', flags: [] }],
    ['no person', 'drive', 'rename', {}, { callerType: 'APPLICATION', email: 'jo@acme.example' }, { urn: 'urn:nhi:gws:c01:user/jo@acme.example', kind: 'unknown', flags: [] }],
    ['a sign-in that succeeds', 'login', 'login_success', {}, person, { urn: 'urn:nhi:gws:c01:user/jo@acme.example', kind: 'human', flags: ['interactive'] }],
    ['a sign-in that fails proves no person', 'login', 'login_failure', {}, person, { urn: 'urn:nhi:gws:c01:user/jo@acme.example', kind: 'human', flags: [] }],
    ['a file through an application', 'drive', 'rename', { originating_app_id: '9001' }, person, { urn: 'urn:nhi:gws:c01:user/jo@acme.example', kind: 'human', flags: [] }],
    ['a file by an application itself', 'drive', 'rename', { originating_app_id: '9001' }, { ...person, callerType: 'APPLICATION' }, { urn: 'urn:nhi:gws:c01:oauth_app/9001', kind: 'oauth_app', flags: ['machine'] }],
    ['a file that an anonymous guest sees', 'drive', 'view', { originating_app_id: '9001' }, { profileId: '105250506097979753968' }, { urn: null, kind: 'unknown', flags: ['read_only'] }],
    ['Google itself', 'drive', 'delete', { originating_app_id: '9001', client_id: '77' }, { callerType: 'KEY', key: 'SYSTEM' }, { urn: 'urn:nhi:gws:c01:system/SYSTEM', kind: 'platform', flags: ['platform_owned'] }],
    ['a service account through its project', 'drive', 'rename', { originating_app_id: '9001' }, { email: 'etl@proj-1.iam.gserviceaccount.com' }, { urn: 'urn:nhi:gcp:proj-1:service_account/etl@proj-1.iam.gserviceaccount.com', kind: 'service_account', flags: ['machine'] }],
    ['a service account', 'drive', 'rename', {}, { email: 'etl@proj-1.iam.gserviceaccount.com' }, { urn: 'urn:nhi:gcp:proj-1:service_account/etl@proj-1.iam.gserviceaccount.com', kind: 'service_account', flags: ['machine'] }],
    ['an API client without a person', 'drive', 'rename', {}, { callerType: 'KEY', key: 'consumer' }, { urn: 'urn:nhi:gws:c01:api_client/consumer', kind: 'service_account', flags: ['machine'] }],
    ['anonymous', 'drive', 'rename', {}, { profileId: '105250506097979753968' }, { urn: null, kind: 'unknown', flags: [] }],
    ['nobody', 'drive', 'rename', {}, null, { urn: null, kind: 'unknown', flags: [] }],
  ])('%s', (_, application, name, parameters, actor, expected) => {
    const event = one(application, name, parameters, actor);
    expect({ urn: event.actor.identity.urn, kind: event.actor.identity.kind, flags: event.flags }).toEqual(expected);
  });
});

test.each<[string, string, Fields, string]>([
  ['token', 'activity', {}, 'read'], ['drive', 'download', {}, 'export'], ['drive', 'view', {}, 'read'], ['drive', 'trash', {}, 'delete'],
  ['drive', 'change_user_access', { visibility_change: 'external' }, 'share'], ['drive', 'change_user_access', { visibility: 'shared_internally' }, 'authz_grant'],
  ['drive', 'change_document_visibility', { visibility: 'people_with_link' }, 'share'], ['drive', 'change_user_access_hierarchy_reconciled', { visibility_change: 'internal' }, 'authz_grant'],
  ['drive', 'change_user_access', { target_user: 'Jo@acme.example', owner: 'jo@acme.example', visibility: 'people_with_link' }, 'write'],
  ['drive', 'change_user_access', { target_user: 'sam@acme.example', owner: 'jo@acme.example', new_value: ['can_edit'] }, 'authz_grant'],
  ['drive', 'change_user_access', { target_user: 'jo@acme.example', owner: 'sam@acme.example', new_value: ['can_edit'] }, 'authz_grant'],
  ['drive', 'change_user_access', { target_user: 'sam@acme.example', visibility: 'shared_externally', new_value: ['none'] }, 'write'],
  ['drive', 'change_document_access_scope', { visibility_change: 'external', new_value: ['none'] }, 'share'],
  ['admin', 'ASSIGN_ROLE', {}, 'authz_grant'], ['admin', 'AUTHORIZE_API_CLIENT_ACCESS', {}, 'authz_grant'], ['admin', 'CUSTOMER_TAKEOUT_CREATED', {}, 'export'], ['admin', 'DELETE_ROLE', {}, 'admin'],
  ['admin', 'CHANGE_PASSWORD', {}, 'credential_create'], ['login', 'suspicious_login', {}, 'authn'], ['chat', 'message_posted', {}, 'message_send'], ['calendar', 'change_calendar_acls', {}, 'share'],
  ['calendar', 'change_calendar_acls', { access_level: 'read' }, 'share'], ['calendar', 'change_calendar_acls', { access_level: 'none' }, 'write'],
  ['groups_enterprise', 'add_user', {}, 'authz_grant'], ['drive', 'untrash', {}, 'write'], ['drive', 'remove_from_folder', {}, 'write'], ['drive', 'remove_lock', {}, 'write'],
  ['meet', 'recording_viewed', {}, 'read'], ['constructor', '__proto__', {}, 'write'],
])('%s %s %j is %s', (application, name, parameters, category) => {
  expect(one(application, name, parameters).action.category).toBe(category);
});

test('a change of what is alerted on is one of what is watched', () => {
  expect(one('admin', 'ALERT_CENTER_RULE_DELETED').flags).toContain('monitoring');
  expect(one('admin', 'CHANGE_CALENDAR_SETTING').flags).not.toContain('monitoring');
});

test.each<[string, string, boolean]>([['Google Cloud Platform Sharing Options', 'DISABLED', true], ['Google Cloud Platform Sharing Options', 'ENABLED', false], ['Gmail', 'DISABLED', false]])(
  '%s set to %s: whether the logs are shared no longer is %s', (APPLICATION_NAME, NEW_VALUE, expected) => {
    expect(one('admin', 'CHANGE_APPLICATION_SETTING', { APPLICATION_NAME, NEW_VALUE, SETTING_NAME: 'Data Sharing Settings' }).flags.includes('monitoring')).toBe(expected);
  });

test('what is put back or out of a folder is not deleted', () => {
  expect(['untrash', 'remove_from_folder', 'remove_lock', 'trash'].map((name) => one('drive', name).activity_id)).toEqual([3, 3, 3, 4]);
});

describe('who got access', () => {
  const grantees = (event: NhiEvent) => event.resources?.filter(({ type }) => type === 'grantee').map(({ uid }) => uid) ?? [];

  test('a calendar shared with everybody, with somebody, no longer', () => {
    const acl = (email: string, level: string) => grantees(one('calendar', 'change_calendar_acls', { calendar_id: 'jo@acme.example', grantee_email: email, access_level: level }));
    expect([acl('__public_principal__@public.calendar.google.com', 'freebusy'), acl('sam@example.com', 'owner'), acl('sam@example.com', 'none')]).toEqual([['*'], ['sam@example.com'], []]);
  });

  test('who enters a group enters it once', () => {
    const into = (name: string, member: string) => ({ type: 'moderator_action', name, parameters: [
      { name: 'member_id', value: member }, { name: 'group_id', value: 'team@acme.example' }, { name: 'member_role', multiValue: ['owner', 'member'] }] });
    const record = { kind: 'admin#reports#activity', id: key('groups_enterprise'), actor: person };
    const events = [into('add_user', 'sam@acme.example'), into('add_member', 'sam@acme.example'), into('add_member', 'kim@acme.example')];
    const normal = all({ ...record, events });
    expect(normal.map((event) => [event.api.operation, grantees(event)])).toEqual([['add_member', ['sam@acme.example']], ['add_member', ['kim@acme.example']]]);
    const flat = events.flatMap((event) => all({ ...record, ...event })).map(({ metadata }) => metadata.original_event_uid);
    expect([...new Set(flat)]).toEqual(normal.map(({ metadata }) => metadata.original_event_uid));
  });
});

test('of a file that is created, only the creation counts; what came of it is no grant', () => {
    const list = (primary: boolean, more: Fields) => Object.entries({ doc_id: '1', owner: 'jo@acme.example', visibility: 'private', ...more })
      .map(([name, value]) => ({ name, [Array.isArray(value) ? 'multiValue' : 'value']: value }) as Fields).concat({ name: 'primary_event', boolValue: primary });
    const events = [
      { name: 'create', parameters: list(true, {}) }, { name: 'edit', parameters: list(false, {}) },
      { name: 'change_user_access', parameters: list(false, { visibility_change: 'none', target_user: 'jo@acme.example', old_value: ['none'], new_value: ['owner'] }) },
      { name: 'change_acl_editors', parameters: list(false, { visibility_change: 'none', old_value: ['owner'], new_value: ['owner', 'writers'] }) },
      { name: 'add_to_folder', parameters: list(false, {}) },
      { name: 'change_document_visibility', parameters: list(false, { visibility_change: 'external', visibility: 'people_with_link', new_value: ['people_with_link'] }) },
    ];
    expect(all({ kind: 'admin#reports#activity', id: key('drive'), actor: { email: 'jo@acme.example' }, events }).map((event) => [event.api.operation, event.action.category, event.flags])).toEqual([
      ['create', 'write', []], ['edit', 'write', ['implied']], ['change_user_access', 'write', ['implied']], ['change_acl_editors', 'write', ['implied']], ['add_to_folder', 'write', ['implied']],
      ['change_document_visibility', 'share', ['implied']],
    ]);
});

describe('ids', () => {
  const uids = (record: Fields) => all({ kind: 'admin#reports#activity', id: key('drive'), actor: person, ...record }).map((event) => event.metadata.original_event_uid);

  test('an item with two events gives two, though they say the same', () => {
    const [first, second] = uids({ events: [{ type: 'a', name: 'view' }, { type: 'a', name: 'view' }] });
    expect(first).toMatch(/^1795341600123\/-7312729053723258069\/drive\/view\/[0-9a-f]{16}$/);
    expect(second).toBe(first + '/1');
    expect(source.normalise({ id: key('drive'), events: [] }, context)).toEqual([]);
  });

  test('items of one time and qualifier are told apart by what they say', () => {
    const item = (application: string, type: string, name: string, status: string) =>
      uids({ id: key(application), events: [{ type, name, parameters: [{ name: 'login_challenge_status', value: status }] }] })[0];
    const items = [item('login', 'login', 'login_success', 'passed'), item('login', 'login', 'login_verification', 'passed'), item('login', 'login', 'login_verification', 'failed'),
      item('login', 'other', 'login_success', 'passed'), item('saml', 'login', 'login_success', 'passed')];
    expect(new Set(items).size).toBe(items.length);
  });

  test('a record sent twice is one event, whatever the order of keys and the shape it comes in', () => {
    const list = [{ name: 'doc_id', value: '1' }, { name: 'billable', boolValue: true }, { name: 'size', intValue: '7' }, { name: 'to', multiValue: ['a', 'b'] }];
    const plain = { to: ['a', 'b'], size: 7, actor_is_collaborator_account: null, doc_id: '1', billable: true };
    const shapes = [
      { events: [{ type: 'access', name: 'view', parameters: list }] }, { events: [{ parameters: list.toReversed(), name: 'view', type: 'access' }] }, { events: { type: 'access', name: 'view', parameters: list } },
      { events: [{ type: 'access', name: 'view', parameters: plain }] }, { type: 'access', name: 'view', parameters: plain, etag: 'x' },
    ];
    expect(new Set(shapes.flatMap(uids)).size).toBe(1);
    const bare = (more: Fields) => ({ ...more, actor: person, id: { ...key('drive'), uniqueQualifier: undefined }, events: [{ name: 'view' }] });
    expect(uids(bare({ etag: 'x', kind: 'admin#reports#activity' }))).toEqual(uids({ kind: 'admin#reports#activity', ...bare({}), etag: 'x' }));
  });

  test('of events that a forwarder made records of their own, the content tells them apart', () => {
    const flat = (doc: string) => all({ kind: 'admin#reports#activity', id: key('drive'), actor: person, type: 'access', name: 'view', parameters: { doc_id: doc, owner: 'x' } })[0]!.metadata.original_event_uid;
    expect(flat('1')).not.toBe(flat('2'));
    expect(flat('1')).toBe(flat('1'));
  });

  test('a qualifier that was made a number is kept as it reads', () => {
    expect(all({ id: { ...key('drive'), uniqueQualifier: 12345 }, events: [{ name: 'view' }] })[0]?.metadata.original_event_uid).toEqual(expect.stringMatching(/^1795341600123\/12345\/drive\/view\/[0-9a-f]{16}$/));
    expect(all({ id: { ...key('drive'), uniqueQualifier: undefined }, events: [{ name: 'view' }] })[0]?.metadata.original_event_uid).toMatch(/^[0-9a-f]{64}\/drive\/view\/[0-9a-f]{16}$/);
  });
});

test.each<[Fields, string]>([
  [{ id: { applicationName: 'drive' }, name: 'view' }, 'missing_field'], [{ id: { ...key('drive'), time: 'yesterday' }, name: 'view' }, 'bad_time'],
  [{ id: key('rules'), parameters: {} }, 'missing_field'], [{ id: {}, name: 'view' }, 'missing_field'], [{ id: key('drive'), events: [7] }, 'unknown_shape'],
])('%j is refused as %s', (record, reason) => {
  expect(() => source.normalise(record, context)).toThrow(expect.objectContaining({ reason }));
});

test('titles and texts are not kept', () => {
  for (const name of ['items', 'panther']) {
    const events = (JSON.parse(readFileSync(new URL(`./cases/${name}.json`, import.meta.url), 'utf8')) as Fields[]).flatMap(all);
    expect(JSON.stringify(events)).not.toMatch(/title that is not kept|Sensitive Document|subject/);
  }
});

test('survives any shape, throwing nothing but RejectedRecord', () => {
  const odd = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant('x'.repeat(100_000)), fc.constant(JSON.parse('{"__proto__":{"email":"x"}}')), fc.string({ unit: 'binary' }));
  const name = fc.oneof(odd, fc.constantFrom('client_id', 'scope', 'num_response_bytes', 'doc_id', 'originating_app_id', 'target_user'));
  const parameters = fc.oneof(odd, fc.array(fc.oneof(odd, fc.record({ name, value: odd, intValue: odd, multiValue: odd }, { requiredKeys: ['name'] }))), fc.dictionary(fc.constantFrom('client_id', 'scope', 'doc_id', '__proto__'), odd));
  const event = fc.record({ name: fc.oneof(odd, fc.constantFrom('authorize', 'view', 'login_success')), type: odd, parameters }, { requiredKeys: [] });
  const record = fc.record({
    kind: fc.constant('admin#reports#activity'), ipAddress: odd, actor: fc.oneof(odd, fc.record({ email: odd, profileId: odd, key: odd, applicationInfo: odd }, { requiredKeys: [] })),
    id: fc.oneof(odd, fc.record({ time: fc.oneof(odd, fc.constant('2026-11-22T10:00:00Z')), uniqueQualifier: odd, applicationName: fc.oneof(odd, fc.constantFrom('token', 'drive', 'login', 'admin', 'calendar')), customerId: odd })),
    events: fc.oneof(odd, fc.array(fc.oneof(odd, event))), name: odd, parameters,
  }, { requiredKeys: ['id'] });
  fc.assert(fc.property(fc.oneof(record, odd), (given) => {
    source.recognises(given);
    try {
      for (const normal of source.normalise(given, context)) {
        nhiEventSchema.parse(normal);
        expect(CATEGORIES).toContain(normal.action.category);
        expect(JSON.stringify(normal).length).toBeLessThan(32_000);
      }
    } catch (error) {
      if (!(error instanceof RejectedRecord)) throw error;
    }
  }), { numRuns: 300 });
});
