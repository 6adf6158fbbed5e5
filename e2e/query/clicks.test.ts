import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FILTER_COLUMNS, QUERY_FORMATS, QUERY_KINDS, VALUE_MOST, type Frame, type QueryKind } from '@remit/contract';
import { KEYS } from '../../exporter/src/api/query/keys.ts';
import { Bench, roleRecord } from '../support/bench.ts';
import { Asked, rowsOf } from '../support/query.ts';
import { agentSpan, toolSpan } from '../support/spans.ts';

// A value that is shown can be asked for: whatever is clicked in a table or in the details of a line finds at least the row it was clicked in.

const at = (text: string) => Date.parse(`2026-11-20T${text}Z`);
const urn = (name: string) => `urn:nhi:aws:111122223333:role/${name}`;
const LONG = `arn:aws:s3:::logs/${'x'.repeat(600)}`;
const INVENTORY = `
owners: [{ team: data, contact: '#data', enforce: true }]
identities:
  - urn: ${urn('nightly')}
    kind: workload
    owner: data
    purpose: Exports at night
    environment: production
    criticality: high
    schedule: { windows: [{ cron: '0 2 * * *', duration: 1h, timezone: UTC }] }
    actions: ['aws:s3:GetObject']
    granted: [{ permission: 'aws:s3:GetObject', via: policy/export }, { permission: 'aws:s3:DeleteObject', via: policy/export }]
`;
const object = (key: string) => ({ resources: [{ type: 'AWS::S3::Object', ARN: key }] });

const bench = new Bench();
let asked: Asked;
beforeAll(async () => {
  await bench.open(INVENTORY);
  await bench.replay([
    roleRecord('nightly', 'AROANIGHTLY0000000001', '2026-11-20T02:10:00Z', { extra: object(LONG) }),
    roleRecord('nightly', 'AROANIGHTLY0000000001', '2026-11-20T14:00:00Z', { extra: { errorCode: 'AccessDenied', userAgent: 'two\nlines' } }),
    roleRecord('nightly', 'AROANIGHTLY0000000001', '2026-11-20T14:01:00Z', { operation: 'PutObject', extra: object('arn:aws:s3:::logs/a\nb') }),
    roleRecord('stranger', 'AROASTRANGER000000001', '2026-11-20T15:00:00Z'),
  ].join('\n'), [
    agentSpan('run', 'agent', 'triage', at('10:00:00'), at('10:01:00'), { attributes: { 'gen_ai.conversation.id': 'talk-1' } }),
    toolSpan('run', 'a', 'agent', 'search_mail', at('10:00:01'), at('10:00:02')), toolSpan('run', 'b', 'agent', 'send_mail', at('10:00:05'), at('10:00:06')),
  ].join('\n'));
  await bench.tick(at('16:30:00'));
  asked = await new Asked(bench).open();
}, 60_000);
afterAll(() => asked.end());

const RANGE = { from: at('00:00:00'), to: at('23:59:59') };
const by = (key: string, op: string, ...values: string[]) => ({ key, op, values });

/** What can be clicked in a frame: cells of its columns, and labels of its lines. */
function* clicks(kind: QueryKind, frame: Frame): Generator<{ key: string; value: string; row: number }> {
  const offered: readonly string[] = FILTER_COLUMNS[kind];
  for (const [row, cells] of rowsOf(frame).entries()) {
    for (const [key, value] of Object.entries({ ...cells, ...cells['labels'] as object })) {
      if (offered.includes(key) && typeof value === 'string') yield { key, value, row };
    }
  }
}

describe.each(QUERY_KINDS.flatMap((kind) => QUERY_FORMATS[kind].map((format) => [kind, format] as const)))('%s as %s', (kind, format) => {
  it('offers columns by the names of keys that mean them', () => {
    for (const key of FILTER_COLUMNS[kind]) expect([key, KEYS.get(key)?.kinds.includes(kind)]).toEqual([key, true]);
  });

  it('finds whatever was clicked', async () => {
    const before = await asked.frames({ kind, format, ...RANGE });
    for (const [index, frame] of before.entries()) {
      for (const { key, value, row } of clicks(kind, frame)) {
        const { status, error, frames } = await asked.ask({ kind, format, ...RANGE, filters: [by(key, '=', value)] });
        expect([key, value, status, error]).toEqual([key, value, 200, undefined]);
        expect(frames.flatMap(({ schema }) => schema.meta.notices ?? []).filter(({ text }) => text.includes('ignored'))).toEqual([]);
        // One chain is chosen by what was clicked in the list of them; elsewhere the row is there, and all others have the value too.
        const rows = rowsOf(frames[index] ?? frames[0]!);
        if (kind === 'chain') expect([key, value, rowsOf(frames[0]!).length > 0]).toEqual([key, value, true]);
        else {
          expect(rows).toContainEqual(rowsOf(frame)[row]);
          // One of the reasons of a row is shown among the others.
          for (const cells of rows) expect([key, { ...cells, ...cells['labels'] as object }[key as 'id']]).toEqual([key, key === 'reason' ? expect.stringContaining(value) : value]);
        }
      }
    }
  });
});

