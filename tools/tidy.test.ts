import { expect, test } from 'vitest';
import { inspect } from './tidy.ts';

const word = (...parts: string[]): string => parts.join('');

test.each([
  ['exporter/src/a.ts', `// ${word('TO', 'DO')} later\n`, 'an open end'],
  ['exporter/src/a.ts', `console.${word('log')}(1);\n`, 'use the log'],
  ['exporter/src/a.test.ts', `test.${word('only')}('x', () => {});\n`, 'only a part'],
  ['docs/a.md', `see /ho${word('me', '/someone')}\n`, 'a path of one machine'],
  ['docs/a.md', 'see [this](missing.md#there)\n', 'link to missing.md'],
  ['package-lock.json', `{ "resolved": "${word('https:', '//')}mirror.example/a.tgz" }\n`, 'a registry belongs'],
  ['exporter/src/a.ts', 'const a = 1;\n'.repeat(400), '401 lines'],
  ['exporter/src/a.ts', 'const a = 1;', 'no newline'],
])('%s: %j is untidy', (path, text, message) => {
  expect(inspect(path, text, () => false).map((one) => one.message).join()).toContain(message);
});

test.each([
  ['docs/a.md', 'see [this](there.md#part), [that](https://example.org) and [below](#below)\n'],
  ['docs/a.md', 'code: `[not a link](nowhere.md)`\n'],
  ['exporter/src/a.test.ts', 'console.log(1);\n'],
  ['exporter/src/sources/x/cases/a.json', '{}'],
  ['exporter/src/sources/x/action-table.ts', '// a row\n'.repeat(900)],
])('%s: %j is tidy', (path, text) => {
  expect(inspect(path, text, (target) => target === 'docs/there.md')).toEqual([]);
});
