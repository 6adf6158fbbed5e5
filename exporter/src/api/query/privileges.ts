import type { EventGroup, IdentityRecord, KnownIdentity, Millis } from '@remit/contract';
import { GlobSet } from '../../lib/glob.ts';
import { LOOK } from './events.ts';
import { frameOf, count, table, text, time, type Column } from './frame.ts';
import { tell, type Ask, type Kind, type QueryStands } from './kind.ts';

/** What each identity may do by its grants, beside what it did in the range. */
export const privileges: Kind = {
  limit: { usual: 1000, most: 10_000 },
  async answer(ask) {
    const { limit } = ask;
    const { rows, partial, since } = await privilegeRows(ask);
    rows.sort((a, b) => PRIVILEGE_STATES.indexOf(a.state) - PRIVILEGE_STATES.indexOf(b.state) || b.uses - a.uses || (a.identity + a.permission < b.identity + b.permission ? -1 : 1));
    return tell(ask, [frameOf('privileges', table('table', 'table'), COLUMNS, rows.slice(0, limit))], {
      total: rows.length, partial: partial || rows.length > limit,
      warnings: [
        ...(partial ? [`uses since ${new Date(since).toISOString()} only: what seems unused may have been used before`] : []), ...(rows.length > limit ? [`${limit} of ${rows.length} rows`] : []),
      ],
      notices: ['grants are those of the inventory; used means seen in the range'],
    });
  },
};

/** What each identity may do and did, in no order. `partial`: uses are counted from `since` only. */
export async function privilegeRows(ask: Pick<Ask, 'filters' | 'from' | 'to' | 'signal' | 'left'> & { stands: Pick<QueryStands, 'explorer'> }): Promise<{ rows: PrivilegeRow[]; partial: boolean; since: Millis }> {
  const { filters, stands: { explorer }, from, to, signal } = ask;
  const urns = filters.urns(explorer);
  const { groups, partial, since } = await explorer.groups({
    from, to, identities: urns, conditions: filters.events(), by: ['identity', 'permission'], step: 1, most: 20_000, look: LOOK, budget: ask.left(), signal,
  });
  const used = Map.groupBy(groups.filter(({ values: [urn, permission] }) => urn !== '' && permission !== ''), ({ values: [urn] }) => urn!);
  const rows: PrivilegeRow[] = [];
  for (const urn of urns ?? new Set([...used.keys(), ...granting(explorer.identities())])) {
    const identity = explorer.identity(urn);
    if (identity) rows.push(...rowsOf(identity, used.get(urn) ?? []).filter((row) => filters.test(OWN, (key) => row[key])));
  }
  return { rows, partial, since };
}

/** A permission of an identity: granted, used, or both. */
export interface PrivilegeRow {
  identity: string; owner: string | null; permission: string; scope: string | null; granted_by: string | null; granted_at: number | null;
  state: 'ungranted' | 'unused' | 'used' | 'unlisted'; approved: string; uses: number; denied: number; last_used: number | null;
}
/** What deserves a look first. */
export const PRIVILEGE_STATES: readonly PrivilegeRow['state'][] = ['ungranted', 'unused', 'used', 'unlisted'];
const OWN = ['granted_by', 'state', 'permission'] as const;

const COLUMNS: Column<PrivilegeRow>[] = [
  text('identity', 'Identity', (r) => r.identity), text('owner', 'Owner', (r) => r.owner), text('permission', 'Permission', (r) => r.permission), text('scope', 'Scope', (r) => r.scope),
  text('granted_by', 'Granted by', (r) => r.granted_by), time('granted_at', 'Granted', (r) => r.granted_at), text('state', 'State', (r) => r.state), text('approved', 'Approved action', (r) => r.approved),
  count('uses', 'Uses', (r) => r.uses), count('denied', 'Denied', (r) => r.denied), time('last_used', 'Last used', (r) => r.last_used),
];

function* granting(identities: Iterable<KnownIdentity>): Generator<string> {
  for (const { urn, remit } of identities) if ((remit?.record.granted?.length ?? 0) > 0) yield urn;
}

/** Every grant with its uses, then uses that no grant covers. */
function rowsOf(identity: KnownIdentity, groups: readonly EventGroup[]): PrivilegeRow[] {
  const { urn, remit } = identity;
  const grants = remit?.record.granted ?? [];
  const left = new Set(groups);
  const base = { identity: urn, owner: remit?.record.owner ?? null };
  const rows = grants.map((grant): PrivilegeRow => {
    const covers = new GlobSet([grant.permission], { ignoreCase: true });
    const mine = groups.filter(({ values: [, permission] }) => covers.test(permission!));
    for (const group of mine) left.delete(group);
    const seen = tally(mine);
    return { ...base, permission: grant.permission, ...about(grant), ...seen, state: seen.uses > 0 ? 'used' : 'unused', approved: remit?.action(grant.permission) ?? 'undeclared' };
  });
  for (const group of left) {
    const permission = group.values[1]!;
    rows.push({
      ...base, permission, scope: null, granted_by: null, granted_at: null, ...tally([group]), state: grants.length === 0 ? 'unlisted' : 'ungranted', approved: remit?.action(permission) ?? 'undeclared',
    });
  }
  return rows;
}

function about({ scope, via, granted_at: at }: NonNullable<IdentityRecord['granted']>[number]): Pick<PrivilegeRow, 'scope' | 'granted_by' | 'granted_at'> {
  return { scope: scope ?? null, granted_by: via ?? null, granted_at: at === undefined ? null : Date.parse(at) };
}

function tally(groups: readonly EventGroup[]): Pick<PrivilegeRow, 'uses' | 'denied' | 'last_used'> {
  let uses = 0;
  let denied = 0;
  let last: number | null = null;
  for (const group of groups) {
    uses += group.success + group.failure;
    denied += group.denied;
    last = Math.max(last ?? group.last, group.last);
  }
  return { uses, denied, last_used: last };
}
