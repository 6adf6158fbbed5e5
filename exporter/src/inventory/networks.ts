import type { NhiEvent } from '@remit/contract';
import { BlockList, isIP } from 'node:net';
import { memoised } from './memo.ts';
import type { MemoPool } from './memo.ts';

type Answer = 'allowed' | 'outside' | 'undeclared';

/** What is wrong with an entry of a list of networks, as a phrase, or null. */
export function networkProblem(text: string): string | null {
  if (text === 'service' || asNumber(text) !== null || /^vpce-[0-9a-z]+$/.test(text)) return null;
  const [address, bits, more] = text.split('/') as [string, string?, string?];
  const family = isIP(address);
  if (family === 0 || more !== undefined || address.includes('%')) return `"${text.slice(0, 64)}" is no network`;
  if (bits === undefined) return null;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128) ? null : `"${text.slice(0, 64)}" has no valid prefix length`;
}

/** Form of an entry, for hints. */
export const NETWORK_FORMS = 'write a CIDR block (10.0.0.0/8, 2001:db8::/32), an AS number (AS64500), a VPC endpoint (vpce-…) or service';

/**
 * Compiles a list of networks. An event is allowed when its address, AS number or VPC endpoint is listed, or when a service
 * of the provider called for the identity and `service` is listed. `undeclared` when the list is empty, or when the event
 * says nothing about where it came from.
 */
export function compileNetworks(entries: readonly string[] | undefined, memos: MemoPool): (event: NhiEvent) => Answer {
  if (entries === undefined || entries.length === 0) return () => 'undeclared';
  return memos.shared('networks', entries, () => compileEntries(entries, memos));
}

function compileEntries(entries: readonly string[], memos: MemoPool): (event: NhiEvent) => Answer {
  const systems = new Set<number>();
  const endpoints = new Set<string>();
  const blocks: string[] = [];
  for (const entry of entries) {
    const system = asNumber(entry);
    if (system !== null) systems.add(system);
    else if (entry.startsWith('vpce-')) endpoints.add(entry);
    else if (entry !== 'service') blocks.push(entry);
  }
  const service = entries.includes('service');
  // A native block list is dear to make, and most records of a large inventory are not asked between two reloads.
  let list: BlockList | null = null;
  const listed = memoised(memos, (ip) => {
    const address = ip.split('%', 1)[0]!;
    const family = isIP(address);
    return family !== 0 && (list ??= blockList(blocks)).check(address, family === 4 ? 'ipv4' : 'ipv6');
  });
  return (event) => {
    const source = event.src_endpoint;
    if (service && (event.src_kind === 'service' || (event.src_kind === 'internal' && source?.ip === undefined))) return 'allowed';
    if (source?.vpc_endpoint !== undefined && endpoints.has(source.vpc_endpoint)) return 'allowed';
    const system = source?.autonomous_system?.number;
    if (system !== undefined && systems.has(system)) return 'allowed';
    const ip = source?.ip;
    if (ip !== undefined && blocks.length > 0 && listed(ip)) return 'allowed';
    const unknown = ip === undefined && system === undefined && source?.vpc_endpoint === undefined
      && (event.src_kind === 'redacted' || event.src_kind === 'unknown');
    return unknown ? 'undeclared' : 'outside';
  };
}

function blockList(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [address, bits] = block.split('/') as [string, string?];
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function asNumber(text: string): number | null {
  const match = /^AS(\d{1,10})$/i.exec(text);
  return match !== null && Number(match[1]) <= 0xffff_ffff ? Number(match[1]) : null;
}
