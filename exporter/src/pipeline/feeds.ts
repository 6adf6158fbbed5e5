import type { Millis, SourceId } from '@remit/contract';
import { HOUR } from './hours.ts';

/** A feed's clock may run ahead of ours by this much before it stops moving the watermark. */
const MAX_AHEAD: Millis = 10 * 60_000;
/** An hour waits this long for late events. */
const LATENESS: Millis = HOUR;

export interface Feed {
  index: number;
  name: string;
  source: SourceId;
  /** Largest event time, never past receive time + 10 min. */
  newest: Millis;
  lastReceive: Millis;
  idle: boolean;
  replay: boolean;
}

/** The feeds and how far each has come: what decides when an hour may close. */
export class Feeds {
  readonly all: Feed[] = [];
  readonly #byName = new Map<string, Feed>();
  /** Latest journaled time: wall clock when live, event time in a replay. */
  clock: Millis = -Infinity;

  get(name: string, source: SourceId, replay: boolean): Feed {
    let feed = this.#byName.get(name);
    if (!feed) {
      feed = { index: this.all.length, name, source, newest: -Infinity, lastReceive: -Infinity, idle: false, replay };
      this.all.push(feed);
      this.#byName.set(name, feed);
    }
    return feed;
  }

  /** Moves a feed forward; true when its watermark enters another hour, so that hours may close. */
  advance(feed: Feed, time: Millis, receivedAt: Millis): boolean {
    const bounded = Math.min(time, receivedAt + MAX_AHEAD);
    if (bounded <= feed.newest) return false;
    const before = Math.floor((feed.newest - LATENESS) / HOUR);
    feed.newest = bounded;
    return Math.floor((bounded - LATENESS) / HOUR) !== before;
  }

  /** Up to where the hours of an identity are complete: the slowest of its feeds that is not idle, else the clock. */
  frontier(feeds: readonly number[]): Millis {
    let slowest = Infinity;
    for (const index of feeds) {
      const feed = this.all[index]!;
      if (!feed.idle && feed.newest < slowest) slowest = feed.newest;
    }
    if (slowest === Infinity) slowest = this.clock;
    return slowest - LATENESS;
  }

  /** No identity's hours are complete further than this. */
  get furthest(): Millis {
    let furthest = this.clock;
    for (const { newest } of this.all) if (newest > furthest) furthest = newest;
    return furthest - LATENESS;
  }

  /** Event time up to which every feed of an identity has come; -Infinity while one is silent. */
  complete(feeds: readonly number[]): Millis {
    let slowest = feeds.length === 0 ? -Infinity : Infinity;
    for (const index of feeds) slowest = Math.min(slowest, this.all[index]!.idle ? -Infinity : this.all[index]!.newest);
    return slowest - LATENESS;
  }

  restore(saved: Feed[]): void {
    for (const feed of saved) {
      this.all[feed.index] = { ...feed, newest: feed.newest ?? -Infinity, lastReceive: feed.lastReceive ?? -Infinity };
      this.#byName.set(feed.name, this.all[feed.index]!);
      this.clock = Math.max(this.clock, this.all[feed.index]!.lastReceive);
    }
  }
}
