import type { Millis, NhiEvent } from '@remit/contract';
import { HOUR, type Batch } from './options.ts';
import { Random } from './random.ts';

const DELIVERY = 5;
const TWICE = 0.004;
/** Hours between two failures of the way that logs take, of which each holds back a share of the identities. */
const BETWEEN = 200;

/**
 * The way of logs to whoever reads them: seconds to minutes late and so out of order, some twice, and from time to time a part of
 * the fleet comes hours later, all at once. Times in the records stay true.
 */
export class Delivery {
  readonly #random: Random;
  #held: NhiEvent[] = [];
  #failure = { until: 0, share: 0 };

  constructor(seed: number) {
    this.#random = new Random(seed, DELIVERY);
  }

  /** What arrives within this hour. */
  take({ hour, events }: Batch): NhiEvent[] {
    const random = this.#random;
    const arrived: { event: NhiEvent; at: Millis }[] = [];
    if (hour >= this.#failure.until) {
      for (const event of this.#held) arrived.push({ event, at: hour + random.next() * HOUR / 10 });
      this.#held = [];
      if (random.chance(1 / BETWEEN)) this.#failure = { until: hour + random.whole(2, 12) * HOUR, share: random.between(0.05, 0.4) };
    }
    for (const event of events) {
      if (hour < this.#failure.until && place(event.principal_key) < this.#failure.share) {
        this.#held.push(event);
        continue;
      }
      const at = event.time + random.pareto(1.2) * 2000;
      arrived.push({ event, at });
      if (random.chance(TWICE)) arrived.push({ event, at: at + random.between(0, 120_000) });
    }
    return arrived.sort((a, b) => a.at - b.at).map(({ event }) => event);
  }

  /** What is still on its way in the end. */
  rest(): NhiEvent[] {
    return this.#held;
  }
}

/** Where a name lies between 0 and 1. */
function place(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x5bd1e995) + 0x27d4eb2f;
  return (hash >>> 0) / 2 ** 32;
}
