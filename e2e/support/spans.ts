/** Spans as an OTLP export carries them, one record a span. Times are milliseconds. */
export interface SpanText {
  trace: string; id: string; parent?: string; name: string; start: number; end?: number; kind?: 'internal' | 'client' | 'server'; failed?: boolean;
  attributes?: Record<string, string | number>; service?: string; state?: string;
}

const KINDS = { internal: 1, server: 2, client: 3 } as const;

/** A trace id or span id from any text. */
export function hexId(text: string, digits: 16 | 32): string {
  return Buffer.from(text).toString('hex').padEnd(digits, '0').slice(0, digits);
}

/** The record of one span, in OTLP/JSON spelling. */
export function spanRecord(s: SpanText): string {
  const attributes = Object.entries(s.attributes ?? {}).map(([key, value]) => ({ key, value: typeof value === 'string' ? { stringValue: value } : { intValue: String(value) } }));
  return JSON.stringify({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: s.service ?? 'assistant' } }] }, scope: { name: 'test' },
    span: {
      traceId: hexId(s.trace, 32), spanId: hexId(s.id, 16), ...(s.parent === undefined ? {} : { parentSpanId: hexId(s.parent, 16) }), name: s.name,
      ...(s.state === undefined ? {} : { traceState: s.state }), kind: KINDS[s.kind ?? 'internal'], startTimeUnixNano: `${s.start}000000`,
      ...(s.end === undefined ? {} : { endTimeUnixNano: `${s.end}000000` }), attributes, status: s.failed ? { code: 2, message: 'failed' } : {},
    },
  });
}

/** An agent's run: who acts. */
export function agentSpan(trace: string, id: string, agent: string, start: number, end: number, more: Partial<SpanText> = {}): string {
  return spanRecord({
    trace, id, name: `invoke_agent ${agent}`, start, end, ...more,
    attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': agent, ...more.attributes },
  });
}

/** A tool call, without a word about the agent. */
export function toolSpan(trace: string, id: string, parent: string, tool: string, start: number, end: number, more: Partial<SpanText> = {}): string {
  return spanRecord({
    trace, id, parent, name: `execute_tool ${tool}`, start, end, ...more,
    attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': tool, ...more.attributes },
  });
}

/** One side of an MCP call. */
export function mcpSpan(trace: string, id: string, parent: string, tool: string, kind: 'client' | 'server', start: number, end: number, more: Partial<SpanText> = {}): string {
  return spanRecord({
    trace, id, parent, name: `tools/call ${tool}`, kind, start, end, ...more,
    attributes: { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': tool, 'mcp.session.id': 'connection-1', ...more.attributes },
  });
}
