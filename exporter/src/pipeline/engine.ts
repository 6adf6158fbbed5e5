import { setImmediate as breathe } from 'node:timers/promises';
import type { Cut, Entry, EntryBody, FindingChange, Journal, Millis, Position, Store } from '@remit/contract';
import { restoreCut, takeCut } from './cut.ts';
import { digest } from './digest.ts';
import type { Applied, Parts } from './parts.ts';
import { Processor } from './processor.ts';

export interface EngineOptions {
  journal: Journal & { before(time: Millis): Promise<Position> };
  store: Store;
  parts: Parts;
  /** Told of changes after the entry is applied, in order. Must not throw. */
  changed(changes: readonly FindingChange[]): void;
  /** Called once the last cut is loaded, before the journal's tail is applied, with what the cut carried. */
  restored(processor: Processor, extra: unknown): void;
  /** Saved with every cut and handed back at the start. */
  extra(): unknown;
  /** A write failed (true) or works again (false). */
  degraded(value: boolean, error?: Error): void;
  /** A cut is taken after this many applied events. */
  cutEvents: number;
}

/** Milliseconds of applying after which the loop is given back. */
const LONGEST_TURN = 3;

interface Waiting { body: EntryBody; appended: Promise<Position>; resolve(applied: Applied): void; reject(error: Error): void }

/**
 * Journal first, then state: every entry is made durable, then applied in order of position, then the sender is answered. From
 * time to time the state is cut to the store; a restart loads the last cut and applies the journal's tail.
 */
export class Engine {
  readonly processor: Processor;
  readonly #o: EngineOptions;
  readonly #queue: Waiting[] = [];
  #running: Promise<void> | null = null;
  #cutting: Promise<void> = Promise.resolve();
  #building: Promise<void> | null = null;
  #sinceCut = 0;
  #unsaved: Cut | null = null;
  readonly #failing = { journal: false, store: false };
  cutPosition = 0;

  private constructor(options: EngineOptions) {
    this.#o = options;
    this.processor = new Processor(options.parts);
  }

  /** Restores the last cut and applies the tail: `replayed` entries. */
  static async open(options: EngineOptions): Promise<{ engine: Engine; replayed: number }> {
    const engine = new Engine(options);
    const extra = await restoreCut(engine.processor, options.store);
    engine.cutPosition = engine.processor.position;
    options.restored(engine.processor, extra);
    let replayed = 0;
    for await (const entry of options.journal.after(engine.processor.position)) {
      await engine.processor.prepare(entry, options.store);
      engine.processor.apply(entry);
      options.changed(engine.processor.takeChanges());
      if (++replayed % 64 === 0) await new Promise((r) => setImmediate(r));
    }
    engine.#sinceCut = replayed;
    return { engine, replayed };
  }

  /** Resolves when the entry is durable and applied. */
  submit(body: EntryBody): Promise<Applied> {
    return new Promise((resolve, reject) => {
      const appended = this.#o.journal.append(body);
      appended.catch(() => {});
      this.#queue.push({ body, appended, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Writes everything that changed. Concurrent calls are served one after the other. Rejects when the store refuses; the next call tries again. */
  cut(): Promise<void> {
    const cut = this.#cutting.then(() => this.#cut());
    this.#cutting = cut.catch(() => {});
    return cut;
  }

  async digest(): Promise<string> {
    await this.cut();
    return digest(this.processor, this.#o.store);
  }

  /** Waits for what is under way, cuts, and closes the files. */
  async close(): Promise<void> {
    await this.#running;
    await this.cut();
    await this.#o.journal.close();
    await this.#o.store.close();
  }

  async #run(): Promise<void> {
    let breathed = performance.now();
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      try {
        const position = await next.appended;
        // Entries of one commit become durable together: the loop is given back between them.
        if (performance.now() - breathed > LONGEST_TURN) {
          await breathe();
          breathed = performance.now();
        }
        if (this.#building) await this.#building;
        const entry: Entry = { position, ...next.body };
        await this.processor.prepare(entry, this.#o.store);
        const applied = this.processor.apply(entry);
        const changes = this.processor.takeChanges();
        if (changes.length > 0) this.#o.changed(changes);
        next.resolve(applied);
        this.#sinceCut += applied.unique;
        if (this.#sinceCut >= this.#o.cutEvents) void this.cut().catch(() => {});
        this.#report('journal', null);
      } catch (error) {
        this.#report('journal', error as Error);
        next.reject(error as Error);
      }
    }
    this.#running = null;
  }

  /** Tells only of changes: one part that works again does not hide that the other still fails. */
  #report(part: 'journal' | 'store', error: Error | null): void {
    if (this.#failing[part] === (error !== null)) return;
    this.#failing[part] = error !== null;
    this.#o.degraded(this.#failing.journal || this.#failing.store, error ?? undefined);
  }

  async #cut(): Promise<void> {
    // What a failed commit carried is not marked as changed any more: it must be written before anything newer.
    if (this.#unsaved) await this.#commit(this.#unsaved);
    this.#sinceCut = 0;
    const building = takeCut(this.processor, this.#o.extra());
    this.#building = building.then(() => {}, () => {});
    const cut = await building;
    this.#building = null;
    await this.#commit(cut);
  }

  async #commit(cut: Cut): Promise<void> {
    this.#unsaved = cut;
    try {
      await this.#o.store.commit(cut);
      this.#unsaved = null;
      this.cutPosition = cut.position;
      this.#report('store', null);
    } catch (error) {
      this.#report('store', error as Error);
      throw error;
    }
  }
}
