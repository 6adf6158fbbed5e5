import { createHash } from 'node:crypto';
import type { Receipt } from '@remit/contract';
import type { Busy } from '../../lib/receive.ts';

/** Senders come again within minutes; more bodies at a time than this would not fit into the pipeline. */
const KEPT_MILLIS = 600_000;
const MOST = 64;

/**
 * Bodies whose sender was told to come again while they were still being worked on. Sent again as they were, they are not worked on
 * once more: otherwise a body that takes longer than its sender waits would never be acknowledged.
 */
export class LateBodies {
  readonly #pending = new Map<string, Promise<Receipt | Busy>>();

  /** What becomes of this body, when it is one of these. */
  find(body: Uint8Array): Promise<Receipt | Busy> | null {
    return this.#pending.size === 0 ? null : this.#pending.get(digest(body)) ?? null;
  }

  /** Remembers a body for ten minutes after it is done; one that could not be taken after all is forgotten. */
  keep(body: Uint8Array, pending: Promise<Receipt | Busy>): void {
    const key = digest(body);
    const oldest = this.#pending.keys().next();
    if (this.#pending.size >= MOST && !oldest.done) this.#pending.delete(oldest.value);
    this.#pending.set(key, pending);
    const forget = (): void => { this.#pending.delete(key); };
    pending.then((result) => { if ('status' in result) forget(); else setTimeout(forget, KEPT_MILLIS).unref(); }, forget);
  }
}

function digest(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('base64');
}
