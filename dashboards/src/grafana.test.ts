import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { exampleCases } from '../../exporter/src/demo/cases.ts';
import { launchChromium } from '../../tools/real/chromium.ts';
import { dashboards } from './index.ts';

// Against the Grafana at GRAFANA_URL, which has the dashboards of dashboards/out, the plugin, and a Prometheus that scrapes the demo and
// evaluates rules/. GRAFANA_USER (admin:admin) may read them. With DASHBOARD_PICTURES, a folder, each is photographed there. INBOX_URL: the page
// that shows what people are told; the cases are followed from there.
const GRAFANA = process.env['GRAFANA_URL'];
const PICTURES = process.env['DASHBOARD_PICTURES'];
const INBOX = process.env['INBOX_URL'];
const WIDTH = 1280;
const ROW = 38;
const PATIENCE = 120_000;
/** Grafana asks for these of dashboards that are not public, and says so itself. */
const ITS_OWN = /public-dashboards|Failed to load resource/;
/** What it says of panels that got something it cannot draw. */
const ITS_WORDS = /^Data (does not have|is missing) a /;
const IDENTITY = 'urn:nhi:aws:111122223333:role/billing-sync';
/** One whose habits are known and who left them. */
const SHOWN = 'urn:nhi:aws:111122223333:role/search-indexer';

interface Panel { type: string; title: string; gridPos: { y: number; h: number } }
const boards = dashboards('http://127.0.0.1:9847').map(({ uid = '', panels = [] }) => ({ uid, panels: panels as unknown as Panel[] }));

