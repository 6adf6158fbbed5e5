import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench } from '../support/bench.ts';
import { Asked } from '../support/query.ts';
import { agentSpan, toolSpan } from '../support/spans.ts';

const at = (text: string): number => Date.parse(`2026-11-20T${text}Z`);
const urn = (name: string): string => `urn:nhi:agent:default:ai_agent/${name}`;
const RANGE = { from: at('00:00:00'), to: at('23:59:59') };
const by = (key: string, ...values: string[]): object => ({ key, op: '=', values });

/** A run of an agent whose tool calls come from the one service behind all agents, before the span that says who acts. */
const run = (trace: string, agent: string, start: number, tools: readonly string[]): string[] => [
  ...tools.map((tool, i) => toolSpan(trace, `${trace}${i}`, `${trace}-agent`, tool, start + 1000 + i * 2000, start + 2000 + i * 2000, { attributes: { 'gen_ai.conversation.id': `talk-${trace}` } })),
  agentSpan(trace, `${trace}-agent`, agent, start, start + 60_000, { attributes: { 'gen_ai.conversation.id': `talk-${trace}` } }),
];

const INVENTORY = `
owners: [{ team: bots, contact: '#bots' }]
identities:
  - { urn: '${urn('triage')}', kind: ai_agent, owner: bots }
  - { urn: '${urn('report')}', kind: ai_agent, owner: bots }
`;

// The processor remembers traces for an hour; what is older, the archive tells.
describe.each([['while their traces are remembered', at('15:57:00'), 3], ['when their traces are forgotten', at('20:30:00'), 0]])('%s', (_, asking, remembered) => {
  let bench: Bench;
  let asked: Asked;
  beforeAll(async () => {
    bench = new Bench();
    await bench.open(INVENTORY);
    await bench.replay([...run('a', 'triage', at('15:50:00'), ['search_mail', 'create_ticket']), ...run('b', 'report', at('15:52:00'), ['search_mail', 'post_message', 'post_message']), ...run('c', 'triage', at('15:54:00'), ['search_mail'])].join('\n'));
    await bench.tick(asking);
    expect(bench.core.engine.processor.traces.all.size).toBe(remembered);
    asked = await new Asked(bench).open();
  }, 60_000);
  afterAll(() => asked.end());

  /** How many events a volume counts in all. */
  async function counted(...filters: object[]): Promise<number> {
    const frames = await asked.frames({ kind: 'events', format: 'volume', step: 1000, ...RANGE, filters });
    return frames.flatMap((frame) => frame.data.values[1] as (number | null)[]).reduce<number>((sum, n) => sum + (n ?? 0), 0);
  }

  it.each([
    [[by('kind', 'ai_agent')], 6], [[by('identity', urn('triage'))], 3], [[by('identity', urn('report'))], 3], [[by('identity', urn('report')), by('tool', 'post_message')], 2],
    [[by('kind', 'ai_agent'), by('tool', 'search_mail')], 3], [[by('identity', urn('triage')), by('tool', 'post_message')], 0],
  ])('agents that share a service are counted by what each of them did: %j', async (filters, expected) => {
    expect(await counted(...filters)).toBe(expected);
  });

  it('events name who acted, and an identity finds its own', async () => {
    const tools = async (...filters: object[]): Promise<string[]> => (await asked.rows({ kind: 'events', format: 'table', ...RANGE, filters: [...filters, { key: 'tool', op: '!=', values: [''] }] })).map(({ identity, tool }) => `${String(identity).split('/').pop()} ${String(tool)}`).sort();
    const all = ['report post_message', 'report post_message', 'report search_mail', 'triage create_ticket', 'triage search_mail', 'triage search_mail'];
    expect(await tools(by('kind', 'ai_agent'))).toEqual(all);
    expect(await tools(by('identity', urn('report')))).toEqual(all.slice(0, 3));
  });

  it('their graphs are their own', async () => {
    const nodes = async (...filters: object[]): Promise<string> => JSON.stringify((await asked.frames({ kind: 'graph', format: 'access', ...RANGE, filters })).map(({ data }) => data.values));
    const triage = await nodes(by('identity', urn('triage')));
    expect([triage.includes('create_ticket'), triage.includes('post_message')]).toEqual([true, false]);
    const both = await nodes(by('kind', 'ai_agent'));
    expect([both.includes(urn('triage')), both.includes(urn('report')), both.includes('post_message')]).toEqual([true, true, true]);
  });

  it('their sessions are among the values to choose from', async () => {
    const values = async (match: string): Promise<string[]> => {
      const query = new URLSearchParams({ from: String(RANGE.from), to: String(RANGE.to), kind: 'events', match });
      const answer = await (await fetch(`${asked.listening.url}/api/v1/labels/session/values?${query.toString()}`)).json() as { items: { value: string }[] };
      return answer.items.map(({ value }) => value).sort();
    };
    expect(await values('kind=ai_agent')).toEqual(['talk-a', 'talk-b', 'talk-c']);
    expect(await values(`identity=${urn('report')}`)).toEqual(['talk-b']);
  });
});
