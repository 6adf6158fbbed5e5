import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CATEGORIES, FINDING_CLASSES, FINDING_STATES, KINDS, SEVERITIES, type Finding } from '@remit/contract';
import { OCSF_VERSION, toOcsf } from './ocsf.ts';

const schema = JSON.parse(readFileSync(new URL('./cases/detection-finding.schema.json', import.meta.url), 'utf8')) as { title: string };
const validate = new Ajv({ allErrors: true, strict: false }).compile(schema);
function valid(value: object): object {
  // As it is sent.
  const sent = JSON.parse(JSON.stringify(value)) as object;
  expect([validate(sent), validate.errors]).toEqual([true, null]);
  return sent;
}

const AT = Date.UTC(2026, 10, 22, 14);
const finding = (part: Partial<Finding> = {}): Finding => ({
  id: '0123456789abcdef0123456789abcdef', revision: 1, identity: 'urn:nhi:aws:111122223333:role/export', kind: 'service_account', class: 'remit', detector: 'outside-schedule',
  subject: 'aws:s3:GetObject', bucket: '2026-11-22T02', state: 'open', severity: 'critical', owner: 'payments', purpose: 'nightly export', reason: 'Expected a; observed b.', expected: 'a', observed: 'b',
  first: AT - 900_000, last: AT - 120_000, count: 225, also: ['volume'], provisional: false, opened_at: AT, updated_at: AT + 5,
  evidence: [
    { uid: 'a1', time: AT - 900_000, source: 'aws-cloudtrail', operation: 'GetObject', category: 'read', resource: 'arn:aws:s3:::files/a.csv', outcome: 'success', credential: 'ASIA4UM33WHPC6OODFYV', network: '10.0.12.7' },
    { uid: 'a2', time: AT - 120_000, source: 'aws-cloudtrail', service: 's3.amazonaws.com', operation: 'GetObject', category: 'read', outcome: 'denied', network: 'service' },
  ],
  ...part,
});
const detector = {
  title: 'Machine identity worked outside its schedule', firstAction: 'Ask the owner.', frameworks: [
    { name: 'MITRE ATT&CK' as const, version: '17.1', id: 'T1078.004', title: 'Valid Accounts: Cloud Accounts' }, { name: 'MITRE ATT&CK' as const, version: '17.1', id: 'T1530', title: 'Data from Cloud Storage' },
    { name: 'OWASP NHI' as const, version: '2025', id: 'NHI7:2025', title: 'Long-Lived Secrets' },
  ],
};
const context = { detector, version: '0.1.0', url: 'https://remit.example' };

