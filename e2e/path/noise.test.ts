import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Finding } from '@remit/contract';
import { episodesOf } from '../../exporter/src/api/episodes.ts';
import { openCore, type Core } from '../../exporter/src/app.ts';
import { Progress } from '../../exporter/src/commands/progress.ts';
import { replayInto } from '../../exporter/src/commands/replay.ts';
import { loadConfig } from '../../exporter/src/config.ts';
import { Bench, roleRecord, shuffled } from '../support/bench.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.parse('2026-11-02T00:00:00Z');
const urn = (name: string) => `urn:nhi:aws:111122223333:role/${name}`;
const second = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`;
const denied = { errorCode: 'AccessDenied', errorMessage: 'not authorized' };

let files: Bench | null = null;
let core: Core | null = null;
afterEach(async () => {
  await core?.close();
  files?.remove();
  core = files = null;
});

/** What comes of these records: findings as they last were, and the pages of each. */
async function judge(inventory: object, records: readonly string[]): Promise<{ findings: Finding[]; pages: Finding[] }> {
  files = new Bench();
  const found = new Map<string, Finding>();
  const pages: Finding[] = [];
  core = await openCore({
    storage: null, config: loadConfig(undefined).config,
    changed: (changes) => {
      for (const { finding, page } of changes) {
        found.set(finding.id, finding);
        if (page) pages.push(finding);
      }
    },
  });
  expect(await core.loadInventory(files.file(JSON.stringify(inventory), 'yml'), 0)).toMatchObject({ ok: true });
  const path = files.file(records.join('\n'));
  await replayInto(core, [{ path, cluster: 'test', bytes: 1 }], new Progress(process.stderr, true));
  return { findings: [...found.values()].filter(({ state }) => state !== 'withdrawn'), pages };
}

/** Calls of one role, evenly over some days. */
function calls(name: string, count: number, days: number, more: (i: number) => Parameters<typeof roleRecord>[3]): string[] {
  return Array.from({ length: count }, (_, i) => {
    const at = START + Math.floor((i * days * DAY) / count / 1000) * 1000;
    return roleRecord(name, `AROA${name.toUpperCase()}`, second(at), { event: `${name}-${i}`, key: `ASIA${name.toUpperCase()}${i % 50}`, session: `s${i % 50}`, ...more(i) });
  });
}

const record = (name: string, more: object) => ({ urn: urn(name), kind: 'service_account', owner: 'payments', ...more });
const owners = [{ team: 'payments', enforce: true }];

describe('a principal that fails for good', () => {
  const failing = (name: string, operation: string, service: string) => calls(name, 10_000, 5, () => ({ operation, service, extra: denied }));

  it.each([
    ['a foreign action', { actions: ['aws:s3:Get*'] }, 'off-purpose-action', 1],
    ['a role past its end', { status: 'decommissioned', decommissioned_at: '2026-11-01T00:00:00Z' }, 'decommissioned-active', 5],
    ['work at any hour', { schedule: { windows: [{ cron: '0 2 * * *', duration: '30m' }] } }, 'outside-schedule', 6],
  ])('%s: a ticket for all of it, or one a day or window, whatever its sessions, and one episode', async (_, declared, detector, most) => {
    const { findings, pages } = await judge({ owners, identities: [record('stuck', declared)] }, shuffled(failing('stuck', 'DescribeInstances', 'ec2.amazonaws.com'), 7));
    const own = findings.filter((finding) => finding.detector === detector);
    expect(own.length).toBeGreaterThan(0);
    expect(own.length).toBeLessThanOrEqual(most);
    expect(own.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(9000);
    expect(episodesOf(own)).toHaveLength(1);
    expect(findings.length).toBeLessThanOrEqual(most + 1);
    expect(pages.length).toBeLessThanOrEqual(1);
  }, 30_000);

  it('without a record: one ticket for what is sensitive', async () => {
    const { findings, pages } = await judge({ owners }, failing('stranger', 'CreateAccessKey', 'iam.amazonaws.com'));
    const own = findings.filter(({ identity }) => identity === urn('stranger'));
    // Five days may lie in two weeks.
    expect(own.map(({ detector, severity }) => `${detector} ${severity}`)).toEqual(Array<string>(own.length).fill('unbaselined-sensitive-use warning'));
    expect(own.length).toBeLessThanOrEqual(2);
    expect(episodesOf(own)).toHaveLength(1);
    expect(pages).toEqual([]);
  }, 30_000);
});

describe('a scanner that is refused everywhere', () => {
  const scan = (service: string, operation: (i: number) => string, request?: (i: number) => object) => calls('scan', 60, 2, (i) => ({
    operation: operation(i), service, extra: { ...denied, ...request === undefined ? {} : { requestParameters: request(i) } },
  }));
  const kept = { actions: ['aws:s3:Get*'], exceptions: [{ id: 'known', detector: 'off-purpose-action', owner: 'payments', reason: 'a probe', expires_at: '2027-01-01T00:00:00Z', scope: { actions: ['aws:ec2:DescribeThing7'] } }] };

  it.each([
    ['of foreign permissions', scan('ec2.amazonaws.com', (i) => `DescribeThing${i % 40}`), 'off-purpose-action', '39 different things tried in vain: aws:ec2:DescribeThing0, aws:ec2:DescribeThing1, '],
    ['of log groups it would delete', scan('logs.amazonaws.com', () => 'DeleteLogGroup', (i) => ({ logGroupName: `/aws/${i}` })), 'monitoring-tampering', '60 different things tried in vain: '],
  ])('%s is one ticket, in any order, and what an exception hides stays hidden', async (_, records, detector, text) => {
    const told: unknown[] = [];
    for (const lines of [records, shuffled(records, 5)]) {
      const { findings, pages } = await judge({ owners, identities: [record('scan', kept)] }, lines);
      const own = findings.filter((finding) => finding.detector === detector && finding.state !== 'silenced');
      expect(own).toHaveLength(1);
      expect(own[0]).toMatchObject({ severity: 'warning', bucket: 'in vain' });
      expect(own[0]!.observed).toContain(text);
      expect(pages).toEqual([]);
      told.push([own[0]!.count, own[0]!.observed, own[0]!.first, own[0]!.last, own[0]!.expected]);
      await core?.close();
      core = null;
    }
    expect(told[1]).toEqual(told[0]);
  }, 30_000);

  it('and is still several where there are few', async () => {
    const { findings } = await judge({ owners, identities: [record('scan', kept)] }, scan('ec2.amazonaws.com', (i) => `DescribeThing${i % 7}`));
    expect(findings.filter(({ detector }) => detector === 'off-purpose-action')).toHaveLength(7);
  }, 30_000);
});

describe('what an identity of low criticality does to data that everybody may see', () => {
  it.each([
    ['low', 'public', 'warning'], ['low', 'internal', 'warning'], ['low', 'confidential', 'critical'], ['low', 'restricted', 'critical'],
    ['medium', 'public', 'critical'], ['critical', 'public', 'critical'],
  ])('%s, %s: %s', async (criticality, data_class, severity) => {
    const read = calls('reader', 1, 1, () => ({ operation: 'GetObject', service: 's3.amazonaws.com', extra: { requestParameters: { bucketName: 'b', key: 'k' } } }));
    const { findings, pages } = await judge({ owners, data_classes: [{ resources: ['arn:aws:s3:::b*'], data_class }], identities: [record('reader', { criticality, actions: ['aws:ec2:*'] })] }, read);
    expect(findings.filter(({ detector }) => detector === 'off-purpose-action').map((f) => f.severity)).toEqual([severity]);
    expect(pages.length).toBe(severity === 'critical' ? 1 : 0);
  }, 30_000);

  it('is no ticket where it is sensitive, or where the class is not known', async () => {
    const acts = [...calls('reader', 1, 1, () => ({ operation: 'PutBucketPolicy', service: 's3.amazonaws.com', extra: { requestParameters: { bucketName: 'b' } } })), ...calls('other', 1, 1, () => ({ operation: 'GetObject', service: 's3.amazonaws.com', extra: { requestParameters: { bucketName: 'x', key: 'k' } } }))];
    const { findings } = await judge({ owners, data_classes: [{ resources: ['arn:aws:s3:::b*'], data_class: 'public' }], identities: ['reader', 'other'].map((name) => record(name, { criticality: 'low', actions: ['aws:ec2:*'] })) }, acts);
    expect(findings.filter(({ detector }) => detector === 'off-purpose-action').map((f) => f.severity)).toEqual(['critical', 'critical']);
  }, 30_000);
});

describe('a storm of one cause', () => {
  it('of one identity pages once, however many windows it goes through, and again after a day of rest', async () => {
    const declared = { schedule: { windows: [{ cron: '0 */6 * * *', duration: '10m' }] } };
    const storm = calls('storm', 2000, 3, () => ({}));
    const later = roleRecord('storm', 'AROASTORM', second(START + 5 * DAY + HOUR), { event: 'later' });
    const { findings, pages } = await judge({ owners, identities: [record('storm', declared)] }, [...storm, later]);
    const own = findings.filter(({ detector }) => detector === 'outside-schedule');
    expect(own.length).toBeGreaterThan(10);
    expect(episodesOf(own).map(({ findings: n, events }) => [n, events > 1])).toEqual([[1, false], [own.length - 1, true]]);
    expect(pages.filter(({ detector }) => detector === 'outside-schedule')).toHaveLength(2);
  }, 30_000);

  it('of many identities of an owner is one group of the shipped Alertmanager, for pages and tickets alike', () => {
    interface Route { group_by?: string[]; matchers?: string[]; routes?: Route[] }
    const { route } = parse(readFileSync(new URL('../../provisioning/alertmanager/alertmanager.yml', import.meta.url), 'utf8')) as { route: Route };
    const grouping = (each: Route, inherited: string[]): [string, string[]][] => {
      const by = each.group_by ?? inherited;
      return [[(each.matchers ?? []).join(), by], ...(each.routes ?? []).flatMap((inner) => grouping(inner, by))];
    };
    for (const [matchers, by] of grouping(route, [])) {
      if (!matchers.includes('RemitWatchdog')) expect([matchers, by]).toEqual([matchers, ['cluster', 'identity_owner', 'alertname']]);
    }
    const { groups } = parse(readFileSync(new URL('../../rules/remit.rules.yml', import.meta.url), 'utf8')) as { groups: { rules: { alert?: string; labels?: object }[] }[] };
    const alerts = groups.flatMap(({ rules }) => rules.filter(({ alert }) => alert !== undefined));
    expect(alerts.length).toBeGreaterThan(20);
    // One name a detector, and no label of its own: whoever differs only in identity is in one group.
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    expect(alerts.filter(({ labels }) => labels !== undefined)).toEqual([]);
  });
});

it('identities of the provider are counted together and found nothing of, however many there are', async () => {
  const nodes = Array.from({ length: 300 }, (_, i) => JSON.stringify({
    kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', auditID: `node-${i}`, stage: 'ResponseComplete', requestURI: '/api/v1/namespaces/prod/secrets/token', verb: 'get',
    user: { username: `system:node:ip-10-0-${i % 256}-${i >> 8}`, groups: ['system:nodes'] }, objectRef: { resource: 'secrets', namespace: 'prod', name: 'token', apiVersion: 'v1' },
    responseStatus: { code: i % 2 === 0 ? 200 : 403 }, requestReceivedTimestamp: `${second(START + i * MINUTE).slice(0, -1)}.000000Z`,
  }));
  const { findings } = await judge({ owners }, nodes);
  expect(findings).toEqual([]);
  const { identities } = core!.engine.processor;
  expect(identities.all.map((identity) => identities.classOf(identity))).toEqual(Array<string>(300).fill('platform'));
});
