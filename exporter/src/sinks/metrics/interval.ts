import type { Millis } from '@remit/contract';

const REMEMBERED = 5;
/** Fewer gaps say little: somebody may have looked by hand. */
const ENOUGH = 3;
const PEERS = 16;
/** Prometheus forgets a series after 5 minutes: nobody scrapes less often and still alerts. */
const LONGEST: Millis = 5 * 60_000;
const FORGOTTEN: Millis = 60 * 60_000;

/** Time between the scrapes of one scraper, measured: the median of the last few, of the slowest that is still there. */
export class ScrapeInterval {
  readonly #peers = new Map<string, { last: Millis; gaps: Millis[] }>();

  /** One completed scrape of this scraper. */
  note(peer: string, now: Millis): void {
    for (const [name, { last }] of this.#peers) if (now - last > FORGOTTEN) this.#peers.delete(name);
    const known = this.#peers.get(peer);
    if (!known) {
      if (this.#peers.size < PEERS) this.#peers.set(peer, { last: now, gaps: [] });
      return;
    }
    known.gaps.push(Math.min(LONGEST, Math.max(0, now - known.last)));
    if (known.gaps.length > REMEMBERED) known.gaps.shift();
    known.last = now;
  }

  /** Somebody came four times. */
  get regular(): boolean {
    for (const { gaps } of this.#peers.values()) if (gaps.length >= ENOUGH) return true;
    return false;
  }

  /** 0 until the same scraper came four times. */
  get value(): Millis {
    let slowest = 0;
    for (const { gaps } of this.#peers.values()) {
      if (gaps.length < ENOUGH) continue;
      const sorted = gaps.toSorted((a, b) => a - b);
      slowest = Math.max(slowest, sorted[sorted.length >> 1] ?? 0);
    }
    return slowest;
  }
}
