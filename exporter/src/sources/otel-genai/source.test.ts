import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nhiEventSchema, RejectedRecord, type NhiEvent, type SourceContext } from '@remit/contract';
import { HiddenValues } from '../../lib/tool-arguments.ts';
import { source } from './source.ts';

const context: SourceContext = { feed: 'test', cluster: '', receivedAt: 0 };
const folder = new URL('./cases/', import.meta.url);
const START = '1795165201510000000';

type Attributes = Record<string, string | number | boolean>;

function attributes(of: Attributes): unknown[] {
  return Object.entries(of).map(([key, value]) => ({
    key, value: typeof value === 'string' ? { stringValue: value } : typeof value === 'number' ? { intValue: String(value) } : { boolValue: value },
  }));
}

/** The one event of a small span. */
function one(of: Attributes, span: Record<string, unknown> = {}, resource: Attributes = { 'service.name': 'app' }, scope = 'test'): NhiEvent {
  const record = {
    resource: { attributes: attributes(resource) }, scope: { name: scope },
    span: {
      traceId: '48b31729f70b4690afe533671d098ef9', spanId: 'a7f6320ad3cc23aa', name: 'span', kind: 1, startTimeUnixNano: START,
      endTimeUnixNano: '1795165201520000000', attributes: attributes(of), ...span,
    },
  };
  expect(source.recognises(record)).toBe(true);
  const events = source.normalise(record, context);
  expect(events).toHaveLength(1);
  return nhiEventSchema.parse(events[0]);
}

function cases(name: string): NhiEvent[] {
  return JSON.parse(readFileSync(new URL(`${name}.golden.json`, folder), 'utf8')) as NhiEvent[];
}

const toolCall = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'search' };
const mcpCall = { 'mcp.method.name': 'tools/call', ...toolCall };

describe('recorded spans', () => {
  it.each(['current', 'alone', 'older', 'openinference', 'traceloop', 'fastmcp', 'vendors'])('%s: content is never kept', (name) => {
    expect(readFileSync(new URL(`${name}.golden.json`, folder), 'utf8')).not.toMatch(/never to be kept|hunter2/);
  });

  it('gives one URN to an agent in every older spelling', () => {
    const agents = cases('older').filter((event) => event.ai_agent && event.flags.includes('context')).map((event) => event.actor.identity.urn);
    expect(agents).toEqual(Array.from({ length: 3 }, () => 'urn:nhi:agent:acme:ai_agent/planner'));
    const calls = cases('older').filter((event) => !event.flags.includes('context'));
    expect(calls.map((event) => event.tool)).toEqual(Array.from({ length: 3 }, () => ({ name: 'book_hotel' })));
  });

  it('knows agents and tools of instrumentations that have words of their own', () => {
    const events = cases('vendors');
    expect(events.flatMap((event) => (event.flags.includes('context') ? [] : [event.tool!.name]))).toEqual(['search', 'book_hotel', 'bookTable', 'lookup_order', 'issue_refund', 'random_number']);
    const agents = events.flatMap((event) => (event.flags.includes('context') && event.ai_agent ? [event.actor.identity.urn] : []));
    expect(agents).toEqual(['Researcher', 'planner', 'concierge', 'triage', 'refunds', 'Assistant'].map((name) => 'urn:nhi:agent:acme:ai_agent/' + name));
  });

  it('lets both sides of an MCP call name the same server and tool', () => {
    const [client, server] = ['client', 'server'].map((kind) => cases('current').find((event) => event.tool?.method === 'tools/call' && event.trace?.span?.kind === kind));
    expect(client?.tool).toEqual({ name: 'read_file', server: 'mcp-files', method: 'tools/call' });
    expect(server?.tool).toEqual(client?.tool);
    expect(server?.trace?.span?.parent_uid).toBe(client?.trace?.span?.uid);
    expect(server?.src_endpoint).toEqual({ ip: '10.1.2.80' });
  });

  it('refuses what cannot be placed, and says why', () => {
    const lines = readFileSync(new URL('broken.jsonl', folder), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as unknown);
    const became = lines.map((record) => {
      try {
        return source.normalise(record, context)[0]!;
      } catch (error) {
        return (error as RejectedRecord).reason;
      }
    });
    expect(became.slice(0, -1)).toEqual(['unknown_shape', 'unknown_shape', 'missing_field', 'missing_field', 'bad_time', 'missing_field']);
    expect(became.at(-1)).toMatchObject({
      metadata: { original_event_uid: '48b31729f70b4690afe533671d098ef9/a7f6320ad3cc23aa' }, time: 1795165201510, tool: { name: '__proto__' },
      status_id: 2, actor: { identity: { urn: null } }, trace: { span: { kind: 'client' } },
    });
    expect(became.at(-1)).toMatchObject({ end_time: undefined });
    expect(became.at(-1)).not.toHaveProperty('trace.span.parent_uid');
  });
});

