import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { awaitingContinue } from '../lib/http-route.ts';
import type { ListenAddress } from '../lib/listen-address.ts';
import type { WebTls } from '../lib/web-config.ts';

/** A listener that is up. */
export interface Listening {
  /** Where it can be called on this machine, for example `http://127.0.0.1:9847`. */
  url: string;
  port: number;
  /** Uses these certificates for new connections. */
  renew(tls: WebTls): void;
  /** Takes no more connections, lets requests finish for `graceMillis`, then ends them. */
  close(graceMillis?: number): Promise<void>;
}

/** Starts listening. Rejects with a sentence that says what to do when the address cannot be used. */
export async function listen(app: RequestListener, options: { address: ListenAddress; tls: WebTls | null }): Promise<Listening> {
  let { tls } = options;
  const settings = { headersTimeout: 10_000, requestTimeout: 90_000, keepAliveTimeout: 30_000, connectionsCheckingInterval: 5000, maxHeaderSize: 16_384 };
  const server: Server | TlsServer = tls === null ? createServer(settings, app) : createTlsServer({ ...settings, ...tls.options }, app);
  server.maxConnections = 4096;
  server.on('checkContinue', (request, response) => {
    awaitingContinue.add(request);
    app(request, response);
  });
  if (tls !== null) {
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      if (tls !== null && !admits(tls, socket)) socket.destroy();
    });
  }
  await bind(server, options.address);
  const { port } = server.address() as AddressInfo;
  const host = options.address.loopback ? options.address.host : options.address.host || 'localhost';
  return {
    port,
    url: `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    renew(next) {
      if (tls === null) return;
      tls = next;
      (server as TlsServer).setSecureContext(next.options);
    },
    close: (graceMillis = 5000) => new Promise((resolve) => {
      const force = setTimeout(() => server.closeAllConnections(), graceMillis);
      server.close(() => {
        clearTimeout(force);
        resolve();
      });
      server.closeIdleConnections();
    }),
  };
}

function bind(server: Server | TlsServer, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
      const reasons: Record<string, string> = {
        EADDRINUSE: `${where} is already in use; end the other program, or choose another address with --web.listen-address`,
        EACCES: `not allowed to listen on ${where}; choose a port above 1023 with --web.listen-address`,
        EADDRNOTAVAIL: `${where} is no address of this machine; check --web.listen-address`,
        ENOTFOUND: `${host} does not resolve; check --web.listen-address`,
      };
      reject(new Error(reasons[error.code ?? ''] ?? `cannot listen on ${where}: ${error.message}`));
    });
    server.listen({ port, ...(host === '' ? {} : { host }) }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

/** Go's policies that Node has no word for: a certificate of whatever issuer, or a valid one if there is any. */
function admits(tls: WebTls, socket: TLSSocket): boolean {
  const certificate = socket.getPeerX509Certificate();
  if (tls.clientAuth === 'RequireAnyClientCert' || tls.clientAuth === 'RequireClientCert') {
    if (certificate === undefined) return false;
  }
  if (tls.clientAuth === 'VerifyClientCertIfGiven' && certificate !== undefined && !socket.authorized) return false;
  if (tls.allowedSans === null) return true;
  const names = namesOf(certificate?.subjectAltName ?? '');
  return tls.allowedSans.some((name) => names.has(name));
}

/** Names of a subjectAltName as Node prints it: `DNS:a, IP Address:b, URI:"quoted, when it holds a comma"`. */
function namesOf(subjectAltName: string): Set<string> {
  const names = new Set<string>();
  for (const [, quoted, plain] of subjectAltName.matchAll(/(?:^|, )(?:DNS|IP Address|URI|email):(?:("(?:[^"\\]|\\.)*")|([^,]*))/g)) {
    names.add(quoted === undefined ? plain ?? '' : (JSON.parse(quoted) as string));
  }
  return names;
}
