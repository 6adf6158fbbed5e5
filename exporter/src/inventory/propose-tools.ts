import type { ObservedIdentity, ObservedTool } from './propose-observe.ts';
import { learnSequences, stepTexts, type LearnedSequence, type ObservedCall } from './propose-sequences.ts';
import { fits, plural, quote } from './propose-yaml.ts';

const TOOLS_AT_MOST = 1024;
const SEQUENCES_AT_MOST = 256;
const PURPOSES_AT_MOST = 1024;
const TOO_VARIED = `    # sequences: none, more than ${SEQUENCES_AT_MOST} would be needed for the runs seen: too varied for a list`;

/** The lines of `tools`, `sequences` and `purposes` of an identity that calls tools; none for the others. */
export function toolLines(identity: ObservedIdentity): string[] {
  const tools = [...identity.tools.values()].sort((a, b) => b.count - a.count || (byName(a) < byName(b) ? -1 : 1));
  const named = tools.filter((tool) => fits(tool.name, 512) && !/[*?]/.test(tool.name) && (!tool.server || fits(tool.server, 2048)));
  if (tools.length === 0) return [];
  const unnamed = tools.length - named.length + Math.max(0, named.length - TOOLS_AT_MOST);
  return [
    '    # A tool without a category counts as one that changes things; say what each is for, or keep a tool_catalogue.',
    ...named.length === 0 ? [] : ['    tools:', ...named.slice(0, TOOLS_AT_MOST).map(toolLine)],
    ...unnamed > 0 ? [`    # ${plural(unnamed, 'tool')} more, whose names a list cannot hold`] : [],
    ...runLines(identity, named.length === tools.length ? stepNames(tools) : null),
  ];
}

function toolLine({ name, server, category, count }: ObservedTool): string {
  const parts = [`name: ${quote(name)}`, ...server === undefined || server === '' ? [] : [`server: ${quote(server)}`],
    ...category === undefined || !fits(category, 2048) ? [] : [`category: ${quote(category)}`]];
  return `      - { ${parts.join(', ')} } # ${count}×`;
}

function byName({ server, name }: ObservedTool): string {
  return `${name}\0${server ?? ''}`;
}

/** What a step calls each tool: its name, with the server where that says more. Null when a name is no step. */
function stepNames(tools: readonly ObservedTool[]): Map<ObservedTool, string> | null {
  const names = new Map<ObservedTool, string>();
  for (const tool of tools) {
    const shared = tool.name.includes('/') || tools.some((other) => other !== tool && other.name === tool.name);
    const text = shared && tool.server !== undefined && tool.server !== '' ? `${tool.server}/${tool.name}` : tool.name;
    if (!/^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,255}$/.test(text)) return null;
    names.set(tool, text);
  }
  return names;
}

function runLines({ chains, chainsCut }: ObservedIdentity, names: Map<ObservedTool, string> | null): string[] {
  if (chains.length === 0) return ['    # sequences: none, the calls belong to no trace or conversation'];
  if (names === null) return ['    # sequences: none, a tool has a name that no step can hold'];
  if (chainsCut) return ['    # sequences: none, the runs were too many or too long to learn from'];
  const runs = new Map<string | null, ObservedCall[][]>();
  for (const { purpose, calls, times } of chains) {
    const run = calls.map((tool, i) => ({ step: names.get(tool)!, ...times[i]! }));
    const fit = purpose !== null && fits(purpose, 2048) ? purpose : null;
    const list = runs.get(fit);
    if (list) list.push(run);
    else runs.set(fit, [run]);
  }
  const learned = new Map<string | null, LearnedSequence[]>();
  for (const [purpose, list] of [...runs].sort(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1))) {
    const sequences = learnSequences(list);
    if (sequences === null) return [TOO_VARIED];
    learned.set(purpose, sequences);
  }
  const all = new Map([...learned.values()].flat().map((sequence) => [stepTexts(sequence).join(' '), sequence]));
  if (all.size > SEQUENCES_AT_MOST) return [TOO_VARIED];
  const named = new Map([...all.keys()].sort().map((key, i) => [key, `run-${i + 1}`]));
  return [
    `    # ${plural(all.size, 'sequence')} ${all.size === 1 ? 'explains' : 'explain'} the ${plural(chains.length, 'run')} seen. Set strict to false to let reads pass in between.`,
    '    sequences:', ...[...named].map(([key, name]) => `      - { name: ${name}, strict: true, steps: [ ${stepTexts(all.get(key)!).map(quote).join(', ')} ] }`),
    ...purposeLines(chains, learned, named, names),
  ];
}

function purposeLines(
  chains: ObservedIdentity['chains'], learned: ReadonlyMap<string | null, LearnedSequence[]>, named: ReadonlyMap<string, string>, names: ReadonlyMap<ObservedTool, string>,
): string[] {
  const purposes = [...learned].filter((one): one is [string, LearnedSequence[]] => one[0] !== null);
  if (purposes.length === 0) return [];
  const tools = new Map<string, Set<string>>();
  for (const { purpose, calls } of chains) {
    if (purpose === null) continue;
    let used = tools.get(purpose);
    if (!used) tools.set(purpose, used = new Set());
    for (const tool of calls) used.add(names.get(tool)!);
  }
  return ['    purposes:', ...purposes.slice(0, PURPOSES_AT_MOST).flatMap(([id, sequences]) => [
    `      - id: ${quote(id)}`,
    `        tools: [ ${[...tools.get(id)!].sort().map(quote).join(', ')} ]`,
    `        sequences: [ ${sequences.map((sequence) => named.get(stepTexts(sequence).join(' '))!).join(', ')} ]`,
  ]), ...purposes.length > PURPOSES_AT_MOST ? [`      # and ${purposes.length - PURPOSES_AT_MOST} purposes, left out`] : []];
}
