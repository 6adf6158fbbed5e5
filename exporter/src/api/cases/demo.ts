import type { Finding, IdentitySummary, StatusReport } from '@remit/contract';
import type { DetectorCard } from '../api.ts';
import { NOW, emptyStatus } from './memory.ts';

/** A small installation with two open findings, for the tests of the pages. */
export const CARDS: DetectorCard[] = [
  {
    id: 'outside-schedule', title: 'Machine identity worked outside its schedule', class: 'remit',
    frameworks: [
      { name: 'MITRE ATT&CK', version: '17.1', id: 'T1078.004', title: 'Valid Accounts: Cloud Accounts' },
      { name: 'OWASP NHI', version: '2025', id: 'NHI7', title: 'Long-Lived Secrets' },
      { name: 'NIST CSF', version: '2.0', id: 'DE.CM-03', title: 'Personnel activity and technology usage are monitored' },
    ],
    firstAction: 'Ask the owner whether a run was started by hand. If nobody did, suspend the credential and keep the evidence.',
    benign: ['A run that was started by hand after a failure', 'A schedule that was moved and not yet recorded in the inventory'],
  },
  {
    id: 'decommissioned-active', title: 'Decommissioned identity is still in use', class: 'remit', frameworks: [],
    firstAction: 'Revoke the credential named in the evidence; its owner said that it was gone.', benign: ['The date in the inventory is wrong'],
  },
];

export function finding(part: Partial<Finding> = {}): Finding {
  return {
    id: '0123456789abcdef0123456789abcdef', revision: 1, identity: 'urn:nhi:k8s:perf:serviceaccount/monitoring/prometheus-operator', kind: 'service_account', class: 'remit',
    detector: 'outside-schedule', subject: 'k8s:update:core/secrets', bucket: '2026-11-22T02', state: 'open', severity: 'critical', owner: 'platform', purpose: 'reconcile monitoring',
    reason: 'Expected to start inside 02:00–03:00 Europe/Berlin; updated core/secrets 4 h 12 min after the last window.',
    expected: 'to start inside 02:00–03:00 Europe/Berlin', observed: 'k8s:update:core/secrets 4 h 12 min after the last window',
    first: NOW - 900_000, last: NOW - 120_000, count: 225,
    evidence: [
      { uid: 'a1b2c3d4e5f60718293a4b5c6d7e8f90', time: NOW - 900_000, source: 'k8s-audit', operation: 'update', category: 'credential_create', resource: 'core/secrets monitoring/prometheus-k8s', outcome: 'success', credential: 'JTI=8d3f', network: '10.0.12.7' },
      { uid: 'b1b2c3d4e5f60718293a4b5c6d7e8f90', time: NOW - 120_000, source: 'k8s-audit', operation: 'update', category: 'credential_create', resource: 'core/secrets monitoring/prometheus-k8s-tls', outcome: 'denied', credential: 'JTI=8d3f', network: '10.0.12.7' },
    ],
    also: ['volume'], provisional: false, opened_at: NOW - 890_000, updated_at: NOW - 110_000, ...part,
  };
}

export const identity = (part: Partial<IdentitySummary> = {}): IdentitySummary => ({
  urn: 'urn:nhi:k8s:perf:serviceaccount/monitoring/prometheus-operator', kind: 'service_account', class: 'machine', events: 812, first: NOW - 7_200_000, last: NOW - 120_000,
  owner: 'platform', purpose: 'reconcile monitoring', environment: 'prod', lifecycle: 'active', inventoried: true, open_findings: 1, aliases: [], shadow: [], ...part,
});

export const FINDINGS: Finding[] = [
  finding(),
  finding({
    id: 'fedcba9876543210fedcba9876543210', detector: 'decommissioned-active', identity: 'urn:nhi:aws:123456789012:role/ec2-enumerate-role', severity: 'warning', owner: null, purpose: null,
    reason: 'Expected no use after 2026-11-22 12:00 UTC; ec2:DescribeInstances succeeded 41 min later.', expected: 'no use after 2026-11-22 12:00 UTC', observed: 'ec2:DescribeInstances 41 min later', count: 1, last: NOW - 4_900_000,
  }),
  finding({ id: '00000000000000000000000000000003', state: 'resolved', severity: 'warning', last: NOW - 86_400_000, closed_at: NOW - 80_000_000 }),
];

export const IDENTITIES: IdentitySummary[] = [
  identity(),
  identity({ urn: 'urn:nhi:aws:123456789012:role/ec2-enumerate-role', kind: 'workload', events: 64, owner: null, purpose: null, lifecycle: 'decommissioned', last: NOW - 4_900_000 }),
  identity({ urn: 'urn:nhi:aws:123456789012:user/build', kind: 'unknown', class: 'unknown', events: 411, owner: null, purpose: null, inventoried: false, open_findings: 0, last: NOW - 1_900_000 }),
];

export function demoStatus(): StatusReport {
  return {
    ...emptyStatus(), demo: true,
    sources: [
      { source: 'aws-cloudtrail', events: 1452, lastReceive: NOW - 5000, lastEvent: NOW - 65_000, silent: false },
      { source: 'k8s-audit', events: 11_921, lastReceive: NOW - 900_000, lastEvent: NOW - 901_000, silent: true },
    ],
    rejected: [{ source: 'aws-cloudtrail', reason: 'missing_field', value: 3 }, { source: 'unknown', reason: 'bad_json', value: 12 }, { source: 'k8s-audit', reason: 'too_old', value: 0 }],
    coverage: { inventoried: 20, not_inventoried: 5, unowned: 0, proposed: 0, decommissioned: 1, warming: 2, ready: 23, human: 4, platform: 22, never_seen: 3, ambiguous: 0, partly_seen: 0 },
    identities: { total: 51, machine: 14, human: 4, platform: 22, unknown: 11 }, findings: { open: 2, bySeverity: { critical: 1, warning: 1 }, total: 3 },
    inventory: { revision: '9f2b7c11aa', records: 12, owners: 3, problems: [{ file: 'inventory/payments.yml', line: 14, column: 9, severity: 'error', message: 'unknown key "shedule"', hint: 'did you mean schedule?' }] },
    store: { journalBytes: 5_400_000, stateBytes: 812_000, position: 912, applied: 912 },
  };
}
