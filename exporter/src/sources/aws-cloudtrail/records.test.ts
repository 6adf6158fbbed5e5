import { nhiEventSchema, RejectedRecord, type NhiEvent } from '@remit/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { source } from './source.ts';

type Fields = Record<string, unknown>;
const context = { feed: 'test', cluster: '', receivedAt: 0 };
const base: Fields = {
  eventVersion: '1.08', eventTime: '2026-11-22T08:00:00Z', eventSource: 's3.amazonaws.com', eventName: 'GetObject', eventID: 'id-1',
  awsRegion: 'eu-west-1', recipientAccountId: '111122223333', sourceIPAddress: '198.51.100.7',
  userIdentity: { type: 'IAMUser', principalId: 'AIDA1111111111111111', userName: 'deployer', accountId: '111122223333', accessKeyId: 'AKIA1111111111111111' },
};
const record = (over: Fields = {}): Fields => ({ ...base, ...over });
const normalise = (given: unknown): NhiEvent => nhiEventSchema.parse(source.normalise(given, context)[0]);
const outcome = (given: unknown): string => {
  try {
    normalise(given);
    return 'accepted';
  } catch (error) {
    if (error instanceof RejectedRecord) return error.reason;
    throw error;
  }
};

describe('what was touched', () => {
  const arn = (rest: string) => 'arn:aws:' + rest;
  test.each<[string, string, Fields, string[]]>([
    ['s3', 'GetObject', { bucketName: 'b', key: 'a/b.csv' }, [arn('s3:::b/a/b.csv')]],
    ['s3', 'ListObjects', { bucketName: 'b' }, [arn('s3:::b')]],
    ['secretsmanager', 'GetSecretValue', { secretId: 'prod/db' }, [arn('secretsmanager:eu-west-1:111122223333:secret:prod/db')]],
    ['ssm', 'GetParameters', { names: ['/a', 'b'] }, [arn('ssm:eu-west-1:111122223333:parameter/a'), arn('ssm:eu-west-1:111122223333:parameter/b')]],
    ['iam', 'AttachRolePolicy', { roleName: 'r', policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }, [arn('iam::111122223333:role/r'), arn('iam::aws:policy/AdministratorAccess')]],
    ['kms', 'Encrypt', { keyId: 'alias/x' }, [arn('kms:eu-west-1:111122223333:alias/x')]],
    ['lambda', 'Invoke', { functionName: 'f' }, [arn('lambda:eu-west-1:111122223333:function:f')]],
    ['ec2', 'TerminateInstances', { instancesSet: { items: [{ instanceId: 'i-1' }, { instanceId: 'i-2' }] } }, [arn('ec2:eu-west-1:111122223333:instance/i-1'), arn('ec2:eu-west-1:111122223333:instance/i-2')]],
    ['sqs', 'SendMessage', { queueUrl: 'https://sqs.eu-west-1.amazonaws.com/444455556666/q' }, [arn('sqs:eu-west-1:444455556666:q')]],
    ['dynamodb', 'GetItem', { tableName: 't' }, [arn('dynamodb:eu-west-1:111122223333:table/t')]],
    ['logs', 'DeleteLogGroup', { logGroupName: '/aws/x' }, [arn('logs:eu-west-1:111122223333:log-group:/aws/x')]],
    ['s3', 'CopyObject', { bucketName: 'mine', key: 'a', 'x-amz-copy-source': '/foreign/a%20secret.csv?versionId=3' }, [arn('s3:::mine/a'), arn('s3:::foreign/a secret.csv')]],
    ['s3', 'UploadPartCopy', { bucketName: 'mine', key: 'a', 'x-amz-copy-source': ['foreign/%E0%A4%A'] }, [arn('s3:::mine/a'), arn('s3:::foreign/%E0%A4%A')]],
    ['s3', 'CopyObject', { bucketName: 'mine', key: 'a', 'x-amz-copy-source': 'arn:aws:s3:eu-west-1:444455556666:accesspoint/ap/object/k' }, [arn('s3:::mine/a'), arn('s3:eu-west-1:444455556666:accesspoint/ap/object/k')]],
    ['s3', 'HeadBucket', { bucketName: 'arn:aws:s3:eu-west-1:444455556666:accesspoint/ap' }, [arn('s3:eu-west-1:444455556666:accesspoint/ap')]],
    ['s3', 'PutBucketReplication', { bucketName: 'mine', ReplicationConfiguration: { Rule: [{ Destination: { Bucket: 'arn:aws:s3:::elsewhere' } }, 7] } }, [arn('s3:::mine'), arn('s3:::elsewhere')]],
    ['s3', 'PutBucketReplication', { bucketName: 'mine', ReplicationConfiguration: { Rule: { Destination: { Bucket: 'arn:aws:s3:::elsewhere' } } } }, [arn('s3:::mine'), arn('s3:::elsewhere')]],
    ['s3', 'PutBucketLogging', { bucketName: 'mine', BucketLoggingStatus: { LoggingEnabled: { TargetBucket: 'elsewhere' } } }, [arn('s3:::mine'), arn('s3:::elsewhere')]],
    ['ec2', 'CopySnapshot', { sourceSnapshotId: 'snap-1', sourceRegion: 'eu-west-1' }, [arn('ec2:eu-west-1:111122223333:snapshot/snap-1')]],
    ['ec2', 'CreateStoreImageTask', { imageId: 'ami-1', bucket: 'elsewhere' }, [arn('ec2:eu-west-1:111122223333:image/ami-1'), arn('s3:::elsewhere')]],
    ['rds', 'CopyDBSnapshot', { sourceDBSnapshotIdentifier: 'arn:aws:rds:eu-west-1:444455556666:snapshot:theirs', targetDBSnapshotIdentifier: 'mine' }, [arn('rds:eu-west-1:111122223333:snapshot:mine'), arn('rds:eu-west-1:444455556666:snapshot:theirs')]],
    ['rds', 'RestoreDBInstanceFromDBSnapshot', { dBInstanceIdentifier: 'new', dBSnapshotIdentifier: 'old' }, [arn('rds:eu-west-1:111122223333:snapshot:old'), arn('rds:eu-west-1:111122223333:db:new')]],
    ['rds', 'StartExportTask', { sourceArn: 'arn:aws:rds:eu-west-1:111122223333:snapshot:s', s3BucketName: 'elsewhere' }, [arn('rds:eu-west-1:111122223333:snapshot:s'), arn('s3:::elsewhere')]],
    ['dynamodb', 'ExportTableToPointInTime', { tableArn: 'arn:aws:dynamodb:eu-west-1:111122223333:table/t', s3Bucket: 'elsewhere' }, [arn('dynamodb:eu-west-1:111122223333:table/t'), arn('s3:::elsewhere')]],
    ['logs', 'CreateExportTask', { logGroupName: 'g', destination: 'elsewhere' }, [arn('logs:eu-west-1:111122223333:log-group:g'), arn('s3:::elsewhere')]],
    ['ec2', 'ReplaceIamInstanceProfileAssociation', { ReplaceIamInstanceProfileAssociationRequest: { AssociationId: 'iip-assoc-1', IamInstanceProfile: { Name: 'admin' } } }, ['iip-assoc-1', arn('iam::111122223333:instance-profile/admin')]],
    ['ec2', 'AssociateIamInstanceProfile', { AssociateIamInstanceProfileRequest: { IamInstanceProfile: { Arn: 'arn:aws:iam::111122223333:instance-profile/admin' }, InstanceId: 'i-1' } }, [arn('ec2:eu-west-1:111122223333:instance/i-1'), arn('iam::111122223333:instance-profile/admin')]],
    ['ec2', 'CreateTrafficMirrorSession', { CreateTrafficMirrorSessionRequest: { NetworkInterfaceId: 'eni-1', TrafficMirrorTargetId: 'tmt-1' } }, [arn('ec2:eu-west-1:111122223333:network-interface/eni-1'), arn('ec2:eu-west-1:111122223333:traffic-mirror-target/tmt-1')]],
    ['ec2', 'DeleteFlowLogs', { DeleteFlowLogsRequest: { FlowLogId: { content: 'fl-1', tag: 1 } } }, [arn('ec2:eu-west-1:111122223333:vpc-flow-log/fl-1')]],
    ['sso', 'CreateAccountAssignment', { instanceArn: 'arn:aws:sso:::instance/ssoins-1', targetId: '444455556666', permissionSetArn: 'arn:aws:sso:::permissionSet/ssoins-1/ps-1' }, ['444455556666', arn('sso:::permissionSet/ssoins-1/ps-1'), arn('sso:::instance/ssoins-1')]],
    ['sso-directory', 'AddMemberToGroup', { identityStoreId: 'd-1', groupId: 'g-1', member: { memberId: 'u-1' } }, ['g-1', 'u-1']],
    ['identitystore', 'CreateGroupMembership', { groupId: 'g-1', memberId: { userId: 'u-1' } }, ['g-1', 'u-1']],
    ['rds', 'AuthorizeDBSecurityGroupIngress', { dBSecurityGroupName: 'g', cIDRIP: '0.0.0.0/0' }, [arn('rds:eu-west-1:111122223333:secgrp:g')]],
    ['codebuild', 'UpdateProjectVisibility', { projectArn: 'arn:aws:codebuild:eu-west-1:111122223333:project/p' }, [arn('codebuild:eu-west-1:111122223333:project/p')]],
    ['bedrock', 'DeleteGuardrail', { guardrailIdentifier: 'g-1' }, [arn('bedrock:eu-west-1:111122223333:guardrail/g-1')]],
    ['newservice', 'GetThing', { resourceArn: 'arn:aws:newservice:eu-west-1:111122223333:thing/1' }, [arn('newservice:eu-west-1:111122223333:thing/1')]],
  ])('%s %s %j', (service, eventName, requestParameters, uids) => {
    const event = normalise(record({ eventSource: service + '.amazonaws.com', eventName, requestParameters }));
    expect(event.resources?.map((r) => r.uid)).toEqual(uids);
  });

  test('the record\'s own list wins, and names a foreign owner', () => {
    const event = normalise(record({
      requestParameters: { bucketName: 'other' },
      resources: [{ type: 'AWS::S3::Object', ARN: 'arn:aws:s3:::b/k' }, { accountId: '444455556666', type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::b' }],
    }));
    expect(event.resources).toEqual([
      { uid: 'arn:aws:s3:::b/k', name: 'b/k', type: 'AWS::S3::Object' },
      { uid: 'arn:aws:s3:::b', name: 'b', type: 'AWS::S3::Bucket', owner_account: '444455556666' },
    ]);
  });

  test('what is copied from is told beside the record\'s own list, once', () => {
    const event = normalise(record({
      eventSource: 's3.amazonaws.com', eventName: 'CopyObject', requestParameters: { bucketName: 'b', key: 'k', 'x-amz-copy-source': 'foreign/k' },
      resources: [{ type: 'AWS::S3::Object', ARN: 'arn:aws:s3:::b/k' }],
    }));
    expect(event.resources?.map(({ uid }) => uid)).toEqual(['arn:aws:s3:::b/k', 'arn:aws:s3:::foreign/k']);
  });

  const trust = (principal: unknown) => JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }, { Effect: 'Deny', Principal: { AWS: '777788889999' } }] });
  test.each<[string, string, Fields, string[]]>([
    ['ec2', 'ModifySnapshotAttribute', { snapshotId: 'snap-1', createVolumePermission: { add: { items: [{ userId: '444455556666' }, { group: 'all' }] } } }, ['444455556666', '*']],
    ['ec2', 'ModifyImageAttribute', { imageId: 'ami-1', launchPermission: { add: { items: [{ userId: '111122223333' }] } } }, []],
    ['rds', 'ModifyDBSnapshotAttribute', { dBSnapshotIdentifier: 's', valuesToAdd: ['444455556666'] }, ['444455556666']],
    ['iam', 'UpdateAssumeRolePolicy', { roleName: 'r', policyDocument: trust({ AWS: ['arn:aws:iam::444455556666:root', '111122223333'] }) }, ['444455556666']],
    ['iam', 'UpdateAssumeRolePolicy', { roleName: 'r', policyDocument: trust({ Service: 'ec2.amazonaws.com' }) }, []],
    ['s3', 'PutBucketPolicy', { bucketName: 'b', bucketPolicy: { Statement: { Effect: 'Allow', Principal: '*' } } }, ['*']],
    ['s3', 'PutBucketAcl', { bucketName: 'b', 'x-amz-acl': ['public-read'] }, ['*']],
    ['lambda', 'AddPermission20150331v2', { functionName: 'f', principal: '444455556666' }, ['444455556666']],
    ['lambda', 'AddPermission20150331v2', { functionName: 'f', principal: 's3.amazonaws.com' }, []],
    ['iam', 'UpdateAssumeRolePolicy', { roleName: 'r', policyDocument: '{"Statement":[{' }, []],
  ])('%s %s %j lets in %j', (service, eventName, requestParameters, accounts) => {
    const event = normalise(record({ eventSource: service + '.amazonaws.com', eventName, requestParameters }));
    expect(event.resources?.filter((r) => r.type === 'grantee').map((r) => r.owner_account)).toEqual(accounts);
    expect(event.resources?.[0]?.type).not.toBe('grantee');
  });
});

