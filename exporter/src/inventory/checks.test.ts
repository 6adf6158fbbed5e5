import { expect, test } from 'vitest';
import { loadInventory } from './load.ts';

const URN = 'urn:nhi:agent:example:ai_agent/triage';
const record = (...lines: string[]): string => `identities:\n  - urn: ${URN}\n${lines.map((line) => `    ${line}\n`).join('')}`;

/** Each problem on a line: severity, place, message, hint. */
function told(files: Record<string, string>): string[] {
  return loadInventory(files, { importedAt: Date.parse('2026-11-22T00:00:00Z') }).problems
    .map((p) => `${p.severity} ${p.file}:${p.line}:${p.column} ${p.message} | ${p.hint ?? ''}`);
}

const sequence = (...steps: string[]): string => record(`sequences: [{ name: s, steps: [${steps.map((s) => JSON.stringify(s)).join(', ')}] }]`);
const volume = (text: string): string => record(`max_volume: [{ ${text} }]`);
const rotation = (text: string): string => record(`rotation: { ${text} }`);
const tools = 'tools: [{ name: search_tickets, category: ticketing }, { name: "read_*" }]';

test.each<[string, string, string]>([
  ['a repetition without a number', sequence('a', 'read{}'), 'error a.yml:3:41 "{}" is no repetition | write a category or a tool, then + (once or more), {3}'],
  ['a repetition of words', sequence('read{two}'), 'error a.yml:3:36 "{two}" is no repetition | '],
  ['a repetition below zero', sequence('read{-1}'), 'error a.yml:3:36 "{-1}" is no repetition | '],
  ['a repetition that is open below', sequence('read{,3}'), 'error a.yml:3:36 "{,3}" is no repetition | '],
  ['a repetition backwards', sequence('read{3,1}'), 'error a.yml:3:36 the repetition "{3,1}" ends below its beginning | write {1,3}'],
  ['a repetition of nothing', sequence('read{0}'), 'error a.yml:3:36 the repetition "{0}" is never | leave the step out'],
  ['a repetition without end', sequence('read{999999}'), 'error a.yml:3:36 the repetition "{999999}" is more than 10000 times | write + for any number'],
  ['two repetitions', sequence('read++'), 'error a.yml:3:36 "read++" is no step | '],
  ['an open repetition', sequence('read{3'), 'error a.yml:3:36 "read{3" is no step | '],
  ['a repetition of no tool', sequence('+'), 'error a.yml:3:36 "+" is no step | '],
  ['a step that no listed tool meets', record(tools, 'sequences: [{ name: s, steps: [serch_tickets, ticketing, "read_mail+", write] }]'),
    'warning a.yml:4:36 nothing in tools is called "serch_tickets" or has that category | did you mean search_tickets?'],
  ['a step that the catalogue does not know', `tool_catalogue: [{ name: find, category: search }]\n${sequence('find', 'search', 'nothing')}`,
    'warning a.yml:4:54 nothing in tool_catalogue is called "nothing" or has that category | add the tool with its name and category'],
  ['a sequence twice', record('sequences:', '  - { name: s, steps: [a] }', '  - { name: s, steps: [b] }'), 'error a.yml:5:17 the sequence "s" is there twice | give every sequence of a record a name of its own'],
  ['a gap beyond reason', record('sequences: [{ name: s, steps: [a], max_gap: 101y }]'), 'error a.yml:3:49 max_gap is longer than 100 years | '],
  ['a gap of nothing', record('sequences: [{ name: s, steps: [a], max_gap: 0s }]'), 'error a.yml:3:49 the gap has no length | a duration such as 10m'],
  ['a transition over three', record('forbidden_transitions: ["a->b->c"]'), 'error a.yml:3:29 "a->b->c" is no transition from one step to another | write one arrow an entry'],
  ['a transition with a repetition', record('forbidden_transitions: ["a+ -> write"]'), 'error a.yml:3:29 "a+" is no step of a transition | '],
  ['a transition that names nothing known', record('tools: [{ name: read_file, category: file_storage }, { name: send, category: messaging }]', 'forbidden_transitions: [file_storage -> mesaging]'),
    'warning a.yml:4:29 nothing in tools and tool_catalogue is called "mesaging" or has that category | did you mean messaging?'],
  ['a transition without any tool', record('forbidden_transitions: [write -> messaging]'), 'warning a.yml:3:29 nothing in tools and tool_catalogue is called "messaging"'],
  ['a purpose twice', record('purposes: [{ id: p, tools: [a] }, { id: p, tools: [a] }]'), 'error a.yml:3:45 the purpose "p" is there twice | '],
  ['a purpose of an unknown sequence', record('sequences: [{ name: triage, steps: [a] }]', 'purposes: [{ id: p, sequences: [triag] }]'), 'error a.yml:4:37 the record has no sequence "triag" | did you mean triage?'],
  ['a purpose that wants more tools', record(tools, 'purposes: [{ id: p, tools: [search_tickets, "read_a*", send] }]'), 'warning a.yml:4:60 the record\'s tools do not hold "send": a purpose only narrows | add it to tools of the record'],
  ['a purpose that wants more actions', record('actions: ["aws:s3:*"]', 'purposes: [{ id: p, actions: ["AWS:S3:Get", "aws:iam:x"] }]'), 'warning a.yml:4:49 the record\'s actions do not hold "aws:iam:x"'],
  ['a purpose of nothing', record('purposes: [{ id: p }]'), 'warning a.yml:3:16 the purpose narrows nothing | add actions, tools or sequences'],
  ['a tool that is every tool', record('tools: [{ name: "*" }]'), 'warning a.yml:3:21 this pattern covers every tool of every server | name the tools, or the server'],
  ['a tool twice in the catalogue', 'tool_catalogue:\n  - { name: find, server: s, category: search }\n  - { name: Find, server: s, category: read }\n',
    'warning a.yml:3:5 the tool Find is already at a.yml:2, which counts | keep one of them'],
  ['a category in capitals', 'tool_catalogue: [{ name: a, category: Mail }]\n', 'error a.yml:1:39 category is not in the form expected | expected a category: lower-case letters'],
  ['a class of data', 'data_classes: [{ data_class: secret, resources: [a] }]\n', 'error a.yml:1:30 data_class must be one of public, internal, confidential, restricted'],
  ['a class of nothing', 'data_classes: [{ data_class: public, resources: [] }]\n', 'error a.yml:1:49 resources must have at least 1 items'],
  ['a limit without a number', volume('per: 1d'), 'error a.yml:3:18 the limit has no number | add bytes, rows or objects'],
  ['a limit over no time', volume('rows: 5, per: 1s'), 'error a.yml:3:34 per is shorter than 1m | '],
  ['a limit over a year', volume('rows: 5, per: 1y'), 'error a.yml:3:34 per is longer than 31 days | '],
  ['a limit beyond counting', volume('bytes: 9000000 TiB, per: 1d'), 'error a.yml:3:27 bytes is larger than 8 PiB | '],
  ['a limit in another spelling', volume('bytes: 5gb, per: 1d'), 'error a.yml:3:27 max_volume[0].bytes is not in the form expected | A number of bytes, or a text such as 500MB'],
  ['a controller without names', rotation('method: controller'), 'warning a.yml:3:25 a controller without names may write every secret at any time | add names'],
  ['an overlap as long as the interval', rotation('interval: 30d, overlap: 30d'), 'warning a.yml:3:41 an overlap of 30d is as long as the interval'],
  ['an interval of nothing', rotation('interval: 0d'), 'error a.yml:3:27 the interval has no length | a duration such as 90d'],
  ['a rotator that is no URN', rotation('approved_rotators: ["arn:aws:iam::1:role/x"]'), 'warning a.yml:3:37 "arn:aws:iam::1:role/x" is no pattern over URNs | write the URN of who renews it'],
  ['a rotation method', rotation('method: controler'), 'error a.yml:3:25 rotation.method must be one of manual, pipeline, controller, platform | did you mean controller?'],
  ['a rotation window of a credential', record('credentials: [{ uid: k, rotation: { window: { cron: 0 3 * * 0, duration: 1h, timezone: Berlin } } }]'), 'error a.yml:3:92 there is no time zone "Berlin" | '],
  ['a credential that ends before it begins', record('credentials: [{ uid: k, created: 2026-02-01T00:00:00Z, expires: 2026-01-01T00:00:00Z }]'), 'error a.yml:3:69 the credential expires before it is created | swap created and expires'],
  ['a credential twice', record('credentials: [{ uid: k }, { uid: k }]'), 'warning a.yml:3:38 the credential "k" is listed twice | keep one entry for a credential'],
])('one problem, at its place: %s', (_, text, expected) => {
  const all = told({ 'a.yml': text });
  expect(all).toHaveLength(1);
  expect(all[0]!.slice(0, expected.length)).toBe(expected);
});

