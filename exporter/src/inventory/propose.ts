import type { Millis } from '@remit/contract';
import { identityRecordSchema } from '@remit/contract';
import { hash } from 'node:crypto';
import { isIP } from 'node:net';
import { proposeActions, type Line } from './propose-actions.ts';
import type { ObservedIdentity } from './propose-observe.ts';
import { toolLines } from './propose-tools.ts';
import { comment, fits, plural, quote } from './propose-yaml.ts';
import { findRhythm } from './rhythm.ts';

/** The first lines of every proposal, which go when it is approved. */
export const HEADER: readonly string[] = [
  '# Proposed from observed behaviour. Nothing in it is approved: it is judged in shadow and never pages. Read it, correct it,',
  '# and decide it: remit inventory approve FILE --owner TEAM',
];

const ALIASES_AT_MOST = 64;
const ACTIONS_AT_MOST = 1000;
const NETWORKS_AT_MOST = 64;
const DAYS_LISTED = 5;
/** More targets than these, or one that was touched only once, say little of what may be touched tomorrow. */
const TARGETS_AT_MOST = 8;
const NAMES_LISTED = 16;

/**
 * One commented YAML file for each machine or unknown identity, by file name, to be reviewed and committed by a person.
 * Nothing in it is approved: the status is `proposed`, sensitive actions stand under `review_required`, and an owner is only
 * guessed in a comment. Names are data: whatever an attacker called things, a file stays one record and its name harmless.
 * The same observations give the same bytes.
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
    ...HEADER,
    `# Seen ${identity.events}× on ${plural(identity.days.size, 'day')} (${daysSeen(identity.days)}), from ${iso(identity.first)} to ${iso(identity.last)},`,
    `# on ${plural(identity.targets.size, 'distinct target')}.`,
    'identities:',
    `  - urn: ${quote(urn)}`,
    `    kind: ${kind === 'human' || kind === 'platform' ? 'unknown' : kind}`,
    '    status: proposed',
    ownerGuess === undefined ? '    # owner: who is called when this misbehaves?' : `    # owner: ${comment(ownerGuess.team)} (a guess, from ${comment(ownerGuess.from)})`,
    '    # purpose: what is this for?',
    ...aliasLines(identity),
    ...actionLines(identity),
    ...resourceLines(identity),
    ...networkLines(identity),
    ...volumeLines(identity),
    ...toolLines(identity),
    ...rotationLines(identity),
    ...scheduleLines(identity),
  ];
  return `${lines.join('\n')}\n`;
}

function daysSeen(days: ReadonlySet<string>): string {
  const sorted = [...days].sort();
  if (sorted.length <= DAYS_LISTED) return sorted.join(', ');
  return `${sorted.slice(0, 2).join(', ')} … ${sorted.slice(-2).join(', ')}`;
}

function aliasLines({ aliases, urn }: ObservedIdentity): string[] {
  const fit = aliases.filter(({ type, value }) => value !== urn && fits(type, 2048) && fits(value, 2048));
  if (fit.length === 0) return [];
  return ['    aliases:', ...fit.slice(0, ALIASES_AT_MOST).map(({ type, value }) => `      - { type: ${quote(type)}, value: ${quote(value)} }`),
    ...leftOut(fit.length - ALIASES_AT_MOST, 'aliases')];
}

function actionLines({ actions }: ObservedIdentity): string[] {
  const { plain, review, unfit } = proposeActions(actions);
  const list = (key: string, lines: readonly Line[]): string[] => (lines.length === 0 ? []
    : [`    ${key}:`, ...lines.slice(0, ACTIONS_AT_MOST).map(({ text, note }) => `      - ${quote(text)} # ${note}`), ...leftOut(lines.length - ACTIONS_AT_MOST, 'rarer actions')]);
  const needed = list('review_required', review);
  if (needed.length > 0) needed.unshift('    # To be decided one by one: --approve moves to actions what this identity is really for, --drop removes the rest.');
  return [...list('actions', plain), ...leftOut(unfit, 'actions with names that are too long'), ...needed];
}

/** A list only where few targets come back and none of them was refused: anything else would be wrong by tomorrow. */
function resourceLines({ targets }: ObservedIdentity): string[] {
  if (targets.size === 0 || targets.size > TARGETS_AT_MOST) return [];
  const sorted = [...targets].sort(([a, x], [b, y]) => y.count + y.refused - x.count - x.refused || (a < b ? -1 : 1));
  const sure = sorted.every(([target, { count, refused }]) => count > 1 && refused === 0 && fits(target, 512) && !/[*?]/.test(target));
  if (sure) return ['    resources:', ...sorted.map(([target, { count }]) => `      - ${quote(target)} # ${count}×`)];
  return ['    # resources, once it is clear that these are all:', ...sorted.map(([target, { count, refused }]) =>
    `    #   ${comment(target)} (${[...count > 0 ? [`${count}×`] : [], ...refused > 0 ? [`refused ${refused}×`] : []].join(', ')})`)];
}