describe('dashboards in a real Grafana', { timeout: PATIENCE }, () => {
  let browser: Browser;
  beforeAll(async () => { browser = await launchChromium(); }, PATIENCE);
  afterAll(async () => { await browser.close(); });

  async function open(uid: string, theme: string, height: number): Promise<{ page: Page; complaints: string[] }> {
    const { page, complaints } = await blank(height);
    await page.goto(`${GRAFANA}/d/${uid}?theme=${theme}&var-identity=${uid === 'remit-identity' ? SHOWN : '$__all'}`, { timeout: PATIENCE });
    await settled(page);
    return { page, complaints };
  }

  async function blank(height: number): Promise<{ page: Page; complaints: string[] }> {
    const authorization = `Basic ${Buffer.from(process.env['GRAFANA_USER'] ?? 'admin:admin').toString('base64')}`;
    const page = await browser.newPage({ viewport: { width: WIDTH, height }, extraHTTPHeaders: { authorization } });
    const complaints: string[] = [];
    page.on('console', (message) => { if (message.type() === 'error' && !ITS_OWN.test(message.text())) complaints.push(message.text()); });
    page.on('pageerror', (error) => { complaints.push(error.message); });
    page.on('response', (answer) => { if (answer.status() >= 400 && !ITS_OWN.test(answer.url())) complaints.push(`${answer.status()} ${answer.url()}`); });
    // The menu beside a dashboard is shut by most people who look at one.
    await page.addInitScript(() => { localStorage.setItem('grafana.navigation.docked', 'false'); });
    return { page, complaints };
  }

  it.each(boards.map((board) => [board.uid, board] as const))('%s loads, each panel with data or with the reason why not, and no error', async (uid, { panels }) => {
    for (const theme of ['light', 'dark']) {
      const { page, complaints } = await open(uid, theme, end(panels) * ROW + 260);
      for (const { title, type } of panels) if (type !== 'row') expect(await page.getByText(title, { exact: true }).count(), `${uid}: ${title}`).toBeGreaterThan(0);
      const errors = page.locator('section', { has: page.locator('[data-testid="data-testid Panel status error"]') });
      expect(await errors.allInnerTexts(), `${uid}: errors`).toEqual([]);
      // The reason why is the text of the panel, or of its description where it has columns already.
      expect(await page.getByText('No data', { exact: true }).count(), `${uid}: No data`).toBeLessThanOrEqual(panels.filter(({ type }) => type === 'nodeGraph').length);
      expect(await page.getByText(ITS_WORDS).count(), `${uid}: words of Grafana`).toBe(0);
      expect(complaints, uid).toEqual([]);
      if (PICTURES !== undefined) await picture(page, uid, theme, panels);
      await page.close();
    }
  });

  it.each([
    ['nobody in particular', 'urn:nhi:aws:111122223333:role/nobody', 'No series of its own', ['nothing open']], ['the rest of a storm', '_overflow_', 'Not one identity: all that have no series of their own', []],
    ['all together', '_fleet_', 'Not one identity: all of them together', []],
  ])('%s has a page that says so and shows nobody else', async (_, name, words, more) => {
    const { page, complaints } = await blank(4200);
    await page.goto(`${GRAFANA}/d/remit-identity?theme=light&var-identity=${encodeURIComponent(name)}`, { timeout: PATIENCE });
    await settled(page);
    for (const text of [words, 'Remit does not know this identity', ...more]) expect(await page.getByText(text).count(), text).toBeGreaterThan(0);
    expect(await page.getByText(ITS_WORDS).count(), 'words of Grafana').toBe(0);
    const others = (await page.locator('body').innerText()).match(/urn:nhi:[^\s"]+/g)?.filter((urn) => urn !== name) ?? [];
    expect(others).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('what the record of an identity lacks is said in words', async () => {
    const { page } = await blank(1000);
    await page.goto(`${GRAFANA}/d/remit-identity?theme=light&var-identity=urn:nhi:aws:111122223333:role/invoice-mailer`, { timeout: PATIENCE });
    await settled(page);
    for (const text of ['No grants recorded', 'No rotation declared', 'None declared']) expect(await page.getByText(text, { exact: true }).count(), text).toBe(1);
    await page.close();
  });

  it('an open finding leads from the fleet to its identity, and from there to its evidence', async () => {
    const { page } = await open('remit-fleet', 'dark', 1800);
    await page.getByText(IDENTITY, { exact: true }).first().click();
    const href = await page.locator('a[href*="/d/remit-identity"][href*="billing-sync"]').first().getAttribute('href');
    expect(decodeURIComponent(href ?? '')).toContain(`var-identity=${IDENTITY}`);
    await page.goto(new URL(href ?? '', GRAFANA).href);
    await settled(page);
    expect(await page.getByText(IDENTITY).count()).toBeGreaterThan(0);
    expect(await page.getByText('decommissioned-active').count()).toBeGreaterThan(0);
    await page.close();
  });

  // Only clicks: what wakes somebody leads to a dashboard that shows the finding, and that to its evidence.
  if (INBOX !== undefined) it.each(exampleCases().map(({ title, found }) => [title, found[0]!] as const))('%s: from the page to its dashboard, the finding and the evidence', async (_, { identity, detector }) => {
    const { page, complaints } = await blank(3000);
    await page.goto(INBOX);
    await page.locator(`article.pages a[href*="/dashboards/"][href*="identity=${encodeURIComponent(identity)}&"][href*="detector=${detector}"]`).first().click({ noWaitAfter: true });
    await page.waitForURL(/\/d\/remit-/, { timeout: PATIENCE });
    const { searchParams } = new URL(page.url());
    expect([searchParams.get('var-identity'), searchParams.get('to')]).toEqual([identity, 'now']);
    expect(searchParams.get('var-cluster')).toMatch(/\S/);
    await settled(page);
    // A finding's id has several links: a menu opens. The id is longer than its cell.
    const id = page.getByRole('row').filter({ hasText: detector }).getByText(/^[0-9a-f]{32}$/).first();
    await id.scrollIntoViewIfNeeded();
    await id.click({ position: { x: 12, y: 8 } });
    const [evidence] = await Promise.all([page.waitForEvent('popup'), page.locator('a[href*="/findings/"]').first().click()]);
    await evidence.waitForLoadState();
    expect(await evidence.locator('h1').innerText()).toMatch(/\S/);
    expect(await evidence.getByText(identity).count()).toBeGreaterThan(0);
    expect(await evidence.getByRole('heading', { name: 'Evidence' }).count()).toBe(1);
    expect(await evidence.getByRole('row').count()).toBeGreaterThan(1);
    expect(complaints).toEqual([]);
    await evidence.close();
    await page.close();
  });

  async function picture(page: Page, uid: string, theme: string, panels: readonly Panel[]): Promise<void> {
    mkdirSync(PICTURES ?? '', { recursive: true });
    const rows = panels.filter(({ type }) => type === 'row');
    const until = Math.min(rows.at(1)?.gridPos.y ?? end(panels), (rows[0]?.gridPos.y ?? 30) + 17);
    await page.screenshot({ path: join(PICTURES ?? '', `${uid}-${theme}.png`), clip: { x: 0, y: 0, width: WIDTH, height: until * ROW + 150 } });
  }
});

const end = (panels: readonly Panel[]): number => Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));

/** Until nothing is asked any more. */
async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('load', { timeout: PATIENCE });
  await page.locator('[data-testid^="data-testid Panel header"]').first().waitFor({ timeout: PATIENCE });
  await page.waitForTimeout(3000);
  await page.waitForFunction(() => ![...document.querySelectorAll('button')].some((button) => button.textContent?.trim() === 'Cancel') && document.querySelector('[aria-label="Panel loading bar"]') === null, undefined, { timeout: PATIENCE });
  await page.waitForTimeout(2000);
}
