import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { loadConfig } from '../../exporter/src/config.ts';
import { loadWebConfig } from '../../exporter/src/lib/web-config.ts';
import { ensureHelm } from '../real/helm.ts';
import { checkRules } from '../real/prometheus.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const CHART = join(root, 'charts/remit');
const folder = mkdtempSync(join(tmpdir(), 'remit-chart-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

interface Manifest { apiVersion: string; kind: string; metadata: { name: string; labels?: Record<string, string> }; data?: Record<string, string>; spec?: Record<string, unknown> }

const DEFINITIONS: Record<string, string> = {
  StatefulSet: 'io.k8s.api.apps.v1.StatefulSet', Service: 'io.k8s.api.core.v1.Service', ServiceAccount: 'io.k8s.api.core.v1.ServiceAccount',
  ConfigMap: 'io.k8s.api.core.v1.ConfigMap', Secret: 'io.k8s.api.core.v1.Secret', NetworkPolicy: 'io.k8s.api.networking.v1.NetworkPolicy',
};
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(JSON.parse(readFileSync(join(import.meta.dirname, 'kubernetes-1.34.schema.json'), 'utf8')) as object, 'k8s');

/** What Kubernetes would say of a manifest; empty when it would take it. */
function problems(manifest: Manifest): string {
  const models = { ServiceMonitor, PrometheusRule } as Record<string, typeof ServiceMonitor | typeof PrometheusRule>;
  const model = models[manifest.kind];
  if (model) {
    try { new model(manifest as never).validate(); return ''; } catch (error) { return (error as Error).message; }
  }
  const validate = ajv.getSchema(`k8s#/$defs/${DEFINITIONS[manifest.kind]}`);
  if (!validate) return `${manifest.kind} is not known`;
  return validate(manifest) ? '' : ajv.errorsText(validate.errors);
}

let helm = '';
async function render(values: object): Promise<Manifest[]> {
  const file = join(folder, 'values.yml');
  writeFileSync(file, stringify(values));
  const { stdout } = await run(helm, ['template', 'prod', CHART, '--namespace', 'observability', '--kube-version', '1.34.0', '--values', file], { maxBuffer: 1 << 26 });
  return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest | null).filter((manifest) => manifest !== null);
}
beforeAll(async () => { helm = await ensureHelm(); }, 300_000);

const EVERYTHING = {
  externalUrl: 'https://remit.example', grafanaUrl: 'https://grafana.example', cluster: 'prod-eu-1', imagePullSecrets: [{ name: 'registry' }], priorityClassName: 'high',
  image: { repository: 'registry.example/remit', digest: `sha256:${'a'.repeat(64)}` }, config: { metrics: { series_limit: 40_000 }, budget: { pages_per_week: 7 } },
  inventory: { 'teams.yml': { version: 1, owners: [{ team: 'payments' }] }, 'more.yml': 'identities: []\n' },
  serviceMonitor: { enabled: true, labels: { release: 'prometheus' } }, prometheusRule: { enabled: true }, dashboards: { enabled: true },
  networkPolicy: { namespaces: ['monitoring', 'grafana'], cidrs: ['10.0.0.0/24'], egress: [{ ports: [{ port: 9093 }] }] },
  auditWebhook: { enabled: true, address: '10.96.0.20' }, podAnnotations: { a: 'b' }, tolerations: [{ operator: 'Exists' }], nodeSelector: { disk: 'ssd' },
};

describe('the chart', () => {
  it('passes helm lint', async () => {
    await run(helm, ['lint', '--strict', CHART]);
  });

  it.each([
    ['as it is', {}, ['ConfigMap', 'ConfigMap', 'NetworkPolicy', 'Secret', 'Secret', 'Service', 'ServiceAccount', 'StatefulSet']],
    ['without storage, policy and secrets of its own', { persistence: { enabled: false }, networkPolicy: { enabled: false }, tokens: { existingSecret: 'a' }, tls: { existingSecret: 'b' }, existingInventory: { configMap: { name: 'c' } } },
      ['ConfigMap', 'Service', 'ServiceAccount', 'StatefulSet']],
    ['with everything', EVERYTHING, [...Array<string>(11).fill('ConfigMap'), 'NetworkPolicy', 'PrometheusRule', 'Secret', 'Secret', 'Service', 'ServiceAccount', 'ServiceMonitor', 'StatefulSet']],
  ])('%s gives manifests that Kubernetes takes', async (_, values, kinds) => {
    const manifests = await render(values);
    expect(manifests.map(({ kind }) => kind).sort()).toEqual(kinds);
    for (const manifest of manifests) expect([manifest.kind, manifest.metadata.name, problems(manifest)]).toEqual([manifest.kind, manifest.metadata.name, '']);
    expect(new Set(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).size).toBe(manifests.length);
  });

  it('takes values that YAML would read as something else', async () => {
    const manifests = await render({ ...EVERYTHING, config: { metrics: null }, networkPolicy: { namespaces: ['007', '1e3', 'null'], cidrs: ['::1/128', '::/0'] } });
    for (const manifest of manifests) expect([manifest.kind, manifest.metadata.name, problems(manifest)]).toEqual([manifest.kind, manifest.metadata.name, '']);
    const spec = JSON.stringify(manifests.find(({ kind }) => kind === 'NetworkPolicy')!.spec);
    for (const written of ['"kubernetes.io/metadata.name":"007"', '"kubernetes.io/metadata.name":"1e3"', '"kubernetes.io/metadata.name":"null"', '"cidr":"::1/128"', '"cidr":"::/0"']) expect(spec).toContain(written);
  });

  it('gives a container whose file system is read-only somewhere to sort and to keep what was compiled', async () => {
    const { spec } = (await render({})).find(({ kind }) => kind === 'StatefulSet')!;
    const text = JSON.stringify(spec);
    expect(text).toContain('"readOnlyRootFilesystem":true');
    expect(text).toContain('{"name":"tmp","mountPath":"/tmp"}');
    expect(text).toContain('{"name":"tmp","emptyDir":{"sizeLimit":"1Gi"}}');
  });

  it('that is wrong would be noticed', async () => {
    const [stateful] = (await render({})).filter(({ kind }) => kind === 'StatefulSet');
    expect(problems({ ...stateful!, spec: { ...stateful!.spec, replica: 1 } })).toContain('must NOT have additional properties');
    expect(problems({ ...stateful!, spec: { ...stateful!.spec, replicas: 'one' } })).toContain('must be');
    await expect(render({ imagee: {} })).rejects.toThrow(/imagee/);
    await expect(render({ auditWebhook: { enabled: true } })).rejects.toThrow('auditWebhook.address');
  });

  it('runs under the restricted pod security standard', async () => {
    const [stateful] = (await render(EVERYTHING)).filter(({ kind }) => kind === 'StatefulSet');
    const pod = (stateful!.spec as { template: { spec: Record<string, never> & { securityContext: object; containers: { securityContext: object; image: string }[]; volumes: object[]; automountServiceAccountToken: boolean } } }).template.spec;
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    for (const container of pod.containers) {
      expect(container.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
      expect(container.image).toBe(`registry.example/remit@sha256:${'a'.repeat(64)}`);
    }
    expect(pod).not.toHaveProperty('hostNetwork');
    expect(pod.automountServiceAccountToken).toBe(false);
    for (const volume of pod.volumes) expect(Object.keys(volume).filter((key) => key !== 'name')).toEqual([expect.stringMatching(/^(configMap|secret|emptyDir)$/)]);
  });

  it('carries rules and dashboards with links to where this Remit is, and a configuration that Remit takes', async () => {
    const manifests = await render(EVERYTHING);
    const text = JSON.stringify(manifests);
    expect(text).not.toContain('127.0.0.1:9847');
    const { spec } = manifests.find(({ kind }) => kind === 'PrometheusRule')!;
    writeFileSync(join(folder, 'rules.json'), JSON.stringify(spec));
    await checkRules([join(folder, 'rules.json')]);
    expect(JSON.stringify(spec)).toContain('https://remit.example/runbooks/outside-schedule');
    const dashboards = manifests.filter(({ metadata }) => metadata.labels?.['grafana_dashboard'] === '1').flatMap(({ data }) => Object.entries(data ?? {}));
    expect(dashboards).toHaveLength(8);
    for (const [name, json] of dashboards) expect(`${(JSON.parse(json) as { uid: string }).uid}.json`).toBe(name);

    const files = manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'prod-remit')!.data!;
    const secrets = Object.assign({}, ...manifests.filter(({ kind }) => kind === 'Secret').map(({ data }) => data)) as Record<string, string>;
    mkdirSync(join(folder, 'etc'));
    for (const [name, value] of Object.entries(secrets)) writeFileSync(join(folder, 'etc', name), Buffer.from(value, 'base64'));
    for (const [name, value] of Object.entries(files)) writeFileSync(join(folder, 'etc', name), value.replaceAll(/\/etc\/remit\/(tokens|tls)\//g, `${folder}/etc/`));
    const { config, problems: wrong } = loadConfig(join(folder, 'etc/remit.yml'));
    expect(wrong).toEqual([]);
    expect(config).toMatchObject({ cluster: 'prod-eu-1', grafana: { url: 'https://grafana.example' }, metrics: { series_limit: 40_000 }, auth: { admin: { token_file: join(folder, 'etc/admin.token') } } });
    expect(loadWebConfig(join(folder, 'etc/web.yml')).problems).toEqual([]);
    expect(new Set(['ingest', 'read', 'write', 'admin'].map((name) => readFileSync(join(folder, `etc/${name}.token`), 'utf8'))).size).toBe(4);
    const monitor = manifests.find(({ kind }) => kind === 'ServiceMonitor')!.spec as { sampleLimit: number; endpoints: { relabelings: object[] }[] };
    expect([monitor.sampleLimit, monitor.endpoints[0]!.relabelings]).toEqual([50_000, [{ targetLabel: 'cluster', replacement: 'prod-eu-1' }]]);
    const webhook = manifests.find(({ metadata }) => metadata.name === 'prod-remit-audit-webhook')!.data!;
    expect(parse(webhook['audit-webhook.kubeconfig']!)).toMatchObject({ kind: 'Config', clusters: [{ cluster: { server: 'https://10.96.0.20:9847/k8s/audit/prod-eu-1' } }] });
    expect(parse(webhook['audit-policy.yaml']!)).toMatchObject({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy' });
  });
});
