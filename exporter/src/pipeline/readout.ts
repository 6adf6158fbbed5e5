import type { IdentityReadout, Inventory, Millis, Readout, SourceReadout } from '@remit/contract';
import { EVENT_KINDS, FLEET, OUTCOMES } from '@remit/contract';
import type { Identity } from './identities.ts';
import type { Processor } from './processor.ts';

const COVERAGE_EVERY = 15_000;
/** An identity is called partly seen for so long after the last sign of it. */
export const PARTLY_SEEN: Millis = 7 * 86_400_000;

/** What metrics and the status page read of the state: numbers, never references. */
export class StateReadout implements Readout {
  readonly #p: Processor;
  #revision: string | null = null;
  #coverage: { state: string; value: number }[] | null = null;
  #counted = 0;

  constructor(processor: Processor) {
    this.#p = processor;
  }

  * events(): Iterable<{ source: string; kind: 'nhi' | 'human' | 'platform' | 'unknown'; outcome: 'success' | 'failure' | 'denied'; value: number }> {
    for (const [source, counts] of this.#p.counters) {
      for (const [k, kind] of EVENT_KINDS.entries()) for (const [o, outcome] of OUTCOMES.entries()) yield { source, kind, outcome, value: counts[k * OUTCOMES.length + o]! };
    }
  }

  * history(): Iterable<{ source: string; value: number }> {
    for (const [source, value] of this.#p.history) yield { source, value };
  }

  * takeChanged(): Iterable<IdentityReadout> {
    const { revision } = this.inventory();
    const changed = revision === this.#revision ? this.#p.identities.takeShown() : this.#p.identities.all;
    this.#revision = revision;
    for (const identity of changed) yield this.#readout(identity);
  }

  #readout(identity: Identity): IdentityReadout {
    return {
      urn: identity.urn, kind: this.#p.identities.kindOf(identity), class: this.#p.identities.classOf(identity), remit: identity.remit,
      success: identity.success, failure: identity.failure, denied: identity.denied, last: identity.last,
      ready: isReady(this.#p, identity), score: identity.score, parts: identity.deviates,
      expected: () => this.#p.hours.expected(identity), level: () => this.#p.parts.scoring.level(identity.index, this.#p.feeds.clock)?.ratio ?? null,
      privileges: this.#p.privileges.count(identity, this.#p.feeds.clock),
    };
  }

  * sources(): Iterable<SourceReadout> {
    for (const [id, source] of this.#p.parts.sources) {
      const feeds = this.#p.feeds.all.filter((f) => f.source === id);
      if (feeds.length === 0) continue;
      const live = feeds.some((f) => !f.replay);
      const lastReceive = Math.max(...feeds.map((f) => f.lastReceive));
      const lastEvent = Math.max(...feeds.map((f) => f.newest));
      yield { source: id, lastReceive, lastEvent, expectedInterval: live ? source.maxSilence : null, skew: Math.max(0, lastEvent - lastReceive) };
    }
  }

  /** Counted anew at most every 15 s: it looks at every identity. */
  coverage(): Iterable<{ state: string; value: number }> {
    const now = performance.now();
    if (this.#coverage && now - this.#counted < COVERAGE_EVERY) return this.#coverage;
    this.#counted = now;
    return (this.#coverage = this.#count());
  }

  #count(): { state: string; value: number }[] {
    const states: Record<string, number> = {
      inventoried: 0, not_inventoried: 0, unowned: 0, proposed: 0, decommissioned: 0, warming: 0, ready: 0, human: 0, platform: 0, never_seen: 0, ambiguous: 0, partly_seen: 0,
    };
    for (const identity of this.#p.identities.all) {
      const verdict = this.#p.identities.classOf(identity);
      if (verdict === 'human' || verdict === 'platform') {
        states[verdict]!++;
        continue;
      }
      states[identity.remit ? 'inventoried' : 'not_inventoried']!++;
      states[isReady(this.#p, identity) ? 'ready' : 'warming']!++;
      if (identity.remit && !identity.remit.owned) states['unowned']!++;
      if (identity.partly > this.#p.feeds.clock - PARTLY_SEEN) states['partly_seen']!++;
    }
    for (const remit of this.inventory().records()) {
      if (remit.lifecycle === 'proposed') states['proposed']!++;
      if (remit.lifecycle === 'decommissioned') states['decommissioned']!++;
      if (!this.#p.identities.get(remit.record.urn)) states['never_seen']!++;
    }
    states['ambiguous'] = new Set(this.inventory().ambiguities(this.#p.feeds.clock).flatMap(({ urns }) => urns)).size;
    return Object.entries(states).map(([state, value]) => ({ state, value }));
  }

  exceptionMatches(): Iterable<{ exception: string; state: 'active' | 'expired'; value: number }> {
    return [
      ...[...this.#p.matches].map(([exception, value]) => ({ exception, state: 'active' as const, value })),
      ...[...this.#p.relied].map(([exception, { count: value }]) => ({ exception, state: 'expired' as const, value })),
    ];
  }

  * thresholds(): Iterable<{ channel: 'hour' | 'day'; scope: string; value: number }> {
    const { parts: { scoring }, hours: { sizes }, feeds: { clock } } = this.#p;
    yield { channel: 'hour', scope: FLEET, value: scoring.threshold(null, 'unknown', sizes.of(null, 'unknown', clock), clock) };
    yield { channel: 'day', scope: FLEET, value: scoring.ticketThreshold(sizes.of(null, 'unknown', clock)) };
    for (const { team, budget } of this.inventory().owners()) {
      if (budget !== undefined) yield { channel: 'hour', scope: team, value: scoring.threshold(team, 'unknown', sizes.of(team, 'unknown', clock), clock) };
    }
  }

  held(): { count: number; oldest: Millis | null; needsVerdict: number } {
    return this.#p.parts.scoring.held();
  }

  inventory(): Inventory {
    return this.#p.parts.timeline.latest();
  }

  heartbeat(): Millis {
    return this.#p.heartbeat;
  }
}

/** Whether the learned past of an identity can be trusted now. */
export function isReady({ parts, feeds }: Processor, { index }: Identity): boolean {
  return parts.scoring.readiness(index, feeds.clock) === 'ready';
}
