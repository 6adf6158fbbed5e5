import { z } from 'zod';
import { FINDING_STATES, SEVERITIES, FINDING_CLASSES } from './words.ts';
import type { Finding, IdentitySummary } from './finding.ts';
import type { NhiEvent } from './event.ts';
import type { Millis } from './words.ts';

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
  identities(filter: IdentitiesFilter): Page<IdentitySummary>;
  /** From the archive; stops at the filter's limit. `truncated` when more matched. */
  events(filter: EventsFilter): Promise<{ items: NhiEvent[]; truncated: boolean }>;
  status(): Promise<StatusReport>;
}