describe('keys handed out', () => {
  const caller = { principal_key: 'AIDA1111111111111111', name_key: 'urn:nhi:aws:111122223333:user/deployer' };
  const credentials = { accessKeyId: 'ASIA2222222222222222', secretAccessKey: 'TOPSECRET', sessionToken: 'TOPSECRET' };
  test.each<[string, Fields, Fields, unknown]>([
    ['AssumeRole', { roleArn: 'arn:aws:iam::444455556666:role/x/etl' },
      { credentials, assumedRoleUser: { assumedRoleId: 'AROA4444444444444444:run', arn: 'arn:aws:sts::444455556666:assumed-role/etl/run' } },
      { uid: 'ASIA2222222222222222', type: 'session_key', principal_key: 'AROA4444444444444444', name_key: 'urn:nhi:aws:444455556666:role/etl' }],
    ['AssumeRole', { roleArn: 'arn:aws:iam::444455556666:role/x/etl' }, { credentials },
      { uid: 'ASIA2222222222222222', type: 'session_key', name_key: 'urn:nhi:aws:444455556666:role/etl' }],
    ['GetSessionToken', {}, { credentials }, { uid: 'ASIA2222222222222222', type: 'session_key', ...caller }],
    ['GetFederationToken', { name: 'x' }, { credentials, federatedUser: {} }, { uid: 'ASIA2222222222222222', type: 'session_key', ...caller }],
    ['CreateAccessKey', {}, { accessKey: { accessKeyId: 'AKIA3333333333333333', userName: 'bot' } },
      { uid: 'AKIA3333333333333333', type: 'access_key', name_key: 'urn:nhi:aws:111122223333:user/bot' }],
    ['CreateAccessKey', {}, { accessKey: { accessKeyId: 'AKIA3333333333333333', userName: 'deployer' } }, { uid: 'AKIA3333333333333333', type: 'access_key', ...caller }],
  ])('%s %j', (eventName, requestParameters, responseElements, issued) => {
    const event = normalise(record({ eventName, requestParameters, responseElements }));
    expect(event.issued).toEqual(issued);
    expect(JSON.stringify(event)).not.toContain('TOPSECRET');
  });
});

