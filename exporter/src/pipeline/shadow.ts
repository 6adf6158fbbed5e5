import type { Detector, Millis, Signal } from '@remit/contract';

/** What a proposed record would have found, had it been approved: signals by detector, with the words of the latest. */
export interface Shadow { urn: string; detector: string; count: number; first: Millis; last: Millis; reason: string }

const MOST = 10_000;

/** The words of proposals, which open no finding and page nobody. */
export class ShadowBook {
  readonly all = new Map<string, Shadow>();
  /** Since the last cut. */
  readonly changed = new Set<Shadow>();
  #gone: string[] = [];

  add(urn: string, detector: Detector, { at, reason }: Signal): void {
    const key = `${detector.id} ${urn}`;
    let shadow = this.all.get(key);
    if (!shadow) {
      if (this.all.size >= MOST) return;
      this.all.set(key, shadow = { urn, detector: detector.id, count: 0, first: at, last: -Infinity, reason: '' });
    }
    shadow.count++;
    shadow.first = Math.min(shadow.first, at);
    if (at >= shadow.last) shadow.reason = `Expected ${reason.expected}; observed ${reason.observed}.`;
    shadow.last = Math.max(shadow.last, at);
    this.changed.add(shadow);
  }

  of(urn: string): Shadow[] {
    return [...this.all.values()].filter((s) => s.urn === urn).sort((a, b) => b.count - a.count || (a.detector < b.detector ? -1 : 1));
  }

  /** The record has been approved, or is gone: what it would have found is no longer of interest. */
  clear(urn: string): void {
    for (const [key, shadow] of this.all) {
      if (shadow.urn !== urn) continue;
      this.all.delete(key);
      this.changed.delete(shadow);
      this.#gone.push(key);
    }
  }

  restore(shadow: Shadow): void {
    this.all.set(`${shadow.detector} ${shadow.urn}`, shadow);
  }

  takeGone(): string[] {
    return this.#gone.splice(0).filter((key) => !this.all.has(key));
  }
}
