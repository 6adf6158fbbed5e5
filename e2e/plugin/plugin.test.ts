import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QUERY_KINDS, type QueryKind } from '@remit/contract';
import { launchChromium } from '../../tools/real/chromium.ts';
import { Bench, roleRecord } from '../support/bench.ts';
import { Asked } from '../support/query.ts';
import { agentSpan, toolSpan } from '../support/spans.ts';
import { PluginServer } from './proxy.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PLUGIN = join(ROOT, 'datasource-plugin');
const HOST = join(ROOT, '.cache/plugin-harness');
// The plugin is a workspace with types of its own: what is used of it here is named here.
const { NAUGHTY } = await import(`${PLUGIN}/src/test/naughty.ts`) as { NAUGHTY: readonly string[] };
const { packPlugin } = await import(`${PLUGIN}/tools/package.mjs`) as { packPlugin: (dist: string, out: string) => { path: string; names: string[] } };
/** Set to a folder to keep a picture of every kind. */
const { PLUGIN_PICTURES } = process.env;

const HOSTILE = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>$' + '{__user.login}';
const at = (text: string): number => Date.parse(`2026-11-20T${text}Z`);
const RANGE = { from: at('00:00:00'), to: at('23:59:59') };
const ROLE = 'urn:nhi:aws:111122223333:role/nightly';
const INVENTORY = `
owners: [{ team: data, contact: '#data', enforce: true }]
identities:
  - urn: ${ROLE}
    kind: workload
    owner: data
    schedule: { windows: [{ cron: '0 2 * * *', duration: 1h, timezone: UTC }] }
    actions: ['aws:s3:GetObject']
    granted: [{ permission: 'aws:s3:GetObject', via: policy/export }]
`;

const bench = new Bench();
let remit: Asked;
let server: PluginServer;
let url: string;
let browser: Browser;

beforeAll(async () => {
  await Promise.all([
    build('.config/webpack/webpack.config.ts', '--disable-interpret', '--env', 'production'), build('harness/webpack.config.cjs'),
  ]);
  await bench.open(INVENTORY);
  await bench.replay([
    ...Array.from({ length: 30 }, (_, i) => roleRecord('nightly', 'AROANIGHTLY0000000001', new Date(at('02:00:00') + i * 60_000).toISOString())),
    roleRecord('nightly', 'AROANIGHTLY0000000001', '2026-11-20T14:00:00Z', { extra: { errorCode: 'AccessDenied' } }),
    roleRecord('nightly', 'AROANIGHTLY0000000001', '2026-11-20T14:01:00Z', { operation: 'PutObject' }),
  ].join('\n'), [
    agentSpan('run', 'agent', HOSTILE, at('10:00:00'), at('10:01:00'), { attributes: { 'gen_ai.conversation.id': HOSTILE } }),
    toolSpan('run', 'a', 'agent', HOSTILE, at('10:00:01'), at('10:00:02')), toolSpan('run', 'b', 'agent', 'javascript:alert(1)', at('10:00:03'), at('10:00:04')),
  ].join('\n'));
  await bench.tick(at('16:30:00'));
  remit = await new Asked(bench).open(true);
  server = new PluginServer(HOST, join(PLUGIN, 'dist'), remit.listening.url, { readToken: 'token-r', writeToken: 'token-w' });
  url = await server.open();
  browser = await launchChromium();
}, 900_000);
afterAll(async () => {
  await browser?.close();
  server?.close();
  await remit?.close();
  await bench.close();
  bench.remove();
});

const findingOf = (): string => bench.findings().find(({ identity }) => identity === ROLE)!.id;
const MORE: Partial<Record<QueryKind, () => object>> = {
  explain: () => ({ filters: [{ key: 'id', op: '=', values: [findingOf()] }] }),
  chain: () => ({ filters: [{ key: 'identity', op: '=', values: [bench.urns().find((urn) => urn.includes('ai_agent')) ?? ''] }] }),
};

