import type { Kind, Millis } from '@remit/contract';

const DAY: Millis = 86_400_000;
/** Days over which spending is compared with the budget. */
const DAYS = 28;
/** Spending above this multiple of the budget raises the threshold, one digit for each tenfold; never lowers it. */
const TOLERATED = 1.15;
/** Pages below which a count says nothing. */
const FEWEST = 8;
/** Digits below which nobody is paged, however few identities share a budget: what an identity does every three weeks is no reason to wake anybody. */
const LEAST = 2.7;

/** Pages a week: of the fleet, and where wanted of single owners and kinds, and tickets of the 24 h channel. */
export interface Budgets { fleet: number; owners?: Readonly<Record<string, number>>; kinds?: Partial<Record<Kind, number>>; tickets?: number }

/**
 * Turns a budget into a threshold: s* = log10(168·N/B), above which B pages a week are expected of N conforming identities, and 2.7 digits at
 * least, which is more in fleets of fewer than three identities a page. If the last four weeks cost clearly more, the threshold rises by as many digits: a safety net, never below s*.
 */
export class Budget {
  #budgets: Budgets;
  /** Calibrated pages by day. */
  readonly #pages = new Map<number, number>();

  constructor(budgets: Budgets) {
    this.#budgets = budgets;
  }

  /** Other budgets of owners from here on. */
  allow(owners: Readonly<Record<string, number>>): void { this.#budgets = { ...this.#budgets, owners }; }

  /** Pages a week that the fleet may cost. */
  get fleet(): number { return this.#budgets.fleet; }

  /** The score that `identities` conforming ones exceed as often as the fleet's budget says. */
  threshold(identities: number): number { return Math.max(LEAST, star(identities, this.#budgets.fleet)); }

  /** The same for tickets of the sums over 24 h; as many as pages where nothing is said. */
  ticketThreshold(identities: number): number { return star(identities, this.#budgets.tickets ?? this.#budgets.fleet); }

  /** The highest of the thresholds that hold for such an identity. Sizes: of the fleet, of its owner, of its kind. */
  of(owner: string | null, kind: Kind, sizes: { fleet: number; owner: number; kind: number }, now: Millis): number {
    const owners = this.#budgets.owners;
    const own = owner !== null && owners !== undefined && Object.hasOwn(owners, owner) ? star(sizes.owner, owners[owner]!) : 0;
    const kinds = this.#budgets.kinds?.[kind];
    return Math.max(this.threshold(sizes.fleet) + this.raised(now), own, kinds === undefined ? 0 : star(sizes.kind, kinds));
  }

  /** A calibrated page went out; or one fewer, when it was right: the budget is for pages about what conforms. */
  spend(at: Millis, by: 1 | -1 = 1): void {
    const day = Math.floor(at / DAY);
    this.#pages.set(day, Math.max(0, (this.#pages.get(day) ?? 0) + by));
    for (const old of this.#pages.keys()) if (old < day - 2 * DAYS) this.#pages.delete(old);
  }

  /** Pages of the last seven days. */
  spent(now: Millis): number { return this.#sum(now, 7); }

  /** Digits by which the threshold stands above s*, because too much was spent on the days before today. */
  raised(now: Millis): number {
    const pages = this.#sum(now - DAY, DAYS);
    const due = Math.max(this.#budgets.fleet * DAYS / 7 * TOLERATED, FEWEST);
    return pages <= due ? 0 : Math.log10(pages / due);
  }

  #sum(now: Millis, days: number): number {
    const today = Math.floor(now / DAY);
    let sum = 0;
    for (const [day, n] of this.#pages) if (day > today - days && day <= today) sum += n;
    return sum;
  }

  save(): unknown { return [...this.#pages].sort((a, b) => a[0] - b[0]); }
  restore(saved: unknown): void { for (const [day, n] of saved as [number, number][]) this.#pages.set(day, n); }
}

function star(identities: number, budget: number): number { return Math.log10((168 * Math.max(identities, 1)) / Math.max(budget, 1e-6)); }
