import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { NhiEvent } from '@remit/contract';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'remit-normalise-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

function normalised(...args: string[]): Promise<string> {
  return new Promise((done, failed) => {
    execFile(process.execPath, [join(ROOT, 'exporter/src/main.ts'), 'normalise', ...args], (error, out) => { if (error === null) done(out); else failed(new Error(error.message)); });
  });
}

test('standard input and pipes are read like files, compressed or not', async () => {
  const log = join(folder, 'own.jsonl');
  const line = JSON.stringify({ remit_event: 1, id: 'job/1', time: 1795341600000, realm: 'db', principal: { name: 'load' }, service: 'db', operation: 'SELECT', category: 'read' });
  writeFileSync(log, `${line}\n`);
  const expected = await normalised(log);
  expect((JSON.parse(expected) as NhiEvent).actor.identity.urn).toBe('urn:nhi:generic:db:user/load');
  const main = join(ROOT, 'exporter/src/main.ts');
  const piped = (how: string) => new Promise<string>((done, failed) => {
    execFile('bash', ['-c', how, 'bash', process.execPath, main, log], (error, out) => { if (error === null) done(out); else failed(new Error(error.message)); });
  });
  expect(await piped('cat "$3" | "$1" "$2" normalise -')).toBe(expected);
  expect(await piped('gzip -c "$3" | "$1" "$2" normalise -')).toBe(expected);
  expect(await piped('"$1" "$2" normalise <(gzip -c "$3")')).toBe(expected);
});

test('arguments of tools show where they lie and which are equal, not what they are', async () => {
  const config = join(folder, 'remit.yml');
  const log = join(folder, 'calls.jsonl');
  writeFileSync(config, JSON.stringify({ sources: { generic: [{
    id: 'calls', title: 'Calls', provider: 'gateway', match: { call: '*' },
    fields: { time: 'at', principal: { name: 'by' }, operation: 'call', category: { value: 'execute_tool' }, tool: { name: 'call', arguments: 'args' } },
  }] } }));
  const call = (second: number, args: object) => JSON.stringify({ at: `2026-11-02T10:00:0${second}Z`, by: 'triage', call: 'send', args });
  writeFileSync(log, [call(1, { to: 'ops@example.com', as: 'bot' }), call(2, { to: 'ops@example.com' }), call(3, { to: 'else@example.com' })].join('\n'));
  const out = await normalised(log, '--config.file', config);
  expect(out.trim().split('\n').map((line) => (JSON.parse(line) as NhiEvent).tool!.arguments)).toEqual([
    [{ path: 'to', hash: 1 }, { path: 'as', hash: 2 }], [{ path: 'to', hash: 1 }], [{ path: 'to', hash: 3 }],
  ]);
  expect(out).not.toContain('else@example.com');
  expect(await normalised(log, '--config.file', config), 'the same in another run').toBe(out);
});
