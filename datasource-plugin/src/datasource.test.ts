import { firstValueFrom, NEVER } from 'rxjs';
import { CoreApp, dateTime, LoadingState, LogRowContextQueryDirection, LogsVolumeType, rangeUtil, SupplementaryQueryType, type DataFrame, type DataQueryRequest, type DataSourceInstanceSettings, type LogRowModel } from '@grafana/data';
import { FILTER_COLUMNS, type QueryResult } from '@remit/contract';
import { RemitDataSource } from './datasource';
import { annotations } from './features/annotations';
import { variableQuery, VariableSupport } from './features/variables';
import { KINDS } from './lib/migrate';
import { REGISTRY } from './queries/registry';
import { Failed, proxy, type Asked } from './test/backend';
import { recorded } from './test/cases';
import { NAUGHTY } from './test/naughty';
import { templates } from './test/templates';
import type { RemitOptions, RemitQuery } from './types';
import type { WireQuery } from './lib/client';

const FROM = 1_795_300_000_000;
const TO = 1_795_400_000_000;
const settings = (jsonData: RemitOptions = {}): DataSourceInstanceSettings<RemitOptions> =>
  ({ id: 1, uid: 'remit', name: 'Remit', type: 'remit-nhi-datasource', url: '/api/datasources/proxy/uid/remit', jsonData, access: 'proxy', readOnly: false, meta: {} }) as unknown as DataSourceInstanceSettings<RemitOptions>;