describe('a finding as a Detection Finding', () => {
  test('says who did what, with which analytic, and what to do', () => {
    expect(schema.title).toBe(`OCSF ${OCSF_VERSION} Detection Finding`);
    expect(valid(toOcsf(finding(), context))).toMatchObject({
      class_uid: 2004, type_uid: 200_401, activity_name: 'Create', severity: 'Critical', status: 'New', is_alert: true, time: AT, start_time: AT - 900_000, count: 225,
      metadata: { version: '1.8.0', product: { name: 'Remit', version: '0.1.0' }, uid: '0123456789abcdef0123456789abcdef-1' },
      finding_info: {
        uid: '0123456789abcdef0123456789abcdef', title: detector.title, analytic: { uid: 'outside-schedule', type: 'Rule' }, src_url: 'https://remit.example/findings/0123456789abcdef0123456789abcdef',
        attacks: [{ version: '17.1', technique: { uid: 'T1078' }, sub_technique: { uid: 'T1078.004' } }, { technique: { uid: 'T1530' } }], tags: [{ name: 'OWASP NHI 2025', value: 'NHI7:2025 Long-Lived Secrets' }],
      },
      remediation: { desc: 'Ask the owner.', references: ['https://remit.example/runbooks/outside-schedule'] },
      evidences: [
        { api: { operation: 'GetObject', service: { name: 'aws-cloudtrail' } }, actor: { user: { name: 'export', type: 'Service', programmatic_credentials: [{ uid: 'ASIA4UM33WHPC6OODFYV' }] } }, src_endpoint: { ip: '10.0.12.7' } },
        { api: { service: { name: 's3.amazonaws.com' } }, src_endpoint: { name: 'service' }, data: { outcome: 'denied' } },
      ],
      resources: [{ role: 'Actor', owner: { name: 'payments' } }, { role: 'Target', uid: 'arn:aws:s3:::files/a.csv', name: 'a.csv' }],
      unmapped: { remit: { expected: 'a', observed: 'b', owner: 'payments' } },
    });
  });

  test.each([
    ['open', 2, 'Update', 'New'], ['acknowledged', 2, 'Update', 'In Progress'], ['resolved', 3, 'Close', 'Resolved'], ['benign', 3, 'Close', 'Suppressed'], ['bad', 3, 'Close', 'Resolved'],
    ['silenced', 2, 'Update', 'Suppressed'], ['withdrawn', 3, 'Close', 'Deleted'],
  ] as const)('that is %s', (state, activity_id, activity_name, status) => {
    expect(valid(toOcsf(finding({ state, revision: 7 }), context))).toMatchObject({ activity_id, activity_name, type_uid: 200_400 + activity_id, status, is_alert: state === 'open' || state === 'acknowledged' });
  });

  test('without detector, evidence, owner or link it still is one', () => {
    const sent = valid(toOcsf(finding({ evidence: [], owner: null, purpose: null, identity: '_fleet_', first: Infinity, last: -Infinity, count: 0 }), { detector: null, version: '0.1.0' }));
    expect(sent).not.toHaveProperty('remediation');
    expect(sent).toMatchObject({ count: 1, finding_info: { title: 'outside-schedule' } });
  });

  test.each([
    ['10.0.12.7', { ip: '10.0.12.7' }], ['2001:0DB8:0000:0000:0000:0000:0000:0001', { ip: '2001:db8::1' }], ['0000:0000:0000:0000:0000:ffff:100.100.100.100', { ip: '::ffff:6464:6464' }],
    ['fe80::1%eth0', { name: 'fe80::1%eth0' }], ['cloudtrail.amazonaws.com', { name: 'cloudtrail.amazonaws.com' }], ['', { name: '' }],
  ])('comes from %s', (network, src_endpoint) => {
    const evidence = finding({}).evidence.map((ref) => ({ ...ref, network }));
    expect(valid(toOcsf(finding({ evidence }), context))).toMatchObject({ evidences: [{ src_endpoint }, { src_endpoint }] });
  });

  test('the schema refuses what is none', () => {
    const good = toOcsf(finding(), context);
    for (const bad of [{ ...good, severity: 'High' }, { ...good, surprise: 1 }, { ...good, time: '2026-11-22' }, { ...good, status_id: 12 }, { ...good, class_uid: 2001 }, { ...good, finding_info: {} }]) expect(validate(bad)).toBe(false);
  });
});

test('whatever the names are, the export is valid', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 });
  const ref = fc.record({
    uid: text, time: fc.integer(), source: text, operation: text, category: fc.constantFrom(...CATEGORIES), outcome: fc.constantFrom('success' as const, 'failure' as const, 'denied' as const),
    resource: text, credential: text, network: fc.oneof(text, fc.ipV4(), fc.ipV6()),
  }, { requiredKeys: ['uid', 'time', 'source', 'operation', 'category', 'outcome'] });
  fc.assert(fc.property(fc.record({
    identity: text, kind: fc.constantFrom(...KINDS), class: fc.constantFrom(...FINDING_CLASSES), state: fc.constantFrom(...FINDING_STATES), severity: fc.constantFrom(...SEVERITIES), detector: text, owner: fc.option(text),
    reason: text, subject: text, count: fc.nat(), revision: fc.nat(), evidence: fc.array(ref, { maxLength: 10 }),
  }), (part) => { valid(toOcsf(finding(part as Partial<Finding>), context)); }), { numRuns: 300 });
});
