import type { Millis } from '@remit/contract';
import { DRIFT, type Label } from './labels.ts';

/** The labels, asked by identity and time. */
export class Truth {
  readonly labels: readonly Label[];
  readonly #misuse = new Map<string, Label[]>();
  readonly #drift = new Map<string, Label>();

  constructor(labels: readonly Label[]) {
    this.labels = labels;
    for (const label of labels) {
      if (label.use_case === DRIFT) this.#drift.set(label.identity, label);
      else if (this.#misuse.has(label.identity)) this.#misuse.get(label.identity)!.push(label);
      else this.#misuse.set(label.identity, [label]);
    }
  }

  /** Whether misuse of this identity overlaps [`from`, `to`). */
  misused(urn: string, from: Millis, to: Millis): boolean {
    return this.#misuse.get(urn)?.some(({ start, end }) => start < to && end > from) ?? false;
  }

  /** Whether it grows in a way that somebody should be told of. */
  drifts(urn: string): Label | null {
    return this.#drift.get(urn) ?? null;
  }

  /** Neither misused nor growing: what is said of such an hour is said in vain. */
  conforming(urn: string, from: Millis, to: Millis): boolean {
    const drift = this.#drift.get(urn);
    return !(drift && drift.start < to && drift.end > from) && !this.misused(urn, from, to);
  }

  /** Misuse alone, identity by identity. */
  misuse(): Label[] {
    return this.labels.filter(({ use_case }) => use_case !== DRIFT);
  }
}