describe('what a span is', () => {
  it.each<[string, Attributes, string | null]>([
    ['current', toolCall, 'search'],
    ['no operation', { 'gen_ai.tool.name': 'search' }, 'search'],
    ['OpenInference', { 'openinference.span.kind': 'TOOL', 'tool.name': 'search' }, 'search'],
    ['OpenLLMetry', { 'traceloop.span.kind': 'tool', 'traceloop.entity.name': 'search' }, 'search'],
    ['AI SDK', { 'ai.operationId': 'ai.toolCall', 'ai.toolCall.name': 'search' }, 'search'],
    ['only the span name', { 'gen_ai.operation.name': 'execute_tool' }, 'span'],
    ['an inference that lists its tools', { 'openinference.span.kind': 'LLM', 'gen_ai.tool.name': 'search' }, null],
    ['another operation', { 'gen_ai.operation.name': 'chat', 'gen_ai.tool.name': 'search' }, null],
    ['an agent that carries the name of a tool', { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'a', 'gen_ai.tool.name': 'search' }, null],
    ['Gemini CLI', { 'gen_ai.operation.name': 'tool_call', 'gen_ai.tool.name': 'search', 'gen_ai.agent.name': 'gemini-cli' }, 'search'],
    ['Gemini CLI, without a tool', { 'gen_ai.operation.name': 'tool_call', 'gen_ai.agent.name': 'gemini-cli' }, null],
    ['Gemini CLI, an inference', { 'gen_ai.operation.name': 'llm_call', 'gen_ai.tool.name': 'search' }, null],
    ['a tool_name in a span of any other name', { tool_name: 'search' }, null],
    ['MCP', mcpCall, 'search'],
    ['MCP, without the GenAI name', { 'mcp.method.name': 'tools/call', 'fastmcp.component.key': 'tool:search@2' }, 'search'],
    ['MCP list', { 'mcp.method.name': 'tools/list' }, null],
    ['MCP notification', { 'mcp.method.name': 'notifications/progress', 'gen_ai.tool.name': 'search' }, null],
    ['MCP ping', { 'mcp.method.name': 'ping' }, null],
    ['MCP resource', { 'mcp.method.name': 'resources/read', 'mcp.resource.uri': 'file:///etc/hosts' }, 'resource:read'],
    ['MCP prompt', { 'mcp.method.name': 'prompts/get', 'gen_ai.prompt.name': 'hello' }, 'prompt:get'],
    ['a tool that takes such a name', { ...mcpCall, 'gen_ai.tool.name': 'resource:read' }, 'resource%3Aread'],
    ['plain HTTP', { 'http.request.method': 'GET' }, null],
  ])('%s', (_what, of, tool) => {
    const event = one(of);
    expect(event.tool?.name ?? null).toBe(tool);
    expect(event.flags.includes('context')).toBe(tool === null);
    expect(event.flags.includes('start_record')).toBe(tool === null);
    expect(event.action.category).toBe(tool === null ? 'read' : 'execute_tool');
  });

  it.each<[string, Attributes, number, string]>([
    ['a tool of its own', toolCall, 1, 'tool:search'],
    ['a tool with a slash is on no server', { ...toolCall, 'gen_ai.tool.name': 'files/read' }, 1, 'tool:files%2Fread'],
    ['a tool on a named server', { ...toolCall, 'mcp.server.name': 'files' }, 1, 'tool:files/search'],
    ['a client that knows an address', { ...mcpCall, 'server.address': 'MCP.example.com.' }, 3, 'mcp:tools/call:mcp.example.com/search'],
    ['a client that knows the service', { ...mcpCall, 'server.address': '10.0.0.1', 'service.peer.name': 'files' }, 3, 'mcp:tools/call:files/search'],
    ['a server', mcpCall, 2, 'mcp:tools/call:app/search'],
    ['a server with a name of its own', { ...mcpCall, 'fastmcp.server.name': 'a/b' }, 2, 'mcp:tools/call:a%2Fb/search'],
    ['nobody named', mcpCall, 3, 'mcp:tools/call:search'],
    ['a resource, without its query', { 'mcp.method.name': 'resources/read', 'mcp.resource.uri': 'https://u:p@h.example/a?k=v' }, 3, 'mcp:resources/read:https:%2F%2Fh.example%2Fa'],
  ])('permission of %s', (_what, of, kind, permission) => {
    expect(one(of, { kind }).privilege?.used).toEqual([permission]);
  });
});

