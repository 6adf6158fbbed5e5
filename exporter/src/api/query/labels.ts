import { CLASSES, COVERAGE_CODES, COVERAGE_STATES, FINDING_CLASSES, FINDING_STATES, OUTCOMES, queryFilterSchema, SEVERITIES } from '@remit/contract';
import type { EventKey, KnownIdentity, LabelInfo, LabelValues, Millis, QueryFilter, QueryKind } from '@remit/contract';
import type { Matchable } from '../../lib/match-filter.ts';
import { Filters, ofFinding, ofIdentity, QueryError } from './filters.ts';
import { FINDING_KEYS, IDENTITY_KEYS, KEYS, operatorsOf, type FindingKey, type IdentityKey } from './keys.ts';
import type { QueryStands } from './kind.ts';
import { PRIVILEGE_STATES, privilegeRows } from './privileges.ts';

/** Where values are taken from; what decides is what the label belongs to. */
export type LabelSource = 'findings' | 'identities' | 'events' | 'privileges' | 'coverage';
/** A question for the values of one label, of all kinds or of one. Absent times: everything that is kept; for events and privileges the last 24 hours. */
export interface LabelAsk {
  name: string; kind: QueryKind | null; matches: readonly string[]; contains: string; from: Millis | null; to: Millis | null; limit: number; budget: Millis; signal: AbortSignal;
}

const DAY: Millis = 86_400_000;
/** Events that are looked at for their values, the newest first. */
const LOOK = 20_000;
const MOST_VALUES = 20_000;

/** What can be filtered by, for one kind or for all. */
export function labelInfos(kind: QueryKind | null): LabelInfo[] {
  const infos: LabelInfo[] = [];
  for (const [name, { title, type, kinds }] of KEYS) {
    if (kind === null || kinds.includes(kind)) infos.push({ name, title, kinds: [...kinds], type, operators: operatorsOf(type) });
  }
  return infos;
}

/** Values of a label among what meets the other filters, the most frequent first. Throws `QueryError`. */
export async function labelValues(ask: LabelAsk, stands: QueryStands): Promise<LabelValues> {
  const source = sourceOf(ask);
  const filters = new Filters(ask.matches.map(readMatch), source);
  const counts = new Map<string, number>();
  let partial = false;
  if (source === 'coverage' && !isIdentityKey(ask.name)) ofCoverage(ask.name, stands, counts);
  else if (source === 'privileges' && isPrivilegeKey(ask.name)) partial = await ofPrivileges(ask, ask.name, filters, stands, counts);
  else if (source === 'findings') ofFindings(ask, filters, stands, counts);
  else if (source === 'identities' || isIdentityKey(ask.name) && source !== 'events') {
    for (const identity of filters.identities(stands.explorer)) put(counts, valueOf(identity, ask.name));
  } else partial = await ofEvents(ask, filters, stands, counts);
  for (const word of wordsOf(ask.name, source)) if (source !== 'identities' || ask.matches.length === 0) counts.set(word, counts.get(word) ?? 0);
  return listed(ask, counts, partial, stands);
}

/** A filter in one text, as `match` and `filter` have it: `owner=~pay.*`. Throws `QueryError`. */
export function readMatch(text: string): QueryFilter {
  const [, key, op, value] = /^([A-Za-z_]{1,64})\s*(=~|!~|=\||!=\||!=|>=|<=|=|>|<)([\s\S]*)$/.exec(text) ?? [];
  const read = key === undefined ? null : queryFilterSchema.safeParse({ key, op, values: [value] });
  if (!read?.success) throw new QueryError(400, `${JSON.stringify(text.slice(0, 100))} is no filter`, 'write key, operator and value: owner=payments, severity!=info, identity=~.*deploy.*');
  return read.data;
}

const VOCABULARY: Record<string, readonly string[]> = { severity: SEVERITIES, finding_class: FINDING_CLASSES, outcome: OUTCOMES, class: CLASSES, reason: COVERAGE_CODES };
const STATES: Partial<Record<LabelSource, readonly string[]>> = { findings: FINDING_STATES, privileges: PRIVILEGE_STATES, coverage: COVERAGE_STATES };

/** The closed list that the values are of; none where it is open. */
function wordsOf(name: string, source: LabelSource): readonly string[] {
  return name === 'state' ? STATES[source] ?? [] : VOCABULARY[name] ?? [];
}

/** Where the values of a kind are. Graphs and chains are made of events; series and explanations have none of their own. */
const SOURCES: Record<QueryKind, LabelSource | null> = {
  findings: 'findings', events: 'events', identities: 'identities', privileges: 'privileges', coverage: 'coverage', graph: 'events', chain: 'events', baseline: null, deviations: null, explain: null,
};