const range = { from: dateTime(FROM), to: dateTime(TO), raw: { from: dateTime(FROM), to: dateTime(TO) } };
const request = (targets: Array<Partial<RemitQuery>>, more: Partial<DataQueryRequest<RemitQuery>> = {}): DataQueryRequest<RemitQuery> => ({
  requestId: 'Q1', app: CoreApp.Dashboard, interval: '1m', intervalMs: 60_000, range, scopedVars: {}, startTime: 0, timezone: 'utc', targets: targets.map((target, index) => ({ refId: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh'[index], kind: 'findings', ...target })), ...more,
});
const wireOf = (asked: Asked[]): WireQuery[] => asked.filter(({ url }) => url.endsWith('/query')).flatMap(({ data }) => (data as { queries: WireQuery[] }).queries);
/** Answers every query of a request with what a service recorded for its kind and format. */
const replay = ({ data }: Asked): unknown => ({
  version: 1,
  results: Object.fromEntries((data as { queries: WireQuery[] }).queries.map(({ refId, kind, format }) => {
    const answer = recorded(kind, format ?? 'table');
    answer.frames.forEach(({ schema }) => { schema.refId = refId; });
    return [refId, answer];
  })),
});

describe('queries', () => {
  it('of one panel go in one request, with its range, variables and ad hoc filters', async () => {
    const asked = proxy(replay);
    const source = new RemitDataSource(settings(), templates({ team: ['a', 'b'] }));
    const { data, state, errors } = await firstValueFrom(source.query(request([
      { kind: 'findings', format: 'table', filters: [{ key: 'owner', op: '=', values: ['$team'] }], limit: 7 },
      { kind: 'events', format: 'logs', editor: 'raw', raw: '{outcome="denied"} limit 9' },
      { kind: 'findings', hide: true },
    ], { filters: [{ key: 'severity', operator: '=', value: 'critical' }] })));
    expect(asked.map(({ url, method }) => [url, method])).toEqual([['/api/datasources/proxy/uid/remit/read/query', 'POST']]);
    const severity = { key: 'severity', op: '=', values: ['critical'] };
    expect(wireOf(asked)).toEqual([
      { refId: 'A', kind: 'findings', format: 'table', from: FROM, to: TO, limit: 7, filters: [{ key: 'owner', op: '=', values: ['a', 'b'] }, severity] },
      { refId: 'B', kind: 'events', format: 'logs', from: FROM, to: TO, limit: 9, filters: [{ key: 'outcome', op: '=', values: ['denied'] }, severity] },
    ]);
    expect(data.map(({ refId, name }: DataFrame) => [refId, name])).toEqual([['A', 'findings'], ['B', 'events']]);
    expect([state, errors]).toEqual([LoadingState.Done, undefined]);
  });

  it('are cut into requests of at most 26', async () => {
    const asked = proxy(replay);
    await firstValueFrom(new RemitDataSource(settings(), templates({})).query(request(Array.from({ length: 30 }, () => ({ format: 'table' })))));
    expect(asked.map(({ data }) => (data as { queries: unknown[] }).queries.length)).toEqual([26, 4]);
  });

  it('that are alike and under way at once are asked once', async () => {
    const asked = proxy(replay);
    const source = new RemitDataSource(settings(), templates({}));
    await Promise.all([firstValueFrom(source.query(request([{ format: 'table' }]))), firstValueFrom(source.query(request([{ format: 'table' }])))]);
    expect(asked).toHaveLength(1);
    await firstValueFrom(source.query(request([{ format: 'table' }])));
    expect(asked).toHaveLength(2);
  });

  it('that found nothing leave a panel its own words, and Explore its columns', async () => {
    proxy((asked) => {
      const answer = replay(asked) as { results: Record<string, QueryResult> };
      for (const { data } of answer.results.A?.frames ?? []) {
        data.values = data.values.map(() => []);
      }
      return answer;
    });
    const fields = async (app: CoreApp): Promise<number> => ((await firstValueFrom(new RemitDataSource(settings(), templates({})).query(request([{ format: 'table' }], { app })))).data[0] as DataFrame).fields.length;
    expect(await fields(CoreApp.Dashboard)).toBe(0);
    expect(await fields(CoreApp.Explore)).toBeGreaterThan(5);
  });

  it.each<[RemitQuery['kind'], string, string[]]>([
    ['graph', 'access', ['id']], ['graph', 'chain', ['id']], ['chain', 'states', ['time', 'observed']], ['baseline', 'series', ['time']], ['deviations', 'series', ['time']], ['findings', 'volume', ['time']],
  ])('of %s as %s keep the fields that their panel needs when nothing was found', async (kind, format, names) => {
    proxy((asked) => {
      const answer = replay(asked) as { results: Record<string, QueryResult> };
      for (const { data } of answer.results.A?.frames ?? []) {
        data.values = data.values.map(() => []);
      }
      return answer;
    });
    const { data } = await firstValueFrom(new RemitDataSource(settings(), templates({})).query(request([{ kind, format }])));
    for (const frame of data as DataFrame[]) {
      expect(frame.fields.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    }
  });

  it.each<[RemitQuery['kind'], string, string[][]]>([
    ['graph', 'chain', [['id', 'title'], ['id', 'source', 'target']]], ['chain', 'steps', [[]]], ['chain', 'states', [['time', 'observed']]], ['chain', 'trace', [[]]],
  ])('of %s as %s say in a notice that there is no chain', async (kind, format, fields) => {
    proxy(() => ({ version: 1, results: { A: { status: 404, error: 'no chain of tool calls in the range', hint: 'choose a longer range, or another identity', frames: [] } } }));
    const { data, errors, state } = await firstValueFrom(new RemitDataSource(settings(), templates({})).query(request([{ kind, format }])));
    expect([state, errors]).toEqual([LoadingState.Done, undefined]);
    expect(data.map((frame: DataFrame) => frame.fields.map(({ name }) => name))).toEqual(fields);
    expect((data[0] as DataFrame).meta?.notices).toEqual([{ severity: 'info', text: 'no chain of tool calls in the range. choose a longer range, or another identity' }]);
  });

  it('show what came of some when others fail', async () => {
    proxy((asked) => {
      const answer = replay(asked) as { results: Record<string, QueryResult> };
      answer.results.B = { status: 400, error: 'findings knows no filter "sevrity"', hint: 'did you mean severity?', frames: [] };
      return answer;
    });
    const { data, errors, state } = await firstValueFrom(new RemitDataSource(settings(), templates({})).query(request([{ format: 'table' }, { format: 'table' }, { editor: 'raw', raw: '{owner=' }])));
    expect(data).toHaveLength(1);
    expect(state).toBe(LoadingState.Error);
    expect(errors?.map(({ refId, message }) => [refId, message])).toEqual([['C', expect.stringMatching(/column 8/)], ['B', 'findings knows no filter "sevrity". did you mean severity?']]);
  });

  it('end when nobody listens any more', () => {
    const source = new RemitDataSource(settings(), templates({}));
    const asked = proxy(() => new Promise(() => undefined));
    source.query(request([{}])).subscribe().unsubscribe();
    source.query(request([{}])).subscribe().unsubscribe();
    expect(asked).toHaveLength(2);
  });

  it.each(NAUGHTY)('stay as they are whatever was clicked: %j', async (value) => {
    const asked = proxy(replay);
    const source = new RemitDataSource(settings(), templates({ owner: 'SECRET', team: 'a' }));
    const clicked = source.modifyQuery({ refId: 'A', kind: 'findings', format: 'table', filters: [{ key: 'owner', op: '=', values: ['$team'] }] }, { type: 'ADD_FILTER', options: { key: 'identity', value } });
    await firstValueFrom(source.query(request([clicked])));
    expect(wireOf(asked)[0]?.filters).toEqual([{ key: 'owner', op: '=', values: ['a'] }, { key: 'identity', op: '=', values: [value] }]);
  });

  it('go without a route for a user of the web configuration, so that the proxy keeps theirs', async () => {
    const asked = proxy(replay);
    await firstValueFrom(new RemitDataSource(settings({ readAuth: 'basic' }), templates({})).query(request([{ format: 'table' }])));
    expect(asked[0]?.url).toBe('/api/datasources/proxy/uid/remit/api/v1/query');
  });
});

describe('filters from clicks', () => {
  const query: RemitQuery = { refId: 'A', kind: 'events' };
  it('are added, turned round and taken away', () => {
    const source = new RemitDataSource(settings(), templates({}));
    const options = { key: 'identity', value: 'x' };
    const once = source.toggleQueryFilter(query, { type: 'FILTER_FOR', options });
    expect(once.filters).toEqual([{ key: 'identity', op: '=', values: ['x'], literal: true }]);
    expect(source.queryHasFilter(once, options)).toBe(true);
    const out = source.toggleQueryFilter(once, { type: 'FILTER_OUT', options });
    expect(out.filters).toEqual([{ key: 'identity', op: '!=', values: ['x'], literal: true }]);
    expect(source.queryHasFilter(out, options)).toBe(false);
    expect(source.toggleQueryFilter(out, { type: 'FILTER_OUT', options }).filters).toEqual([]);
  });
  it('go into a query written as text', () => {
    const source = new RemitDataSource(settings(), templates({}));
    expect(source.modifyQuery({ ...query, editor: 'raw', raw: '{outcome="denied"}' }, { type: 'ADD_FILTER_OUT', options: { key: 'tool', value: 'y' } }).filters).toHaveLength(2);
  });
});

// Explore of 12.3 asks `getDataProvider` first; its successor leaves the colours of levels to Grafana.
/* eslint-disable @typescript-eslint/no-deprecated */
describe('Explore', () => {
  it('gets the volume of lines, over the whole range', async () => {
    proxy(replay);
    const source = new RemitDataSource(settings(), templates({}));
    const provided = source.getDataProvider(SupplementaryQueryType.LogsVolume, request([{ kind: 'events', format: 'logs' }]));
    const answers = await new Promise<Array<{ data: DataFrame[]; state?: LoadingState }>>((resolve) => {
      const all: Array<{ data: DataFrame[]; state?: LoadingState }> = [];
      provided?.subscribe({ next: (answer) => all.push(answer as { data: DataFrame[] }), complete: () => resolve(all) });
    });
    expect(answers[0]).toMatchObject({ state: LoadingState.Loading });
    expect(answers[1]?.data[0]?.meta?.custom).toMatchObject({ logsVolumeType: LogsVolumeType.FullRange, absoluteRange: { from: FROM, to: TO }, datasourceName: 'Remit', sourceQuery: { kind: 'events' } });
    expect(source.getDataProvider(SupplementaryQueryType.LogsVolume, request([{ kind: 'identities' }]))).toBeUndefined();
  });

  it('gets what surrounds a line', async () => {
    const asked = proxy(replay);
    const source = new RemitDataSource(settings(), templates({}));
    const row = { labels: { identity: 'urn:nhi:aws:1:role/$x' }, timeEpochMs: TO, rowIndex: 0, dataFrame: { fields: [{ name: 'id', values: ['ab'] }] } } as unknown as LogRowModel;
    await source.getLogRowContext(row, { direction: LogRowContextQueryDirection.Backward, limit: 5 });
    await source.getLogRowContext(row, { direction: LogRowContextQueryDirection.Forward, limit: 5 });
    const filters = [{ key: 'identity', op: '=', values: ['urn:nhi:aws:1:role/$x'] }];
    expect(wireOf(asked)).toEqual([
      expect.objectContaining({ order: 'newest', cursor: `${TO}.ab`, limit: 5, filters, to: TO + 1 }),
      expect.objectContaining({ order: 'oldest', cursor: `${TO}.ab`, limit: 5, filters, from: TO }),
    ]);
    expect(await source.getLogRowContext({ ...row, labels: {} })).toEqual({ data: [] });
  });
});
/* eslint-enable @typescript-eslint/no-deprecated */

describe('variables and ad hoc filters', () => {
  it('ask for the values of a label, narrowed by other variables', async () => {
    const asked = proxy(() => ({ items: [{ value: 'a', text: 'a', count: 2 }, { value: '', text: '', count: 1 }], truncated: false }));
    const source = new RemitDataSource(settings());
    const answer = await firstValueFrom(new VariableSupport(source).query({ ...request([]), targets: [{ refId: 'v', label: 'identity', filters: [{ key: 'owner', op: '=', values: ['$team'] }] }], scopedVars: { team: { value: ['x', 'y&z'], text: '' } } } as never));
    expect(answer.data).toEqual([{ value: 'a', text: 'a' }]);
    const url = new URL(asked[0].url, 'https://grafana.example');
    expect([url.pathname, url.searchParams.getAll('match')]).toEqual(['/api/datasources/proxy/uid/remit/read/labels/identity/values', ['owner=|x', 'owner=|y&z']]);
    expect(variableQuery('owner').label).toBe('owner');
    expect(variableQuery({ query: 'kind' }).label).toBe('kind');
  });

  it('offer the keys of the kinds that are shown, and ask for lists once', async () => {
    const asked = proxy(() => ({ items: [{ name: 'owner', title: 'Owner', kinds: ['findings', 'events'], type: 'string', operators: ['='] }, { name: 'reason', title: 'Reason', kinds: ['coverage'], type: 'string', operators: ['='] }] }));
    const source = new RemitDataSource(settings(), templates({}));
    expect(await source.getTagKeys()).toHaveLength(2);
    expect(await source.getTagKeys({ filters: [], queries: [{ refId: 'A', kind: 'coverage' }] })).toEqual([{ text: 'Reason', value: 'reason' }]);
    expect(asked).toHaveLength(1);
  });
});

it.each<[string, RemitOptions, Partial<RemitQuery>, Partial<WireQuery>]>([
  ['a limit of the settings that is too large', { defaultLimit: 20_000 }, {}, { limit: 10_000 }], ['a stored limit that is too large', {}, { limit: 25_000 }, { limit: 10_000 }],
  ['a limit that is none', { defaultLimit: 300 }, { limit: 0 }, { limit: 300 }], ['a limit of the settings that is none', { defaultLimit: 'many' as never }, {}, { limit: undefined }],
  ['an order that means nothing', {}, { kind: 'graph', format: 'access', order: 'oldest' }, { order: undefined }], ['an order of events', {}, { kind: 'events', format: 'logs', order: 'oldest' }, { order: 'oldest' }],
])('%s goes over the wire as the service takes it', async (_, options, query, wanted) => {
  const asked = proxy(replay);
  await firstValueFrom(new RemitDataSource(settings(options), templates({})).query(request([{ format: 'table', ...query }])));
  expect({ limit: wireOf(asked)[0]?.limit, order: wireOf(asked)[0]?.order }).toMatchObject(wanted);
});

describe('too many queries at once', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] }));
  afterEach(() => jest.useRealTimers());

  it('are asked again a little later, not all at the same moment', async () => {
    let busy = 30;
    const times = new Set<number>();
    const asked = proxy((each) => {
      times.add(Date.now());
      return busy-- > 0 ? new Failed(429, { error: 'too many queries at once; try again' }) : replay(each);
    });
    const states: Array<LoadingState | undefined> = [];
    const source = new RemitDataSource(settings(), templates({}));
    for (let panel = 1; panel <= 10; panel++) {
      source.query(request([{ format: 'table', limit: panel }])).subscribe(({ state }) => states.push(state));
    }
    await jest.advanceTimersByTimeAsync(20_000);
    expect(states).toEqual(Array.from({ length: 10 }, () => LoadingState.Done));
    expect(asked).toHaveLength(40);
    expect(times.size).toBeGreaterThan(10);
  });

  it('fail in the end, at once when it is something else, and never when nobody listens', async () => {
    const asked = proxy(({ data }) => new Failed((data as { queries: WireQuery[] }).queries[0]?.limit === 1 ? 429 : 500, { error: 'no' }));
    const source = new RemitDataSource(settings(), templates({}));
    const failed: number[] = [];
    const began = Date.now();
    source.query(request([{ format: 'table', limit: 1 }])).subscribe(() => failed.push(Date.now() - began));
    await jest.advanceTimersByTimeAsync(30_000);
    expect([asked.length, failed.length, (failed[0] ?? 0) > 6_000]).toEqual([7, 1, true]);
    source.query(request([{ format: 'table', limit: 2 }])).subscribe();
    await jest.advanceTimersByTimeAsync(30_000);
    expect(asked).toHaveLength(8);
    source.query(request([{ format: 'table', limit: 1 }])).subscribe().unsubscribe();
    await jest.advanceTimersByTimeAsync(30_000);
    expect(asked).toHaveLength(9);
  });
});

