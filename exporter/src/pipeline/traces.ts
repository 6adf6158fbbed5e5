import type { Millis, NhiEvent } from '@remit/contract';
import type { Feed } from './feeds.ts';
import { agentOf, climb, inherit, innerCall, named, noteTask, outermost, sessionOf, type Counted, type Span, type Trace } from './span-tree.ts';

/** A span whose ancestors are not all known waits for them this long, then it is judged with what is there. */
export const HOLD: Millis = 120_000;
/** A trace is remembered this long after its last span, for late ones. */
const REMEMBER: Millis = 3_600_000;
/** Spans remembered in all; beyond it the traces that were quiet longest go. */
const MOST_SPANS = 200_000;
/** Spans of one trace. */
const MOST_OF_TRACE = 10_000;

/**
 * What became of a call: counted for an identity (`gap`: without all its ancestors; `carrier`: the principal it was journaled with), moved to another or better known
 * (`before`: as it was judged, where it stays with its identity), or one side of a call that
 * is counted by its other side (`amend`: what was counted ended as this side says, which is nearer to the tool).
 */
export type Release =
  | { what: 'count'; event: NhiEvent; feed: number; gap: boolean; span: Span; carrier: string }
  | { what: 'move'; event: NhiEvent; counted: Counted | null; before: NhiEvent | null }
  | { what: 'merge'; event: NhiEvent; amend: Counted | null };

/**
 * Traces as they come: children before parents, twice, late. A call waits until its way up to the nearest agent is known, and takes
 * identity, purpose and conversation from there. Client and server span of one call, or a tool span around an MCP span, are one.
 */
export class TraceBook {
  readonly all = new Map<string, Trace>();
  readonly changed = new Set<Trace>();
  #gone: string[] = [];
  /** Spans that came since the last `due`. */
  readonly #fresh = new Map<Trace, Span[]>();
  readonly #waiting = new Set<Trace>();
  #spans = 0;

  /** Takes a span in; false when the trace has one of this id already. Ask `due` afterwards. */
  add(event: NhiEvent, feed: Pick<Feed, 'index' | 'replay'>, receivedAt: Millis): boolean {
    const { uid, span } = event.trace!;
    let trace = this.all.get(uid);
    if (!trace) this.all.set(uid, trace = { uid, spans: new Map(), open: new Set(), waiting: 0, touched: 0, settling: true, missing: null });
    if (trace.spans.has(span!.uid)) return false;
    trace.touched = Math.max(trace.touched, receivedAt);
    trace.settling = true;
    this.changed.add(trace);
    if (trace.spans.size >= MOST_OF_TRACE) this.#makeRoom(trace);
    const context = event.flags.includes('context');
    this.#spans++;
    const added: Span = {
      id: span!.uid, parent: span!.parent_uid ?? null, kind: span!.kind ?? null, agent: agentOf(event, context), own: context ? null : named(event), purpose: event.purpose_uid ?? null,
      ...sessionOf(event), delegation: event.actor.delegation ?? null, tool: context ? null : event.tool?.name ?? event.api.operation,
      mcp: event.tool?.method !== undefined, state: context ? 'link' : 'held', event: context ? null : event, feed: feed.index,
      since: feed.replay ? event.time : receivedAt, counted: null, into: null, told: 0,
    };
    trace.spans.set(span!.uid, added);
    const fresh = this.#fresh.get(trace);
    if (fresh) fresh.push(added);
    else this.#fresh.set(trace, [added]);
    if (context) return true;
    trace.open.add(span!.uid);
    trace.waiting++;
    this.#waiting.add(trace);
    return true;
  }

  /** Calls of the traces touched since the last time whose way up is known, in order of time and id. */
  due(): Release[] {
    const out: Release[] = [];
    for (const [trace, fresh] of this.#fresh) {
      const awaited = trace.missing === null || fresh.some((span) => trace.missing!.has(span.id));
      this.#release(trace, awaited ? allOpen(trace) : fresh.filter((span) => trace.open.has(span.id)), -Infinity, out);
    }
    this.#fresh.clear();
    return out;
  }

