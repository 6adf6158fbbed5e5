import { createHash } from 'node:crypto';

/** An account number that AWS keeps for documentation. */
const ACCOUNT = '111122223333';

/** URN of a role of that account. */
export const roleUrn = (name: string): string => `urn:nhi:aws:${ACCOUNT}:role/${name}`;

/** A CloudTrail record as AWS delivers it: an object is read by a session of this role at this time. The id follows from time and role. */
export function readsObject(role: string, at: number, bucket = 'reports'): object {
  const id = `AROA${createHash('sha256').update(role).digest('hex').slice(0, 16).toUpperCase()}`;
  const time = `${new Date(at).toISOString().slice(0, 19)}Z`;
  const digest = createHash('sha256').update(`${at} ${role}`).digest('hex');
  return {
    eventVersion: '1.09', eventID: `${digest.slice(0, 8)}-${digest.slice(8, 12)}-4${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`,
    eventTime: time, eventSource: 's3.amazonaws.com', eventName: 'GetObject', eventCategory: 'Data', eventType: 'AwsApiCall', awsRegion: 'eu-west-1',
    sourceIPAddress: '10.20.0.15', userAgent: '[aws-sdk-go/1.44.157]', readOnly: true, managementEvent: false, recipientAccountId: ACCOUNT,
    requestParameters: { bucketName: bucket, Host: `${bucket}.s3.eu-west-1.amazonaws.com`, key: '2026/export.parquet' }, responseElements: null,
    additionalEventData: { bytesTransferredIn: 0, bytesTransferredOut: 4096 },
    resources: [
      { type: 'AWS::S3::Object', ARN: `arn:aws:s3:::${bucket}/2026/export.parquet` }, { accountId: ACCOUNT, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucket}` },
    ],
    userIdentity: {
      type: 'AssumedRole', principalId: `${id}:worker`, arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/worker`, accountId: ACCOUNT,
      accessKeyId: `ASIA${digest.slice(0, 16).toUpperCase()}`,
      sessionContext: {
        sessionIssuer: { type: 'Role', principalId: id, arn: `arn:aws:iam::${ACCOUNT}:role/${role}`, accountId: ACCOUNT, userName: role },
        attributes: { creationDate: time, mfaAuthenticated: 'false' },
      },
    },
  };
}
