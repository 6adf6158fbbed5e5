import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadConfig } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'remit-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function load(text: string) {
  const file = join(folder, 'remit.yml');
  writeFileSync(file, text);
  return loadConfig(file);
}

test('paths of followed files are relative to the configuration file', () => {
  const { config, problems } = load('receivers:\n  files:\n    - { path: logs/*.json*, source: k8s-audit, cluster: prod, feed: masters }\n    - { path: /var/log/audit.log }\n');
  expect(problems).toEqual([]);
  expect(config.receivers.files).toEqual([
    { path: join(folder, 'logs/*.json*'), source: 'k8s-audit', cluster: 'prod', feed: 'masters' }, { path: '/var/log/audit.log' },
  ]);
  expect(loadConfig(undefined).config.receivers.files).toEqual([]);
});

test.each([
  ['an unknown source', '    - { path: a, source: k8s-audits }', /there is no such source; known: .*k8s-audit/, 3],
  ['no path', '    - { source: k8s-audit }', /path/, 3],
  ['a name with blanks', '    - { path: a, feed: a b }', /visible ASCII/, 3],
  ['an unknown key', '    - path: a\n      form: json', /unknown key "form"/, 4],
])('%s is a problem at its place', (_name, entry, message, line) => {
  const { problems } = load(`receivers:\n  files:\n${entry}\n`);
  expect(problems).toMatchObject([{ line, severity: 'error', message: expect.stringMatching(message) as string }]);
});

test('what is pushed to Alertmanager needs addresses and the cluster, and nothing of a finding\'s own', () => {
  const { config, problems } = load('grafana: { url: https://grafana.example/ }\nalertmanager:\n  push: with-rules\n  urls: [http://127.0.0.1:9093/]\n  labels: { cluster: prod }\n  basic_auth: { username: remit, password_file: am }\n');
  expect(problems).toEqual([]);
  expect(config.grafana.url).toBe('https://grafana.example');
  expect(config.alertmanager).toMatchObject({ urls: ['http://127.0.0.1:9093'], basic_auth: { username: 'remit', password_file: join(folder, 'am') } });
  expect(loadConfig(undefined).config.alertmanager.push).toBe('off');
});

test.each([
  ['no address', 'push: sole, labels: { cluster: a }', /name the Alertmanagers/],
  ['no cluster', 'push: with-rules, urls: [http://127.0.0.1:9093]', /cluster is missing/],
  ['a label of findings', 'push: sole, urls: [http://127.0.0.1:9093], labels: { cluster: a, identity: b }', /identity is a label of findings/],
  ['another protocol', 'push: sole, urls: ["file:///etc"], labels: { cluster: a }', /an address such as/],
  ['two ways to sign in', 'push: sole, urls: [http://a], labels: { cluster: a }, basic_auth: { username: a, password_file: b }, authorization: { token_file: c }', /not both/],
])('pushing with %s is a problem', (_name, fields, message) => {
  const { problems } = load(`alertmanager: { ${fields} }\n`);
  expect(problems).toMatchObject([{ line: 1, severity: 'error', message: expect.stringMatching(message) as string }]);
});

const MAPPING = (id: string, more = '') => `id: ${id}
match: { kind: x }
fields:
  time: t
  principal: { name: who }
  operation: op
  category: { path: op, map: { "SELECT*": read }, default: write }
${more}`;
const inline = (id: string, more = '') => `sources:\n  generic:\n    - ${MAPPING(id, more).trimEnd().replaceAll('\n', '\n      ')}\n`;

test('mappings stand in the configuration or in files beside it, and followed files may name them', () => {
  writeFileSync(join(folder, 'second.yml'), MAPPING('second'));
  const { config, problems } = load(`${inline('first')}  files: [second.yml]\nreceivers:\n  files:\n    - { path: a, source: first }\n    - { path: b, source: second }\n`);
  expect(problems).toEqual([]);
  expect(config.sources.generic.map(({ id }) => id)).toEqual(['first', 'second']);
});

test.each<[string, string, RegExp, number, number, RegExp | undefined]>([
  ['an unknown field', inline('a', '  operaton: x\n'), /unknown key "operaton"/, 10, 9, /did you mean operation/],
  ['an unknown key of a value', inline('a', '  service: { paht: x }\n'), /unknown key "paht"/, 10, 20, /did you mean path/],
  ['two ways at once', inline('a', '  service: { path: x, value: y }\n'), /say one of path, first, text, value, not path and value/, 10, 18, undefined],
  ['a broken path', inline('a', '  service: "a..b"\n'), /"a\.\.b" is no path/, 10, 18, undefined],
  ['a broken text', inline('a', '  id: { text: "{a" }\n'), /braces/, 10, 21, undefined],
  ['a word that is none', inline('a').replace('default: write', 'default: writes'), /one of read, list, write/, 9, 66, undefined],
  ['an unknown format', inline('a', '').replace('time: t', 'time: { path: t, format: unix }'), /one of rfc3339, epoch_s/, 6, 34, undefined],
  ['no principal', inline('a').replace('principal: { name: who }', 'principal: { type: who }'), /say id or name/, 7, 20, undefined],
  ['no match', inline('a').replace('{ kind: x }', '{}'), /say 1 to 16 paths/, 4, 14, undefined],
  ['the name of a source that there is', inline('k8s-audit'), /"k8s-audit" is a source that comes with Remit/, 3, 11, undefined],
  ['two of one name', `${inline('a')}    - ${MAPPING('a').trimEnd().replaceAll('\n', '\n      ')}\n`, /is the id of two mappings/, 3, 11, undefined],
])('a mapping with %s is a problem at its place', (_, text, message, line, column, hint) => {
  const [problem] = load(text).problems;
  expect(problem).toMatchObject({ line, column, severity: 'error', message: expect.stringMatching(message) as string });
  if (hint) expect(problem!.hint).toMatch(hint);
});

test('a mapping in a file of its own is told by that file', () => {
  writeFileSync(join(folder, 'broken.yml'), `${MAPPING('broken')}  rowz: n\n`);
  expect(load('sources: { files: [broken.yml, missing.yml] }\n').problems).toMatchObject([
    { file: join(folder, 'broken.yml'), line: 8, column: 3, message: 'unknown key "rowz"', hint: 'did you mean rows?' }, { file: join(folder, 'missing.yml'), message: expect.stringMatching(/cannot be read/) as string },
  ]);
});
