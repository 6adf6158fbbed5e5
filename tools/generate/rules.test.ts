import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { METRICS } from '@remit/contract';
import { runbook } from '../../exporter/src/runbooks.ts';
import { checkRules, testRules } from '../real/prometheus.ts';
import { checkExpressions } from './check-expressions.ts';
import { generated as metricsDocs } from './metrics-docs.ts';
import { alertName, type AlertManifest as Manifest } from '../../exporter/src/lib/alert-text.ts';
import { generated } from './rules.ts';

const TWO: Manifest[] = [
  { id: 'volume', title: 'Busier than ever', severity: 'warning', summary: '{identity} of {owner} did more than it ever does', firstAction: 'Compare the hours' },
  { id: 'outside-schedule', title: 'Worked outside its schedule', severity: 'critical', summary: '{identity} started outside the schedule of {owner}: it\'s "late"', firstAction: 'Ask who started it' },
];
let folder = '';

beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'remit-rules-')); });
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

const OF_DETECTORS = (): string[] => ['remit', 'remit-days'].map((name) => join(folder, `rules/tests/${name}.test.yml`));

describe('rules', () => {
  it('pass promtool with their own tests, whatever the order of the manifests', async () => {
    const files = generated(TWO);
    expect(generated(TWO.toReversed())).toEqual(files);
    write(files);
    await checkRules([join(folder, 'rules/remit.rules.yml')]);
    await testRules(OF_DETECTORS());
  });

  it.each([
    ['without the last value of the hour', /\n\s+or\n.*last_over_time.*\n/, '\n'],
    ['without what was open before', /\n\s+or\n\s+\(max by .*\n/, '\n'],
    ['that hold it though the exporter answers', ' unless on (cluster) max by (cluster) (nhi_build_info)', ''],
    ['that hold it for ever', 'nhi_build_info[1d]', 'nhi_build_info[7d]'],
    ['with a wait', 'keep_firing_for: 2m', 'for: 2m'],
    ['that keep firing without an end', '{detector="outside-schedule"} > 0', '{detector="outside-schedule"} >= 0'],
    ['that take any detector', '{detector="outside-schedule"} > 0', ' > 0'],
    ['with another label', 'keep_firing_for: 2m\n', 'keep_firing_for: 2m\n        labels: {team: x}\n'],
  ])('%s fail those tests', async (_, from, to) => {
    const files = generated(TWO);
    const broken = (files['rules/remit.rules.yml'] ?? '').replace(from, to);
    expect(broken).not.toBe(files['rules/remit.rules.yml']);
    write({ ...files, 'rules/remit.rules.yml': broken });
    await expect(testRules(OF_DETECTORS())).rejects.toThrow('FAILED');
  });

  it('have one alert a detector with the manifest\'s words and no label of their own', () => {
    const { groups } = parse(generated(TWO)['rules/remit.rules.yml'] ?? '') as { groups: { rules: { alert?: string; labels?: object; for?: string; annotations?: Record<string, string> }[] }[] };
    const alerts = groups.flatMap((g) => g.rules).filter((r) => r.alert);
    expect(alerts.map((r) => r.alert)).toEqual(['RemitOutsideSchedule', 'RemitVolume']);
    for (const rule of alerts) { expect(rule.labels).toBeUndefined(); expect(rule.for).toBeUndefined(); }
    expect(alerts[0]?.annotations?.first_action).toBe('Ask who started it');
    expect(alertName('unbaselined-sensitive-use')).toBe('RemitUnbaselinedSensitiveUse');
  });

  it('written by hand have a case that fires, one that stays quiet, and a runbook', () => {
    const read = (path: string): unknown => parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
    const { groups } = read('rules/pipeline.rules.yml') as { groups: { rules: { alert?: string; annotations: { runbook_url: string } }[] }[] };
    const cases = ['pipeline', 'days'].flatMap((name) => (read(`rules/tests/${name}.test.yml`) as { tests: { alert_rule_test?: { alertname: string; exp_alerts?: unknown[] }[] }[] }).tests)
      .flatMap((test) => test.alert_rule_test ?? []);
    for (const { alert, annotations } of groups.flatMap((group) => group.rules).filter((rule) => rule.alert !== undefined)) {
      const kinds = new Set(cases.filter(({ alertname }) => alertname === alert).map(({ exp_alerts: fired }) => (fired?.length ?? 0) > 0));
      expect([...kinds].sort(), alert).toEqual([false, true]);
      expect(runbook(annotations.runbook_url.split('/').at(-1) ?? ''), alert).toContain('## First');
    }
  });

  /** What follows from the exporter's absence must be told while it is away. */
  const OF_ABSENCE = ['RemitWatchdog', 'RemitExporterDown', 'RemitExporterAbsent'];
  it('of Remit itself outlive a restart of the exporter, and would not if they only looked at this moment', async () => {
    const text = (path: string): string => readFileSync(new URL(`../../rules/${path}`, import.meta.url), 'utf8');
    const pipeline = text('pipeline.rules.yml');
    const names = (parse(pipeline) as { groups: { rules: { alert?: string }[] }[] }).groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));
    const days = parse(text('tests/days.test.yml'), { merge: true }) as { tests: { name: string }[] };
    write({
      'rules/pipeline.rules.yml': pipeline, 'rules/tests/restarts.test.yml': text('tests/restarts.test.yml'),
      'rules/tests/days.test.yml': JSON.stringify({ ...days, tests: days.tests.filter(({ name }) => name.includes('restart')) }),
    });
    const tests = ['restarts', 'days'].map((name) => join(folder, `rules/tests/${name}.test.yml`));
    await testRules(tests);

    write({ 'rules/pipeline.rules.yml': pipeline.replaceAll(/last_over_time\((\S+?)\[15m\]\)/g, '$1').replaceAll(/last_over_time\(\((.*?)\)\[15m:10s\]( offset 1d)?\)/g, (_, held: string, offset = '') => (offset === '' ? held : held.replace(/\)$/, `${String(offset)})`))) });
    const said = await testRules(tests).then(() => '', (error: Error) => error.message);
    const during = /time: 1h10m,\s+exp: (.*)\s+got: (.*)/.exec(said) ?? [];
    const [stand = [], left = []] = during.slice(1).map((each) => [...each.matchAll(/alertname="(\w+)"/g)].map(([, name]) => name));
    expect([...stand, 'RemitCoverageFalling', ...OF_ABSENCE].sort()).toEqual(names.toSorted());
    // What is counted over a range needs no more.
    expect(left).toEqual(['RemitEventsDropped', 'RemitSinkFailing', 'RemitStoreDegraded']);
    expect(said).toMatch(/RemitCoverageFalling.*time: 1d1h50m,\s+exp: .*\s+got: nil/);
    expect(said).toMatch(/RemitCoverageFalling.*time: 1d2h45m,\s+exp: .*\s+got: nil/);
  }, 60_000);

  it('lead to another address everywhere when told so', () => {
    const files = generated(TWO, 'https://remit.example.org/x/');
    for (const [path, text] of Object.entries(files)) {
      expect(text, path).not.toContain('127.0.0.1:9847');
      expect(text, path).toContain('https://remit.example.org/x/runbooks/');
    }
    expect(() => generated(TWO, 'remit.example.org')).toThrow('Not a base URL');
  });

  it('refuse a manifest that would be a template', () => {
    expect(() => generated([{ ...TWO[0]!, title: 'x {{ $value }}' }])).toThrow('template braces');
  });
});

