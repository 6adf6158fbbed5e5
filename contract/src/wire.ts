import { z } from 'zod';
import { FINDING_STATES, SEVERITIES, FINDING_CLASSES } from './words.ts';
import { PATTERN_MOST, VALUE_MOST } from './query-keys.ts';
import type { FleetCoverage, IdentityCoverage } from './coverage.ts';
import type { Finding, IdentitySummary } from './finding.ts';
import type { Owner } from './inventory.ts';
import type { Framework } from './parts.ts';
import type { NhiEvent } from './event.ts';
import type { FindingState, Millis } from './words.ts';
import type { Problem } from './remit.ts';

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

/** Where the next page begins, as the page before said it: the place of its last item in the order of the list. */
const cursor = (id: RegExp, max: number) => z.string().max(max).regex(new RegExp(`^-?\\d{1,17}:-?\\d{1,17}:${id.source}$`), 'not a cursor of this list; leave it out to begin anew').optional();

/** Query string of `GET /api/v1/findings`. Repeat a key for several values. Unknown keys are refused. */
export const findingsFilterSchema = z.strictObject({
  state: list(z.enum(FINDING_STATES)), severity: list(z.enum(SEVERITIES)), class: list(z.enum(FINDING_CLASSES)),
  detector: list(z.string().max(64)), owner: list(z.string().max(64)), identity: list(z.string().max(512)),
  from: instant.optional(), to: instant.optional(), limit: limit.default(1000), cursor: cursor(/[0-9a-f]{32}/, 80),
});
export type FindingsFilter = z.infer<typeof findingsFilterSchema>;

/** How findings are written: our own, or OCSF Detection Findings. */
const format = z.enum(['remit', 'ocsf']).default('remit');
/** Query string of `GET /api/v1/findings`, with the format of its items, and of `GET /api/v1/findings/<id>`. */
export const findingsQuerySchema = findingsFilterSchema.extend({ format });
export const findingQuerySchema = z.strictObject({ format });

/** Query string of `GET /api/v1/episodes`. */
export const episodesFilterSchema = findingsFilterSchema.omit({ cursor: true });

/**
 * Findings of one identity and detector of which each begins while an earlier one is open, or within 24 hours of its close: what pages once. `id` is that of the first; `ids` and
 * `subjects` name at most 20; severity is that of the worst, reason and owner are those of the latest.
 */
export interface Episode extends Pick<Finding, 'id' | 'identity' | 'detector' | 'owner' | 'state' | 'severity' | 'first' | 'last' | 'reason'> {
  /** Findings of it, those of them that are open, and unique events. */
  findings: number; open: number; events: number;
  subjects: string[]; ids: string[];
}

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
  inventoried: z.enum(['true', 'false']).optional(), limit: limit.default(1000), cursor: cursor(/\S+/, 560),
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
  inventory: { revision: string; records: number; owners: number; problems: Problem[] };
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
  /** What can be judged of the fleet. Counted anew at most every 15 s. */
  coverage(): FleetCoverage;
  /** What can be judged of each identity, those that only the inventory knows included, in order of URN. */
  identityCoverage(filter: IdentitiesFilter): Page<IdentityCoverage>;
}

// ---------------------------------------------------------------- queries: what Grafana asks

/** How a filter compares. `=|` and `!=|`, as Grafana writes them, are `in` and `not in`. */
export const FILTER_OPS = ['=', '!=', '=~', '!~', 'in', 'not in', '<', '>', '<=', '>='] as const;
export type FilterOp = (typeof FILTER_OPS)[number];
const op = z.enum([...FILTER_OPS, '=|', '!=|']).transform((v): FilterOp => (v === '=|' ? 'in' : v === '!=|' ? 'not in' : v));
const one = z.union([z.string().max(VALUE_MOST, `a value has at most ${VALUE_MOST} characters; =~ "its beginning.*" finds what is longer`), z.number(), z.boolean()]).transform(String);

/** One condition on one key. Several values of `=` mean any of them, of `!=` none of them; a missing value is the empty text. */
export const queryFilterSchema = z.strictObject({
  key: z.string().min(1).max(64), op: op.default('='), values: z.union([one, z.array(one).max(100, 'at most 100 values')]).transform((v) => (Array.isArray(v) ? v : [v])),
}).refine(({ op: how, values }) => (how !== '=~' && how !== '!~') || values.every((each) => each.length <= PATTERN_MOST), `a regular expression has at most ${PATTERN_MOST} characters`);
export type QueryFilter = z.infer<typeof queryFilterSchema>;

