import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Finding } from '@remit/contract';
import { Service } from '../service.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CASE = join(ROOT, 'examples/decommissioned-access');
const folder = mkdtempSync(join(tmpdir(), 'remit-verdict-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

let service: Service;
let storage = 0;
const token = join(folder, 'write.token');
writeFileSync(token, '# search-on-call\nsecret-w\n');
writeFileSync(join(folder, 'remit.yml'), 'auth: { write: { token_file: write.token } }\n');

async function start(): Promise<void> {
  service = new Service({
    configFile: join(folder, 'remit.yml'), webListenAddress: '127.0.0.1:0', storagePath: join(folder, `storage-${storage}`), inventoryPath: join(CASE, 'inventory'), logLevel: 'silent',
  });
  await service.start();
}
beforeEach(async () => {
  storage++;
  await start();
  const body = readFileSync(join(CASE, 'events/cloudtrail.jsonl'));
  await service.door.accept(body, { receiver: 'test', backfill: true });
});
afterEach(async () => service.stop());

interface Ran { code: number; out: string; err: string }
function remit(...args: string[]): Promise<Ran> {
  return new Promise((done) => {
    execFile(process.execPath, [join(ROOT, 'exporter/src/main.ts'), ...args, '--url', service.listening.url], { cwd: folder }, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}
const only = async (): Promise<Finding> => (await (await fetch(`${service.listening.url}/api/v1/findings?detector=decommissioned-active`)).json() as { items: Finding[] }).items[0]!;
async function sample(pattern: RegExp): Promise<string | undefined> {
  return pattern.exec(await (await fetch(`${service.listening.url}/metrics`)).text())?.[1];
}
const spent = async () => Number(await sample(/nhi_page_budget_spent_pages\{identity_owner="search"\} (\d+)/));
const closed = (disposition: string) => sample(new RegExp(`nhi_findings_closed_total\\{detector="decommissioned-active",disposition="${disposition}"\\} 0*(\\d+)`));

test('a word is kept, counted once, survives a restart, and can be taken back', async () => {
  const { id } = await only();
  const said = await remit('verdict', id, 'acknowledged', '--token-file', token, '--user', 'kim');
  expect([said.code, said.out, said.err]).toEqual([0, `${id} is acknowledged\n`, '']);
  expect(await sample(/nhi_findings\{state="acknowledged",detector="decommissioned-active",severity="critical"\} 0*(\d+)/)).toBe('1');

  const benign = ['verdict', id, 'benign', '--token.file', token, '--user', 'kim', '--note', 'switched off\tlate; OPS-11\u001b[2J'];
  for (let i = 0; i < 2; i++) expect((await remit(...benign)).code).toBe(0);
  const after = await only();
  expect([after.state, after.history?.map(({ by, claimed_user, from, to }) => [by, claimed_user, from, to])]).toEqual([
    'benign', [['search-on-call', 'kim', 'open', 'acknowledged'], ['search-on-call', 'kim', 'acknowledged', 'benign']],
  ]);
  expect(await closed('benign')).toBe('1');

  await service.stop();
  await start();
  expect(await only()).toEqual(after);
  const explained = (await remit('explain', id)).out;
  expect(explained).toMatch(/history\n {4}\S+ {2}open → acknowledged {2}by token search-on-call, says to be kim\n/);
  expect(explained).not.toContain('\u001b');
  for (const part of ['OPS-11', '#search', '/runbooks/decommissioned-active', 'since last time']) expect(explained).toContain(part);

  expect((await remit('verdict', id, 'open', '--token.file', token)).out).toBe(`${id} is open\n`);
  expect((await only()).closed_at).toBeUndefined();
  expect((await remit('verdict', id, 'bad', '--token.file', token)).code).toBe(0);
  expect([await closed('benign'), await closed('bad')]).toEqual(['1', '1']);
});

test.each(['benign', 'bad'] as const)('%s: what is done more than a day later is told and pages again', async (state) => {
  const { id, count } = await only();
  const { last } = await only();
  await service.stop();
  vi.useFakeTimers({ toFake: ['Date'], now: last + 60_000 });
  try {
    await start();
    const line = readFileSync(join(CASE, 'events/cloudtrail.jsonl'), 'utf8').trim().split('\n').findLast((each) => each.includes('index-builder'))!;
    const again = async (at: number): Promise<Pick<Finding, 'state' | 'count'>> => {
      vi.setSystemTime(at + 1000);
      const event = { ...JSON.parse(line) as object, eventID: `11111111-2222-4333-8444-${String(at).padStart(12, '0').slice(-12)}`, eventTime: `${new Date(at).toISOString().slice(0, 19)}Z` };
      await service.door.accept(Buffer.from(JSON.stringify(event)), { receiver: 'test' });
      return only();
    };
    const said = await fetch(`${service.listening.url}/api/v1/findings/${id}/verdict`, { method: 'POST', headers: { authorization: 'Bearer secret-w' }, body: JSON.stringify({ state }) });
    expect(said.status).toBe(200);
    expect(await again(last + 23 * 3_600_000)).toMatchObject({ state, count: count + 1 });
    const before = await spent();
    expect(await again(last + 25 * 3_600_000)).toMatchObject({ state: 'open', count: count + 2 });
    expect(await spent()).toBe(before + 1);
  } finally {
    vi.useRealTimers();
  }
});

test('what is benign stays so, whatever is heard of it later', async () => {
  const { id, count } = await only();
  await remit('verdict', id, 'benign', '--token.file', token);
  const lines = readFileSync(join(CASE, 'events/cloudtrail.jsonl'), 'utf8').trim().split('\n').filter((line) => line.includes('index-builder'));
  const more = JSON.stringify({ ...JSON.parse(lines[0]!) as object, eventID: '11111111-2222-4333-8444-555555555555' });
  await service.door.accept(Buffer.from(more), { receiver: 'test', backfill: true });
  expect(await only()).toMatchObject({ id, state: 'benign', count: count + 1 });
});

test('as OCSF it is what the published schema asks for, before and after a word', async () => {
  const validate = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(join(ROOT, 'exporter/src/sinks/ocsf/cases/detection-finding.schema.json'), 'utf8')) as object);
  const { id } = await only();
  for (const [state, status] of [[null, 'New'], ['benign', 'Suppressed']] as const) {
    if (state !== null) await remit('verdict', id, state, '--token.file', token);
    const { items } = await (await fetch(`${service.listening.url}/api/v1/findings?format=ocsf`)).json() as { items: object[] };
    for (const item of items) expect([validate(item), validate.errors]).toEqual([true, null]);
    expect(items).toContainEqual(expect.objectContaining({ status, resources: expect.arrayContaining([expect.objectContaining({ role: 'Actor', owner: { name: 'search' } })]) as object }));
  }
});

test('refusals say what is wrong', async () => {
  const { id } = await only();
  const outcome = async (...args: string[]) => {
    const { code, err } = await remit('verdict', ...args);
    return [code, err.split('\n')[0]];
  };
  expect(await outcome(id, 'benign')).toEqual([2, expect.stringContaining('write needs its token')]);
  expect(await outcome('f'.repeat(32), 'benign', '--token.file', token)).toEqual([1, expect.stringContaining('no such finding')]);
  expect(await outcome('f', 'benign', '--token.file', token)).toEqual([2, expect.stringContaining('is no finding id')]);
  expect(await outcome(id, 'wrong', '--token.file', token)).toEqual([2, '"wrong" is no verdict']);
  expect(await outcome(id, 'bad', '--token.file', join(folder, 'none'))).toEqual([2, expect.stringContaining('ENOENT')]);
  expect((await only()).history).toBeUndefined();
});
