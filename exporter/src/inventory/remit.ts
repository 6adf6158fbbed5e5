import type { IdentityRecord, Lifecycle, Millis, Owner, Remit, ToolCall, ToolFacts } from '@remit/contract';
import { GlobSet } from '../lib/glob.ts';
import { parseDuration } from '../lib/duration.ts';
import { lazily, memoised } from './memo.ts';
import { compileArguments } from './arguments.ts';
import type { MemoPool } from './memo.ts';
import { compileNetworks } from './networks.ts';
import { compilePurposes } from './purposes.ts';
import { compileRotation } from './rotation.ts';
import { compileExpectedRuns, compileSchedule } from './schedule.ts';
import type { CronRegistry } from './schedule.ts';
import { compileForbidden, compileSequences } from './sequences.ts';
import { compileTools } from './tools.ts';
import type { Catalogue } from './tools.ts';
import { compileLimits } from './volume.ts';

/** What the records of one inventory share while they are compiled. */
export interface Workshop {
  crons: CronRegistry;
  memos: MemoPool;
  owners: ReadonlyMap<string, Owner>;
  /** When the inventory came into force. */
  importedAt: Millis;
  /** When an undated end of life was first imported, by URN, so that a reload does not postpone it. */
  undatedSince: ReadonlyMap<string, Millis>;
  catalogue: Catalogue;
  /** Of records without `tools[]`. */
  undeclaredTools(call: ToolCall): ToolFacts;
  /** Whether the inventory's data classes mark a resource as restricted, whoever touches it. */
  isRestricted(uid: string): boolean;
}

type Answer = 'allowed' | 'outside' | 'undeclared';
const NOTHING: readonly never[] = [];
const undeclared = () => 'undeclared' as const;
const none = () => null;

/**
 * Compiles a record that has passed the checks. `proposed` says that it lies in a folder of proposals, whatever its status.
 * A team that is not in `owners[]` still owns, and never has `enforce`. Lists are compiled when they are first asked.
 */
export function compileRemit(record: IdentityRecord, where: string, proposed: boolean, shop: Workshop): Remit {
  const lifecycle: Lifecycle = proposed ? 'proposed' : record.status;
  const { tools, data_classes_allowed: classes, purposes } = record;
  const foreignPlaces = lazily(() => compilePlaces(record.environments_allowed, shop.memos));
  const remit: Remit = {
    record, where, lifecycle,
    owner: record.owner === undefined ? null : shop.owners.get(record.owner) ?? { team: record.owner, enforce: false },
    owned: record.owner !== undefined && shop.owners.has(record.owner),
    reviewed: lifecycle !== 'proposed', declares: lifecycle !== 'proposed' && declares(record),
    expectedRuns: lazily(() => shop.memos.shared('runs', record.schedule ?? null, () => compileExpectedRuns(record.schedule, shop.crons))),
    environment: compileEnvironments(record.environments_allowed, foreignPlaces), foreignPlaces,
    endOfLife: compileEndOfLife(record, lifecycle, shop),
    schedule: lazily(() => compileSchedule(record.schedule, shop.crons)),
    awaitsReview: compileWaiting(record.review_required, shop.memos),
    action: compileList(record.actions, true, shop.memos),
    resource: compileList(record.resources, false, shop.memos),
    network: lazily(() => compileNetworks(record.networks, shop.memos)),
    restricted: compileRestricted(record.restricted_resources, shop),
    tool: isListed(tools) ? lazily(() => compileTools(tools, shop.catalogue, shop.memos)) : shop.undeclaredTools,
    sequences: NOTHING, forbidden: NOTHING, limits: NOTHING, arguments: NOTHING,
    purpose: isListed(purposes) ? lazily(() => compilePurposes(purposes, remit)) : none,
    rotation: record.rotation === undefined && !record.credentials?.some((c) => c.rotation !== undefined) ? none
      : lazily(() => compileRotation(record, shop.crons)),
    granted: compileGranted(record.granted, shop.memos), grantsOf: compileGrantsOf(record.granted),
    dataClass: isListed(classes) ? (name) => (classes.includes(name) ? 'allowed' : 'outside') : undeclared,
  };
  const { sequences, forbidden_transitions: forbidden, max_volume: limits } = record;
  if (isListed(sequences)) later(remit, 'sequences', () => compileSequences(sequences));
  if (isListed(forbidden)) later(remit, 'forbidden', () => compileForbidden(forbidden));
  if (isListed(limits)) later(remit, 'limits', () => compileLimits(limits));
  const { arguments: passed } = record;
  if (isListed(passed)) later(remit, 'arguments', () => compileArguments(passed));
  return remit;
}

function declares({ schedule, actions, sequences, forbidden_transitions, rotation, granted, max_volume, environments_allowed, decommissioned_at }: IdentityRecord): boolean {
  return schedule !== undefined || rotation !== undefined || decommissioned_at !== undefined
    || [actions, sequences, forbidden_transitions, granted, max_volume, environments_allowed].some((list) => isListed<unknown>(list));
}

function isListed<T>(list: readonly T[] | undefined): list is readonly T[] {
  return list !== undefined && list.length > 0;
}

function compileList(patterns: readonly string[] | undefined, ignoreCase: boolean, memos: MemoPool): (text: string) => Answer {
  if (!isListed(patterns)) return undeclared;
  return lazily(() => memos.shared(ignoreCase ? 'names' : 'texts', patterns, () => {
    const set = new GlobSet(patterns, { ignoreCase });
    return memoised<Answer>(memos, (text) => (set.test(text) ? 'allowed' : 'outside'));
  }));
}

