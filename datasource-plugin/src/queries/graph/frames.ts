import { FieldColorModeId, FieldType, SupportedTransformationType, type DataFrame, type DataLink, type InterpolateFunction, type ScopedVars } from '@grafana/data';
import { t } from '@grafana/i18n';
import { dress, type Looks } from '../../lib/dress';
import { kinds, verdicts } from '../../lib/looks';
import type { KindPart } from '../kind';

const ICONS = new Set(['user', 'key-skeleton-alt', 'bolt', 'wrench', 'database', 'cog', 'shield', 'robot', 'cloud', 'folder', 'apps', 'compass', 'lock', 'cube', 'circle', 'key', 'file-alt', 'exchange-alt', 'user-circle', 'rocket', 'process', 'question-circle']);
const COLORS = new Set(['green', 'orange', 'red', 'gray']);

const nodes = (): Looks => ({
  title: { title: t('node.title', 'Name') }, subtitle: { title: t('node.subtitle', 'What it is') },
  mainstat: { title: t('node.events', 'Events'), decimals: 0 }, secondarystat: { title: t('node.denied', 'Denied events'), decimals: 0 },
  detail__type: { title: t('node.type', 'Type') }, detail__name: { title: t('node.name', 'Full name') }, detail__owner: { title: t('node.owner', 'Owner') },
  detail__verdict: { title: t('node.verdict', 'Inventory says') }, detail__findings: { title: t('node.findings', 'Open findings') },
});

const edges = (): Looks => ({
  mainstat: { title: t('node.events', 'Events') }, secondarystat: { title: t('node.denied', 'Denied events') },
  detail__first: { title: t('edge.first', 'First') }, detail__last: { title: t('edge.last', 'Last') },
});

const arcs = (): Record<string, { name: string; color: string }> => ({
  arc__success: { name: t('outcome.success', 'Success'), color: 'green' }, arc__failure: { name: t('outcome.failure', 'Failure'), color: 'orange' }, arc__denied: { name: t('outcome.denied', 'Denied'), color: 'red' },
  arc__expected: { name: t('verdict.expected', 'Expected, did not happen'), color: 'text' },
});

/** Two frames, nodes and edges. Grafana's legend names the arcs by the titles of their fields. */
export const frames: KindPart['frames'] = (answer, { to, query }) =>
  answer.map((json) => {
    const isEdges = json.schema.name === 'edges';
    const frame = dress(json, isEdges ? edges() : nodes(), to);
    frame.meta = { ...frame.meta, preferredVisualisationType: 'nodeGraph' };
    if (query.format === 'chain') {
      passOver(frame);
    }
    if (isEdges) {
      sayCounts(frame);
    }
    const legend = arcs();
    const words: Record<string, { text: string }> = { ...kinds(), ...verdicts() };
    for (const field of frame.fields) {
      const arc = Object.hasOwn(legend, field.name) ? legend[field.name] : undefined;
      if (arc) {
        field.config = { displayName: arc.name, unit: 'percentunit', color: { mode: FieldColorModeId.Fixed, fixedColor: arc.color } };
      }
      if (field.name === 'subtitle') {
        field.values = field.values.map((word: unknown) => (typeof word === 'string' && Object.hasOwn(words, word) ? words[word].text : word));
      }
      // Colours and icons are words of ours, whatever the wire says.
      if (field.name === 'color') {
        field.values = field.values.map((color: unknown) => (COLORS.has(String(color)) ? color : 'gray'));
      } else if (field.name === 'icon') {
        field.values = field.values.map((icon: unknown) => (ICONS.has(String(icon)) ? icon : ''));
      }
    }
    if (!isEdges) {
      linkIdentities(frame, to);
    }
    return frame;
  });

/** What a step of a chain may be called out for. */
const CALLED_OUT = new Set(['off', 'forbidden', 'denied', 'outside']);

