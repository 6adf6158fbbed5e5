import { readFileSync } from 'node:fs';
import { nhiEventSchema, RejectedRecord } from '@remit/contract';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { mappedSource, mappingSchema, source, type MappingInput } from './source.ts';

const context = { feed: 'test', cluster: 'test', receivedAt: 0 };
const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
const fenced = (language: string) => new RegExp('```' + language + '\\n([\\s\\S]*?)```').exec(readme)![1]!;
const warehouse = mappedSource(mappingSchema.parse((parse(fenced('yaml')) as { sources: { generic: MappingInput[] } }).sources.generic[0]));
const statement = JSON.parse(fenced('json')) as Record<string, Record<string, unknown>>;

const SMALL: MappingInput = { id: 'small', match: { kind: 'x' }, fields: { time: 't', principal: { name: 'who' }, operation: 'op', category: { value: 'read' } } };
const small = (fields: object = {}, rest: object = {}) => mappedSource(mappingSchema.parse({ ...SMALL, ...rest, fields: { ...SMALL.fields, ...fields } }));
const record = (more: object = {}) => ({ kind: 'x', t: '2026-11-23T02:10:04Z', who: 'etl', op: 'read', ...more });
const only = (from: ReturnType<typeof small>, value: unknown) => from.normalise(value, context)[0]!;

describe('the worked example of the README', () => {
  test('becomes an event by the schema with every fact in its place', () => {
    expect(warehouse.recognises(statement)).toBe(true);
    const event = only(warehouse, statement);
    expect(nhiEventSchema.parse(event)).toEqual(event);
    expect(event).toMatchObject({
      metadata: { original_event_uid: '9f2/4', source: 'warehouse-audit', realm: 'sales' }, principal_key: 'warehouse:sales:role/etl_reader', time: Date.parse('2026-11-23T02:10:04.512Z'),
      actor: { identity: { urn: 'urn:nhi:warehouse:sales:role/etl_reader', kind: 'service_account', resolution: 'derived' }, session: { uid: '9f2' }, app_name: 'nightly-load' },
      api: { service: { name: 'sql' }, operation: 'SELECT' }, action: { category: 'read' }, credential: { uid: 'k-17', type: 'access_key' },
      resources: [{ uid: 'finance.ledger', type: 'table', data_classification: 'restricted' }], status_id: 1, status_code: 'OK', outcome: { denied: false },
      src_endpoint: { ip: '10.1.2.3' }, volume: { rows: 1200, bytes_out: 88_000 }, privilege: { used: ['warehouse:sql:SELECT'] }, flags: ['machine', 'read_only'],
    });
    expect(warehouse).toMatchObject({ id: 'warehouse-audit', lateness: 900_000, maxSilence: 7_200_000, timeResolution: 1 });
    expect(warehouse.paths).toEqual(expect.arrayContaining(['log_type', 'session.id', 'stmt.n', 'schema', 'objects']));
  });

  test.each<[string, object, object]>([
    ['a person', { login: { ...statement['login'], method: 'sso' } }, { actor: { identity: { kind: 'unknown' } }, flags: ['interactive', 'read_only'] }],
    ['a refusal', { result: { code: 'E_PERMISSION_DENIED' } }, { status_id: 2, outcome: { denied: true }, status_code: 'E_PERMISSION_DENIED' }],
    ['a failure', { result: { code: 'E_TIMEOUT' } }, { status_id: 2, outcome: { denied: false } }],
    ['an export, in any case', { stmt: { ...statement['stmt'], class: 'copy to file' } }, { action: { category: 'export' } }],
    ['what no pattern fits', { stmt: { ...statement['stmt'], class: 'VACUUM' } }, { action: { category: 'admin' } }],
  ])('tells %s', (_, change, expected) => {
    expect(only(warehouse, { ...statement, ...change })).toMatchObject(expected);
  });

  test('leaves the records of others alone', () => {
    for (const other of [{ ...statement, log_type: 'slow' }, { log_type: 'audit' }, { ...statement, stmt: null }, [], null, 'audit']) expect(warehouse.recognises(other)).toBe(false);
    expect(source.recognises(statement)).toBe(false);
  });
});

