import { parse } from 'yaml';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadInventory } from './load.ts';
import { propose } from './propose.ts';
import type { ObservedIdentity, ObservedTool, Used } from './propose-observe.ts';

const at = (text: string): number => Date.parse(text);

const used = (count: number, sensitive: string | null = null, refused = 0): Used => ({ count, sensitive, refused });

function seen(parts: Partial<ObservedIdentity> = {}): ObservedIdentity {
  return {
    urn: 'urn:nhi:aws:123456789012:role/export', kind: 'service_account', class: 'machine', aliases: [], events: 7,
    first: at('2026-11-01T02:30:00Z'), last: at('2026-11-05T02:31:00Z'), actions: new Map(), networks: new Map(), targets: new Map(),
    days: new Set(['2026-11-01', '2026-11-02']), runs: [], volumes: new Map(), tools: new Map(), chains: [], chainsCut: false, made: new Map(), ...parts,
  };
}

function toolsOf(tool: ObservedTool): Pick<ObservedIdentity, 'tools' | 'chains'> {
  return { tools: new Map([['', tool]]), chains: [{ purpose: tool.category ?? null, calls: [tool], times: [{ start: 1, end: null }] }] };
}

function load(files: Record<string, string>) {
  const placed = Object.fromEntries(Object.entries(files).map(([name, text]) => [`proposed/${name}`, text]));
  return loadInventory(placed, { importedAt: at('2026-11-22T00:00:00Z') });
}

test('what was seen becomes a proposal that a person can read', () => {
  const files = propose([seen({
    aliases: [{ type: 'role_id', value: 'AROAEXAMPLE1' }, { type: 'arn', value: 'arn:aws:iam::123456789012:role/export' }],
    actions: new Map([['aws:s3:ListBucket', used(3)], ['aws:s3:GetObject', used(123)], ['aws:secretsmanager:GetSecretValue', used(2, 'credential_use')],
      ['aws:x:*', used(1)], ['aws:s3:PutObject', used(0, null, 4)]]),
    targets: new Map([['arn:aws:s3:::in/*', { count: 2, refused: 0 }], ['arn:aws:s3:::out', { count: 1, refused: 4 }]]),
    networks: new Map([['10.1.2.3', 4], ['10.1.2.9', 1], ['service', 2], ['2001:db8:1:2::9', 1], ['::ffff:192.0.2.4', 1], ['garbage', 5]]),
    volumes: new Map([['2026-11-01', { bytes: 1_000_000, rows: 0 }], ['2026-11-02', { bytes: 1_500_000, rows: 7 }]]),
    made: new Map([['api-key', 2]]),
    runs: [1, 2, 3, 4, 5].map((day) => ({ from: at(`2026-11-0${day}T02:3${day}:00Z`), to: at(`2026-11-0${day}T02:4${day}:00Z`) })),
    ownerGuess: { team: 'payments', from: 'the tag\nteam' },
  })]);
  expect(files).toEqual({ 'aws-123456789012-role-export-52a57974.yml': `# yaml-language-server: $schema=../schema.json
# Proposed from observed behaviour. Nothing in it is approved: it is judged in shadow and never pages. Read it, correct it,
# and decide it: remit inventory approve FILE --owner TEAM
# Seen 7× on 2 days (2026-11-01, 2026-11-02), from 2026-11-01T02:30:00.000Z to 2026-11-05T02:31:00.000Z,
# on 2 distinct targets.
identities:
  - urn: urn:nhi:aws:123456789012:role/export
    kind: service_account
    status: proposed
    # owner: payments (a guess, from the tag?team)
    # purpose: what is this for?
    aliases:
      - { type: role_id, value: AROAEXAMPLE1 }
      - { type: arn, value: "arn:aws:iam::123456789012:role/export" }
    actions:
      - aws:s3:GetObject # 123×
      - aws:s3:ListBucket # 3×
    # To be decided one by one: --approve moves to actions what this identity is really for, --drop removes the rest.
    review_required:
      - aws:s3:PutObject # refused 4×
      - aws:secretsmanager:GetSecretValue # 2×, credential use
      - "aws:x:*" # 1×, the name contains a wildcard
    # resources, once it is clear that these are all:
    #   arn:aws:s3:::out (1×, refused 4×)
    #   arn:aws:s3:::in/* (2×)
    networks:
      - "10.1.2.0/24" # 5×
      - service # 2×
      - "192.0.2.0/24" # 1×
      - "2001:db8:1:2::/64" # 1×
    # Most seen in a day: 1500000 bytes, 7 rows. A limit, for example:
    # max_volume: [{ bytes: 3MiB, rows: 14, per: 1d }]
    # It made or renewed credentials. Say when and how that is right: a job with a window, or a controller that may write
    # its named secrets at any time:
    # rotation: { method: controller, names: [ … ] }
    #   api-key (2×)
    # 5 starts in 5 days; set the zone in which the job is planned.
    schedule:
      windows:
        - { cron: "30 2 * * *", duration: 20m, timezone: UTC }
` });
  const { inventory, problems } = load(files);
  expect(problems).toEqual([]);
  expect(inventory!.records()[0]).toMatchObject({ reviewed: false, lifecycle: 'proposed', owner: null });
});