describe('credentials of users, renewed', () => {
  const bot = { name_key: 'urn:nhi:aws:111122223333:user/bot' };
  const own = { principal_key: 'AIDA1111111111111111', name_key: 'urn:nhi:aws:111122223333:user/deployer' };
  test.each<[string, Fields | null, Fields | undefined]>([
    ['UpdateLoginProfile', { userName: 'bot' }, { uid: 'login-profile/bot', type: 'password', ...bot }],
    ['ChangePassword', null, { uid: 'login-profile/deployer', type: 'password', ...own }],
    ['UpdateAccessKey', { userName: 'bot', accessKeyId: 'AKIA3333333333333333', status: 'Active' }, { uid: 'AKIA3333333333333333', type: 'access_key', ...bot }],
    ['UpdateAccessKey', { userName: 'bot', accessKeyId: 'AKIA3333333333333333', status: 'Inactive' }, undefined],
    ['UpdateSSHPublicKey', { userName: 'bot', sSHPublicKeyId: 'APKA1', status: 'Active' }, { uid: 'APKA1', type: 'ssh_key', ...bot }],
    ['UpdateAccessKey', { status: 'Active', accessKeyId: 7 }, undefined],
  ])('%s %j', (eventName, requestParameters, issued) => {
    const event = normalise(record({ eventSource: 'iam.amazonaws.com', eventName, requestParameters, responseElements: null }));
    expect(event.issued).toEqual(issued);
    if (issued) expect(event.action.category).toBe('credential_create');
  });
});

