import type { Explorer, Frame, FrameMeta, Millis, Query, QueryKind, Reader, Sequence, ToolCall } from '@remit/contract';
import type { DetectorCard } from '../api.ts';
import type { Filters } from './filters.ts';

/** A call as sequences are read: `end` Infinity where it is not known, `optional` when it failed. */
export interface SequenceCall extends ToolCall { category: string; writes: boolean; start: Millis; end: Millis; optional: boolean }
/** How chains are read against approved sequences, as the detector of sequences reads them. */
export interface SequenceReader {
  /** Indices of the calls that no order explains; calls come in order of their start. */
  read(calls: readonly SequenceCall[], sequences: readonly Sequence[]): readonly number[];
  /** It is a step of none, and none passes it over. */
  isStray(call: SequenceCall, sequences: readonly Sequence[]): boolean;
  /** Every sequence passes it over. */
  isNoise(call: SequenceCall, sequences: readonly Sequence[]): boolean;
}

/** What queries are answered from. */
export interface QueryStands {
  explorer: Explorer; reader: Reader;
  detector(id: string): DetectorCard | null;
  runbook(id: string): string | null;
  sequences: SequenceReader;
  now(): Millis;
}

/** One query, with its defaults filled in. */
export interface Ask {
  query: Query; from: Millis; to: Millis; limit: number; format: string; filters: Filters; stands: QueryStands;
  /** The client is gone, or the time of the request is up. */
  signal: AbortSignal;
  /** Milliseconds that are left. */
  left(): number;
}

/** What a kind says of its answer as a whole. */
export interface Told { cursor?: string | null; partial?: boolean; total?: number | null; notices?: string[]; warnings?: string[]; custom?: Record<string, unknown> }

/** One kind of query: how much it may be asked, and how it answers. Throws `QueryError`. */
export interface Kind { limit: { usual: number; most: number }; answer(ask: Ask): Promise<Frame[]> | Frame[] }
export type Kinds = Record<QueryKind, Kind>;

/** Writes onto the first frame what holds for the whole answer. */
export function tell(ask: Ask, frames: Frame[], told: Told): Frame[] {
  const { query: { kind }, format, limit, from, to } = ask;
  const meta: FrameMeta | undefined = frames[0]?.schema.meta;
  if (!meta) return frames;
  meta.custom = { kind, format, cursor: told.cursor ?? null, limit, partial: told.partial ?? false, total: told.total ?? null, from, to, ...told.custom };
  const notices = [
    ...(told.warnings ?? []).map((text) => ({ severity: 'warning' as const, text })), ...(told.notices ?? []).map((text) => ({ severity: 'info' as const, text })),
  ];
  if (notices.length > 0) meta.notices = [...meta.notices ?? [], ...notices];
  return frames;
}

const STEPS: readonly Millis[] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000].map((s) => s * 1000);

/** The bucket that cuts a range into at most so many pieces; at least `least`. */
export function stepOf({ query, from, to }: Ask, pieces: number, least: Millis): Millis {
  const needed = Math.max(least, (to - from) / pieces);
  const asked = query.step ?? 0;
  if (asked >= needed) return Math.ceil(asked / least) * least;
  return STEPS.find((step) => step >= Math.max(needed, asked) && step % least === 0) ?? Math.ceil(needed / least) * least;
}