test('what an agent did becomes tools, and as few sequences as explain it, for each purpose', () => {
  const tools = new Map(['search', 'read', 'send'].map((name, i) => [name, { name, server: i === 0 ? 'web' : undefined, category: i === 0 ? 'read' : undefined, count: 9 - i }]));
  const chain = (purpose: string | null, ...names: string[]) => ({
    purpose, calls: names.map((name) => tools.get(name)!), times: names.map((_, i) => ({ start: i * 10, end: i * 10 + 5 })),
  });
  const agent = seen({ kind: 'ai_agent', tools, chains: [
    chain('triage', 'search', 'read'), chain('triage', 'search', 'search', 'read'), chain('answer', 'read', 'send'), chain(null, 'search', 'read', 'send'),
  ] });
  const [text] = Object.values(propose([agent]));
  expect(text).toContain(`    tools:
      - { name: search, server: web, category: read } # 9×
      - { name: read } # 8×
      - { name: send } # 7×
    # 3 sequences explain the 4 runs seen. Set strict to false to let reads pass in between.
    sequences:
      - { name: run-1, strict: true, steps: [ read, send ] }
      - { name: run-2, strict: true, steps: [ search, read, send ] }
      - { name: run-3, strict: true, steps: [ "search+", read ] }
    purposes:
      - id: answer
        tools: [ read, send ]
        sequences: [ run-1 ]
      - id: triage
        tools: [ read, search ]
        sequences: [ run-3 ]
`);
  expect(load({ 'a.yml': text! }).problems).toEqual([]);
  expect(Object.values(propose([{ ...agent, chains: agent.chains.toReversed() }]))).toEqual([text]);
});

test.each<[string, Partial<ObservedIdentity>, string]>([
  ['calls without a trace', { chains: [] }, '# sequences: none, the calls belong to no trace'],
  ['runs beyond the bounds', { chainsCut: true }, '# sequences: none, the runs were too many'],
  ['a tool that no step can name', { tools: new Map([['a b+', { name: 'a b+', server: undefined, category: undefined, count: 1 }]]) }, '# sequences: none, a tool has a name'],
])('no sequences from %s', (_, parts, expected) => {
  const tool = { name: 'a', server: undefined, category: undefined, count: 1 };
  const tools = parts.tools ?? new Map([['a', tool]]);
  const text = Object.values(propose([seen({ tools, chains: [{ purpose: null, calls: [...tools.values()], times: [{ start: 0, end: 1 }] }], ...parts })])).join('');
  expect(text).toContain(expected);
  expect(load({ 'a.yml': text }).problems).toEqual([]);
});

test.each<[string, [string, number][], string[], string[]]>([
  ['reads of one kind in many namespaces', ['a', 'b', 'c', 'd'].map((ns) => [`k8s:get:core/pods@prod/${ns}`, 2]), [], ['k8s:get:core/pods@prod/*']],
  ['reads in a few namespaces', ['a', 'b', 'c'].map((ns) => [`k8s:get:core/pods@prod/${ns}`, 2]), [], ['k8s:get:core/pods@prod/a', 'k8s:get:core/pods@prod/b', 'k8s:get:core/pods@prod/c']],
  ['changes in many namespaces', ['a', 'b', 'c', 'd'].map((ns) => [`k8s:patch:core/pods@prod/${ns}`, 1]), [], ['a', 'b', 'c', 'd'].map((ns) => `k8s:patch:core/pods@prod/${ns}`)],
  ['API discovery', ['', '/apps', '/apps/v1', '/batch'].map((path) => [`k8s:get:nonresource:/apis${path}@prod`, 1]), [], ['k8s:get:nonresource:/api*@prod']],
  ['what AWS lists', ['Vpcs', 'Subnets', 'Instances', 'Images'].map((what) => [`aws:ec2:Describe${what}`, 1]), [], ['aws:ec2:Describe*']],
  ['what AWS gets', ['A', 'B', 'C', 'D'].map((what) => [`aws:ssm:Get${what}`, 1]), [], ['A', 'B', 'C', 'D'].map((what) => `aws:ssm:Get${what}`)],
  ['a group that would cover something sensitive', ['a', 'b', 'c', 'd'].map((ns) => [`k8s:get:core/x@prod/${ns}`, 1]), ['k8s:get:core/x@prod/vault'],
    ['a', 'b', 'c', 'd'].map((ns) => `k8s:get:core/x@prod/${ns}`)],
])('patterns for %s', (_, plain, sensitive, expected) => {
  const actions = new Map([...plain.map(([name, count]) => [name, used(count)] as const), ...sensitive.map((name) => [name, used(1, 'secrets')] as const)]);
  const [text] = Object.values(propose([seen({ actions })]));
  const [record] = (parse(text!) as { identities: [{ actions: string[]; review_required?: string[] }] }).identities;
  expect(record.actions.toSorted()).toEqual(expected.toSorted());
  expect(record.review_required ?? []).toEqual(sensitive);
});

