import { EVENT_KEYS, FILTER_OPS, QUERY_KINDS } from '@remit/contract';
import type { FilterOp, LabelInfo, QueryKind } from '@remit/contract';

/** What queries can be filtered by. */
export interface Key { title: string; type: LabelInfo['type']; kinds: readonly QueryKind[] }

const EVERY = QUERY_KINDS.filter((kind) => kind !== 'explain');
const OF_EVENTS: QueryKind[] = ['events', 'graph', 'privileges', 'chain'];

/** Of who acted, for every kind. */
export const IDENTITY_KEYS = ['identity', 'owner', 'kind', 'class', 'purpose', 'environment', 'lifecycle', 'criticality', 'inventoried'] as const;
export type IdentityKey = (typeof IDENTITY_KEYS)[number];
/** Of a finding itself. */
export const FINDING_KEYS = ['id', 'state', 'severity', 'detector', 'finding_class', 'subject', 'provisional', 'exception', 'count', 'score'] as const;
export type FindingKey = (typeof FINDING_KEYS)[number];

const TITLES: Record<string, string> = {
  resource_type: 'Type of resource', user_agent: 'User agent', finding_class: 'Class of finding', open_findings: 'Open findings', granted_by: 'Granted by',
  id: 'Id', finding: 'Finding', count: 'Events of the finding', events: 'Events', class: 'Who is behind it', kind: 'Kind of identity',
};
const NUMBERS = new Set(['count', 'score', 'events', 'open_findings']);
const BOOLEANS = new Set(['inventoried', 'provisional', 'ready']);

/** Every key with the kinds that it means something to. A name may mean one thing for one kind and another for the next. */
export const KEYS: ReadonlyMap<string, Key> = build([
  [IDENTITY_KEYS, EVERY], [FINDING_KEYS, ['findings']], [['id'], ['explain']], [EVENT_KEYS, OF_EVENTS], [['finding'], ['chain', 'graph']],
  [['ready', 'events', 'open_findings', 'score', 'source'], ['identities']], [['granted_by', 'state'], ['privileges']],
  [['detector', 'source', 'state', 'reason'], ['coverage']],
]);

/** How a key of a type can be compared. */
export function operatorsOf(type: LabelInfo['type']): FilterOp[] {
  if (type === 'boolean') return ['=', '!='];
  return FILTER_OPS.filter((op) => (type === 'number') === (op.startsWith('<') || op.startsWith('>')) || op === '=' || op === '!=');
}

function build(rows: readonly (readonly [readonly string[], readonly QueryKind[]])[]): ReadonlyMap<string, Key> {
  const keys = new Map<string, Key>();
  for (const [names, kinds] of rows) {
    for (const name of names) {
      const before = keys.get(name)?.kinds ?? [];
      const title = TITLES[name] ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ');
      keys.set(name, { title, type: NUMBERS.has(name) ? 'number' : BOOLEANS.has(name) ? 'boolean' : 'string', kinds: [...new Set([...before, ...kinds])] });
    }
  }
  return keys;
}
