import type { NhiEvent } from './event.ts';
import type { RemitPart } from './coverage.ts';
import type { EventRef, Finding, FindingChange, Signal, Verdict } from './finding.ts';
import type { Exception } from './inventory.ts';
import type { Inventory, Remit } from './remit.ts';
import type { RunView } from './runs.ts';
import type { HourScore, Violation } from './score.ts';
import type {
  DataClass, DetectorId, Facet, FindingClass, IdentityClass, Kind, Millis, RejectReason, Severity, SourceId,
} from './words.ts';

/** Interfaces between the parts of the exporter. A part imports these and `lib`, never another part; `app.ts` joins them. */

export type Bytes = Uint8Array;
/** Sequence number of a journal entry: 1, 2, 3 … without reuse. */
export type Position = number;

// ---------------------------------------------------------------- sources

/** What configuration says about the feed a record came by. */
export interface SourceContext {
  feed: string;
  /** Kubernetes: the cluster id, which the events do not carry. */
  cluster: string;
  receivedAt: Millis;
  /** What may be known of the arguments of a tool call, which are never kept themselves; absent: nothing. */
  values?: { of(tool: string, args: unknown): { path: string; hash: number }[] | undefined } | undefined;
}

/** A record the source recognises but cannot use. Thrown by `normalise`, counted by reason, never fatal. */
export class RejectedRecord extends Error {
  readonly reason: RejectReason;
  constructor(reason: RejectReason, detail: string) {
    super(detail);
    this.name = 'RejectedRecord';
    this.reason = reason;
  }
}

/** One provider of records. A folder under `exporter/src/sources` exports one as `source`. */
export interface Source {
  /** Folder name. */
  id: SourceId;
  title: string;
  fills: Facet[];
  /** How late events arrive, at most, in the normal run of things. */
  lateness: Millis;
  /** Silence longer than this is worth a ticket. */
  maxSilence: Millis;
  /** Resolution of the event's time: 1000 for CloudTrail, 1 for Kubernetes (its microseconds are cut). */
  timeResolution: Millis;
  /** JSON paths it reads, for documentation; with `marks`, all that it is given. */
  paths: string[];
  /**
   * Top-level fields of an ordinary record, each a text that is not empty. A line with all of them is read by `paths` alone, several
   * times as fast: then every field that `recognises` and `normalise` look at must be among the paths, absent ones are undefined,
   * and values may be shared between records.
   */
  marks?: string[];
  /** Cheap and total: true for a parsed record of this source, after envelopes are removed. */
  recognises(record: unknown): boolean;
  /** Zero, one or several events; throws `RejectedRecord`. Never keeps a reference to the record. */
  normalise(record: unknown, context: SourceContext): NhiEvent[];
}

// ---------------------------------------------------------------- ways in

export interface Receiver { id: string; start(to: Ingest, signal: AbortSignal): Promise<void> }
export interface IngestHint {
  source?: SourceId; feed?: string; cluster?: string;
  /** Content-Encoding as sent; absent: magic bytes decide. */
  encoding?: string;
  /** Takes history: no age limit. */
  backfill?: boolean;
  receiver: string;
}
export interface Rejection { index: number; reason: RejectReason; detail: string }
/** What became of a body. `rejected` lists at most 100; `rejected_total` is exact. */
export interface Receipt { accepted: number; duplicate: number; start_record: number; rejected: Rejection[]; rejected_total: number }
/** Resolves when everything valid in the body is durable and applied. Throws `Overloaded` or `StoreFailed`. */
export interface Ingest { accept(body: Bytes, hint: IngestHint): Promise<Receipt>; readonly bytesInFlight: number; readonly bytesLimit: number }

export class Overloaded extends Error { readonly retryAfterSeconds = 1; }
export class StoreFailed extends Error {}

// ---------------------------------------------------------------- journal and store

/** Everything that changes state is a journal entry. */
export type EntryBody =
  | { type: 'batch'; receivedAt: Millis; feed: string; backfill: boolean; events: NhiEvent[] }
  | { type: 'tick'; now: Millis; idle: string[] }
  | { type: 'inventory'; now: Millis; imported: Millis; revision: string; files: Record<string, string> }
  | { type: 'verdict'; verdict: Verdict };
export type Entry = { position: Position } & EntryBody;

/** The durable, ordered log of what was accepted; what is applied stays as the archive until the retention time. */
export interface Journal {
  /** Resolves when the entry is on disk. Concurrent calls share one commit. */
  append(entry: EntryBody): Promise<Position>;
  after(position: Position): AsyncIterable<Entry>;
  scan(query: { from: Millis; to: Millis; principalKeys?: string[] }): AsyncIterable<NhiEvent>;
  prune(before: Position): Promise<void>;
  bytes(): Promise<number>;
  close(): Promise<void>;
}

