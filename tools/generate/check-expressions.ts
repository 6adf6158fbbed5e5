import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { METRICS } from '@remit/contract';

/** Labels that Prometheus or its configuration adds. */
const ADDED = ['cluster', 'instance', 'job', '__name__'];
/** Series that are not ours. */
const FOREIGN: Record<string, readonly string[]> = {
  up: [], scrape_samples_scraped: [], scrape_duration_seconds: [], process_resident_memory_bytes: [], process_cpu_seconds_total: [], nodejs_eventloop_lag_p99_seconds: [], ALERTS: ['alertname', 'alertstate', 'severity', 'identity', 'identity_owner', 'detector'],
};

interface Expression { where: string; text: string; annotations?: string[] }
interface Rule { record?: string; alert?: string; expr?: string; annotations?: Record<string, string>; labels?: Record<string, string> }
type Known = ReadonlyMap<string, readonly string[]>;

/**
 * What is wrong with the PromQL of `rules/*.yml`, of the dashboards and of the `promql` blocks in `docs/` and `README.md`: syntax,
 * metrics that the catalogue does not have, labels that they do not carry, and labels in annotations that the alert has not.
 */
export function checkExpressions(root: string): string[] {
  const rules = ruleFiles(root).flatMap((path) => readRules(root, path));
  const known = new Map<string, readonly string[]>(Object.entries(FOREIGN));
  for (const f of METRICS) {
    if (f.type !== 'histogram') { known.set(f.name, f.labels); continue; }
    known.set(`${f.name}_bucket`, [...f.labels, 'le']);
    for (const suffix of ['_sum', '_count']) known.set(f.name + suffix, f.labels);
  }
  const problems: string[] = [];
  // Twice, because what is recorded may be made of what another file records.
  for (const { rule } of [...rules, ...rules]) if (rule.record && rule.expr) known.set(rule.record, labelsOf(rule.expr, known));
  for (const { where, rule } of rules) {
    const annotations = Object.values(rule.annotations ?? {});
    problems.push(...check({ where, text: rule.expr ?? '', annotations }, known, Object.keys(rule.labels ?? {})));
  }
  for (const expression of [...documented(root), ...drawn(root)]) problems.push(...check(expression, known, []));
  return problems;
}

function ruleFiles(root: string): string[] {
  return readdirSync(join(root, 'rules')).filter((name) => /\.ya?ml$/.test(name)).map((name) => join(root, 'rules', name));
}

function readRules(root: string, path: string): { where: string; rule: Rule }[] {
  const file = parse(readFileSync(path, 'utf8')) as { groups?: { rules?: Rule[] }[] };
  return (file.groups ?? []).flatMap((group) => group.rules ?? [])
    .map((rule) => ({ where: `${relative(root, path)}: ${rule.alert ?? rule.record ?? '?'}`, rule }));
}

interface Panel { title?: string; targets?: { expr?: string }[]; panels?: Panel[] }
interface Dashboard { panels: Panel[]; templating: { list: { name: string; query?: string | { query?: string } }[] } }

/** Expressions of panels and variables of the dashboards, with Grafana's own variables filled in; those inside strings are left. */
function drawn(root: string): Expression[] {
  const folder = join(root, 'dashboards/out');
  let files: string[];
  try { files = readdirSync(folder).filter((name) => name.endsWith('.json')); } catch { return []; }
  return files.flatMap((name) => {
    const { panels, templating } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Dashboard;
    const where = (what: string): string => `dashboards/out/${name}: ${what}`;
    const shown = panels.flatMap((panel) => [panel, ...panel.panels ?? []]).flatMap(({ title = '?', targets = [] }) => targets.map(({ expr }) => ({ where: where(title), text: expr ?? '' })));
    const listed = templating.list.map(({ name: variable, query }) => ({ where: where(`variable ${variable}`), text: typeof query === 'object' ? valuesOf(query.query ?? '') : '' }));
    return [...shown, ...listed].filter(({ text }) => text !== '').map((each) => ({ ...each, text: each.text.replace(/\$__(rate_interval|interval|range)/g, '5m') }));
  });
}

