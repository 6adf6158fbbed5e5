import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { loadWebConfig } from '../lib/web-config.ts';
import { certificates } from './certificates.ts';
import { listen } from './listen.ts';

const CASES = join(import.meta.dirname, '../lib/cases/tls');

/** Common name of the certificate that a new connection is shown. */
function shown(port: number): Promise<string | string[] | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subject.CN);
      socket.destroy();
    }).on('error', reject);
  });
}

test('certificates that are replaced on disk are used for new connections; a pair that does not fit is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'remit-certificates-'));
  const put = (cert: string, key: string): void => {
    copyFileSync(join(CASES, cert), join(folder, 'tls.crt'));
    copyFileSync(join(CASES, key), join(folder, 'tls.key'));
  };
  put('server.pem', 'server.key');
  const file = join(folder, 'web.yml');
  writeFileSync(file, 'tls_server_config: { cert_file: tls.crt, key_file: tls.key }\n');
  const tls = loadWebConfig(file).config!.tls!;
  const listening = await listen((_request, response) => { response.end(); }, { address: { host: '127.0.0.1', port: 0, loopback: true }, tls });
  const said: string[] = [];
  const log = { info: (_: object, message: string) => { said.push(message); }, warn: (_: object, message: string) => { said.push(message); } };
  const look = certificates(file, tls, (next) => { listening.renew(next); }, log);
  try {
    const first = await shown(listening.port);
    await look();
    put('client.pem', 'server.key');
    await look();
    await look();
    expect([await shown(listening.port), said]).toEqual([first, ['new certificates cannot be used; the old ones stay in force']]);
    put('client.pem', 'client.key');
    await look();
    await look();
    expect(await shown(listening.port)).not.toBe(first);
    expect(said).toHaveLength(2);
  } finally {
    await listening.close(50);
    rmSync(folder, { recursive: true });
  }
});