test('targets are a list only when few of them come back and none was refused', () => {
  const touched = (count: number, refused = 0) => ({ count, refused });
  const resources = (targets: ObservedIdentity['targets']) => load(propose([seen({ targets })])).inventory!.records()[0]!.record.resources;
  expect(resources(new Map([['b', touched(2)], ['a', touched(3)]]))).toEqual(['a', 'b']);
  expect(resources(new Map([['a', touched(3)], ['b', touched(1)]]))).toBeUndefined();
  expect(resources(new Map([['a', touched(3, 1)]]))).toBeUndefined();
  expect(resources(new Map(Array.from({ length: 9 }, (_, i) => [`t${i}`, touched(5)])))).toBeUndefined();
});

test('people, platforms and names that are no URN get no file', () => {
  expect(propose([seen({ class: 'human' }), seen({ class: 'platform' }), seen({ class: 'unattributed' }), seen({ urn: 'urn:nhi:x y' })])).toEqual({});
  expect(Object.keys(propose([seen({ class: 'unknown' })]))).toHaveLength(1);
});

test.each<[string, string[], string]>([
  ['nothing', [], '# schedule: not enough history: 0 starts on 0 days'],
  ['two nights', ['2026-11-01T02:30Z', '2026-11-02T02:30Z'], '# schedule: not enough history: 2 starts on 2 days'],
  ['three nights', ['2026-11-01T02:30Z', '2026-11-02T02:31Z', '2026-11-03T02:44Z'], 'cron: "30 2 * * *", duration: 15m'],
  ['around midnight', ['2026-11-01T23:58Z', '2026-11-03T00:03Z', '2026-11-03T23:59Z'], 'cron: "55 23 * * *", duration: 15m'],
  ['three Mondays', ['2026-11-02T07:10Z', '2026-11-09T07:12Z', '2026-11-16T07:14Z'], 'cron: "10 7 * * 1", duration: 15m'],
  ['every hour', ['2026-11-02T07:10Z', '2026-11-02T08:12Z', '2026-11-02T09:11Z', '2026-11-02T10:11Z'], 'cron: "10 * * * *", duration: 15m'],
  ['no rhythm', ['2026-11-01T02:30Z', '2026-11-02T12:30Z', '2026-11-04T18:10Z', '2026-11-07T07:07Z'], '# schedule: no regular times seen'],
])('a schedule needs three periods: %s', (_, starts, expected) => {
  const [text] = Object.values(propose([seen({ runs: starts.map((start) => ({ from: at(start), to: at(start) })) })]));
  expect(text).toContain(expected);
  expect(load({ 'a.yml': text! }).problems).toEqual([]);
  if (!expected.startsWith('#')) {
    const judge = load({ 'a.yml': text! }).inventory!.records()[0]!.schedule;
    for (const start of starts) expect(`${start} ${judge(at(start), 1).state}`).toBe(`${start} inside`);
  }
});

test('a window lasts as long as the work, and work that fills its day has none', () => {
  const nights = (hours: number) => Object.values(propose([seen({ runs: [1, 2, 3].map((day) => ({ from: at(`2026-11-0${day}T02:30Z`), to: at(`2026-11-0${day}T02:30Z`) + hours * 3_600_000 })) })])).join('');
  expect(nights(3)).toContain('cron: "30 2 * * *", duration: 3h5m');
  expect(nights(20)).toContain('# schedule: no regular times seen');
});

test('whatever things are called, the files load, hold what was seen and approve nothing more', () => {
  const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom(
    'x\n    owner: evil', '# x', '"', "'", '{{', '- a', '*', '&a', '!!js', 'null', '~', '01', '1e9', '\u0085', '\u2028', '\ufeff', '\ud800', '../../etc', 'a: b', '%', '@', '__proto__', 'x'.repeat(3000),
  ));
  fc.assert(fc.property(fc.array(fc.tuple(name, name, name), { minLength: 1, maxLength: 4 }), (names) => {
    const files = propose(names.map(([a, b, c], i) => seen({
      ...toolsOf({ name: a, server: b, category: c, count: 1 }),
      urn: `urn:nhi:aws:1:role/${i}${a.replaceAll(/\s/g, '')}`, aliases: [{ type: b, value: c }], actions: new Map([[a, used(1)], [b, used(2, 'export')]]),
      networks: new Map([[c, 1]]), ownerGuess: { team: a, from: b }, runs: [Number.NaN, -1, 1e300].map((from) => ({ from, to: from })),
      targets: new Map([[a, { count: 2, refused: 0 }], [b, { count: 1, refused: 1 }]]), made: new Map([[c, 1]]),
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
