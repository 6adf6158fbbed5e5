import type { Inventory, NhiEvent } from '@remit/contract';
import { describe, expect, test } from 'vitest';
import { emptyInventory, InventoryHistory } from './history.ts';
import { loadInventory } from './load.ts';

const at = (text: string): number => Date.parse(text);
const NOW = at('2026-11-22T00:00:00Z');
const URN = 'urn:nhi:aws:123456789012:role/export';

function load(text: string, importedAt = NOW, previous?: Inventory): Inventory {
  const { inventory, problems } = loadInventory({ 'a.yml': text }, { importedAt, ...(previous === undefined ? {} : { previous }) });
  if (inventory === null) throw new Error(JSON.stringify(problems));
  return inventory;
}

const one = (...lines: string[]): string => `identities:\n  - urn: ${URN}\n${lines.map((line) => `    ${line}\n`).join('')}`;
const only = (text: string) => load(text).records()[0]!;

function event(parts: Partial<NhiEvent> = {}): NhiEvent {
  return {
    metadata: { original_event_uid: '1', source: 'aws-cloudtrail' }, principal_key: 'aws:AROA1', time: NOW, class_uid: 6003, activity_id: 1,
    actor: { identity: { urn: URN, kind: 'service_account', resolution: 'immutable_id' } }, api: { operation: 'GetObject' },
    action: { category: 'read' }, status_id: 1, outcome: { denied: false }, src_kind: 'unknown', flags: [], ...parts,
  };
}

describe('the remit of a record', () => {
  test('actions are patterns that ignore case', () => {
    const { action } = only(one('actions: ["aws:s3:Get*", "k8s:*:core/secrets@prod/*", "aws:sts:AssumeRol?"]'));
    for (const allowed of ['aws:s3:GetObject', 'AWS:S3:getobject', 'k8s:list:core/secrets@prod/billing', 'aws:sts:assumerole']) expect(`${allowed} ${action(allowed)}`).toBe(`${allowed} allowed`);
    for (const outside of ['aws:s3:PutObject', 'xaws:s3:GetObject', 'k8s:list:core/secrets@test/billing', 'aws:sts:AssumeRoleX', '']) expect(`${outside} ${action(outside)}`).toBe(`${outside} outside`);
    expect(action('aws:s3:PutObject')).toBe('outside');
    expect(only(one()).action('x')).toBe('undeclared');
    expect(only(one('actions: []')).action('x')).toBe('undeclared');
  });

  test('resources keep case, restricted ones are marked', () => {
    const remit = only(one('resources: ["arn:aws:s3:::Files/*"]', 'restricted_resources: ["*secret*"]'));
    expect(remit.resource('arn:aws:s3:::Files/a/b')).toBe('allowed');
    expect(remit.resource('arn:aws:s3:::files/a/b')).toBe('outside');
    expect(remit.restricted('my-secret-1')).toBe(true);
    expect(remit.restricted('other')).toBe(false);
    expect(only(one()).restricted('x')).toBe(false);
  });

  test('a flood of names is answered right and forgotten', () => {
    const { action } = only(one('actions: ["a*"]'));
    for (let i = 0; i < 300_000; i++) action(`b${i}`);
    expect(action('b1')).toBe('outside');
    expect(action('a1')).toBe('allowed');
    expect(action(`a${'x'.repeat(1_000_000)}`)).toBe('allowed');
  });

  test.each<[string, string, Partial<NhiEvent>, string]>([
    ['inside a block', '10.0.0.0/8', { src_kind: 'ip', src_endpoint: { ip: '10.1.2.3' } }, 'allowed'],
    ['outside', '10.0.0.0/8', { src_kind: 'ip', src_endpoint: { ip: '11.1.2.3' } }, 'outside'],
    ['one address', '192.0.2.7', { src_kind: 'ip', src_endpoint: { ip: '192.0.2.7' } }, 'allowed'],
    ['IPv6', '"2001:db8::/32"', { src_kind: 'ip', src_endpoint: { ip: '2001:db8:1::5' } }, 'allowed'],
    ['IPv6 with a zone', '"fe80::/10"', { src_kind: 'ip', src_endpoint: { ip: 'fe80::1%eth0' } }, 'allowed'],
    ['IPv4 inside IPv6', '10.0.0.0/8', { src_kind: 'ip', src_endpoint: { ip: '::ffff:10.1.2.3' } }, 'allowed'],
    ['no address at all', '10.0.0.0/8', { src_kind: 'ip', src_endpoint: { ip: 'not-an-ip' } }, 'outside'],
    ['an AS number', 'AS64500', { src_kind: 'ip', src_endpoint: { ip: '1.2.3.4', autonomous_system: { number: 64500 } } }, 'allowed'],
    ['another AS number', 'AS64500', { src_kind: 'ip', src_endpoint: { ip: '1.2.3.4', autonomous_system: { number: 64501 } } }, 'outside'],
    ['a VPC endpoint', 'vpce-0a1b', { src_kind: 'ip', src_endpoint: { ip: '10.0.0.1', vpc_endpoint: 'vpce-0a1b' } }, 'allowed'],
    ['a service', 'service', { src_kind: 'service' }, 'allowed'],
    ['a service that is not listed', '10.0.0.0/8', { src_kind: 'service' }, 'outside'],
    ['an internal address is no service', 'service', { src_kind: 'internal', src_endpoint: { ip: '10.0.0.1' } }, 'outside'],
    ['nothing known', '10.0.0.0/8', { src_kind: 'redacted' }, 'undeclared'],
  ])('networks: %s', (_, network, parts, expected) => {
    expect(only(one(`networks: [${network}]`)).network(event(parts))).toBe(expected);
    expect(only(one()).network(event(parts))).toBe('undeclared');
  });

  test('an identity ends at its date plus grace, a credential perhaps earlier', () => {
    const end = at('2026-09-30T12:00:00Z');
    const remit = only(one('status: decommissioned', 'decommissioned_at: 2026-09-30T12:00:00Z', 'grace: 1h', 'credentials:',
      '  - { uid: AKIA1, decommissioned_at: 2026-08-01T00:00:00Z }', '  - { uid: AKIA2, decommissioned_at: 2027-08-01T00:00:00Z }'));
    expect(remit.endOfLife()).toEqual({ at: end + 3_600_000, declared: true });
    expect(remit.endOfLife('AKIA1')).toEqual({ at: at('2026-08-01T01:00:00Z'), declared: true });
    expect(remit.endOfLife('AKIA2')).toEqual({ at: end + 3_600_000, declared: true });
    expect(only(one()).endOfLife('AKIA1')).toBeNull();
  });

  test('an end without a date counts from the first import, through later ones', () => {
    const text = one('status: decommissioned', 'grace: 1h');
    const first = load(text);
    expect(first.records()[0]!.endOfLife()).toEqual({ at: NOW + 3_600_000, declared: false });
    const second = load(text.replace('1h', '2h'), NOW + 86_400_000, first);
    expect(second.records()[0]!.endOfLife()).toEqual({ at: NOW + 7_200_000, declared: false });
    expect(load(text, NOW + 86_400_000, load(one())).records()[0]!.endOfLife()!.at).toBe(NOW + 86_400_000 + 3_600_000);
  });

  test('an owner that is not declared owns and is never enforced', () => {
    const inventory = load(`owners:\n  - { team: payments, enforce: true }\n${one('owner: payments')}  - urn: ${URN}2\n    owner: ghosts\n  - urn: ${URN}3\n`);
    expect(inventory.records().map((r) => r.owner)).toEqual([{ team: 'payments', enforce: true }, { team: 'ghosts', enforce: false }, null]);
    expect(inventory.owners().map((o) => o.team)).toEqual(['payments']);
  });
});

