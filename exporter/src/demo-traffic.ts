import { createHash } from 'node:crypto';
import type { Millis } from '@remit/contract';

/** Account numbers that AWS keeps for documentation. */
const ACCOUNT = '111122223333';
const DAY: Millis = 86_400_000;

/** Roles of the present-time traffic: one in order, one outside its schedule, one that should be gone. */
const ROLES = [
  { name: 'orders-api', id: 'AROADEMOORDERSAPI0001', session: 'i-0a1b2c3d4e5f60718', calls: [['s3.amazonaws.com', 'GetObject', 'orders-assets/catalogue.json']] },
  { name: 'nightly-report', id: 'AROADEMONIGHTLYRPT001', session: 'report-run', calls: [['s3.amazonaws.com', 'GetObject', 'customer-records/export.parquet']] },
  { name: 'billing-sync', id: 'AROADEMOBILLINGSYNC01', session: 'sync', calls: [['secretsmanager.amazonaws.com', 'GetSecretValue', 'billing/api']] },
] as const;

/** One CloudTrail record a role, of this moment. Ids follow from time and role. */
export function demoTraffic(now: Millis): object[] {
  const time = `${new Date(now).toISOString().slice(0, 19)}Z`;
  return ROLES.flatMap(({ name, id, session, calls }) => calls.map(([service, operation, target]) => ({
    eventVersion: '1.09', eventID: uuid(`${time} ${name} ${operation}`), eventTime: time, eventSource: service, eventName: operation,
    awsRegion: 'eu-west-1', sourceIPAddress: '10.20.0.15', userAgent: 'aws-sdk-go/1.44.157', readOnly: true, eventType: 'AwsApiCall',
    recipientAccountId: ACCOUNT, managementEvent: service !== 's3.amazonaws.com',
    requestParameters: service === 's3.amazonaws.com' ? { bucketName: target.split('/')[0], key: target.split('/')[1] } : { secretId: target },
    userIdentity: {
      type: 'AssumedRole', principalId: `${id}:${session}`, arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/${session}`,
      accountId: ACCOUNT, accessKeyId: `ASIADEMO${id.slice(8, 20)}`,
      sessionContext: {
        sessionIssuer: { type: 'Role', principalId: id, arn: `arn:aws:iam::${ACCOUNT}:role/${name}`, accountId: ACCOUNT, userName: name },
        attributes: { creationDate: time, mfaAuthenticated: 'false' },
      },
    },
  })));
}

/** The demo's inventory. The nightly window lies twelve hours from now, so that the present is outside it. */
export function demoInventory(now: Millis): string {
  const night = new Date(now + DAY / 2).getUTCHours();
  return `# Laid over the samples and the demo's own traffic. Written anew at every start of the demo.
version: 1
owners:
  - { team: data-platform, contact: "#data-platform", enforce: true }
  - { team: billing, contact: "#billing", enforce: true }
  - { team: observability, contact: "#observability", enforce: true }
identities:
  # Present-time traffic.
  - urn: urn:nhi:aws:${ACCOUNT}:role/orders-api
    kind: workload
    owner: data-platform
    purpose: Serves the order catalogue
    criticality: high
    environment: production
    schedule: { always_on: true }
    actions: ["aws:s3:GetObject"]
  - urn: urn:nhi:aws:${ACCOUNT}:role/nightly-report
    kind: service_account
    owner: data-platform
    purpose: Writes the nightly report from customer records
    criticality: high
    environment: production
    schedule:
      windows:
        - { cron: "0 ${night} * * *", duration: 1h, timezone: UTC }
    actions: ["aws:s3:GetObject"]
    restricted_resources: ["arn:aws:s3:::customer-records/*"]
  - urn: urn:nhi:aws:${ACCOUNT}:role/billing-sync
    kind: service_account
    owner: billing
    purpose: Copied invoices to the old billing system
    status: decommissioned
    decommissioned_at: ${new Date(now - 7 * DAY).toISOString().slice(0, 10)}T00:00:00Z
  # Over the CloudTrail sample (10 July 2023).
  - urn: urn:nhi:aws:123837392027:role/stratus-red-team-ec2-enumerate-role
    kind: workload
    owner: data-platform
    purpose: Role of an instance that was shut down
    status: decommissioned
    decommissioned_at: 2023-07-10T12:00:00Z
  # Over the Kubernetes sample (27 January 2023).
  - urn: urn:nhi:k8s:perfspec:service_account/kube-prometheus-stack/my-kube-prometheus-stack-operator
    kind: service_account
    owner: observability
    purpose: Reconciles Prometheus in a nightly maintenance window
    schedule:
      windows:
        - { cron: "0 2 * * *", duration: 1h, timezone: UTC }
`;
}

function uuid(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