it('the test above clicks in every kind that has something to click', async () => {
  for (const kind of QUERY_KINDS.filter((each) => FILTER_COLUMNS[each].length > 0 && each !== 'baseline' && each !== 'deviations')) {
    const [frame] = await asked.frames({ kind, format: kind === 'chain' ? 'list' : QUERY_FORMATS[kind].at(kind === 'events' ? 1 : 0), ...RANGE });
    expect([kind, new Set([...clicks(kind, frame!)].map(({ key }) => key)).size > 1]).toEqual([kind, true]);
  }
});

describe('a value', () => {
  it('may be longer than any that is kept, and what is too long is named', async () => {
    expect(await asked.rows({ kind: 'events', ...RANGE, filters: [by('resource', '!=', 'x'.repeat(VALUE_MOST))] })).toHaveLength(6);
    expect(await asked.ask({ kind: 'events', ...RANGE, filters: [by('owner', '=', 'data'), by('resource', '=', 'x'.repeat(VALUE_MOST + 1))] })).toMatchObject({ status: 400, error: expect.stringMatching(/^filter "resource": .*4096 characters; =~/) as unknown });
    expect(await asked.ask({ kind: 'events', ...RANGE, filters: [by('resource', '=~', 'x'.repeat(513))] })).toMatchObject({ status: 400, error: expect.stringMatching(/^filter "resource": .*512 characters/) as unknown });
    expect((await asked.get(`/api/v1/labels/operation/values?from=${RANGE.from}&to=${RANGE.to}&match=resource!%3D${'x'.repeat(VALUE_MOST)}`)).status).toBe(200);
  });

  it.each([['resource', '.*', 6], ['resource', 'arn:aws:s3:::logs/a.b', 1], ['user_agent', 'two.lines', 1], ['user_agent', '.*', 6]])('with a line break is one that %s=~%s finds', async (key, pattern, expected) => {
    expect(await asked.rows({ kind: 'events', ...RANGE, filters: [by(key, '=~', pattern)] })).toHaveLength(expected);
  });
});

describe('values of a label', () => {
  const range = `from=${RANGE.from}&to=${RANGE.to}`;
  it.each([
    [`permission/values?kind=privileges&${range}`, ['aws:s3:DeleteObject', 'aws:s3:GetObject', 'aws:s3:PutObject', 'tool:search_mail', 'tool:send_mail']], [`state/values?kind=privileges&${range}`, ['ungranted', 'unlisted', 'unused', 'used']],
    [`granted_by/values?${range}`, ['policy/export']], [`permission/values?kind=privileges&${range}&match=owner%3Dnobody-of-that-name`, []], ['state/values?kind=coverage', ['judged', 'not_judged', 'partly']],
    [`resource/values?kind=graph&${range}&q=a%0Ab`, ['arn:aws:s3:::logs/a\nb']], ['source/values?kind=coverage', ['aws-cloudtrail', 'otel-genai']], ['owner/values?kind=coverage', ['data']], ['owner/values?kind=baseline', ['data']],
  ])('%s', async (path, expected) => {
    const { status, body } = await asked.get(`/api/v1/labels/${path}`);
    expect([status, (body['items'] as { value: string }[]).map(({ value }) => value).sort()]).toEqual([200, expected]);
  });

  it('of coverage are every detector, also one without a finding', async () => {
    const shown = new Set((await asked.rows({ kind: 'coverage', limit: 10_000 })).map(({ detector }) => detector));
    const { body } = await asked.get('/api/v1/labels/detector/values?kind=coverage');
    expect((body['items'] as { value: string }[]).map(({ value }) => value)).toEqual(expect.arrayContaining([...shown]));
    expect(shown.size).toBeGreaterThan(new Set(bench.findings().map(({ detector }) => detector)).size);
    expect(((await asked.get('/api/v1/labels/reason/values')).body['items'] as { value: string }[]).map(({ value }) => value)).toContain('no_record');
  });
});
