import { LogRowContextQueryDirection, type LogRowContextOptions, type LogRowModel } from '@grafana/data';
import type { Filter, RemitQuery } from '../types';

/** How far from a line its context is looked for, ms. */
const WINDOW = 24 * 3_600_000;

/** What surrounds a line of events: what the same identity did just before or after it. Null for a line that is no event. */
export function contextQuery(row: LogRowModel, options?: LogRowContextOptions): { query: RemitQuery; from: number; to: number } | null {
  const identity = row.labels.identity;
  const id = row.dataFrame.fields.find(({ name }) => name === 'id')?.values[row.rowIndex];
  if (!identity || typeof id !== 'string') {
    return null;
  }
  const filter: Filter = { key: 'identity', op: '=', values: [identity], literal: true };
  const window = options?.timeWindowMs ?? WINDOW;
  const backward = options?.direction !== LogRowContextQueryDirection.Forward;
  return {
    query: { refId: `context-${id}`, kind: 'events', format: 'logs', filters: [filter], order: backward ? 'newest' : 'oldest', cursor: `${row.timeEpochMs}.${id}`, limit: options?.limit ?? 50 },
    from: backward ? row.timeEpochMs - window : row.timeEpochMs, to: backward ? row.timeEpochMs + 1 : row.timeEpochMs + window,
  };
}
