import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentSpan, hexId, mcpSpan, spanRecord, toolSpan } from '../support/spans.ts';
import { Bench, shuffled } from '../support/bench.ts';

const AT = Date.parse('2026-11-22T11:00:00Z');
const agent = (name: string) => `urn:nhi:agent:default:ai_agent/${name}`;

let bench: Bench;
beforeEach(() => { bench = new Bench(); });
afterEach(async () => {
  await bench.core.close();
  bench.remove();
});

const counts = (of: Bench = bench): Record<string, number[]> => Object.fromEntries(of.core.engine.processor.identities.all
  .filter((i) => i.first !== Infinity).map((i) => [i.urn, [i.success, i.failure]]).sort());

/** A run of an agent that hands a part to another one; a tool over MCP, seen from three sides, fails at the server. */
const RUN = [
  agentSpan('run', 'root', 'triage', AT, AT + 9000),
  spanRecord({ trace: 'run', id: 'chat', parent: 'root', name: 'chat', start: AT + 10, end: AT + 20, attributes: { 'gen_ai.operation.name': 'chat' } }),
  toolSpan('run', 'read', 'root', 'read_file', AT + 100, AT + 200),
  agentSpan('run', 'helper', 'summariser', AT + 300, AT + 800, { parent: 'root' }),
  spanRecord({ trace: 'run', id: 'http', parent: 'helper', name: 'POST', kind: 'client', start: AT + 310, end: AT + 320 }),
  toolSpan('run', 'inner', 'http', 'summarise', AT + 400, AT + 500),
  toolSpan('run', 'call', 'root', 'create_ticket', AT + 1000, AT + 2000),
  mcpSpan('run', 'client', 'call', 'create_ticket', 'client', AT + 1010, AT + 1990, { attributes: { 'server.address': 'tickets.example.org' } }),
  spanRecord({ trace: 'run', id: 'post', parent: 'client', name: 'POST /mcp', kind: 'client', start: AT + 1011, end: AT + 1989 }),
  mcpSpan('run', 'server', 'post', 'create_ticket', 'server', AT + 1020, AT + 1980, { service: 'tickets', failed: true }),
];
/** Remembers every step of the run, with the server that only an inner span names. */
const APPROVED = `
owners: [{ team: support }]
identities:
  - urn: '${agent('triage')}'
    kind: ai_agent
    owner: support
    tools: [{ name: read_file, category: file_storage }, { name: create_ticket, server: tickets.example.org, category: ticketing }]
    sequences: [{ name: triage, steps: [file_storage, ticketing], strict: true }]
`;
const EXPECTED = { [agent('summariser')]: [1, 0], [agent('triage')]: [1, 1] };

