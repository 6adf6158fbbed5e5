import { readFileSync } from 'node:fs';
import { CATEGORIES, nhiEventSchema, RejectedRecord, type NhiEvent } from '@remit/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { source } from './source.ts';

type Fields = Record<string, unknown>;
const context = { feed: 'test', cluster: '', receivedAt: 0 };
const ENTITY = '5cb4e785-fe8a-4d82-b991-31e74980d2b8';
const auth: Fields = { accessor: 'hmac-sha256:aa', display_name: 'approle', entity_id: ENTITY, metadata: { role_name: 'payments' }, policy_results: { allowed: true } };
/** An answered request, over a read of a secret by an application. */
const entry = (request: Fields = {}, over: Fields = {}): Fields => ({
  time: '2026-11-22T10:00:00.123456789Z', type: 'response', auth, ...over,
  request: { id: 'r-1', operation: 'read', path: 'secret/data/app/db', mount_point: 'secret/', mount_type: 'kv', namespace: { id: 'root' }, remote_address: '198.51.100.30', ...request },
});
const all = (record: unknown, cluster = ''): NhiEvent[] => source.normalise(record, { ...context, cluster }).map((event) => nhiEventSchema.parse(event));
const one = (request: Fields = {}, over: Fields = {}): NhiEvent => all(entry(request, over))[0]!;

