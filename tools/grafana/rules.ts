import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

/** Id of our data source plugin. */
const PLUGIN = 'remit-nhi-datasource';
/** How Grafana names its own server-side expressions, which read what other queries of a rule give. */
const EXPRESSIONS = new Set(['__expr__', '-100']);

/** A Grafana-managed rule that would silently never run. */
export interface DeadRule { path: string; group: string; rule: string }

/**
 * Grafana-managed alert and recording rules that ask our data source: it has no part on the server, so Grafana takes such a rule when it
 * is provisioned and then never evaluates it. `files` are YAML or JSON texts by path; data sources provisioned in them are known by uid.
 */
export function deadRules(files: Record<string, string>): DeadRule[] {
  const read = Object.entries(files).flatMap(([path, text]) => parseAllDocuments(text, { uniqueKeys: false }).map((document) => ({ path, content: safely(() => document.toJS({ maxAliasCount: 100 })) })));
  const uids = new Set<unknown>(read.flatMap(({ content }) => list(content, 'datasources')).filter((source) => field(source, 'type') === PLUGIN).flatMap((source) => [field(source, 'uid'), field(source, 'name')]).filter((id) => typeof id === 'string'));
  const found: DeadRule[] = [];
  for (const { path, content } of read) for (const group of list(content, 'groups')) for (const rule of list(group, 'rules')) {
    const asks = list(rule, 'data').some((query) => {
      const uid = field(query, 'datasourceUid');
      return !EXPRESSIONS.has(String(uid)) && (uids.has(uid) || field(field(field(query, 'model'), 'datasource'), 'type') === PLUGIN || uids.has(field(field(field(query, 'model'), 'datasource'), 'uid')));
    });
    if (asks) found.push({ path, group: String(field(group, 'name')), rule: String(field(rule, 'title') ?? field(rule, 'uid')) });
  }
  return found;
}

function list(value: unknown, key: string): unknown[] {
  const found = field(value, key);
  return Array.isArray(found) ? found : [];
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

function safely(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', 'provisioning', 'dashboards', 'rules', 'charts', 'datasource-plugin/provisioning'], { cwd: root, encoding: 'utf8' });
  const files = Object.fromEntries(listed.split('\0').filter((path) => /\.(ya?ml|json)$/.test(path)).flatMap((path) => {
    const text = safely(() => readFileSync(join(root, path), 'utf8'));
    return typeof text === 'string' ? [[path, text]] : [];
  }));
  const found = deadRules(files);
  for (const { path, group, rule } of found) {
    console.log(`${path}: the rule "${rule}" of the group "${group}" asks the Remit data source. Grafana would take it and never evaluate it, as the data source has no part on the server. Alert on Remit's metrics in Prometheus instead (rules/).`);
  }
  process.exitCode = found.length === 0 ? 0 : 1;
}
