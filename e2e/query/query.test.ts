import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHANNELS, QUERY_KINDS, type Frame } from '@remit/contract';
import { loadInventory } from '../../exporter/src/inventory/load.ts';
import { Bench, roleRecord } from '../support/bench.ts';
import { Asked, rowsOf } from '../support/query.ts';
import { agentSpan, hexId, toolSpan } from '../support/spans.ts';

const at = (text: string) => Date.parse(`2026-11-20T${text}Z`);
const urn = (name: string) => `urn:nhi:aws:111122223333:role/${name}`;
const AGENT = 'urn:nhi:agent:default:ai_agent/triage';
const INVENTORY = `
owners: [{ team: data, contact: '#data', enforce: true }, { team: bots, contact: '#bots', enforce: true }]
identities:
  - urn: ${urn('nightly')}
    kind: workload
    owner: data
    display_name: Nightly export
    purpose: Exports at night
    environment: production
    schedule: { windows: [{ cron: '0 2 * * *', duration: 1h, timezone: UTC }] }
    actions: ['aws:s3:GetObject']
    granted:
      - { permission: 'aws:s3:GetObject', via: policy/export, granted_at: 2026-01-01T00:00:00Z }
      - { permission: 'aws:s3:DeleteObject', via: policy/export }
  - urn: ${AGENT}
    kind: ai_agent
    owner: bots
    tools: [{ name: search_*, category: search }, { name: create_ticket, category: ticketing }, { name: send_mail, category: messaging }]
    sequences: [{ name: triage, steps: [search+, ticketing] }]
    forbidden_transitions: ['search -> messaging']
  - { urn: '${urn('unseen')}', owner: data }
`;

const bench = new Bench();
let asked: Asked;
beforeAll(async () => {
  await bench.open(INVENTORY);
  await bench.replay([
    ...Array.from({ length: 40 }, (_, i) => roleRecord('nightly', 'AROANIGHTLY0000000001', new Date(at('02:00:00') + i * 60_000).toISOString())),
    roleRecord('nightly', 'AROANIGHTLY0000000001', '2026-11-20T14:00:00Z', { extra: { errorCode: 'AccessDenied' } }),
    roleRecord('nightly', 'AROANIGHTLY0000000001', '2026-11-20T14:01:00Z', { operation: 'PutObject' }),
    ...Array.from({ length: 3 }, (_, i) => roleRecord('stranger', 'AROASTRANGER000000001', new Date(at('15:00:00') + i * 1000).toISOString())),
    // The same record again counts once.
    roleRecord('stranger', 'AROASTRANGER000000001', new Date(at('15:00:00')).toISOString()),
  ].join('\n'), [
    agentSpan('run', 'agent', 'triage', at('10:00:00'), at('10:01:00'), { attributes: { 'gen_ai.conversation.id': 'talk-1' } }),
    toolSpan('run', 'a', 'agent', 'search_mail', at('10:00:01'), at('10:00:02')), toolSpan('run', 'b', 'agent', 'search_web', at('10:00:03'), at('10:00:04')),
    toolSpan('run', 'c', 'agent', 'send_mail', at('10:00:05'), at('10:00:06')), toolSpan('run', 'd', 'agent', 'create_ticket', at('10:00:07'), at('10:00:08')),
  ].join('\n'));
  await bench.tick(at('16:30:00'));
  asked = await new Asked(bench).open();
}, 60_000);
afterAll(() => asked.end());

const RANGE = { from: at('00:00:00'), to: at('23:59:59') };
const by = (key: string, op: string, ...values: string[]) => ({ key, op, values });
const custom = ({ schema }: Frame) => schema.meta.custom!;
const column = (rows: readonly Record<string, unknown>[], name: string) => rows.map((row) => row[name]);

