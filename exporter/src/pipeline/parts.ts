import type { Detector, Feature, Inventory, Millis, Row, Source } from '@remit/contract';
import type { Identity } from './identities.ts';
import type { JudgeWatch } from './judge.ts';

/** Inventory revisions by the time from which they are in force; the first also governs what came before it. */
export interface Timeline { at(time: Millis): Inventory; latest(): Inventory; add(from: Millis, inventory: Inventory): void }

/** Learned rows, as the processor uses them. */
export interface Rows { row(feature: string, identity: number, write: boolean): Row }

/** The fleet's calibration of tail probabilities. */
export interface Calibrator { at(hour: Millis): (p: number) => number; add(hour: Millis, p: number): void; threshold(identities: number): number }

export interface Parts {
  sources: ReadonlyMap<string, Source>;
  detectors: readonly Detector[];
  features: readonly Feature[];
  profiles: Rows;
  calibration: Calibrator;
  timeline: Timeline;
  /** Rebuilds an inventory from its journaled files. */
  compile(files: Record<string, string>, at: Millis): Inventory;
  dedupKey: Uint8Array;
  watch: JudgeWatch;
}

/** What became of the events of one batch. */
export interface Applied { unique: number; start_record: number; duplicate: number; late: number }

/** A closed identity-hour: the record. */
export interface ClosedHour { start: Millis; identity: Identity; events: number; denied: number; score: number | null }
