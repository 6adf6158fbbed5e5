import type { Kind, Millis } from '@remit/contract';
import type { Sizes } from './parts.ts';
import type { Processor } from './processor.ts';

const DAY: Millis = 86_400_000;
/** An identity shares the budget while it was seen within this long. */
const ALIVE: Millis = 28 * DAY;
/** The fleet is counted anew within a day when it has grown by this factor. */
const GROWN = 1.1;
/** Days whose counts are kept: hours of several days are open at once. */
const KEPT = 4;

interface Counted { of: number; fleet: number; owners: Map<string, number>; kinds: Map<string, number> }

/** How many machine identities share a budget, as of the day of an hour. Counted once a day, and when the fleet grows. */
export class FleetSizes {
  readonly #p: Processor;
  readonly #days = new Map<number, Counted>();

  constructor(processor: Processor) {
    this.#p = processor;
  }

  of(owner: string | null, kind: Kind, at: Millis): Sizes {
    const { fleet, owners, kinds } = this.#at(Math.floor(at / DAY));
    return { fleet, owner: owners.get(owner ?? '') ?? 1, kind: kinds.get(kind) ?? 1 };
  }

  fleet(at: Millis): number { return this.#at(Math.floor(at / DAY)).fleet; }

  /** Owners may have changed. */
  forget(): void { this.#days.clear(); }

  #at(day: number): Counted {
    const { all } = this.#p.identities;
    let counted = this.#days.get(day);
    if (counted !== undefined && all.length <= counted.of * GROWN) return counted;
    counted = { of: all.length, fleet: 0, owners: new Map(), kinds: new Map() };
    const to = (day + 1) * DAY;
    for (const identity of all) {
      const verdict = this.#p.identities.classOf(identity);
      if (identity.first >= to || identity.last < to - DAY - ALIVE || verdict === 'platform' || this.#p.identities.isPerson(identity)) continue;
      counted.fleet++;
      const owner = identity.remit?.record.owner ?? '';
      const kind = this.#p.identities.kindOf(identity);
      counted.owners.set(owner, (counted.owners.get(owner) ?? 0) + 1);
      counted.kinds.set(kind, (counted.kinds.get(kind) ?? 0) + 1);
    }
    this.#days.set(day, counted);
    if (this.#days.size > KEPT) this.#days.delete(Math.min(...this.#days.keys()));
    return counted;
  }
}