describe('expressions', () => {
  const rule = (expr: string, annotation = ''): Record<string, string> => ({
    'rules/x.rules.yml': JSON.stringify({ groups: [{ name: 'x', rules: [{ alert: 'X', expr, annotations: { summary: annotation } }] }] }),
    'docs/empty.md': '',
  });

  it.each([
    ['an unknown metric', rule('nhi_finding_open > 0'), 'nhi_finding_open is not in the catalogue'],
    ['a label that a metric has not', rule('nhi_findings_open{team="x"} > 0'), 'nhi_findings_open has no label team'],
    ['a grouping by such a label', rule('sum by (reason) (nhi_findings_open) > 0'), 'no metric here has the label reason'],
    ['an annotation with such a label', rule('nhi_findings_open > 0', '{{ $labels.team }}'), 'an annotation uses the label team'],
    ['a histogram without its suffix', rule('nhi_event_delay_seconds > 1'), 'nhi_event_delay_seconds is not in the catalogue'],
    ['broken syntax', rule('sum by (cluster (nhi_findings_open)'), 'not PromQL'],
    ['a page', { ...rule('up'), 'docs/a/b.md': 'text\n```promql\nnhi_nothing\n```\n' }, 'docs/a/b.md:3: nhi_nothing'],
  ])('with %s are found', (_, files, problem) => {
    write(files);
    expect(checkExpressions(folder)).toEqual([expect.stringContaining(problem)]);
  });

  it.each(['up == 0', 'histogram_quantile(0.9, sum by (le, source) (rate(nhi_event_delay_seconds_bucket[5m])))', 'max by (cluster, instance) (nhi_store_degraded)'])(
    'that are right are left alone: %s', (expr) => {
      write(rule(expr));
      expect(checkExpressions(folder)).toEqual([]);
    });

  it('of this repository are right', () => {
    expect(checkExpressions(join(import.meta.dirname, '../..'))).toEqual([]);
  });
});

describe('the catalogue', () => {
  it('keeps to what the formats and promtool allow', () => {
    expect(new Set(METRICS.map((f) => f.name)).size).toBe(METRICS.length);
    for (const f of METRICS) {
      expect(f.name).toMatch(/^nhi_[a-z_]+$/);
      expect(f.name.endsWith('_total')).toBe(f.type === 'counter');
      expect(f.help).toMatch(/^[^"\\\n]+\.$/);
      expect(f.labels).not.toContain('quantile');
      expect(f.type === 'histogram').toBe(f.buckets !== undefined);
      expect(f.writer === 'client' || f.type !== 'histogram').toBe(true);
      expect(f.most({ identities: 10, owners: 2, detectors: 2, sources: 2, exceptions: 2 })).toBeGreaterThan(0);
    }
  });

  it('is documented family by family', () => {
    const page = metricsDocs()['docs/metrics.md'];
    for (const { name } of METRICS) expect(page).toContain(`| \`${name}\` |`);
  });
});
