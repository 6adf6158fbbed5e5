import type { Inventory, NhiEvent, ToolCall } from '@remit/contract';
import { describe, expect, test } from 'vitest';
import { emptyInventory } from './history.ts';
import { loadInventory } from './load.ts';

const at = (text: string): number => Date.parse(text);
const NOW = at('2026-11-22T00:00:00Z');
const URN = 'urn:nhi:agent:example:ai_agent/triage';
const HOUR = 3_600_000;

function load(files: Record<string, string>): Inventory {
  const { inventory, problems } = loadInventory(files, { importedAt: NOW });
  if (inventory === null) throw new Error(JSON.stringify(problems));
  return inventory;
}

const one = (...lines: string[]): string => `identities:\n  - urn: ${URN}\n${lines.map((line) => `    ${line}\n`).join('')}`;
const only = (text: string, more: Record<string, string> = {}) => load({ 'z.yml': text, ...more }).records()[0]!;
const call = (text: string): ToolCall => ({ server: text.includes('/') ? text.slice(0, text.indexOf('/')) : undefined, name: text.slice(text.indexOf('/') + 1) });

describe('tools', () => {
  const catalogue = {
    'a.yml': 'tool_catalogue:\n  - { name: "read_*", server: files, category: file_storage, writes: false }\n  - { name: "*", server: files, category: file_storage }\n',
    'b.yml': `tool_catalogue:
  - { name: read_file, server: files, category: never }
  - { name: Find, category: search }
  - { name: "mail/*", category: messaging }
  - { name: query, server: "db-*", category: database }
  - { name: query, category: read, writes: true }
`,
  };
  const tools = only(one('tools:',
    '  - { name: "read_*" }', '  - { name: read_secret, mode: deny }', '  - { name: "mail/send", category: Outbound, mode: approval }', '  - { name: query, category: read }',
    '  - { name: find, category: write }', '  - { name: "*", server: "db-*", mode: deny }', '  - { name: get_rows, server: tables }',
    '  - { name: "*_secret", mode: approval }', '  - { name: my_secret }'), catalogue);
  const plain = only(one(), catalogue);

  test.each<[string, string]>([
    ['files/read_file', 'file_storage reads'], ['files/READ_FILE', 'file_storage reads'], ['FILES/write_file', 'file_storage writes'],
    ['read_file', 'write writes unknown'], ['other/read_file', 'write writes unknown'], ['find', 'search reads'], ['any/FIND', 'search reads'],
    ['mail/send', 'messaging writes'], ['mail2/send', 'write writes unknown'], ['send', 'write writes unknown'],
    ['db-1/query', 'database writes'], ['other/query', 'read writes'], ['query', 'read writes'],
    ['__proto__', 'write writes unknown'], ['constructor/__proto__', 'write writes unknown'], ['', 'write writes unknown'],
  ])('the catalogue alone, first entry first: %s is %s', (text, expected) => {
    for (const _ of ['asked', 'remembered']) {
      const { category, writes, known, verdict } = plain.tool(call(text));
      expect(`${category} ${writes ? 'writes' : 'reads'}${known ? '' : ' unknown'} ${verdict}`).toBe(`${expected} undeclared`);
    }
  });

  test.each<[string, string]>([
    ['files/read_file', 'allowed file_storage reads'], ['read_file', 'allowed write writes'], ['files/write_file', 'outside file_storage writes'],
    ['files/read_secret', 'denied file_storage reads'], ['READ_SECRET', 'denied write writes'], ['my_secret', 'approval write writes'],
    ['mail/send', 'approval outbound writes'], ['mail/list', 'outside messaging writes'], ['evil/mail/send', 'outside write writes'],
    ['send', 'outside write writes'], ['query', 'allowed read reads'], ['db-1/query', 'denied read reads'], ['find', 'allowed write writes'],
    ['tables/get_rows', 'allowed write writes'], ['get_rows', 'outside write writes'], ['read_x/delete_all', 'outside write writes'],
  ])('of a record before the catalogue, the strictest mode: %s is %s', (text, expected) => {
    const { category, writes, verdict } = tools.tool(call(text));
    expect(`${verdict} ${category} ${writes ? 'writes' : 'reads'}`).toBe(expected);
  });

  test('a server is not taken for another by a slash in its name', () => {
    const { tool } = only(one('tools: [{ name: "mail/send" }, { name: "files/*" }]'));
    expect(tool({ server: 'mail', name: 'send' }).verdict).toBe('allowed');
    expect(tool({ server: 'evil', name: 'mail/send' }).verdict).toBe('outside');
    expect(tool({ server: 'files/evil', name: 'x' }).verdict).toBe('outside');
    expect(tool({ server: 'files', name: 'a/b' }).verdict).toBe('allowed');
    expect(tool({ server: undefined, name: 'mail/send' }).verdict).toBe('allowed');
    expect(tool({ server: '', name: 'mail/send' }).verdict).toBe('allowed');
    expect(tool({ server: '5:mail', name: 'send' }).verdict).toBe('outside');
  });

  test('no catalogue, no list, an endless name', () => {
    expect(only(one('tools: []')).tool(call('x'))).toEqual({ category: 'write', writes: true, known: false, verdict: 'undeclared' });
    expect(tools.tool({ server: 'files', name: `read_${'x'.repeat(1_000_000)}` }).verdict).toBe('allowed');
  });

  test('a large catalogue is asked quickly', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `  - { name: ${i % 2 === 0 ? `tool_${i}` : `"t${i}_*"`}, category: c${i} }\n`).join('');
    const remit = only(one(), { 'a.yml': `tool_catalogue:\n${many}` });
    expect(remit.tool(call('tool_9998')).category).toBe('c9998');
    expect(remit.tool(call('s/t9999_x')).category).toBe('c9999');
    const began = performance.now();
    for (let i = 0; i < 300_000; i++) remit.tool(call('s/t9999_x'));
    expect(performance.now() - began).toBeLessThan(1500);
  });

  test('a catalogue under proposed/ is not in force', () => {
    expect(only(one(), { 'proposed/a.yml': 'tool_catalogue: [{ name: drop, category: read }]\n' }).tool(call('drop')).writes).toBe(true);
  });
});

