import type { FindingState, Millis } from '@remit/contract';
import type { HashedRun } from './parts.ts';
import type { Processor } from './processor.ts';

/** Of one agent, and in all; beyond it the oldest are forgotten: they are never learned then. */
const MOST_OF_AGENT = 64;
const MOST = 4096;
const OVER: ReadonlySet<FindingState> = new Set(['benign', 'withdrawn']);

/** A run that is over and lies inside a finding. */
export interface HeldRun { run: HashedRun; first: Millis; last: Millis; score: number }

/** Runs that are not learned while a finding about behaviour covers them: until a person says that it was benign, or for good when it was bad. */
export class HeldRuns {
  readonly all = new Map<string, HeldRun[]>();
  /** Identities whose list changed since the last cut. */
  readonly changed = new Set<string>();
  readonly #p: Processor;
  #count = 0;

  constructor(processor: Processor) {
    this.#p = processor;
  }

  /** Holds a run back when a finding covers it; false when none does. One that a person calls bad is dropped. */
  hold(urn: string, run: HashedRun, first: Millis, last: Millis, score: number): boolean {
    const covered = this.#covered(urn, first, last);
    if (covered !== 'waits') return covered === 'bad';
    const list = this.all.get(urn) ?? [];
    this.all.set(urn, list);
    list.push({ run, first, last, score });
    this.#count++;
    if (list.length > MOST_OF_AGENT) this.#drop(list);
    this.changed.add(urn);
    while (this.#count > MOST) this.#shed();
    return true;
  }

  /** Takes out what no finding covers any more, oldest first. */
  release(urn: string): HeldRun[] {
    const list = this.all.get(urn);
    if (!list) return [];
    const free: HeldRun[] = [];
    const kept = list.filter((held) => {
      const covered = this.#covered(urn, held.first, held.last);
      if (covered === 'free') free.push(held);
      return covered === 'waits';
    });
    if (kept.length === list.length) return free;
    this.#set(urn, kept);
    return free.sort((a, b) => a.last - b.last || a.run.id - b.run.id);
  }

  /** The runs that wait. */
  of(urn: string): readonly HeldRun[] { return this.all.get(urn) ?? NONE; }

  rename(from: string, to: string): void {
    const list = this.all.get(from);
    if (!list) return;
    this.#set(from, []);
    this.#set(to, list.map((held) => ({ ...held, run: { ...held.run, agent: to } })));
  }

  restore(urn: string, list: HeldRun[]): void {
    this.all.set(urn, list);
    this.#count += list.length;
  }

  #set(urn: string, list: HeldRun[]): void {
    this.#count += list.length - (this.all.get(urn)?.length ?? 0);
    if (list.length === 0) this.all.delete(urn);
    else this.all.set(urn, list);
    this.changed.add(urn);
  }

  #drop(list: HeldRun[]): void {
    let oldest = 0;
    list.forEach(({ last, run }, i) => {
      const than = list[oldest]!;
      if (last < than.last || (last === than.last && run.id < than.run.id)) oldest = i;
    });
    list.splice(oldest, 1);
    this.#count--;
  }

  /** The longest list gets shorter. */
  #shed(): void {
    let longest = '';
    for (const [urn, list] of this.all) {
      const than = this.all.get(longest)?.length ?? 0;
      if (list.length > than || (list.length === than && urn < longest)) longest = urn;
    }
    const list = this.all.get(longest)!;
    this.#drop(list);
    if (list.length === 0) this.all.delete(longest);
    this.changed.add(longest);
  }

  /** What findings about behaviour say of this span of time. */
  #covered(urn: string, first: Millis, last: Millis): 'free' | 'waits' | 'bad' {
    let found: 'free' | 'waits' = 'free';
    for (const { finding } of this.#p.book.of(urn)) {
      if (finding.class === 'state' || OVER.has(finding.state) || finding.first > last || finding.last < first) continue;
      if (finding.state === 'bad') return 'bad';
      found = 'waits';
    }
    return found;
  }
}

const NONE: readonly HeldRun[] = [];
