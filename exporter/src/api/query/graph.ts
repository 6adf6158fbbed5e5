import type { EventGroup, Explorer, Frame, KnownIdentity } from '@remit/contract';
import { LOOK, outcomeOf } from './events.ts';
import { count, frameOf, text, time, yes, type Column } from './frame.ts';
import { stepName } from './chain.ts';
import { QueryError } from './filters.ts';
import { tell, type Ask, type Kind } from './kind.ts';
import { runOf, type Run } from './steps.ts';

/** Who used what to do what to which: identity → credential → action → resource; or one run's calls in order. */
export const graph: Kind = {
  limit: { usual: 200, most: 500 },
  async answer(ask) {
    return ask.format === 'chain' ? chainGraph(ask, await runOf(ask)) : accessGraph(ask);
  },
};

type NodeType = 'identity' | 'credential' | 'action' | 'tool' | 'resource' | 'step';
interface Tally { success: number; failure: number; denied: number }
interface Node extends Tally { id: string; type: NodeType; name: string; title: string; subtitle: string; owner: string | null; verdict: string | null; findings: number }
interface Edge extends Tally { id: string; source: string; target: string; first: number; last: number; outside: boolean }

const sum = ({ success, failure, denied }: Tally): number => success + failure + denied;

async function accessGraph(ask: Ask): Promise<Frame[]> {
  const { filters, stands: { explorer }, from, to, limit, signal } = ask;
  const { groups, partial, since } = await explorer.groups({
    from, to, identities: filters.urns(explorer), conditions: filters.events(), by: ['identity', 'credential', 'permission', 'operation', 'resource'], step: 1, most: 20_000,
    look: LOOK, budget: ask.left(), signal,
  });
  if (partial && groups.length === 0) throw new QueryError(504, 'the time was up before an event was found', 'name an identity, or shorten the range');
  const whole = build(groups, explorer);
  const nodes = [...whole.nodes.values()].sort((a, b) => LAYERS.indexOf(a.type) - LAYERS.indexOf(b.type) || sum(b) - sum(a));
  const shown = pick(nodes, limit);
  const edges = [...whole.edges.values()].filter(({ source, target }) => shown.has(source) && shown.has(target));
  const left = nodes.length - shown.size;
  return tell(ask, framesOf([...shown.values()], edges), {
    partial: partial || left > 0, total: nodes.length,
    warnings: [
      ...(left > 0 ? [`the ${shown.size} busiest of ${nodes.length} nodes`] : []),
      ...(partial ? [`counted since ${new Date(since).toISOString()} only: there are more than ${LOOK} events, or the time was up`] : []),
    ],
    notices: [LEGEND],
  });
}

const LEGEND = 'The ring shows shares of success, failure and denial. An edge is green when all went well, orange when calls failed, red when calls were denied or what is used was not approved';
const LAYERS: readonly NodeType[] = ['identity', 'credential', 'tool', 'action', 'resource', 'step'];

/** The same share of each layer, so that no layer pushes the others out. */
function pick(nodes: readonly Node[], limit: number): Map<string, Node> {
  const layers = [...Map.groupBy(nodes, ({ type }) => type).values()].sort((a, b) => a.length - b.length);
  const shown = new Map<string, Node>();
  layers.forEach((layer, index) => {
    const room = Math.floor((limit - shown.size) / (layers.length - index));
    for (const node of layer.slice(0, room)) shown.set(node.id, node);
  });
  return shown;
}

function build(groups: readonly EventGroup[], explorer: Explorer): { nodes: Map<string, Node>; edges: Map<string, Edge> } {
  const nodes = new Map<string, Node>();
  const edges = new Map<string, Edge>();
  const known = new Map<string, KnownIdentity | null>();
  for (const group of groups) {
    const [urn = '', credential = '', permission = '', operation = '', resource = ''] = group.values;
    let identity = known.get(urn);
    if (identity === undefined) known.set(urn, identity = explorer.identity(urn));
    const path = [identityNode(nodes, urn, identity, explorer)];
    if (credential !== '') path.push(nodeOf(nodes, 'credential', credential, 'credential', null));
    const action = permission || operation;
    const verdict = permission === '' ? null : identity?.remit?.action(permission) ?? 'undeclared';
    path.push(nodeOf(nodes, /^(tool|mcp):/.test(action) ? 'tool' : 'action', action, 'action', verdict));
    if (resource !== '') path.push(nodeOf(nodes, 'resource', resource, 'resource', identity?.remit?.resource(resource) ?? 'undeclared'));
    path.forEach((node, index) => {
      add(node, group);
      if (index > 0) add(edgeOf(edges, path[index - 1]!, node, group), group);
    });
  }
  return { nodes, edges };
}

function identityNode(nodes: Map<string, Node>, urn: string, identity: KnownIdentity | null, explorer: Explorer): Node {
  const node = nodeOf(nodes, 'identity', urn || 'nobody', identity?.kind ?? 'unknown', identity?.remit ? null : 'undeclared');
  if (identity && sum(node) === 0) {
    node.title = identity.remit?.record.display_name ?? node.title;
    node.owner = identity.remit?.record.owner ?? null;
    node.findings = [...explorer.openFindings(urn)].length;
  }
  return node;
}

/** Of several identities that share a node the strictest word stands. */
function nodeOf(nodes: Map<string, Node>, type: NodeType, name: string, subtitle: string, verdict: string | null): Node {
  const id = `${type}:${name}`;
  let node = nodes.get(id);
  if (!node) nodes.set(id, node = { id, type, name, title: shortOf(name), subtitle, owner: null, verdict, findings: 0, success: 0, failure: 0, denied: 0 });
  else if (verdict === 'outside') node.verdict = verdict;
  return node;
}