describe('what was done', () => {
  test.each<[string, string, string, string, string, string]>([
    ['read', 'secret/data/app/db', 'secret/', 'kv', 'credential_use', 'secret/data/app/db'], ['read', 'secret/app', 'secret/', 'kv', 'credential_use', 'secret/app'],
    ['read', 'secret/metadata/app', 'secret/', 'kv', 'read', 'secret/metadata/app'], ['list', 'secret/metadata/', 'secret/', 'kv', 'list', 'secret/metadata/'],
    ['create', 'secret/data/app/db', 'secret/', 'kv', 'credential_create', 'secret/data/app/db'], ['patch', 'secret/data/app/db', '', '', 'credential_create', 'secret/data/app/db'],
    ['update', 'kv/destroy/app', 'kv/', 'kv', 'delete', 'kv/destroy/app'], ['read', 'kv/data/customers/4711', 'team-a/kv/', 'kv', 'credential_use', 'kv/data/customers/*'],
    ['read', 'kv/data/jo@acme.example/x', 'kv/', 'kv', 'credential_use', 'kv/data/*/x'], ['read', 'a/b/c/d/e/f/g/h/i/j/k', 'a/', 'kv', 'credential_use', 'a/b/c/d/e/f/g/h/i/*'],
    ['update', 'auth/userpass/login/jo', 'auth/userpass/', 'userpass', 'authn', 'auth/userpass/login/*'], ['update', 'auth/oidc/oidc/callback', 'auth/oidc/', 'oidc', 'authn', 'auth/oidc/oidc/callback'],
    ['update', 'auth/token/create', 'auth/token/', 'token', 'credential_create', 'auth/token/create'], ['update', 'auth/token/create/ci', 'auth/token/', 'token', 'credential_create', 'auth/token/create/ci'],
    ['update', 'auth/token/renew-self', 'auth/token/', 'token', 'credential_use', 'auth/token/renew-self'], ['update', 'auth/token/revoke-accessor/abc', 'auth/token/', 'token', 'delete', 'auth/token/revoke-accessor/*'],
    ['update', 'auth/approle/role/payments/secret-id', 'auth/approle/', 'approle', 'credential_create', 'auth/approle/role/payments/secret-id'],
    ['update', 'auth/approle/role/payments/secret-id/lookup', 'auth/approle/', 'approle', 'read', 'auth/approle/role/payments/secret-id/lookup'],
    ['update', 'auth/kubernetes/role/app', 'auth/kubernetes/', 'kubernetes', 'authz_grant', 'auth/kubernetes/role/app'], ['update', 'auth/kubernetes/config', 'auth/kubernetes/', 'kubernetes', 'admin', 'auth/kubernetes/config'],
    ['update', 'auth/userpass/users/jo/password', 'auth/userpass/', 'userpass', 'credential_create', 'auth/userpass/users/*/password'],
    ['read', 'database/creds/app', 'database/', 'database', 'credential_create', 'database/creds/app'], ['read', 'database/static-creds/app', 'database/', 'database', 'credential_use', 'database/static-creds/app'],
    ['update', 'pki/issue/web', 'pki/', 'pki', 'credential_create', 'pki/issue/web'], ['update', 'pki/revoke', 'pki/', 'pki', 'delete', 'pki/revoke'], ['read', 'pki/cert/17-67-16-b0', 'pki/', 'pki', 'read', 'pki/cert/*'],
    ['update', 'pki/issue/web', '', '', 'credential_create', 'pki/issue/web'], ['update', 'pki_int/sign/web', '', '', 'credential_create', 'pki_int/sign/web'],
    ['update', 'pki/issuer/default/sign-verbatim/web', '', '', 'credential_create', 'pki/issuer/default/sign-verbatim/web'], ['update', 'pki-2/root/generate/internal', '', '', 'credential_create', 'pki-2/root/generate/internal'],
    ['update', 'pki/revoke', '', '', 'delete', 'pki/revoke'], ['read', 'pki/cert/ca', '', '', 'read', 'pki/cert/ca'], ['read', 'pki/data/app', '', '', 'credential_use', 'pki/data/app'],
    ['update', 'transit/sign/app', '', '', 'credential_use', 'transit/sign/app'], ['update', 'tickets/issue/web', '', '', 'write', 'tickets/issue/web'],
    ['update', 'pki/sign/app', 'pki/', 'transit', 'credential_use', 'pki/sign/app'],
    ['update', 'transit/decrypt/app', 'transit/', 'transit', 'credential_use', 'transit/decrypt/app'], ['read', 'transit/export/encryption-key/app', 'transit/', 'transit', 'export', 'transit/export/encryption-key/app'],
    ['update', 'sys/policies/acl/admin', 'sys/', 'system', 'authz_grant', 'sys/policies/acl/admin'], ['update', 'identity/group', 'identity/', 'identity', 'authz_grant', 'identity/group'],
    ['update', 'sys/leases/revoke/database/creds/app/Xy9', 'sys/', 'system', 'delete', 'sys/leases/revoke/*'], ['update', 'sys/capabilities-self', 'sys/', 'system', 'read', 'sys/capabilities-self'],
    ['read', 'sys/storage/raft/snapshot', 'sys/', 'system', 'export', 'sys/storage/raft/snapshot'], ['update', 'sys/mounts/kv2', 'sys/', 'system', 'admin', 'sys/mounts/kv2'],
    ['read', 'cubbyhole/anything', 'cubbyhole/', 'cubbyhole', 'credential_use', 'cubbyhole/*'], ['constructor', '__proto__', '', '', 'write', '__proto__'],
  ])('%s %s of %s (%s) is %s', (operation, path, mount_point, mount_type, category, template) => {
    const namespace = mount_point.startsWith('team-a/') ? { path: 'team-a/' } : { id: 'root' };
    const event = one({ operation, path, mount_point, mount_type, namespace });
    expect([event.action.category, event.privilege?.used]).toEqual([category, ['vault:' + operation + ':' + template]]);
  });

  test.each([['update', 'sys/audit/file', true], ['delete', 'sys/audit/file', true], ['read', 'sys/audit', false], ['update', 'sys/audit-hash/file', false], ['update', 'sys/config/auditing/request-headers/x', true]])(
    '%s %s changes what is audited: %s', (operation, path, monitoring) => {
      expect(one({ operation, path, mount_point: 'sys/', mount_type: 'system' }).flags.includes('monitoring')).toBe(monitoring);
    });
});

