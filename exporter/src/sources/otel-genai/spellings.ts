import type { SpanAttributes } from './attributes.ts';

type Name = Parameters<SpanAttributes['get']>[0];

/** What an instrumentation calls a span, in a word of its own. */
export interface Sort {
  sort: 'agent' | 'tool' | 'other';
  /** The name that it gives beside the span's; empty where it gives none. */
  name: string;
}

/** Where instrumentations without OpenTelemetry's own attributes say what sort a span is of, and what an agent and a tool are called. */
const SPELLINGS: readonly { kind: Name; agent?: Name; tool?: Name }[] = [
  { kind: 'openinference.span.kind', agent: 'agent.name', tool: 'tool.name' },
  { kind: 'traceloop.span.kind', agent: 'traceloop.entity.name', tool: 'traceloop.entity.name' },
  { kind: 'agentops.span.kind', agent: 'agentops.entity.name', tool: 'agentops.entity.name' },
  { kind: 'genkit:metadata:subtype', agent: 'genkit:name', tool: 'genkit:name' },
  { kind: 'mlflow.spanType' },
  { kind: 'langfuse.observation.type' },
];
/** Logfire's instrumentation of the OpenAI Agents SDK. */
const TEMPLATES: ReadonlyMap<string | undefined, Sort['sort']> = new Map([['Agent run: {name!r}', 'agent'], ['Function: {name}', 'tool']]);

/** The sort of a span by the first spelling that it has; undefined where it has none. */
export function sortOf(span: SpanAttributes): Sort | undefined {
  for (const { kind, agent, tool } of SPELLINGS) {
    const said = span.get(kind);
    if (said === undefined) continue;
    // MLflow writes JSON, Genkit a version.
    const word = said.replace(/^"|"$|\.v\d+$/g, '').toLowerCase();
    const sort = word === 'agent' || word === 'tool' ? word : 'other';
    const named = sort === 'agent' ? agent : sort === 'tool' ? tool : undefined;
    return { sort, name: (named === undefined ? undefined : span.get(named)) ?? '' };
  }
  const sort = TEMPLATES.get(span.get('logfire.msg_template'));
  return sort === undefined ? undefined : { sort, name: span.get('name') ?? '' };
}
