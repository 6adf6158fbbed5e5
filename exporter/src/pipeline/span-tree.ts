import type { Millis, NhiEvent } from '@remit/contract';

/** The longest way to an ancestor. */
const DEEPEST = 256;

/** Who an `invoke_agent` span says is acting. */
export type Agent = Pick<NhiEvent, 'principal_key' | 'ai_agent'> & Pick<NhiEvent['actor'], 'identity' | 'user'>;

export interface Span {
  id: string;
  parent: string | null;
  kind: string | null;
  agent: Agent | null;
  /** Whom a call itself names: what stands without ancestors. */
  own: Agent | null;
  purpose: string | null;
  session: string | null;
  /** A connection to one server: less than the conversation that an ancestor knows. */
  connection: string | null;
  delegation: string[] | null;
  /** Tool, for calls; spans of one call count once. */
  tool: string | null;
  mcp: boolean;
  state: 'link' | 'held' | 'counted' | 'merged';
  /** The event, while it waits or while its ancestors are not all known. */
  event: NhiEvent | null;
  feed: number;
  since: Millis;
  counted: Counted | null;
  /** The call this one is a side of. */
  into: string | null;
  /** How deep the side stands that said how the call ended. */
  told: number;
}

/** What was counted for a call, to amend it when the other side of the call tells how it ended. */
export interface Counted { urn: string; time: Millis; uid: string; outcome: number }

/** Spans of one trace, by id; `open` are the calls that wait, or were counted without all their ancestors. */
export interface Trace {
  uid: string; spans: Map<string, Span>; open: Set<string>; waiting: number; touched: Millis;
  /** Holds events of calls that are counted already. */
  settling: boolean;
  /** Ids that open calls wait for, by the last look at all of them; null: look at all. */
  missing: Set<string> | null;
  /** The task that the earliest call of an invocation names, by the id of its agent's span (empty: of none); for calls that name none. */
  tasks?: Record<string, Task>;
}

interface Task { at: Millis; span: string; purpose: string }

export function agentOf(event: NhiEvent, context: boolean): Agent | null {
  const { identity } = event.actor;
  if (identity.resolution === 'trace' || identity.urn === null || (context && event.ai_agent === undefined)) return null;
  return named(event);
}

export function named({ principal_key, ai_agent, actor: { identity, user } }: NhiEvent): Agent {
  return { principal_key, identity: { ...identity }, ...(user ? { user } : {}), ...(ai_agent ? { ai_agent } : {}) };
}

/** The spans above, nearest first. Complete when an agent or the root of the trace has been reached. */
export function climb(trace: Trace, span: Span): { ancestors: Span[]; complete: boolean } {
  const ancestors: Span[] = [];
  for (let at: Span = span; at.parent !== null;) {
    const up = trace.spans.get(at.parent);
    if (!up || ancestors.length >= DEEPEST) return { ancestors, complete: ancestors.some(isAgent) };
    ancestors.push(up);
    at = up;
  }
  return { ancestors, complete: true };
}

/** The invocation that a call belongs to: its nearest agent's span, or the whole trace. */
function invocationOf(ancestors: readonly Span[]): string {
  return ancestors.find(isAgent)?.id ?? '';
}

/** Notes the task that a call names; true when it is from now on that of the calls of its invocation that name none. */
export function noteTask(trace: Trace, span: Span, ancestors: readonly Span[]): boolean {
  if (span.purpose === null || span.event === null) return false;
  const name = invocationOf(ancestors);
  const known = trace.tasks?.[name];
  const at = span.event.time;
  if (known && (known.at < at || (known.at === at && known.span <= span.id))) return false;
  (trace.tasks ??= Object.create(null) as Record<string, Task>)[name] = { at, span: span.id, purpose: span.purpose };
  return known?.purpose !== span.purpose;
}

/**
 * The task of a call: that of the nearest span above it which is no call (the agent's, or what called the agent); where none says one, the call's
 * own; else the one that the earliest call of its invocation names. So no single call can leave the task of its run.
 */
function taskOf(trace: Trace, span: Span, ancestors: readonly Span[]): string | null {
  return ancestors.find((a) => a.state === 'link' && a.purpose !== null)?.purpose ?? span.purpose ?? ancestors.find((a) => a.purpose !== null)?.purpose
    ?? trace.tasks?.[invocationOf(ancestors)]?.purpose ?? null;
}

/** Identity and conversation of the nearest span that has them, and the task of the run. */
export function inherit(trace: Trace, span: Span, ancestors: readonly Span[]): void {
  const event = span.event!;
  const agents = ancestors.filter(isAgent);
  const above = span.agent === null ? agents[0]?.agent : undefined;
  const { principal_key, ai_agent, identity, user } = above ?? span.own!;
  event.principal_key = principal_key;
  event.actor.identity = above ? { ...identity, resolution: 'trace' } : { ...identity };
  if (user) event.actor.user = user;
  if (ai_agent) event.ai_agent = ai_agent;
  const around = agents.slice(span.agent === null ? 1 : 0).filter((a) => a.agent!.identity.urn !== event.actor.identity.urn).map((a) => a.agent!.identity.urn!);
  const behalf = span.delegation ?? ancestors.find((a) => a.delegation !== null)?.delegation ?? [];
  const delegation = [...behalf, ...around.reverse()];
  if (delegation.length > 0) event.actor.delegation = [...new Set(delegation)];
  const purpose = taskOf(trace, span, ancestors);
  if (purpose) event.purpose_uid = purpose;
  const session = [span, ...ancestors].find((s) => s.session !== null)?.session;
  const connection = [span, ...ancestors].find((s) => s.connection !== null)?.connection;
  if (session) event.actor.session = { uid: session };
  else if (connection) event.actor.session = { uid: connection, issuer: 'mcp' };
}

export function sessionOf(event: NhiEvent): { session: string | null; connection: string | null } {
  const { uid = null, issuer } = event.actor.session ?? {};
  return issuer === 'mcp' ? { session: null, connection: uid } : { session: uid, connection: null };
}

function isAgent(span: Span): boolean {
  return span.agent !== null && span.state === 'link';
}

/** The outermost of the calls around this one that are the same call, seen from other sides. */
export function outermost(span: Span, ancestors: readonly Span[]): Span | null {
  let found: Span | null = null;
  for (const up of ancestors) {
    if (isAgent(up)) break;
    if (up.state === 'link') continue;
    if (!sameCall(up, found ?? span)) break;
    found = up;
  }
  return found;
}

/** The call inside this one that is the same call and had to be counted before this side of it came. */
export function innerCall(trace: Trace, span: Span): Span | null {
  if (trace.waiting + 1 >= trace.open.size) return null;
  for (const id of trace.open) {
    const inner = trace.spans.get(id)!;
    if (inner.state !== 'counted' || !sameCall(span, inner)) continue;
    let at = inner;
    for (let n = 0; at.parent !== null && at.parent !== span.id && n < DEEPEST; n++) {
      const up = trace.spans.get(at.parent);
      if (up?.state !== 'link' || isAgent(up)) break;
      at = up;
    }
    if (at.parent === span.id) return inner;
  }
  return null;
}

function sameCall(outer: Span, inner: Span): boolean {
  if (outer.tool === null || outer.tool !== inner.tool) return false;
  return inner.kind === 'server' ? outer.kind !== 'server' : inner.mcp && (!outer.mcp || outer.kind === 'internal');
}