function sourceOf({ name, kind }: LabelAsk): LabelSource {
  const key = KEYS.get(name);
  if (!key) throw new QueryError(404, `there is no label ${JSON.stringify(name.slice(0, 64))}`, 'GET /api/v1/labels lists them');
  const has = (source: LabelSource): boolean => key.kinds.includes(source);
  const natural = isIdentityKey(name) ? 'identities' : has('findings') && name !== 'id' ? 'findings' : (['events', 'privileges', 'coverage'] as const).find(has) ?? 'identities';
  const asked = (kind === null ? null : SOURCES[kind]) ?? natural;
  if (isIdentityKey(name) || key.kinds.includes(asked)) return asked;
  return natural;
}

function ofFindings({ name, from, to }: LabelAsk, filters: Filters, { explorer }: QueryStands, counts: Map<string, number>): void {
  const holders = new Map<string, KnownIdentity | null>();
  for (const finding of explorer.findings()) {
    if (finding.last < (from ?? -Infinity) || finding.first >= (to ?? Infinity) || !filters.finding(finding, explorer)) continue;
    if ((FINDING_KEYS as readonly string[]).includes(name)) put(counts, ofFinding(finding, name as FindingKey));
    else if (name === 'identity' || name === 'owner' || name === 'kind' || name === 'purpose') put(counts, finding[name]);
    else {
      let holder = holders.get(finding.identity);
      if (holder === undefined) holders.set(finding.identity, holder = explorer.identity(finding.identity));
      if (holder) put(counts, ofIdentity(holder, name as IdentityKey));
    }
  }
}

async function ofEvents({ name, from, to, budget, signal }: LabelAsk, filters: Filters, { explorer, now }: QueryStands, counts: Map<string, number>): Promise<boolean> {
  const end = to ?? now();
  const byIdentity = isIdentityKey(name);
  const { groups, partial } = await explorer.groups({
    from: from ?? end - DAY, to: end, identities: filters.urns(explorer), conditions: filters.events(), by: [byIdentity ? 'identity' : name as EventKey], step: 1, most: MOST_VALUES,
    look: LOOK, budget, signal,
  });
  for (const { values: [value = ''], success, failure, denied } of groups) {
    if (!byIdentity) put(counts, value, success + failure + denied);
    else {
      const identity = explorer.identity(value);
      if (identity) put(counts, valueOf(identity, name), success + failure + denied);
    }
  }
  return partial;
}

/** Of the fleet: a detector that judges nobody is one to filter by as well. */
function ofCoverage(name: string, { reader }: QueryStands, counts: Map<string, number>): void {
  const { detectors, sources } = reader.coverage();
  if (name === 'source') for (const { source, identities } of sources) counts.set(source, identities);
  if (name === 'detector') for (const { detector, identities } of detectors) counts.set(detector, identities.judged + identities.partly + identities.not_judged);
  if (name === 'state') for (const state of COVERAGE_STATES) counts.set(state, detectors.reduce((sum, { identities }) => sum + identities[state], 0));
  if (name === 'reason') for (const { reasons } of detectors) for (const [code, n] of Object.entries(reasons)) put(counts, code, n);
}

async function ofPrivileges({ from, to, budget, signal }: LabelAsk, name: PrivilegeKey, filters: Filters, { explorer, now }: QueryStands, counts: Map<string, number>): Promise<boolean> {
  const end = to ?? now();
  const until = performance.now() + budget;
  const { rows, partial } = await privilegeRows({ filters, from: from ?? end - DAY, to: end, signal, left: () => Math.max(0, until - performance.now()), stands: { explorer } });
  for (const row of rows) put(counts, row[name]);
  return partial;
}

type PrivilegeKey = 'permission' | 'granted_by' | 'state';
function isPrivilegeKey(name: string): name is PrivilegeKey {
  return name === 'permission' || name === 'granted_by' || name === 'state';
}

function valueOf(identity: KnownIdentity, name: string): Matchable {
  if (isIdentityKey(name)) return ofIdentity(identity, name);
  return name === 'source' ? identity.sources() : name === 'ready' ? String(identity.ready) : null;
}

function put(counts: Map<string, number>, value: Matchable, n = 1): void {
  if (typeof value === 'object' && value !== null) for (const each of value) put(counts, each, n);
  else if (value !== null && value !== undefined && value !== '') counts.set(String(value), (counts.get(String(value)) ?? 0) + n);
}

function listed({ name, contains, limit }: LabelAsk, counts: ReadonlyMap<string, number>, partial: boolean, { explorer, detector }: QueryStands): LabelValues {
  const wanted = contains.toLowerCase();
  const titleOf = (value: string): string => {
    if (name === 'identity') return explorer.identity(value)?.remit?.record.display_name ?? value;
    return name === 'detector' ? detector(value)?.title ?? value : value;
  };
  const hits = [...counts].filter(([value]) => wanted === '' || value.toLowerCase().includes(wanted));
  hits.sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return { items: hits.slice(0, limit).map(([value, count]) => ({ value, text: titleOf(value), count })), truncated: partial || hits.length > limit };
}

function isIdentityKey(name: string): name is IdentityKey {
  return (IDENTITY_KEYS as readonly string[]).includes(name);
}