it('a click becomes a condition wherever one is offered, and nowhere else', async () => {
  proxy(replay);
  const source = new RemitDataSource(settings(), templates({}));
  for (const kind of KINDS) {
    for (const { value: format } of REGISTRY[kind].model().formats) {
      const { data } = await firstValueFrom(source.query(request([{ kind, format }], { app: CoreApp.Explore })));
      const offered: readonly string[] = FILTER_COLUMNS[kind];
      for (const field of (data as DataFrame[]).flatMap(({ fields }) => fields)) {
        expect([kind, format, field.name, field.config.filterable]).toEqual([kind, format, field.name, offered.includes(field.name)]);
        const labels = field.name === 'labels' ? field.values.flatMap((each: object) => Object.keys(each)) : [];
        // Every label of a line has a button in its details.
        expect(labels.filter((name: string) => !offered.includes(name))).toEqual([]);
        for (const key of [field.name, ...labels]) {
          const query: RemitQuery = { refId: 'A', kind, format, filters: [] };
          const wanted = offered.includes(key) ? [{ key, op: '=', values: ['x'], literal: true }] : [];
          expect([kind, key, source.modifyQuery(query, { type: 'ADD_FILTER', options: { key, value: 'x' } }).filters]).toEqual([kind, key, wanted]);
          expect([kind, key, source.toggleQueryFilter(query, { type: 'FILTER_FOR', options: { key, value: 'x' } } as never).filters]).toEqual([kind, key, wanted]);
        }
      }
    }
  }
});

