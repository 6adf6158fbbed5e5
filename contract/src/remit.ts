import type { NhiEvent } from './event.ts';
import type { Signal } from './finding.ts';
import type { Exception, IdentityRecord, Owner } from './inventory.ts';
import type { DataClass, DetectorId, Lifecycle, Millis, RotationMethod } from './words.ts';

/** The inventory as detectors ask it: compiled records, as of an event's time. */

export interface WindowHit { start: Millis; end: Millis; cron: string; timezone: string }
/** A declared window as a run of work: `opens` is its start less the grace before it, `over` its end with the grace after it and the time for retries. */
export interface ExpectedRun extends WindowHit { opens: Millis; over: Millis }
/** How an instant lies against the declared schedule. `missedBy` ≥ 0, to the nearest edge of the nearest window. */
export type ScheduleVerdict =
  | { state: 'undeclared' | 'always' }
  | { state: 'inside'; window: WindowHit }
  | { state: 'blackout'; from: Millis; to: Millis; reason: string | null }
  | { state: 'outside'; nearest: WindowHit | null; side: 'before' | 'after'; missedBy: Millis };

/** A tool call as the remit sees it. */
export interface ToolCall { name: string; server: string | undefined }
/**
 * What the inventory says of a tool. `category` comes from the record's `tools[]`, else from the catalogue, else it is `write`, so
 * that an unknown tool counts as one that changes things; `writes` is false only for tools known to read. `verdict` is `undeclared`
 * when the record has no `tools[]`.
 */
export interface ToolFacts { category: string; writes: boolean; known: boolean; verdict: 'allowed' | 'denied' | 'approval' | 'outside' | 'undeclared' }

/** One step of an approved sequence, or one side of a forbidden transition: a category, or a pattern over tool names. */
export interface SequenceStep { text: string; min: number; max: number; matches(call: ToolCall & { category: string }): boolean }
/**
 * Steps that must follow one another. `strict`: nothing else may happen in between; otherwise reads that are no step may. `maxGap`:
 * the longest time from the end of one step to the start of the next.
 */
export interface Sequence { name: string; steps: readonly SequenceStep[]; strict: boolean; maxGap: Millis | null }
export interface ForbiddenTransition { text: string; from: SequenceStep; to: SequenceStep }

/** A maximum over any period of this length, in event time; what is null is not limited. */
export interface VolumeLimit { bytes: number | null; rows: number | null; objects: number | null; per: Millis; text: string }

/** When, how and by whom the credentials of an identity are renewed. */
export interface Rotation {
  /** `overlap`: where it is not written, the interval, at most 7 days; null without an interval, and for controllers. */
  interval: Millis | null; grace: Millis; overlap: Millis | null; method: RotationMethod | null;
  /** `undeclared` when the rotation has no window. */
  window(at: Millis, resolution: Millis): ScheduleVerdict;
  /** Whether this name of a secret or credential is covered; true for all when no names are declared. */
  covers(name: string): boolean;
  /** `undeclared` when no rotators are listed. */
  rotator(urn: string): 'allowed' | 'outside' | 'undeclared';
}

/** What a purpose narrows: where it is silent on a list, the record's list holds. */
export interface PurposeRemit {
  id: string; action(permission: string): 'allowed' | 'outside' | 'undeclared';
  tool(call: ToolCall): ToolFacts; sequences: readonly Sequence[];
  /** Whether a list of tools of its own approves this one. */
  approves(call: ToolCall): boolean;
  /** Approved for this purpose, those of the record included. */
  arguments: readonly ApprovedArgument[];
}

/**
 * Values that calls may pass: those of the tools and paths that fit. Values as they are compared: lower case, trimmed, 80 characters.
 * `closes`: whether another value there is outside: at the path that the list names, inside it, and wherever what was passed at that path cannot be
 * told from the rest (a text where an object should be, values too many to be told apart). A list for any path closes nothing and only approves.
 */
export interface ApprovedArgument { fits(call: ToolCall, path: string): boolean; values: readonly string[]; closes(call: ToolCall, path: string): boolean }

