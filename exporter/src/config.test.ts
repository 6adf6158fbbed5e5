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
