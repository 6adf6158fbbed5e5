import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { nhiEventSchema, type NhiEvent } from '@remit/contract';
import { describe, expect, test } from 'vitest';
import { source } from './source.ts';

const CASES = new URL('./cases/', import.meta.url);
const context = { feed: 'test', cluster: '', receivedAt: 1_700_000_000_000 };

type Fields = Record<string, unknown>;
const read = (name: string) => JSON.parse(readFileSync(new URL(name, CASES), 'utf8')) as Fields[];
const recordFiles = readdirSync(CASES).filter((name) => name.endsWith('.json') && !name.endsWith('.golden.json'));

function normalise(record: unknown): NhiEvent {
  const events = source.normalise(record, context);
  expect(events).toHaveLength(1);
  return nhiEventSchema.parse(events[0]);
}

const minimal = {
  eventVersion: '1.08', eventTime: '2026-11-22T08:00:00Z', eventSource: 's3.amazonaws.com', eventName: 'GetObject',
  eventID: '8e0c1e6c-0000-4000-8000-000000000001', awsRegion: 'eu-west-1', recipientAccountId: '111122223333',
  sourceIPAddress: '198.51.100.7',
};
const record = (over: Fields = {}): Fields => ({ ...minimal, ...over });
const role = (session: string | null, id = 'AROA1111111111111111', name = 'payments-export'): Fields => ({
  type: 'AssumedRole', principalId: session === null ? id : id + ':' + session, accountId: '111122223333', accessKeyId: 'ASIA1111111111111111',
  arn: 'arn:aws:sts::111122223333:assumed-role/' + name + '/' + (session ?? 'x'),
  sessionContext: {
    sessionIssuer: { type: 'Role', principalId: id, arn: 'arn:aws:iam::111122223333:role/team/' + name, accountId: '111122223333', userName: name },
    attributes: { creationDate: '2026-11-22T07:59:00Z', mfaAuthenticated: 'false' },
  },
});
const without = (identity: Fields, ...keys: string[]) => Object.fromEntries(Object.entries(identity).filter(([key]) => !keys.includes(key)));
describe('golden cases', () => {
  test.each(recordFiles)('%s', (name) => {
    const golden = new URL(name.replace('.json', '.golden.json'), CASES);
    const events = read(name).map((given) => {
      expect(source.recognises(given)).toBe(true);
      return normalise(given);
    });
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, JSON.stringify(events, null, 1) + '\n');
    expect(events).toEqual(JSON.parse(readFileSync(golden, 'utf8')));
    expect(JSON.stringify(events)).not.toContain('BLANKED-SESSION-TOKEN');
  });
});

