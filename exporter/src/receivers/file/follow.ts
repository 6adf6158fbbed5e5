import { glob, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Ingest, IngestHint, Millis, Receiver, RejectReason } from '@remit/contract';
import { deliver, isBusy } from '../../lib/receive.ts';
import { loadCheckpoints, saveCheckpoints, type Checkpoint } from './checkpoints.ts';
import { NO_PRINT, recognise } from './content.ts';
import { Tail, type TailHooks } from './tail.ts';

/** Files to follow: a path, or a pattern over names, and what is known of their records. */
export interface FollowedPath { path: string; source?: string | undefined; feed?: string | undefined; cluster?: string | undefined }
export interface FollowOptions {
  files: readonly FollowedPath[];
  /** Where checkpoints are kept. */
  checkpoints: string;
  rejected(source: string, reason: RejectReason, count: number): void;
  log: { info(what: object, text: string): void; warn(what: object, text: string): void; error(what: object, text: string): void };
  /** Milliseconds between two looks; how long a file must be quiet to be taken for complete, and to be given up. */
  poll?: Millis; settle?: Millis; giveUp?: Millis;
}

const DAY: Millis = 86_400_000;
/** Live records may be 7 days old; what was written while nobody looked for so long is history. */
const AWAY: Millis = 6 * DAY;
/** A file whose name moved is watched so long for a writer that still has it open. */
const LINGER: Millis = 60_000;
/** A file that is not written to for so long is not kept open. */
const IDLE: Millis = 600_000;
const REMEMBERED: Millis = 30 * DAY;
const MOST_REMEMBERED = 1000;
/** Most milliseconds of reading between two looks, and milliseconds between two warnings of one kind. */
const TURN: Millis = 1000;
const WARN_EVERY: Millis = 60_000;
const ALL = Number.MAX_SAFE_INTEGER;

interface Found { path: string; file: string; size: number; mtime: Millis; followed: FollowedPath }

/**
 * Follows files that grow, by name and pattern, and reads packed ones whole, once. What has been made durable is kept as a
 * checkpoint, so that a restart goes on where it was; a file is known by device, inode and content, whatever it is called.
 */
export class FileFollower implements Receiver {
  readonly id = 'file';
  readonly #o: FollowOptions;
  readonly #hooks: TailHooks;
  readonly #tails = new Map<string, Tail>();
  readonly #warned = new Map<string, Millis>();
  #gone: Checkpoint[] = [];
  #begun = false;
  #dirty = false;
  #saved: Millis = 0;
  #ingest!: Ingest;
  #signal!: AbortSignal;

