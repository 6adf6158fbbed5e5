import type { IdentityClass, Kind, Millis } from '@remit/contract';
import { identityRecordSchema } from '@remit/contract';
import { hash } from 'node:crypto';
import { isIP } from 'node:net';
import { findRhythm } from './rhythm.ts';

/** What the events of one identity showed, as `remit learn` gathers it. */
export interface ObservedIdentity {
  urn: string;
  kind: Kind;
  class: IdentityClass;
  /** Other names and ids by which it was seen, immutable ids first. */
  aliases: readonly { type: string; value: string }[];
  events: number;
  first: Millis;
  last: Millis;
  /** Permission strings, with how often each was used; sensitive ones are never proposed as approved. */
  actions: ReadonlyMap<string, { count: number; sensitive: boolean }>;
  /** Addresses, `service`, `AS64500` or VPC endpoints, with counts. */
  networks: ReadonlyMap<string, number>;
  /** Distinct targets. */
  resources: number;
  /** UTC days on which it was active, as `2026-11-22`. */
  days: ReadonlySet<string>;
  /** When pieces of work began. */
  starts: readonly Millis[];
  /** A team guessed from tags or the namespace, and what the guess rests on. */
  ownerGuess?: { team: string; from: string };
}

const ALIASES_AT_MOST = 64;
const ACTIONS_AT_MOST = 1000;
const NETWORKS_AT_MOST = 64;

/**
 * One commented YAML file for each machine or unknown identity, by file name, to be reviewed and committed by a person.
 * Nothing in it is approved: the status is `proposed`, sensitive actions stand under `review_required`, and an owner is only
 * guessed in a comment. Names are data: whatever an attacker called things, a file stays one record and its name harmless.
 */
export function propose(observed: readonly ObservedIdentity[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const identity of observed) {
    if (identity.class !== 'machine' && identity.class !== 'unknown') continue;
    if (!identityRecordSchema.safeParse({ urn: identity.urn }).success) continue;
    files[fileName(identity.urn)] = proposal(identity);
  }
  return files;
}

/** Readable where the name is harmless, and always with a hash of the URN, so that no two names meet in one file. */
function fileName(urn: string): string {
  const words = urn.slice('urn:nhi:'.length).toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').slice(0, 80).replaceAll(/^-+|-+$/g, '');
  return `${words}-${hash('sha256', urn, 'hex').slice(0, 8)}.yml`;
}

function proposal(identity: ObservedIdentity): string {
  const { urn, kind, ownerGuess } = identity;
  const lines = [
    '# yaml-language-server: $schema=../schema.json',
    '# Proposed from observed behaviour; nothing here is approved. Read it, correct it, set status to active',
    '# and move the file out of proposed/. Until then it is judged in shadow and never pages.',
    `# Seen ${identity.events}× on ${identity.days.size} ${identity.days.size === 1 ? 'day' : 'days'}, from ${iso(identity.first)} to ${iso(identity.last)}, `
      + `on ${identity.resources} distinct ${identity.resources === 1 ? 'target' : 'targets'}.`,
    'identities:',
    `  - urn: ${quote(urn)}`,
    `    kind: ${kind === 'human' || kind === 'platform' ? 'unknown' : kind}`,
    '    status: proposed',
    ownerGuess === undefined ? '    # owner: who is called when this misbehaves?'
      : `    # owner: ${comment(ownerGuess.team)}   # a guess, from ${comment(ownerGuess.from)}`,
    '    # purpose: what is this for?',
    ...aliasLines(identity),
    ...actionLines(identity),
    ...networkLines(identity),
    ...scheduleLines(identity.starts),
  ];
  return `${lines.join('\n')}\n`;
}

function aliasLines({ aliases, urn }: ObservedIdentity): string[] {
  const fit = aliases.filter(({ type, value }) => value !== urn && fits(type, 2048) && fits(value, 2048));
  if (fit.length === 0) return [];
  return ['    aliases:', ...fit.slice(0, ALIASES_AT_MOST).map(({ type, value }) => `      - { type: ${quote(type)}, value: ${quote(value)} }`),
    ...leftOut(fit.length - ALIASES_AT_MOST, 'aliases')];
}