describe('a record is found', () => {
  const text = `identities:
  - urn: ${URN}
    aliases:
      - { type: arn, value: "arn:x", valid_to: 2026-01-01T00:00:00Z }
      - { type: role_id, value: AROA1 }
  - urn: ${URN}@AROA2
    criticality: critical
    aliases:
      - { type: arn, value: "arn:x", valid_from: 2026-01-01T00:00:00Z }
      - { type: shared, value: AROA1 }
      - { type: name, value: __proto__ }
`;
  const inventory = load(text);
  const found = (keys: string[], time = NOW): string | undefined => {
    const hit = inventory.match(keys, time);
    return hit === null ? undefined : `${hit.remit.record.urn}${hit.ambiguous ? ' ambiguous' : ''}`;
  };

  test('by URN or alias, the first key that is known', () => {
    expect(found([URN])).toBe(URN);
    expect(found(['AROA9', 'arn:x'])).toBe(`${URN}@AROA2`);
    expect(found([URN, 'arn:x'])).toBe(URN);
    expect(found(['nobody', 'constructor', ''])).toBeUndefined();
    expect(found(['__proto__'])).toBe(`${URN}@AROA2`);
    expect(found([])).toBeUndefined();
  });

  test('by an alias only while it is valid', () => {
    expect(found(['arn:x'], at('2025-12-31T23:59:59.999Z'))).toBe(URN);
    expect(found(['arn:x'], at('2026-01-01T00:00:00Z'))).toBe(`${URN}@AROA2`);
  });

  test('and said to be ambiguous when several claim it', () => {
    expect(found(['AROA1'])).toBe(`${URN} ambiguous`);
    const proposed = load(text.replace(`@AROA2\n`, '@AROA2\n    status: proposed\n'));
    expect(proposed.match(['AROA1'], NOW)).toMatchObject({ ambiguous: false, remit: { reviewed: true } });
  });

  test('records are in the order of criticality, then URN', () => {
    expect(inventory.records().map((r) => r.record.urn)).toEqual([`${URN}@AROA2`, URN]);
  });
});