/** `label_values(metric{…}, label)` as an expression that names all of it. */
function valuesOf(query: string): string {
  const read = /^label_values\(([\s\S]*),\s*(\w+)\)$/.exec(query);
  return read ? `count by (${read[2]}) (${read[1]})` : query;
}

function documented(root: string): Expression[] {
  const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'))
    .map((name) => join(root, 'docs', name));
  return [...pages, join(root, 'README.md')].flatMap((path) => {
    let text: string;
    try { text = readFileSync(path, 'utf8'); } catch { return []; }
    return [...text.matchAll(/^```promql\n([\s\S]*?)^```/gm)].map((block) => ({
      where: `${relative(root, path)}:${text.slice(0, block.index).split('\n').length + 1}`, text: block[1] ?? '',
    }));
  });
}

/** Names of the metrics in an expression, the labels it names, and whether it is PromQL at all. */
function read(text: string): { metrics: string[]; labels: string[]; made: string[]; selectors: { metric: string; labels: string[] }[]; error: number } {
  const found = { metrics: [] as string[], labels: [] as string[], made: [] as string[], selectors: [] as { metric: string; labels: string[] }[], error: -1 };
  parser.parse(text).iterate({
    enter(node) {
      const own = text.slice(node.from, node.to);
      if (node.type.isError && found.error < 0) found.error = node.from;
      if (node.name === 'VectorSelector') found.selectors.push({ metric: '', labels: [] });
      const selector = found.selectors.at(-1);
      if (node.name === 'Identifier' && selector && node.node.parent?.name === 'VectorSelector') { selector.metric = own; found.metrics.push(own); }
      if (node.name !== 'LabelName') return;
      if (insideMatcher(node.node)) selector?.labels.push(own);
      else found.labels.push(own);
    },
  });
  // A selector may name several.
  for (const named of text.matchAll(/__name__\s*=~?\s*"([\w:|]+)"/g)) found.metrics.push(...(named[1] ?? '').split('|'));
  for (const call of text.matchAll(/label_(?:replace|join)\([\s\S]*?,\s*"([a-zA-Z_]\w*)"/g)) if (call[1]) found.made.push(call[1]);
  return found;
}

function insideMatcher(node: { name: string; parent: unknown } | null): boolean {
  for (let at = node as { name: string; parent: unknown } | null; at; at = at.parent as typeof at) if (at.name === 'LabelMatchers') return true;
  return false;
}

function labelsOf(text: string, known: Known): string[] {
  const { metrics, made } = read(text);
  return [...new Set([...ADDED, ...made, ...metrics.flatMap((name) => known.get(name) ?? [])])];
}

function check({ where, text, annotations }: Expression, known: Known, extra: readonly string[]): string[] {
  const { metrics, labels, selectors, error } = read(text);
  if (error >= 0) return [`${where}: not PromQL from character ${error + 1}: ${text.slice(error, error + 30).trim()}`];
  const problems = metrics.filter((name) => !known.has(name)).map((name) => `${where}: ${name} is not in the catalogue`);
  for (const { metric, labels: matched } of selectors) {
    const has = known.get(metric);
    if (!has) continue;
    for (const label of matched) if (!has.includes(label) && !ADDED.includes(label)) problems.push(`${where}: ${metric} has no label ${label}`);
  }
  const all = new Set([...labelsOf(text, known), ...extra]);
  for (const label of labels) if (!all.has(label)) problems.push(`${where}: no metric here has the label ${label}`);
  for (const annotation of annotations ?? []) {
    for (const used of annotation.matchAll(/\$labels\.(\w+)/g)) {
      if (!all.has(used[1] ?? '')) problems.push(`${where}: an annotation uses the label ${used[1]}, which the alert has not`);
    }
  }
  return problems;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = checkExpressions(fileURLToPath(new URL('../..', import.meta.url)));
  for (const problem of problems) console.log(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
