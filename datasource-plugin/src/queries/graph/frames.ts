import { FieldColorModeId, type DataFrame, type InterpolateFunction, type ScopedVars } from '@grafana/data';
import { t } from '@grafana/i18n';
import { dress, type Looks } from '../../lib/dress';
import type { KindPart } from '../kind';

const ICONS = new Set(['user', 'key-skeleton-alt', 'bolt', 'wrench', 'database', 'cog', 'shield', 'robot', 'cloud', 'folder', 'apps', 'compass', 'lock', 'cube', 'circle', 'key', 'file-alt', 'exchange-alt', 'user-circle', 'rocket', 'process', 'question-circle']);
const COLORS = new Set(['green', 'orange', 'red', 'blue', 'yellow', 'purple', 'text']);

const nodes = (): Looks => ({
  title: { title: t('node.title', 'Name') }, subtitle: { title: t('node.subtitle', 'What it is') },
  mainstat: { title: t('node.events', 'Events'), unit: 'short', decimals: 0 }, secondarystat: { title: t('node.denied', 'Denied events'), unit: 'short', decimals: 0 },
  detail__type: { title: t('node.type', 'Type') }, detail__name: { title: t('node.name', 'Full name') }, detail__owner: { title: t('node.owner', 'Owner') },
  detail__verdict: { title: t('node.verdict', 'Inventory says') }, detail__findings: { title: t('node.findings', 'Open findings') },
});

const edges = (): Looks => ({
  mainstat: { title: t('node.events', 'Events'), unit: 'short', decimals: 0 }, secondarystat: { title: t('node.denied', 'Denied events'), unit: 'short', decimals: 0 },
  detail__first: { title: t('edge.first', 'First') }, detail__last: { title: t('edge.last', 'Last') },
});

const arcs = (): Record<string, { name: string; color: string }> => ({
  arc__success: { name: t('outcome.success', 'Success'), color: 'green' }, arc__failure: { name: t('outcome.failure', 'Failure'), color: 'orange' }, arc__denied: { name: t('outcome.denied', 'Denied'), color: 'red' },
});

/** Two frames, nodes and edges. Grafana's legend names the arcs by the titles of their fields. */
export const frames: KindPart['frames'] = (answer, { to }) =>
  answer.map((json) => {
    const isEdges = json.schema.name === 'edges';
    const frame = dress(json, isEdges ? edges() : nodes(), to);
    frame.meta = { ...frame.meta, preferredVisualisationType: 'nodeGraph' };
    const legend = arcs();
    for (const field of frame.fields) {
      const arc = Object.hasOwn(legend, field.name) ? legend[field.name] : undefined;
      if (arc) {
        field.config = { displayName: arc.name, unit: 'percentunit', color: { mode: FieldColorModeId.Fixed, fixedColor: arc.color } };
      }
      // Colours and icons are words of ours, whatever the wire says.
      if (field.name === 'color') {
        field.values = field.values.map((color: unknown) => (COLORS.has(String(color)) ? color : 'text'));
      } else if (field.name === 'icon') {
        field.values = field.values.map((icon: unknown) => (ICONS.has(String(icon)) ? icon : ''));
      }
    }
    if (!isEdges) {
      linkIdentities(frame, to);
    }
    return frame;
  });

function linkIdentities(frame: DataFrame, to: Parameters<KindPart['frames']>[1]['to']): void {
  const title = frame.fields.find(({ name }) => name === 'title');
  if (title) {
    title.config = {
      ...title.config,
      links: [{ title: t('links.events-of', 'Events of this node'), url: '', internal: { datasourceUid: to.uid, datasourceName: to.name, query: ({ scopedVars, replaceVariables }: { scopedVars: ScopedVars; replaceVariables: InterpolateFunction }) => nodeQuery(replaceVariables('${__data.fields["detail__type"]:raw}', scopedVars), replaceVariables('${__data.fields["detail__name"]:raw}', scopedVars)) } }],
    };
  }
}

/** The events behind a node: what it is says which condition its name is. */
function nodeQuery(type: string, name: string): { refId: string; kind: string; filters: unknown[] } {
  const key = type === 'identity' || type === 'credential' || type === 'tool' || type === 'resource' ? type : 'operation';
  return { refId: 'A', kind: 'events', filters: [{ key, op: '=', values: [name], literal: true }] };
}