it('values of an ad hoc filter are those of the kinds that are shown', async () => {
  const asked = proxy(({ url }) => (url.includes('/values') ? { items: [{ value: url.includes('privileges') ? 'unused' : 'open', text: '', count: 1 }] } : { items: [
    { name: 'state', title: 'State', kinds: ['findings', 'privileges', 'coverage'], type: 'string', operators: ['='] }, { name: 'owner', title: 'Owner', kinds: ['findings', 'baseline', 'privileges'], type: 'string', operators: ['='] },
  ] }));
  const source = new RemitDataSource(settings(), templates({}));
  const values = (key: string, ...kinds: Array<RemitQuery['kind']>) => source.getTagValues({ key, filters: [], queries: kinds.map((kind) => ({ refId: 'A', kind })) });
  expect(await values('state', 'privileges', 'events')).toEqual([{ text: 'unused', value: 'unused' }]);
  expect((await values('state', 'privileges', 'findings')).map(({ value }) => value).sort()).toEqual(['open', 'unused']);
  await values('owner', 'privileges');
  expect(asked.filter(({ url }) => url.includes('/values')).map(({ url }) => new URL(url, 'http://x').searchParams.get('kind'))).toEqual(['privileges', 'findings', null]);
});

describe('annotations', () => {
  it('are spans in the colour of their severity, and their text is text', async () => {
    proxy((asked) => {
      const answer = replay(asked) as { results: Record<string, QueryResult> };
      const frame = Object.values(answer.results)[0].frames[0];
      frame.data.values[frame.schema.fields.findIndex(({ name }) => name === 'text')][0] = '<img src=x onerror=alert(1)>';
      return answer;
    });
    const source = new RemitDataSource(settings(), templates({}));
    const query = annotations.prepareQuery?.({ enable: true, iconColor: 'red', name: 'x', target: { refId: 'x', kind: 'events' } });
    const { data } = await firstValueFrom(source.query(request([query!])));
    const events = await firstValueFrom(annotations.processEvents!({ enable: true, iconColor: 'red', name: 'x' }, data));
    expect(events).toHaveLength(3);
    expect(events?.[0]).toMatchObject({ text: '&lt;img src=x onerror=alert(1)&gt;', color: 'red', tags: expect.arrayContaining([expect.any(String)]) });
  });
});

