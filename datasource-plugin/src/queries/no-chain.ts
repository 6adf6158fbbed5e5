import { createDataFrame, FieldType, type DataFrame, type PartialDataFrame } from '@grafana/data';
import type { RemitQuery } from '../types';

/** Whether a query for a chain was answered with there being none, which is nothing wrong. A name that Remit does not know stays an error. */
export function isNoChain({ kind, format }: RemitQuery, status: number, error: string | undefined): boolean {
  return status === 404 && (kind === 'chain' || (kind === 'graph' && format === 'chain')) && /^no (chain|event)\b/.test(error ?? '');
}

/** Empty frames with the fields that the panel needs, and Remit's words as a notice. */
export function noChain({ refId, kind, format }: RemitQuery, text: string): DataFrame[] {
  const meta = { notices: [{ severity: 'info' as const, text: text.slice(0, 500) }] };
  const frame = (name: string, fields: PartialDataFrame['fields'], more: PartialDataFrame['meta'] = {}): DataFrame => createDataFrame({ refId, name, fields, meta: { ...more, ...(name === 'edges' ? {} : meta) } });
  const texts = (...names: string[]): PartialDataFrame['fields'] => names.map((name) => ({ name, type: FieldType.string, values: [] }));
  if (kind === 'graph') {
    return [frame('nodes', texts('id', 'title'), { preferredVisualisationType: 'nodeGraph' }), frame('edges', texts('id', 'source', 'target'), { preferredVisualisationType: 'nodeGraph' })];
  }
  const states = format === 'states' ? [{ name: 'time', type: FieldType.time, values: [] }, ...texts('observed')] : [];
  return [frame('chain', states, { preferredVisualisationType: 'table' })];
}
