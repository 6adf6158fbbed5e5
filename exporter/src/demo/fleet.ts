import type { Millis } from '@remit/contract';
import { EXPORT_CLIENT, utcHour } from './habits.ts';
import { ACCOUNT } from './records.ts';

const DAY: Millis = 86_400_000;

/** The records of those whose habits the demo knows, and of two who only stand there: one that was never seen, one that rests. Dates count from `told`. */
export function fleetInventory(told: Millis): string {
  const on = (days: number): string => `${new Date(told + days * DAY).toISOString().slice(0, 19)}Z`;
  const role = (name: string): string => `urn:nhi:aws:${ACCOUNT}:role/${name}`;
  return `# Over five weeks of generated history: habits that are known, one in order, one that drifts, two that left theirs.
version: 1
owners:
  - { team: media, contact: "#media", budget: 1 }
  # The others are not listed: what is found of theirs are tickets and nobody's page, and that they are missing is a ticket, too.
tool_catalogue:
  - { name: find_stock, category: stock_search, writes: false }
  - { name: read_stock, category: stock_read, writes: false }
  - { name: create_order, category: ordering }
identities:
  - urn: ${role('ledger-close')}
    kind: service_account
    owner: data-platform
    purpose: Closes the ledgers of the day before
    criticality: critical
    environment: production
    last_reviewed: ${on(-20)}
    review_interval: 180d
    schedule:
      windows:
        - { cron: "0 ${utcHour(told, 2)} * * *", duration: 1h, timezone: UTC }
    actions: ["aws:s3:GetObject", "aws:s3:PutObject"]
    resources: ["arn:aws:s3:::ledgers*"]
    granted:
      - { permission: "aws:s3:GetObject", via: policy/ledgers, granted_at: ${on(-2)} }
      - { permission: "aws:s3:PutObject", via: policy/ledgers, granted_at: ${on(-2)} }
      - { permission: "aws:s3:DeleteObject", via: policy/ledgers, granted_at: ${on(-2)} }
  - urn: ${role('deploy-pipeline')}
    kind: cicd
    owner: delivery
    purpose: Builds and releases the storefront and renews its secrets
    criticality: high
    environment: production
    last_reviewed: ${on(-45)}
    review_interval: 90d
    actions: ["aws:ecr:DescribeImages", "aws:s3:PutObject", "aws:secretsmanager:GetSecretValue", "aws:secretsmanager:PutSecretValue"]
    rotation:
      method: pipeline
      interval: 30d
      grace: 7d
      window: { cron: "0 ${utcHour(told, 3)} * * *", duration: 1h, timezone: UTC }
      names: ["deploy/*", "deploy-key-*"]
      approved_rotators: ["${role('deploy-pipeline')}"]
    credentials:
      - { uid: deploy-key-eu, type: access_key, created: ${on(-22)} }
    granted:
      - { permission: "aws:ecr:*", via: policy/deploy, granted_at: ${on(-2)} }
      - { permission: "aws:s3:PutObject", via: policy/deploy, granted_at: ${on(-2)} }
      - { permission: "aws:secretsmanager:*", via: policy/deploy, granted_at: ${on(-2)} }
      - { permission: "aws:iam:PassRole", via: policy/deploy, granted_at: ${on(-2)} }
  - urn: ${role('search-indexer')}
    kind: workload
    owner: analytics
    purpose: Keeps the search index of the shop up to date
    criticality: medium
    environment: production
    last_reviewed: ${on(-30)}
    review_interval: 180d
    decommissioned_at: ${on(120)}
    schedule: { always_on: true }
    rotation: { method: manual, interval: 90d, grace: 7d, names: ["search-key-*"] }
    credentials:
      - { uid: search-key-1, type: access_key, created: ${on(-82)} }
    granted:
      - { permission: "aws:s3:GetObject", via: policy/search }
  - urn: ${role('thumbnailer')}
    kind: workload
    owner: media
    purpose: Makes thumbnails of pictures
    criticality: low
    environment: staging
    schedule: { always_on: true }
    granted:
      - { permission: "aws:s3:GetObject", via: policy/pictures }
      - { permission: "aws:s3:PutObject", via: policy/pictures }
  - urn: ${role('invoice-mailer')}
    kind: service_account
    owner: analytics
    purpose: Mails open invoices
    criticality: medium
    environment: production
    actions: ["aws:s3:GetObject"]
    exceptions:
      - id: invoice-queue-move
        detector: off-purpose-action
        owner: analytics
        reason: Invoices go through the new queue until the mailer is replaced
        ticket: SHOP-311
        scope: { actions: ["aws:sqs:SendMessage"] }
        starts_at: ${on(-30)}
        expires_at: ${on(5)}
      - id: invoice-clean-up
        detector: off-purpose-action
        owner: analytics
        reason: Sent invoices are deleted by hand until the retention rule is in force
        ticket: SHOP-287
        scope: { actions: ["aws:s3:DeleteObject"] }
        starts_at: ${on(-30)}
        expires_at: ${on(-2)}
  - urn: ${role('media-worker')}
    kind: workload
    owner: media
    purpose: Cuts clips
    criticality: low
    environment: staging
    aliases: [{ type: role_id, value: AROADEMOMEDIAWORKER01 }]
  - urn: ${role('legacy-archiver')}
    kind: service_account
    owner: media
    purpose: Copied pictures to the old archive
    criticality: low
    environment: production
    granted:
      - { permission: "aws:s3:*", via: policy/archive }
  - urn: ${role('quarter-close')}
    kind: service_account
    owner: data-platform
    purpose: Closes the ledgers of a quarter
    criticality: high
    environment: production
  - urn: urn:nhi:gws:c01abcd23:oauth_app/${EXPORT_CLIENT}
    kind: oauth_app
    display_name: Ledger export
    owner: analytics
    sponsor: finance@example.com
    supplier: reports.example.com
    purpose: Gives the supplier of the reports the ledgers of the day
    criticality: high
    environment: production
    last_reviewed: ${on(-60)}
    review_interval: 90d
    max_volume:
      - { bytes: 2GB, per: 24h }
    granted:
      - { permission: "gws:drive.files.list", via: OAuth consent }
      - { permission: "gws:drive.files.get", via: OAuth consent }
      - { permission: "gws:drive.files.delete", via: OAuth consent }
      - { permission: "gws:gmail.users.messages.get", via: OAuth consent }
  - urn: urn:nhi:agent:warehouse:ai_agent/stock-keeper
    kind: ai_agent
    owner: warehouse
    purpose: Counts the stock and orders what runs out
    criticality: medium
    environment: production
    tools:
      - { name: find_stock }
      - { name: read_stock }
      - { name: create_order }
    sequences:
      - { name: restock, steps: [stock_search, stock_read, ordering], max_gap: 10m }
      - { name: count, steps: [stock_search, stock_read], max_gap: 10m }
    purposes:
      - { id: restock, sequences: [restock] }
      - { id: count, tools: [find_stock, read_stock], sequences: [count] }
`;
}