describe('who', () => {
  test('an entity is one identity through whatever it came; its Kubernetes service account is an alias', () => {
    const kubernetes = { ...auth, display_name: 'kubernetes-billing-exporter', metadata: { role: 'x', service_account_name: 'exporter', service_account_namespace: 'billing' } };
    const [app, pod] = [one(), one({}, { auth: kubernetes })];
    for (const event of [app, pod]) expect([event.principal_key, event.actor.identity.urn]).toEqual(['vault:' + ENTITY, 'urn:nhi:vault:root:service_account/' + ENTITY]);
    expect([app.actor.user?.uid_alt, pod.actor.user?.uid_alt]).toEqual(['approle/payments', 'system:serviceaccount:billing:exporter']);
    expect([app.flags, pod.flags]).toEqual([['machine'], ['machine']]);
  });

  test('without an entity, the name with its role, its namespace and the cluster of the feed', () => {
    const root = { display_name: 'root', entity_id: '' };
    expect(one({}, { auth: root }).actor.identity).toEqual({ urn: 'urn:nhi:vault:root:service_account/root', kind: 'unknown', resolution: 'derived' });
    expect(one({ namespace: { path: 'team-a/' } }, { auth: { display_name: 'approle', metadata: { role_name: 'x' } } }).actor.identity.urn).toBe('urn:nhi:vault:team-a:service_account/approle/x');
    expect(all(entry({}, { auth: root }), 'prod')[0]?.actor.identity.urn).toBe('urn:nhi:vault:prod:service_account/root');
    expect(one({}, { auth: {} }).actor.identity).toEqual({ urn: null, kind: 'unknown', resolution: 'none' });
  });

  test.each([
    ['oidc', 'human', ['interactive']], ['ldap', 'human', ['interactive']], ['userpass', 'human', ['interactive']], ['kubernetes', 'service_account', ['machine']],
    ['approle', 'service_account', ['machine']], ['jwt', 'service_account', ['machine']], ['cert', 'service_account', ['machine']], ['github', 'unknown', []],
  ])('a login through %s shows a %s', (type, kind, flags) => {
    const login = { operation: 'update', path: `auth/${type}/login`, mount_point: `auth/${type}/`, mount_type: type };
    const came = { display_name: type + '-x', entity_id: ENTITY, accessor: 'hmac-sha256:bb' };
    const event = one(login, { auth: undefined, response: { auth: came } });
    expect([event.class_uid, event.actor.identity.kind, event.flags, event.credential?.uid]).toEqual([3002, kind, flags, 'hmac-sha256:bb']);
    const failed = one(login, { auth: undefined, error: 'invalid credentials' });
    expect([failed.principal_key, failed.status_id, failed.flags]).toEqual(['', 2, []]);
  });
});

describe('a request and its answer', () => {
  test('are one action under one id, the first a start', () => {
    const [request, response] = [one({}, { type: 'request' }), one()];
    expect([request.flags, request.status_id]).toEqual([['start_record', 'machine'], 0]);
    expect({ ...request, flags: [], status_id: 1 }).toEqual({ ...response, flags: [] });
  });

  test.each<[string, Fields, Fields]>([
    ['a login', { operation: 'update', path: 'auth/approle/login', mount_type: 'approle', mount_point: 'auth/approle/' }, { auth: undefined }],
    ['a token made', { operation: 'update', path: 'auth/token/create', mount_type: 'token', mount_point: 'auth/token/' }, {}],
    ['a dynamic credential', { path: 'database/creds/app', mount_type: 'database', mount_point: 'database/' }, {}],
  ])('what only the answer tells waits for it: %s', (_, request, over) => {
    expect(all(entry(request, { ...over, type: 'request' }))).toEqual([]);
    expect(all(entry(request, over))).toHaveLength(1);
  });

  test('without an id are known by what was asked, by whom and when', () => {
    const help = { id: undefined, operation: 'help', path: 'pki/roles/web', mount_point: undefined, mount_type: undefined, remote_port: 4711 };
    const uid = (request: Fields = {}, over: Fields = {}) => one({ ...help, ...request }, over).metadata.original_event_uid;
    expect(uid()).toMatch(/^[0-9a-f]{64}$/);
    expect(one(help)).toMatchObject({ action: { category: 'read' }, privilege: { used: ['vault:help:pki/roles/web'] } });
    expect(uid({ mount_point: 'pki/', mount_type: 'pki' }, { time: '2026-11-22T10:00:00.2Z' })).toBe(uid({}, { type: 'request' }));
    const others = [uid(), uid({ path: 'pki/roles/db' }), uid({ remote_port: 4712 }), uid({ client_token_accessor: 'hmac-sha256:bb' }), uid({}, { time: '2026-11-22T10:00:01Z' }), uid({ operation: 'update', data: { a: 'hmac-sha256:cc' } })];
    expect(new Set(others).size).toBe(others.length);
    expect(() => uid({ data: JSON.parse('['.repeat(300) + ']'.repeat(300)) as unknown })).toThrow(expect.objectContaining({ reason: 'too_deep' }));
  });

  test.each([
    [{ error: 'permission denied' }, true], [{ error: '1 error occurred:\n\t* permission denied\n\n' }, true], [{ error: 'unsupported path' }, false],
    [{ auth: { ...auth, policy_results: { allowed: false } } }, true],
  ])('%j fails, denied %s', (over, denied) => {
    const event = one({}, over);
    expect([event.status_id, event.outcome.denied]).toEqual([2, denied]);
    expect(JSON.stringify(event)).not.toContain('unsupported path');
  });
});