  /** Calls that have waited long enough; forgets what is old. */
  overdue(now: Millis): Release[] {
    const out: Release[] = [];
    for (const trace of [...this.#waiting]) this.#release(trace, allOpen(trace), now - HOLD, out);
    for (const trace of this.all.values()) {
      if (trace.waiting > 0 || trace.touched >= now - HOLD) continue;
      if (trace.touched < now - REMEMBER) this.#remove(trace);
      else if (trace.settling) this.#shrink(trace);
    }
    if (this.#spans > MOST_SPANS) this.#shed(out);
    return out;
  }

  /** For whom a call of a remembered trace was counted. */
  identityOf(event: NhiEvent): string | null {
    const span = event.trace?.span;
    return span === undefined ? null : this.all.get(event.trace!.uid)?.spans.get(span.uid)?.counted?.urn ?? null;
  }

  restore(trace: Trace): void {
    this.all.set(trace.uid, trace);
    this.#spans += trace.spans.size;
    if (trace.waiting > 0) this.#waiting.add(trace);
  }

  takeGone(): string[] {
    return this.#gone.splice(0).filter((uid) => !this.all.has(uid));
  }

  #release(trace: Trace, open: readonly Span[], since: Millis, out: Release[]): void {
    const ready: { span: Span; ancestors: Span[]; complete: boolean }[] = [];
    if (open.length === trace.open.size) trace.missing = new Set();
    for (const span of open) {
      const { ancestors, complete } = climb(trace, span);
      if (!complete) trace.missing?.add((ancestors.at(-1) ?? span).parent!);
      if (complete || (span.state === 'held' && span.since <= since)) ready.push({ span, ancestors, complete });
    }
    if (ready.length === 0) return;
    this.changed.add(trace);
    // Sides of calls first, the outer before the inner, so that a call is counted with its end as the innermost tells it.
    ready.sort((a, b) => a.ancestors.length - b.ancestors.length);
    for (const { span, ancestors } of ready) {
      const outer = span.state === 'held' ? outermost(span, ancestors) : null;
      if (outer) merge(trace, span, outer, ancestors, out);
    }
    ready.sort((a, b) => time(a.span) - time(b.span) || (a.span.id < b.span.id ? -1 : 1));
    let renamed = false;
    for (const { span, ancestors } of ready) renamed = noteTask(trace, span, ancestors) || renamed;
    if (renamed) retask(trace, out);
    for (const { span, ancestors, complete } of ready) {
      if (span.state === 'merged') this.#settle(trace, span);
      else if (span.state === 'counted') {
        const before = { ...span.event! };
        inherit(trace, span, ancestors);
        out.push({ what: 'move', event: span.event!, counted: span.counted, before: before.purpose_uid === span.event!.purpose_uid ? null : before });
        this.#settle(trace, span);
      } else {
        trace.waiting--;
        const inner = innerCall(trace, span);
        const event = span.event!;
        const carrier = event.principal_key;
        inherit(trace, span, ancestors);
        span.state = inner ? 'merged' : 'counted';
        span.into = inner?.id ?? null;
        out.push(inner ? { what: 'merge', event, amend: null } : { what: 'count', event, feed: span.feed, gap: !complete, span, carrier });
        if (complete || inner) this.#settle(trace, span);
      }
    }
    if (trace.waiting === 0) this.#waiting.delete(trace);
  }

  #settle(trace: Trace, span: Span): void {
    trace.open.delete(span.id);
    // The inner side of a counted call may still say how it ended.
    if (span.state !== 'counted') span.event = null;
  }

  /** Nothing came for a while: the events of settled calls are not needed any more. */
  #shrink(trace: Trace): void {
    for (const span of trace.spans.values()) if (!trace.open.has(span.id)) span.event = null;
    trace.settling = false;
    this.changed.add(trace);
  }

  /** Calls whose way is known are nobody's ancestors, as a rule. */
  #makeRoom(trace: Trace): void {
    for (const [id, span] of trace.spans) {
      if (span.state === 'link' || trace.open.has(id)) continue;
      trace.spans.delete(id);
      this.#spans--;
      return;
    }
  }

  #shed(out: Release[]): void {
    const oldest = [...this.all.values()].sort((a, b) => a.touched - b.touched);
    for (const trace of oldest) {
      if (this.#spans <= MOST_SPANS * 0.9) break;
      this.#release(trace, allOpen(trace), Infinity, out);
      this.#remove(trace);
    }
  }

  #remove(trace: Trace): void {
    this.all.delete(trace.uid);
    this.changed.delete(trace);
    this.#fresh.delete(trace);
    this.#waiting.delete(trace);
    this.#spans -= trace.spans.size;
    this.#gone.push(trace.uid);
  }
}

export function saveTrace(trace: Trace): object {
  return { ...trace, spans: [...trace.spans], open: [...trace.open], missing: null };
}

export function loadTrace(saved: object): Trace {
  const raw = saved as Omit<Trace, 'spans' | 'open'> & { spans: [string, Span][]; open: string[] };
  return { ...raw, spans: new Map(raw.spans), open: new Set(raw.open) };
}

/** Calls that were counted without a task, or by another, are judged again by the one that their invocation has now. */
function retask(trace: Trace, out: Release[]): void {
  for (const span of trace.spans.values()) {
    if (span.state !== 'counted' || span.event === null || trace.open.has(span.id)) continue;
    const before = { ...span.event };
    inherit(trace, span, climb(trace, span).ancestors);
    if (span.event.purpose_uid !== before.purpose_uid) out.push({ what: 'move', event: span.event, counted: span.counted, before });
  }
}

function allOpen(trace: Trace): Span[] {
  return [...trace.open].map((id) => trace.spans.get(id)!);
}

function time(span: Span): Millis {
  return span.event?.time ?? 0;
}

/** This side is not counted; it says how the call ended, unless one nearer to the tool has. */
function merge(trace: Trace, span: Span, outer: Span, ancestors: readonly Span[], out: Release[]): void {
  const event = span.event!;
  trace.waiting--;
  span.state = 'merged';
  span.into = outer.id;
  const counted = outer.into === null ? outer : trace.spans.get(outer.into) ?? outer;
  const tells = ancestors.length > counted.told;
  if (tells) counted.told = ancestors.length;
  inherit(trace, span, ancestors);
  if (counted.event !== null) teach(trace, counted, counted.event, event, tells, out);
  out.push({ what: 'merge', event, amend: tells && counted.state === 'counted' ? counted.counted : null });
}

/** What the inner side knows better of a call: how it ended, and which server has the tool. */
function teach(trace: Trace, counted: Span, event: NhiEvent, inner: NhiEvent, tells: boolean, out: Release[]): void {
  const before = { ...event };
  if (tells) {
    event.status_id = inner.status_id;
    event.outcome = inner.outcome;
    if (inner.status_code !== undefined) event.status_code = inner.status_code;
  }
  if (event.tool && inner.tool && ((event.tool.server === undefined && inner.tool.server !== undefined) || (event.tool.arguments === undefined && inner.tool.arguments !== undefined))) {
    event.tool = { ...inner.tool, ...event.tool };
  }
  const same = event.tool === before.tool && event.status_id === before.status_id && event.outcome.denied === before.outcome.denied;
  if (counted.state !== 'counted' || same) return;
  inherit(trace, counted, climb(trace, counted).ancestors);
  out.push({ what: 'move', event, counted: counted.counted, before });
}