function edgeOf(edges: Map<string, Edge>, from: Node, to: Node, { first, last }: EventGroup): Edge {
  const id = `${from.id} → ${to.id}`;
  let edge = edges.get(id);
  if (!edge) edges.set(id, edge = { id, source: from.id, target: to.id, first, last, outside: false, success: 0, failure: 0, denied: 0 });
  edge.first = Math.min(edge.first, first);
  edge.last = Math.max(edge.last, last);
  edge.outside ||= to.verdict === 'outside';
  return edge;
}

function add(into: Tally, { success, failure, denied }: Tally): void {
  into.success += success;
  into.failure += failure;
  into.denied += denied;
}

/** The end of a long name, where names differ. */
function shortOf(name: string): string {
  const end = name.slice(name.lastIndexOf('/') + 1) || name;
  return end.length <= 48 ? end : `…${end.slice(-47)}`;
}

const ICON: Record<NodeType, string> = { identity: 'user', credential: 'key-skeleton-alt', action: 'bolt', tool: 'wrench', resource: 'database', step: 'bolt' };

function framesOf(nodes: readonly Node[], edges: readonly Edge[]): Frame[] {
  const meta = (): Frame['schema']['meta'] => ({ preferredVisualisationType: 'nodeGraph' });
  return [frameOf('nodes', meta(), NODES, nodes), frameOf('edges', meta(), EDGES, edges)];
}

const share = (of: keyof Tally) => (node: Node): number => (sum(node) === 0 ? (of === 'success' ? 1 : 0) : node[of] / sum(node));
const NODES: Column<Node>[] = [
  text('id', 'Id', (n) => n.id), text('title', 'Name', (n) => n.title), text('subtitle', 'Sort', (n) => n.subtitle), count('mainstat', 'Events', sum), count('secondarystat', 'Denied', (n) => n.denied),
  { ...count('arc__success', 'Succeeded', share('success'), 'percentunit') }, { ...count('arc__failure', 'Failed', share('failure'), 'percentunit') },
  { ...count('arc__denied', 'Denied', share('denied'), 'percentunit') }, text('icon', 'Icon', (n) => ICON[n.type]),
  { name: 'nodeRadius', type: 'number', title: 'Size', of: (n) => (n.type === 'identity' ? 50 : 40) }, yes('highlighted', 'Open findings', (n) => n.findings > 0 || n.verdict === 'outside' || n.verdict === 'off' || n.verdict === 'forbidden'),
  text('detail__type', 'Type', (n) => n.type), text('detail__name', 'Full name', (n) => n.name), text('detail__owner', 'Owner', (n) => n.owner), text('detail__verdict', 'Verdict', (n) => n.verdict),
  count('detail__findings', 'Open findings', (n) => n.findings),
];
const EDGES: Column<Edge>[] = [
  text('id', 'Id', (e) => e.id), text('source', 'From', (e) => e.source), text('target', 'To', (e) => e.target), count('mainstat', 'Events', sum), count('secondarystat', 'Denied', (e) => e.denied),
  { name: 'thickness', type: 'number', title: 'Thickness', of: (e) => Math.min(6, 1 + Math.log10(Math.max(1, sum(e)))) },
  text('color', 'Colour', (e) => (e.outside || e.denied > 0 ? 'red' : e.failure > 0 ? 'orange' : 'green')), time('detail__first', 'First', (e) => e.first), time('detail__last', 'Last', (e) => e.last),
];

/** Calls in order; where one was off its purpose, what could have come there stands beside it. */
function chainGraph(ask: Ask, run: Run): Frame[] {
  const nodes: Node[] = [];
  const edges: Edge[] = [];
  let before: Node | null = null;
  run.steps.forEach((step, index) => {
    const outcome = outcomeOf(step.event);
    const tally: Tally = { success: 0, failure: 0, denied: 0, [outcome]: 1 };
    const { time: at } = step.event;
    const node: Node = {
      ...tally, id: `step:${index + 1}`, type: 'step', name: stepName(step), title: `${index + 1} ${shortOf(stepName(step))}`, subtitle: step.verdict, owner: null, verdict: step.verdict,
      findings: step.finding === null ? 0 : 1,
    };
    nodes.push(node);
    const outside = step.verdict === 'off' || step.verdict === 'forbidden';
    if (before) edges.push({ ...tally, id: `${before.id} → ${node.id}`, source: before.id, target: node.id, first: at, last: at, outside });
    if (outside && step.expected !== null) {
      const missed: Node = {
        success: 1, failure: 0, denied: 0, id: `expected:${index + 1}`, type: 'step', name: step.expected, title: step.expected, subtitle: 'expected here', owner: null, verdict: 'expected', findings: 0,
      };
      nodes.push(missed);
      if (before) edges.push({ success: 1, failure: 0, denied: 0, id: `${before.id} → ${missed.id}`, source: before.id, target: missed.id, first: at, last: at, outside: false });
    }
    before = node;
  });
  return tell(ask, framesOf(nodes.slice(0, ask.limit), edges.filter(({ source, target }) => isAmong(nodes, source, ask.limit) && isAmong(nodes, target, ask.limit))), {
    total: nodes.length, partial: run.more || nodes.length > ask.limit, notices: ['Calls in order of their start; red leads to a call that is off its purpose or was denied'],
    custom: { identity: run.identity?.urn ?? null, purpose: run.purpose },
  });
}

function isAmong(nodes: readonly Node[], id: string, limit: number): boolean {
  return nodes.findIndex((node) => node.id === id) < limit;
}