describe('credentials of users, made and ended', () => {
  const bot = { name_key: 'urn:nhi:aws:111122223333:user/bot' };
  const own = { principal_key: 'AIDA1111111111111111', name_key: 'urn:nhi:aws:111122223333:user/deployer' };
  test.each<[string, Fields, Fields]>([
    ['CreateServiceSpecificCredential', { serviceSpecificCredential: { serviceSpecificCredentialId: 'ACCA1', userName: 'bot', servicePassword: 'TOPSECRET' } }, { uid: 'ACCA1', type: 'service_password', ...bot }],
    ['UploadSSHPublicKey', { sSHPublicKey: { sSHPublicKeyId: 'APKA1', userName: 'deployer' } }, { uid: 'APKA1', type: 'ssh_key', ...own }],
    ['CreateLoginProfile', { loginProfile: { userName: 'bot' } }, { uid: 'login-profile/bot', type: 'password', ...bot }],
    ['ResetServiceSpecificCredential', { serviceSpecificCredential: { serviceSpecificCredentialId: 'ACCA1', userName: 'bot', servicePassword: 'TOPSECRET' } }, { uid: 'ACCA1', type: 'service_password', ...bot }],
    ['UploadSigningCertificate', { certificate: { certificateId: 'C1', userName: 'bot' } }, { uid: 'C1', type: 'signing_certificate', ...bot }],
  ])('%s', (eventName, responseElements, issued) => {
    const event = normalise(record({ eventSource: 'iam.amazonaws.com', eventName, responseElements }));
    expect(event.issued).toEqual(issued);
    expect(JSON.stringify(event)).not.toContain('TOPSECRET');
  });

  test.each<[string, Fields, Fields | undefined]>([
    ['DeleteAccessKey', { accessKeyId: 'AKIA3333333333333333', userName: 'bot' }, { uid: 'AKIA3333333333333333', ...bot }],
    ['DeleteAccessKey', { accessKeyId: 'AKIA3333333333333333' }, { uid: 'AKIA3333333333333333', ...own }],
    ['UpdateAccessKey', { accessKeyId: 'AKIA3333333333333333', status: 'Inactive', userName: 'bot' }, { uid: 'AKIA3333333333333333', ...bot }],
    ['UpdateAccessKey', { accessKeyId: 'AKIA3333333333333333', status: 'Active', userName: 'bot' }, undefined],
    ['DeleteServiceSpecificCredential', { serviceSpecificCredentialId: 'ACCA1', userName: 'bot' }, { uid: 'ACCA1', ...bot }],
    ['DeleteSSHPublicKey', { sSHPublicKeyId: 'APKA1', userName: 'bot' }, { uid: 'APKA1', ...bot }],
    ['DeleteLoginProfile', { userName: 'bot' }, { uid: 'login-profile/bot', ...bot }], ['DeleteLoginProfile', {}, undefined],
    ['DeleteUser', { userName: 'bot' }, undefined],
  ])('%s %j', (eventName, requestParameters, retired) => {
    expect(normalise(record({ eventSource: 'iam.amazonaws.com', eventName, requestParameters })).retired).toEqual(retired);
    expect(normalise(record({ eventSource: 'iam.amazonaws.com', eventName, requestParameters, errorCode: 'AccessDenied' })).retired).toBeUndefined();
  });

  test('a stored secret is known by its resource, from its making to its end', () => {
    const secret = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db';
    const of = (eventName: string, requestParameters: Fields) => normalise(record({ eventSource: 'secretsmanager.amazonaws.com', eventName, requestParameters }));
    const made = [of('CreateSecret', { name: 'db' }), of('PutSecretValue', { secretId: 'db' }), of('UpdateSecret', { secretId: 'db' }), of('RotateSecret', { secretId: secret })];
    expect(made.map((event) => [event.action.category, event.resources?.[0]?.uid, event.resources?.[0]?.name])).toEqual(made.map(() => ['credential_create', secret, 'db']));
    expect(of('DeleteSecret', { secretId: 'db', forceDeleteWithoutRecovery: true }).retired).toEqual({ uid: secret });
  });
});

