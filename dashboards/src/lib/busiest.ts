import { cell, toDashboard } from './links.ts';
import { table } from './panels.ts';
import { grown, rows } from './queries.ts';

/** Identities by their judged events of the last hour, the ten busiest. `of`: the matchers of their series; `what`: the head of the column. */
export function busiest({ title, what, w, h, of, empty }: { title: string; what: string; w: number; h: number; of: string; empty: string }): ReturnType<typeof table> {
  return table({
    title, w, h, empty, by: 'Events, 1 h', most: 10, description: `Judged events of the last hour, the ten busiest. Empty: none of them did anything while Prometheus scrapes, or none has series of its own; what they did before is below, in event time.`,
    queries: [rows(`topk(10, sum by (identity) (max by (cluster, identity, outcome) (${grown(`nhi_identity_events_total{${of}}`)})) > 0)`)],
    columns: [
      { from: 'identity', title: what, links: [toDashboard('identity', 'This identity', { identity: cell(what) })] },
      { from: 'Value', title: 'Events, 1 h', unit: 'short', decimals: 0, width: 160, steps: [['blue', null]], gauge: { min: 0 } },
    ],
  });
}