/** A Grafana that has these settings stored, and whose proxy answers nothing but a status. */
const stored = (url: string, status: number, jsonData: object = {}) => (asked: Asked): unknown => (asked.url === '/api/datasources/uid/remit' ? { url, jsonData } : new Failed(status, ''));

describe('health', () => {
  const status = { version: '0.1.0', ready: true, sources: [{ source: 'aws-cloudtrail', silent: true }], identities: { total: 3 }, findings: { open: 2 } };
  it.each<[string, (asked: Asked) => unknown, string, RegExp]>([
    ['all is well', ({ url }) => (url.includes('labels') ? { items: [{ name: 'owner' }] } : status), 'success', /^Remit 0\.1\.0: 3 identities, 2 open findings, 1 sources\. Silent sources: aws-cloudtrail\.$/],
    ['another service', () => '<html>', 'error', /not Remit/],
    ['a wrong token', () => new Failed(400, 'Authentication to data source failed'), 'error', /does not accept the read token/],
    ['nothing there, to those who may not read the settings', ({ url }) => (url.startsWith('/api/') && !url.includes('proxy') ? new Failed(403, {}) : new Failed(502, '')), 'error', /cannot reach Remit\. Check the URL/],
    ['nothing there', stored('http://remit:9847', 502), 'error', /^Grafana cannot reach Remit at http:\/\/remit:9847\. .*begins with https/],
    ['nothing there, or an untrusted certificate', stored('https://remit:9847', 502), 'error', /or does not trust its certificate\. .*"Add self-signed certificate".*log of Grafana/],
    ['nothing there, or the certificate of another authority', stored('https://remit:9847', 502, { tlsAuthWithCACert: true }), 'error', /CA certificate under "TLS settings" is of the authority/],
    ['nothing there, whatever the certificate', stored('https://remit:9847', 502, { tlsSkipVerify: true }), 'error', /^Grafana cannot reach Remit at .*TLS Client Authentication/],
    ['no URL', stored('', 502), 'error', /^No URL is set\. Enter the address/],
    ['no answer in time', stored('https://remit:9847', 504), 'error', /did not answer in time/],
    ['a timeout, of which the proxy says what it says of a wrong address', stored('http://remit:9847', 502, { timeout: 0.000_001 }), 'error', /^Nothing came from http:\/\/remit:9847 within the .* that Grafana waits\. .*timeout/],
    ['an untrusted certificate', () => new Failed(502, { message: 'tls: failed to verify certificate: x509: unknown authority' }), 'error', /CA certificate/],
    ['another name on loopback', () => new Failed(421, { error: 'this address answers to loopback names only' }), 'error', /web\.external-url/],
    ['a slash at the end', () => new Failed(404, { error: 'no such path' }), 'error', /without a slash at the end/],
    ['too old', ({ url }) => (url.includes('labels') ? new Failed(404, { error: 'no such path' }) : status), 'error', /query API/],
  ])('%s', async (_, answer, expected, message) => {
    proxy(answer);
    expect(await new RemitDataSource(settings(), templates({})).testDatasource()).toMatchObject({ status: expected, message: expect.stringMatching(message) });
  });
});

