import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { generated as all, RULE_FILES } from '../generate.ts';
import { deadRules } from '../grafana/rules.ts';
import { writeMixin } from '../mixin.ts';
import { checkRules } from '../real/prometheus.ts';
import { generated } from './forms.ts';

interface Rule { alert?: string; record?: string; expr: string }
interface Managed { uid: string; title: string; data: { refId: string; datasourceUid: string; model: { expr?: string } }[]; noDataState: string; execErrState: string; notification_settings: object; annotations: Record<string, string> }
const folder = mkdtempSync(join(tmpdir(), 'remit-forms-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

const texts = RULE_FILES.map((path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
const rules = texts.flatMap((text) => (parse(text) as { groups: { rules: Rule[] }[] }).groups).flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);
const check = (name: string, groups: unknown): Promise<string> => {
  writeFileSync(join(folder, name), JSON.stringify({ groups }));
  return checkRules([join(folder, name)]);
};

describe('other forms of the rules', () => {
  const forms = generated(texts);

  it('as a PrometheusRule hold every rule, and promtool takes them', async () => {
    const { kind, spec } = parse(forms['rules/forms/prometheus-rule.yml']!) as { kind: string; spec: { groups: { rules: Rule[] }[] } };
    expect(kind).toBe('PrometheusRule');
    expect(spec.groups.flatMap((group) => group.rules)).toEqual(rules);
    await check('operator.json', spec.groups);
  });

  it('managed by Grafana hold every alert but the proof of life, each by itself and without a policy tree', async () => {
    const file = parse(forms['rules/forms/grafana-managed.yml']!) as { groups: { rules: Managed[] }[]; policies?: unknown };
    const managed = file.groups.flatMap((group) => group.rules);
    expect(managed.map(({ title }) => title)).toEqual(alerts.map(({ alert }) => alert).filter((name) => name !== 'RemitWatchdog'));
    expect(file.policies).toBeUndefined();
    expect(new Set(managed.map(({ uid }) => uid)).size).toBe(managed.length);
    for (const rule of managed) {
      expect([rule.noDataState, rule.execErrState]).toEqual(['OK', 'KeepLast']);
      expect(rule.notification_settings).toHaveProperty('receiver');
      expect(JSON.stringify(rule.annotations)).not.toMatch(/\$value\b/);
    }
    // Nothing records the recorded series there.
    const asked = managed.map((rule) => rule.data[0]!.model.expr!);
    expect(asked.filter((expr) => rules.some(({ record }) => record !== undefined && expr.includes(record)))).toEqual([]);
    await check('managed.json', [{ name: 'managed', rules: asked.map((expr, i) => ({ record: `x:y:z${i}`, expr })) }]);
    expect(deadRules({ 'rules/forms/grafana-managed.yml': forms['rules/forms/grafana-managed.yml']! })).toEqual([]);
  });

  it('as a mixin keep alerts and recordings apart, with the dashboards', async () => {
    const written = await writeMixin(join(folder, 'mixin'));
    const read = (path: string): Rule[] => (parse(readFileSync(join(folder, 'mixin', path), 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
    expect(read('prometheus_alerts.yaml')).toEqual(alerts);
    expect(read('prometheus_rules.yaml')).toEqual(rules.filter(({ record }) => record !== undefined));
    expect(written.filter((path) => /^dashboards_out\/[a-z-]+\.json$/.test(path)).length).toBe([...(await all()).keys()].filter((path) => path.startsWith('dashboards/out/')).length);
    await checkRules(['prometheus_alerts.yaml', 'prometheus_rules.yaml'].map((path) => join(folder, 'mixin', path)));
  });
});
