import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { expect, test } from 'vitest';
import { createPasswords } from './passwords.ts';
import { loadWebConfig } from './web-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'remit-web-'));
cpSync(join(import.meta.dirname, 'cases/tls'), folder, { recursive: true });
const HASH = hashSync('correct horse', 4);

function load(text: string): ReturnType<typeof loadWebConfig> {
  const file = join(folder, 'web.yml');
  writeFileSync(file, text);
  return loadWebConfig(file);
}

test('every part of the toolkit’s file is read', () => {
  const { config, problems } = load(`
tls_server_config:
  cert_file: server.pem
  key_file: server.key
  client_ca_file: ca.pem
  client_auth_type: RequireAndVerifyClientCert
  client_allowed_sans: [prometheus.example]
  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: false
  curve_preferences: [X25519, CurveP256]
http_server_config:
  http2: true
  headers: {Strict-Transport-Security: max-age=31536000, X-Frame-Options: ""}
basic_auth_users:
  alice: ${HASH}
rate_limit: {interval: 1m30s, burst: 20}
`);
  expect(problems).toEqual([]);
  expect(config).toMatchObject({
    tls: { clientAuth: 'RequireAndVerifyClientCert', allowedSans: ['prometheus.example'], options: { minVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', ecdhCurve: 'X25519:P-256', requestCert: true, rejectUnauthorized: true, honorCipherOrder: false } },
    rateLimit: { interval: 90_000, burst: 20 }, headers: { 'Strict-Transport-Security': 'max-age=31536000' },
  });
  expect([...config?.users ?? []]).toEqual([['alice', HASH]]);
});

test('an empty file and a disabled limit are no configuration', () => {
  expect(load('').config).toMatchObject({ tls: null, rateLimit: null });
  expect(load('rate_limit: {interval: 0, burst: 1}').config).toMatchObject({ rateLimit: null });
});

const pair = 'cert_file: server.pem\n  key_file: server.key\n';
test.each([
  ['tls_server_config:\n  cert_fil: x\n', 2, 3, /unknown key "cert_fil"/, /did you mean cert_file/],
  ['basic_auth_user: {}\n', 1, 1, /unknown key/, /did you mean basic_auth_users/],
  ['basic_auth_users:\n  bob: plain\n', 2, 8, /basic_auth_users.bob: a bcrypt hash/, undefined],
  ['rate_limit:\n  interval: soon\n  burst: 1\n', 2, 13, /interval: /, undefined],
  ['rate_limit:\n  interval: 1s\n  burst: 0\n', 3, 10, /at least 1/, undefined],
  ['tls_server_config:\n  min_version: SSL3\n', 2, 16, /one of TLS10/, undefined],
  ['tls_server_config:\n  cert_file: server.pem\n', 1, 1, /TLS needs key_file/, /set cert_file and key_file/],
  ['tls_server_config:\n  cert_file: none.pem\n  key_file: server.key\n', 2, 3, /cannot read none.pem: ENOENT/, /relative to this file/],
  ['tls_server_config:\n  cert_file: server.pem\n  key_file: client.key\n', 3, 3, /does not belong/, /pair/],
  ['tls_server_config:\n  cert_file: ca.pem\n  key_file: ca.pem\n', 1, 1, /cannot be used/, /PEM/],
  [`tls_server_config:\n  ${pair}  client_ca_file: ca.pem\n`, 1, 1, /no client certificate is asked for/, /RequireAndVerify/],
  [`tls_server_config:\n  ${pair}  client_auth_type: VerifyClientCertIfGiven\n`, 4, 3, /needs client_ca_file/, /CA/],
  [`tls_server_config:\n  ${pair}  client_allowed_sans: [a]\n`, 4, 3, /needs a client certificate/, /client_auth_type/],
  ['http_server_config:\n  headers:\n    X-Powered-By: x\n', 3, 5, /unknown key "X-Powered-By"/, /./],
  ['a: 1\na: 2\n', 2, 1, /unique/i, undefined],
  ['a: [1\n', 2, 1, /./, undefined],
  ['- 1\n', 1, 1, /expected object/i, undefined],
])('%j is refused with line, column and a hint', (text, line, column, message, hint) => {
  const { config, problems } = load(text);
  expect(config).toBeNull();
  expect(problems[0]).toMatchObject({ line, column, message: expect.stringMatching(message) as string, severity: 'error' });
  if (hint !== undefined) expect(problems[0]?.hint).toMatch(hint);
});

test('passwords: right, wrong, unknown user, remembered, and a reload counts at once', async () => {
  let users = new Map([['alice', HASH]]);
  const passwords = createPasswords(() => users);
  try {
    expect(await passwords.check('alice', 'correct horse')).toBe('right');
    expect(await passwords.check('alice', 'wrong')).toBe('wrong');
    expect(await passwords.check('mallory', 'correct horse')).toBe('wrong');
    const before = performance.now();
    for (let i = 0; i < 200; i += 1) expect(await passwords.check('alice', 'correct horse')).toBe('right');
    expect(performance.now() - before).toBeLessThan(200);
    users = new Map();
    expect(await passwords.check('alice', 'correct horse')).toBe('wrong');
    const many = await Promise.all(Array.from({ length: 40 }, (_, i) => passwords.check('alice', `guess ${i}`)));
    expect(many.filter((answer) => answer === 'busy').length).toBeGreaterThan(10);
  } finally {
    await passwords.close();
  }
});