describe('the dashboard of an identity', () => {
  const linked = async (source: RemitDataSource): Promise<unknown> => {
    const { data } = await firstValueFrom(source.query(request([{ format: 'table' }])));
    return (data[0] as DataFrame).fields.find(({ name }) => name === 'identity')?.config.links?.map(({ url }) => url.split('?')[0]).find((url) => url.startsWith('/d/'));
  };
  it.each([
    [['remit-identity', 'remit-plugin-identity'], {}, '/d/remit-identity'], [['remit-plugin-identity'], {}, '/d/remit-plugin-identity'], [[], {}, undefined],
    [[], { identityDashboard: 'mine' }, '/d/mine'],
  ])('of %j is linked: settings %j', async (there, jsonData, expected) => {
    proxy(replay, undefined, there);
    expect(await linked(new RemitDataSource(settings(jsonData), templates({})))).toBe(expected);
  });
});

it('an answer that is none is an error in words', async () => {
  for (const answer of ['{"version":1,"resu', {}, null, []]) {
    const asked = proxy(() => answer);
    const { errors } = await firstValueFrom(new RemitDataSource(settings(), templates({})).query(request([{ format: 'table' }])));
    expect(errors?.[0]).toMatchObject({ refId: 'A', message: expect.stringMatching(/no answer of Remit/) });
    expect(asked).toHaveLength(2);
  }
  let cut = true;
  proxy((each) => {
    const answer = cut ? {} : replay(each);
    cut = false;
    return answer;
  });
  expect((await firstValueFrom(new RemitDataSource(settings(), templates({})).query(request([{ format: 'table' }])))).state).toBe(LoadingState.Done);
});

