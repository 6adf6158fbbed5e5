import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { urn } from './urn.ts';

describe('urn', () => {
  test.each([
    ['aws', '123456789012', 'role', 'payments-export', 'urn:nhi:aws:123456789012:role/payments-export'],
    ['k8s', 'Prod-EU1', 'service_account', 'billing/exporter', 'urn:nhi:k8s:prod-eu1:service_account/billing/exporter'],
    ['gcp', 'proj-1', 'service_account', 'etl@proj-1.iam.gserviceaccount.com',
      'urn:nhi:gcp:proj-1:service_account/etl@proj-1.iam.gserviceaccount.com'],
    ['k8s', 'a:b c', 'user', 'system:admin', 'urn:nhi:k8s:a%3Ab%20c:user/system:admin'],
    ['aws', '', 'user', 'Zoë\n"x"%41', 'urn:nhi:aws::user/Zo%C3%AB%0A%22x%22%2541'],
    ['aws', '1', 'user', 'a~b', 'urn:nhi:aws:1:user/a%7Eb'],
    ['aws', '1', 'user', '\ud800x', 'urn:nhi:aws:1:user/%ud800x'],
  ])('%s, %j, %s, %j', (provider, realm, type, id, expected) => {
    expect(urn(provider, realm, type, id)).toBe(expected);
  });

  test('too long: 512 characters, told apart by what was cut', () => {
    const long = 'n'.repeat(600);
    const first = urn('aws', '1', 'role', long + 'a');
    expect(first).toHaveLength(512);
    expect(first).toMatch(/^urn:nhi:aws:1:role\/n+~[0-9a-f]{16}$/);
    expect(urn('aws', '1', 'role', long + 'b')).not.toBe(first);
    expect(urn('aws', '1', 'role', first.slice('urn:nhi:aws:1:role/'.length))).not.toBe(first);
    expect(urn('aws', '1', 'role', 'é'.repeat(300))).toMatch(/^urn:nhi:aws:1:role\/(%C3%A9|%C3)+~[0-9a-f]{16}$/);
  });

  test('any two names: bounded, of one line, and different', () => {
    const name = fc.string({ unit: 'binary', maxLength: 700 });
    fc.assert(fc.property(name, name, name, (realm, a, b) => {
      const one = urn('aws', realm, 'role', a);
      expect(one.length).toBeLessThanOrEqual(512);
      expect(one).toMatch(/^urn:nhi:aws:[^:\s]*:role\/\S*$/);
      if (a !== b) expect(urn('aws', realm, 'role', b)).not.toBe(one);
    }), { numRuns: 300 });
  });
});