test.each([
  [undefined, 1, false], ['', 1, false], ['AccessDenied', 2, true], ['AccessDeniedException', 2, true], ['Client.UnauthorizedOperation', 2, true],
  ['NoSuchBucket', 2, false], ['ThrottlingException', 2, false], ['VpceAccessDenied', 2, true],
])('error code %s: status %i, denied %s', (errorCode, status, denied) => {
  const event = normalise(record({ errorCode, errorMessage: 'Value hunter2 at password is too short' }));
  expect([event.status_id, event.outcome.denied, event.status_code]).toEqual([status, denied, errorCode || undefined]);
  expect(JSON.stringify(event)).not.toContain('hunter2');
});

test('bytes, endpoint and agent', () => {
  const event = normalise(record({
    additionalEventData: { bytesTransferredOut: 2048.0, bytesTransferredIn: 0 }, vpcEndpointId: 'vpce-1', userAgent: 'x'.repeat(5000), readOnly: 'true',
  }));
  expect(event.volume).toEqual({ bytes_out: 2048, bytes_in: 0 });
  expect(event.src_endpoint).toEqual({ ip: '198.51.100.7', vpc_endpoint: 'vpce-1' });
  expect(event.http_request?.user_agent).toHaveLength(256);
  expect(event.flags).toContain('read_only');
  expect(normalise(record({ additionalEventData: { bytesTransferredOut: -1, bytesTransferredIn: '5' } })).volume).toBeUndefined();
});

