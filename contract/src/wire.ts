import { z } from 'zod';
import { FINDING_STATES, SEVERITIES, FINDING_CLASSES } from './words.ts';
import type { Finding, IdentitySummary } from './finding.ts';
import type { Owner } from './inventory.ts';
import type { Framework } from './parts.ts';
import type { NhiEvent } from './event.ts';
import type { FindingState, Millis } from './words.ts';

/** What a client of the HTTP API may see and send. The Grafana plugin imports only this file and the words. */

/** Kinds of `POST /api/v1/query`. */
export const QUERY_KINDS = [
  'findings', 'events', 'identities', 'baseline', 'deviations', 'graph', 'chain', 'coverage', 'explain', 'privileges',
] as const;
export const queryKindSchema = z.enum(QUERY_KINDS);
export type QueryKind = z.infer<typeof queryKindSchema>;

const list = <T extends z.ZodType>(item: T) =>
  z.union([item, z.array(item).max(100)]).transform((v) => (Array.isArray(v) ? v : [v]) as z.infer<T>[]).optional();
const limit = z.coerce.number().int().min(1).max(10_000);
const instant = z.union([z.coerce.number().int(), z.iso.datetime({ offset: true }).transform((s) => Date.parse(s))]);

/** Query string of `GET /api/v1/findings`. Repeat a key for several values. Unknown keys are refused. */
export const findingsFilterSchema = z.strictObject({
  state: list(z.enum(FINDING_STATES)), severity: list(z.enum(SEVERITIES)), class: list(z.enum(FINDING_CLASSES)),
  detector: list(z.string().max(64)), owner: list(z.string().max(64)), identity: list(z.string().max(512)),
  from: instant.optional(), to: instant.optional(), limit: limit.default(1000), cursor: z.string().max(256).optional(),
});
export type FindingsFilter = z.infer<typeof findingsFilterSchema>;

/** How findings are written: our own, or OCSF Detection Findings. */
const format = z.enum(['remit', 'ocsf']).default('remit');
/** Query string of `GET /api/v1/findings`, with the format of its items, and of `GET /api/v1/findings/<id>`. */
export const findingsQuerySchema = findingsFilterSchema.extend({ format });
export const findingQuerySchema = z.strictObject({ format });

/** The states that a person may give a finding. */
export const VERDICT_STATES = ['acknowledged', 'benign', 'bad', 'open'] as const;
export type VerdictState = (typeof VERDICT_STATES)[number];

/** What may be said of a finding in a state. A silenced one opens when its exception ends, a withdrawn one was none. */
const MAY_BECOME: Record<FindingState, readonly VerdictState[]> = {
  open: ['open', 'acknowledged', 'benign', 'bad'], acknowledged: ['open', 'acknowledged', 'benign', 'bad'],
  resolved: ['open', 'benign', 'bad'], benign: ['open', 'benign', 'bad'], bad: ['open', 'benign', 'bad'],
  silenced: ['benign', 'bad'], withdrawn: [],
};

/** Whether a person may give a finding in this state that word. */
export function mayBecome(from: FindingState, to: VerdictState): boolean {
  return MAY_BECOME[from].includes(to);
}

/** Body of `POST /api/v1/findings/<id>/verdict`. Unknown keys are refused. */
export const verdictRequestSchema = z.strictObject({
  state: z.enum(VERDICT_STATES), note: z.string().max(2000).optional(), claimed_user: z.string().min(1).max(128).optional(),
});
export type VerdictRequest = z.infer<typeof verdictRequestSchema>;

/** One thing that is not as it was at an earlier finding. Null where one of the two has nothing of the kind. */
export interface Difference { what: string; before: string | null; now: string | null }

/** The latest earlier finding of the same identity and detector, and what differs since. */
export interface SinceLast {
  finding: string; first: Millis; last: Millis; state: Finding['state']; count: number;
  /** Between its last event and the first of this one; 0 when they overlap. */
  pause: Millis; differs: Difference[];
}

/** A finding with what a person needs to act on it, as `GET /api/v1/findings/<id>` answers. */
export interface FindingDetail extends Finding {
  title: string;
  /** Null where this version has no such detector. */
  guidance: { first_action: string; benign: string[]; frameworks: Framework[]; /** Path on this service. */ runbook: string | null } | null;
  /** Whom to ask and whom to wake, by the inventory of now. */
  contact: { team: string; contact: string | null; escalation: string | null } | null;
  /** Null at the first time, as far as is remembered (30 days). */
  since_last: SinceLast | null;
}

/** Query string of `GET /api/v1/identities`. */
export const identitiesFilterSchema = z.strictObject({
  identity: list(z.string().max(512)), owner: list(z.string().max(64)), class: list(z.string().max(16)), kind: list(z.string().max(32)),
  inventoried: z.enum(['true', 'false']).optional(), limit: limit.default(1000), cursor: z.string().max(512).optional(),
});
export type IdentitiesFilter = z.infer<typeof identitiesFilterSchema>;

/** Query string of `GET /api/v1/events`. Newest last; bounded in time and count. */
export const eventsFilterSchema = z.strictObject({
  identity: list(z.string().max(512)), from: instant.optional(), to: instant.optional(), limit: limit.default(500),
});
export type EventsFilter = z.infer<typeof eventsFilterSchema>;

export interface Page<T> { items: T[]; /** Pass as `cursor` for the next page; null at the end. */ cursor: string | null; total: number }

/** What the status page and `GET /api/v1/status` say. */
export interface StatusReport {
  version: string; ready: boolean; since: Millis; now: Millis; demo: boolean;
  sources: { source: string; events: number; lastReceive: Millis; lastEvent: Millis; silent: boolean }[];
  rejected: { source: string; reason: string; value: number }[];
  coverage: Record<string, number>;
  identities: { total: number; machine: number; human: number; platform: number; unknown: number };
  findings: { open: number; bySeverity: Record<string, number>; total: number };
  inventory: { revision: string; records: number; owners: number; problems: { file: string; line: number; column: number; message: string; hint?: string }[] };
  store: { journalBytes: number; stateBytes: number; position: number; applied: number };
}

/** Read side of the service, for the API and the status page. */
export interface Reader {
  findings(filter: FindingsFilter): Page<Finding>;
  finding(id: string): Finding | null;
  /** The latest finding of the same identity and detector that began before this one and was not withdrawn. */
  previous(finding: Finding): Finding | null;
  /** The team of the inventory now in force, or null. */
  owner(team: string): Owner | null;
  identities(filter: IdentitiesFilter): Page<IdentitySummary>;
  /** From the archive; stops at the filter's limit. `truncated` when more matched. */
  events(filter: EventsFilter): Promise<{ items: NhiEvent[]; truncated: boolean }>;
  status(): Promise<StatusReport>;
}
