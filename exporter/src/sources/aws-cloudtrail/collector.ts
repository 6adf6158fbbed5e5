import { object, yes, type Json } from './fields.ts';

const USER = 'aws.user_identity.';
const CONTEXT = 'aws.user_identity.session_context.';

/** True for a record in the OpenTelemetry Collector's flattened spelling, whether attributes lie on top or under `attributes`. */
export function isFlattened(record: Json): boolean {
  if (typeof record['eventName'] === 'string') return false;
  const attributes = object(record['attributes']) ?? record;
  return 'rpc.method' in attributes && ('aws.cloudtrail.event_id' in attributes || 'aws.cloudtrail.event_version' in attributes);
}

/**
 * The native record behind the Collector's attributes (`awslogs_encoding`, format `aws.cloudtrail`), with resource attributes
 * merged in and the log record's `timeUnixNano` beside them. User fields may be under `aws.user_identity.*` or not.
 */
export function unflattened(record: Json): Json {
  const a = object(record['attributes']) ?? record;
  return {
    eventVersion: a['aws.cloudtrail.event_version'], eventID: a['aws.cloudtrail.event_id'], eventTime: timeOf(record, a),
    eventSource: a['rpc.service'], eventName: a['rpc.method'], eventType: a['rpc.system'], eventCategory: a['aws.event.category'],
    requestID: a['aws.request_id'], readOnly: a['aws.event.read_only'],
    awsRegion: a['cloud.region'], recipientAccountId: a['cloud.account.id'],
    sourceIPAddress: a['source.address'], userAgent: a['user_agent.original'], vpcEndpointId: a['aws.vpc.endpoint.id'] ?? a['aws.vpc_endpoint.id'],
    errorCode: a['aws.error.code'], errorMessage: a['aws.error.message'],
    sessionCredentialFromConsole: yes(a['aws.session.console']),
    requestParameters: a['aws.request.parameters'], responseElements: a['aws.response.elements'],
    additionalEventData: a['aws.cloudtrail.additional_event_data'], resources: nativeResources(a['aws.resources']),
    userIdentity: identity(a),
  };
}

function identity(a: Json): Json {
  return {
    type: a['aws.principal.type'] ?? a[USER + 'type'],
    principalId: a['aws.principal.id'] ?? a[USER + 'principal_id'] ?? a[USER + 'principal.id'],
    arn: a['aws.principal.arn'] ?? a[USER + 'arn'] ?? a[USER + 'principal.arn'],
    accountId: a[USER + 'account_id'],
    accessKeyId: a['aws.access_key.id'] ?? a[USER + 'access_key_id'] ?? a[USER + 'access_key.id'],
    userName: a['user.name'] ?? a[USER + 'user_name'] ?? a[USER + 'user.name'],
    invokedBy: a[USER + 'invoked_by'],
    sessionContext: {
      sessionIssuer: {
        type: a[CONTEXT + 'issuer.type'], arn: a[CONTEXT + 'issuer.arn'], principalId: a[CONTEXT + 'issuer.principal_id'],
        accountId: a[CONTEXT + 'issuer.account_id'], userName: a[CONTEXT + 'issuer.user_name'],
      },
      attributes: {
        mfaAuthenticated: a[CONTEXT + 'attributes.mfa_authenticated'], creationDate: a[CONTEXT + 'attributes.creation_date'],
      },
    },
  };
}

function nativeResources(value: unknown): unknown {
  if (!Array.isArray(value)) return undefined;
  return value.map((item) => {
    const resource = object(item);
    return resource && { ARN: resource['arn'] ?? resource['ARN'], type: resource['type'], accountId: resource['account.id'] ?? resource['accountId'] };
  });
}

/** ISO text of `timeUnixNano`, of `timestamp`, or what the record already has as `eventTime`. */
function timeOf(record: Json, attributes: Json): unknown {
  const time = record['timeUnixNano'] ?? record['time_unix_nano'];
  if (typeof time === 'string' && /^\d{16,20}$/.test(time)) {
    const millis = Number(time.slice(0, -6));
    return millis < 253_402_300_800_000 ? new Date(millis).toISOString() : time;
  }
  return record['eventTime'] ?? attributes['eventTime'] ?? record['timestamp'] ?? attributes['timestamp'];
}
