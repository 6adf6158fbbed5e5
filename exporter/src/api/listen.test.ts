import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { listen } from './listen.ts';
import type { Listening } from './listen.ts';
import type { ClientAuth, WebTls } from '../lib/web-config.ts';

const pem = (name: string): string => readFileSync(join(import.meta.dirname, '../lib/cases/tls', name), 'utf8');
const address = { host: '127.0.0.1', port: 0, loopback: true };
const open: Listening[] = [];
afterEach(async () => { for (const each of open.splice(0)) await each.close(50); });

function tls(clientAuth: ClientAuth, allowedSans: string[] | null = null): WebTls {
  return {
    clientAuth, allowedSans,
    options: { cert: pem('server.pem'), key: pem('server.key'), ca: pem('ca.pem'), requestCert: clientAuth !== 'NoClientCert', rejectUnauthorized: clientAuth === 'RequireAndVerifyClientCert' },
  };
}
async function start(settings: WebTls | null): Promise<Listening> {
  const listening = await listen((_request, response) => { response.end('hello'); }, { address, tls: settings });
  open.push(listening);
  return listening;
}
function get(listening: Listening, withCertificate: boolean): Promise<number | 'refused'> {
  return new Promise((resolve) => {
    const asked = request(`${listening.url}/`, { agent: false, ca: pem('ca.pem'), ...(withCertificate ? { cert: pem('client.pem'), key: pem('client.key') } : {}) }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on('error', () => resolve('refused')).end();
  });
}

test.each([
  ['NoClientCert', null, 200, 200], ['RequestClientCert', null, 200, 200], ['RequireAnyClientCert', null, 'refused', 200], ['VerifyClientCertIfGiven', null, 200, 200],
  ['RequireAndVerifyClientCert', null, 'refused', 200], ['RequireAndVerifyClientCert', ['prometheus.example'], 'refused', 200], ['RequireAndVerifyClientCert', ['other.example'], 'refused', 'refused'],
] as const)('%s, names %j: %s without a certificate, %s with one', async (policy, names, without, withOne) => {
  const listening = await start(tls(policy, names === null ? null : [...names]));
  expect(listening.url).toMatch(/^https:/);
  expect([await get(listening, false), await get(listening, true)]).toEqual([without, withOne]);
});

test('a new certificate is used for new connections', async () => {
  const listening = await start(tls('NoClientCert'));
  const renewed = tls('RequireAndVerifyClientCert', ['nobody.example']);
  listening.renew(renewed);
  expect(await get(listening, true)).toBe('refused');
});

test('an address that is taken is refused with what to do', async () => {
  const first = await start(null);
  await expect(listen(() => undefined, { address: { ...address, port: first.port }, tls: null })).rejects.toThrow(/already in use; .*--web\.listen-address/);
});