describe('credentials made and ended', () => {
  const made = (request: Fields, response: Fields) => one({ operation: 'update', ...request }, { response }).issued;
  test('carry the id that the answer shows, and whose they are', () => {
    const entity = { principal_key: 'vault:' + ENTITY, name_key: 'urn:nhi:vault:root:service_account/' + ENTITY };
    expect(made({ path: 'auth/token/create', mount_point: 'auth/token/' }, { auth: { accessor: 'hmac-sha256:cc', display_name: 'token-ci', entity_id: '' } }))
      .toEqual({ uid: 'hmac-sha256:cc', type: 'vault_token', principal_key: 'vault:root:service_account/token-ci', name_key: 'urn:nhi:vault:root:service_account/token-ci' });
    expect(made({ path: 'auth/approle/role/payments/secret-id', mount_point: 'auth/approle/', mount_type: 'approle' }, { data: { secret_id_accessor: 'hmac-sha256:dd' } }))
      .toEqual({ uid: 'hmac-sha256:dd', type: 'client_secret', name_key: 'urn:nhi:vault:root:service_account/approle/payments' });
    expect(made({ path: 'database/creds/app', operation: 'read', mount_point: 'database/', mount_type: 'database' }, { secret: { lease_id: 'database/creds/app/Xy9' } }))
      .toEqual({ uid: 'database/creds/app/Xy9', type: 'access_key', ...entity });
    expect(made({ path: 'pki/issue/web', mount_point: 'pki/', mount_type: 'pki' }, { data: { serial_number: 'hmac-sha256:ee', private_key: 'TOPSECRET' } })).toEqual({ uid: 'hmac-sha256:ee', type: 'certificate', ...entity });
  });

  test.each<[string, Fields, string | undefined]>([
    ['auth/token/revoke-accessor', { accessor: 'hmac-sha256:cc' }, 'hmac-sha256:cc'], ['auth/token/revoke-self', {}, 'hmac-sha256:aa'],
    ['auth/approle/role/payments/secret-id-accessor/destroy', { secret_id_accessor: 'hmac-sha256:dd' }, 'hmac-sha256:dd'],
    ['sys/leases/revoke', { lease_id: 'hmac-sha256:ff' }, 'hmac-sha256:ff'], ['secret/destroy/app/db', { versions: [1] }, 'vault:secret/destroy/app/db'], ['secret/data/app/db', {}, undefined],
  ])('%s %j ends %s', (path, data, uid) => {
    const [mount_point, mount_type] = path.startsWith('auth/') ? [path.split('/').slice(0, 2).join('/') + '/', path.split('/')[1]] : [path.split('/')[0] + '/', path.startsWith('sys') ? 'system' : 'kv'];
    const request = { operation: 'update', path, data, mount_point, mount_type };
    expect(one(request).retired?.uid).toBe(uid);
    expect(one(request, { error: 'permission denied' }).retired).toBeUndefined();
  });
});

