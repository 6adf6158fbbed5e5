import { readFileSync } from 'node:fs';
import { CATEGORIES } from '@remit/contract';
import { describe, expect, test } from 'vitest';
import { source } from './source.ts';

const eventOf = (eventSource: string, eventName: string, requestParameters: unknown = null) => {
  const [event] = source.normalise({
    eventVersion: '1.08', eventTime: '2026-11-22T08:00:00Z', eventID: 'e', recipientAccountId: '111122223333', eventSource, eventName, requestParameters,
  }, { feed: 'test', cluster: '', receivedAt: 0 });
  if (!event) throw new Error('no event');
  return event;
};
const listed = readFileSync(new URL('./cases/actions.tsv', import.meta.url), 'utf8').trim().split('\n').slice(1)
  .map((line) => line.split('\t') as [string, string, string, string]);

test('every listed action has the category and flags that were reviewed', () => {
  expect(listed.length).toBeGreaterThan(340);
  for (const [service, name, category, flags] of listed) {
    expect(CATEGORIES).toContain(category);
    const event = eventOf(service.includes('.') ? service : service + '.amazonaws.com', name);
    const seen = event.flags.filter((flag) => flag === 'monitoring' || flag === 'exec').join(',') || '-';
    expect([service, name, event.action.category, seen]).toEqual([service, name, category, flags]);
  }
});

test('letter case and API dates change neither category, flags nor permission', () => {
  for (const [service, name] of listed) {
    const plain = eventOf(service + '.amazonaws.com', name.replace(/20\d{6}(v\d)?$/, ''));
    for (const spelled of [name.toUpperCase(), name.toLowerCase(), plain.api.operation + '20150331', plain.api.operation + '2020_05_31']) {
      const event = eventOf(service.toUpperCase() + '.amazonaws.com', spelled);
      expect([spelled, event.action.category, event.flags]).toEqual([spelled, plain.action.category, plain.flags]);
      expect(event.privilege?.used?.[0]?.toLowerCase()).toBe(plain.privilege?.used?.[0]?.toLowerCase());
    }
  }
});

