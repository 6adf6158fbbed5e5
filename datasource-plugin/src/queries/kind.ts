import type { ComponentType } from 'react';
import type { DataFrame, QueryEditorProps } from '@grafana/data';
import type { Frame } from '@remit/contract';
import type { RemitDataSource } from '../datasource';
import type { LinkTargets } from '../lib/links';
import type { QueryKind, RemitOptions, RemitQuery } from '../types';

/** One filter that people think in, offered as a field of its own; everything else goes through conditions. */
export interface QuickFilter {
  key: string;
  label: string;
  tooltip: string;
  /** A closed list; without one the values are asked from Remit while typing. */
  options?: Array<{ value: string; label: string }>;
  /** One value only. */
  single?: boolean;
  /** Asked for in the values of another kind: findings' identities, for example. */
  valuesOf?: QueryKind;
  placeholder?: string;
}

/** What the builder shows of a kind. */
export interface KindModel {
  kind: QueryKind;
  label: string;
  /** One sentence: what it answers. */
  description: string;
  formats: Array<{ value: string; label: string; description: string }>;
  quick: QuickFilter[];
  /** Rows, points or nodes: what `limit` counts. Absent: there is nothing to limit. */
  counts?: string;
}

/** What frames may need beside the answer. */
export interface FrameContext {
  query: RemitQuery;
  to: LinkTargets;
  /** Absolute range of the request, ms. */
  from: number;
  until: number;
  /** Asked by Explore, whose tables neither wrap text nor choose among frames. */
  explore?: boolean;
  /** Of the dashboard or of Explore, as Grafana names it: `utc`, `browser`, or a zone of IANA. Absent: that of the browser. */
  timeZone?: string;
}

export type EditorProps = QueryEditorProps<RemitDataSource, RemitQuery, RemitOptions> & { model: KindModel };

/** Everything of one kind of query. A kind is one folder; `registry.ts` is the only file that knows all. */
export interface KindPart {
  model: () => KindModel;
  Editor: ComponentType<EditorProps>;
  frames: (frames: readonly Frame[], context: FrameContext) => DataFrame[];
}
