import { parse } from 'yaml';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadInventory } from './load.ts';
import { propose } from './propose.ts';
import type { ObservedIdentity } from './propose.ts';

const at = (text: string): number => Date.parse(text);

function seen(parts: Partial<ObservedIdentity> = {}): ObservedIdentity {
  return {
    urn: 'urn:nhi:aws:123456789012:role/export', kind: 'service_account', class: 'machine', aliases: [], events: 7,
    first: at('2026-11-01T02:30:00Z'), last: at('2026-11-05T02:31:00Z'), actions: new Map(), networks: new Map(), resources: 2,
    days: new Set(['2026-11-01', '2026-11-02']), starts: [], ...parts,
  };
}

function load(files: Record<string, string>) {
  const placed = Object.fromEntries(Object.entries(files).map(([name, text]) => [`proposed/${name}`, text]));
  return loadInventory(placed, { importedAt: at('2026-11-22T00:00:00Z') });
}

test('what was seen becomes a proposal that a person can read', () => {
  const files = propose([seen({
    aliases: [{ type: 'role_id', value: 'AROAEXAMPLE1' }, { type: 'arn', value: 'arn:aws:iam::123456789012:role/export' }],
    actions: new Map([['aws:s3:ListBucket', { count: 3, sensitive: false }], ['aws:s3:GetObject', { count: 123, sensitive: false }],
      ['aws:secretsmanager:GetSecretValue', { count: 2, sensitive: true }], ['aws:x:*', { count: 1, sensitive: false }]]),
    networks: new Map([['10.1.2.3', 4], ['10.1.2.9', 1], ['service', 2], ['2001:db8:1:2::9', 1], ['::ffff:192.0.2.4', 1], ['garbage', 5]]),
    starts: [1, 2, 3, 4, 5].map((day) => at(`2026-11-0${day}T02:3${day}:00Z`)),
    ownerGuess: { team: 'payments', from: 'the tag\nteam' },
  })]);
  expect(files).toEqual({ 'aws-123456789012-role-export-52a57974.yml': `# yaml-language-server: $schema=../schema.json
# Proposed from observed behaviour; nothing here is approved. Read it, correct it, set status to active
# and move the file out of proposed/. Until then it is judged in shadow and never pages.
# Seen 7× on 2 days, from 2026-11-01T02:30:00.000Z to 2026-11-05T02:31:00.000Z, on 2 distinct targets.
identities:
  - urn: urn:nhi:aws:123456789012:role/export
    kind: service_account
    status: proposed
    # owner: payments   # a guess, from the tag?team
    # purpose: what is this for?
    aliases:
      - { type: role_id, value: AROAEXAMPLE1 }
      - { type: arn, value: "arn:aws:iam::123456789012:role/export" }
    actions:
      - aws:s3:GetObject   # 123×
      - aws:s3:ListBucket   # 3×
    # Seen and sensitive: move to actions what this identity is really for.
    review_required:
      - aws:secretsmanager:GetSecretValue   # 2×
      - "aws:x:*"   # 1×, the name contains a wildcard
    networks:
      - "10.1.2.0/24"   # 5×
      - service   # 2×
      - "192.0.2.0/24"   # 1×
      - "2001:db8:1:2::/64"   # 1×
    schedule:   # 5 starts in 5 days; set the zone in which the job is planned
      windows:
        - { cron: "30 2 * * *", duration: 15m, timezone: UTC }
` });
  const { inventory, problems } = load(files);
  expect(problems).toEqual([]);
  expect(inventory!.records()[0]).toMatchObject({ reviewed: false, lifecycle: 'proposed', owner: null });
});

test('people, platforms and names that are no URN get no file', () => {
  expect(propose([seen({ class: 'human' }), seen({ class: 'platform' }), seen({ class: 'unattributed' }), seen({ urn: 'urn:nhi:x y' })])).toEqual({});
  expect(Object.keys(propose([seen({ class: 'unknown' })]))).toHaveLength(1);
});