describe('sequences and transitions', () => {
  const remit = only(one('sequences:', '  - { name: triage, steps: [search_tickets, "read_*+", "file_storage{0,3}", " draft {2} ", "mail/send{2,}"], max_gap: 10m }',
    '  - { name: close, steps: [close], strict: true }', 'forbidden_transitions: ["file_storage -> messaging", "a→mail/*", x->y]'));

  test('are read as they are written', () => {
    expect(remit.sequences.map(({ name, strict, maxGap }) => [name, strict, maxGap])).toEqual([['triage', false, 600_000], ['close', true, null]]);
    expect(remit.sequences[0]!.steps.map(({ text, min, max }) => [text, min, max])).toEqual([
      ['search_tickets', 1, 1], ['read_*+', 1, Infinity], ['file_storage{0,3}', 0, 3], ['draft {2}', 2, 2], ['mail/send{2,}', 2, Infinity],
    ]);
    expect(remit.forbidden.map(({ text, from, to }) => [text, from.text, to.text])).toEqual([
      ['file_storage → messaging', 'file_storage', 'messaging'], ['a → mail/*', 'a', 'mail/*'], ['x → y', 'x', 'y'],
    ]);
    expect(remit.sequences).toBe(remit.sequences);
    expect([only(one()).sequences, only(one()).forbidden, only(one()).limits]).toEqual([[], [], []]);
  });

  test.each<[number, string, string, boolean]>([
    [0, 'SEARCH_tickets', 'x', true], [0, 'any/search_tickets', 'x', true], [0, 'search', 'x', false], [0, 'other', 'search_tickets', true],
    [1, 'read_mail', 'x', true], [1, 'read_x/delete', 'x', false], [2, 'anything', 'File_Storage', true], [2, 'file_storage', 'x', true],
    [3, 'draft', 'x', true], [4, 'mail/send', 'x', true], [4, 'send', 'x', false], [4, 'other/send', 'x', false],
  ])('step %i on %s of category %s: %s', (step, tool, category, expected) => {
    expect(remit.sequences[0]!.steps[step]!.matches({ ...call(tool), category })).toBe(expected);
  });
});

