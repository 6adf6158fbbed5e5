import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import type { Finding } from '@remit/contract';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PERFSPEC = join(ROOT, 'examples/data/k8s-perfspec.jsonl.gz');
const AGENTS = join(ROOT, 'examples/data/agents');
const folder = mkdtempSync(join(tmpdir(), 'remit-learn-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

interface Ran { code: number; out: string; err: string }
function run(script: string, ...args: string[]): Promise<Ran> {
  return new Promise((done) => {
    execFile(process.execPath, [join(ROOT, script), ...args], { cwd: folder, maxBuffer: 1 << 28 }, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}
const remit = (...args: string[]): Promise<Ran> => run('exporter/src/main.ts', ...args);

/** Learns into `<name>/proposed`, beside an owner who lets everything page. */
async function learned(name: string, ...args: string[]): Promise<{ inventory: string; proposals: string[]; said: string }> {
  const inventory = join(folder, name);
  const { code, out, err } = await remit('learn', ...args, '-o', join(inventory, 'proposed'), '--quiet');
  expect([code, err]).toEqual([0, '']);
  writeFileSync(join(inventory, 'owners.yml'), 'owners: [{ team: team, contact: "#team", enforce: true }]\n');
  return { inventory, said: out, proposals: readdirSync(join(inventory, 'proposed')).sort().map((file) => join(inventory, 'proposed', file)) };
}

async function found(inventory: string, ...files: string[]): Promise<Pick<Finding, 'detector' | 'identity' | 'severity' | 'reason'>[]> {
  const { code, out, err } = await remit('replay', ...files, '--inventory.path', inventory, '--json', '--quiet');
  expect([code, err]).toEqual([0, '']);
  return (JSON.parse(out) as { findings: Finding[] }).findings;
}

const OPERATOR = 'urn:nhi:k8s:perfspec:service_account/kube-prometheus-stack/my-kube-prometheus-stack-operator';
/** A request of the operator as the API server logs it, with what it did elsewhere. */
function planted(id: string, verb: string, resource: string, namespace: string): string {
  return JSON.stringify({
    kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', auditID: id, stage: 'ResponseComplete', requestURI: `/api/v1/namespaces/${namespace}/${resource}`, verb,
    user: { username: 'system:serviceaccount:kube-prometheus-stack:my-kube-prometheus-stack-operator' },
    objectRef: { resource, namespace, apiVersion: 'v1' }, responseStatus: { code: 200 }, requestReceivedTimestamp: '2023-01-27T18:31:00.000000Z', stageTimestamp: '2023-01-27T18:31:00.000000Z',
  });
}

describe('a Kubernetes cluster', () => {
  const sample = `perfspec=${PERFSPEC}`;

  test('the same input gives the same bytes, and no file is written twice', async () => {
    const first = await learned('same-1', sample);
    const second = await learned('same-2', '--from', sample);
    expect(first.proposals).toHaveLength(34);
    const texts = (paths: string[]) => paths.map((path) => readFileSync(path, 'utf8'));
    expect(texts(second.proposals)).toEqual(texts(first.proposals));

    const [edited, approved, undecided] = first.proposals as [string, string, string];
    for (const path of [edited, approved]) writeFileSync(path, `${readFileSync(path, 'utf8')}# my own words\n`);
    writeFileSync(approved, readFileSync(approved, 'utf8').replace('status: proposed', 'status: active'));
    rmSync(undecided);
    const again = await remit('learn', sample, '-o', join(first.inventory, 'proposed'), '--quiet', '--no-check');
    expect(again.out).toMatch(/^1 file written to .*, 31 there already as proposed\n2 files there already and left/);
    expect(readFileSync(edited, 'utf8')).toContain('my own words');
    await remit('learn', sample, '-o', join(first.inventory, 'proposed'), '--quiet', '--no-check', '--replace');
    expect(readFileSync(edited, 'utf8')).not.toContain('my own words');
    expect(readFileSync(approved, 'utf8')).toContain('my own words');
  }, 180_000);

  test('what a storage holds teaches the same as the files it was fed with', async () => {
    const storage = join(folder, 'storage');
    expect((await remit('replay', sample, '--storage.path', storage, '--quiet')).code).toBe(0);
    const stored = await learned('stored', '--from', 'store', '--storage.path', storage, '--no-check');
    const filed = await learned('filed', sample, '--no-check');
    expect(stored.proposals.map((path) => readFileSync(path, 'utf8'))).toEqual(filed.proposals.map((path) => readFileSync(path, 'utf8')));
    expect((await remit('learn', '--from', 'store', '-o', folder)).code).toBe(2);
    expect((await remit('learn', '-o', folder)).code).toBe(2);
  }, 180_000);

  test('approved, the proposals are quiet on what they were learned from, and misuse is found', async () => {
    const { inventory, proposals, said: told } = await learned('perfspec', sample);
    expect(told).toContain('Tried on the same input as if approved: quiet.');
    expect(told).toMatch(/\d+ actions of 15 identities wait for your decision under review_required/);
    const asTheyAre = readdirSync(join(inventory, 'proposed')).map((file) => readFileSync(join(inventory, 'proposed', file), 'utf8'));

    const approved = await remit('inventory', 'approve', ...proposals, '--owner', 'team', '--approve', '*', '--by', 'reviewer');
    expect([approved.code, approved.err]).toEqual([0, '']);
    expect(readdirSync(join(inventory, 'proposed'))).toEqual([]);
    expect(await found(inventory, sample)).toEqual([]);

    const misuse = join(folder, 'misuse.jsonl');
    writeFileSync(misuse, [planted('p1', 'list', 'secrets', 'kube-system'), planted('p2', 'delete', 'pods', 'kube-prometheus-stack'), planted('p3', 'get', 'services', 'kube-prometheus-stack')].join('\n'));
    const findings = await found(inventory, sample, `perfspec=${misuse}`);
    const said = (severity: string) => findings.filter((one) => one.severity === severity).map(({ detector, identity }) => [detector, identity]);
    expect(said('critical')).toEqual(Array(2).fill(['off-purpose-action', OPERATOR]));
    // Secrets that nobody approved, while no habit is known.
    expect(said('warning')).toEqual([['unbaselined-sensitive-use', OPERATOR]]);
    expect(findings.map(({ reason }) => reason).join()).toMatch(/k8s:list:core\/secrets@perfspec\/kube-system.*k8s:delete:core\/pods@perfspec\/kube-prometheus-stack|k8s:delete.*k8s:list/);

    // As they are, with what is sensitive still undecided, nothing but that may speak.
    const undecided = join(folder, 'as-they-are.yml');
    const records = asTheyAre.flatMap((text) => (parse(text) as { identities: { urn: string; review_required?: string[] }[] }).identities);
    writeFileSync(undecided, JSON.stringify({ owners: [{ team: 'team', enforce: true }], identities: records.map((record) => ({ ...record, owner: 'team', status: 'active' })) }));
    const waiting = new Map(records.map(({ urn, review_required: review }) => [urn, review ?? []]));
    for (const { detector, identity, reason, severity } of await found(undecided, sample)) {
      const named = waiting.get(identity)!.some((permission) => reason.includes(permission));
      expect([detector, reason, named || (detector === 'unbaselined-sensitive-use' && severity === 'warning')]).toEqual([detector, reason, true]);
    }
  }, 180_000);
});

describe('agents', () => {
  const otlp = async (input: string, ...args: string[]): Promise<string> => {
    const path = join(folder, `${args.join('')}.jsonl`);
    const { code, err } = await run('tools/agents-to-otlp.ts', input, path, ...args);
    expect([code, err.split('\n')[0]]).toEqual([0, expect.stringMatching(/runs read/)]);
    return path;
  };

  test('approved, their sequences are quiet on benign runs, and hijacked ones are found', async () => {
    const benign = await otlp(join(AGENTS, 'agentdojo-benign.jsonl.gz'), '--benign');
    const { inventory, proposals, said } = await learned('agents', benign);
    expect(said).toContain('Tried on the same input as if approved: quiet.');
    expect((await remit('inventory', 'approve', ...proposals, '--owner', 'team')).code).toBe(0);
    const unusual = await found(inventory, benign);
    // Of 1,208 runs a few are unlike the others; what the records approve stays quiet.
    expect(unusual.filter((finding) => finding.detector !== 'new-destination' || finding.severity === 'critical')).toEqual([]);
    expect(unusual.length).toBeLessThan(25);

    const hijacked = await otlp(join(AGENTS, 'agentdojo-hijacked.jsonl.gz'), '--hijacked', '--start', '2026-12-01T00:00:00Z');
    const findings = await found(inventory, hijacked);
    expect(findings.filter(({ detector, severity }) => detector === 'off-purpose-sequence' && severity === 'critical').length).toBeGreaterThan(20);
  }, 180_000);

  test('planted: a tool outside the record, and a step that never followed', async () => {
    const lines = gunzipSync(readFileSync(join(AGENTS, 'agentdojo-benign.jsonl.gz'))).toString('utf8').split('\n').filter((line) => line.includes('"suite":"banking"') && line.includes('"user_task":"user_task_0"'));
    const seen = join(folder, 'seen.jsonl');
    writeFileSync(seen, `${lines.join('\n')}\n`);
    const { inventory, proposals } = await learned('one-task', await otlp(seen, '--suite', 'banking'));
    await remit('inventory', 'approve', ...proposals, '--owner', 'team');
    const plant = async (name: string, tools: string[]): Promise<string[]> => {
      const raw = join(folder, `${name}.raw`);
      writeFileSync(raw, `${JSON.stringify({ ...JSON.parse(lines[0]!) as object, path: name, calls: tools.map((tool) => ({ tool, ok: true })) })}\n`);
      return (await found(inventory, await otlp(raw, '--start', '2026-12-01T00:00:00Z', '--every', String(60 + name.length)))).map(({ detector }) => detector).sort();
    };
    expect(await plant('a-run-as-seen', (JSON.parse(lines[0]!) as { calls: { tool: string }[] }).calls.map(({ tool }) => tool))).toEqual([]);
    expect(await plant('a-tool-outside', ['read_file', 'update_password'])).toContain('off-purpose-action');
    expect(await plant('a-step-before-its-time', ['send_money', 'read_file'])).toEqual(['off-purpose-sequence']);
  }, 180_000);
});