describe('a trace', () => {
  it('counts each call once, for the nearest agent, and the server says how it ended', async () => {
    await bench.open();
    const { tally } = await bench.replay(RUN.join('\n'));
    expect(counts()).toEqual(EXPECTED);
    expect(tally).toEqual({ read: 10, unique: 3, duplicate: 0, start_record: 7, rejected: {} });
  });

  it('gives the same state in any order of arrival, in any batches, twice, and through a stop in the middle', async () => {
    await bench.open(APPROVED);
    for (const line of RUN) await bench.ingest(line);
    expect(JSON.stringify([...bench.core.engine.processor.chains.all.values()])).toContain('tickets.example.org');
    expect(bench.findings()).toEqual([]);
    const wanted = await bench.digest();
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const other = await new Bench().open(APPROVED);
      const lines = seed === 1 ? [...RUN].reverse() : shuffled(RUN, seed);
      const size = 1 + (seed % 4);
      for (let i = 0; i < lines.length; i += size) {
        await other.ingest(lines.slice(i, i + size).join('\n'));
        if (seed !== 3 || i === 0) continue;
        await other.core.close();
        await other.open(APPROVED);
      }
      for (const line of lines) await other.ingest(line);
      expect([seed, counts(other)]).toEqual([seed, EXPECTED]);
      expect([seed, await other.digest()]).toEqual([seed, wanted]);
      await other.close();
      other.remove();
    }
  });

  it('is not waited for longer than two minutes: its calls go to the service, and to the agent when it shows up', async () => {
    await bench.open(`
owners: [{ team: support, enforce: true }]
tool_catalogue: [{ name: read_file, category: file_storage }, { name: send_mail, category: messaging }]
identities: [{ urn: '${agent('triage')}', kind: ai_agent, owner: support, forbidden_transitions: ['file_storage -> messaging'] }]
`);
    await bench.ingest([toolSpan('run', 'a', 'root', 'read_file', AT, AT + 10), toolSpan('run', 'b', 'root', 'send_mail', AT + 20, AT + 30)].join('\n'));
    await bench.tick(bench.now + 119_000);
    expect(counts()).toEqual({});
    await bench.tick(bench.now + 121_000);
    expect(counts()).toEqual({ [agent('assistant')]: [2, 0] });
    expect(bench.findings().filter((f) => f.detector === 'off-purpose-sequence')).toEqual([]);
    await bench.ingest(agentSpan('run', 'root', 'triage', AT - 10, AT + 100));
    expect(counts()).toEqual({ [agent('assistant')]: [2, 0] });
    expect(bench.findings().filter((f) => f.detector === 'off-purpose-sequence')).toMatchObject([{ identity: agent('triage'), severity: 'critical', owner: 'support' }]);
  });

  it('has settled before its sequence is judged: a late step in the middle is no departure, a missing one is', async () => {
    await bench.open(APPROVED);
    const run = (trace: string) => [
      agentSpan(trace, 'root', 'triage', AT, AT + 9000), toolSpan(trace, 'b', 'root', 'create_ticket', AT + 1000, AT + 1100, { attributes: { 'server.address': 'tickets.example.org', 'mcp.method.name': 'tools/call' } }),
    ];
    const departures = () => bench.findings().filter((f) => f.detector === 'off-purpose-sequence').map((f) => f.bucket);
    await bench.ingest([...run('late'), ...run('gone')].join('\n'));
    expect(departures()).toEqual([]);
    await bench.ingest(toolSpan('late', 'a', 'root', 'read_file', AT + 100, AT + 200));
    await bench.tick(bench.now + 119_000);
    expect(departures()).toEqual([]);
    await bench.tick(bench.now + 121_000);
    expect(departures()).toEqual([`trace:${hexId('gone', 32)}`]);
    expect(bench.core.engine.processor.book.all.size).toBe(1);
  });

  it('has one task: the agent\'s, else the first that a call names, whatever order they come in', async () => {
    const inventory = `
owners: [{ team: support, enforce: true }]
identities: [{ urn: '${agent('triage')}', kind: ai_agent, owner: support, actions: ['tool:*'], purposes: [{ id: narrow, tools: [look] }, { id: wide, tools: [look, 'pay_*'] }] }]
`;
    const root = (trace: string, purpose?: string) => agentSpan(trace, 'root', 'triage', AT, AT + 900, purpose === undefined ? {} : { attributes: { 'remit.purpose': purpose } });
    const call = (trace: string, id: string, tool: string, at: number, purpose?: string) => toolSpan(trace, id, 'root', tool, at, at + 10, purpose === undefined ? {} : { attributes: { 'remit.purpose': purpose } });
    const spans = [
      root('agent', 'narrow'), call('agent', 'a', 'look', AT + 1), call('agent', 'b', 'pay_agent', AT + 20),
      root('wider', 'narrow'), call('wider', 'b', 'pay_wider', AT + 20, 'wide'),
      root('first'), call('first', 'a', 'look', AT + 1, 'narrow'), call('first', 'b', 'pay_first', AT + 20),
      root('own'), call('own', 'a', 'look', AT + 1, 'wide'), call('own', 'b', 'pay_own', AT + 20),
    ];
    await bench.open(inventory);
    const other = await new Bench().open(inventory);
    const told = (of: Bench) => of.findings().filter((f) => f.detector === 'off-purpose-action' && f.state === 'open').map((f) => f.subject).sort();
    for (const line of spans) await bench.ingest(line);
    for (const line of spans.toReversed()) await other.ingest(line);
    const wanted = ['tool:pay_agent', 'tool:pay_first', 'tool:pay_wider'];
    expect([told(bench), told(other)]).toEqual([wanted, wanted]);
    await other.close();
    other.remove();
  });

  it('tells at once what no late step can undo, and does not put off the rest while calls go on', async () => {
    await bench.open(APPROVED);
    const call = (id: string, tool: string, at: number) => toolSpan('long', id, 'root', tool, at, at + 100, tool === 'create_ticket' ? { attributes: { 'server.address': 'tickets.example.org', 'mcp.method.name': 'tools/call' } } : {});
    const start = bench.now;
    const departures = () => bench.findings().filter((f) => f.detector === 'off-purpose-sequence').map((f) => f.subject);
    await bench.ingest([agentSpan('long', 'root', 'triage', start, start + 900_000), call('a', 'wire_money', start)].join('\n'));
    expect(departures()).toEqual(['write:wire_money out of sequence']);
    await bench.ingest(call('b', 'create_ticket', start + 1000));
    for (let minute = 1; minute <= 5; minute++) {
      bench.now = start + minute * 60_000;
      await bench.ingest(call(`r${minute}`, 'read_file', bench.now));
      expect([minute, departures()]).toEqual([minute, ['write:wire_money out of sequence']]);
      await bench.tick(bench.now + 1000);
      if (departures().length > 1) break;
    }
    expect(bench.now - start).toBeLessThanOrEqual(180_000);
    expect(departures().sort()).toEqual(['ticketing:create_ticket out of sequence', 'write:wire_money out of sequence']);
  });

  it('that comes without its agent, or sampled, is seen to be seen in part', async () => {
    await bench.open();
    await bench.ingest([agentSpan('run', 'root', 'triage', AT, AT + 100), toolSpan('run', 'a', 'root', 'read_file', AT, AT + 10)].join('\n'));
    const { StateReadout } = await import('../../exporter/src/pipeline/readout.ts');
    const partly = () => [...new StateReadout(bench.core.engine.processor).coverage()].find((c) => c.state === 'partly_seen')?.value;
    expect(partly()).toBe(0);
    await bench.ingest([agentSpan('thin', 'root', 'triage', AT, AT + 100, { state: 'ot=th:8' }), toolSpan('thin', 'a', 'root', 'read_file', AT, AT + 10, { state: 'ot=th:8' })].join('\n'));
    await bench.ingest(toolSpan('orphan', 'a', 'gone', 'read_file', AT, AT + 10, { service: 'other' }));
    await bench.tick(bench.now + 121_000);
    expect(partly()).toBe(2);
  });

  it('of which nobody is known is counted as unattributed, not lost', async () => {
    await bench.open();
    const { tally, unattributed } = await bench.replay(toolSpan('run', 'a', 'gone', 'read_file', AT, AT + 10, { service: 'unknown_service:node' }));
    expect([tally.unique, unattributed]).toEqual([1, 1]);
  });

  it('with calls inside calls, loops and ten thousand spans of one id does not hold anything up', async () => {
    await bench.open();
    const loop = [
      toolSpan('loop', 'a', 'b', 'read_file', AT, AT + 1), toolSpan('loop', 'b', 'a', 'send_mail', AT, AT + 1),
      toolSpan('self', 'a', 'a', 'read_file', AT, AT + 1),
    ];
    const deep = Array.from({ length: 3000 }, (_, i) => toolSpan('deep', `d${i}`, `d${i + 1}`, 'read_file', AT + i, AT + i + 1));
    const wide = Array.from({ length: 12_000 }, (_, i) => toolSpan('wide', `w${i}`, 'root', 'read_file', AT + i, AT + i + 1));
    for (const lines of [loop, deep, [...wide, agentSpan('wide', 'root', 'triage', AT, AT + 20_000)]]) await bench.ingest(lines.join('\n'));
    await bench.tick(bench.now + 121_000);
    expect(counts()[agent('triage')]).toEqual([12_000, 0]);
    expect(Object.values(counts()).reduce((sum, [success = 0]) => sum + success, 0)).toBe(12_000 + 3000 + 3);
  }, 60_000);

  it('shows its calls in the archive under the agent that made them', async () => {
    await bench.open();
    for (const line of [...RUN].reverse()) await bench.ingest(line);
    const { StateReader } = await import('../../exporter/src/pipeline/reader.ts');
    const reader = new StateReader(() => bench.core.engine.processor, () => bench.core.journal, () => Promise.reject(new Error('not asked')));
    const { items } = await reader.events({ identity: [agent('summariser')], limit: 10 });
    expect(items.map((e) => [e.tool?.name, e.actor.identity.urn])).toEqual([['summarise', agent('summariser')]]);
  });
});
