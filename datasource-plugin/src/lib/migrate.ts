import { QUERY_MODEL_VERSION, type Filter, type FilterOp, type QueryKind, type RemitQuery } from '../types';

/** Kinds of queries, in the order in which editors offer them. A record, so that a kind of the contract that is missing here does not compile. */
export const KINDS = Object.keys({
  findings: 1, events: 1, identities: 1, baseline: 1, deviations: 1, graph: 1, chain: 1, privileges: 1, coverage: 1, explain: 1,
} satisfies Record<QueryKind, 1>) as QueryKind[];

/** Other spellings of comparisons: those that Grafana writes and Remit's API takes. */
const SPELLINGS: Record<string, FilterOp> = { '=|': 'in', '!=|': 'not in', '==': '=', IN: 'in', 'NOT IN': 'not in' };
const FINDING = /^[0-9a-f]{32}$/i;

/**
 * Any stored or foreign query as one of the present model. Understands what Prometheus' internal exemplar link sends, `{ query, queryType }`:
 * the id of a finding. What cannot be understood becomes a query for findings, which changes nothing and shows something.
 */
export function migrateQuery(stored: unknown): RemitQuery {
  const given: Record<string, unknown> = typeof stored === 'object' && stored !== null ? { ...stored } : {};
  const { query, queryType, ...rest } = given;
  const refId = text(given.refId) ?? 'A';
  const kind = KINDS.find((known) => known === given.kind) ?? KINDS.find((known) => known === queryType);
  const id = text(query)?.trim();
  if (given.kind === undefined && id !== undefined && id !== '' && (kind === undefined || kind === 'explain')) {
    const filter: Filter = { key: 'id', op: '=', values: [id], ...(FINDING.test(id) ? {} : { literal: !id.startsWith('$') }) };
    return { ...base(rest), refId, kind: 'explain', filters: [filter], version: QUERY_MODEL_VERSION };
  }
  return {
    ...base(rest), refId, kind: kind ?? 'findings', version: QUERY_MODEL_VERSION,
    ...(given.filters === undefined ? {} : { filters: filters(given.filters) }),
  };
}

function base(given: Record<string, unknown>): Pick<RemitQuery, 'datasource' | 'hide' | 'key'> & Partial<RemitQuery> {
  const kept: Record<string, unknown> = {};
  for (const name of ['datasource', 'hide', 'key', 'format', 'editor', 'raw', 'limit', 'order', 'cursor', 'live', 'step']) {
    if (given[name] !== undefined) {
      kept[name] = given[name];
    }
  }
  return kept;
}

/** Conditions of any version: a list of conditions with `values` or, before, one `value`; or a record of values by key. */
function filters(given: unknown): Filter[] {
  const list: unknown[] = Array.isArray(given)
    ? given
    : Object.entries(typeof given === 'object' && given !== null ? given : {}).map(([key, values]) => ({ key, op: '=', values }));
  return list.flatMap((each): Filter[] => {
    const { key, op, values, value, literal }: Record<string, unknown> = typeof each === 'object' && each !== null ? { ...each } : {};
    const all = values ?? value;
    const texts = (Array.isArray(all) ? all : all === undefined ? [] : [all]).map(String);
    return typeof key === 'string' ? [{ key, op: operator(op), values: texts, ...literally(literal) }] : [];
  });
}

function literally(given: unknown): Pick<Filter, 'literal'> {
  return given === true ? { literal: true } : Array.isArray(given) ? { literal: given.map(String) } : {};
}

/** One that nobody knows stays as it is: Remit refuses it by its name, where another in its place would ask for something else. */
function operator(op: unknown): FilterOp {
  const said = op === undefined || op === null ? '=' : String(op).trim().slice(0, 20);
  return Object.hasOwn(SPELLINGS, said) ? (SPELLINGS[said] ?? '=') : (said as FilterOp);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
