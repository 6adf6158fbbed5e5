import { expect, it } from 'vitest';
import { deadRules } from './rules.ts';

const SOURCES = 'apiVersion: 1\ndatasources:\n  - { name: Remit, type: remit-nhi-datasource, uid: remit, access: proxy }\n  - { name: Prometheus, type: prometheus, uid: prom }\n';
const rule = (data: unknown[]): string => JSON.stringify({ apiVersion: 1, groups: [{ orgId: 1, name: 'g', folder: 'f', interval: '1m', rules: [{ uid: 'r', title: 'Findings', condition: 'B', data }] }] });
const expression = { refId: 'B', datasourceUid: '__expr__', model: { type: 'threshold' } };

it.each([
  ['by the uid of a provisioned data source', [{ refId: 'A', datasourceUid: 'remit', model: {} }, expression], 1],
  ['by its type', [{ refId: 'A', datasourceUid: 'other', model: { datasource: { type: 'remit-nhi-datasource', uid: 'other' } } }, expression], 1],
  ['not one on Prometheus', [{ refId: 'A', datasourceUid: 'prom', model: { expr: 'nhi_findings' } }, expression], 0],
  ['not one without queries', [], 0],
])('refuses a Grafana-managed rule %s', (_, data, count) => {
  expect(deadRules({ 'provisioning/grafana/datasources/remit.yml': SOURCES, 'provisioning/grafana/alerting/rules.json': rule(data) })).toHaveLength(count);
});

it('passes over what is neither', () => {
  expect(deadRules({ 'a.yml': '{{ template }}: [', 'b.json': '[1, null]', 'c.yml': 'groups: 3', 'd.yml': 'groups: [{ name: x, rules: [{ alert: Y, expr: up == 0 }] }]' })).toEqual([]);
});
