import type { Batch } from './records.ts';

/** What a service says it holds. */
export interface Counts { total: number; identities: Map<string, number> }

/**
 * What was sent and what was acknowledged, as distinct ids by identity: the truth that the service's counts are held against.
 */
export class Ledger {
  readonly #sent = new Map<string, Set<string>>();
  readonly #acknowledged = new Map<string, Set<string>>();

  sent(batch: Batch): void {
    enter(this.#sent, batch);
  }

  acknowledged(batch: Batch): void {
    enter(this.#acknowledged, batch);
  }

  get totals(): { sent: number; acknowledged: number } {
    return { sent: size(this.#sent), acknowledged: size(this.#acknowledged) };
  }

  /** What is wrong with these counts, in words: nothing acknowledged may be missing, nothing counted that was not sent, nor twice. */
  compare({ total, identities }: Counts): string[] {
    const wrong: string[] = [];
    const { sent, acknowledged } = this.totals;
    if (total < acknowledged) wrong.push(`${acknowledged - total} acknowledged events are lost: ${total} are counted of ${acknowledged}`);
    if (total > sent) wrong.push(`${total - sent} events are counted that were never sent, or twice: ${total} of ${sent}`);
    const attributed = [...identities.values()].reduce((sum, n) => sum + n, 0);
    if (attributed !== total) wrong.push(`identities add up to ${attributed}, the metrics to ${total}`);
    for (const [urn, ids] of this.#sent) {
      const held = identities.get(urn) ?? 0;
      const least = this.#acknowledged.get(urn)?.size ?? 0;
      if (held < least || held > ids.size) wrong.push(`${urn} has ${held} events; ${least} were acknowledged, ${ids.size} sent`);
    }
    for (const urn of identities.keys()) if (!this.#sent.has(urn)) wrong.push(`${urn} was never sent`);
    return wrong;
  }
}

function enter(into: Map<string, Set<string>>, { ids }: Batch): void {
  for (const { id, urn } of ids) {
    const set = into.get(urn);
    if (set) set.add(id);
    else into.set(urn, new Set([id]));
  }
}

function size(of: Map<string, Set<string>>): number {
  let sum = 0;
  for (const set of of.values()) sum += set.size;
  return sum;
}
