import type { Inventory, Remit } from './remit.ts';
import type { DetectorId, IdentityClass, Kind, Millis, RejectReason, SourceId } from './words.ts';

/** What the pipeline shows to metrics and API, and what the process tells of itself. */

/** Numbers of one identity since the last `takeChanged`. Totals come from journaled state and never step back. */
export interface IdentityReadout {
  urn: string; kind: Kind; class: IdentityClass; remit: Remit | null;
  /** Judged events. */
  success: number; failure: number; denied: number;
  last: Millis; ready: boolean;
  /** Greater of the open and the last closed hour; null until ready. */
  score: number | null;
  /** What the score of its latest hour is made of, and when that hour began. */
  parts: { at: Millis; of: readonly { habit: string; calibrated: number }[] } | null;
  /** Events expected in the present hour; null while warming. Costs more than the rest: ask for few. */
  expected(): { p50: number; p95: number; p99: number } | null;
  /** Events a day against the reference its owner approved; null without one. Costs more than the rest. */
  level(): number | null;
  /** Grants written in the record, and how many of them were exercised in the last 90 days of event time; null without grants. */
  privileges: { granted: number; exercised: number } | null;
}
export interface SourceReadout {
  source: SourceId; lastReceive: Millis; lastEvent: Millis;
  /** Null for replays, so that a replay never alerts. */
  expectedInterval: Millis | null; skew: Millis;
}

/** Read side of the pipeline, for the metrics sink. Cheap; called before each scrape. */
export interface Readout {
  /** Unique judged events by source, kind and outcome. */
  events(): Iterable<{ source: SourceId; kind: 'nhi' | 'human' | 'platform' | 'unknown'; outcome: 'success' | 'failure' | 'denied'; value: number }>;
  /** How many of them were history when they came: sent as such, more than an hour after they happened. */
  history(): Iterable<{ source: SourceId; value: number }>;
  /** Identities that changed since the last call; everything the first time. */
  takeChanged(): Iterable<IdentityReadout>;
  sources(): Iterable<SourceReadout>;
  /** Identities by coverage state, each state present. */
  coverage(): Iterable<{ state: string; value: number }>;
  /** How often each exception hid a signal, by state at the event's time. */
  exceptionMatches(): Iterable<{ exception: string; state: 'active' | 'expired'; value: number }>;
  /** Scores at which learned findings open: of the fleet, and of owners with a budget of their own. */
  thresholds(): Iterable<{ channel: 'hour' | 'day'; scope: string; value: number }>;
  /** Hours that wait for a verdict before they are learned, and the start of the oldest; `needsVerdict`: time alone does not release them. */
  held(): { count: number; oldest: Millis | null; needsVerdict: number };
  inventory(): Inventory;
  /** Wall clock of the last tick that went the whole way; 0 before the first. */
  heartbeat(): Millis;
}

/** Counts and times of the process itself: start at 0 with it. */
export interface Telemetry {
  rejected(source: SourceId | 'unknown', reason: RejectReason, count: number): void;
  dropped(stage: 'journal' | 'judge' | 'commit' | 'sink', reason: 'error' | 'overflow', count: number): void;
  delay(source: SourceId, seconds: number): void;
  acknowledged(receiver: string, seconds: number): void;
  inspected(detector: DetectorId, seconds: number): void;
  delivered(sink: string, ok: boolean): void;
  reloaded(file: 'config' | 'inventory', ok: boolean, at: Millis): void;
  degraded(value: boolean): void;
}
