import { createHash } from 'node:crypto';

/** A recorded run of an agent: AgentDojo's shape, or tau-bench's, which names a task and a trial and says nothing of how calls ended. */
export interface Run {
  path?: string; suite?: string; pipeline?: string; user_task?: string; injection_task?: string | null; attack?: string | null; security?: boolean; error?: boolean;
  task_id?: number; trial?: number; calls: { tool: string; ok?: boolean; args?: unknown }[];
}

/** What is said of a run beside its calls. `every`, `step` and `lasts` in milliseconds. */
export interface Options { start: number; every: number; step: number; lasts: number; suite: string }

export interface Value { stringValue: string }
export interface OtlpSpan {
  traceId: string; spanId: string; parentSpanId?: string; name: string; kind: number; startTimeUnixNano: string; endTimeUnixNano: string;
  attributes: { key: string; value: Value }[]; status: { code?: number };
}
export interface OtlpRequest {
  resourceSpans: { resource: { attributes: { key: string; value: Value }[] }; scopeSpans: { scope: { name: string }; spans: OtlpSpan[] }[] }[];
}

const INTERNAL = 1;
const ERROR = 2;

/** The run of one line. Throws with what is wrong when the line is none. */
export function parseRun(line: string): Run {
  const value = JSON.parse(line) as Partial<Run> | null;
  const calls: unknown = value?.calls;
  if (!Array.isArray(calls) || !calls.every((call: unknown) => typeof (call as { tool?: unknown } | null)?.tool === 'string')) throw new Error('no run: it has no list of calls with a tool each');
  if (typeof value?.path !== 'string' && typeof value?.task_id !== 'number') throw new Error('no run: it has neither a path nor a task_id');
  return value as Run;
}

/** The suite that a run belongs to; `given` where the run does not say. */
export function suiteOf(run: Run, given: string): string { return run.suite ?? given; }

/** A task done as asked: no attack, no error, at least one call, and not an attacker's goal given openly as the task. */
export function isBenign(run: Run): boolean {
  return run.attack == null && run.error !== true && run.calls.length > 0 && (run.user_task?.startsWith('user_task') ?? run.task_id !== undefined);
}

/** An attack that was carried out, with at least one call and without an error. */
export function isHijacked(run: Run): boolean {
  return run.attack != null && run.security === true && run.error !== true && run.calls.length > 0;
}

/**
 * A run as an OTLP/JSON trace export: an `invoke_agent` span around one `execute_tool` span a call, in order, children first as SDKs
 * export them. Ids are hashes of the run, times follow from `index`, so that the same runs give the same spans. Arguments are carried over
 * as `gen_ai.tool.call.arguments`.
 */
export function toOtlp(run: Run, index: number, options: Options): OtlpRequest {
  const suite = suiteOf(run, options.suite);
  const id = run.path ?? `${suite}/task_${run.task_id}/trial_${run.trial ?? 0}`;
  const benchmark = run.path === undefined ? 'tau-bench' : 'agentdojo';
  const traceId = digest(`${benchmark} ${id}`, 32);
  const rootId = digest(`${benchmark} ${id} agent`, 16);
  const begin = options.start + index * options.every;
  const spans = run.calls.map((call, i): OtlpSpan => {
    const at = begin + (i + 1) * options.step;
    return {
      traceId, spanId: digest(`${benchmark} ${id} ${i}`, 16), parentSpanId: rootId, name: `execute_tool ${call.tool}`, kind: INTERNAL,
      startTimeUnixNano: nanos(at), endTimeUnixNano: nanos(at + options.lasts),
      attributes: attributes({
        'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': call.tool, 'gen_ai.tool.type': 'function',
        ...(call.args === undefined || call.args === null ? {} : { 'gen_ai.tool.call.arguments': JSON.stringify(call.args) }),
        ...(call.ok === false ? { 'error.type': 'tool_error' } : {}),
      }),
      status: call.ok === false ? { code: ERROR } : {},
    };
  });
  const task = run.user_task ?? `task_${run.task_id}`;
  spans.push({
    traceId, spanId: rootId, name: `invoke_agent ${suite}`, kind: INTERNAL,
    startTimeUnixNano: nanos(begin), endTimeUnixNano: nanos(begin + (run.calls.length + 1) * options.step),
    attributes: attributes({
      'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': suite, 'gen_ai.conversation.id': id, 'remit.purpose': `${suite}/${task}`,
      ...(run.pipeline === undefined ? {} : { 'gen_ai.request.model': run.pipeline }),
    }),
    status: {},
  });
  const resource = { attributes: attributes({ 'service.name': `${suite}-agent`, 'service.namespace': benchmark }) };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'agents-to-otlp' }, spans }] }] };
}

function attributes(of: Record<string, string>): { key: string; value: Value }[] {
  return Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

function digest(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

function nanos(millis: number): string { return `${millis}000000`; }
