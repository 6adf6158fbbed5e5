import { isIP } from 'node:net';
import { RejectedRecord, type NhiEvent, type SourceContext, type SpanKind } from '@remit/contract';
import { shapedActor, shapedEvent, shapedMetadata } from '../../lib/event-shape.ts';
import { agentOf, fallbackOf, realmOf, userKey, type Principal } from './agent.ts';
import { argumentsOf } from './arguments.ts';
import { resourceAttributes, spanAttributes, type ResourceAttributes, type SpanAttributes } from './attributes.ts';
import { callOf, type Call } from './call.ts';
import { hexId, millisOf, object, text, type Json } from './fields.ts';
import { outcomeOf } from './outcome.ts';
import { sampleRate } from './sampling.ts';

const API_ACTIVITY = 6003;
const OTHER = 99;
const SERVICE = 4;
const LONGEST_NAME = 256;
const LONGEST_OPERATION = 64;
const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;

/**
 * The event of one span: a tool call, or context that says who acts (`invoke_agent` and its like) or only links a span to
 * its parent. Throws `RejectedRecord` for ids and times that are none.
 */
export function eventOf(record: Json, values: SourceContext['values']): NhiEvent {
  const span = object(record['span']);
  if (!span) throw new RejectedRecord('unknown_shape', 'span is no object');
  const attributes = spanAttributes(span);
  const resource = resourceAttributes(record['resource']);
  const name = text(span['name'], LONGEST_NAME);
  const trace = traceOf(span, attributes);
  const side = trace.span?.kind === 'client' || trace.span?.kind === 'server' ? trace.span.kind : 'other';
  const call = callOf(attributes, name, side, resource);
  const agent = agentOf(attributes, name, text(object(record['scope'])?.['name'], LONGEST_NAME), resource);
  const start = startOf(span);
  const end = millisOf(span['endTimeUnixNano'], true);
  const ended = end >= start && end > 0;
  const outcome = outcomeOf(span, attributes, ended);
  const event = shapedEvent({
    metadata: shapedMetadata(trace.uid + '/' + trace.span!.uid, 'otel-genai', undefined, undefined),
    ...whoOf(agent, call !== null, resource),
    time: start,
    class_uid: API_ACTIVITY,
    activity_id: call ? OTHER : 0,
    api: { operation: text(call ? call.method || 'execute_tool' : attributes.get('gen_ai.operation.name') || name || 'span', LONGEST_OPERATION) },
    action: { category: call ? 'execute_tool' : 'read' },
    ...outcome,
    src_kind: 'unknown',
    flags: call ? ['machine'] : ['machine', 'context', 'start_record'],
  });
  event.status_code = outcome.status_code;
  event.trace = trace;
  event.sequence_key = trace.uid;
  if (ended) event.end_time = end;
  if (trace.sample_rate !== undefined) event.flags.push('sampled');
  setRun(event, attributes, resource);
  if (call) {
    setCall(event, call, attributes, resource, side === 'server');
    const passed = argumentsOf(span, call.tool, values);
    if (passed !== undefined) event.tool!.arguments = passed;
  }
  if (agent || call) setAgent(event, agent, attributes, resource, side === 'server');
  return event;
}

function startOf(span: Json): number {
  const start = millisOf(span['startTimeUnixNano'], false);
  if (start === 0) throw new RejectedRecord('missing_field', 'startTimeUnixNano');
  if (Number.isNaN(start)) throw new RejectedRecord('bad_time', 'startTimeUnixNano is no number of nanoseconds');
  return start;
}

function traceOf(span: Json, attributes: SpanAttributes): NonNullable<NhiEvent['trace']> {
  const uid = idOf(span, 'traceId', TRACE_DIGITS);
  const own = idOf(span, 'spanId', SPAN_DIGITS);
  const trace: NonNullable<NhiEvent['trace']> = { uid, span: { uid: own } };
  const parent = hexId(span['parentSpanId'], SPAN_DIGITS);
  if (parent && parent !== own) trace.span!.parent_uid = parent;
  const kind = kindOf(span['kind']);
  if (kind) trace.span!.kind = kind;
  const rate = sampleRate(span['traceState'], attributes);
  if (rate !== undefined) trace.sample_rate = rate;
  return trace;
}

function idOf(span: Json, field: string, digits: number): string {
  const id = hexId(span[field], digits);
  if (id === '') throw new RejectedRecord('missing_field', field);
  if (id === null) throw new RejectedRecord('unknown_shape', `${field} is not ${digits} hex digits, or all zeros`);
  return id;
}

/** In the order of OTLP's numbers, of which 0 says nothing. */
const KINDS: readonly SpanKind[] = ['internal', 'server', 'client', 'producer', 'consumer'];

