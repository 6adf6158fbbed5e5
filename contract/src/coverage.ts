import type { DetectorId, IdentityClass, Kind, Millis, SourceId } from './words.ts';

/**
 * Parts of an inventory record that detectors judge by. `record` is any reviewed record; `kind` a kind of machine; `end_of_life` a date of the end
 * of the identity or of a credential, or the status decommissioned; `imports` when fields were imported or reviewed.
 */
export const REMIT_PARTS = [
  'record', 'kind', 'schedule', 'actions', 'tools', 'resources', 'data_classes_allowed', 'environments_allowed', 'sequences', 'forbidden_transitions',
  'max_volume', 'granted', 'rotation', 'rotation_interval', 'end_of_life', 'imports',
] as const;
export type RemitPart = (typeof REMIT_PARTS)[number];

/** Whether a detector can speak of an identity: wholly, only of part of what it does, or not. */
export const COVERAGE_STATES = ['judged', 'partly', 'not_judged'] as const;
export type CoverageState = (typeof COVERAGE_STATES)[number];

/** Why a detector cannot judge an identity, or not wholly. A closed list. */
export const COVERAGE_CODES = [
  'never_seen', 'platform', 'person', 'no_record', 'record_proposed', 'not_declared', 'source_lacks', 'source_silent', 'warming', 'ambiguous_alias',
  'sampled', 'end_undated', 'declared_in_part',
] as const;
export type CoverageCode = (typeof COVERAGE_CODES)[number];

/** One reason: a code for machines, a sentence without a full stop for people, and what is missing where something is. */
export interface CoverageReason { code: CoverageCode; text: string; missing?: string[] }
/** What a detector can judge of what one source tells. */
export interface SourceCoverage { source: SourceId; state: CoverageState; reasons: CoverageReason[] }
/** What a detector can judge of an identity: the best of its sources, and each. Without a source, `reasons` alone. */
export interface DetectorCoverage { detector: DetectorId; state: CoverageState; reasons: CoverageReason[]; sources: SourceCoverage[] }

/** What can be judged of one identity, by detector and source, and what cannot, and why. */
export interface IdentityCoverage {
  identity: string; class: IdentityClass; kind: Kind; owner: string | null;
  /** Where its record is written, or null. */
  record: string | null;
  sources: { source: SourceId; silent: boolean }[];
  /** Whether a finding of it can wake somebody, and if not, why. */
  may_page: boolean; may_page_text: string;
  counts: Record<CoverageState, number>;
  detectors: DetectorCoverage[];
}

/** How many identities a detector can judge, and why not the others; an identity may have several reasons. */
export interface DetectorSummary { detector: DetectorId; identities: Record<CoverageState, number>; reasons: Partial<Record<CoverageCode, number>> }
/** What can be judged of the fleet: of identities seen, and of those that only the inventory knows. People and platforms are left out. */
export interface FleetCoverage {
  /** When it was counted: the clock of the last entry. */
  at: Millis; identities: number;
  /** As the metric `nhi_identities` has them; states overlap. */
  states: Record<string, number>;
  sources: { source: SourceId; silent: boolean; identities: number; lacks: { detector: DetectorId; missing: string[] }[] }[];
  detectors: DetectorSummary[];
}
