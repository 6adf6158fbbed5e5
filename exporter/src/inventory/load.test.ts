import { describe, expect, test } from 'vitest';
import { loadInventory, revisionOf } from './load.ts';
import type { LoadOptions } from './load.ts';

const options: LoadOptions = { importedAt: Date.parse('2026-11-22T00:00:00Z') };
const URN = 'urn:nhi:aws:123456789012:role/export';

/** Each problem on a line: severity, place, message, hint. */
function told(files: Record<string, string>, more: Partial<LoadOptions> = {}): string[] {
  const { inventory, problems } = loadInventory(files, { ...options, ...more });
  expect(inventory === null).toBe(problems.some((p) => p.severity === 'error'));
  return problems.map((p) => `${p.severity} ${p.file}:${p.line}:${p.column} ${p.message} | ${p.hint ?? ''}`);
}

const record = (...lines: string[]): string => `identities:\n  - urn: ${URN}\n${lines.map((line) => `    ${line}\n`).join('')}`;
const exception = (...lines: string[]): string => record('exceptions:', '  - id: late', '    detector: outside-schedule', '    owner: payments', '    reason: r', ...lines.map((l) => `    ${l}`));

describe('an error is told with its line, its column and what to do', () => {
  test.each<[string, string, string]>([
    ['an open quote', 'identities:\n  - urn: "urn\n', 'error a.yml:3:1 something is missing here (Missing closing "quote) | close every quote and bracket, and write a colon after each key'],
    ['an open bracket', record('actions: [a, b', 'owner: x'), 'error a.yml:4:'],
    ['a tab', `identities:\n\t- urn: ${URN}\n`, 'error a.yml:2:1 '],
    ['bad indentation', `identities:\n  - urn: ${URN}\n   owner: payments\n`, 'error a.yml:3:'],
    ['a repeated key', record('owner: a', 'kind: cicd', 'owner: b'), 'error a.yml:5:5 this key is there twice (Map keys must be unique) | keep one of them'],
    ['a repeated key in JSON', `{"identities": [\n  {"urn": "${URN}", "owner": "a",\n   "owner": "b"}]}`, 'error a.yml:3:4 this key is there twice'],
    ['two documents', 'owners: []\n---\nowners: []\n', 'error a.yml:2:1 a second YAML document begins here'],
    ['a tag', record('owner: !!js/function "x"'), 'error a.yml:3:12 tags are not taken'],
    ['no mapping', '- a\n- b\n', 'error a.yml:1:1 the file must be a set of keys, not a list'],
    ['broken JSON', '{"identities": [', 'error a.yml:1:'],

    ['an unknown key', record('kind: cicd', 'onwer: payments'), 'error a.yml:4:5 unknown key "onwer" in identities[0] | did you mean owner?'],
    ['an unknown key at the top', 'identites: []\n', 'error a.yml:1:1 unknown key "identites" at the top of an inventory file | did you mean identities?'],
    ['an unknown key deep inside', record('schedule:', '  windows:', '    - cron: 0 2 * * *', '      duration: 1h', '      tz: UTC'), 'error a.yml:7:11 unknown key "tz" in schedule.windows[0] | known here: cron, duration, timezone'],
    ['a misspelt value', record('kind: service_acount'), 'error a.yml:3:11 kind must be one of service_account, workload'],
    ['a wrong type', record('actions: aws:s3:*'), 'error a.yml:3:14 actions must be a list, not a text | write a list: [a, b]'],
    ['a number for a text', record('purpose: 12'), 'error a.yml:3:14 purpose must be a text, not the number 12 | put it in quotes'],
    ['an empty value', record('owner:', 'kind: cicd'), 'error a.yml:3:5 owner must be a text, not empty | give it a value, or remove the key'],
    ['a missing key', 'owners:\n  - team: a\n  - contact: b\n', 'error a.yml:3:5 team is missing | '],
    ['a bad team', 'owners: [{ team: Pay Ments }]\n', 'error a.yml:1:18 team is not in the form expected | expected a team: lower-case letters'],
    ['a bad URN', 'identities:\n  - kind: cicd\n    urn: aws:role\n', 'error a.yml:3:10 urn is not in the form expected | expected a URN: urn:nhi:<provider>'],
    ['a bad duration', record('grace: 5 minutes'), 'error a.yml:3:12 grace is not in the form expected | expected a duration as Prometheus writes it'],
    ['a date without a time', record('decommissioned_at: 2026-11-22'), 'error a.yml:3:24 decommissioned_at is not in the form expected | expected a time with its zone'],
    ['a volume', record('max_volume: [{ bytes: 3 XB, per: 1d }]'), 'error a.yml:3:27 max_volume[0].bytes is not in the form expected | A number of bytes, or a text such as 500MB or 2 GiB'],
    ['a label', record('labels: { "a b": x }'), 'error a.yml:3:15 labels.a b is no label name'],
    ['another version', 'version: 2\n', 'error a.yml:1:10 version must be 1'],
    ['an exception that never ends', exception(), 'error a.yml:4:9 exceptions[0].expires_at is missing'],
    ['a prototype', record('__proto__: { owner: x }'), 'error a.yml:3:5 unknown key "__proto__" in identities[0]'],

    ['an exception that ends before it starts', exception('starts_at: 2027-02-01T00:00:00Z', 'expires_at: 2027-01-01T00:00:00Z'), 'error a.yml:9:21 the exception expires before it starts'],
    ['a cron with too few fields', record('schedule:', '  windows:', '    - { cron: "30 2 * *", duration: 1h }'), 'error a.yml:5:19 schedule.windows[0].cron must have at least 9 characters'],
    ['a cron with six fields', record('schedule:', '  windows:', '    - { cron: "0 30 2 * * *", duration: 1h }'), 'error a.yml:5:19 a cron expression has five fields'],
    ['a cron out of range', record('schedule:', '  windows:', '    - { cron: "61 2 * * *", duration: 1h }'), 'error a.yml:5:19 the cron expression cannot be read: '],
    ['a time zone', record('schedule:', '  windows:', '    - cron: 0 2 * * *', '      duration: 1h', '      timezone: Europe/Berlim'), 'error a.yml:7:21 there is no time zone "Europe/Berlim" | did you mean Europe/Berlin?'],
    ['a window without end', record('schedule:', '  windows:', '    - { cron: 0 2 * * *, duration: 32d }'), 'error a.yml:5:40 duration is longer than 31 days'],
    ['a rotation window', record('rotation: { window: { cron: 0 2 * * 9, duration: 1h } }'), 'error a.yml:3:33 the cron expression cannot be read'],
    ['a blackout', record('schedule: { blackouts: [{ from: 2026-01-02T00:00:00Z, to: 2026-01-01T00:00:00Z }] }'), 'error a.yml:3:63 the blackout ends before it begins'],
    ['an alias', record('aliases:', '  - { type: arn, value: x, valid_from: 2026-01-02T00:00:00Z, valid_to: 2026-01-01T00:00:00Z }'), 'error a.yml:4:76 the alias ends before it begins'],
    ['a prefix length', record('networks: [10.0.0.0/33]'), 'error a.yml:3:16 "10.0.0.0/33" has no valid prefix length | write a CIDR block'],
    ['an address', record('networks:', '  - 10.0.0.0/8', '  - 10.0.0'), 'error a.yml:5:9 "10.0.0" is no network'],
    ['a duration beyond reason', record('grace: 99999999999y'), 'error a.yml:3:12 grace is longer than 100 years'],
    ['a fleet-wide exception for nobody', 'exceptions:\n  - { id: a, detector: "*", owner: p, reason: r, expires_at: 2027-01-01T00:00:00Z }\n', 'error a.yml:2:5 the exception does not say whom it covers'],
  ])('%s', (_, text, expected) => {
    const all = told({ 'a.yml': text });
    expect(all.some((line) => line.startsWith(expected)), all.join('\n')).toBe(true);
  });
});

