import { migrateQuery } from './migrate';

const ID = '4f0e6d2a9b1c3857d6e2f1a0b9c8d7e6';

describe('stored and foreign queries', () => {
  it.each([
    ['an exemplar link of Prometheus', { refId: 'B', query: ID, queryType: 'traceId' }, { refId: 'B', kind: 'explain', filters: [{ key: 'id', op: '=', values: [ID] }] }],
    ['one without a type', { query: ID }, { refId: 'A', kind: 'explain', filters: [{ key: 'id', op: '=', values: [ID] }] }],
    ['one whose id is hostile', { query: '<script>', queryType: 'traceql' }, { kind: 'explain', filters: [{ key: 'id', op: '=', values: ['<script>'], literal: true }] }],
    ['conditions as a record', { kind: 'findings', filters: { severity: ['critical'], owner: 'a' } }, { kind: 'findings', filters: [{ key: 'severity', op: '=', values: ['critical'] }, { key: 'owner', op: '=', values: ['a'] }] }],
    ['conditions of one value', { kind: 'events', filters: [{ key: 'outcome', op: '!=', value: 'success' }] }, { kind: 'events', filters: [{ key: 'outcome', op: '!=', values: ['success'] }] }],
    ['a comparison that nobody knows, which is Remit\'s to refuse', { kind: 'events', filters: [{ key: 'outcome', op: 'LIKE', values: [1] }] }, { filters: [{ key: 'outcome', op: 'LIKE', values: ['1'] }] }],
    ['comparisons as Grafana writes them', { kind: 'events', filters: [{ key: 'outcome', op: '!=|', values: ['a', 'b'] }, { key: 'kind', op: '=|', values: ['c'] }] }, { filters: [{ op: 'not in', values: ['a', 'b'] }, { op: 'in', values: ['c'] }] }],
    ['no comparison', { kind: 'events', filters: [{ key: 'outcome', values: ['a'] }] }, { filters: [{ op: '=' }] }],
    ['values of which some come from data', { kind: 'events', filters: [{ key: 'outcome', op: '=', values: ['$a', '$b'], literal: ['$b'] }] }, { filters: [{ values: ['$a', '$b'], literal: ['$b'] }] }],
    ['a kind in queryType', { queryType: 'coverage' }, { kind: 'coverage' }],
    ['an unknown kind', { kind: '__proto__' }, { kind: 'findings' }],
    ['nothing', null, { refId: 'A', kind: 'findings', version: 1 }],
    ['a text', 'up{}', { kind: 'findings' }],
  ])('%s', (_, stored, expected) => {
    expect(migrateQuery(stored)).toMatchObject(expected);
  });

  it('keeps what it knows, drops what it does not, and changes nothing the second time', () => {
    const once = migrateQuery({ refId: 'A', kind: 'events', format: 'table', limit: 5, order: 'oldest', hide: true, expr: 'up', datasource: { uid: 'remit' }, filters: [{ key: 'a', op: '=', values: ['$x'], literal: true }] });
    expect(once).toEqual({ refId: 'A', version: 1, kind: 'events', format: 'table', limit: 5, order: 'oldest', hide: true, datasource: { uid: 'remit' }, filters: [{ key: 'a', op: '=', values: ['$x'], literal: true }] });
    expect(migrateQuery(once)).toEqual(once);
  });
});