function actionLines({ actions }: ObservedIdentity): string[] {
  const plain: string[] = [];
  const review: string[] = [];
  let unfit = 0;
  const byCount = [...actions].sort((a, b) => b[1].count - a[1].count || (a[0] < b[0] ? -1 : 1));
  for (const [permission, { count, sensitive }] of byCount) {
    // As a pattern, a name with a star in it would approve more than what was seen.
    const wild = /[*?]/.test(permission);
    if (!fits(permission, 512)) unfit++;
    else (sensitive || wild ? review : plain).push(`      - ${quote(permission)}   # ${count}×${wild ? ', the name contains a wildcard' : ''}`);
  }
  const list = (key: string, lines: string[]): string[] => (lines.length === 0 ? []
    : [`    ${key}:`, ...lines.slice(0, ACTIONS_AT_MOST), ...leftOut(lines.length - ACTIONS_AT_MOST, 'rarer actions')]);
  const needed = list('review_required', review);
  if (needed.length > 0) needed.unshift('    # Seen and sensitive: move to actions what this identity is really for.');
  return [...list('actions', plain), ...leftOut(unfit, 'actions with names that are too long'), ...needed];
}

function networkLines({ networks }: ObservedIdentity): string[] {
  const counts = new Map<string, number>();
  for (const [network, count] of networks) {
    const block = blockOf(network);
    if (block !== null) counts.set(block, (counts.get(block) ?? 0) + count);
  }
  if (counts.size === 0) return [];
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return ['    networks:', ...sorted.slice(0, NETWORKS_AT_MOST).map(([block, count]) => `      - ${quote(block)}   # ${count}×`),
    ...leftOut(sorted.length - NETWORKS_AT_MOST, 'rarer networks')];
}

/** The /24 or /64 around an address, what else a list of networks may hold as it is, null for everything else. */
function blockOf(network: string): string | null {
  if (network === 'service' || /^(AS\d{1,9}|vpce-[0-9a-z]{1,64})$/.test(network)) return network;
  const family = isIP(network);
  if (family === 4) return `${network.split('.').slice(0, 3).join('.')}.0/24`;
  if (family !== 6 || network.includes('%')) return null;
  const mapped = /^::ffff:(\d+\.\d+\.\d+)\.\d+$/i.exec(network);
  if (mapped !== null) return `${mapped[1]}.0/24`;
  // The URL parser writes an address in its shortest form with every group in hex, also where the last were dotted.
  const [head, tail] = new URL(`http://[${network}]/`).hostname.slice(1, -1).split('::') as [string, string?];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

function scheduleLines(starts: readonly Millis[]): string[] {
  const rhythm = findRhythm(starts);
  if (rhythm.state === 'short') return ['    # schedule: not enough history (three periods are needed)'];
  if (rhythm.state !== 'regular') return ['    # schedule: no regular times seen; write always_on: true if it runs all the time'];
  return [
    `    schedule:   # ${rhythm.runs} starts in ${rhythm.periods} ${rhythm.unit}s; set the zone in which the job is planned`,
    '      windows:',
    `        - { cron: ${quote(rhythm.cron)}, duration: ${rhythm.duration}, timezone: UTC }`,
  ];
}

function leftOut(count: number, what: string): string[] {
  return count > 0 ? [`      # and ${count} ${what}, left out`] : [];
}

function fits(text: string, longest: number): boolean {
  return text.length > 0 && text.length <= longest && text.isWellFormed();
}

/** A text as YAML reads it back: bare where nothing can be misread, else in double quotes with everything unprintable escaped. */
function quote(text: string): string {
  if (/^[A-Za-z][A-Za-z0-9_./@-]*(:[A-Za-z0-9_./@-]+)*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)) return text;
  return JSON.stringify(text).replaceAll(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function comment(text: string): string {
  return text.slice(0, 128).replaceAll(/[^\x20-\x7e]/g, '?');
}

function iso(at: Millis): string {
  return Number.isFinite(at) && Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : 'an unknown time';
}