/** A step that was expected and never came has no outcome and no events, and nothing led to it; a step that was approved is not called out. */
function passOver(frame: DataFrame): void {
  const values = (name: string): unknown[] => frame.fields.find((field) => field.name === name)?.values ?? [];
  const change = (name: string, where: (row: number) => boolean, to: unknown): void => {
    const field = frame.fields.find((each) => each.name === name);
    if (field) {
      field.values = field.values.map((value: unknown, row) => (where(row) ? to : value));
    }
  };
  const [targets, types, verdicts] = [values('target'), values('detail__type'), values('detail__verdict')];
  const missed = (row: number): boolean => String(targets[row] ?? '').startsWith('expected:') || verdicts[row] === 'expected';
  change('color', missed, 'gray');
  for (const name of ['mainstat', 'secondarystat', 'arc__success', 'arc__failure', 'arc__denied']) {
    change(name, missed, 0);
  }
  change('highlighted', (row) => types[row] === 'step' && !CALLED_OUT.has(String(verdicts[row])), false);
  if (targets.length > 0) {
    frame.fields.push({ name: 'strokeDasharray', type: FieldType.string, config: {}, values: targets.map((_, row) => (missed(row) ? '4 4' : '')) });
  }
  const last = frame.fields.findIndex(({ name }) => name === 'arc__denied');
  if (last >= 0) {
    frame.fields.splice(last + 1, 0, { name: 'arc__expected', type: FieldType.number, config: {}, values: verdicts.map((verdict) => (verdict === 'expected' ? 1 : 0)) });
  }
}

/** Counts of edges in words: Grafana writes numbers there with two decimals and the name of their unit. */
function sayCounts(frame: DataFrame): void {
  const words: Record<string, (count: number) => string> = { mainstat: (events) => t('edge.events', '{{events}}×', { events }), secondarystat: (denied) => t('edge.denied', '{{denied}} denied', { denied }) };
  for (const field of frame.fields) {
    const say = Object.hasOwn(words, field.name) ? words[field.name] : undefined;
    if (say) {
      field.type = FieldType.string;
      field.values = field.values.map((count: unknown) => (typeof count === 'number' && count > 0 ? say(count) : ''));
    }
  }
}

function linkIdentities(frame: DataFrame, to: Parameters<KindPart['frames']>[1]['to']): void {
  const title = frame.fields.find(({ name }) => name === 'title');
  if (title) {
    title.config = {
      ...title.config,
      links: [{ title: t('links.events-of', 'Events of this node'), url: '${happened}', meta: HAPPENED, internal: { datasourceUid: to.uid, datasourceName: to.name, query: ({ scopedVars, replaceVariables }: { scopedVars: ScopedVars; replaceVariables: InterpolateFunction }) => nodeQuery(replaceVariables('${__data.fields["detail__type"]:raw}', scopedVars), replaceVariables('${__data.fields["detail__name"]:raw}', scopedVars)) } }],
    };
  }
}

/** What never came has no events: the link needs a variable that the id of such a node does not give, and Grafana leaves away links without their variables. */
const HAPPENED: DataLink['meta'] = { transformations: [{ type: SupportedTransformationType.Regex, field: 'id', expression: '^(?!expected:)(.+)', mapValue: 'happened' }] };

/** The events behind a node: what it is says which condition its name is. */
function nodeQuery(type: string, name: string): { refId: string; kind: string; filters: unknown[] } {
  return { refId: 'A', kind: 'events', filters: conditionsOf(type, name).map(([key, value]) => ({ key, op: '=', values: [value], literal: true })) };
}

/** Actions and tools are named by the permission that was used, such as `aws:s3:GetObject`, or by the bare operation where none is known; a step is `files/read_file`. */
function conditionsOf(type: string, name: string): Array<[string, string]> {
  if (type === 'identity' || type === 'credential' || type === 'resource') {
    return [[type, name]];
  }
  if (type === 'step') {
    const [server = '', tool, ...more] = name.split('/');
    return tool !== undefined && more.length === 0 ? [['tool', tool], ['server', server]] : [[tool === undefined && !/^[A-Z]/.test(name) ? 'tool' : 'operation', name]];
  }
  return [[name.includes(':') ? 'permission' : type === 'tool' ? 'tool' : 'operation', name]];
}