describe('purposes', () => {
  const remit = only(one('actions: ["aws:s3:*"]', 'tools: [{ name: "read_*" }, { name: send, mode: approval }, { name: read_secret, mode: deny }]',
    'sequences: [{ name: one, steps: ["read_*"] }, { name: two, steps: [send] }]',
    'purposes:', '  - { id: report, actions: ["aws:s3:Get*", "aws:iam:PassRole"], tools: [send, read_secret, other], sequences: [two] }', '  - { id: loose, description: d }', '  - { id: __proto__, tools: [send] }'));
  const report = remit.purpose('report')!;

  test('narrow what the record allows, and never widen it', () => {
    expect(['aws:s3:GetObject', 'aws:s3:PutObject', 'aws:iam:PassRole'].map((p) => report.action(p))).toEqual(['allowed', 'outside', 'outside']);
    expect(['send', 'read_mail', 'read_secret', 'other'].map((t) => report.tool(call(t)).verdict)).toEqual(['approval', 'outside', 'denied', 'outside']);
    expect(report.sequences.map(({ name }) => name)).toEqual(['two']);
    expect(remit.purpose('report')).toBe(report);
  });

  test('leave in force what they say nothing of', () => {
    const loose = remit.purpose('loose')!;
    expect([loose.action('aws:s3:PutObject'), loose.action('aws:iam:PassRole'), loose.tool(call('read_mail')).verdict, loose.sequences.length]).toEqual(['allowed', 'outside', 'allowed', 2]);
    const { purpose } = only(one('purposes: [{ id: p, actions: ["a*"], tools: ["t*"] }]'));
    expect([purpose('p')!.action('ab'), purpose('p')!.action('b'), purpose('p')!.tool(call('t1')).verdict, purpose('p')!.tool(call('u')).verdict]).toEqual(['allowed', 'outside', 'allowed', 'outside']);
  });

  test('are found by their id alone', () => {
    expect([remit.purpose('none'), remit.purpose('constructor'), only(one()).purpose('report')]).toEqual([null, null, null]);
    expect(remit.purpose('__proto__')!.id).toBe('__proto__');
  });
});

describe('rotation', () => {
  const remit = only(one('rotation: { interval: 30d, grace: 2d, overlap: 1d, method: pipeline, names: ["DEPLOY_*"], window: { cron: 0 3 * * 0, duration: 2h }, approved_rotators: ["urn:nhi:github:*"] }',
    'credentials:', '  - { uid: k1, rotation: { method: controller, names: [tls] } }', '  - { uid: k2, type: pat }'));

  test('is that of the identity, with its window, names and rotators', () => {
    const rotation = remit.rotation()!;
    expect(rotation).toMatchObject({ interval: 720 * HOUR, grace: 48 * HOUR, overlap: 24 * HOUR, method: 'pipeline' });
    expect(['2026-11-22T03:30:00Z', '2026-11-22T05:10:00Z', '2026-11-23T03:30:00Z'].map((t) => rotation.window(at(t), 1).state)).toEqual(['inside', 'outside', 'outside']);
    expect([rotation.covers('DEPLOY_KEY'), rotation.covers('deploy_key'), rotation.covers('x')]).toEqual([true, false, false]);
    expect([rotation.rotator('urn:nhi:github:a:cicd/1'), rotation.rotator('urn:nhi:aws:1:role/x')]).toEqual(['allowed', 'outside']);
    expect(remit.rotation('k2')).toBe(rotation);
    expect(remit.rotation('unlisted')).toBe(rotation);
  });

  test('or of the credential alone, and silent on what is not declared', () => {
    const own = remit.rotation('k1')!;
    expect(own).toMatchObject({ interval: null, grace: 0, overlap: null, method: 'controller' });
    expect([own.window(NOW, 1).state, own.covers('tls'), own.covers('x'), own.rotator('any')]).toEqual(['undeclared', true, false, 'undeclared']);
    expect(only(one('rotation: {}')).rotation()!.covers('anything')).toBe(true);
    expect([only(one()).rotation(), only(one('credentials: [{ uid: k }]')).rotation('k')]).toEqual([null, null]);
  });
});