test.each([
  ['2026-11-22T08:00:00Z', Date.UTC(2026, 10, 22, 8)], ['2026-11-22 08:00:00.1239', Date.UTC(2026, 10, 22, 8, 0, 0, 123)],
  ['2024-02-29T23:59:59Z', Date.UTC(2024, 1, 29, 23, 59, 59)], ['1970-01-01T00:00:00Z', 0], ['2000-03-01T00:00:00Z', Date.UTC(2000, 2, 1)],
])('time %s', (eventTime, expected) => {
  expect(normalise(record({ eventTime })).time).toBe(expected);
});

test('times agree with the calendar of the language', () => {
  fc.assert(fc.property(fc.date({ min: new Date('1970-01-01'), max: new Date('2199-12-31'), noInvalidDate: true }), (date) => {
    expect(normalise(record({ eventTime: date.toISOString() })).time).toBe(date.getTime());
  }), { numRuns: 200 });
});

test.each<[string, Fields, string]>([
  ['no event name', { eventName: undefined }, 'missing_field'], ['a number for a source', { eventSource: 7 }, 'missing_field'],
  ['no time', { eventTime: null }, 'missing_field'], ['a number for a time', { eventTime: 1_700_000_000 }, 'bad_time'],
  ['another zone', { eventTime: '2026-11-22T08:00:00+01:00' }, 'bad_time'], ['the 30th of February', { eventTime: '2026-02-30T08:00:00Z' }, 'bad_time'],
  ['an Insight', { eventCategory: 'Insight', eventName: undefined }, 'unknown_shape'],
])('%s is refused', (_, over, reason) => {
  expect(outcome(record(over))).toBe(reason);
});