test.each<[string, string[], string]>([
  ['nothing', [], '# schedule: not enough history'],
  ['two nights', ['2026-11-01T02:30Z', '2026-11-02T02:30Z'], '# schedule: not enough history'],
  ['three nights', ['2026-11-01T02:30Z', '2026-11-02T02:31Z', '2026-11-03T02:44Z'], 'cron: "30 2 * * *", duration: 15m'],
  ['around midnight', ['2026-11-01T23:58Z', '2026-11-03T00:03Z', '2026-11-03T23:59Z'], 'cron: "55 23 * * *", duration: 15m'],
  ['three Mondays', ['2026-11-02T07:10Z', '2026-11-09T07:12Z', '2026-11-16T07:14Z'], 'cron: "10 7 * * 1", duration: 15m'],
  ['every hour', ['2026-11-02T07:10Z', '2026-11-02T08:12Z', '2026-11-02T09:11Z', '2026-11-02T10:11Z'], 'cron: "10 * * * *", duration: 15m'],
  ['no rhythm', ['2026-11-01T02:30Z', '2026-11-02T12:30Z', '2026-11-04T18:10Z', '2026-11-07T07:07Z'], '# schedule: no regular times seen'],
])('a schedule needs three periods: %s', (_, starts, expected) => {
  const [text] = Object.values(propose([seen({ starts: starts.map(at) })]));
  expect(text).toContain(expected);
  expect(load({ 'a.yml': text! }).problems).toEqual([]);
  if (!expected.startsWith('#')) {
    const judge = load({ 'a.yml': text! }).inventory!.records()[0]!.schedule;
    for (const start of starts) expect(`${start} ${judge(at(start), 1).state}`).toBe(`${start} inside`);
  }
});

test('whatever things are called, the files load, hold what was seen and approve nothing more', () => {
  const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom(
    'x\n    owner: evil', '# x', '"', "'", '{{', '- a', '*', '&a', '!!js', 'null', '~', '01', '1e9', '\u0085', '\u2028', '\ufeff', '\ud800', '../../etc', 'a: b', '%', '@', '__proto__', 'x'.repeat(3000),
  ));
  fc.assert(fc.property(fc.array(fc.tuple(name, name, name), { minLength: 1, maxLength: 4 }), (names) => {
    const files = propose(names.map(([a, b, c], i) => seen({
      urn: `urn:nhi:aws:1:role/${i}${a.replaceAll(/\s/g, '')}`, aliases: [{ type: b, value: c }], actions: new Map([[a, { count: 1, sensitive: false }], [b, { count: 2, sensitive: true }]]),
      networks: new Map([[c, 1]]), ownerGuess: { team: a, from: b }, starts: [Number.NaN, -1, 1e300],
    })));
    for (const file of Object.keys(files)) expect(file).toMatch(/^[a-z0-9][a-z0-9-]*\.yml$/);
    const { inventory, problems } = load(files);
    expect(problems.filter((p) => p.severity === 'error')).toEqual([]);
    expect(inventory!.records()).toHaveLength(Object.keys(files).length);
    for (const { record } of inventory!.records()) {
      expect(record.owner).toBeUndefined();
      for (const action of record.actions ?? []) expect(action).not.toMatch(/[*?]/);
    }
    for (const [i, [a]] of names.entries()) {
      const file = Object.values(files).find((text) => (parse(text) as { identities: { urn: string }[] }).identities[0]!.urn === `urn:nhi:aws:1:role/${i}${a.replaceAll(/\s/g, '')}`);
      if (file !== undefined && a !== '' && a.length <= 512 && a.isWellFormed() && !/[*?]/.test(a)) {
        const [{ actions = [], review_required: review = [] }] = (parse(file) as { identities: [{ actions?: string[]; review_required?: string[] }] }).identities;
        expect([...actions, ...review]).toContain(a);
      }
    }
  }), { numRuns: 300 });
}, 60_000);