describe('limits, grants and classes of data', () => {
  test.each<[string, number | null]>([
    ['1000', 1000], ['"1000 B"', 1000], ['500MB', 500e6], ['2 GiB', 2 * 2 ** 30], ['1.5kB', 1500], ['0.5B', 0], ['3TiB', 3 * 2 ** 40], ['7TB', 7e12], ['0', 0],
  ])('bytes: %s', (text, bytes) => {
    expect(only(one(`max_volume: [{ bytes: ${text}, per: 1d }]`)).limits[0]!.bytes).toBe(bytes);
  });

  test('a limit says what it is', () => {
    const { limits } = only(one('max_volume:', '  - { bytes: 2GiB, rows: 1000, objects: 1, per: 24h }', '  - { rows: 1, per: 7d }', '  - { bytes: 5, per: 1h }'));
    expect(limits).toEqual([
      { bytes: 2 ** 31, rows: 1000, objects: 1, per: 24 * HOUR, text: '2GiB or 1000 rows or 1 object in 24h' },
      { bytes: null, rows: 1, objects: null, per: 168 * HOUR, text: '1 row in 7d' }, { bytes: 5, rows: null, objects: null, per: HOUR, text: '5 bytes in 1h' },
    ]);
  });

  test('granted permissions ignore case', () => {
    const { granted } = only(one('granted: [{ permission: "aws:s3:Get*", via: p }, { permission: "aws:sts:AssumeRole" }]'));
    expect(['AWS:s3:getobject', 'aws:sts:AssumeRole', 'aws:s3:PutObject'].map(granted)).toEqual(['granted', 'granted', 'ungranted']);
    expect(only(one('granted: []')).granted('x')).toBe('undeclared');
  });

  test('classes of data: which are part of the purpose, and which a resource has', () => {
    const classes = {
      'a.yml': 'data_classes:\n  - { data_class: public, resources: ["arn:x/open/*"] }\n', 'b.yml': 'data_classes:\n  - { data_class: restricted, resources: ["arn:x/*", other] }\n',
    };
    const remit = only(one('data_classes_allowed: [public, internal]', 'restricted_resources: ["*secret*"]'), classes);
    expect([remit.dataClass('public'), remit.dataClass('restricted'), only(one()).dataClass('public')]).toEqual(['allowed', 'outside', 'undeclared']);
    const inventory = load({ 'z.yml': one(), ...classes });
    expect(['arn:x/open/1', 'arn:x/1', 'other', 'ARN:X/1', ''].map((uid) => inventory.dataClass(uid))).toEqual(['public', 'restricted', 'restricted', null, null]);
    expect(['arn:x/1', 'my-secret', 'arn:x/open/1', 'arn:x/open/secret', 'else'].map(remit.restricted)).toEqual([true, true, false, true, false]);
    expect(['arn:x/1', 'arn:x/open/1'].map(inventory.records()[0]!.restricted)).toEqual([true, false]);
    expect(emptyInventory().dataClass('arn:x/1')).toBeNull();
  });
});

test('names that several records claim are told for a time, with all who claim them', () => {
  const inventory = load({ 'a.yml': `identities:
  - urn: ${URN}2
    aliases: [{ type: n, value: b, valid_to: 2026-06-01T00:00:00Z }, { type: n, value: b, valid_from: 2026-06-01T00:00:00Z }, { type: n, value: a }]
  - urn: ${URN}1
    aliases: [{ type: n, value: b, valid_from: 2026-01-01T00:00:00Z, valid_to: 2026-07-01T00:00:00Z }, { type: n, value: "${URN}2" }, { type: n, value: mine }]
  - urn: ${URN}3
    status: proposed
    aliases: [{ type: n, value: a }, { type: n, value: new }]
  - urn: ${URN}4
    status: proposed
    aliases: [{ type: n, value: new }]
` });
  const always = [{ name: 'new', urns: [`${URN}3`, `${URN}4`] }, { name: `${URN}2`, urns: [`${URN}1`, `${URN}2`] }];
  const contested = [{ name: 'b', urns: [`${URN}1`, `${URN}2`] }];
  expect(inventory.ambiguities(at('2025-12-31T00:00:00Z'))).toEqual(always);
  for (const time of ['2026-01-01T00:00:00Z', '2026-06-15T00:00:00Z']) expect(inventory.ambiguities(at(time))).toEqual([...contested, ...always]);
  expect(inventory.ambiguities(at('2026-07-01T00:00:00Z'))).toEqual(always);
  for (const { name, urns } of inventory.ambiguities(at('2026-01-01T00:00:00Z'))) {
    expect(inventory.match([name], at('2026-01-01T00:00:00Z'))).toMatchObject({ ambiguous: true, remit: { record: { urn: urns[0] } } });
  }
  expect(emptyInventory().ambiguities(NOW)).toEqual([]);
});