describe('spans of Claude Code', () => {
  const given = (tool_name: string, name = 'claude_code.tool') => one({ tool_name, 'session.id': 's1', 'span.type': 'tool' }, { name }, { 'service.name': 'claude-code' });

  it.each<[string, string, string | undefined, string]>([
    ['Bash', 'Bash', undefined, 'tool:Bash'],
    ['mcp__files__read_file', 'read_file', 'files', 'tool:files/read_file'],
    ['mcp__a__b__c', 'b__c', 'a', 'tool:a/b__c'],
    ['mcp__files__', 'mcp__files__', undefined, 'tool:mcp__files__'],
    ['mcp____x', 'mcp____x', undefined, 'tool:mcp____x'],
    ['mcp__files', 'mcp__files', undefined, 'tool:mcp__files'],
  ])('%s is a call', (said, name, server, permission) => {
    const event = given(said);
    expect(event).toMatchObject({ action: { category: 'execute_tool' }, api: { operation: 'execute_tool' }, actor: { session: { uid: 's1' } }, flags: ['machine'] });
    expect(event.tool).toEqual({ name, ...(server === undefined ? {} : { server }) });
    expect(event.privilege?.used).toEqual([permission]);
  });

  it('names the tool and server as the span of the MCP server below it does', () => {
    const server = one({ 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'read_file' }, { kind: 2 }, { 'service.name': 'files' });
    expect(given('mcp__files__read_file').tool).toEqual({ name: server.tool!.name, server: server.tool!.server });
  });

  it.each(['claude_code.tool.execution', 'claude_code.tool.blocked_on_user', 'claude_code.interaction', 'claude_code.llm_request'])('%s is none', (name) => {
    expect(given('Bash', name)).toMatchObject({ tool: undefined, flags: ['machine', 'context', 'start_record'] });
  });
});

