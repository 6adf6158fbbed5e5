import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { DASHBOARDS, dashboardOf } from '@remit/contract';
import { detectors } from '../../exporter/src/registry.generated.ts';
import { runbook } from '../../exporter/src/runbooks.ts';
import { checkExpressions } from '../../tools/generate/check-expressions.ts';
import { checkRules, testRules } from '../../tools/real/prometheus.ts';
import { dashboards, generated } from './index.ts';

interface Reference { type?: string; uid?: string }
interface Link { title: string; url?: string; type?: string; tags?: string[] }
interface Panel {
  id: number; type: string; title: string; description?: string; datasource?: Reference; timeFrom?: string; gridPos: { x: number; y: number; w: number; h: number };
  targets?: { refId: string; expr?: string; datasource?: Reference }[]; fieldConfig?: { defaults: { unit?: string; noValue?: string; mappings?: { options: object }[] } };
}
interface Board { uid: string; title: string; description: string; tags: string[]; time: { from: string; to: string }; panels: Panel[]; links: Link[]; templating: { list: { name: string; type: string; datasource?: Reference; query?: { query?: string } }[] }; annotations: { list: { datasource: Reference }[] } }

const URL_OF_REMIT = 'https://remit.example.org';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const boards = dashboards(URL_OF_REMIT).map((each) => JSON.parse(JSON.stringify(each)) as Board);
const panelsOf = ({ panels }: Board): Panel[] => panels.filter(({ type }) => type !== 'row');
const everyPanel = boards.flatMap((board) => panelsOf(board).map((panel) => [`${board.uid}: ${panel.title}`, panel] as const));
const RECORDS = 'remit-nhi-datasource';

/** Every object with this key, wherever it stands. */
function holders(of: unknown, key: string): Record<string, unknown>[] {
  if (Array.isArray(of)) return of.flatMap((each) => holders(each, key));
  if (typeof of !== 'object' || of === null) return [];
  const own = of as Record<string, unknown>;
  return [...Object.hasOwn(own, key) ? [own] : [], ...Object.values(own).flatMap((each) => holders(each, key))];
}

