import type { DataFrame, InterpolateFunction } from '@grafana/data';
import { framesOf } from '../../test/cases';

const values = (frame: DataFrame, name: string): unknown[] => frame.fields.find((field) => field.name === name)?.values ?? [];

it('steps that were expected and never came are neutral, and approved ones are not called out', () => {
  const [nodes, edges] = framesOf('graph', 'chain');
  const verdicts = values(nodes, 'detail__verdict');
  expect(verdicts).toEqual(expect.arrayContaining(['expected', 'approved', 'off', 'forbidden']));
  verdicts.forEach((verdict, row) => {
    const arcs = ['success', 'failure', 'denied', 'expected'].map((arc) => values(nodes, `arc__${arc}`)[row]);
    expect(arcs.reduce((sum: number, arc) => sum + Number(arc), 0)).toBe(1);
    expect([verdict, arcs[3], values(nodes, 'highlighted')[row]]).toEqual([verdict, verdict === 'expected' ? 1 : 0, verdict === 'off' || verdict === 'forbidden']);
  });
  values(edges, 'target').forEach((target, row) => {
    if (String(target).startsWith('expected:')) {
      expect(['color', 'mainstat', 'strokeDasharray'].map((name) => values(edges, name)[row])).toEqual(['gray', '', '4 4']);
    } else {
      expect(values(edges, 'mainstat')[row]).toMatch(/^\d+×$/);
    }
  });
  expect(framesOf('graph', 'access')[0].fields.some(({ name }) => name === 'arc__expected')).toBe(false);
});

it.each<[string, string, Array<[string, string]>]>([
  ['identity', 'urn:nhi:aws:1:role/x', [['identity', 'urn:nhi:aws:1:role/x']]],
  ['resource', 'arn:aws:s3:::a/b', [['resource', 'arn:aws:s3:::a/b']]],
  ['action', 'aws:s3:GetObject', [['permission', 'aws:s3:GetObject']]],
  ['action', 'GetObject', [['operation', 'GetObject']]],
  ['tool', 'mcp:tools/call:files-mcp/read_file', [['permission', 'mcp:tools/call:files-mcp/read_file']]],
  ['step', 'files-mcp/read_file', [['tool', 'read_file'], ['server', 'files-mcp']]],
  ['step', 'read_file', [['tool', 'read_file']]],
  ['step', 'GetObject', [['operation', 'GetObject']]],
])('the events of %s %s are asked by what events know', (type, name, conditions) => {
  const [link] = framesOf('graph', 'access')[0].fields.find((field) => field.name === 'title')?.config.links ?? [];
  const query = link.internal?.query as unknown as (of: { scopedVars: object; replaceVariables: InterpolateFunction }) => { filters: unknown };
  const { filters } = query({ scopedVars: {}, replaceVariables: (template) => (template.includes('detail__type') ? type : name) });
  expect(filters).toEqual(conditions.map(([key, value]) => ({ key, op: '=', values: [value], literal: true })));
});
