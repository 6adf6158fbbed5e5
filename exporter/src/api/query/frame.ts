import type { Frame, FrameField, FrameMeta } from '@remit/contract';

/** How one column of a frame is made of a row. Numbers that are not finite and absent values become null. */
export interface Column<T> {
  name: string; type: FrameField['type']; of(row: T, index: number): unknown;
  title?: string; unit?: string; description?: string; labels?: Record<string, string>; config?: FrameField['config'];
}

const GO: Record<FrameField['type'], string> = { time: 'time.Time', number: 'float64', string: 'string', boolean: 'bool', other: 'json.RawMessage' };

/** A frame of rows by columns; whoever sends it fills in the query's `refId`. */
export function frameOf<T>(name: string, meta: FrameMeta, columns: readonly Column<T>[], rows: readonly T[]): Frame {
  return {
    schema: { refId: '', name, meta, fields: columns.map(fieldOf) },
    data: { values: columns.map((column) => rows.map((row, index) => plain(column.type, column.of(row, index)))) },
  };
}

export function table(type: 'table' | 'log-lines' | 'timeseries-multi' | 'timeseries-wide', preferred: string): FrameMeta {
  return { type, typeVersion: type === 'log-lines' ? [0, 0] : [0, 1], preferredVisualisationType: preferred };
}

/** Columns by short hand: `text('owner', 'Owner', (row) => row.owner)`. */
export const text = <T>(name: string, title: string, of: (row: T) => string | null | undefined, description?: string): Column<T> =>
  ({ name, type: 'string', title, of, ...(description === undefined ? {} : { description }) });
export const time = <T>(name: string, title: string, of: (row: T) => number | null | undefined): Column<T> => ({ name, type: 'time', title, of });
export const count = <T>(name: string, title: string, of: (row: T) => number | null | undefined, unit = 'short'): Column<T> => ({ name, type: 'number', title, unit, of });
export const yes = <T>(name: string, title: string, of: (row: T) => boolean | null): Column<T> => ({ name, type: 'boolean', title, of });
export const raw = <T>(name: string, title: string, of: (row: T) => unknown): Column<T> => ({ name, type: 'other', title, of });

function fieldOf<T>({ name, type, title, unit, description, labels, config }: Column<T>): FrameField {
  const shown = { ...config, ...(title === undefined ? {} : { displayName: title }), ...(unit === undefined ? {} : { unit }), ...(description === undefined ? {} : { description }) };
  return {
    name, type, typeInfo: { frame: GO[type], nullable: type !== 'other' }, ...(labels === undefined ? {} : { labels }),
    ...(Object.keys(shown).length === 0 ? {} : { config: shown }),
  };
}

function plain(type: FrameField['type'], value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (type === 'time' || type === 'number') return typeof value === 'number' && Number.isFinite(value) ? value : null;
  return value;
}