describe('times', () => {
  const at = Date.parse('2026-11-23T02:10:04.000Z');
  test.each<[string, unknown, number]>([
    ['rfc3339', '2026-11-23T02:10:04Z', at], ['rfc3339', '2026-11-23 02:10:04.512', at + 512], ['rfc3339', '2026-11-23T03:10:04+01:00', at], ['rfc3339', '2026-11-22T21:40:04.000001-0430', at],
    ['epoch_s', at / 1000, at], ['epoch_s', '1795399804.25', at + 250], ['epoch_ms', at, at], ['epoch_us', at * 1000, at], ['epoch_ns', `${at}000000`, at],
  ])('%s of %j', (format, value, time) => {
    expect(only(small({ time: { path: 't', format } }), record({ t: value })).time).toBe(time);
  });

  test.each<[string, unknown, string]>([
    ['rfc3339', 'yesterday', 'bad_time'], ['rfc3339', 1795399804, 'bad_time'], ['rfc3339', '2026-02-30T00:00:00Z', 'bad_time'], ['epoch_s', at, 'bad_time'], ['epoch_ms', -1, 'bad_time'],
    ['epoch_ms', {}, 'bad_time'], ['epoch_ms', NaN, 'bad_time'], ['rfc3339', undefined, 'missing_field'], ['rfc3339', '', 'missing_field'],
  ])('%s of %j is refused as %s', (format, value, reason) => {
    let thrown: unknown;
    try {
      small({ time: { path: 't', format } }).normalise(record({ t: value }), context);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(RejectedRecord);
    expect((thrown as RejectedRecord).reason).toBe(reason);
  });
});

describe('values', () => {
  test('the first that is there, constants, defaults, lists, odd names', () => {
    const event = only(small({
      service: { first: ['missing', 'also.missing', '"odd.name"[1].x'] }, permission: ['roles', { value: 'always' }], detail: { path: 'nothing', default: 'none told' },
      resources: [{ id: 'table' }, { each: 'others', id: '.' }],
    }), record({ 'odd.name': [0, { x: 'found' }], roles: ['a', 2, null, { b: 1 }, 'c'], table: 't1', others: ['t2', '', 't3'] }));
    expect(event.api.service?.name).toBe('found');
    expect(event.privilege?.used).toEqual(['a', '2', 'c', 'always']);
    expect(event.status_detail).toBe('none told');
    expect(event.resources?.map(({ uid }) => uid)).toEqual(['t1', 't2', 't3']);
  });

  test('arguments of a tool are kept as hashes only', () => {
    const values = { of: (tool: string, args: unknown) => [{ path: `${tool}.${Object.keys(args as object).join()}`, hash: 7 }] };
    const event = small({ tool: { name: 'op', arguments: 'args' } }).normalise(record({ args: { to: 'a@example.com' } }), { ...context, values })[0]!;
    expect(event.tool).toEqual({ name: 'read', arguments: [{ path: 'read.to', hash: 7 }] });
  });

  test('equal records have one id, different ones two; ids that are too long stay different', () => {
    const id = (from: ReturnType<typeof small>, value: object) => only(from, value).metadata.original_event_uid;
    expect(id(small(), record({ a: 1, b: { c: 1, d: 2 } }))).toBe(id(small(), { ...record(), b: { d: 2, c: 1 }, a: 1 }));
    expect(id(small(), record({ a: 1 }))).not.toBe(id(small(), record({ a: 2 })));
    const long = 'x'.repeat(100_000);
    expect(id(small({ id: 'id' }), record({ id: `${long}1` }))).not.toBe(id(small({ id: 'id' }), record({ id: `${long}2` })));
    expect(id(small({ id: 'id' }), record({ id: long })).length).toBe(64);
  });

  test('amounts that are none are left out', () => {
    const from = small({ rows: 'rows', bytes_out: 'bytes' });
    expect(only(from, record({ rows: -1, bytes: '12.9' })).volume).toEqual({ bytes_out: 12 });
    for (const wrong of [null, 'many', 1e300, [1], {}, true, '']) expect(only(from, record({ rows: wrong })).volume).toBeUndefined();
  });
});

describe('hostile records', () => {
  const from = small({ id: { text: '{a.b}-{c}' }, resources: [{ each: 'list', id: 'id', class: 'class' }], session: 's', tool: { name: 'tool' }, principal: { name: 'who', type: 'type', kind: 'kind2' }, delegation: 'who', ip: 'ip' });
  const wrong: unknown[] = [
    null, 0, -0, 1e308, true, '', '\u0000\u202e', 'x'.repeat(1_000_000), '\ud800', [], {}, [[]], JSON.parse('{"__proto__": {"id": 1}, "constructor": 1}'), Array.from({ length: 10_000 }, (_, i) => ({ id: i })),
    '__proto__', 'constructor', 'a:b/c d',
  ];
  test('give an event by the schema, or a refusal with a reason, and no more than a few kilobytes', () => {
    for (const field of ['t', 'who', 'op', 'a', 'c', 'list', 's', 'tool', 'type', 'kind2', 'ip']) {
      for (const value of wrong) {
        try {
          const event = only(from, record({ [field]: value }));
          nhiEventSchema.parse(event);
          expect(JSON.stringify(event).length).toBeLessThan(20_000);
        } catch (error) {
          if (!(error instanceof RejectedRecord)) throw error;
        }
      }
    }
    for (const value of wrong) expect(from.recognises(value)).toBe(false);
  });

  test('reach nothing but their own fields', () => {
    const odd = small({ service: '__proto__.constructor.name', detail: 'constructor.name', session: 'toString' });
    expect(only(odd, record())).toMatchObject({ api: { operation: 'read' } });
    expect(only(odd, record()).api.service).toBeUndefined();
    expect(({} as Record<string, unknown>)['id']).toBeUndefined();
  });
});