describe('an exception is in force', () => {
  const text = `${one('exceptions:', '  - { id: own, detector: outside-schedule, owner: p, reason: r, starts_at: 2026-11-01T00:00:00Z, expires_at: 2026-12-01T00:00:00Z }',
    '  - { id: scoped, detector: off-purpose-action, owner: p, reason: r, expires_at: 2027-01-01T00:00:00Z, scope: { actions: ["aws:s3:*"], resources: ["arn:b/*"], networks: [10.0.0.0/8], tools: ["mail/*"] } }')}
exceptions:
  - { id: fleet, identity: "urn:nhi:aws:*", detector: "*", owner: p, reason: r, starts_at: 2026-11-20T00:00:00Z, expires_at: 2026-11-25T00:00:00Z }
`;
  const inventory = load(text);
  const remit = inventory.match([URN], NOW)!.remit;
  const id = (detector: string, time: string, e: NhiEvent | null = null, urn = URN, r: typeof remit | null = remit) => inventory.exception(urn, r, detector, e, at(time))?.id ?? null;

  test('from its start to its end, the record\'s own first', () => {
    expect(id('outside-schedule', '2026-10-31T23:59:59.999Z')).toBeNull();
    expect(id('outside-schedule', '2026-11-01T00:00:00Z')).toBe('own');
    expect(id('outside-schedule', '2026-11-22T00:00:00Z')).toBe('own');
    expect(id('outside-schedule', '2026-12-01T00:00:00Z')).toBeNull();
    expect(id('volume', '2026-11-10T00:00:00Z')).toBeNull();
  });

  test('for every detector and identity that it names', () => {
    expect(id('volume', '2026-11-22T00:00:00Z')).toBe('fleet');
    expect(id('volume', '2026-11-22T00:00:00Z', null, 'urn:nhi:aws:1:role/unknown', null)).toBe('fleet');
    expect(id('volume', '2026-11-22T00:00:00Z', null, 'urn:nhi:k8s:c:service_account/x', null)).toBeNull();
    expect(id('volume', '2026-11-25T00:00:00Z')).toBeNull();
  });

  const inside: Partial<NhiEvent> = {
    privilege: { used: ['aws:s3:GetObject', 'AWS:S3:List'] }, resources: [{ uid: 'arn:b/1' }, { uid: 'arn:b/2' }], src_kind: 'ip',
    src_endpoint: { ip: '10.0.0.1' }, tool: { name: 'send', server: 'mail' },
  };
  test.each<[string, NhiEvent | null, string | null]>([
    ['all of it', event(inside), 'scoped'],
    ['the target by name', event({ ...inside, resources: [{ name: 'arn:b/1' }] }), 'scoped'],
    ['one action outside', event({ ...inside, privilege: { used: ['aws:s3:GetObject', 'aws:iam:PassRole'] } }), null],
    ['no action known', event({ ...inside, privilege: { used: [] } }), null],
    ['another target beside it', event({ ...inside, resources: [{ uid: 'arn:b/1' }, { uid: 'arn:c/1' }] }), null],
    ['another target', event({ ...inside, resources: [{ uid: 'arn:c/1' }, { uid: 'arn:b/1' }] }), null],
    ['another network', event({ ...inside, src_endpoint: { ip: '11.0.0.1' } }), null],
    ['another tool', event({ ...inside, tool: { name: 'send' } }), null],
    ['no event', null, null],
  ])('inside its scope only: %s', (_, e, expected) => {
    expect(id('off-purpose-action', '2026-11-10T00:00:00Z', e)).toBe(expected);
  });

  test('and is listed with its place, expired or not; those of proposed records are not', () => {
    expect(inventory.exceptions().map((e) => [e.exception.id, e.identity, e.where])).toEqual([
      ['own', URN, 'a.yml:4'], ['scoped', URN, 'a.yml:5'], ['fleet', 'urn:nhi:aws:*', 'a.yml:8'],
    ]);
    const proposed = load(text.replace('exceptions:', 'status: proposed\n    exceptions:'));
    expect(proposed.exceptions().map((e) => e.exception.id)).toEqual(['fleet']);
    expect(proposed.exception(URN, proposed.records()[0]!, 'outside-schedule', null, at('2026-11-10T00:00:00Z'))).toBeNull();
  });
});

test('history is judged by the revision in force, the oldest times by the first', () => {
  const history = new InventoryHistory();
  expect(history.at(5).records()).toEqual([]);
  const [a, b, c] = [load(one('purpose: a')), load(one('purpose: b')), load(one('purpose: c'))] as const;
  history.add(100, a);
  history.add(150, load(one('purpose: a')));
  history.add(200, b);
  expect([0, 100, 160, 199, 200, 999].map((time) => history.at(time) === a)).toEqual([true, true, true, true, false, false]);
  history.add(180, c);
  expect([history.at(199), history.at(200), history.latest()]).toEqual([a, c, c]);
  history.prune(200);
  expect(history.at(0)).toBe(c);
  expect(emptyInventory().match(['x'], 0)).toBeNull();
});