/** A page with the editor of a query and its answer, and what the browser complained about. */
async function open(query: object): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
  page.on('dialog', (dialog) => { complaints.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
  await page.goto(`${url}/#${encodeURIComponent(JSON.stringify({ ...RANGE, ...query }))}`);
  return { page, complaints };
}

describe('the built plugin in a browser, against a running Remit', () => {
  it.each(QUERY_KINDS)('shows the editor of %s and its answer', async (kind) => {
    const { page, complaints } = await open({ kind, ...MORE[kind]?.() });
    const answer = page.locator('#answer[data-state="Done"]');
    await answer.waitFor({ timeout: 60_000 });
    expect(await answer.getAttribute('data-errors')).toBe('[]');
    const frames = JSON.parse(await answer.getAttribute('data-frames') ?? '[]') as [string, number][];
    expect([kind, frames.some(([, rows]) => rows > 0)]).toEqual([kind, true]);
    await page.getByLabel('Query', { exact: true }).first().waitFor();
    if (PLUGIN_PICTURES) {
      mkdirSync(PLUGIN_PICTURES, { recursive: true });
      await page.screenshot({ path: join(PLUGIN_PICTURES, `${kind}.png`) });
    }
    expect(await page.evaluate('window.owned')).toBeUndefined();
    expect(complaints).toEqual([]);
    await page.close();
  }, 120_000);

  it('shows five hundred naughty names as text, and asks for just what was clicked', async () => {
    const { page, complaints } = await open({ kind: 'identities', filters: [{ key: 'owner', op: '=', values: NAUGHTY.slice(0, 100), literal: true }] });
    await page.locator('#answer[data-state="Done"]').waitFor({ timeout: 60_000 });
    expect(server.queries.at(-1)?.filters).toEqual([{ key: 'owner', op: '=', values: NAUGHTY.slice(0, 100) }]);
    server.poison = NAUGHTY;
    for (const kind of ['findings', 'identities', 'events', 'privileges', 'coverage'] as const) {
      await page.goto('about:blank');
      await page.goto(`${url}/#${encodeURIComponent(JSON.stringify({ ...RANGE, kind, ...(kind === 'events' ? { format: 'table' } : {}) }))}`);
      await page.locator('#answer[data-state="Done"]').waitFor({ timeout: 60_000 });
      // Grafana's table draws the rows that are seen: the whole list goes by.
      for (let y = 0; y < 12; y++) await page.mouse.wheel(0, 400);
      expect(await page.locator('#answer script, #answer iframe, #answer object, #answer embed, #answer img').count()).toBe(0);
      for (const href of await page.locator('#answer a').evaluateAll((all) => all.map((each) => (each as HTMLAnchorElement).href))) expect(href).toMatch(/^https?:\/\/(127\.0\.0\.1|localhost|remit\.example)[:/]/);
      expect(await page.evaluate('window.owned')).toBeUndefined();
    }
    server.poison = null;
    expect(complaints).toEqual([]);
    await page.close();
  }, 240_000);

  it('is packed as Grafana takes plugins', () => {
    const folder = mkdtempSync(join(tmpdir(), 'remit-plugin-zip-'));
    const { path, names } = packPlugin(join(PLUGIN, 'dist'), folder);
    expect(path).toMatch(/remit-nhi-datasource-\d+\.\d+\.\d+\.zip$/);
    for (const name of ['plugin.json', 'module.js', 'README.md', 'CHANGELOG.md', 'LICENSE', 'img/logo.svg', 'locales/en-US/remit-nhi-datasource.json']) expect(names).toContain(`remit-nhi-datasource/${name}`);
    expect(namesIn(readFileSync(path))).toEqual(names);
    rmSync(folder, { recursive: true });
  });

  it('says that all is well, and shows its settings', async () => {
    const { page, complaints } = await open({ kind: 'settings' });
    await page.getByText('Verdicts', { exact: true }).first().waitFor({ timeout: 60_000 });
    await page.locator('body[data-health]').waitFor({ timeout: 60_000 });
    expect(JSON.parse(await page.locator('body').getAttribute('data-health') ?? '{}')).toMatchObject({ status: 'success' });
    if (PLUGIN_PICTURES) await page.screenshot({ path: join(PLUGIN_PICTURES, 'settings.png'), fullPage: true });
    expect(complaints).toEqual([]);
    await page.close();
  }, 120_000);

  it('acknowledges a finding after asking again', async () => {
    const id = findingOf();
    const { page, complaints } = await open({ kind: 'explain', filters: [{ key: 'id', op: '=', values: [id] }] });
    await page.getByRole('button', { name: 'Acknowledge' }).click({ timeout: 60_000 });
    await page.getByRole('dialog').getByRole('button', { name: 'Acknowledge' }).click();
    await page.getByText('Said: Acknowledge').waitFor({ timeout: 60_000 });
    expect(bench.findings().find((finding) => finding.id === id)?.state).toBe('acknowledged');
    expect(server.asked).toContain(`write/${id}/verdict`);
    expect(complaints).toEqual([]);
    await page.close();
  }, 120_000);
});

/** Names in the directory of a zip. */
function namesIn(zip: Buffer): string[] {
  const names: string[] = [];
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06'));
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const length = zip.readUInt16LE(at + 28);
    names.push(zip.toString('utf8', at + 46, at + 46 + length));
    at += 46 + length + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return names;
}

async function build(config: string, ...more: string[]): Promise<void> {
  const cli = join(ROOT, 'node_modules/webpack-cli/bin/cli.js');
  await promisify(execFile)(process.execPath, [cli, '-c', config, ...more], { cwd: PLUGIN, env: { ...process.env, NODE_ENV: 'production', NODE_NO_WARNINGS: '1' }, maxBuffer: 1 << 26 });
}