describe('what the request decides', () => {
  test.each([
    ['ssm', 'GetParameter', { name: 'a', withDecryption: true }, 'credential_use'],
    ['ssm', 'GetParameter', { name: 'a', withDecryption: false }, 'read'],
    ['ssm', 'GetParametersByPath', { path: '/a', withDecryption: 'true' }, 'credential_use'],
    ['ssm', 'PutParameter', { name: 'a', type: 'SecureString' }, 'credential_create'],
    ['ssm', 'PutParameter', { name: 'a', overwrite: true }, 'credential_create'],
    ['ssm', 'PutParameter', { name: 'a', type: 'String' }, 'write'],
    ['iam', 'UpdateAccessKey', { accessKeyId: 'AKIA', status: 'Active' }, 'credential_create'],
    ['iam', 'UpdateAccessKey', { accessKeyId: 'AKIA', status: 'Inactive' }, 'admin'],
    ['ec2', 'ModifySnapshotAttribute', { createVolumePermission: { add: { items: [{ group: 'all' }] } } }, 'share'],
    ['ec2', 'ModifySnapshotAttribute', { createVolumePermission: { remove: { items: [{ group: 'all' }] } } }, 'write'],
    ['ec2', 'ModifyImageAttribute', { description: { value: 'x' } }, 'share'],
    ['rds', 'ModifyDBClusterSnapshotAttribute', { valuesToRemove: ['all'] }, 'write'],
    ['rds', 'ModifyDBSnapshotAttribute', { valuesToAdd: ['444455556666'] }, 'share'],
    ['sqs', 'SetQueueAttributes', { attributes: { Policy: '{}' } }, 'share'],
    ['sqs', 'SetQueueAttributes', { attributes: { DelaySeconds: '1' } }, 'write'],
    ['sns', 'SetTopicAttributes', { attributeName: 'Policy', attributeValue: '{}' }, 'share'],
    ['iam', 'AttachSomeFuturePolicy', {}, 'authz_grant'],
    ['kms', 'Decrypt', {}, 'read'],
    ['ec2', 'DescribeInstanceAttribute', { attribute: 'userData' }, 'credential_use'],
    ['ec2', 'DescribeInstanceAttribute', { attribute: 'kernel' }, 'read'],
    ['newservice', 'FrobnicateThing', {}, 'write'],
    ['newservice', 'IssueThing', {}, 'write'], ['newservice', 'IsThingReady', {}, 'read'], ['ses', 'VerifyEmailIdentity', {}, 'write'], ['kms', 'VerifyMac', {}, 'read'],
    ['rds', 'ModifyDBInstance', { dBInstanceIdentifier: 'd', masterUserPassword: '****' }, 'credential_create'], ['rds', 'ModifyDBCluster', { rotateMasterUserPassword: true }, 'credential_create'],
    ['rds', 'ModifyDBInstance', { publiclyAccessible: true }, 'share'], ['rds', 'ModifyDBInstance', { publiclyAccessible: false }, 'write'], ['redshift', 'ModifyCluster', { masterUserPassword: '****' }, 'credential_create'],
    ['codebuild', 'UpdateProjectVisibility', { projectVisibility: 'PRIVATE' }, 'write'], ['codebuild', 'UpdateProjectVisibility', { projectVisibility: 'PUBLIC_READ' }, 'share'],
  ])('%s %s %j is %s', (service, name, request, category) => {
    expect(eventOf(service + '.amazonaws.com', name, request).action.category).toBe(category);
  });

  test.each([
    ['events', 'PutRule', { name: 'r', state: 'DISABLED' }, true], ['events', 'PutRule', { name: 'r', state: 'ENABLED' }, false],
    ['eks', 'UpdateClusterConfig', { name: 'c', logging: { clusterLogging: [] } }, true], ['eks', 'UpdateClusterConfig', { name: 'c' }, false],
    ['cloudtrail', 'StopLogging', {}, true], ['xray', 'UpdateSamplingRule', {}, true], ['firehose', 'DeleteDeliveryStream', {}, true], ['cloudtrail', 'StartLogging', {}, false], ['aps', 'DeleteRuleGroupsNamespace', {}, true],
    ['s3', 'DeleteBucket', { bucketName: 'example-cloudtrail-eu-west-1' }, true], ['s3', 'DeleteBucket', { bucketName: 'example-logs' }, true],
    ['s3', 'DeleteBucket', { bucketName: 'example-catalogs' }, false], ['s3', 'DeleteBucketPolicy', { bucketName: 'aws-config-example' }, true], ['s3', 'DeleteBucket', { bucketName: 7 }, false],
    ['s3', 'DeleteObject', { bucketName: 'example', key: 'org/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/22/x.json.gz' }, true],
    ['s3', 'DeleteObject', { bucketName: 'example', key: 'AWSLogs/o-a1b2c3d4e5/111122223333/Config/x' }, true], ['s3', 'DeleteObject', { bucketName: 'app-logs', key: 'a.log' }, false],
    ['s3', 'DeleteObjects', { bucketName: 'audit.example' }, true], ['s3', 'PutBucketVersioning', { bucketName: 'audit-logs', VersioningConfiguration: { Status: 'Suspended' } }, true],
    ['s3', 'PutBucketVersioning', { bucketName: 'audit-logs', VersioningConfiguration: { Status: 'Enabled' } }, false], ['s3', 'PutBucketVersioning', { bucketName: 'shop', VersioningConfiguration: { Status: 'Suspended' } }, false],
    ['rds', 'ModifyDBInstance', { cloudwatchLogsExportConfiguration: { disableLogTypes: ['audit'] } }, true], ['rds', 'ModifyDBInstance', { cloudwatchLogsExportConfiguration: { enableLogTypes: ['audit'] } }, false],
    ['elasticloadbalancing', 'ModifyLoadBalancerAttributes', { attributes: [{ key: 'access_logs.s3.enabled', value: 'false' }] }, true],
    ['elasticloadbalancing', 'ModifyLoadBalancerAttributes', { attributes: [{ key: 'access_logs.s3.enabled', value: 'true' }, null, 7] }, false],
    ['monitoring', 'PutMetricAlarm', { actionsEnabled: false }, true], ['monitoring', 'PutMetricAlarm', { actionsEnabled: true }, false],
    ['monitoring', 'PutMetricAlarm', { alarmName: 'a', alarmActions: [] }, true], ['monitoring', 'PutMetricAlarm', { alarmName: 'a', alarmActions: ['arn:aws:sns:eu-west-1:111122223333:ops'] }, false],
    ['monitoring', 'DisableAlarmActions', {}, true], ['access-analyzer', 'DeleteAnalyzer', {}, true], ['accessanalyzer', 'DeleteAnalyzer', {}, true],
    ['sns', 'Unsubscribe', { subscriptionArn: 'arn:aws:sns:eu-west-1:111122223333:prod-security-alarms:11111111-2222-4333-8444-555555555555' }, true],
    ['sns', 'Unsubscribe', { subscriptionArn: 'arn:aws:sns:eu-west-1:111122223333:orders:11111111-2222-4333-8444-555555555555' }, false],
    ['sns', 'DeleteTopic', { topicArn: 'arn:aws:sns:eu-west-1:111122223333:oncall' }, true], ['sns', 'DeleteTopic', { topicArn: 7 }, false],
    ['sns', 'SetSubscriptionAttributes', { subscriptionArn: 'arn:aws:sns:eu-west-1:111122223333:alerts:1', attributeName: 'FilterPolicy' }, true],
    ['sns', 'SetSubscriptionAttributes', { subscriptionArn: 'arn:aws:sns:eu-west-1:111122223333:alerts:1', attributeName: 'RawMessageDelivery' }, false],
    ['elasticloadbalancing', 'ModifyLoadBalancerAttributes', { loadBalancerAttributes: { accessLog: { enabled: false } } }, true],
    ['eks', 'DeleteAddon', { name: 'prod', addonName: 'aws-guardduty-agent' }, true], ['eks', 'DeleteAddon', { name: 'prod', addonName: 'vpc-cni' }, false],
    ['ssm', 'UpdateDocument', { name: 'SSM-SessionManagerRunShell' }, true], ['ssm', 'UpdateDocument', { name: 'x' }, false],
    ['config', 'PutDeliveryChannel', {}, true], ['cloudtrail', 'CreateTrail', {}, false],
    ['es', 'UpdateDomainConfig', { logPublishingOptions: { AUDIT_LOGS: { enabled: false } } }, true], ['es', 'UpdateDomainConfig', { logPublishingOptions: { AUDIT_LOGS: { enabled: true } } }, false],
    ['cloudfront', 'UpdateDistribution2020_05_31', { distributionConfig: { logging: { enabled: false } } }, true], ['cloudfront', 'UpdateDistribution2020_05_31', { distributionConfig: { logging: { enabled: true } } }, false],
    ['apigateway', 'UpdateStage', { patchOperations: [{ op: 'replace', path: '/*/*/logging/loglevel', value: 'OFF' }] }, true], ['apigateway', 'UpdateStage', { patchOperations: [{ op: 'remove', path: '/accessLogSettings' }] }, true],
    ['apigateway', 'UpdateStage', { patchOperations: [{ op: 'replace', path: '/*/*/logging/loglevel', value: 'INFO' }] }, false], ['apigateway', 'UpdateStage', { patchOperations: 7 }, false],
    ['securitylake', 'DeleteDataLake', {}, true], ['securitylake', 'DeleteSubscriber', {}, true], ['organizations', 'LeaveOrganization', {}, true], ['organizations', 'CreateAccount', {}, false],
    ['ssm', 'DeleteDocument', { name: 'SSM-SessionManagerRunShell' }, true], ['ssm', 'DeleteDocument', { name: 'own' }, false],
    ['logs', 'PutRetentionPolicy', {}, true], ['monitoring', 'DeleteAlarms', {}, true], ['s3', 'PutBucketLifecycle', {}, true],
  ])('%s %s %j weakens what is watched: %s', (service, name, request, monitoring) => {
    expect(eventOf(service + '.amazonaws.com', name, request).flags.includes('monitoring')).toBe(monitoring);
  });
});