describe('findings', () => {
  it('are those whose time overlaps, the latest event first', async () => {
    const rows = await asked.rows({ kind: 'findings', ...RANGE });
    expect(new Set(column(rows, 'id')).size).toBe(bench.findings().filter(({ last, first }) => last >= RANGE.from && first < RANGE.to).length);
    expect(column(rows, 'time')).toEqual([...column(rows, 'time') as number[]].sort((a, b) => b - a));
    const found = rows.find(({ detector }) => detector === 'outside-schedule')!;
    expect(found).toMatchObject({ identity: urn('nightly'), owner: 'data', environment: 'production', title: 'Machine identity worked outside its schedule', state: 'open' });
    expect(await asked.rows({ kind: 'findings', from: at('15:30:00'), to: at('16:00:00'), filters: [by('identity', '=', urn('nightly'))] })).toEqual([]);
  });

  it.each([
    ['owner', '=', ['data'], [urn('nightly')]], ['owner', '!=', ['data', ''], [AGENT]], ['identity', '=~', ['.*role/night.*'], [urn('nightly')]], ['environment', '=', ['production'], [urn('nightly')]],
    ['kind', 'in', ['ai_agent'], [AGENT]], ['class', '=', ['human'], []], ['inventoried', '=', ['true'], [AGENT, urn('nightly')]], ['identity', '=', ['_overflow_'], []],
  ])('by %s %s %j', async (key, op, values, expected) => {
    const rows = await asked.rows({ kind: 'findings', ...RANGE, filters: [{ key, op, values }] });
    expect([...new Set(column(rows, 'identity'))].sort()).toEqual(expected);
  });

  it('of the rest of a storm are those of its detector, whosever they are, and nothing else is anybody\'s there', async () => {
    const rest = by('identity', '=', '_overflow_');
    const detector = by('detector', '=', 'outside-schedule');
    const found = await asked.rows({ kind: 'findings', ...RANGE, filters: [rest, detector] });
    expect(found.length).toBeGreaterThan(0);
    expect(found).toEqual(await asked.rows({ kind: 'findings', ...RANGE, filters: [detector] }));
    for (const kind of ['identities', 'events', 'privileges', 'coverage'] as const) expect(await asked.rows({ kind, ...RANGE, filters: [rest] }), kind).toEqual([]);
  });

  it('come page by page, each once', async () => {
    const all = column(await asked.rows({ kind: 'findings', ...RANGE }), 'id');
    const seen: unknown[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const [frame] = await asked.frames({ kind: 'findings', ...RANGE, limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...column(rowsOf(frame!), 'id'));
      expect(custom(frame!)).toMatchObject({ total: all.length, limit: 2 });
      cursor = custom(frame!).cursor;
    }
    expect(seen).toEqual(all);
  });

  it('are logs, annotations and counts as well', async () => {
    const [logs] = await asked.frames({ kind: 'findings', format: 'logs', ...RANGE });
    expect([logs!.schema.meta.type, logs!.schema.fields.map(({ name }) => name)]).toEqual(['log-lines', ['timestamp', 'body', 'severity', 'id', 'labels']]);
    const [note] = await asked.rows({ kind: 'findings', format: 'annotations', ...RANGE, filters: [by('detector', '=', 'outside-schedule')] });
    expect(note).toMatchObject({ title: 'Machine identity worked outside its schedule', tags: expect.arrayContaining(['data', 'outside-schedule']) as unknown });
    const counts = await asked.frames({ kind: 'findings', format: 'volume', ...RANGE });
    expect(counts.map(({ schema }) => schema.fields[1]!.labels)).toEqual([{ level: 'critical' }, { level: 'warning' }, { level: 'info' }]);
    expect(counts.flatMap(({ data }) => data.values[1] as number[]).reduce((a, b) => a + b)).toBe((await asked.rows({ kind: 'findings', ...RANGE })).length);
  });

  it('are found by the id that an exemplar carries', async () => {
    const { id } = bench.findings().find(({ detector }) => detector === 'outside-schedule')!;
    expect(column(await asked.rows({ kind: 'findings', query: id, queryType: 'finding' }), 'id')).toEqual([id]);
  });
});

describe('events', () => {
  it('come newest first, each once, page by page', async () => {
    const seen: Record<string, unknown>[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const [frame] = await asked.frames({ kind: 'events', format: 'table', ...RANGE, limit: 7, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...rowsOf(frame!));
      cursor = custom(frame!).cursor;
    }
    expect([seen.length, new Set(column(seen, 'id')).size]).toEqual([49, 49]);
    expect(column(seen, 'time')).toEqual([...column(seen, 'time') as number[]].sort((a, b) => b - a));
    expect(seen[0]).toMatchObject({ identity: urn('stranger'), operation: 'GetObject', outcome: 'success', category: 'read', network: '10.0.0.1' });
  });

  it.each([
    [[by('identity', '=', urn('nightly'))], 42], [[by('owner', '=', 'data')], 42], [[by('outcome', '=', 'denied')], 1], [[by('tool', '=~', 'search_.*')], 2], [[by('tool', '!=', '')], 4],
    [[by('permission', '=', 'aws:s3:PutObject')], 1], [[by('identity', '=', 'urn:nobody')], 0], [[by('owner', '=', 'data'), by('outcome', '!=', 'denied')], 41], [[by('kind', '=', 'ai_agent')], 4],
  ])('by %j', async (filters, expected) => {
    expect(await asked.rows({ kind: 'events', ...RANGE, filters })).toHaveLength(expected);
  });

  it('have a context: what came before and after a line', async () => {
    const filters = [by('identity', '=', urn('nightly'))];
    const rows = await asked.rows({ kind: 'events', format: 'table', ...RANGE, filters });
    const cursor = `${String(rows[20]!['time'])}.${String(rows[20]!['id'])}`;
    expect(column(await asked.rows({ kind: 'events', format: 'table', ...RANGE, filters, cursor, limit: 3 }), 'id')).toEqual(column(rows.slice(21, 24), 'id'));
    expect(column(await asked.rows({ kind: 'events', format: 'table', ...RANGE, filters, cursor, limit: 3, order: 'oldest' }), 'id')).toEqual(column(rows.slice(17, 20).reverse(), 'id'));
  });

  it('are logs with labels', async () => {
    const [frame] = await asked.frames({ kind: 'events', ...RANGE, filters: [by('outcome', '=', 'denied')] });
    expect(frame!.schema.meta.type).toBe('log-lines');
    expect(rowsOf(frame!)[0]).toMatchObject({ severity: 'error', body: expect.stringContaining('denied urn:nhi:aws') as unknown, labels: { owner: 'data', outcome: 'denied', source: 'aws-cloudtrail' } });
  });

  it('are counted by whichever way tells the truth', async () => {
    const counts = async (filters: object[]) => Object.fromEntries((await asked.frames({ kind: 'events', format: 'volume', ...RANGE, filters }))
      .map(({ schema, data }) => [schema.fields[1]!.labels!['level'], (data.values[1] as number[]).reduce((a, b) => a + b, 0)]));
    expect(await counts([by('identity', '=', urn('nightly'))])).toEqual({ info: 41, error: 1 });
    expect(await counts([by('category', '=', 'read')])).toEqual({ info: 43, warning: 0, error: 1 });
    // So few that they are counted one by one: the record that came twice counts once.
    expect(await counts([])).toEqual({ info: 48, warning: 0, error: 1 });
  });
});

describe('identities', () => {
  it('are joined with the inventory, never-seen ones too', async () => {
    const rows = await asked.rows({ kind: 'identities' });
    expect(new Set(column(rows, 'identity'))).toEqual(new Set([urn('nightly'), urn('stranger'), AGENT, urn('unseen')]));
    expect(rows.find(({ identity }) => identity === urn('nightly'))).toMatchObject({
      display_name: 'Nightly export', owner: 'data', environment: 'production', events: 42, denied: 1, inventoried: true, worst: 'critical', granted: 2, used: 1, sources: 'aws-cloudtrail', readiness: 'warming',
    });
    expect(rows.find(({ identity }) => identity === urn('unseen'))).toMatchObject({ last: null, first: null, events: 0, class: 'unknown' });
  });

  it.each([
    [[by('open_findings', '>', '0'), by('owner', '=', 'data')], [urn('nightly')]], [[by('inventoried', '=', 'false')], [urn('stranger')]], [[by('source', '=', 'otel-genai')], [AGENT]],
    [[by('owner', '=', '')], [urn('stranger')]], [[by('owner', '=~', '_none_|other')], [urn('stranger')]], [[by('events', '<=', '4')], [urn('stranger'), AGENT, urn('unseen')].sort()],
  ])('by %j', async (filters, expected) => {
    expect(column(await asked.rows({ kind: 'identities', filters }), 'identity').sort()).toEqual(expected);
  });

  it('come page by page', async () => {
    const [first] = await asked.frames({ kind: 'identities', limit: 3 });
    const [second] = await asked.frames({ kind: 'identities', limit: 3, cursor: custom(first!).cursor });
    expect([rowsOf(first!).length, rowsOf(second!).length, custom(second!).cursor]).toEqual([3, 1, null]);
  });
});

describe('hours', () => {
  it('are a wide series of what was observed, with room for the band', async () => {
    const [frame] = await asked.frames({ kind: 'baseline', ...RANGE, filters: [by('identity', '=', urn('nightly'))] });
    expect(frame!.schema.meta.type).toBe('timeseries-wide');
    expect(frame!.schema.fields.map(({ name }) => name)).toEqual(['time', 'observed', 'denied', 'p50', 'p95', 'p99', 'scheduled']);
    expect(frame!.schema.fields[1]!.labels).toEqual({ identity: urn('nightly'), owner: 'data' });
    const rows = rowsOf(frame!);
    expect(rows.find(({ time }) => time === at('02:00:00'))).toMatchObject({ observed: 40, denied: 0, p50: null });
    expect(rows.find(({ time }) => time === at('14:00:00'))).toMatchObject({ observed: 2, denied: 1 });
    expect([rows.find(({ time }) => time === at('01:00:00'))!['observed'], rows.find(({ time }) => time === at('05:00:00'))!['observed']]).toEqual([null, 0]);
    expect(['01:00:00', '02:00:00', '03:00:00'].map((hour) => rows.find(({ time }) => time === at(hour))!['scheduled'])).toEqual([0, 1, 0]);
    const [several] = await asked.frames({ kind: 'baseline', ...RANGE });
    expect(several!.schema.fields.map(({ name }) => name)).not.toContain('scheduled');
  });

  it('of nobody are no times without a value', async () => {
    expect(await asked.rows({ kind: 'baseline', ...RANGE, filters: [by('identity', '=', urn('nobody'))] })).toEqual([]);
  });

  it('have a score against the threshold', async () => {
    const [frame] = await asked.frames({ kind: 'deviations', ...RANGE, filters: [by('identity', '=', urn('nightly'))] });
    expect(frame!.schema.fields.map(({ name, labels }) => labels?.['part'] ?? name)).toEqual(['time', 'score', ...CHANNELS, 'threshold']);
    expect(Number.isFinite(rowsOf(frame!)[0]!['threshold'])).toBe(true);
  });

  it.each(['baseline', 'deviations'])('of %s are those of whoever did something in the range, unless somebody is named', async (kind) => {
    const of = async (from: string, to: string, ...filters: object[]) => {
      const [frame] = await asked.frames({ kind, from: at(from), to: at(to), filters });
      return [...new Set(frame!.schema.fields.flatMap(({ labels }) => labels?.['identity'] ?? []))];
    };
    expect(await of('00:00:00', '09:00:00')).toEqual([urn('nightly')]);
    expect(await of('15:00:00', '16:00:00')).toEqual([urn('stranger')]);
    expect((await of('00:00:00', '16:00:00')).sort()).toEqual([AGENT, urn('nightly'), urn('stranger')]);
    expect(await of('15:00:00', '16:00:00', by('identity', '=', urn('nightly')))).toEqual([urn('nightly')]);
    expect(await of('18:00:00', '19:00:00')).toEqual([]);
  });
});

describe('graph', () => {
  it('leads from identities over credentials and actions to resources', async () => {
    const [nodes, edges] = await asked.frames({ kind: 'graph', ...RANGE, filters: [by('owner', '=', 'data')] });
    expect(nodes!.schema.meta.preferredVisualisationType).toBe('nodeGraph');
    const all = rowsOf(nodes!);
    expect(all.find(({ detail__type: type }) => type === 'identity')).toMatchObject({ title: 'Nightly export', mainstat: 42, secondarystat: 1, highlighted: true });
    expect(all.find(({ id }) => id === 'action:aws:s3:PutObject')).toMatchObject({ detail__verdict: 'outside', highlighted: true });
    const ids = new Set(column(all, 'id'));
    for (const { source, target } of rowsOf(edges!)) expect([ids.has(source), ids.has(target)]).toEqual([true, true]);
    expect(rowsOf(edges!).find(({ target }) => target === 'action:aws:s3:PutObject')).toMatchObject({ color: 'red' });
    for (const row of all) expect((row['arc__success'] as number) + (row['arc__failure'] as number) + (row['arc__denied'] as number)).toBeCloseTo(1);
  });

  it('has a bound for nodes, and says so', async () => {
    const [nodes] = await asked.frames({ kind: 'graph', ...RANGE, limit: 4 });
    expect(rowsOf(nodes!).length).toBeLessThanOrEqual(4);
    expect(custom(nodes!).partial).toBe(true);
    expect(nodes!.schema.meta.notices![0]).toMatchObject({ severity: 'warning' });
  });
});

describe('chain', () => {
  const trace = hexId('run', 32);
  it.each([[by('trace', '=', trace)], [by('session', '=', 'talk-1')]])('reads one run against the approved sequence: %j', async (filter) => {
    const [steps, approved] = await asked.frames({ kind: 'chain', ...RANGE, filters: [filter] });
    expect(rowsOf(steps!).map(({ name, verdict, position }) => [name, verdict, position])).toEqual([
      ['search_mail', 'approved', 'search+'], ['search_web', 'approved', 'search+'], ['send_mail', 'forbidden', null], ['create_ticket', 'approved', 'ticketing'],
    ]);
    expect(rowsOf(steps!)[2]).toMatchObject({ expected: 'search+ or ticketing', identity: AGENT, finding: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown });
    expect(rowsOf(approved!)).toEqual([
      { sequence: 'triage', position: 1, step: 'search+', min: 1, max: null, strict: false }, { sequence: 'triage', position: 2, step: 'ticketing', min: 1, max: 1, strict: false },
    ]);
  });

  it('is found from a finding, and is a trace, a timeline and a graph as well', async () => {
    const finding = bench.findings().find(({ detector }) => detector === 'off-purpose-sequence')!.id;
    const filters = [by('finding', '=', finding)];
    const [spans] = await asked.frames({ kind: 'chain', format: 'trace', filters });
    expect(spans!.schema.meta.preferredVisualisationType).toBe('trace');
    expect(rowsOf(spans!).map(({ operationName, duration, statusCode }) => [operationName, duration, statusCode])).toEqual([
      ['search_mail', 1000, 1], ['search_web', 1000, 1], ['send_mail', 1000, 2], ['create_ticket', 1000, 1],
    ]);
    const [states] = await asked.frames({ kind: 'chain', format: 'states', ...RANGE, filters });
    expect(JSON.stringify(states!.schema.meta.notices)).toMatch(/zoom in there/);
    const [near] = await asked.frames({ kind: 'chain', format: 'states', from: at('10:00:00'), to: at('10:01:00'), filters });
    expect(JSON.stringify(near!.schema.meta.notices)).not.toMatch(/zoom in there/);
    expect(column(await asked.rows({ kind: 'chain', format: 'states', filters }), 'verdict')).toEqual(['approved', 'approved', 'forbidden', 'approved']);
    expect(column(await asked.rows({ kind: 'graph', format: 'chain', filters }), 'id')).toEqual(['step:1', 'step:2', 'step:3', 'expected:3', 'step:4']);
  });

  it('are listed', async () => {
    expect(await asked.rows({ kind: 'chain', format: 'list', ...RANGE })).toEqual([expect.objectContaining({ identity: AGENT, trace, steps: 4, denied: 0 })]);
  });

  it.each([['all', []], ['an identity', [by('identity', '=', AGENT)]]])('is the newest one of %s, with the list of the others', async (_, filters) => {
    const [steps, approved, chains] = await asked.frames({ kind: 'chain', ...RANGE, filters });
    expect(column(rowsOf(steps!), 'name')).toEqual(['search_mail', 'search_web', 'send_mail', 'create_ticket']);
    expect([approved!.schema.name, column(rowsOf(chains!), 'trace')]).toEqual(['approved', [trace]]);
    expect(steps!.schema.meta.notices).toContainEqual({ severity: 'info', text: expect.stringMatching(/^the newest of 1 chains/) as unknown });
    expect(column(await asked.rows({ kind: 'chain', ...RANGE, filters: [by('identity', '=', urn('nightly'))] }), 'trace')).toEqual([]);
  });

  it('is the newest of all where a list cannot be shown', async () => {
    expect(column(await asked.rows({ kind: 'chain', format: 'trace', ...RANGE }), 'operationName')).toEqual(['search_mail', 'search_web', 'send_mail', 'create_ticket']);
    expect(column(await asked.rows({ kind: 'chain', format: 'states', ...RANGE }), 'verdict')).toEqual(['approved', 'approved', 'forbidden', 'approved']);
    expect(column(await asked.rows({ kind: 'graph', format: 'chain', ...RANGE }), 'id')).toEqual(['step:1', 'step:2', 'step:3', 'expected:3', 'step:4']);
  });
});

describe('privileges', () => {
  it('compares what is granted with what was used', async () => {
    const rows = await asked.rows({ kind: 'privileges', ...RANGE, filters: [by('owner', '=', 'data')] });
    expect(rows.map(({ permission, state, approved, uses, denied }) => [permission, state, approved, uses, denied])).toEqual([
      ['aws:s3:PutObject', 'ungranted', 'outside', 1, 0], ['aws:s3:DeleteObject', 'unused', 'outside', 0, 0], ['aws:s3:GetObject', 'used', 'allowed', 40, 1],
    ]);
    expect(rows[2]).toMatchObject({ granted_by: 'policy/export', granted_at: Date.UTC(2026, 0, 1), last_used: at('14:00:00') });
    expect(column(await asked.rows({ kind: 'privileges', ...RANGE, filters: [by('state', '=', 'unused')] }), 'permission')).toEqual(['aws:s3:DeleteObject']);
  });
});

describe('coverage', () => {
  it('says what can be judged of whom, and why not', async () => {
    const rows = await asked.rows({ kind: 'coverage', filters: [by('identity', '=', urn('nightly'))] });
    expect(rows.find(({ detector }) => detector === 'outside-schedule')).toMatchObject({ state: 'judged', source: 'aws-cloudtrail', owner: 'data' });
    const lacking = await asked.rows({ kind: 'coverage', filters: [by('identity', '=', urn('nightly')), by('state', '=', 'not_judged')] });
    expect(lacking.find(({ detector }) => detector === 'off-purpose-sequence')!['sentence']).toMatch(/\w+/);
  });
});

describe('explain', () => {
  it('says what was expected, what is known, and what to do', async () => {
    const { id } = bench.findings().find(({ detector }) => detector === 'outside-schedule')!;
    const frames = await asked.frames({ kind: 'explain', query: id, queryType: 'remit' });
    const named = Object.fromEntries(frames.map((frame) => [frame.schema.name, rowsOf(frame)]));
    expect(Object.keys(named)).toEqual(['finding', 'contributions', 'evidence', 'history', 'since_last', 'guidance']);
    expect(named['contributions']).toEqual([expect.objectContaining({ part: 'outside-schedule', expected: expect.stringContaining('02:00') as unknown })]);
    expect(named['evidence']!.length).toBeGreaterThan(0);
    const [guidance] = named['guidance']!;
    expect(guidance).toMatchObject({ runbook: 'outside-schedule', contact: '#data' });
    const { inventory, problems } = loadInventory({ 'inventory.yml': INVENTORY, 'proposal.yml': String(guidance!['exception_snippet']) }, { importedAt: 0 });
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(inventory!.exceptions().map(({ exception }) => exception.detector)).toEqual(['outside-schedule']);
  });

  it('is about the newest open finding of the range when none is named', async () => {
    const [newest] = await asked.rows({ kind: 'findings', ...RANGE, filters: [by('state', '=', 'open')] });
    const [finding] = await asked.frames({ kind: 'explain', ...RANGE });
    expect(rowsOf(finding!)[0]!['id']).toBe(newest!['id']);
    expect(finding!.schema.meta.notices).toContainEqual({ severity: 'info', text: expect.stringMatching(/^the newest open finding/) as unknown });
    expect((await asked.all({ refId: 'A', kind: 'explain', from: Date.UTC(2020, 0, 1), to: Date.UTC(2020, 0, 2) }))['A']).toMatchObject({ status: 404, hint: expect.stringContaining('longer range') as unknown });
  });
});

describe('a request', () => {
  it('answers every kind without a word more than it takes', async () => {
    const results = await asked.all(...QUERY_KINDS.map((kind) => ({ refId: kind, kind, ...RANGE })));
    for (const kind of QUERY_KINDS) expect([kind, results[kind]!.status]).toEqual([kind, 200]);
    for (const { frames } of Object.values(results)) for (const frame of frames) {
      expect(frame.data.values.map(({ length }) => length)).toEqual(frame.schema.fields.map(() => frame.data.values[0]!.length));
    }
  });

  it('is wrong query by query', async () => {
    const results = await asked.all(
      { refId: 'good', kind: 'identities' }, { refId: 'kind', kind: 'finding' }, { refId: 'key', kind: 'findings', filters: [by('sevrity', '=', 'info')] },
      { refId: 'regex', kind: 'findings', filters: [by('owner', '=~', '(?<=a)b')] }, { refId: 'op', kind: 'findings', filters: [by('owner', '~', 'b')] }, { refId: 'extra', kind: 'findings', sql: '1' },
      { refId: 'range', kind: 'findings', from: 5, to: 5 }, { refId: 'format', kind: 'findings', format: 'xml' }, { refId: 'cursor', kind: 'events', cursor: 'x' }, { refId: 'number', kind: 'identities', filters: [by('events', '>', 'many')] },
      { refId: 'missing', kind: 'explain', query: '0'.repeat(32) }, { refId: 'chain', kind: 'chain', filters: [by('trace', '=', 'none')] },
    );
    expect(Object.fromEntries(Object.entries(results).map(([name, { status, error, hint }]) => [name, [status, hint ?? error]]))).toEqual({
      good: [200, undefined], kind: [400, 'did you mean findings?'], key: [400, 'did you mean severity?'], regex: [400, expect.stringContaining('RE2')], op: [400, expect.stringContaining('filter "owner"')],
      extra: [400, 'unknown key "sql"'], range: [400, 'from must come before to'], format: [400, 'formats are table, logs, annotations, volume'], cursor: [400, 'leave it out to begin anew'],
      number: [400, 'events: > needs one number'], missing: [404, expect.stringContaining('ids are')], chain: [404, expect.stringContaining('longer range')],
    });
  });

  it('that shares filters with others is told which mean nothing here', async () => {
    const [frame] = await asked.frames({ kind: 'findings', ...RANGE, filters: [by('tool', '=', 'x')] });
    expect(frame!.schema.meta.notices).toEqual([{ severity: 'warning', text: 'tool: means nothing to findings, and was ignored' }]);
  });

  it.each([
    ['no JSON', 'queries', 400], ['no queries', {}, 400], ['none', { queries: [] }, 400], ['too many', { queries: Array.from({ length: 27 }, (_, i) => ({ refId: String(i), kind: 'findings' })) }, 400],
    ['the same name twice', { queries: [{ refId: 'A', kind: 'findings' }, { refId: 'A', kind: 'events' }] }, 400], ['another key', { queries: [{ refId: 'A' }], debug: true }, 400],
    ['a prototype', '{"__proto__":{"queries":[]}}', 400], ['too large', { queries: [{ refId: 'A', kind: 'findings', query: 'x'.repeat(300_000) }] }, 413],
  ])('with %s is refused as a whole', async (_, body, status) => {
    expect((await asked.post(body)).status).toBe(status);
  });

  it('takes hostile names as names', async () => {
    for (const name of ['__proto__', 'constructor', '</script>', '"\\', '\ud800']) {
      const results = await asked.all({ refId: name, kind: 'findings', ...RANGE, filters: [by('owner', '=', name)] });
      expect(Object.entries(results).map(([, { status }]) => status)).toEqual([200]);
    }
    expect(await asked.ask({ kind: 'findings', filters: [by('__proto__', '=', 'x')] })).toMatchObject({ status: 400 });
    expect(await asked.ask({ kind: 'findings', filters: [by('identity', '=~', '(a+)+$'.repeat(20))] })).toMatchObject({ status: 200 });
  });
});

describe('labels', () => {
  it('say what can be filtered by', async () => {
    const { body } = await asked.get('/api/v1/labels?kind=events');
    const items = body['items'] as { name: string; operators: string[] }[];
    expect(items.map(({ name }) => name)).toEqual(expect.arrayContaining(['identity', 'owner', 'tool', 'outcome']));
    expect(items.map(({ name }) => name)).not.toContain('severity');
  });

  it.each([
    ['owner/values', [['data', 2], ['bots', 1]]], ['identity/values?match=owner%3Ddata', [[urn('nightly'), 1], [urn('unseen'), 1]]], ['tool/values?from=0&to=1800000000000', [['create_ticket', 1], ['search_mail', 1], ['search_web', 1], ['send_mail', 1]]],
    ['tool/values?from=0&to=1800000000000&q=SEARCH&limit=1', [['search_mail', 1]]], ['identity/values?kind=findings&match=severity%3D~crit.*&match=owner%3Dbots', [[AGENT, 2]]],
  ])('%s', async (path, expected) => {
    const { body } = await asked.get(`/api/v1/labels/${path}`);
    expect((body['items'] as { value: string; count: number }[]).map(({ value, count }) => [value, count])).toEqual(expected);
  });

  it('refuse what they do not know', async () => {
    for (const [path, status] of [['nothing/values', 404], ['owner/values?match=owner', 400], ['owner/values?match=nothing%3D1', 400], ['owner/values?limit=0', 400], ['owner/values?x=1', 400]] as const) {
      expect([path, (await asked.get(`/api/v1/labels/${path}`)).status]).toEqual([path, status]);
    }
  });
});
