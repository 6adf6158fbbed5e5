import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const PROPOSAL = 'identities:\n  - urn: urn:nhi:aws:1:role/a\n    status: proposed\n    actions: [aws:s3:GetObject]\n';
let folder = '';
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'remit-approve-')); });
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

function put(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}
function approve(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [MAIN, 'inventory', 'approve', ...args], { cwd: folder }, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

test('an approved proposal leaves the folder of proposals; a dry run changes nothing', async () => {
  put('inv/owners.yml', 'owners: [{ team: payments }]\n');
  const file = put('inv/proposed/deep/a.yml', PROPOSAL);
  const dry = await approve(file, '--owner', 'payments', '--by', 'ada', '--dry-run');
  expect([dry.code, dry.err, readFileSync(file, 'utf8')]).toEqual([0, '', PROPOSAL]);
  expect(dry.out).toMatch(/^--- .*\n\+\+\+ .*inv\/deep\/a\.yml\n[^]*-    status: proposed\n\+    status: active\n\+    owner: payments\n\+    approved_by: ada\n[^]*would approve urn:nhi:aws:1:role\/a\n$/);

  expect(await approve(file, '--owner', 'payments')).toMatchObject({ code: 0, err: '' });
  expect(existsSync(file)).toBe(false);
  expect(readdirSync(join(folder, 'inv/deep'))).toEqual(['a.yml']);
  expect(readFileSync(join(folder, 'inv/deep/a.yml'), 'utf8')).toContain('    status: active\n    owner: payments\n');
});

test('a proposal elsewhere moves into the inventory that is named', async () => {
  put('inv/owners.yml', 'owners: [{ team: payments }]\n');
  const file = put('review/a.yml', PROPOSAL);
  expect((await approve(file, '--owner', 'payments')).code).toBe(2);
  expect((await approve(file, '--owner', 'payments', '--inventory.path', 'inv')).code).toBe(0);
  expect(readdirSync(join(folder, 'inv')).sort()).toEqual(['a.yml', 'owners.yml']);
});

test('in place, where it lies beside the records already', async () => {
  put('inv/owners.yml', 'owners: [{ team: payments }]\n');
  const file = put('inv/a.yml', PROPOSAL);
  expect((await approve(file, '--owner', 'payments', '--inventory.path', 'inv')).code).toBe(0);
  expect(readFileSync(file, 'utf8')).toContain('status: active');
});

test.each<[string, Record<string, string>, number, RegExp]>([
  ['an owner that does not exist', { 'inv/owners.yml': 'owners: [{ team: payment }]\n' }, 1, /a\.yml:2:5: error: the team payments is not in owners[^]*did you mean payment\?[^]*nothing was approved/],
  ['a record that exists', { 'inv/owners.yml': 'owners: [{ team: payments }]\nidentities: [{ urn: urn:nhi:aws:1:role/a, owner: payments }]\n' }, 1, /role\/a has a reviewed record already, at owners\.yml:2/],
  ['a file that exists', { 'inv/owners.yml': 'owners: [{ team: payments }]\n', 'inv/a.yml': 'identities: []\n' }, 1, /there is a file .*inv\/a\.yml already/],
  ['a broken inventory', { 'inv/owners.yml': 'owners: [{ tem: payments }]\n' }, 2, /owners\.yml:1:12: error: unknown key "tem"/],
  ['a broken proposal', { 'inv/owners.yml': 'owners: [{ team: payments }]\n', 'inv/proposed/a.yml': `${PROPOSAL}    tpyo: 1\n` }, 2, /proposed\/a\.yml:5:5: error: .*unknown key "tpyo"/],
])('refused: %s', async (_, files, code, said) => {
  const file = put('inv/proposed/a.yml', PROPOSAL);
  const ready = put('inv/proposed/b.yml', PROPOSAL.replace('role/a', 'role/b'));
  for (const [path, text] of Object.entries(files)) put(path, text);
  const before = readFileSync(file, 'utf8');
  const result = await approve(file, ready, '--owner', 'payments');
  expect(result.err).toMatch(said);
  expect([result.code, readFileSync(file, 'utf8'), existsSync(ready)]).toEqual([code, before, true]);
});
