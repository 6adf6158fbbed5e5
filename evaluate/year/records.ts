import { ACCOUNT } from './fleet.ts';
import type { Service } from './fleet.ts';
import type { Act } from './plan.ts';

/** The record that a provider writes of an act: an S3 call in CloudTrail's form, or a Kubernetes audit event. */
export function recordOf(who: Pick<Service, 'name' | 'source'>, { at, denied }: Act, number: number): object {
  return who.source === 'aws-cloudtrail' ? cloudTrail(who.name, at, denied, number) : audit(who.name, at, denied, number);
}

function cloudTrail(name: string, at: number, denied: boolean, number: number): object {
  const write = number % 3 === 0;
  return {
    eventVersion: '1.11', eventID: `${name}-${number}`, eventTime: new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'), eventSource: 's3.amazonaws.com',
    eventName: write ? 'PutObject' : 'GetObject', awsRegion: 'eu-west-1', sourceIPAddress: '10.20.4.17', userAgent: 'aws-sdk-go-v2/1.36.3',
    userIdentity: {
      type: 'AssumedRole', principalId: `AROA${name.toUpperCase().replaceAll('-', '')}:batch`, arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/batch`, accountId: ACCOUNT,
      accessKeyId: `ASIA${name.toUpperCase().replaceAll('-', '')}`,
      sessionContext: { sessionIssuer: { type: 'Role', principalId: `AROA${name.toUpperCase().replaceAll('-', '')}`, arn: `arn:aws:iam::${ACCOUNT}:role/${name}`, accountId: ACCOUNT, userName: name } },
    },
    requestParameters: { bucketName: 'files', key: `${name}.parquet` }, readOnly: !write, managementEvent: false, eventCategory: 'Data', recipientAccountId: ACCOUNT,
    resources: [{ type: 'AWS::S3::Object', ARN: `arn:aws:s3:::files/${name}.parquet` }], ...denied ? { errorCode: 'AccessDenied', errorMessage: 'Access Denied' } : {},
  };
}

function audit(name: string, at: number, denied: boolean, number: number): object {
  const time = `${new Date(at).toISOString().slice(0, -1)}000Z`;
  return {
    kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', auditID: `${name}-${number}`, stage: 'ResponseComplete', requestURI: `/api/v1/namespaces/jobs/configmaps/${name}`,
    verb: number % 3 === 0 ? 'update' : 'get', user: { username: `system:serviceaccount:jobs:${name}`, groups: ['system:serviceaccounts'] }, sourceIPs: ['10.42.0.7'],
    objectRef: { resource: 'configmaps', namespace: 'jobs', name, apiVersion: 'v1' }, responseStatus: { metadata: {}, code: denied ? 403 : 200 },
    requestReceivedTimestamp: time, stageTimestamp: time,
  };
}
