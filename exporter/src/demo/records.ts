import { createHash } from 'node:crypto';
import type { Millis } from '@remit/contract';

/** Account number that AWS keeps for documentation. */
export const ACCOUNT = '111122223333';

/** One call of a role as CloudTrail records it. `target`: `bucket/key` for S3, else the id of a secret or queue. `nth` tells calls of one moment apart. */
export interface RoleCall { time: Millis; role: string; roleId: string; session: string; service: string; operation: string; target: string; nth?: number; since?: Millis }

const READ_ONLY = /^(Get|List|Describe|Head)/;

/** The record of such a call. Its id follows from the call, so that the same call told twice is one event. */
export function trailRecord({ time, role, roleId, session, service, operation, target, nth, since }: RoleCall): object {
  const at = instant(time);
  const s3 = service === 's3.amazonaws.com';
  return {
    eventVersion: '1.09', eventID: uuid(`${at} ${role} ${operation}${nth === undefined ? '' : ` ${nth}`}`), eventTime: at, eventSource: service, eventName: operation,
    awsRegion: 'eu-west-1', sourceIPAddress: '10.20.0.15', userAgent: 'aws-sdk-go/1.44.157', readOnly: READ_ONLY.test(operation), eventType: 'AwsApiCall',
    recipientAccountId: ACCOUNT, managementEvent: !s3, requestParameters: parameters(service, target),
    userIdentity: {
      type: 'AssumedRole', principalId: `${roleId}:${session}`, arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${session}`,
      accountId: ACCOUNT, accessKeyId: `ASIADEMO${roleId.slice(8, 20)}`,
      sessionContext: {
        sessionIssuer: { type: 'Role', principalId: roleId, arn: `arn:aws:iam::${ACCOUNT}:role/${role}`, accountId: ACCOUNT, userName: role },
        attributes: { creationDate: instant(since ?? time), mfaAuthenticated: 'false' },
      },
    },
  };
}

function parameters(service: string, target: string): object {
  const [first, second = ''] = target.split('/');
  switch (service) {
    case 's3.amazonaws.com': return { bucketName: first, key: second };
    case 'secretsmanager.amazonaws.com': return { secretId: target };
    case 'sqs.amazonaws.com': return { queueUrl: `https://sqs.eu-west-1.amazonaws.com/${ACCOUNT}/${target}` };
    default: return { repositoryName: target };
  }
}

/** One export of an OAuth app as Google Workspace records it. */
export interface AppCall { time: Millis; client: string; app: string; method: string; bytes: number; nth: number }

export function appRecord({ time, client, app, method, bytes, nth }: AppCall): object {
  const parameter = (name: string, value: string): object => ({ name, value });
  return {
    kind: 'admin#reports#activity', id: { time: new Date(time).toISOString(), uniqueQualifier: String(-(time + nth)), applicationName: 'token', customerId: 'C01abcd23' },
    actor: { email: 'finance@example.com', profileId: '118111111111111111120' }, ipAddress: '192.0.2.31',
    events: [{
      type: 'auth', name: 'activity', parameters: [
        parameter('api_name', 'drive'), parameter('method_name', method), parameter('client_id', client), { name: 'num_response_bytes', intValue: String(bytes) },
        parameter('product_bucket', 'DRIVE'), parameter('app_name', app), parameter('client_type', 'WEB'),
      ],
    }],
  };
}

/** One run of an agent: an agent span with its calls of tools, all of one conversation. */
export interface AgentRun { time: Millis; namespace: string; service: string; agent: string; purpose: string; tools: readonly string[] }

export function agentRecord({ time, namespace, service, agent, purpose, tools }: AgentRun): object {
  const id = createHash('sha256').update(`${agent} ${time}`).digest('hex');
  const root = id.slice(32, 48);
  const nanos = (at: Millis): string => `${at}000000`;
  const shared = [text('gen_ai.agent.name', agent), text('gen_ai.conversation.id', id.slice(0, 24)), text('remit.purpose', purpose)];
  const span = (spanId: string, name: string, from: Millis, to: Millis, attributes: object[]): object =>
    ({ traceId: id.slice(0, 32), spanId, name, kind: 1, startTimeUnixNano: nanos(from), endTimeUnixNano: nanos(to), attributes: [...shared, ...attributes], status: {} });
  const calls = tools.map((tool, n) => ({
    ...span(createHash('sha256').update(`${id} ${n}`).digest('hex').slice(0, 16), `execute_tool ${tool}`, time + 1000 + n * 2000, time + 2500 + n * 2000, [text('gen_ai.operation.name', 'execute_tool'), text('gen_ai.tool.name', tool)]),
    parentSpanId: root,
  }));
  return {
    resourceSpans: [{
      resource: { attributes: [text('service.namespace', namespace), text('service.name', service), text('deployment.environment.name', 'production')] },
      scopeSpans: [{ scope: { name: 'agent' }, spans: [span(root, `invoke_agent ${agent}`, time, time + 2000 + tools.length * 2000, [text('gen_ai.operation.name', 'invoke_agent')]), ...calls] }],
    }],
  };
}

function text(key: string, value: string): object { return { key, value: { stringValue: value } }; }

function instant(time: Millis): string { return `${new Date(time).toISOString().slice(0, 19)}Z`; }

function uuid(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