test('a line in a shipper\'s record is read, after whatever prefix the device writes', () => {
  const line = JSON.stringify(entry());
  for (const record of [{ message: 'vault-prod ' + line }, { log: line + '\n', stream: 'stdout' }, { line: '@cee: ' + line }]) {
    expect(source.recognises(record)).toBe(true);
    expect(all(record)).toEqual(all(entry()));
  }
  for (const record of [{ message: 'x' }, { message: '{"time":"x","type":"request","request":{' }, { log: 7 }]) {
    expect(() => all(record)).toThrow(RejectedRecord);
  }
});

test.each<[unknown, boolean]>([
  [entry(), true], [{ type: 'request', request: { operation: 'read', path: '' } }, true], [{ type: 'request', request: {} }, false], [{ type: 'event', request: { operation: 'read', path: 'x' } }, false],
  [{ message: 'GET /' }, false], [{ kind: 'Event', apiVersion: 'audit.k8s.io/v1' }, false], [null, false], [[entry()], false],
])('recognises %j: %s', (record, expected) => {
  expect(source.recognises(record)).toBe(expected);
});

test.each<[Fields, Fields, string | number]>([
  [{}, { time: '2026-11-22T12:00:00+02:00' }, Date.parse('2026-11-22T10:00:00Z')], [{}, { time: '2026-11-22T04:30:00.5-05:30' }, Date.parse('2026-11-22T10:00:00.5Z')],
  [{}, { time: undefined }, 'missing_field'], [{}, { time: 'now' }, 'bad_time'], [{}, { time: '2026-02-30T00:00:00Z' }, 'bad_time'], [{}, { time: '2026-11-22T12:00:00+25:00' }, 'bad_time'],
  [{ path: '' }, {}, 'missing_field'],
])('%j %j gives %s', (request, over, expected) => {
  if (typeof expected === 'number') expect(one(request, over).time).toBe(expected);
  else expect(() => one(request, over)).toThrow(expect.objectContaining({ reason: expected }));
});

test('no request or response body is kept', () => {
  const events = (JSON.parse(readFileSync(new URL('./cases/entries.json', import.meta.url), 'utf8')) as unknown[]).flatMap((record) => all(record));
  expect(JSON.stringify(events)).not.toMatch(/hmac-sha256:[pqtuvwxz]/);
  expect(JSON.stringify(events)).not.toContain('hmac-sha256:' + 'c'.repeat(64));
});

test('survives any shape, throwing nothing but RejectedRecord', () => {
  const odd = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant('x'.repeat(100_000)), fc.constant(JSON.parse('{"__proto__":{"path":"x"}}')), fc.string({ unit: 'binary' }));
  const caller = fc.oneof(odd, fc.record({ accessor: odd, display_name: odd, entity_id: odd, metadata: odd, policy_results: fc.oneof(odd, fc.record({ allowed: odd, granting_policies: odd })), token_issue_time: odd }, { requiredKeys: [] }));
  const path = fc.oneof(odd, fc.constantFrom('auth/oidc/login', 'auth/token/create', 'sys/audit/file', 'database/creds/a', 'auth/approle/role/x/secret-id', 'constructor/__proto__', '////'));
  const record = fc.record({
    time: fc.oneof(odd, fc.constant('2026-11-22T10:00:00Z')), type: fc.oneof(odd, fc.constantFrom('request', 'response')), error: odd, auth: caller,
    request: fc.oneof(odd, fc.record({ id: fc.oneof(odd, fc.constant('i')), operation: fc.oneof(odd, fc.constantFrom('read', 'update', 'delete')), path, mount_point: odd, mount_type: fc.oneof(odd, fc.constantFrom('kv', 'database', 'constructor')), namespace: odd, remote_address: odd, headers: odd, data: odd, client_token_accessor: odd })),
    response: fc.oneof(odd, fc.record({ auth: caller, data: odd, secret: odd, wrap_info: odd })), message: odd,
  }, { requiredKeys: ['type'] });
  fc.assert(fc.property(fc.oneof(record, odd), (given) => {
    source.recognises(given);
    try {
      for (const event of all(given)) {
        expect(CATEGORIES).toContain(event.action.category);
        expect(JSON.stringify(event).length).toBeLessThan(24_000);
      }
    } catch (error) {
      if (!(error instanceof RejectedRecord)) throw error;
    }
  }), { numRuns: 300 });
});
