import type { Millis } from '@remit/contract';
import { ACCOUNT, trailRecord } from './demo/records.ts';

const DAY: Millis = 86_400_000;

/** Roles of the present-time traffic: one outside its schedule, one that should be gone. Those in order have habits: `demo/habits.ts`. */
const ROLES = [
  { name: 'nightly-report', id: 'AROADEMONIGHTLYRPT001', session: 'report-run', calls: [['s3.amazonaws.com', 'GetObject', 'customer-records/export.parquet']] },
  { name: 'billing-sync', id: 'AROADEMOBILLINGSYNC01', session: 'sync', calls: [['secretsmanager.amazonaws.com', 'GetSecretValue', 'billing/api']] },
] as const;

/** One CloudTrail record a role, of this moment. Ids follow from time and role. */
export function demoTraffic(now: Millis): object[] {
  return ROLES.flatMap(({ name, id, session, calls }) => calls.map(([service, operation, target]) => trailRecord({ time: now, role: name, roleId: id, session, service, operation, target })));
}

/** The demo's inventory. The nightly window lies twelve hours from now, so that the present is outside it. */
export function demoInventory(now: Millis): string {
  const night = new Date(now + DAY / 2).getUTCHours();
  return `# Laid over the samples and the demo's own traffic. Written anew at every start of the demo.
version: 1
owners:
  - { team: data-platform, contact: "#data-platform", enforce: true, budget: 3 }
  - { team: billing, contact: "#billing", enforce: true, budget: 2 }
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
    granted:
      - { permission: "aws:s3:GetObject", via: policy/orders }
      - { permission: "aws:s3:PutObject", via: policy/orders }
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