/** Rows to write in one transaction. Keys are chosen by the part that owns the table; values are opaque to the store. */
export interface Cut {
  position: Position;
  puts: { table: string; key: string; value: Bytes }[];
  deletes: { table: string; key: string }[];
  /** Rows whose key sorts before this go. */
  drops: { table: string; before: string }[];
}
/** Rows of one table, in key order. */
export interface RowPage {
  keys: readonly string[];
  /** Value of the row with this index. */
  value(i: number): Bytes;
  /** The same, as UTF-8. */
  text(i: number): string;
}

export interface Store {
  /** Position of the last cut, 0 when new. */
  position(): Promise<Position>;
  /** Rows of one table in key order, some thousand at a time. */
  pages(table: string, range?: { from?: string; to?: string }): AsyncIterable<RowPage>;
  commit(cut: Cut): Promise<void>;
  bytes(): Promise<number>;
  close(): Promise<void>;
}

// ---------------------------------------------------------------- judging

/** The durable identity as detectors may see it. No detector reads the class of an undeclared identity. */
export interface JudgedIdentity {
  urn: string; kind: Kind; class: IdentityClass;
  first: Millis; last: Millis;
  /** Immutable id behind the URN, when known. */
  principalKey: string;
}

/** What a detector may ask while it judges. Pure: the same answers for the same entry, on every replay. */
export interface View {
  identity: JudgedIdentity;
  /** Inventory record as of the event's time, or null: not inventoried. */
  remit: Remit | null;
  /** Of the event's source. */
  timeResolution: Millis;
  /** False while the baseline is still warming or is stale. */
  ready: boolean;
  /** Score at which a calibrated finding opens: s* = log10(168·N/B). */
  threshold: number;
  /** Pointer to an event for evidence, redacted and bounded. */
  ref(event: NhiEvent): EventRef;
  /** The reviewed record that claims one of these names or ids at this time, first hit wins. */
  recordOf(keys: readonly string[], at: Millis): Remit | null;
  /** The data class of a resource by the inventory, or null. */
  dataClass(uid: string): DataClass | null;
}

/**
 * What is remembered of events for a chain detector: one step an event, or one a slot where the detector folds many events into
 * one (a minute of exports). `fact` is the detector's own, plain JSON; steps are in order of `slot`, then of id.
 */
export interface ChainStep<F = unknown> { slot: Millis; id: string; first: Millis; last: Millis; count: number; ref: EventRef; fact: F }
export interface Chain<F = unknown> {
  key: string; steps: readonly ChainStep<F>[];
  /** Steps that the cap has pushed out: the oldest. */
  dropped: number;
  /** Event time up to which steps have gone, by age or by the cap; 0 or absent while none has. */
  lostUntil?: Millis;
  /** A member names a parent span that never came, or the emitter says that it samples. */
  incomplete: boolean;
  /** False: members may still be on their way (`settles`), and only what none of them can undo is wanted. */
  settled?: boolean;
}
/** What an event adds to a chain. Steps of the same `slot` and `id` are merged. `fact` is null for a detector that has `add`. */
export interface ChainMember<F = unknown> { key: string; slot: Millis; id: string; fact: F; incomplete?: boolean }

export interface Framework { name: 'MITRE ATT&CK' | 'OWASP NHI' | 'NIST CSF' | 'NIST SP 800-207'; version: string; id: string; title: string }

interface DetectorBase {
  /** Folder name. */
  id: DetectorId;
  /** What is wrong, in the words of a person: `Machine identity worked outside its schedule`. */
  title: string;
  class: FindingClass;
  /**
   * The most a finding of it may be. `critical` only reaches a person through the paging rules: a reviewed record with an
   * owner, and `certain` or the owner's `enforce` or the calibrated threshold.
   */
  severity: Severity;
  /** Pages for every reviewed, owned record, without `enforce`. */
  certain: boolean;
  frameworks: Framework[];
  needs: Facet[];
  /** Parts of the record it judges by: without any of them it is silent. Absent: it needs no record. */
  judges?: RemitPart[];
  /** The alert's sentence. `$labels` of the alert may be used as `{identity}` and `{owner}`. */
  summary: string;
  /** What the person woken does first. */
  firstAction: string;
  /** What is said instead where a finding is about the whole fleet, as literal texts; a detector that raises such findings has it. */
  fleet?: { title: string; summary: string; firstAction: string };
  /** Things that look like it and are harmless. */
  benign: string[];
  /** Open findings are resolved after this long without a further event (event time). */
  quietFor: Millis;
}
export type Detector = DetectorBase & (
  | { on: 'event'; inspect(event: NhiEvent, view: View): Signal[] }
  | ChainJudge
  | { on: 'hour'; inspect(hour: HourView, view: View): Signal[] }
  | {
    on: 'run'; inspect(run: RunView, view: View): Signal[];
    /** What the identity-hour says of the same thing, for identities that have no runs. */
    hour?(hour: HourView, view: View): Signal[];
  }
  | {
    on: 'tick';
    /** It speaks of what happened, not of a state: what is not said any more is not withdrawn, it falls quiet. */
    stays?: boolean;
    /** It speaks of a state that was so while it was said: what is not said any more is over (resolved), not wrong (withdrawn). */
    passes?: boolean;
    inspect(state: FleetView): Steps<(Signal & { urn: string })[]>;
  });