  constructor(options: FollowOptions) {
    this.#o = options;
    this.#hooks = {
      send: (tail, lines, history) => this.#send(tail, lines, history), refused: (tail, reason, detail) => this.#refused(tail, reason, detail),
      recall: (tail) => this.#recall(tail), now: Date.now, settle: options.settle ?? 5000, giveUp: options.giveUp ?? 60_000,
    };
  }

  /** Resolves once the signal aborts and the last checkpoint is written. */
  async start(to: Ingest, signal: AbortSignal): Promise<void> {
    this.#ingest = to;
    this.#signal = signal;
    await this.#load();
    while (!signal.aborted) {
      await this.#look();
      this.#begun = true;
      const until = Date.now() + TURN;
      while (!signal.aborted && await this.#turn() && Date.now() < until) await this.#save();
      await this.#save();
      if (Date.now() < until) await this.#pause(this.#o.poll ?? 1000);
    }
    for (const tail of this.#tails.values()) await tail.close();
    await this.#save(true);
  }

  // -------------------------------------------------------------- which files

  async #look(): Promise<void> {
    const found = await this.#find();
    for (const each of found.values()) {
      await this.#guarded(each.path, async () => {
        const tail = this.#tails.get(each.file) ?? await this.#discover(each);
        tail.point.followed = each.followed.path;
        await this.#lookAt(tail, each);
      });
    }
    for (const tail of [...this.#tails.values()]) {
      if (!found.has(tail.point.file)) await this.#guarded(tail.point.path, () => this.#lookFor(tail));
    }
  }

  async #find(): Promise<Map<string, Found>> {
    const found = new Map<string, Found>();
    for (const followed of this.#o.files) {
      await this.#guarded(followed.path, async () => {
        for await (const path of isPattern(followed.path) ? glob(followed.path) : [followed.path]) {
          const each = await statOf(path, followed);
          if (each !== null && !found.has(each.file)) found.set(each.file, each);
        }
      });
    }
    return found;
  }

  async #lookAt(tail: Tail, { path, size, mtime }: Found): Promise<void> {
    if (!(await tail.look(path, size, mtime))) return;
    this.#o.log.info({ path }, 'a followed file was truncated or replaced; reading it from its start');
    this.#remember(tail.point);
    await tail.restart();
    await tail.look(path, size, mtime);
    this.#dirty = true;
  }

  /** A file that was not followed before: new, or one that was read under another inode or unpacked. */
  async #discover({ path, file, size, mtime, followed }: Found): Promise<Tail> {
    const point: Checkpoint = {
      path, file, followed: followed.path, packing: 'plain', offset: 0, history: 0, skipping: false, done: null,
      prints: { head: NO_PRINT, tail: NO_PRINT }, seen: Date.now(),
    };
    const tail = new Tail(point, this.#hooks);
    await tail.look(path, size, mtime);
    if (point.packing !== 'plain') point.history = ALL;
    else if (!this.#begun || Date.now() - mtime > DAY) point.history = size;
    // A packed file may still be being written: it is looked at when it is complete.
    if (point.packing === 'plain') await this.#recall(tail);
    this.#tails.set(file, tail);
    this.#dirty = true;
    this.#o.log.info({ path, bytes: size, from: point.offset }, 'following a file');
    return tail;
  }

  /** Looks for the content of a file among what was read before: a copy, or the packed form of one that was rotated away. */
  async #recall({ point }: Tail): Promise<void> {
    const hints = this.#hintsOf(point);
    const others = [...this.#gone, ...[...this.#tails.values()].map((each) => each.point)].filter((each) => each !== point && sameHints(hints, this.#hintsOf(each)));
    const known = await recognise(point.path, point.packing, others);
    if (known === null) return;
    const { offset, skipping, prints } = known;
    const plain = point.packing === 'plain';
    Object.assign(point, { offset, prints, skipping: skipping && plain, history: plain ? known.history : ALL });
  }

  #hintsOf({ followed }: Checkpoint): FollowedPath | undefined {
    return this.#o.files.find(({ path }) => path === followed);
  }

  /** No followed name leads to this file any more: renamed beside it, or deleted. It is read to its end, and let go. */
  async #lookFor(tail: Tail): Promise<void> {
    const beside = await sibling(tail.point);
    if (beside !== null) await this.#lookAt(tail, { ...beside, followed: { path: tail.point.followed } });
    const size = beside?.size ?? await tail.lookOpen();
    if (size !== null && (!tail.caughtUp || (beside !== null && Date.now() - tail.changedAt < LINGER))) return;
    if (size === null && tail.size > tail.point.offset && tail.point.done === null) this.#o.log.warn({ path: tail.point.path }, 'a followed file is gone before it was read to its end');
    await tail.close();
    this.#remember(tail.point);
    this.#tails.delete(tail.point.file);
    this.#dirty = true;
  }

  #remember(point: Checkpoint): void {
    if (point.offset > 0) this.#gone.unshift({ ...point, seen: Date.now() });
    this.#gone = this.#gone.slice(0, MOST_REMEMBERED).filter(({ seen }) => Date.now() - seen < REMEMBERED);
  }

  // -------------------------------------------------------------- what is in them

  /** One piece of every file. True when there may be more. */
  async #turn(): Promise<boolean> {
    let moved = false;
    for (const tail of this.#tails.values()) {
      if (this.#signal.aborted) return false;
      if (tail.point.packing !== 'plain' && !tail.unpacking && [...this.#tails.values()].some((other) => other.unpacking)) continue;
      await this.#guarded(tail.point.path, async () => {
        if (!(await tail.step())) return;
        moved = true;
        this.#dirty = true;
      });
      if (tail.caughtUp && (tail.point.done !== null || Date.now() - tail.changedAt > IDLE)) await tail.close();
    }
    return moved;
  }

  /** Waits while the pipeline has no room or the store refuses: nothing is dropped, the file keeps it. */
  async #send(tail: Tail, lines: Buffer, history: boolean): Promise<boolean> {
    const followed = this.#hintsOf(tail.point);
    const hint: IngestHint = { receiver: this.id, encoding: 'identity', backfill: history };
    if (followed?.source !== undefined) hint.source = followed.source;
    if (followed?.feed !== undefined) hint.feed = followed.feed;
    if (followed?.cluster !== undefined) hint.cluster = followed.cluster;
    for (let pause = 1000; !this.#signal.aborted; pause = Math.min(pause * 2, WARN_EVERY)) {
      try {
        const result = await deliver(this.#ingest, lines, hint);
        if (!isBusy(result)) {
          const first = result.rejected[0];
          if (first) this.#warn(`refused ${tail.point.path}`, { path: tail.point.path, refused: result.rejected_total, ...first }, 'records of a followed file were refused');
          return true;
        }
        await this.#pause(result.retryAfter * 1000);
      } catch (error) {
        this.#o.log.error({ err: error, path: tail.point.path }, 'a piece of a followed file could not be taken; trying again');
        await this.#pause(pause);
      }
    }
    return false;
  }

  #refused(tail: Tail, reason: RejectReason, detail: string): void {
    const { path } = tail.point;
    this.#o.rejected(this.#hintsOf(tail.point)?.source ?? 'unknown', reason, 1);
    this.#warn(`refused ${path}`, { path, reason, detail }, 'a part of a followed file was refused');
  }

  // -------------------------------------------------------------- checkpoints

  async #load(): Promise<void> {
    try {
      const { files, gone } = await loadCheckpoints(this.#o.checkpoints);
      this.#gone = gone;
      for (const point of files) {
        if (Date.now() - point.seen > AWAY) point.history = ALL;
        if (this.#o.files.some(({ path }) => path === point.followed)) this.#tails.set(point.file, new Tail(point, this.#hooks));
        else this.#remember(point);
      }
    } catch (error) {
      this.#o.log.error({ err: error, path: this.#o.checkpoints }, 'the checkpoints of followed files cannot be read; reading the files from their start');
    }
  }

  async #save(last = false): Promise<void> {
    const now = Date.now();
    if (!last && now - this.#saved < (this.#dirty ? TURN : WARN_EVERY)) return;
    const files = [...this.#tails.values()].map(({ point }) => ({ ...point, seen: now }));
    await this.#guarded(this.#o.checkpoints, async () => {
      await saveCheckpoints(this.#o.checkpoints, { files, gone: this.#gone });
      this.#dirty = false;
    });
    this.#saved = now;
  }

  // -------------------------------------------------------------- helpers

  /** Trouble with one file is said, and leaves the others alone. */
  async #guarded(path: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#warn(`${path} ${(error as NodeJS.ErrnoException).code ?? ''}`, { err: error, path }, 'a followed file cannot be read');
    }
  }

  #warn(kind: string, what: object, text: string): void {
    const now = Date.now();
    if (now - (this.#warned.get(kind) ?? 0) < WARN_EVERY) return;
    if (this.#warned.size >= MOST_REMEMBERED) this.#warned.clear();
    this.#warned.set(kind, now);
    this.#o.log.warn(what, text);
  }

  async #pause(millis: Millis): Promise<void> {
    await wait(millis, undefined, { signal: this.#signal }).catch(() => undefined);
  }
}

function sameHints(a: FollowedPath | undefined, b: FollowedPath | undefined): boolean {
  return a?.source === b?.source && a?.feed === b?.feed && a?.cluster === b?.cluster;
}

/** True for a path with `*`, `?`, `[…]` or `{…}` in it. */
function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}

/** The regular file behind a name, or null. */
async function statOf(path: string, followed: FollowedPath): Promise<Found | null> {
  try {
    const it = await stat(path, { bigint: true });
    const { dev, ino, size, mtimeMs } = it;
    return !it.isFile() ? null : { path, file: `${dev}:${ino}`, size: Number(size), mtime: Number(mtimeMs), followed };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The same file under another name in its folder. */
async function sibling({ path, file, followed }: Checkpoint): Promise<Found | null> {
  const folder = dirname(path);
  for (const name of await readdir(folder).catch(() => [])) {
    const each = await statOf(join(folder, name), { path: followed }).catch(() => null);
    if (each?.file === file) return each;
  }
  return null;
}