function compileGranted(grants: IdentityRecord['granted'], memos: MemoPool): Remit['granted'] {
  if (!isListed(grants)) return undeclared;
  return lazily(() => {
    const set = new GlobSet(grants.map(({ permission }) => permission), { ignoreCase: true });
    return memoised<'granted' | 'ungranted'>(memos, (text) => (set.test(text) ? 'granted' : 'ungranted'));
  });
}

function compileGrantsOf(grants: IdentityRecord['granted']): Remit['grantsOf'] {
  if (!isListed(grants)) return () => NOTHING;
  return lazily(() => {
    const sets = grants.map(({ permission }) => new GlobSet([permission], { ignoreCase: true }));
    return (text) => sets.flatMap((set, i) => (set.test(text) ? [i] : []));
  });
}

/**
 * Every place that an event names must be approved by itself, account and cluster alike, and the region where regions are listed. Where
 * account and cluster are named and only one of them is in the list, the other is foreign when the list speaks of its sort.
 */
function compilePlaces(patterns: readonly string[] | undefined, memos: MemoPool): Remit['foreignPlaces'] {
  if (!isListed(patterns)) return () => NOTHING;
  const test = compileList(patterns, true, memos);
  const judgesRegions = patterns.some(namesRegion);
  const judgesAccounts = patterns.some((pattern) => ACCOUNT.test(pattern));
  const names = patterns.filter((pattern) => !ACCOUNT.test(pattern) && !namesRegion(pattern)).map((pattern) => new GlobSet([pattern], { ignoreCase: true }));
  // Projects of Google are named like clusters: a name that is not this project may be another one.
  const judgesClusters = (provider: string, account: string): boolean => provider !== 'gcp' && names.some((name) => !name.test(account));
  return ({ cloud, k8s }) => {
    const account = cloud?.account?.uid;
    const cluster = k8s?.cluster;
    const region = cloud?.region;
    let accountOut = account !== undefined && test(account) === 'outside';
    let clusterOut = cluster !== undefined && test(cluster) === 'outside';
    if (accountOut && cluster !== undefined && !clusterOut) accountOut = judgesAccounts;
    else if (clusterOut && account !== undefined && !accountOut) clusterOut = judgesClusters(cloud!.provider, account);
    const regionOut = judgesRegions && region !== undefined && test(region) === 'outside';
    if (!accountOut && !clusterOut && !regionOut) return NOTHING;
    return [...accountOut ? ['account' as const] : [], ...clusterOut ? ['cluster' as const] : [], ...regionOut ? ['region' as const] : []];
  };
}

function compileEnvironments(patterns: readonly string[] | undefined, foreign: Remit['foreignPlaces']): Remit['environment'] {
  if (!isListed(patterns)) return undeclared;
  return (event) => {
    const { cloud, k8s } = event;
    if (cloud?.account?.uid === undefined && k8s?.cluster === undefined && cloud?.region === undefined) return 'undeclared';
    return foreign(event).length > 0 ? 'outside' : 'allowed';
  };
}

/** An account of AWS, a subscription of Azure. */
const ACCOUNT = /^((?=.*\d)[\d*?]{2,12}|[\da-f]{8}-[\da-f*?-]{1,27})$/i;

/** A region as AWS and Google write it: eu-west-1, europe-west4, us-gov-*. Names of clusters such as prod-eu1 are none. */
function namesRegion(pattern: string): boolean {
  return REGION.test(pattern);
}

const REGION = new RegExp('^(af|ap|ca|cn|eu|eusc|il|me|mx|sa|us|africa|asia|australia|europe|northamerica|southamerica)'
  + '(-gov|-iso[a-z]?|-de)?-([*?]|(north|south|east|west|central)[a-z]*[*?]?)-?[\\d*?]*$', 'i');

function compileWaiting(patterns: readonly string[] | undefined, memos: MemoPool): (permission: string) => boolean {
  const answer = compileList(patterns, true, memos);
  return (permission) => answer(permission) === 'allowed';
}

function compileRestricted(patterns: readonly string[] | undefined, { isRestricted, memos }: Workshop): (uid: string) => boolean {
  if (!isListed(patterns)) return isRestricted;
  return lazily(() => {
    const set = new GlobSet(patterns);
    return memoised(memos, (uid) => set.test(uid) || isRestricted(uid));
  });
}

function compileEndOfLife(record: IdentityRecord, lifecycle: Lifecycle, shop: Workshop): Remit['endOfLife'] {
  const grace = record.grace === undefined ? 0 : parseDuration(record.grace)!;
  const end = record.decommissioned_at !== undefined
    ? { at: Date.parse(record.decommissioned_at) + grace, declared: true }
    : lifecycle === 'decommissioned'
      ? { at: (shop.undatedSince.get(record.urn) ?? shop.importedAt) + grace, declared: false }
      : null;
  const credentials = new Map<string, { at: Millis; declared: boolean }>();
  for (const { uid, decommissioned_at: date } of record.credentials ?? []) {
    if (date === undefined) continue;
    const at = Date.parse(date) + grace;
    if (end === null || at < end.at) credentials.set(uid, { at, declared: true });
  }
  return (credentialUid) => (credentialUid === undefined ? end : credentials.get(credentialUid) ?? end);
}

/** Puts a list in the place of a property when it is first read. */
function later<K extends 'sequences' | 'forbidden' | 'limits' | 'arguments'>(remit: Remit, key: K, make: () => Remit[K]): void {
  let made: Remit[K] | null = null;
  Object.defineProperty(remit, key, { enumerable: true, get: () => (made ??= make()) });
}
