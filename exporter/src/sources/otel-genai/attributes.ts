import { object, text, type Json } from './fields.ts';

/** Attributes of a span that are read; all others, whatever they hold, are passed over. Of content only the arguments of tools, below. */
export const SPAN_ATTRIBUTES = [
  'gen_ai.operation.name', 'gen_ai.provider.name', 'gen_ai.system', 'gen_ai.agent.id', 'gen_ai.agent.name', 'gen_ai.agent.version',
  'gen_ai.conversation.id', 'gen_ai.task.id', 'gen_ai.tool.name', 'gen_ai.tool.call.id', 'gen_ai.tool.status', 'gen_ai.prompt.name', 'remit.purpose',
  'mcp.method.name', 'mcp.session.id', 'mcp.resource.uri', 'mcp.server.name', 'mcp.tool.result.is_error', 'fastmcp.server.name', 'fastmcp.component.key',
  'fastmcp.provider.type', 'rpc.response.status_code', 'rpc.jsonrpc.error_code', 'rpc.grpc.status_code', 'http.response.status_code',
  'error.type', 'server.address', 'service.peer.name', 'peer.service', 'client.address', 'user.id', 'enduser.id', 'session.id',
  'openinference.span.kind', 'agent.name', 'tool.name', 'graph.node.id', 'traceloop.span.kind', 'traceloop.entity.name',
  'traceloop.association.properties.session_id', 'traceloop.association.properties.user_id', 'ai.operationId', 'ai.toolCall.name',
  'ai.toolCall.id', 'ai.telemetry.functionId', 'agentops.span.kind', 'agentops.entity.name', 'genkit:metadata:subtype', 'genkit:name',
  'mlflow.spanType', 'langfuse.observation.type', 'langfuse.session.id', 'langfuse.user.id', 'logfire.msg_template', 'name', 'agent_name', 'tool_name',
  'sampler.type', 'sampler.param', 'sampling.probability', 'SampleRate',
] as const;

/**
 * Attributes with the arguments of a tool call, JSON as text or OpenTelemetry's own lists and maps; the first that is there counts. The last seven
 * are also on spans that are no calls, where nobody looks at them.
 */
export const ARGUMENT_ATTRIBUTES = [
  'gen_ai.tool.call.arguments', 'ai.toolCall.args', 'ai.toolCall.input', 'tool_arguments', 'gcp.vertex.agent.tool_call_args',
  'traceloop.entity.input', 'input.value', 'agentops.entity.input', 'genkit:input', 'mlflow.spanInputs', 'langfuse.observation.input', 'input',
] as const;

/** Attributes of a resource that are read. */
export const RESOURCE_ATTRIBUTES = [
  'service.namespace', 'service.name', 'service.instance.id', 'deployment.environment.name', 'deployment.environment',
  'gen_ai.main_agent.id', 'gen_ai.main_agent.name', 'remit.purpose', 'k8s.cluster.name', 'k8s.pod.uid', 'k8s.namespace.name', 'k8s.pod.name',
  'host.id', 'host.name', 'cloud.provider', 'cloud.account.id', 'cloud.region',
] as const;

/** What was found, by name: bounded text, never empty. */
export type Attributes<K extends string> = { get(name: K): string | undefined };
export type SpanAttributes = Attributes<(typeof SPAN_ATTRIBUTES)[number]>;
export type ResourceAttributes = Attributes<(typeof RESOURCE_ATTRIBUTES)[number]>;

const SPAN: ReadonlySet<string> = new Set(SPAN_ATTRIBUTES);
const RESOURCE: ReadonlySet<string> = new Set(RESOURCE_ATTRIBUTES);
const LONGEST = 512;

/** The known attributes of a span. Of a name that comes twice the first counts. */
export function spanAttributes(span: Json): SpanAttributes {
  return read(span['attributes'], SPAN);
}

/** The known attributes of a resource; the spans of one resource share the answer. */
export function resourceAttributes(resource: unknown): ResourceAttributes {
  const it = object(resource);
  if (!it) return NONE;
  const known = RESOURCES.get(it);
  if (known) return known;
  const found: ResourceAttributes = read(it['attributes'], RESOURCE);
  RESOURCES.set(it, found);
  return found;
}

/** The value of the first attribute of the list that the span has, as it came; undefined when it has none. */
export function firstOf(span: Json, names: readonly string[]): { name: string; value: Json } | undefined {
  const list = span['attributes'];
  if (!Array.isArray(list)) return undefined;
  let found: { name: string; value: Json } | undefined;
  let place = names.length;
  for (const item of list as readonly unknown[]) {
    const it = object(item);
    const key = it?.['key'];
    const at = typeof key === 'string' ? names.indexOf(key) : -1;
    const value = at >= 0 && at < place ? object(it!['value']) : undefined;
    if (value === undefined) continue;
    found = { name: key as string, value };
    place = at;
  }
  return found;
}

const NONE: ResourceAttributes = new Map();
/** Held only as long as the resource itself. */
const RESOURCES = new WeakMap<Json, ResourceAttributes>();

function read(list: unknown, wanted: ReadonlySet<string>): Map<string, string> {
  const found = new Map<string, string>();
  if (!Array.isArray(list)) return found;
  for (const item of list as readonly unknown[]) {
    const it = object(item);
    const key = it?.['key'];
    if (it === undefined || typeof key !== 'string' || !wanted.has(key) || found.has(key)) continue;
    const value = valueOf(object(it['value']));
    if (value !== '') found.set(key, value);
  }
  return found;
}

/** A plain value as text; lists, maps and bytes are no names. */
function valueOf(value: Json | undefined): string {
  if (!value) return '';
  const given = value['stringValue'] ?? value['intValue'] ?? value['boolValue'] ?? value['doubleValue'];
  if (typeof given === 'number' || typeof given === 'boolean') return String(given);
  return text(given, LONGEST);
}
