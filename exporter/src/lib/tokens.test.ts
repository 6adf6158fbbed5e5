import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTokens } from './tokens.ts';

const folder = mkdtempSync(join(tmpdir(), 'remit-tokens-'));
function fileOf(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

test('each scope knows its own tokens only; two lines are two tokens', () => {
  const { tokens, problems } = openTokens({ ingest: fileOf('a', 'old-token\r\nnew-token\n'), read: fileOf('b', '  read-token  \n') });
  expect(problems).toEqual([]);
  expect([tokens.matches('ingest', 'old-token'), tokens.matches('ingest', 'new-token'), tokens.matches('read', 'read-token')]).toEqual([true, true, true]);
  expect([tokens.matches('read', 'old-token'), tokens.matches('admin', 'read-token'), tokens.matches('ingest', ''), tokens.matches('ingest', 'old-token\n')]).toEqual([false, false, false, false]);
  expect([tokens.configured('ingest'), tokens.configured('write')]).toEqual([true, false]);
});

test('a reload takes the new token; a broken file leaves the last good one in force and is named', () => {
  const file = fileOf('c', 'first\n');
  const { tokens } = openTokens({ read: file });
  writeFileSync(file, 'second\n');
  expect(tokens.reload()).toEqual([]);
  expect([tokens.matches('read', 'first'), tokens.matches('read', 'second')]).toEqual([false, true]);
  writeFileSync(file, '\n');
  expect(tokens.reload()).toMatchObject([{ file, line: 1, severity: 'error', message: 'the token file is empty' }]);
  expect(tokens.matches('read', 'second')).toBe(true);
});

test('a file that cannot be read closes its scope', () => {
  const { tokens, problems } = openTokens({ ingest: join(folder, 'missing'), read: fileOf('d', 'ok\nhas space\n') });
  expect(problems).toMatchObject([{ message: expect.stringContaining('ENOENT') as string }, { line: 2, hint: expect.stringContaining('openssl') as string }]);
  expect([tokens.configured('ingest'), tokens.matches('ingest', ''), tokens.configured('read')]).toEqual([true, false, true]);
});

test('tokens have the name above them, else that of their scope', () => {
  const { tokens, problems } = openTokens({ write: fileOf('e', 'first\n# night-shift\nsecond\nthird\n\n#  grafana\nfourth\n'), read: fileOf('f', '# two words\nx\n') });
  expect(['first', 'second', 'third', 'fourth', '# grafana', 'night-shift'].map((token) => tokens.nameOf('write', token)))
    .toEqual(['write', 'night-shift', 'night-shift', 'grafana', null, null]);
  expect(tokens.nameOf('admin', 'first')).toBeNull();
  expect(problems).toMatchObject([{ line: 1, message: expect.stringContaining('a name one word') as string }]);
});
