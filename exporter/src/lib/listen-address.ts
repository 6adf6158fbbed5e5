import { BlockList, isIP } from 'node:net';

/** Where the service listens. `host` is empty for every interface. */
export interface ListenAddress { host: string; port: number; loopback: boolean }

/** Why an address is no listen address, or may not be used, and what to do about it. */
export interface ListenRefusal { message: string; hint: string }

/** Reads `host:port`, `[::1]:port` or `:port`. Port 0 lets the system choose. Only IP addresses and `localhost` can be loopback. */
export function parseListen(address: string): ListenAddress | ListenRefusal {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]*)):(\d{1,5})$/.exec(address);
  const port = Number(found?.[3]);
  if (!found || port > 65_535 || (found[1] !== undefined && isIP(found[1]) !== 6)) {
    return { message: `${JSON.stringify(address.slice(0, 200))} is no listen address`, hint: 'write host:port, for example 127.0.0.1:9847, [::1]:9847 or :9847' };
  }
  const host = found[1] ?? found[2] ?? '';
  return { host, port, loopback: isLoopback(host) };
}

/** True for `localhost`, 127.0.0.0/8, ::1 and IPv4 loopback written as IPv6; brackets are allowed. */
export function isLoopback(host: string): boolean {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  if (bare.toLowerCase() === 'localhost') return true;
  const family = isIP(bare);
  return family !== 0 && LOOPBACK.check(bare, family === 6 ? 'ipv6' : 'ipv4');
}

/**
 * The address to listen on, or why not: beyond loopback it takes TLS and authentication of both ingest and read.
 * `auth` is true when ingest and read tokens, or basic-auth users, are configured.
 */
export function checkListen(address: string, configured: { tls: boolean; auth: boolean }): ListenAddress | ListenRefusal {
  const parsed = parseListen(address);
  if ('message' in parsed || parsed.loopback || (configured.tls && configured.auth)) return parsed;
  const missing = [
    ...(configured.tls ? [] : ['TLS (tls_server_config in --web.config.file)']),
    ...(configured.auth ? [] : ['authentication (auth.ingest.token_file and auth.read.token_file, or basic_auth_users in --web.config.file)']),
  ];
  return {
    message: `${address} can be reached from other machines, and ${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not configured`,
    hint: 'configure it, or listen on loopback: --web.listen-address=127.0.0.1:9847',
  };
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
LOOPBACK.addSubnet('::ffff:127.0.0.0', 104, 'ipv6');
