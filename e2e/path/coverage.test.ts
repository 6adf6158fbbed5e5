import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CoverageReason, FleetCoverage, IdentityCoverage, Page } from '@remit/contract';
import { roleRecord } from '../support/bench.ts';
import { Service } from '../../exporter/src/service.ts';

const urn = (name: string) => `urn:nhi:aws:111122223333:role/${name}`;
const INVENTORY = {
  owners: [{ team: 'payments', enforce: true }, { team: 'search' }],
  identities: [
    { urn: urn('scheduled'), kind: 'service_account', owner: 'payments', actions: ['aws:s3:*'], schedule: { windows: [{ cron: '0 2 * * *', duration: '1h', timezone: 'UTC' }] } },
    { urn: urn('bare'), owner: 'search' },
    { urn: urn('orphan'), kind: 'service_account', owner: 'nobody', schedule: { always_on: true } },
    { urn: urn('gone'), kind: 'service_account', owner: 'search', status: 'decommissioned' },
    { urn: urn('draft'), kind: 'service_account', owner: 'search', status: 'proposed', actions: ['aws:s3:*'] },
    { urn: urn('twin'), kind: 'service_account', owner: 'search', aliases: [{ type: 'name', value: 'shared' }] },
    { urn: urn('other'), kind: 'service_account', owner: 'search', aliases: [{ type: 'name', value: 'shared' }] },
    { urn: urn('stale'), kind: 'service_account', owner: 'search', granted: [{ permission: 'aws:s3:*', granted_at: '2020-01-01T00:00:00Z' }], rotation: { method: 'manual' }, max_volume: [{ objects: 5, per: '1h' }] },
    { urn: urn('foreign'), kind: 'service_account', owner: 'search', granted: [{ permission: 'k8s:*' }], rotation: { interval: '30d' }, resources: ['arn:aws:s3:::records*'] },
    { urn: urn('unseen'), kind: 'service_account', owner: 'search', actions: ['aws:s3:*'] },
  ],
};
const folder = mkdtempSync(join(tmpdir(), 'remit-coverage-'));
let service: Service;
beforeAll(async () => {
  const inventory = join(folder, 'inventory.yml');
  writeFileSync(inventory, JSON.stringify(INVENTORY));
  service = new Service({ webListenAddress: '127.0.0.1:0', storagePath: join(folder, 'storage'), inventoryPath: inventory, logLevel: 'silent' });
  await service.start();
  const now = new Date().toISOString().slice(0, 19);
  const names = ['scheduled', 'bare', 'orphan', 'gone', 'draft', 'twin', 'stranger', 'stale', 'foreign'];
  const node = {
    kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', auditID: 'node', stage: 'ResponseComplete', requestURI: '/api/v1/nodes', verb: 'list', user: { username: 'system:node:a', groups: ['system:nodes'] },
    objectRef: { resource: 'nodes', apiVersion: 'v1' }, responseStatus: { code: 200 }, requestReceivedTimestamp: `${now}.000000Z`,
  };
  await service.door.accept(Buffer.from([...names.map((name) => roleRecord(name, `AROA${name.toUpperCase()}`, `${now}Z`)), JSON.stringify(node)].join('\n')), { receiver: 'test' });
  await service.tick();
}, 60_000);
afterAll(async () => {
  await service.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function get<T>(path: string): Promise<{ status: number; body: T }> {
  const response = await fetch(`${service.listening.url.replace(/\/$/, '')}${path}`);
  return { status: response.status, body: await response.json() as T };
}
async function of(name: string): Promise<IdentityCoverage> {
  const { status, body } = await get<Page<IdentityCoverage>>(`/api/v1/coverage/identities?identity=${encodeURIComponent(name)}`);
  expect([status, body.total]).toEqual([200, 1]);
  return body.items[0]!;
}
function reasons(coverage: IdentityCoverage, detector: string): string[] {
  const one = coverage.detectors.find((each) => each.detector === detector)!;
  const all: CoverageReason[] = [...one.reasons, ...one.sources.flatMap((source) => source.reasons)];
  for (const { text } of all) expect(text).toMatch(/^\S.{5,300}[^.]$/);
  return [one.state, ...new Set(all.map(({ code }) => code))];
}

describe('what can be judged of one identity, and why not the rest', () => {
  test.each([
    ['scheduled', 'outside-schedule', ['judged']],
    ['scheduled', 'off-purpose-action', ['judged']],
    ['scheduled', 'off-purpose-sequence', ['not_judged', 'not_declared', 'source_lacks']],
    ['scheduled', 'volume', ['not_judged', 'warming']],
    ['scheduled', 'monitoring-tampering', ['judged']],
    ['bare', 'outside-schedule', ['not_judged', 'not_declared']],
    ['bare', 'human-use', ['not_judged', 'not_declared']],
    ['bare', 'unowned-active', ['judged']],
    ['orphan', 'identity-silent', ['not_judged', 'not_declared']],
    ['gone', 'decommissioned-active', ['partly', 'end_undated']],
    ['draft', 'off-purpose-action', ['not_judged', 'record_proposed']],
    ['draft', 'credential-reuse', ['judged']],
    ['twin', 'unowned-active', ['partly', 'ambiguous_alias']],
    ['unseen', 'off-purpose-action', ['not_judged', 'never_seen']],
    ['stale', 'ungranted-privilege-used', ['not_judged', 'not_declared']],
    ['stale', 'secret-outside-rotation', ['not_judged', 'not_declared']],
    ['stale', 'export-over-limit', ['judged']],
    ['foreign', 'ungranted-privilege-used', ['not_judged', 'not_declared']],
    ['foreign', 'credential-overdue', ['partly', 'declared_in_part']],
    ['foreign', 'off-purpose-action', ['judged']],
    ['stranger', 'outside-schedule', ['not_judged', 'no_record']],
    ['stranger', 'unbaselined-sensitive-use', ['judged']],
  ])('%s by %s: %j', async (name, detector, expected) => {
    expect(reasons(await of(urn(name)), detector)).toEqual(expected);
  });

  test('what is missing is named, and an identity of the provider is not judged at all', async () => {
    const bare = await of(urn('bare'));
    expect(bare.detectors.find(({ detector }) => detector === 'export-over-limit')!.reasons).toEqual([{ code: 'not_declared', text: 'its record declares no max volume', missing: ['max_volume'] }]);
    const sequence = (await of(urn('scheduled'))).detectors.find(({ detector }) => detector === 'off-purpose-sequence')!;
    expect(sequence.sources).toMatchObject([{ source: 'aws-cloudtrail', state: 'not_judged' }]);
    expect(sequence.sources[0]!.reasons.find(({ code }) => code === 'source_lacks')!.missing).toEqual(['tool', 'trace']);
    const { body } = await get<Page<IdentityCoverage>>('/api/v1/coverage/identities?class=platform');
    expect(body.items).toHaveLength(1);
    expect(body.items[0]!.counts).toMatchObject({ judged: 0, partly: 0 });
  });

  test.each([
    ['scheduled', true, 'all remit detectors'], ['bare', true, 'only what is certain'], ['orphan', false, 'not one of the owners'], ['draft', false, 'waits for review'], ['stranger', false, 'no record'],
  ])('whether %s can wake somebody: %s', async (name, may, text) => {
    const { may_page, may_page_text } = await of(urn(name));
    expect([may_page, may_page_text.includes(text)]).toEqual([may, true]);
  });

  test('a page for a person, linked from the identities', async () => {
    const page = async (path: string): Promise<string> => await (await fetch(`${service.listening.url.replace(/\/$/, '')}${path}`)).text();
    expect(await page('/identities')).toContain(`/coverage?identity=${encodeURIComponent(urn('bare'))}`);
    const text = await page(`/coverage?identity=${encodeURIComponent(urn('bare'))}`);
    for (const part of ['its record declares no schedule', 'only what is certain may wake', 'inventory.yml:', 'aws-cloudtrail']) expect(text).toContain(part);
    expect((await fetch(`${service.listening.url.replace(/\/$/, '')}/coverage?identity=urn:nhi:none`)).status).toBe(404);
  });
});

test('the fleet: by detector and source, of those seen and those only the inventory knows, without people and platforms', async () => {
  const { status, body } = await get<FleetCoverage>('/api/v1/coverage');
  expect(status).toBe(200);
  expect(body.identities).toBe(11);
  expect(body.sources.find(({ source }) => source === 'aws-cloudtrail')).toMatchObject({ silent: false, identities: 9 });
  expect(body.detectors.find(({ detector }) => detector === 'outside-schedule')).toEqual({
    detector: 'outside-schedule', identities: { judged: 1, partly: 0, not_judged: 10 }, reasons: { not_declared: 8, no_record: 1, record_proposed: 1, never_seen: 2, ambiguous_alias: 2 },
  });
  expect(body.states).toMatchObject({ not_inventoried: 2, never_seen: 2, ambiguous: 2 });
});

describe('pages of lists', () => {
  test.each(['/api/v1/findings?cursor=nonsense', '/api/v1/findings?cursor=1:2:x', '/api/v1/identities?cursor=urn:nhi:aws', '/api/v1/coverage/identities?cursor=9', '/findings?cursor=nonsense', '/api/v1/coverage?x=1', '/api/v1/coverage/identities?limit=5000'])('%s is 400', async (path) => {
    expect((await fetch(`${service.listening.url.replace(/\/$/, '')}${path}`)).status).toBe(400);
  });

  test.each(['identities', 'coverage/identities'])('every item of %s comes once, however small the page', async (list) => {
    const whole = await get<Page<{ urn?: string; identity?: string }>>(`/api/v1/${list}?limit=1000`);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { status, body }: { status: number; body: Page<{ urn?: string; identity?: string }> } = await get(`/api/v1/${list}?limit=2${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
      expect(status).toBe(200);
      seen.push(...body.items.map((item) => item.urn ?? item.identity!));
      cursor = body.cursor;
    }
    expect(seen).toEqual(whole.body.items.map((item) => item.urn ?? item.identity));
  });
});