test('lists under proposed/ that would bear on reviewed records are pointed out', () => {
  expect(told({ 'proposed/a.yml': 'tool_catalogue: [{ name: a, category: read }]\ndata_classes: [{ data_class: public, resources: ["*"] }]\n' })).toEqual([
    'warning proposed/a.yml:1:1 tool_catalogue under proposed/ is not in force | it would change what reviewed records mean: move it out once it is reviewed',
    'warning proposed/a.yml:2:1 data_classes under proposed/ is not in force | it would change what reviewed records mean: move it out once it is reviewed',
  ]);
});

test.each<[string, string]>([
  ['every repetition', sequence('a', 'b+', 'c{2}', 'd{1,3}', 'e{0,2}', 'f{2,}', ' g { 1 , 2 } ')],
  ['steps by category, by pattern and by server', `tool_catalogue: [{ name: "get_*", server: files, category: file_storage }]\n${record(tools, 'sequences: [{ name: s, steps: [ticketing, "read_mail+", "*_tickets", "any/search_tickets", file_storage, write] }]')}`],
  ['transitions from tools and the catalogue', `tool_catalogue: [{ name: send, category: messaging }]\n${record(tools, 'forbidden_transitions: ["read_secret -> messaging", "ticketing→send", "write->mail/send"]')}`],
  ['a controller with names', rotation('method: controller, names: ["tls-*"], approved_rotators: ["urn:nhi:k8s:*", "*rotator"]')],
  ['limits', volume('bytes: 2GiB, rows: 10, objects: 5, per: 31d')],
  ['every tool of one server, or none', record('tools: [{ name: "*", server: files }, { name: "*", mode: deny }]')],
])('nothing to say: %s', (_, text) => {
  expect(told({ 'a.yml': text })).toEqual([]);
});

test('thousands of records with sequences are checked against a large catalogue in good time', () => {
  const catalogue = `tool_catalogue:\n${Array.from({ length: 5000 }, (_, i) => `  - { name: "t${i}_*", category: c${i} }\n`).join('')}`;
  const records = Array.from({ length: 3000 }, (_, i) => `  - { urn: "${URN}-${i}", sequences: [{ name: s, steps: ["t4999_x+", c4998] }], forbidden_transitions: [c1 -> t2_x] }\n`).join('');
  const began = performance.now();
  expect(told({ 'a.yml': `${catalogue}identities:\n${records}` })).toEqual([]);
  expect(performance.now() - began).toBeLessThan(5000);
});