it('what Explore puts in the place of looks hides columns and keeps the looks', async () => {
  proxy(replay);
  const { data } = await firstValueFrom(new RemitDataSource(settings(), templates({})).query(request([{ format: 'table' }], { app: CoreApp.Explore })));
  const severity = (data[0] as DataFrame).fields.find(({ name }) => name === 'severity');
  for (const hidden of [true, false]) {
    severity!.config.custom = { hidden };
    expect({ ...severity!.config }.custom).toMatchObject({ hidden, width: 90, cellOptions: { type: 'color-background' } });
  }
});

describe('verdicts', () => {
  it('go to the writing route, for ids of findings only', async () => {
    const asked = proxy(() => ({}));
    const { client } = new RemitDataSource(settings(), templates({}));
    await client.verdict('4f0e6d2a9b1c3857d6e2f1a0b9c8d7e6', { state: 'benign', claimed_user: 'x' });
    expect(asked).toMatchObject([{ url: '/api/datasources/proxy/uid/remit/write/4f0e6d2a9b1c3857d6e2f1a0b9c8d7e6/verdict', method: 'POST', data: { state: 'benign', claimed_user: 'x' } }]);
    await expect(client.verdict('../../-/reload', { state: 'benign' })).rejects.toThrow(/no id/);
    expect(asked).toHaveLength(1);
  });
});

const UNTIL_NOW = { ...range, raw: { from: 'now-1h', to: 'now' } };