/** A compiled inventory record: the remit of one identity, asked in the words detectors use. Immutable. */
export interface Remit {
  record: IdentityRecord;
  owner: Owner | null;
  /** Whether the owner is one of the inventory's owners: nobody is told otherwise. */
  owned: boolean;
  /** Where it is written: `payments.yml:14`. */
  where: string;
  /** False while proposed: judged in shadow, never pages. */
  reviewed: boolean;
  /** It is reviewed and declares something that an event could violate. */
  declares: boolean;
  lifecycle: Lifecycle;
  /** End of life plus grace, or null while it may live. Credentials may end earlier than the identity. */
  endOfLife(credentialUid?: string): { at: Millis; declared: boolean } | null;
  /** `at` is the start of the work; `resolution` widens the window by the source's time resolution. */
  schedule(at: Millis, resolution: Millis): ScheduleVerdict;
  /** Seen, sensitive and not decided yet (`review_required`): a person still has to say whether it belongs. Ignores case. */
  awaitsReview(permission: string): boolean;
  /**
   * The declared windows that no blackout touches and that came to be over in (`from`, `to`], latest first, at most `most`: when work was
   * expected. Empty without a schedule of windows, and for what is always on.
   */
  expectedRuns(from: Millis, to: Millis, most: number): readonly ExpectedRun[];
  /** Account, cluster, project and region of the event against `environments_allowed`. */
  environment(event: NhiEvent): 'allowed' | 'outside' | 'undeclared';
  /** Which of the places that the event names are not approved: those of a sort that the list does not speak of are left out. */
  foreignPlaces(event: NhiEvent): readonly ('account' | 'cluster' | 'region')[];
  /** `undeclared` when the list is empty. Ignores case. */
  action(permission: string): 'allowed' | 'outside' | 'undeclared';
  resource(uid: string): 'allowed' | 'outside' | 'undeclared';
  network(event: NhiEvent): 'allowed' | 'outside' | 'undeclared';
  /** True when the record or the inventory's data classes mark the target as restricted. */
  restricted(uid: string): boolean;
  tool(call: ToolCall): ToolFacts;
  /** Values that calls may pass for any purpose. */
  arguments: readonly ApprovedArgument[];
  /** Approved sequences; empty when none are declared. */
  sequences: readonly Sequence[];
  forbidden: readonly ForbiddenTransition[];
  /** The narrower remit of a task or purpose; null when the record has no such purpose. */
  purpose(id: string): PurposeRemit | null;
  limits: readonly VolumeLimit[];
  /** Of one credential, else of the identity; null when nothing is declared. */
  rotation(credentialUid?: string): Rotation | null;
  /** `undeclared` when `granted[]` is empty. */
  granted(permission: string): 'granted' | 'ungranted' | 'undeclared';
  /** Places in `record.granted` of the grants that cover the permission. Ignores case. */
  grantsOf(permission: string): readonly number[];
  /** Whether data of this class is part of the purpose; `undeclared` when `data_classes_allowed` is empty. */
  dataClass(name: DataClass): 'allowed' | 'outside' | 'undeclared';
}

/** The inventory of one moment. Immutable; a reload makes a new one. */
export interface Inventory {
  /** Hash of the files' contents. */
  revision: string;
  /** Own rows, in the order in which they get series: criticality, then URN. */
  records(): readonly Remit[];
  owners(): readonly Owner[];
  /** The record for one of these names or ids at this time, first hit wins; `ambiguous` when several claim it. */
  match(keys: readonly string[], at: Millis): { remit: Remit; ambiguous: boolean } | null;
  /** The record that names a credential, by its id, as an alias: it is an identity of its own, whosever the credential is. */
  ofCredential(uid: string, at: Millis): { remit: Remit; ambiguous: boolean } | null;
  /** The exception in force for this signal at the event's time, or null. Without an event the signal's own scope is compared. */
  /** The exception that ended, however long ago, and would otherwise cover this signal. */
  expired(urn: string, remit: Remit | null, detector: DetectorId, event: NhiEvent | null, at: Millis, scope?: Signal['scope']): Exception | null;
  exception(urn: string, remit: Remit | null, detector: DetectorId, event: NhiEvent | null, at: Millis, scope?: Signal['scope']): Exception | null;
  /** The data class of a resource by the inventory, or null. */
  dataClass(uid: string): DataClass | null;
  /** What the catalogue says of a tool, whoever calls it. */
  tool(call: ToolCall): ToolFacts;
  /** Names that several records claim at this time, with the records, for the operator to settle. */
  ambiguities(at: Millis): readonly { name: string; urns: readonly string[] }[];
  exceptions(): readonly { exception: Exception; identity: string | null; where: string }[];
}

/**
 * What is wrong with an inventory or configuration file: what, where and what to do. An error keeps the file out of force, a
 * warning does not. Line and column count from 1.
 */
export interface Problem {
  file: string; line: number; column: number; severity: 'error' | 'warning'; message: string; hint?: string;
}