describe('who acts', () => {
  it.each<[string, Attributes, Attributes, string | null, string]>([
    ['a name', { 'gen_ai.agent.name': 'Triage' }, {}, 'urn:nhi:agent:default:ai_agent/Triage', 'derived'],
    ['a lasting id beside a name', { 'gen_ai.agent.name': 'triage', 'gen_ai.agent.id': 'asst_1' }, {}, 'urn:nhi:agent:default:ai_agent/triage', 'immutable_id'],
    ['an id drawn at the start', { 'gen_ai.agent.name': 'triage', 'gen_ai.agent.id': '3fa85f64-5717-4562-b3fc-2c963f66afa6' }, {}, 'urn:nhi:agent:default:ai_agent/triage', 'derived'],
    ['an id alone', { 'gen_ai.agent.id': 'asst_1' }, {}, 'urn:nhi:agent:default:ai_agent/asst_1', 'immutable_id'],
    ['the namespace as realm', { 'gen_ai.agent.name': 'triage' }, { 'service.namespace': 'Acme', 'deployment.environment.name': 'prod' }, 'urn:nhi:agent:acme:ai_agent/triage', 'derived'],
    ['the environment as realm', { 'gen_ai.agent.name': 'triage' }, { 'deployment.environment': 'prod' }, 'urn:nhi:agent:prod:ai_agent/triage', 'derived'],
    ['the main agent, named again', { 'gen_ai.agent.name': 'triage' }, { 'gen_ai.main_agent.id': 'm1', 'gen_ai.main_agent.name': 'triage' }, 'urn:nhi:agent:default:ai_agent/triage', 'immutable_id'],
    ['the main agent, for want of another', {}, { 'gen_ai.main_agent.id': 'm1', 'service.name': 'app' }, 'urn:nhi:agent:default:ai_agent/m1', 'trace'],
    ['the service', {}, { 'service.name': 'app', 'service.namespace': 'acme' }, 'urn:nhi:agent:acme:ai_agent/acme/app', 'trace'],
    ['nobody', {}, { 'service.name': 'unknown_service:python' }, null, 'trace'],
  ])('%s', (_what, of, resource, urn, resolution) => {
    expect(one({ ...toolCall, ...of }, {}, resource).actor.identity).toEqual({ urn, kind: urn === null ? 'unknown' : 'ai_agent', resolution });
  });

  it('never takes one agent for another, whatever their names hold', () => {
    fc.assert(fc.property(fc.tuple(fc.string(), fc.string()), fc.tuple(fc.string(), fc.string()), ([name, id], [other, otherId]) => {
      const [a, b] = [[name, id], [other, otherId]].map(([n, i]) => one({ ...toolCall, 'gen_ai.agent.name': n!, 'gen_ai.agent.id': i! }).ai_agent ?? {});
      expect([a!.name ?? '', a!.uid ?? '', b!.name ?? '', b!.uid ?? '']).toEqual([name, id, other, otherId]);
    }), { numRuns: 200, examples: [[['x\0y', ''], ['x', 'y\0']], [['a,b', 'c'], ['a', ',bc']]] });
  });

  it('keeps the person behind a run and its purpose, and tells a conversation from a connection', () => {
    const event = one({ 'gen_ai.agent.name': 'a', 'user.id': 'U 1', 'gen_ai.conversation.id': 'c', 'mcp.session.id': 's', 'gen_ai.task.id': 't' });
    expect(event.actor).toMatchObject({ delegation: ['agent:default:user/U%201'], session: { uid: 'c' } });
    expect(event.purpose_uid).toBe('t');
    expect(one({ ...mcpCall, 'mcp.session.id': 's' }).actor.session).toEqual({ uid: 's', issuer: 'mcp' });
    expect(one({ ...toolCall, 'gen_ai.task.id': 't' }, {}, { 'remit.purpose': 'p' }).purpose_uid).toBe('p');
  });
});

