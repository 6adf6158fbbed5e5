import { stringify } from 'yaml';
import { roleUrn } from './cloudtrail.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const seconds = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

/** Longer than a label may be: its URN is shortened on `/metrics` and in alerts. */
const LONG = `nightly-archive-${'of-the-customer-records-'.repeat(6)}eu`;

/** Roles of the inventory by what the test wants of them. */
export const ROLES = {
  outside: 'nightly-report', outsideLong: LONG, decommissioned: 'billing-sync',
  inside: 'order-export', late: 'old-importer', excepted: 'report-rerun', proposed: 'draft-report', notEnforced: 'search-reindex',
} as const;

/** One window of two hours a day that starts at this time, in UTC. */
const window = (at: number): object => ({ windows: [{ cron: `${new Date(at).getUTCMinutes()} ${new Date(at).getUTCHours()} * * *`, duration: '2h', timezone: 'UTC' }] });
const record = (role: string, owner: string, rest: object): object => ({
  urn: roleUrn(role), kind: 'service_account', owner, purpose: `Does the work of ${role.slice(0, 40)}`, actions: ['aws:s3:GetObject'], ...rest,
});

/** Payments enforces its remit; platform and search do not. Windows lie around `now`, or twelve hours away. */
export function inventory(now: number): string {
  const away = window(now + 12 * HOUR);
  const file = {
    version: 1,
    owners: [{ team: 'payments', enforce: true }, { team: 'platform' }, { team: 'search' }],
    identities: [
      record(ROLES.outside, 'payments', { schedule: away }),
      record(ROLES.outsideLong, 'payments', { schedule: away }),
      record(ROLES.decommissioned, 'platform', { status: 'decommissioned', decommissioned_at: seconds(now - 7 * DAY) }),
      record(ROLES.inside, 'payments', { schedule: window(now - HOUR / 2) }),
      record(ROLES.late, 'platform', { status: 'decommissioned', decommissioned_at: seconds(now - HOUR) }),
      record(ROLES.excepted, 'payments', {
        schedule: away,
        exceptions: [{ id: 'rerun', detector: 'outside-schedule', owner: 'payments', reason: 'the report is repeated by day', expires_at: seconds(now + DAY) }],
      }),
      record(ROLES.proposed, 'payments', { schedule: away, status: 'proposed' }),
      record(ROLES.notEnforced, 'search', { schedule: away }),
    ],
  };
  return stringify(file);
}

/** A record that is added while the service runs or rests: search's role that should be gone since a day. */
export function addition(role: string, now: number): string {
  return stringify({ identities: [record(role, 'search', { status: 'decommissioned', decommissioned_at: seconds(now - DAY) })] });
}