describe('who', () => {
  test('sessions of one role (instance id, SDK-made name, no context, no principal id) are one principal; the same name with another id is another', () => {
    const sessions = [
      role('i-0123456789abcdef0'), role('aws-go-sdk-1688990966084647983'), without(role('x'), 'sessionContext'),
      without(role('x'), 'principalId'),
    ].map((userIdentity) => normalise(record({ userIdentity })));
    expect(new Set(sessions.map((e) => e.principal_key))).toEqual(new Set(['AROA1111111111111111']));
    expect(new Set(sessions.map((e) => e.actor.identity.urn))).toEqual(new Set(['urn:nhi:aws:111122223333:role/payments-export']));
    expect(sessions.map((e) => e.actor.identity.kind)).toEqual(['workload', 'service_account', 'service_account', 'service_account']);
    expect(sessions.map((e) => e.src_endpoint?.workload_uid)).toEqual(['i-0123456789abcdef0', undefined, undefined, undefined]);
    const recreated = normalise(record({ userIdentity: role('x', 'AROA2222222222222222') }));
    expect(recreated.principal_key).toBe('AROA2222222222222222');
    expect(recreated.actor.identity.urn).toBe('urn:nhi:aws:111122223333:role/payments-export');
  });

  const arn = 'arn:aws:iam::111122223333:';
  test.each<[string, Fields | undefined, { key: string; urn: string | null; kind: string; flags: string[] }]>([
    ['a role known only by its session ARN', { type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/etl/run-1' },
      { key: 'aws:111122223333:role/etl', urn: 'urn:nhi:aws:111122223333:role/etl', kind: 'service_account', flags: ['machine'] }],
    ['an SSO role by its path', { type: 'AssumedRole', sessionContext: { sessionIssuer: { type: 'Role', arn: arn + 'role/aws-reserved/sso.amazonaws.com/eu-west-1/Administrators', userName: 'Administrators', accountId: '111122223333' } }, arn: 'arn:aws:sts::111122223333:assumed-role/Administrators/jo' },
      { key: 'aws:111122223333:role/Administrators', urn: 'urn:nhi:aws:111122223333:role/Administrators', kind: 'human', flags: ['interactive'] }],
    ['a user in the console', { type: 'IAMUser', principalId: 'AIDA1111111111111111', arn: arn + 'user/jo', userName: 'jo', accountId: '111122223333', invokedBy: 'signin.amazonaws.com' },
      { key: 'AIDA1111111111111111', urn: 'urn:nhi:aws:111122223333:user/jo', kind: 'human', flags: ['interactive'] }],
    ['an SSO role', { type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/jo@example.com' },
      { key: 'aws:111122223333:role/AWSReservedSSO_Admin_0123456789abcdef', urn: 'urn:nhi:aws:111122223333:role/AWSReservedSSO_Admin_0123456789abcdef', kind: 'human', flags: ['interactive'] }],
    ['a role whose session is a mail address: nothing proved', role('jo@example.com'),
      { key: 'AROA1111111111111111', urn: 'urn:nhi:aws:111122223333:role/payments-export', kind: 'unknown', flags: [] }],
    ['a role named like a service-linked one, outside its path', role('x', 'AROA1111111111111111', 'AWSServiceRoleForFun'),
      { key: 'AROA1111111111111111', urn: 'urn:nhi:aws:111122223333:role/AWSServiceRoleForFun', kind: 'service_account', flags: ['machine'] }],
    ['a service-linked role by its session ARN', { type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForRDS/SLRManagement' },
      { key: 'aws:111122223333:role/AWSServiceRoleForRDS', urn: 'urn:nhi:aws:111122223333:role/AWSServiceRoleForRDS', kind: 'platform', flags: ['platform_owned'] }],
    ['GitHub Actions', {
      type: 'WebIdentityUser', identityProvider: arn + 'oidc-provider/token.actions.githubusercontent.com', userName: 'repo:acme/shop:ref:refs/heads/main',
      principalId: arn + 'oidc-provider/token.actions.githubusercontent.com:sts.amazonaws.com:repo:acme/shop:ref:refs/heads/main',
    }, { key: 'aws:111122223333:web_identity/token.actions.githubusercontent.com/repo:acme/shop', urn: 'urn:nhi:aws:111122223333:web_identity/token.actions.githubusercontent.com/repo:acme/shop', kind: 'cicd', flags: ['machine'] }],
    ['a Kubernetes service account', { type: 'WebIdentityUser', identityProvider: arn + 'oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB', userName: 'system:serviceaccount:billing:exporter' },
      { key: 'aws:111122223333:web_identity/oidc.eks.eu-west-1.amazonaws.com/id/AB/system:serviceaccount:billing:exporter', urn: 'urn:nhi:aws:111122223333:web_identity/oidc.eks.eu-west-1.amazonaws.com/id/AB/system:serviceaccount:billing:exporter', kind: 'workload', flags: ['machine'] }],
    ['an IAM user', { type: 'IAMUser', principalId: 'AIDA1111111111111111', arn: arn + 'user/ci/deployer', userName: 'deployer', accountId: '111122223333' },
      { key: 'AIDA1111111111111111', urn: 'urn:nhi:aws:111122223333:user/deployer', kind: 'unknown', flags: [] }],
    ['a federated user: whoever asked for the session', {
      type: 'FederatedUser', principalId: '111122223333:bob', arn: 'arn:aws:sts::111122223333:federated-user/bob', accountId: '111122223333',
      sessionContext: { sessionIssuer: { type: 'IAMUser', principalId: 'AIDA1111111111111111', arn: arn + 'user/portal', accountId: '111122223333', userName: 'portal' } },
    }, { key: 'AIDA1111111111111111', urn: 'urn:nhi:aws:111122223333:user/portal', kind: 'unknown', flags: [] }],
    ['the root user', { type: 'Root', principalId: '111122223333', arn: arn + 'root', accountId: '111122223333' },
      { key: 'aws:111122223333:root/root', urn: 'urn:nhi:aws:111122223333:root/root', kind: 'human', flags: ['interactive'] }],
    ['a SAML user', { type: 'SAMLUser', principalId: 'abc=:jo@example.com', userName: 'jo@example.com', identityProvider: 'abc=' },
      { key: 'aws:111122223333:saml_user/jo@example.com', urn: 'urn:nhi:aws:111122223333:saml_user/jo@example.com', kind: 'human', flags: ['interactive'] }],
    ['an Identity Center user', { type: 'IdentityCenterUser', accountId: '111122223333', onBehalfOf: { userId: '544894e8-80c1', identityStoreArn: 'arn:aws:identitystore::111122223333:identitystore/d-9067642ac7' }, credentialId: 'EXAMPLE' },
      { key: 'aws:111122223333:identity_center_user/544894e8-80c1', urn: 'urn:nhi:aws:111122223333:identity_center_user/544894e8-80c1', kind: 'human', flags: ['interactive'] }],
    ['a role of another account', { type: 'AWSAccount', principalId: 'AROA3333333333333333:run', accountId: '444455556666' },
      { key: 'AROA3333333333333333', urn: 'urn:nhi:aws:444455556666:role/AROA3333333333333333', kind: 'unknown', flags: [] }],
    ['another account', { type: 'AWSAccount', accountId: '444455556666' },
      { key: 'aws:444455556666:account/444455556666', urn: 'urn:nhi:aws:444455556666:account/444455556666', kind: 'unknown', flags: [] }],
    ['anonymous', { type: 'AWSAccount', principalId: '', accountId: 'anonymous' },
      { key: 'aws:111122223333:account/anonymous', urn: 'urn:nhi:aws:111122223333:account/anonymous', kind: 'unknown', flags: [] }],
    ['a service', { type: 'AWSService', invokedBy: 'rds.amazonaws.com' },
      { key: 'aws:111122223333:service/rds.amazonaws.com', urn: 'urn:nhi:aws:111122223333:service/rds.amazonaws.com', kind: 'platform', flags: ['platform_owned'] }],
    ['nobody', undefined, { key: '', urn: null, kind: 'unknown', flags: [] }],
  ])('%s', (_, userIdentity, expected) => {
    const event = normalise(record({ userIdentity }));
    expect({ key: event.principal_key, urn: event.actor.identity.urn, kind: event.actor.identity.kind, flags: event.flags }).toEqual(expected);
    const resolution = expected.urn === null ? 'none' : /^A(ROA|IDA)/.test(expected.key) ? 'immutable_id' : 'derived';
    expect(event.actor.identity.resolution).toBe(resolution);
  });

  test('a web-identity role keeps what its provider proves', () => {
    const userIdentity = { ...role('deploy'), sessionContext: { ...(role('deploy')['sessionContext'] as Fields), webIdFederationData: { federatedProvider: 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com' } } };
    expect(normalise(record({ userIdentity })).actor.identity.kind).toBe('cicd');
  });

  test.each([
    ['a sign-in that succeeds', { ConsoleLogin: 'Success' }, { status: 1, flags: ['interactive'] }],
    ['a sign-in that fails proves no person', { ConsoleLogin: 'Failure' }, { status: 2, flags: [] }],
  ])('%s', (_, responseElements, expected) => {
    const event = normalise(record({
      eventSource: 'signin.amazonaws.com', eventName: 'ConsoleLogin', responseElements, errorMessage: 'Failed authentication',
      userIdentity: { type: 'IAMUser', principalId: 'AIDA1111111111111111', userName: 'deployer', accountId: '111122223333' },
    }));
    expect({ status: event.status_id, flags: event.flags }).toEqual(expected);
    expect(event.class_uid).toBe(3002);
  });

  test('the chain behind a session', () => {
    const given = role('x');
    (given['sessionContext'] as Fields)['sourceIdentity'] = 'jo';
    given['onBehalfOf'] = { userId: '544894e8-80c1', identityStoreArn: 'arn:aws:identitystore::111122223333:identitystore/d-9067642ac7' };
    const event = normalise(record({ userIdentity: given }));
    expect(event.actor.delegation).toEqual(['aws:d-9067642ac7:identity_center_user/544894e8-80c1', 'aws:111122223333:source_identity/jo']);
    expect(event.actor.session).toEqual({ uid: 'x', issuer: 'arn:aws:iam::111122223333:role/team/payments-export', created_time: Date.parse('2026-11-22T07:59:00Z'), is_mfa: false });
    expect(event.sequence_key).toBe('ASIA1111111111111111');
    expect(event.credential).toEqual({ uid: 'ASIA1111111111111111', type: 'session_key', issued_time: Date.parse('2026-11-22T07:59:00Z') });
  });
});

describe('where from', () => {
  test.each([
    ['198.51.100.7', undefined, 'ip', '198.51.100.7'], ['2001:db8::1', undefined, 'ip', '2001:db8::1'],
    ['253.252.51.07', undefined, 'unknown', undefined], ['AWS Internal', undefined, 'internal', undefined],
    ['config.amazonaws.com', undefined, 'service', undefined], ['AWS Internal', 'AWS Internal', 'service', undefined],
    ['198.51.100.7', 'athena.amazonaws.com', 'service', '198.51.100.7'], ['HIDDEN_DUE_TO_SECURITY_REASONS', undefined, 'redacted', undefined],
    [42, undefined, 'unknown', undefined], ['198.51.100.7', 'signin.amazonaws.com', 'ip', '198.51.100.7'],
  ])('%s through %s is %s', (sourceIPAddress, invokedBy, kind, ip) => {
    const event = normalise(record({ sourceIPAddress, userIdentity: { ...role('x'), invokedBy } }));
    expect(event.src_kind).toBe(kind);
    expect(event.src_endpoint?.ip).toBe(ip);
    expect(event.flags.includes('via_service')).toBe(kind === 'service' && invokedBy !== undefined);
  });
});
