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
  #last: Promise<void> = Promise.resolve();
  #breathed = performance.now();
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
      await engine.#apply(entry);
      options.changed(engine.processor.takeChanges());
      replayed++;
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
    this.#breathed = performance.now();
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      try {
        const position = await next.appended;
        const applied = await this.#alone(() => this.#apply({ position, ...next.body }));
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

  async #apply(entry: Entry): Promise<Applied> {
    await this.processor.prepare(entry, this.#o.store);
    const steps = this.processor.apply(entry);
    for (;;) {
      // Entries of one commit become durable together, and one that closes the hours of a fleet is long: the loop is given back between.
      if (performance.now() - this.#breathed > LONGEST_TURN) {
        await breathe();
        this.#breathed = performance.now();
      }
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /** An entry is applied whole, and a cut is of a moment between two: one waits for the other. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    let done = (): void => {};
    this.#last = new Promise((resolve) => { done = resolve; });
    await before;
    try {
      return await work();
    } finally {
      done();
    }
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
    await this.#commit(await this.#alone(() => {
      this.#sinceCut = 0;
      return takeCut(this.processor, this.#o.extra());
    }));
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
