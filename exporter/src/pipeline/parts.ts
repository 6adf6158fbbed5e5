import type {
  Bands, Bytes, Detector, HourFacts, HourScore, HourSums, Inventory, Kind, Millis, NhiEvent, Readiness, Remit, Source,
} from '@remit/contract';
import type { Identity } from './identities.ts';
import type { JudgeWatch } from './judge.ts';

/** Inventory revisions by the time from which they are in force; the first also governs what came before it. */
export interface Timeline {
  at(time: Millis): Inventory; latest(): Inventory; add(from: Millis, inventory: Inventory): void;
  /** Since when the schedule of a record stands as it is written. */
  scheduledSince(remit: Remit): Millis;
}

/** Conforming identities that a budget is shared by: of the fleet, of one owner, of one kind. */
export interface Sizes { fleet: number; owner: number; kind: number }

/** What is learned of identity-hours, and the score made of it. Identities go by their number. */
export interface Scoring {
  open(): HourSums;
  add(sums: HourSums, event: NhiEvent, sensitive: string | null): void;
  save(sums: HourSums): unknown;
  restoreSums(saved: unknown): HourSums;
  /** What is said of the hour as it is now; changes nothing. */
  score(identity: number, sums: HourSums, facts: HourFacts, start: Millis): HourScore;
  /** The record of the hour, once, in order; learns it unless it is held, as it is where `learn` is false or the score reaches `threshold`. */
  close(identity: number, sums: HourSums, facts: HourFacts, start: Millis, learn: boolean, threshold: number): HourScore;
  /** A person's word on held hours, starts from `from` to `to`. */
  settle(identity: number, from: Millis, to: Millis, benign: boolean, now: Millis): number;
  held(): { count: number; oldest: Millis | null; needsVerdict: number };
  readiness(identity: number, now: Millis): Readiness;
  bands(identity: number, facts: HourFacts, start: Millis): Bands | null;
  level(identity: number, now: Millis): { ratio: number; drifted: boolean; approved: Millis } | null;
  approve(identity: number, now: Millis): boolean;
  /** Scores at which pages and tickets open. */
  threshold(owner: string | null, kind: Kind, sizes: Sizes, now: Millis): number;
  ticketThreshold(sizes: Sizes): number;
  /** Pages a week that owners allow. */
  budgets(owners: Readonly<Record<string, number>>): void;
  /** A calibrated page went out. */
  spend(at: Millis, by: 1 | -1): void;
  takeDirty(): { puts: Iterable<{ key: string; value: Bytes }>; gone: string[] };
  restore(key: string, value: Bytes): void;
  bytes(identity: number): Bytes[];
}

/** A run of an agent in hashes of 53 bits: of each call the tool, and path and value of its arguments in turn. `purpose` 0: none. */
export interface HashedRun { id: number; agent: string; purpose: number; group: number; calls: readonly HashedCall[] }
export interface HashedCall { tool: number; writes: boolean; ok: boolean; values: readonly number[]; approved?: boolean }

/** How odd a run is among those of its agent: `above` of `sampled` are as odd. Calls that changed something, with what was compared; surprises are −ln of a share. */
export interface RunVerdict {
  score: number; above: number; sampled: number; learned: number; since: Millis; perHour: number;
  calls: readonly { at: number; parts: { tool: number; values: number }; elements: readonly { kind: string; where: number; state: number; surprise: number }[] }[];
}

/** What is learned of the runs of agents, as the processor uses it. Keeps rows of its own. */
export interface Habits {
  /** Null while nothing is known of the agent. */
  judge(run: HashedRun): RunVerdict | null;
  learn(run: HashedRun, first: Millis, last: Millis): void;
  rename(from: string, to: string): void;
  /** For the state digest; null when nothing is known. */
  describe(agent: string): object | null;
  takeChanged(): { puts: { key: string; value: Uint8Array }[]; deletes: string[] };
  restore(key: string, value: Uint8Array): void;
}

export interface Parts {
  sources: ReadonlyMap<string, Source>;
  detectors: readonly Detector[];
  scoring: Scoring;
  /** Absent: runs of agents are not looked at. `conceal`: keyed hash of 53 bits, of names, and of values as events hold them. */
  runs?: { habits: Habits; conceal(text: string): number };
  timeline: Timeline;
  /** Rebuilds an inventory from its journaled files. */
  compile(files: Record<string, string>, at: Millis): Inventory;
  dedupKey: Uint8Array;
  /** How long closed findings are kept. Infinity for a replay, which is asked what it found in a log of any length; 30 days when absent. */
  retention?: Millis;
  watch: JudgeWatch;
}

/** What became of the events of one batch. */
export interface Applied { unique: number; start_record: number; duplicate: number; late: number }

/** A closed identity-hour: the record. */
export interface ClosedHour { start: Millis; identity: Identity; events: number; denied: number; score: HourScore | null; bands: Bands | null }