describe('identity of a record', () => {
  test('without an id, the same record in any key order has the same one', () => {
    const given = record({ eventID: undefined });
    const turned = Object.fromEntries(Object.entries(given).reverse());
    const id = normalise(given).metadata.original_event_uid;
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(normalise(turned).metadata.original_event_uid).toBe(id);
    expect(normalise({ ...given, awsRegion: 'us-east-1' }).metadata.original_event_uid).not.toBe(id);
  });

  test('a late correction counts as the event it corrects', () => {
    expect(normalise(record({ eventID: 'id-2', addendum: { reason: 'UPDATED_DATA', originalEventID: 'id-1' } })).metadata.original_event_uid).toBe('id-1');
  });
});

test.each<[string, unknown, boolean]>([
  ['a record', base, true], ['a record without version', record({ eventVersion: undefined }), true],
  ['an S3 notification', { eventVersion: '2.1', eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', userIdentity: {}, s3: {} }, false],
  ['a digest file', { awsAccountId: '1', digestStartTime: '2026-11-22T08:00:00Z', logFiles: [] }, false],
  ['a Kubernetes event', { kind: 'Event', apiVersion: 'audit.k8s.io/v1' }, false],
  ['null', null, false], ['a list', [base], false], ['text', 'eventVersion', false], ['a number', 7, false],
])('recognises %s: %s', (_, given, expected) => {
  expect(source.recognises(given)).toBe(expected);
});

describe('the Collector\'s spelling', () => {
  const common = {
    'aws.cloudtrail.event_version': '1.08', 'aws.cloudtrail.event_id': 'id-1', 'rpc.service': 's3.amazonaws.com', 'rpc.method': 'GetObject', 'rpc.system': 'AwsApiCall',
    'cloud.region': 'eu-west-1', 'cloud.account.id': '111122223333', 'source.address': '198.51.100.7', 'aws.event.read_only': true,
    'aws.request.parameters': { bucketName: 'b', key: 'k' }, 'aws.resources': [{ arn: 'arn:aws:s3:::b', type: 'AWS::S3::Bucket', 'account.id': '111122223333' }],
    'aws.cloudtrail.additional_event_data': { bytesTransferredOut: 5 }, 'aws.user_identity.account_id': '111122223333',
    'aws.user_identity.session_context.issuer.arn': 'arn:aws:iam::111122223333:role/etl', 'aws.user_identity.session_context.issuer.principal_id': 'AROA1111111111111111',
    'aws.user_identity.session_context.attributes.mfa_authenticated': false, 'aws.user_identity.session_context.attributes.creation_date': '2026-11-22T07:00:00Z',
  };
  const native = record({
    readOnly: true, requestParameters: { bucketName: 'b', key: 'k' }, resources: [{ ARN: 'arn:aws:s3:::b', type: 'AWS::S3::Bucket', accountId: '111122223333' }],
    additionalEventData: { bytesTransferredOut: 5 },
    userIdentity: {
      type: 'AssumedRole', principalId: 'AROA1111111111111111:run', arn: 'arn:aws:sts::111122223333:assumed-role/etl/run', accountId: '111122223333', accessKeyId: 'ASIA1111111111111111',
      sessionContext: { sessionIssuer: { arn: 'arn:aws:iam::111122223333:role/etl', principalId: 'AROA1111111111111111' }, attributes: { mfaAuthenticated: 'false', creationDate: '2026-11-22T07:00:00Z' } },
    },
  });
  const legacy = { 'aws.principal.type': 'AssumedRole', 'aws.principal.id': 'AROA1111111111111111:run', 'aws.principal.arn': 'arn:aws:sts::111122223333:assumed-role/etl/run', 'aws.access_key.id': 'ASIA1111111111111111' };
  const prefixed = { 'aws.user_identity.type': 'AssumedRole', 'aws.user_identity.principal_id': 'AROA1111111111111111:run', 'aws.user_identity.arn': 'arn:aws:sts::111122223333:assumed-role/etl/run', 'aws.user_identity.access_key_id': 'ASIA1111111111111111' };
  test.each<[string, Fields]>([
    ['user fields as of old', { ...common, ...legacy, timeUnixNano: '1795334400000000000' }],
    ['user fields prefixed', { ...common, ...prefixed, timeUnixNano: '1795334400000000000' }],
    ['attributes in their own object', { attributes: { ...common, ...legacy }, timeUnixNano: '1795334400000000000' }],
    ['time as text', { ...common, ...legacy, timestamp: '2026-11-22T08:00:00Z' }],
  ])('%s: the same event', (_, flattened) => {
    expect(source.recognises(flattened)).toBe(true);
    expect(normalise(flattened)).toEqual(normalise(native));
  });
});

describe('hostile records', () => {
  const fields = source.paths.map((path) => path.replace('[]', '').replace('.*', '').split('.'));
  const poison = fc.oneof(
    fc.constantFrom<unknown>(null, [], {}, 7, -0.5, true, '', '__proto__', 'arn:', 'arn:aws:sts::1:assumed-role/', ':', 'AROA', 'a'.repeat(70_000), '\ud800', ['arn:'], { items: [null, 7, { userId: 7 }] }),
    fc.jsonValue({ maxDepth: 3 }), fc.string({ unit: 'binary' }),
  );
  test('any value in any field: an event of the schema, or a counted reason', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom(...fields), poison), { minLength: 1, maxLength: 6 }), fc.constantFrom('GetObject', 'AssumeRole', 'PutBucketPolicy', 'ModifySnapshotAttribute', 'ConsoleLogin', 'CreateAccessKey'), (changes, eventName) => {
      const given = structuredClone(record({ eventName, requestParameters: { bucketName: 'b' } }));
      for (const [path, value] of changes) put(given, path, value);
      source.recognises(given);
      outcome(given);
    }), { numRuns: 1500 });
  });

  test('keys that reach for the prototype stay data', () => {
    const given: unknown = JSON.parse(JSON.stringify(base).replace('{', '{"__proto__":{"eventName":"DeleteTrail"},"constructor":7,'));
    expect(normalise(given).api.operation).toBe('GetObject');
    expect(({} as Fields)['eventName']).toBeUndefined();
    expect(outcome(JSON.parse('{"eventVersion":"1","eventSource":"s3.amazonaws.com","__proto__":{"eventName":"x"}}'))).toBe('missing_field');
  });

  test('a deep record without an id is refused, not a stack overflow', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 20_000; i++) deep = { deep };
    expect(outcome(record({ eventID: undefined, requestParameters: deep }))).toBe('too_deep');
    expect(outcome(record({ requestParameters: deep }))).toBe('accepted');
  });

  test('no text of an event is long', () => {
    const long = 'x'.repeat(1_000_000);
    const event = normalise(record({ eventID: long, requestID: long, errorCode: long, awsRegion: long, requestParameters: { bucketName: 'b', key: long }, userIdentity: { type: 'IAMUser', userName: long, accountId: long, accessKeyId: long, principalId: long } }));
    expect(JSON.stringify(event).length).toBeLessThan(12_000);
    expect(event.actor.identity.urn?.length).toBeLessThanOrEqual(512);
  });
});

function put(target: Fields, path: string[], value: unknown): void {
  const [head = '', ...rest] = path;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = target[head];
  const holder: Fields = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner as Fields : {};
  target[head] = holder;
  put(holder, rest, value);
}