/** Shapes in which a kind answers; the first is the default, and a kind that is not listed has only one. */
export const QUERY_FORMATS = {
  findings: ['table', 'logs', 'annotations', 'volume'], events: ['logs', 'table', 'volume'], identities: ['table', 'exceptions'], baseline: ['series'], deviations: ['series'],
  graph: ['access', 'chain'], chain: ['steps', 'trace', 'states', 'list'], coverage: ['table'], explain: ['frames'], privileges: ['table'],
} as const satisfies Record<QueryKind, readonly string[]>;

const time = z.union([z.int(), z.string().regex(/^\d{1,16}$/).transform(Number), z.iso.datetime({ offset: true }).transform((s) => Date.parse(s))])
  .refine((t) => Math.abs(t) <= 8.64e15, 'a time in milliseconds');

/** One query of `POST /api/v1/query`. Absent times: the last 24 hours. Unknown keys are refused. */
export const querySchema = z.strictObject({
  refId: z.string().min(1).max(64), kind: queryKindSchema, from: time.nullish(), to: time.nullish(), filters: z.array(queryFilterSchema).max(32).default([]),
  limit: z.int().min(1).max(10_000).nullish(), cursor: z.string().max(512).nullish(), format: z.string().max(32).nullish(),
  order: z.enum(['newest', 'oldest']).default('newest'), step: z.int().min(1000).max(31 * 86_400_000).nullish(),
  /** Id of a finding, as the link of an exemplar carries it; a leading word such as the type of the query is not part of it. */
  query: z.string().max(512).nullish(), queryType: z.string().max(64).nullish(),
});
export type Query = z.infer<typeof querySchema>;

/** Body of `POST /api/v1/query`. What is wrong with one query is that query's error, so they are read one by one. */
export const queryRequestSchema = z.strictObject({
  queries: z.array(z.looseObject({ refId: z.string().min(1).max(64) })).min(1).max(26),
});

/** A column of a frame, as Grafana's data frames have it. Never a link: those are made by whoever shows it. */
export interface FrameField {
  name: string; type: 'time' | 'number' | 'string' | 'boolean' | 'other'; typeInfo: { frame: string; nullable: boolean };
  labels?: Record<string, string>; config?: { displayName?: string; description?: string; unit?: string; min?: number; max?: number; interval?: number };
}
/** What the first frame of an answer says of the whole. `total` is null where nobody counted. */
export interface FrameCustom {
  kind: QueryKind; format: string; cursor: string | null; limit: number; partial: boolean; total: number | null; from: Millis; to: Millis;
  [more: string]: unknown;
}
export interface FrameMeta {
  type?: string; typeVersion?: [number, number]; preferredVisualisationType?: string;
  notices?: { severity: 'info' | 'warning'; text: string }[]; custom?: FrameCustom;
}
/** Grafana's `DataFrameJSON`: values by column. Times are milliseconds, and `nanos` what lies below. */
export interface Frame {
  schema: { refId: string; name: string; meta: FrameMeta; fields: FrameField[] };
  data: { values: unknown[][]; nanos?: (number[] | null)[] };
}
/** What became of one query: 200, or a status of HTTP with a sentence and what to do about it. */
export interface QueryResult { status: number; error?: string; hint?: string; frames: Frame[] }
export const QUERY_VERSION = 1;
export interface QueryAnswer { version: typeof QUERY_VERSION; results: Record<string, QueryResult> }

/** `GET /api/v1/labels`: what can be filtered by. */
export interface LabelInfo { name: string; title: string; kinds: QueryKind[]; type: 'string' | 'number' | 'boolean'; operators: FilterOp[] }
/** `GET /api/v1/labels/<name>/values`: most frequent first. */
export interface LabelValues { items: { value: string; text: string; count: number }[]; truncated: boolean }

/** A line of `GET /api/v1/findings/stream`. `cursor` resumes after the line. */
export type StreamLine =
  | { type: 'hello'; cursor: string; heartbeat: Millis }
  | { type: 'finding'; cursor: string; change: 'opened' | 'updated' | 'resolved' | 'reopened' | 'silenced'; page: boolean; finding: Finding }
  | { type: 'heartbeat'; cursor: string; at: Millis }
  /** Changes were missed; what follows begins with the findings that changed since, as far as they are known. */
  | { type: 'gap'; cursor: string; reason: 'cursor_too_old' | 'restarted' }
  | { type: 'bye'; reason: 'slow_reader' | 'stopping' | 'too_long' };
