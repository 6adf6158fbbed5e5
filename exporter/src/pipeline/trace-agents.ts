import type { Millis, NhiEvent } from '@remit/contract';
import type { SearchedJournal } from './explorer.ts';
import type { Processor } from './processor.ts';

/** An agent's span begins at most so long before its calls. */
const LONGEST: Millis = 24 * 3_600_000;
/** Spans of agents that are read at once; of traces beyond it nobody is said to have acted but the service. */
const MOST = 5000;

/**
 * Names who made calls that a service carried for several agents. The processor knows it of traces of the last hour; of older ones the archive has
 * the spans in which agents say who they are. Of several agents in one trace it is the one whose span holds the call; where that is not
 * said, the event keeps the name of the service.
 */
export class TraceAgents {
  readonly #processor: Processor;
  readonly #journal: SearchedJournal;
  readonly #left: () => number;
  /** URNs of agents by their spans, by trace. */
  readonly #known = new Map<string, Map<string, string>>();
  readonly #shared = new Map<string, boolean>();

  /** `left`: milliseconds that are left for all of it. */
  constructor(processor: Processor, journal: SearchedJournal, left: () => number) {
    this.#processor = processor;
    this.#journal = journal;
    this.#left = left;
  }

  /** Writes URNs into those of the events whose traces are no longer remembered; the events have been described before. */
  async name(events: readonly NhiEvent[]): Promise<void> {
    const { traces } = this.#processor;
    const carried = events.filter((event) => event.actor.identity.resolution === 'trace' && event.trace !== undefined && this.#isShared(event.principal_key) && traces.identityOf(event) === null);
    if (carried.length === 0) return;
    await this.#learn(carried.filter(({ trace }) => !this.#known.has(trace!.uid)));
    for (const { actor: { identity }, trace } of carried) {
      const spans = this.#known.get(trace!.uid)!;
      const urns = new Set(spans.values());
      const urn = urns.size === 1 ? [...urns][0] : spans.get(trace!.span?.parent_uid ?? '');
      if (urn !== undefined) identity.urn = urn;
    }
  }

  /** Whether calls of more than one identity were journaled with this principal: of one it is known whose they are. */
  #isShared(principal: string): boolean {
    let shared = this.#shared.get(principal);
    if (shared === undefined) {
      shared = this.#processor.identities.all.filter(({ carriers }) => carriers.includes(principal)).length > 1;
      this.#shared.set(principal, shared);
    }
    return shared;
  }

  async #learn(events: readonly NhiEvent[]): Promise<void> {
    if (events.length === 0) return;
    for (const { trace } of events) this.#known.set(trace!.uid, new Map());
    const keys = this.#agentKeys();
    const budget = this.#left();
    if (keys.length === 0 || budget <= 0) return;
    const times = events.map(({ time }) => time);
    const found = this.#journal.search({
      from: Math.min(...times) - LONGEST, to: Math.max(...times) + 1, order: 'newest', keys, after: null, most: MOST, group: null, apart: [], context: true, budget,
      conditions: [{ key: 'trace', op: 'in', values: [...new Set(events.map(({ trace }) => trace!.uid))] }],
    });
    for await (const turn of found) {
      for (const span of turn.events) {
        this.#processor.identities.describe(span);
        if (span.actor.identity.urn !== null && span.trace?.span) this.#known.get(span.trace.uid)?.set(span.trace.span.uid, span.actor.identity.urn);
      }
    }
  }

  /** Principals under which agents speak for themselves, of those whose calls somebody else carried. */
  #agentKeys(): string[] {
    const keys: string[] = [];
    for (const { carriers, natives } of this.#processor.identities.all) if (carriers.length > 0) for (const { key, aliases } of natives) keys.push(key, ...aliases);
    return keys;
  }
}