test('hostile files are refused, not fatal', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghij'].map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefghi'[i]}`).join(',')}]\n`).join('')}`;
  expect(told({ 'bomb.yml': bomb })[0]).toMatch(/^error bomb\.yml:1:1 too many aliases/);
  expect(told({ 'deep.yml': '['.repeat(20_000) })[0]).toMatch(/^error deep\.yml/);
  expect(told({ 'deep.json': `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}` })[0]).toMatch(/^error deep\.json/);
  expect(told({ 'large.yml': 'x'.repeat(11 * 1024 * 1024) })).toEqual(['error large.yml:1:1 the file is larger than 10 MiB | split it into several files']);
  expect(told({ 'nul.yml': 'owners: \0' })[0]).toMatch(/^error nul\.yml:1:/);
});

test('what is repeated is named at both places', () => {
  expect(told({
    'a.yml': `owners:\n  - team: payments\nidentities:\n  - urn: ${URN}\n    exceptions:\n      - { id: late, detector: x, owner: p, reason: r, expires_at: 2027-01-01T00:00:00Z }\n`,
    'b.yml': `owners:\n  - team: payments\nidentities:\n  - urn: ${URN}\nexceptions:\n  - { id: late, identity: "*", detector: x, owner: p, reason: r, expires_at: 2027-01-01T00:00:00Z }\n`,
  }).map((line) => line.split(' | ')[0])).toEqual([
    'error a.yml:6:9 the exception id late is also at b.yml:6',
    'error b.yml:2:5 the team payments is also at a.yml:2',
    `error b.yml:4:5 the URN ${URN} is also at a.yml:4`,
  ]);
});

test('warnings leave the inventory in force', () => {
  expect(told({ 'a.yml': record('owner: paymnts', 'status: decommissioned', 'actions: ["*"]'), 'o.yml': 'owners: [{ team: payments }]\n' })).toEqual([
    'warning a.yml:2:5 decommissioned without a date: counts from the import of this file | add decommissioned_at',
    'warning a.yml:3:12 the team paymnts owns 1 identity and is not in owners | did you mean payments?',
    'warning a.yml:5:15 this pattern approves every action | name the services: aws:s3:Get*',
  ]);
  expect(told({ 'a.yml': exception('expires_at: 2026-11-22T00:00:00Z') })).toEqual([
    'warning a.yml:8:21 the exception late has expired | remove it, or have it approved again with a new date',
  ]);
  expect(told({ 'a.yml': exception('expires_at: 2027-11-22T00:00:00Z') }, { detectors: new Set(['outside-schedul']) })).toEqual([
    'warning a.yml:5:19 there is no detector "outside-schedule" | did you mean outside-schedul?',
  ]);
});

test('a name claimed twice at the same time is pointed out, one after the other is not', () => {
  const claims = (a: string, b: string): string[] => told({
    'a.yml': `identities:\n  - urn: ${URN}\n    aliases: [{ type: arn, value: x${a} }]\n  - urn: ${URN}2\n    aliases:\n      - { type: arn, value: x${b} }\n`,
  });
  expect(claims('', '')).toEqual(['warning a.yml:6:9 the name "x" is also claimed at a.yml:3, at the same time | give each claim its valid_from and valid_to, or remove one']);
  expect(claims(', valid_to: 2026-01-01T00:00:00Z', ', valid_from: 2026-01-01T00:00:00Z')).toEqual([]);
  expect(claims(', valid_to: 2026-01-02T00:00:00Z', ', valid_from: 2026-01-01T00:00:00Z')).toHaveLength(1);
});

test('proposals are judged in shadow and give way to reviewed records', () => {
  const { inventory, problems } = loadInventory({
    'proposed/a.yml': `identities:\n  - urn: ${URN}\n    status: proposed\n  - urn: ${URN}2\n    status: active\n`,
    'a.yml': record('purpose: reviewed'),
  }, options);
  expect(problems.map((p) => `${p.file}:${p.line} ${p.message}`)).toEqual([
    `proposed/a.yml:2 the proposal is ignored: ${URN} is already at a.yml:2`,
    'proposed/a.yml:5 the record lies under proposed/ and counts as proposed, not as active',
  ]);
  expect(inventory!.records().map((r) => [r.record.urn, r.reviewed, r.lifecycle, r.where])).toEqual([
    [URN, true, 'active', 'a.yml:2'], [`${URN}2`, false, 'proposed', 'proposed/a.yml:4'],
  ]);
});

test('no files are an empty inventory, and so are empty ones', () => {
  for (const files of [{}, { 'a.yml': '' }, { 'a.yml': '# nothing yet\n' }, { 'a.json': '{}' }]) {
    const { inventory, problems } = loadInventory(files, options);
    expect(problems).toEqual([]);
    expect(inventory!.records()).toEqual([]);
    expect(inventory!.match([URN], 0)).toBeNull();
  }
});

test('the revision follows the contents and names, not their order', () => {
  const one = { 'a.yml': 'owners: []\n', 'b.yml': '' };
  expect(revisionOf(one)).toBe(revisionOf({ 'b.yml': '', 'a.yml': 'owners: []\n' }));
  expect(loadInventory(one, options).inventory!.revision).toBe(revisionOf(one));
  expect(revisionOf(one)).not.toBe(revisionOf({ ...one, 'b.yml': ' ' }));
  expect(revisionOf({ ab: 'c' })).not.toBe(revisionOf({ a: 'bc' }));
});

test('a flood of problems is bounded and says how many there are', () => {
  const { problems } = loadInventory({ 'a.yml': `identities:\n${'  - urn: x\n'.repeat(1000)}` }, options);
  expect(problems).toHaveLength(200);
  expect(problems.at(-1)!.message).toMatch(/\(and 800 more problems\)$/);
});
