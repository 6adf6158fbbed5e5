import type { NhiEvent } from './event.ts';
import type { Kind, Millis } from './words.ts';

/** Interfaces between the learned habits (`baseline`) and the score made of them (`score`). */

/** What one page of the score is about: groups of habits that are compared within and against each other. */
export const CHANNELS = ['off-hours', 'sensitive', 'volume', 'export', 'novelty', 'sequence', 'dormancy', 'remit', 'corroboration'] as const;
export type Channel = (typeof CHANNELS)[number];

/** Ways in which an hour can leave the remit, as they enter the score: by how often conforming identities do the same. */
export const VIOLATIONS = ['schedule', 'rotation', 'sequence', 'lifecycle', 'purpose', 'privilege', 'export', 'environment'] as const;
export type Violation = (typeof VIOLATIONS)[number];

/** The cells of one identity's row: views over its slab, and where the row begins in each of them. A habit knows its offsets. */
export interface Cells { f32: Float32Array; u32: Uint32Array; u16: Uint16Array; u8: Uint8Array; word: number; half: number; byte: number }
/** Hands out cells of a row. Four-byte cells before two-byte cells before bytes; the answer is the offset in cells of that size. */
export interface Claim { f32(length: number): number; u32(length: number): number; u16(length: number): number; u8(length: number): number }
/** Hands out numbers of a group of peers: sums that add up, read as a frozen daily epoch. The answer is the offset of the first. */
export interface ClaimSums { sums(length: number): number }

/** What an open hour holds: integers and bounded sets, so that the order of its events does not matter. */
export interface HourSums {
  events: number;
  failed: number;
  denied: number;
  /** Events on secrets, credentials, grants and monitoring. */
  privileged: number;
  /** Other sensitive events: reads of restricted data, exports. */
  sensitive: number;
  /** Bytes moved out where the source tells; else rows or items. Capped at 2^53 − 1. */
  amount: number;
  /** Events with an amount. */
  measured: number;
  /** Amounts by action, sorted by it: hashed action, events, sum of 64·ln(amount), each rounded; null while nothing was moved. */
  amounts: number[] | null;
  /** Hashed values by what they are, each sorted, at most `cap` smallest; null while empty. */
  actions: number[] | null;
  resources: number[] | null;
  sources: number[] | null;
  destinations: number[] | null;
  /** Hashed (tool, path, value) of write calls' arguments. */
  arguments: number[] | null;
  /** Flat quadruples of a tool call: milliseconds into the hour, hashed session, hashed tool, hashed event id. */
  steps: number[] | null;
}

/** What is known of an identity and of what its remit said of the hour, beside the hour's sums. */
export interface HourFacts {
  kind: Kind;
  owner: string | null;
  purpose: string | null;
  environment: string | null;
  /** Explicit peer group of the record. */
  group: string | null;
  /** A reviewed record is in force: only then can its absence of violations teach. */
  declared: boolean;
  /** Hours' violations of the remit, without what an exception in force covers: events concerned, by way. */
  violations: Partial<Record<Violation, number>> | null;
}

/** How one habit sees an hour. */
export interface HabitPart {
  habit: string;
  channel: Channel;
  /** −log10 of the raw tail probability under the identity's own model. */
  raw: number;
  /** −log10 of the share of the fleet's identity-hours that look at least this odd, after the identity's own noise ratio. */
  calibrated: number;
  observed: number;
  expected: number;
  text: HabitText;
}
/** Phrases without a full stop. */
export interface HabitText {
  expected: string;
  observed: string;
  /** Which peers, and what they do; absent where peers say nothing. */
  peers?: string;
}

/** What the score says of one identity-hour. Of a closed hour it is the record and never changes. */
export interface HourScore {
  /** −log10 p, with P(score ≥ s) ≤ 10^−s over all identity-hours of conforming identities. */
  score: number;
  /** The channel that won; null while nothing deviates. */
  channel: Channel | null;
  channels: { id: Channel; calibrated: number }[];
  /** Habits that deviate, the strongest first; filled only where the score is 2 or more, or on request. */
  parts: HabitPart[];
  readiness: Readiness;
  /** Learned since: the first hour seen. */
  since: Millis | null;
  /** The score of the sum over 24 h of what was moved, in its own calibration; 0 where nothing was moved. */
  day: number;
  /** Not learned at the close: it waits for a verdict. */
  held: boolean;
}
/** `warming`: too young to be judged by its own past. `stale`: nothing was learned for so long that the past may not hold. */
export type Readiness = 'warming' | 'ready' | 'stale';

/** Expected events of an hour, the hour being active or not: the smallest numbers that are reached with these probabilities. */
export interface Bands { p50: number; p95: number; p99: number }

/** What a habit may look at besides the row and the sums. Reused between calls: keep no reference. */
export interface HourContext {
  /** Hours since the epoch. */
  hour: number;
  /** Hour of the week in UTC, 0 = Monday 00:00. */
  slot: number;
  /** Hours since the identity's first. */
  age: number;
  /** Hours since its last active hour; 0 for the first. */
  since: number;
  /** Active hours learned, decayed with a half-life of eight weeks. */
  active: number;
  /** Longest pause between active hours, in hours. */
  longest: number;
  /** Hours since the last learned one, this one included: what the identity's past grows by. */
  elapsed: number;
  /** Share of the decayed past that this time leaves, in (0, 1]. */
  decay: number;
  facts: HourFacts;
  /** Sums of the peers: the frozen epoch of the hour's day. `weight` says how many hours of peers stand behind them. */
  peers: PeerView;
}
/** The peers of an identity, the nearest group that knows enough first. */
export interface PeerView {
  /** Sum `offset` of the nearest group whose sum `by` reaches `least`; 0 where no group does. */
  sum(offset: number, by: number, least: number): number;
  /** Of how many peers the value is known, and how many there are, in the nearest group: `of` is 0 where there are none. */
  known(habit: number, value: number): { count: number; of: number };
  /** Adds to the sums of every group of the identity: whole numbers only. */
  add(offset: number, value: number): void;
  /** The value is the identity's own from now on. */
  learned(habit: number, value: number): void;
  /** Who they are: `kind cicd of payments`. */
  readonly name: string;
}

/** One learned habit: a file of `baseline`. Owns its cells, scores before it learns, learns only when an hour closes, in order. */
export interface Habit {
  id: string;
  /** Raised when its cells mean something else: what was learned before is then left out, for this habit alone. */
  version: number;
  channel: Channel;
  /** Only identities that call tools have its cells. */
  tools?: boolean;
  claim(cells: Claim, sums: ClaimSums): void;
  /** −log10 of the upper-tail probability of what the hour shows, 0 where it shows nothing; finite, ≥ 0. Pure. */
  raw(cells: Cells, sums: HourSums, context: HourContext): number;
  learn(cells: Cells, sums: HourSums, context: HourContext): void;
  /** Counts an hour of which nobody was woken, when it has waited for days for a verdict (1), and takes it back (−1) once somebody has judged it, before it is learned, if it is. */
  wait?(cells: Cells, sums: HourSums, context: HourContext, by: 1 | -1): void;
  /** The same in words and numbers. */
  tell(cells: Cells, sums: HourSums, context: HourContext): { observed: number; expected: number; text: HabitText };
}

/** Adds an event to the sums of its hour. `restricted`: the inventory's word on the target's data; `sensitive`: `sensitivity()` of it. */
export type AddToSums = (sums: HourSums, event: NhiEvent, sensitive: string | null) => void;