describe('dashboards', () => {
  it('are the eight, each under the uid that links have', () => {
    expect(boards.map(({ uid }) => uid)).toEqual(Object.values(DASHBOARDS).map(({ uid }) => uid));
    expect(Object.keys(generated(URL_OF_REMIT))).toEqual(boards.map(({ uid }) => `dashboards/out/${uid}.json`));
    for (const { uid, time, tags, description } of boards) {
      expect(time, uid).toEqual({ from: 'now-1h', to: 'now' });
      expect(tags, uid).toContain('remit');
      expect(description.length, uid).toBeGreaterThan(40);
    }
  });

  it.each(everyPanel)('%s says what it is, in which unit, and why it is empty', (_, panel) => {
    const { unit, noValue } = panel.fieldConfig?.defaults ?? {};
    expect(panel.title.length).toBeGreaterThan(3);
    expect(panel.description).toMatch(/^[A-Z].{20,}\.$/s);
    expect(noValue).toMatch(/\S/);
    expect(unit).toMatch(/\S/);
    expect(panel.targets?.length).toBeGreaterThan(0);
    expect(panel.targets?.map(({ refId }) => refId)).toEqual([...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].slice(0, panel.targets?.length));
  });

  it('say nothing of Remit that would be false while it is not scraped', () => {
    for (const [name, { type, datasource, targets = [], fieldConfig }] of everyPanel) {
      if (datasource?.type === RECORDS) continue;
      expect(fieldConfig?.defaults.noValue, name).toMatch(type === 'stat' ? /^Not known$/ : /, or Remit is not scraped$|^Not known$/);
      // Words for nothing come from a query that has something only while Remit is scraped.
      const words = fieldConfig?.defaults.mappings?.some(({ options }) => '-1' in options) ?? false;
      if (type === 'stat') expect(targets.some(({ expr }) => / or on \(\) \(0 \* count\(.* - 1\)$/.test(expr ?? '')), name).toBe(words);
      if (type === 'table' && targets.length > 1) expect(targets[0]?.expr, name).toMatch(/ or on \(\) label_replace\(vector\(NaN\), "\w+", "Remit is not scraped", "", ""\)$/);
    }
    for (const board of boards) expect(panelsOf(board).map(({ title }) => title), board.uid).toContain('What Prometheus knows');
  });

  it('tell in series what was open, what was not, and when nothing was known', async () => {
    const filled = (expr: string): string => expr.replaceAll('"$identity"', '"i"').replaceAll(/\$\w+/g, '.*');
    const titled = (wanted: string): string[] => everyPanel.filter(([, { title }]) => title === wanted).map(([, { targets }]) => filled(targets?.[0]?.expr ?? ''));
    const lines = titled('What was open when');
    expect(lines.length).toBe(3);
    const scraped = 'nhi_pipeline_heartbeat_timestamp_seconds{cluster="c"}';
    const open = 'nhi_findings_open{cluster="c", identity="i", identity_owner="o", detector="d", severity="critical"}';
    const all = '{all="All detectors"}';
    const state = (name: string, series: Record<string, string>, ...of: [expr: string, samples: Record<string, number>][]): object => ({
      name, interval: '30s', input_series: Object.entries(series).map(([of, values]) => ({ series: of, values })),
      promql_expr_test: of.map(([expr, samples]) => ({ expr, eval_time: '5m', exp_samples: Object.entries(samples).map(([labels, value]) => ({ labels, value })) })),
    });
    const each = (samples: Record<string, number>) => lines.map((expr): [string, Record<string, number>] => [expr, samples]);
    const [critical = '', known = '', not = ''] = [titled('Critical, open')[0], filled(everyPanel.find(([, { title }]) => title === 'What Prometheus knows')?.[1].targets?.[0]?.expr ?? ''), filled(everyPanel.find(([, { title }]) => title === 'What Prometheus knows')?.[1].targets?.[1]?.expr ?? '')];
    const folder = mkdtempSync(join(tmpdir(), 'dashboards-'));
    writeFileSync(join(folder, 'tests.yml'), JSON.stringify({
      rule_files: ['remit', 'dashboards'].map((name) => `${ROOT}rules/${name}.rules.yml`), evaluation_interval: '30s', tests: [
        state('not scraped, never was', {}, ...each({ [all]: -2 }), [critical, {}], [known, {}], [not, {}]),
        state('scraped, nothing open', { [scraped]: '60x20' }, ...each({ [all]: -1 }), [critical, { '{}': 0 }], [known, { '{}': 60_000 }], [not, {}]),
        state('scraped, one open', { [scraped]: '60x20', [open]: '1x20' }, ...each({ '{detector="d"}': 1 }), [critical, { '{}': 1 }]),
        state('no longer scraped', { [scraped]: '60x4 stale', [open]: '1x4 stale' }, ...each({ '{detector="d"}': 1 }), [critical, { '{}': 1 }], [known, {}], [not, { '{cluster="c"}': 60_000 }]),
      ],
    }));
    expect(await testRules([join(folder, 'tests.yml')])).toContain('SUCCESS');
  });

  it('offer owners that are declared, named by a record or have something open', () => {
    const offered = boards.flatMap(({ uid, templating }) => templating.list.filter(({ name }) => name === 'owner').map(({ query }) => [uid, query?.query ?? ''] as const));
    expect(offered.length).toBe(7);
    for (const [uid, query] of offered) for (const family of ['cluster_owner:nhi_page_budget_spent_pages:max', 'cluster_owner_severity:nhi_findings_open:sum', ...uid === 'remit-fleet' ? [] : ['nhi_identity_info']]) expect(query, uid).toContain(family);
  });

  it('reach data sources through the variables only', () => {
    for (const board of boards) {
      const references = [...holders(board, 'uid')].filter((each) => each !== (board as unknown) && 'type' in each) as Reference[];
      expect(references.length).toBeGreaterThan(10);
      for (const { type, uid } of references) expect([type, uid]).toEqual(type === RECORDS ? [RECORDS, '${remit}'] : ['prometheus', '${datasource}']);
      expect(board.templating.list.slice(0, 3).map(({ name, type }) => [name, type])).toEqual([['datasource', 'datasource'], ['remit', 'datasource'], ['remit_url', 'constant']]);
    }
  });

  it('work without the Remit data source: its panels sit in rows of their own, below', () => {
    for (const { uid, panels } of boards) {
      const first = panels.findIndex(({ type }) => type === 'row');
      expect(panels.slice(0, first).map(({ datasource }) => datasource?.type), uid).not.toContain(RECORDS);
      expect(new Set(panels.slice(first).filter(({ type }) => type !== 'row').map(({ datasource }) => datasource?.type)), uid).toEqual(new Set([RECORDS]));
      for (const row of panels.filter(({ type }) => type === 'row')) expect(row.title).toContain('from the Remit data source');
    }
  });

  it('number their panels once, and lay none over another', () => {
    for (const { uid, panels } of boards) {
      expect(new Set(panels.map(({ id }) => id)).size, uid).toBe(panels.length);
      const taken = new Set<string>();
      for (const { title, gridPos: { x, y, w, h } } of panels) {
        expect(x + w, `${uid}: ${title}`).toBeLessThanOrEqual(24);
        for (let column = x; column < x + w; column++) for (let line = y; line < y + h; line++) {
          expect(taken.has(`${column} ${line}`), `${uid}: ${title}`).toBe(false);
          taken.add(`${column} ${line}`);
        }
      }
    }
  });

  it('link to dashboards that exist, with variables that they have, and to runbooks that exist', () => {
    const variables = new Map(boards.map(({ uid, templating }) => [uid, new Set(templating.list.map(({ name }) => name))]));
    const seen = { dashboards: 0, runbooks: 0 };
    for (const board of boards) for (const { url, type } of holders(board, 'url') as unknown as Link[]) {
      const to = /^\/d\/([\w-]+)\?(.*)$/.exec(url ?? '');
      const of = /^\$\{remit_url\}\/runbooks\/(.+)$/.exec(url ?? '');
      if (to) {
        seen.dashboards++;
        expect(variables.has(to[1] ?? ''), url).toBe(true);
        for (const [, name = ''] of (to[2] ?? '').matchAll(/var-(\w+)=/g)) expect(variables.get(to[1] ?? '')?.has(name), url).toBe(true);
      } else if (of) {
        seen.runbooks++;
        const id = of[1] ?? '';
        expect(id === '${__field.labels.detector:percentencode}' || /^\$\{__data\.fields\["(Detector|What)"\]:percentencode\}$/.test(id) || runbook(id) !== null, url).toBe(true);
      } else expect(url === '${remit_url}/' || type === 'dashboards', url).toBe(true);
    }
    expect(seen.dashboards).toBeGreaterThan(10);
    expect(seen.runbooks).toBeGreaterThan(20);
  });

  it('take the identity and the owner of an alert, whatever found it', () => {
    for (const { id } of detectors) {
      const target = boards.find(({ uid }) => uid === dashboardOf(id));
      expect(target?.templating.list.map(({ name }) => name), id).toEqual(expect.arrayContaining(['identity', 'owner']));
    }
  });

  it('ask for metrics and labels of the catalogue, in PromQL that parses', () => {
    expect(checkExpressions(ROOT).filter((problem) => problem.startsWith('dashboards/'))).toEqual([]);
  });

  it('ask in words that every Prometheus understands', () => {
    for (const [name, { targets = [] }] of everyPanel) for (const { expr = '' } of targets) expect(expr, name).not.toMatch(/@\s*(start|end|\d)|\blimitk?\(|histogram_(avg|count|sum|fraction)|\binfo\(|offset\s+-/);
  });

  it('read only recorded series on the fleet, and at most 50', () => {
    const fleet = boards[0]!;
    for (const { title, targets = [] } of panelsOf(fleet)) for (const { expr } of targets) {
      if (expr === undefined) continue;
      for (const [name = ''] of expr.matchAll(/\b(?:cluster\w*:)?nhi_\w+(?::\w+)?/g)) expect(name, title).toMatch(/^cluster\w*:nhi_\w+:\w+$/);
      expect(expr, title).toMatch(/^\(?(sum|count|min)\(|^max by \(cluster\) |^topk\(([1-9]|[1-4]\d|50), |^sum by \(severity\) /);
    }
  });
});

describe('their recording rules', () => {
  it('give what promtool expects, and none is without a case', async () => {
    const [rules, cases] = ['dashboards.rules.yml', 'tests/dashboards.test.yml'].map((name) => parse(readFileSync(`${ROOT}rules/${name}`, 'utf8')) as unknown) as [
      { groups: { rules: { record: string }[] }[] }, { tests: { promql_expr_test: { expr: string; exp_samples: unknown[] }[] }[] },
    ];
    const tried = cases.tests.flatMap(({ promql_expr_test: asked }) => asked.filter(({ exp_samples: samples }) => samples.length > 0).map(({ expr }) => expr));
    expect(tried.sort()).toEqual(rules.groups.flatMap((group) => group.rules).map(({ record }) => record).sort());
    expect(await checkRules([`${ROOT}rules/dashboards.rules.yml`])).toContain('SUCCESS');
    expect(await testRules([`${ROOT}rules/tests/dashboards.test.yml`])).toContain('SUCCESS');
  });
});