describe('live', () => {
  it.each([['dates', range.raw, false], ['a date until now', { from: dateTime(FROM), to: 'now' }, true], ['a range of a day', { from: 'now/d', to: 'now/d' }, true]])('keeps the range that was chosen: %s', async (_, raw, follows) => {
    jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] });
    const { Observable } = jest.requireActual<typeof import('rxjs')>('rxjs');
    const asked = proxy(replay, () => new Observable<Uint8Array>((subscriber) => { subscriber.next(new TextEncoder().encode('{"type":"finding","cursor":"2","change":"opened","page":true,"finding":{}}\n')); }));
    const listening = new RemitDataSource(settings(), templates({})).query(request([{ format: 'table', live: true }], { range: { ...range, raw } })).subscribe();
    await jest.advanceTimersByTimeAsync(5_000);
    const wire = wireOf(asked);
    expect(wire).toHaveLength(follows ? 2 : 1);
    expect(wire[0]).toMatchObject({ from: FROM, to: TO });
    if (follows) {
      const { from, to } = rangeUtil.convertRawToRange(raw, 'utc');
      expect(wire[1]?.from).toBe(from.valueOf());
      expect(Math.abs((wire[1]?.to ?? 0) - to.valueOf())).toBeLessThan(10_000);
    }
    listening.unsubscribe();
    jest.useRealTimers();
  });

  it('asks at once and again when a finding changes, over one stream for all panels', async () => {
    jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] });
    let push: (text: string) => void = () => undefined;
    const { Observable } = jest.requireActual<typeof import('rxjs')>('rxjs');
    const asked = proxy(replay, () => new Observable<Uint8Array>((subscriber) => { push = (text) => subscriber.next(new TextEncoder().encode(text)); }));
    const source = new RemitDataSource(settings(), templates({}));
    const seen: Array<LoadingState | undefined> = [];
    const listening = [1, 2, 3].map((panel) => source.query(request([{ format: 'table', live: true, limit: panel }], { range: UNTIL_NOW })).subscribe(({ state }) => seen.push(state)));
    await jest.advanceTimersByTimeAsync(10);
    expect(asked.filter(({ url }) => url.includes('stream'))).toHaveLength(1);
    expect(seen).toEqual([LoadingState.Streaming, LoadingState.Streaming, LoadingState.Streaming]);
    push('{"type":"hello","cursor":"1","heartbeat":15000}\n{"type":"finding","cur');
    await jest.advanceTimersByTimeAsync(1_500);
    expect(seen).toHaveLength(3);
    push('sor":"2","change":"opened","page":true,"finding":{}}\nno json\n');
    await jest.advanceTimersByTimeAsync(1_500);
    expect(seen).toHaveLength(6);
    // Hidden: the stream is closed. Seen again: it goes on where it was cut.
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
    Object.defineProperty(document, 'hidden', { value: false, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
    expect(asked.filter(({ url }) => url.includes('stream')).at(-1)?.url).toMatch(/cursor=2$/);
    listening.forEach((each) => each.unsubscribe());
    jest.useRealTimers();
  });

  it('asks every 15 s while there is no room for a stream', async () => {
    jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] });
    const { throwError } = jest.requireActual<typeof import('rxjs')>('rxjs');
    const asked = proxy(replay, () => throwError(() => ({ status: 429 })));
    const source = new RemitDataSource(settings(), templates({}));
    const listening = source.query(request([{ format: 'table', live: true }], { range: UNTIL_NOW })).subscribe();
    await jest.advanceTimersByTimeAsync(61_000);
    const times = asked.filter(({ url }) => url.endsWith('query')).length;
    expect(times).toBeGreaterThanOrEqual(4);
    expect(times).toBeLessThanOrEqual(9);
    listening.unsubscribe();
    jest.useRealTimers();
  });
});

it('has nothing to ask without targets', async () => {
  proxy(() => NEVER);
  expect(await firstValueFrom(new RemitDataSource(settings(), templates({})).query(request([])))).toEqual({ data: [], state: LoadingState.Done });
});
