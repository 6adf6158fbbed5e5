import type { Inventory, Millis, Remit } from '@remit/contract';
import { MemoPool } from './memo.ts';
import { CompiledInventory } from './match.ts';
import { undeclaredTools } from './tools.ts';

/** The inventory of an empty folder: nobody is known. */
export function emptyInventory(): Inventory {
  const memos = new MemoPool();
  return new CompiledInventory({ revision: '', records: [], owners: [], exceptions: [], memos, classOf: () => null, toolOf: undeclaredTools(() => null, memos) });
}

/**
 * Inventory revisions by the time at which they came into force. An event is judged by the revision in force at its time;
 * one older than every revision by the first, so that history replayed against the files of today is judged at all.
 */
export class InventoryHistory {
  readonly #revisions: { from: Millis; inventory: Inventory }[] = [];
  readonly #scheduled = new WeakMap<Remit, Millis>();

  /**
   * Puts a revision in force from a time on. Revisions come in the order of the journal; one whose clock stepped back
   * counts from its predecessor's time and replaces it there. The same revision again changes nothing.
   */
  add(from: Millis, inventory: Inventory): void {
    const last = this.#revisions.at(-1);
    if (last === undefined || from > last.from) {
      if (last?.inventory.revision !== inventory.revision) this.#revisions.push({ from, inventory });
    } else last.inventory = inventory;
  }

  /** The revision in force at a time; empty before the first `add`. */
  at(time: Millis): Inventory {
    let i = this.#revisions.length - 1;
    while (i > 0 && this.#revisions[i]!.from > time) i--;
    return this.#revisions[i]?.inventory ?? NOBODY;
  }

  latest(): Inventory {
    return this.#revisions.at(-1)?.inventory ?? NOBODY;
  }

  /** Since when the schedule of a record has been in force as it is written; -Infinity when it stood in the first revision known. */
  scheduledSince(remit: Remit): Millis {
    let since = this.#scheduled.get(remit);
    if (since === undefined) this.#scheduled.set(remit, (since = this.#sinceOf(remit)));
    return since;
  }

  #sinceOf({ record: { urn, schedule } }: Remit): Millis {
    const written = JSON.stringify(schedule);
    let since = Infinity;
    for (let i = this.#revisions.length - 1; i >= 0; i--) {
      const { from, inventory } = this.#revisions[i]!;
      const then = inventory.match([urn], from)?.remit;
      const same = then?.reviewed === true && then.record.urn === urn && JSON.stringify(then.record.schedule) === written;
      if (same) since = i === 0 ? -Infinity : from;
      // What is asked of may be an earlier revision than the last.
      else if (since !== Infinity) break;
    }
    return since === Infinity ? -Infinity : since;
  }

  /** Forgets revisions that were replaced before a time; events of that age are then judged by the first that is left. */
  prune(before: Millis): void {
    while (this.#revisions.length > 1 && this.#revisions[1]!.from <= before) this.#revisions.shift();
  }
}

const NOBODY = emptyInventory();