/** Some exporters write `SPAN_KIND_CLIENT` instead of the number. */
function kindOf(kind: unknown): SpanKind | undefined {
  if (typeof kind === 'number') return KINDS[kind - 1];
  if (typeof kind !== 'string' || kind.length > 20) return undefined;
  return KINDS.find((word) => kind === 'SPAN_KIND_' + word.toUpperCase());
}

/** Links name nobody, so that the services of an export do not become identities. */
function whoOf(agent: Principal | null, isCall: boolean, resource: ResourceAttributes): Pick<NhiEvent, 'principal_key' | 'actor'> {
  const who = agent ?? (isCall ? fallbackOf(resource) : null);
  if (!who) return { principal_key: '', actor: shapedActor({ urn: null, kind: 'unknown', resolution: 'trace' }, undefined) };
  const user: NonNullable<NhiEvent['actor']['user']> = { type_id: SERVICE, type: 'ai_agent' };
  if (who.id !== '') user.uid = who.id;
  if (who.name !== '') user.name = who.name;
  const resolution = agent ? agent.immutable ? 'immutable_id' : 'derived' : 'trace';
  return { principal_key: who.key, actor: shapedActor({ urn: who.urn, kind: 'ai_agent', resolution }, user) };
}

/** What all spans of a run may share: purpose, conversation, and the person behind it. */
function setRun(event: NhiEvent, span: SpanAttributes, resource: ResourceAttributes): void {
  const purpose = span.get('remit.purpose') ?? resource.get('remit.purpose') ?? span.get('gen_ai.task.id');
  if (purpose !== undefined) event.purpose_uid = purpose;
  const conversation = span.get('gen_ai.conversation.id') ?? span.get('session.id') ?? span.get('traceloop.association.properties.session_id') ?? span.get('langfuse.session.id');
  const transport = span.get('mcp.session.id');
  if (conversation !== undefined) event.actor.session = { uid: conversation };
  // A connection to one server: weaker than the conversation that an ancestor knows.
  else if (transport !== undefined) event.actor.session = { uid: transport, issuer: 'mcp' };
  const user = span.get('user.id') ?? span.get('enduser.id') ?? span.get('traceloop.association.properties.user_id') ?? span.get('langfuse.user.id');
  if (user !== undefined) event.actor.delegation = [userKey(realmOf(resource), user)];
}

function setCall(event: NhiEvent, call: Call, span: SpanAttributes, resource: ResourceAttributes, isServer: boolean): void {
  event.tool = { name: call.tool };
  if (call.server !== '') event.tool.server = call.server;
  if (call.method !== '') event.tool.method = call.method;
  event.privilege = { used: [call.permission] };
  if (call.target !== '') event.resources = [{ uid: call.target, type: call.method === 'prompts/get' ? 'mcp_prompt' : 'mcp_resource' }];
  const service = call.server || span.get('gen_ai.provider.name') || span.get('gen_ai.system');
  if (service) event.api.service = { name: service };
  const id = span.get('gen_ai.tool.call.id') ?? span.get('ai.toolCall.id');
  if (id !== undefined) event.metadata.correlation_uid = id;
  const address = isServer ? span.get('client.address') ?? '' : '';
  if (isIP(address) !== 0) {
    event.src_endpoint = { ip: address };
    event.src_kind = 'ip';
  }
  const provider = resource.get('cloud.provider');
  const account = resource.get('cloud.account.id');
  const region = resource.get('cloud.region');
  if (provider !== undefined) event.cloud = { provider, ...(account === undefined ? {} : { account: { uid: account } }), ...(region === undefined ? {} : { region }) };
  const cluster = resource.get('k8s.cluster.name');
  if (cluster !== undefined) event.k8s = { cluster };
}

/** The agent, and where it runs; a server's span tells where the server runs, which is not where the call came from. */
function setAgent(event: NhiEvent, agent: Principal | null, span: SpanAttributes, resource: ResourceAttributes, isServer: boolean): void {
  const pod = resource.get('k8s.pod.uid') ?? podName(resource);
  const host = resource.get('host.id') ?? resource.get('host.name');
  const instance = isServer ? undefined : resource.get('service.instance.id') ?? pod ?? host;
  const version = span.get('gen_ai.agent.version');
  if (agent || instance !== undefined) {
    event.ai_agent = {};
    if (agent && agent.id !== '') event.ai_agent.uid = agent.id;
    if (instance !== undefined) event.ai_agent.instance_uid = instance;
    if (agent && agent.name !== '') event.ai_agent.name = agent.name;
    if (agent && version !== undefined) event.ai_agent.version = version;
  }
  const workload = isServer ? undefined : pod ?? host ?? resource.get('service.instance.id');
  if (workload !== undefined) event.src_endpoint = { ...event.src_endpoint, workload_uid: workload };
}

function podName(resource: ResourceAttributes): string | undefined {
  const name = resource.get('k8s.pod.name');
  return name === undefined ? undefined : (resource.get('k8s.namespace.name') ?? '') + '/' + name;
}