/** Long work in steps: whoever runs it may give the loop back between two of them. What it returns is the result. */
export type Steps<T> = Generator<void, T, void>;

/**
 * Judges a group of events as a whole, anew whenever it gets a member, however late: a signal that a fuller group no longer raises
 * is withdrawn. `of` says which groups of this identity an event belongs to (none for most events, so it must be cheap) and what
 * to remember of it; it is asked for the identity that acted, and for the one a credential was issued to or taken from
 * (`role`). `merge` folds a fact into one of the same slot, in any order with the same result. A detector that takes most events has
 * `add` instead, so that only what is new costs anything.
 */
export interface ChainJudge<F = any> { // eslint-disable-line @typescript-eslint/no-explicit-any -- the fact is the detector's own
  on: 'chain';
  /** Steps are forgotten this long after their event time. */
  keeps: Millis;
  /** Steps that lie further than this before the newest event of their chain say nothing any more; `keeps` when absent. */
  spans?(key: string): Millis;
  /** Most steps of one chain. */
  cap: number;
  /** Asked for identities without a record as well. */
  unrecorded?: boolean;
  /** Whether steps can say anything at all, asked before they are looked at closely; always when absent. */
  tells?(steps: readonly ChainStep<F>[]): boolean;
  /**
   * How long members of a live group may be on their way, since they come out of order; none: they are not waited for. Until then
   * `inspect` is asked with `settled: false`, and nothing new is opened but what it says then.
   */
  settles?(key: string): Millis;
  of(event: NhiEvent, view: View, role: 'actor' | 'subject'): ChainMember<F>[];
  merge?(into: F, from: F): F;
  /** Writes what an event adds into the fact of its step (`id`), or makes the first one; in any order with the same result. */
  add?(into: F | null, id: string, event: NhiEvent, view: View): F;
  inspect(chain: Chain<F>, view: View): Signal[];
}

/** One identity-hour, open or closing. */
export interface HourView {
  /** Start of the UTC hour. */
  start: Millis;
  closing: boolean;
  events: number;
  denied: number;
  /** Times of its earliest and its latest event so far. */
  first: Millis;
  last: Millis;
  /** Sensitive categories seen, with the number of events, how many of them the reviewed record does not approve, how many were refused or failed, of all and of those (absent: none), and the first few as evidence. */
  categories: ReadonlyMap<string, { count: number; unapproved: number; vain?: number; unapprovedVain?: number; first: Millis; last: Millis; evidence: readonly EventRef[] }>;
  /** What the learned habits say of this hour together; null where nothing can be said. */
  score: HourScore | null;
  /** Events that left the remit without an exception, by way; null where none did. */
  violations: Partial<Record<Violation, number>> | null;
  /** Score at which what was moved in 24 hours is a ticket. */
  dayThreshold: number;
  /** Events a day against the reference its owner approved; only at the close, null without a reference. */
  level: { ratio: number; drifted: boolean; approved: Millis } | null;
  /** The first few events of the hour, whatever they are, in time order. */
  evidence?: readonly EventRef[];
  /** What hours before say of its pauses: since when nothing succeeded (null: never did), the longest pause before that, and what was refused since. */
  silence?: { since: Millis | null; longest: Millis; refused: number };
}

/** What tick detectors see: the fleet, never the clock. */
export interface FleetView {
  now: Millis;
  inventory: Inventory;
  /** Visits the judged identities seen so far, some in a step; people and platforms are left out. */
  each(visit: (identity: WatchedIdentity) => void): Steps<void>;
  /** Exceptions that ended and would still have hidden something since: how often, when last, and for whom. */
  reliedOn(): Iterable<{ exception: Exception; urn: string; count: number; first: Millis; last: Millis }>;
}

/** One identity as a look at the fleet sees it. What is asked of it is found then: a copy by `...` has nothing. */
export interface WatchedIdentity extends JudgedIdentity {
  inventoried: boolean; sensitive: boolean; events: number; evidence: readonly EventRef[];
  /** The reviewed record in force now. */
  remit: Remit | null;
  /** Event time up to which all its feeds have come; -Infinity while one of them is silent, so that nothing follows from absence. */
  complete: Millis;
  /** The URN whose name it carries under a later immutable id, or null. */
  recreatedFrom: string | null;
  /** Since when the schedule of its record stands as it is written now; -Infinity when it always did. */
  scheduledSince: Millis;
  /** Whether anything was done or tried in [`from`, `to`), to the minute; null where nothing is remembered of that time. */
  active(from: Millis, to: Millis): boolean | null;
}

// ---------------------------------------------------------------- sinks

/** Takes changes at least once; tells repeats by finding id and revision. */
export interface Sink { id: string; accept(changes: readonly FindingChange[], signal: AbortSignal): Promise<void> }

export type { Finding };