function networkLines({ networks }: ObservedIdentity): string[] {
  const counts = new Map<string, number>();
  for (const [network, count] of networks) {
    const block = blockOf(network);
    if (block !== null) counts.set(block, (counts.get(block) ?? 0) + count);
  }
  if (counts.size === 0) return [];
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return ['    networks:', ...sorted.slice(0, NETWORKS_AT_MOST).map(([block, count]) => `      - ${quote(block)} # ${count}×`),
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

/** A limit holds for any 24 hours, which may take from two days: twice the busiest day is the least that stays quiet. */
function volumeLines({ volumes }: ObservedIdentity): string[] {
  const most = (of: 'bytes' | 'rows') => Math.max(0, ...[...volumes.values()].map((day) => day[of]));
  const bytes = most('bytes');
  const rows = most('rows');
  if (bytes <= 0 && rows <= 0) return [];
  const limits = [...bytes > 0 ? [`bytes: ${sizeAbove(2 * bytes)}`] : [], ...rows > 0 ? [`rows: ${Math.ceil(2 * rows)}`] : []];
  const seen = [...bytes > 0 ? [`${Math.ceil(bytes)} bytes`] : [], ...rows > 0 ? [`${Math.ceil(rows)} rows`] : []];
  return [`    # Most seen in a day: ${seen.join(', ')}. A limit, for example:`, `    # max_volume: [{ ${limits.join(', ')}, per: 1d }]`];
}

function sizeAbove(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let size = bytes;
  for (; size > 1024 && unit < units.length - 1; unit++) size /= 1024;
  return `${Math.ceil(size)}${units[unit]!}`;
}

function rotationLines({ made }: ObservedIdentity): string[] {
  if (made.size === 0) return [];
  const sorted = [...made].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return [
    '    # It made or renewed credentials. Say when and how that is right: a job with a window, or a controller that may write',
    '    # its named secrets at any time:',
    '    # rotation: { method: controller, names: [ … ] }',
    ...sorted.slice(0, NAMES_LISTED).map(([name, count]) => `    #   ${comment(name)} (${count}×)`),
    ...sorted.length > NAMES_LISTED ? [`    #   and ${sorted.length - NAMES_LISTED} more names`] : [],
  ];
}

function scheduleLines({ runs }: ObservedIdentity): string[] {
  const rhythm = runs === null ? { state: 'irregular' as const } : findRhythm(runs);
  if (rhythm.state === 'short') {
    return [`    # schedule: not enough history: ${plural(rhythm.runs, 'start')} on ${plural(rhythm.days, 'day')}, three regular hours, days or weeks are needed`];
  }
  if (rhythm.state !== 'regular') return ['    # schedule: no regular times seen; write always_on: true if it runs all the time'];
  return [
    `    # ${rhythm.runs} starts in ${rhythm.periods} ${rhythm.unit}s; set the zone in which the job is planned.`,
    '    schedule:',
    '      windows:',
    `        - { cron: ${quote(rhythm.cron)}, duration: ${rhythm.duration}, timezone: UTC }`,
  ];
}

function leftOut(count: number, what: string): string[] {
  return count > 0 ? [`      # and ${count} ${what}, left out`] : [];
}

function iso(at: Millis): string {
  return Number.isFinite(at) && Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : 'an unknown time';
}