describe('an exception and a signal about no single event', () => {
  const scoped = (scope: string): Inventory => load({ 'a.yml': one('exceptions:', `  - { id: e, detector: "*", owner: p, reason: r, expires_at: 2027-01-01T00:00:00Z, scope: ${scope} }`) });
  type Scope = NonNullable<Parameters<Inventory['exception']>[5]>;
  test.each<[string, string, Scope | undefined, boolean]>([
    ['tools inside', '{ tools: ["mail/*", read_file] }', { tools: ['mail/send', 'READ_file', 'files/read_file'] }, true],
    ['a tool outside', '{ tools: ["mail/*"] }', { tools: ['mail/send', 'drop'] }, false],
    ['a tool of another server', '{ tools: ["mail/*"] }', { tools: ['mail2/send'] }, false],
    ['actions', '{ actions: ["aws:s3:*"] }', { actions: ['AWS:S3:GetObject'] }, true],
    ['an action outside', '{ actions: ["aws:s3:*"] }', { actions: ['aws:s3:GetObject', 'aws:iam:x'] }, false],
    ['resources', '{ resources: ["arn:*"] }', { resources: ['arn:a', 'arn:b'] }, true],
    ['a resource outside', '{ resources: ["arn:*"] }', { resources: ['arn:a', 'b'] }, false],
    ['all lists', '{ resources: ["arn:*"], tools: [t] }', { resources: ['arn:a'], tools: ['t'] }, true],
    ['a list of which the signal says nothing', '{ resources: ["arn:*"], tools: [t] }', { tools: ['t'] }, false],
    ['an empty list', '{ tools: [t] }', { tools: [] }, false],
    ['networks', '{ networks: [10.0.0.0/8], tools: [t] }', { tools: ['t'] }, false],
    ['no scope told', '{ tools: [t] }', undefined, false],
  ])('%s', (_, scope, about, covered) => {
    const inventory = scoped(scope);
    expect(inventory.exception(URN, inventory.records()[0]!, 'off-purpose-sequence', null, NOW, about)?.id).toBe(covered ? 'e' : undefined);
  });

  test('an event speaks for itself', () => {
    const inventory = scoped('{ tools: [t] }');
    const event = { tool: { name: 'other' } } as NhiEvent;
    expect(inventory.exception(URN, inventory.records()[0]!, 'x', event, NOW, { tools: ['t'] })).toBeNull();
  });

  test.each<[string, string[], string[] | undefined, boolean]>([
    ['both ends of a copy', ['new/a', 'old/a'], undefined, true],
    ['the target, and a source outside', ['new/a', 'foreign/a'], undefined, false],
    ['the source, and a target outside', ['foreign/a', 'old/a'], undefined, false],
    ['an end outside that the signal does not speak of', ['own/a', 'old/a'], ['old/a'], true],
    ['an end inside that the signal does not speak of', ['foreign/a', 'old/a'], ['foreign/a'], false],
    ['an object, and the bucket that holds it', ['new/a', 'new'], undefined, true],
    ['a bucket alone', ['new'], undefined, false],
    ['no target', [], undefined, false],
  ])('of an event: %s', (_, uids, only, covered) => {
    const inventory = scoped('{ resources: ["new/*", "old/*"] }');
    const event = { resources: uids.map((uid) => ({ uid, name: uid.slice(uid.indexOf('/') + 1) })) } as NhiEvent;
    expect(inventory.exception(URN, inventory.records()[0]!, 'x', event, NOW, only === undefined ? undefined : { resources: only })?.id).toBe(covered ? 'e' : undefined);
  });
});
