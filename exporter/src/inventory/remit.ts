import type { IdentityRecord, Lifecycle, Millis, Owner, Remit } from '@remit/contract';
import { GlobSet } from '../lib/glob.ts';
import { parseDuration } from '../lib/duration.ts';
import { memoised } from './memo.ts';
import type { MemoPool } from './memo.ts';
import { compileNetworks } from './networks.ts';
import { compileSchedule } from './schedule.ts';
import type { CronRegistry } from './schedule.ts';

/** What the records of one inventory share while they are compiled. */
export interface Workshop {
  crons: CronRegistry;
  memos: MemoPool;
  owners: ReadonlyMap<string, Owner>;
  /** When the inventory came into force. */
  importedAt: Millis;
  /** When an undated end of life was first imported, by URN, so that a reload does not postpone it. */
  undatedSince: ReadonlyMap<string, Millis>;
}

type Answer = 'allowed' | 'outside' | 'undeclared';

/**
 * Compiles a record that has passed the checks. `proposed` says that it lies in a folder of proposals, whatever its status.
 * A team that is not in `owners[]` still owns, and never has `enforce`. Lists are compiled when they are first asked.
 */
export function compileRemit(record: IdentityRecord, where: string, proposed: boolean, shop: Workshop): Remit {
  const lifecycle: Lifecycle = proposed ? 'proposed' : record.status;
  return {
    record, where, lifecycle,
    owner: record.owner === undefined ? null : shop.owners.get(record.owner) ?? { team: record.owner, enforce: false },
    reviewed: lifecycle !== 'proposed',
    endOfLife: compileEndOfLife(record, lifecycle, shop),
    schedule: lazily(() => compileSchedule(record.schedule, shop.crons)),
    action: compileList(record.actions, true, shop.memos),
    resource: compileList(record.resources, false, shop.memos),
    network: lazily(() => compileNetworks(record.networks, shop.memos)),
    restricted: compileRestricted(record.restricted_resources, shop.memos),
  };
}

function compileList(patterns: readonly string[] | undefined, ignoreCase: boolean, memos: MemoPool): (text: string) => Answer {
  if (patterns === undefined || patterns.length === 0) return () => 'undeclared';
  return lazily(() => {
    const set = new GlobSet(patterns, { ignoreCase });
    return memoised<Answer>(memos, (text) => (set.test(text) ? 'allowed' : 'outside'));
  });
}

function compileRestricted(patterns: readonly string[] | undefined, memos: MemoPool): (uid: string) => boolean {
  if (patterns === undefined || patterns.length === 0) return () => false;
  return lazily(() => {
    const set = new GlobSet(patterns);
    return memoised(memos, (uid) => set.test(uid));
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

/** The function that `make` returns, made at the first call. */
function lazily<A extends unknown[], R>(make: () => (...args: A) => R): (...args: A) => R {
  let made: ((...args: A) => R) | null = null;
  return (...args) => (made ??= make())(...args);
}