test.each([
  ['ssm', 'SendCommand', {}, true], ['lambda', 'UpdateFunctionCode20150331v2', {}, true], ['lambda', 'UpdateFunctionConfiguration', { layers: ['arn:aws:lambda:eu-west-1:111122223333:layer:x:1'] }, true],
  ['lambda', 'UpdateFunctionConfiguration', { memorySize: 256 }, false], ['ec2', 'ModifyInstanceAttribute', { userData: '<sensitiveDataRemoved>' }, true],
  ['ec2', 'ModifyInstanceAttribute', { instanceType: { value: 'm5.large' } }, false], ['ssm', 'StartSession', {}, false],
])('%s %s %j puts a command or code into a workload: %s', (service, name, request, code) => {
  expect(eventOf(service + '.amazonaws.com', name, request).flags.includes('code')).toBe(code);
});

test('however its name is spelled, a listed action has one permission', () => {
  for (const name of ['StopLogging', 'stoplogging', 'STOPLOGGING', 'StopLogging20131101']) {
    expect(eventOf('cloudtrail.amazonaws.com', name).privilege?.used).toEqual(['aws:cloudtrail:StopLogging']);
  }
});

test.each([
  ['s3', 'ListObjectsV2', 'aws:s3:ListBucket'], ['s3', 'HeadObject', 'aws:s3:GetObject'], ['s3', 'CopyObject', 'aws:s3:PutObject'],
  ['s3', 'GetObject', 'aws:s3:GetObject'], ['lambda', 'Invoke', 'aws:lambda:InvokeFunction'],
  ['lambda', 'CreateFunction20150331', 'aws:lambda:CreateFunction'], ['lambda', 'AddPermission20150331v2', 'aws:lambda:AddPermission'],
  ['cloudfront', 'CreateDistribution2020_05_31', 'aws:cloudfront:CreateDistribution'], ['monitoring', 'PutMetricAlarm', 'aws:cloudwatch:PutMetricAlarm'],
])('%s %s exercises %s', (service, name, permission) => {
  expect(eventOf(service + '.amazonaws.com', name).privilege?.used).toEqual([permission]);
});