describe('when, how it ended, and how much is seen', () => {
  it.each<[string, unknown, unknown, number, number | undefined]>([
    ['texts', START, '1795165201520000000', 1795165201510, 1795165201520],
    ['numbers', 1795165201510000000, 1795165201520000000, 1795165201510, 1795165201520],
    ['an end within a millisecond counts as that whole millisecond', '1795165201510100000', '1795165201510200000', 1795165201510, 1795165201511],
    ['no end', START, '0', 1795165201510, undefined],
    ['an end before the start', START, '1795165201509000000', 1795165201510, undefined],
    ['an end that is none', START, '-5', 1795165201510, undefined],
    ['the last time there is', START, '18446744073709551615', 1795165201510, 18446744073710],
  ])('times: %s', (_what, start, end, time, endTime) => {
    const event = one(toolCall, { startTimeUnixNano: start, endTimeUnixNano: end });
    expect([event.time, event.end_time]).toEqual([time, endTime]);
  });

  it.each<[string, Attributes, Record<string, unknown>, number, boolean]>([
    ['unset', {}, {}, 1, false],
    ['unset and without an end', {}, { endTimeUnixNano: '0' }, 0, false],
    ['ok', {}, { status: { code: 1 }, endTimeUnixNano: '0' }, 1, false],
    ['error', {}, { status: { code: 2, message: 'boom' } }, 2, false],
    ['error by its name', {}, { status: { code: 'STATUS_CODE_ERROR' } }, 2, false],
    ['a tool that failed', { 'error.type': 'tool_error' }, {}, 2, false],
    ['a tool of Strands Agents that failed', { 'gen_ai.tool.status': 'error' }, {}, 2, false],
    ['a tool of Strands Agents that did not', { 'gen_ai.tool.status': 'success' }, {}, 1, false],
    ['a tool that failed, seen by Sentry', { 'mcp.tool.result.is_error': true }, {}, 2, false],
    ['a tool that did not, seen by Sentry', { 'mcp.tool.result.is_error': false }, {}, 1, false],
    ['a refused tool', { 'error.type': 'AccessDeniedException' }, {}, 2, true],
    ['a JSON-RPC error', { 'rpc.response.status_code': '-32602' }, {}, 2, false],
    ['a JSON-RPC refusal', { 'rpc.response.status_code': -32403 }, {}, 2, true],
    ['gRPC', { 'rpc.response.status_code': 'PERMISSION_DENIED' }, {}, 2, true],
    ['older gRPC', { 'rpc.grpc.status_code': 7 }, {}, 2, true],
    ['HTTP', { 'http.response.status_code': 403 }, {}, 2, true],
  ])('outcome: %s', (_what, of, span, status, denied) => {
    const event = one({ ...toolCall, ...of }, span);
    expect([event.status_id, event.outcome.denied]).toEqual([status, denied]);
    expect(JSON.stringify(event)).not.toContain('boom');
  });

  it.each<[string, string, Attributes, number | undefined]>([
    ['nothing said', '', {}, undefined],
    ['every trace', 'ot=th:0', {}, undefined],
    ['half', 'ot=th:8', {}, 0.5],
    ['a tenth, among others', 'rojo=1, ot=rv:123;th:e666666666666', {}, 0.1],
    ['the older power', 'ot=p:2;r:5', {}, 0.25],
    ['no threshold', 'ot=th:xyz', {}, undefined],
    ['too long a threshold', 'ot=th:800000000000000', {}, undefined],
    ['Jaeger', '', { 'sampler.type': 'probabilistic', 'sampler.param': '0.01' }, 0.01],
    ['another sampler of Jaeger', '', { 'sampler.type': 'ratelimiting', 'sampler.param': '0.01' }, undefined],
    ['one in twenty', '', { SampleRate: 20 }, 0.05],
    ['the smaller', 'ot=th:8', { 'sampling.probability': '0.2' }, 0.2],
  ])('sampling: %s', (_what, traceState, of, rate) => {
    const event = one({ ...toolCall, ...of }, { traceState });
    expect(event.trace?.sample_rate).toBe(rate);
    expect(event.flags.includes('sampled')).toBe(rate !== undefined);
  });
});

describe('hostile records', () => {
  it('become events by the schema or refusals', () => {
    const value = fc.oneof(fc.anything({ maxDepth: 2 }), fc.constantFrom('1795165201510000000', 'a7f6320ad3cc23aa', -1, 1e308, {}, [], null));
    const attribute = fc.record({ key: fc.constantFrom(...source.paths.filter((path) => path.startsWith('span.attributes')).map((path) => path.slice(17, -2))), value: fc.record({ stringValue: value }) });
    fc.assert(fc.property(fc.array(attribute), value, value, value, value, (list, start, end, kind, state) => {
      const span = { traceId: '48b31729f70b4690afe533671d098ef9', spanId: 'a7f6320ad3cc23aa', startTimeUnixNano: start, endTimeUnixNano: end, kind, traceState: state, attributes: list };
      try {
        for (const event of source.normalise({ resource: state, scope: kind, span }, context)) nhiEventSchema.parse(event);
      } catch (error) {
        if (!(error instanceof RejectedRecord)) throw error;
      }
    }), { numRuns: 300 });
  });

  it('keeps bounded text of a name of a megabyte', () => {
    const event = one({ ...mcpCall, 'gen_ai.tool.name': 'x'.repeat(1e6), 'gen_ai.agent.name': '\ud800'.repeat(1e6), 'mcp.server.name': '/'.repeat(1e6) });
    expect(JSON.stringify(event).length).toBeLessThan(20_000);
  });
});

