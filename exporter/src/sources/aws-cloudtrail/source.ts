import { RejectedRecord, type Source } from '@remit/contract';
import { isFlattened, unflattened } from './collector.ts';
import { eventOf } from './event.ts';
import { object, type Json } from './fields.ts';
import { capitalised, isLowered } from './lowered.ts';

const HOUR = 3_600_000;

/** AWS CloudTrail: management, data and network-activity events, in AWS's own spelling or the OpenTelemetry Collector's. */
export const source: Source = {
  id: 'aws-cloudtrail',
  title: 'AWS CloudTrail',
  fills: [
    'principal', 'credential', 'session', 'action', 'resource', 'outcome', 'network', 'user_agent', 'volume', 'privilege', 'delegation',
  ],
  lateness: HOUR,
  maxSilence: HOUR,
  timeResolution: 1000,
  paths: [
    'eventID', 'addendum.originalEventID', 'eventTime', '@timestamp', 'eventname', 'eventsource', 'eventSource', 'eventName', 'eventCategory', 'awsRegion', 'recipientAccountId', 'requestID',
    'readOnly', 'errorCode', 'errorMessage', 'sourceIPAddress', 'userAgent', 'vpcEndpointId', 'sessionCredentialFromConsole',
    'userIdentity.type', 'userIdentity.principalId', 'userIdentity.arn', 'userIdentity.accountId', 'userIdentity.userName',
    'userIdentity.accessKeyId', 'userIdentity.credentialId', 'userIdentity.invokedBy', 'userIdentity.identityProvider',
    'userIdentity.onBehalfOf.userId', 'userIdentity.onBehalfOf.identityStoreArn', 'userIdentity.inScopeOf.credentialsIssuedTo',
    'userIdentity.sessionContext.sessionIssuer.arn', 'userIdentity.sessionContext.sessionIssuer.principalId',
    'userIdentity.sessionContext.sessionIssuer.accountId', 'userIdentity.sessionContext.sessionIssuer.userName',
    'userIdentity.sessionContext.webIdFederationData.federatedProvider', 'userIdentity.sessionContext.attributes.creationDate',
    'userIdentity.sessionContext.attributes.mfaAuthenticated', 'userIdentity.sessionContext.ec2RoleDelivery',
    'userIdentity.sessionContext.sourceIdentity', 'resources[].ARN', 'resources[].accountId', 'resources[].type',
    'requestParameters.*', 'responseElements.*', 'additionalEventData.*', 'serviceEventDetails.*',
  ],
  marks: ['eventVersion', 'eventID', 'eventSource', 'eventName'],
  recognises(record) {
    const r = object(record);
    if (!r) return false;
    if (isFlattened(r) || isLowered(r)) return true;
    const eventSource = r['eventSource'];
    // S3, SQS and DynamoDB notifications have the same envelope, with `aws:s3` where CloudTrail has `s3.amazonaws.com`.
    if (typeof eventSource === 'string' && eventSource.startsWith('aws:')) return false;
    if (typeof r['eventVersion'] === 'string') return 'eventName' in r || 'eventID' in r || 'userIdentity' in r;
    return typeof eventSource === 'string' && eventSource.endsWith('.amazonaws.com') && 'eventName' in r;
  },
  normalise(record) {
    const given = object(record);
    if (!given) throw new RejectedRecord('unknown_shape', 'not a JSON object');
    return [eventOf(nativeOf(given))];
  },
};

function nativeOf(record: Json): Json {
  if (isFlattened(record)) return unflattened(record);
  return isLowered(record) ? capitalised(record) : record;
}
