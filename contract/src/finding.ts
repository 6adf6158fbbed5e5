import type { Channel, HabitText } from './score.ts';
import type { Category, DetectorId, FindingClass, FindingState, IdentityClass, Kind, Millis, Severity, SourceId } from './words.ts';

/** A pointer to an event with just enough of it to show why. Redacted at the door: no body, no argument, no secret. */
export interface EventRef {
  uid: string;
  time: Millis;
  source: SourceId;
  /** Of the provider, where the event names one. */
  service?: string;
  operation: string;
  category: Category;
  /** The target, at most 256 characters. */
  resource?: string;
  outcome: 'success' | 'failure' | 'denied';
  credential?: string;
  network?: string;
}

/** Why a signal was raised. Each text is a phrase without a full stop, at most 300 characters. */
export interface Reason {
  /** What the remit or the baseline led one to expect: `to start inside 02:00–03:00 Europe/Berlin`. */
  expected: string;
  /** What happened instead: `k8s:get:core/secrets 4 h 12 min after the last window`. */
  observed: string;
}

/** What a score is made of: numbers that a person can check. `since`: what was learned begins there. */
export interface Deviation {
  channel: Channel; score: number; threshold: number; since: Millis | null;
  /** The strongest first, at most 5. `calibrated`: −log10 of the share of the fleet's identity-hours that look at least this odd. */
  parts: { habit: string; channel: Channel; calibrated: number; observed: number; expected: number; text: HabitText }[];
}

/** What a detector returns: this departs from the remit or the baseline, and why. */
export interface Signal {
  /** The span of time or the chain that one finding covers, for example `2026-11-22T14` or a window's start. */
  bucket: string;
  /** What the finding is about inside the identity: an action, a credential, a category. At most 256 characters. */
  subject: string;
  reason: Reason;
  evidence: EventRef[];
  at: Millis;
  /** Unique events behind it, and the time of the first, where a signal speaks for more than the event at `at`. */
  count?: number;
  first?: Millis;
  /** Lowers the manifest's severity, never raises it: a denied attempt on a decommissioned path is a ticket. */
  severity?: Severity;
  /** Said anew under this name, it replaces what was said before, whichever hour it is said of: a finding that lasts for months stays small. */
  part?: string;
  /** −log10 p, where a detector has one. */
  score?: number;
  /** What the score is made of. */
  deviation?: Deviation;
  /** Overrides the manifest's: pages for every reviewed, owned record, without `enforce`. */
  certain?: boolean;
  /** What the signal is about, for the scope of exceptions, where no single event stands for it. */
  scope?: { actions?: string[]; resources?: string[]; tools?: string[] };
}

/** A record: an identity left its remit or its baseline, with evidence, owner and state. */
export interface Finding {
  /** 32 hex digits: SHA-256 of identity, detector, subject and bucket. */
  id: string;
  /** Rises by one with every change, so that sinks can tell repeats. */
  revision: number;
  identity: string;
  kind: Kind;
  class: FindingClass;
  detector: DetectorId;
  subject: string;
  bucket: string;
  state: FindingState;
  severity: Severity;
  /** Team of the inventory, or null: not inventoried, or nobody owns it. */
  owner: string | null;
  purpose: string | null;
  /** One sentence, expected against observed. */
  reason: string;
  expected: string;
  observed: string;
  /** Event times. */
  first: Millis;
  last: Millis;
  /** Unique events that belong to it. */
  count: number;
  /** The earliest and the latest few, in time order; at most 10. */
  evidence: EventRef[];
  /** Other detectors that spoke about the same events and gave way. */
  also: DetectorId[];
  /** Of an open hour: confirmed or withdrawn at its close. */
  provisional: boolean;
  /** Id of the exception that silences it. */
  exception?: string;
  score?: number;
  /** What the score of its latest hour is made of, where it was learned. */
  deviation?: Deviation;
  /** How its state changed since it was opened, oldest first; at most 50 steps, those of people longest. Outside the state digest. */
  history?: FindingStep[];
  /** Wall-clock times of this installation, outside the state digest. */
  opened_at: Millis;
  updated_at: Millis;
  closed_at?: Millis;
}

/** One change of a finding's state, or a further word on the state it has (`from` and `to` alike). Text of people: data, never markup. */
export interface FindingStep {
  /** Wall clock; of the journal in a replay. */
  at: Millis;
  /** Name of the write token; null: by rule (an event, an exception, quiet, the close of its hour). */
  by: string | null;
  /** Who the client said was asking; nobody checked it. */
  claimed_user?: string;
  from: FindingState;
  to: FindingState;
  note?: string;
}

/**
 * One step in a finding's life. `page` is true when a critical episode begins: the first critical finding of this identity and
 * detector for 24 hours, or a severity that rises to critical. `resolved` covers every way to close; the finding's state says which.
 */
export interface FindingChange { finding: Finding; change: 'opened' | 'updated' | 'resolved' | 'reopened' | 'silenced'; page: boolean }

/** A person's word on a finding. `by` is the name of the token that it came with; `open` takes an earlier word back, or opens it again. */
export interface Verdict { finding: string; state: 'acknowledged' | 'benign' | 'bad' | 'open'; by: string; claimed_user?: string; note?: string; at: Millis }

/** One identity as the API and `replay --json` show it. */
export interface IdentitySummary {
  urn: string; kind: Kind; class: IdentityClass; events: number;
  /** Event times. */
  first: Millis; last: Millis;
  owner: string | null; purpose: string | null; environment: string | null; lifecycle: string; inventoried: boolean;
  open_findings: number; aliases: string[];
  /** What its proposed record would have found, had it been approved; empty without a proposal. */
  shadow: { detector: DetectorId; count: number; first: Millis; last: Millis; reason: string }[];
}