describe('the arguments of a call', () => {
  const values = new HiddenValues(new Uint8Array(8), []);
  const passed = (of: Attributes): string[] | undefined => {
    const span = { traceId: '48b31729f70b4690afe533671d098ef9', spanId: 'a7f6320ad3cc23aa', name: 'execute_tool send', startTimeUnixNano: '1795345200000000000', attributes: attributes(of) };
    const [event] = source.normalise({ resource: {}, scope: {}, span }, { ...context, values });
    nhiEventSchema.parse(event);
    return event!.tool?.arguments?.map(({ path, hash }) => `${path}=${[...'abc', 'ann'].find((value) => values.hash(value) === hash) ?? '?'}`);
  };
  const call = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'send' };

  it.each<[string, Attributes, string[] | undefined]>([
    ['OpenTelemetry', { ...call, 'gen_ai.tool.call.arguments': '{"to":["a","b"],"c":{"d":"Ann"}}' }, ['to=a', 'to=b', 'c.d=ann']],
    ['MCP', { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'send', 'gen_ai.tool.call.arguments': '{"to":"a"}' }, ['to=a']],
    ['the AI SDK', { 'ai.operationId': 'ai.toolCall', 'ai.toolCall.name': 'send', 'ai.toolCall.args': '{"to":"a"}' }, ['to=a']],
    ['the AI SDK, later', { 'ai.operationId': 'ai.toolCall', 'ai.toolCall.name': 'send', 'ai.toolCall.input': '{"to":"a"}' }, ['to=a']],
    ['OpenInference', { 'openinference.span.kind': 'TOOL', 'tool.name': 'send', 'input.value': '{"to":"a"}', 'input.mime_type': 'application/json' }, ['to=a']],
    ['OpenInference, a text', { 'openinference.span.kind': 'TOOL', 'tool.name': 'send', 'input.value': 'Ann' }, ['=ann']],
    ['OpenLLMetry, of LangChain', { 'traceloop.span.kind': 'tool', 'traceloop.entity.name': 'send', 'traceloop.entity.input': '{"inputs":{"to":"a"},"tags":["b"]}' }, ['to=a']],
    ['OpenLLMetry, of a decorator', { 'traceloop.span.kind': 'tool', 'traceloop.entity.name': 'send', 'traceloop.entity.input': '{"args":["a"],"kwargs":{"to":"b"}}' }, ['args=a', 'to=b']],
    ['Pydantic AI', { 'gen_ai.tool.name': 'send', tool_arguments: '{"to":"a"}' }, ['to=a']],
    ['the Agent Development Kit', { ...call, 'gcp.vertex.agent.tool_call_args': '{"to":"a"}' }, ['to=a']],
    ['two of them: the convention counts', { ...call, 'input.value': '{"to":"b"}', 'gen_ai.tool.call.arguments': '{"to":"a"}' }, ['to=a']],
    ['JSON in JSON', { ...call, 'gen_ai.tool.call.arguments': '"{\\"to\\":\\"a\\"}"' }, ['to=a']],
    ['JSON in JSON without an end to it', { ...call, 'gen_ai.tool.call.arguments': JSON.stringify(JSON.stringify(JSON.stringify(JSON.stringify({ to: 'a' })))) }, ['=?']],
    ['broken JSON', { ...call, 'gen_ai.tool.call.arguments': '{"to":' }, ['=?']],
    ['none', call, undefined],
    ['a span that is no call', { 'openinference.span.kind': 'LLM', 'input.value': '{"to":"a"}' }, undefined],
  ])('are read as %s writes them', (_name, of, wanted) => {
    expect(passed(of)).toEqual(wanted);
  });

  it('are not known where nobody says how', () => {
    expect(one({ ...call, 'gen_ai.tool.call.arguments': '{"to":"ann@example.com"}' }).tool).toEqual({ name: 'send' });
  });
});
