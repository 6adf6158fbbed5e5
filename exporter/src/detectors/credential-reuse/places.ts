import { isIP } from 'node:net';
import type { ChainMember, NhiEvent } from '@remit/contract';
import { Lately } from '../../lib/lately.ts';
import { bounded } from '../phrases.ts';

/**
 * Where a call came from, coarse enough that one workload stays in one place. Only places of one `family` can be compared: a host has an
 * address of each kind, and behind an endpoint of its network shows its private one.
 */
export interface Place {
  family: 'as' | 'ipv4' | 'ipv6' | 'private' | 'workload'; name: string;
  /** What its uses were remembered as last, by what the record says of it. */
  members: Record<Declared, ChainMember<null> | null>;
}
/** What a record's `networks` say of a place. */
export type Declared = 'allowed' | 'outside' | 'undeclared';

/** The network of the caller: its AS number, else its /24 or /48, else the /16 of a private address. Null where the event proves none. */
export function networkOf({ src_kind: kind, src_endpoint: source }: NhiEvent): Place | null {
  if (kind !== 'ip' || source === undefined) return null;
  if (source.autonomous_system !== undefined) return placeOf('as', `AS${source.autonomous_system.number}`);
  return source.ip === undefined ? null : ADDRESSES.of(source.ip);
}

/** The workload that the source proves to have called. */
export function workloadOf({ src_endpoint: source }: NhiEvent): Place | null {
  const uid = source?.workload_uid;
  return uid === undefined ? null : WORKLOADS.of(uid);
}

/** Whether a workload is a machine of a cloud, whose role's keys belong to it alone. */
export function isInstance(event: NhiEvent): boolean {
  const uid = event.src_endpoint?.workload_uid;
  return uid !== undefined && event.credential?.type === 'session_key' && INSTANCES.of(uid);
}

/** Machines and places that are known again without a second look: those of a fleet. */
export const FLEET = 8192;
const INSTANCES = new Lately<boolean>((uid) => /^m?i-[0-9a-f]{8,17}$/i.test(uid), FLEET);
const WORKLOADS = new Lately<Place>((uid) => placeOf('workload', bounded(uid, 128)), FLEET);
const ADDRESSES = new Lately<Place | null>((address) => {
  const mapped = address.includes(':') && address.includes('.') && /^::ffff:/i.test(address);
  const ip = mapped ? address.slice('::ffff:'.length) : address;
  const family = isIP(ip);
  if (family === 4) return ipv4(ip);
  return family === 6 ? ipv6(ip.toLowerCase().split('%', 1)[0]!) : null;
});

function placeOf(family: Place['family'], name: string): Place {
  return { family, name, members: { allowed: null, outside: null, undeclared: null } };
}

function ipv4(ip: string): Place | null {
  const dot = ip.indexOf('.');
  const second = ip.indexOf('.', dot + 1);
  const a = Number(ip.slice(0, dot));
  const b = Number(ip.slice(dot + 1, second));
  // Addresses that carriers and clusters give out behind their own translation name no network.
  if (a === 127 || a === 0 || (a === 169 && b === 254) || (a === 100 && b >= 64 && b <= 127)) return null;
  const own = a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168);
  return own ? placeOf('private', `${a}.${b}.0.0/16`) : placeOf('ipv4', `${ip.slice(0, ip.indexOf('.', second + 1))}.0/24`);
}

function ipv6(ip: string): Place | null {
  const [left = '', right] = ip.split('::', 2) as [string, string?];
  const head = left === '' ? [] : left.split(':');
  const zeros = right === undefined ? 0 : Math.max(0, 8 - head.length - (right === '' ? 0 : right.split(':').length));
  const groups = [...head, ...Array<string>(zeros).fill('0'), ...(right ?? '').split(':')].slice(0, 3).map((group) => parseInt(group, 16) || 0);
  const first = groups[0] ?? 0;
  // Loopback, link-local and unique local addresses.
  if (first === 0 || first >= 0xfc00) return null;
  return placeOf('ipv6', `${groups.map((group) => group.toString(16)).join(':')}::/48`);
}
