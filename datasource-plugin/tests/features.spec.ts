import type { APIRequestContext, Page, Request } from '@playwright/test';
import { complaintsOf, dashboard, expect, explore, panel, picture, query, rows, test, TYPE, UID } from './support';

interface Sent {
  kind: string;
  format?: string;
  filters: Array<{ key: string; op: string; values: string[] }>;
  order?: string;
  cursor?: string;
}

/** The queries of a request, as they go over the wire. */
const sentIn = (request: Request): Sent[] => (request.url().includes(`/proxy/uid/${UID}/read/query`) ? (request.postDataJSON() as { queries: Sent[] }).queries : []);

/** Waits for a query that is as wanted. */
const asks = (page: Page, wanted: (sent: Sent) => boolean) => page.waitForRequest((request) => sentIn(request).some(wanted));

const source = { type: TYPE, uid: UID };
const anyOwner = { name: 'owner', type: 'query', label: 'Owner', datasource: source, query: { refId: 'variable', label: 'owner' }, multi: true, includeAll: true, current: { text: ['All'], value: ['$__all'] }, refresh: 2, options: [] };
const theirs = { ...anyOwner, name: 'identity', label: 'Identity', query: { refId: 'variable', label: 'identity', filters: [{ key: 'owner', op: '=', values: ['$owner'] }] } };

test('annotations draw findings over another panel', async ({ page, request }) => {
  const complaints = complaintsOf(page);
  const at = await dashboard(request, 'e2e-annotations', [panel(1, { kind: 'events', format: 'volume', panel: 'timeseries' })], {
    annotations: { list: [{ name: 'Findings', enable: true, iconColor: 'red', datasource: source, target: { refId: 'Anno', kind: 'findings', format: 'annotations' } }] },
  });
  const asked = asks(page, ({ kind, format }) => kind === 'findings' && format === 'annotations');
  await page.goto(`${at}?kiosk`);
  await asked;
  const marks = page.locator('[data-testid="data-testid annotation-marker"]');
  await expect(marks.first()).toBeVisible();
  await page.waitForTimeout(700);
  await picture(page, 'annotations');
  expect(complaints).toEqual([]);
});

test('variables have several values, and one narrows the other', async ({ page, request }) => {
  const complaints = complaintsOf(page);
  const identities = await rows(request, { kind: 'identities' });
  const owners = [...new Set(identities.map(({ owner }) => owner).filter(Boolean))].slice(0, 2).map(String);
  const at = await dashboard(request, 'e2e-variables', [panel(1, { kind: 'identities', filters: [{ key: 'identity', op: '=', values: ['$identity'] }, { key: 'owner', op: '=', values: ['$owner'] }] })], { templating: { list: [anyOwner, theirs] } });
  const narrowed = page.waitForRequest((each) => each.url().includes('labels/identity/values') && owners.every((owner) => each.url().includes(encodeURIComponent(`owner=|${owner}`))));
  const asked = asks(page, ({ filters }) => filters.some(({ key, values }) => key === 'owner' && values.length === 2));
  await page.goto(`${at}?${owners.map((owner) => `var-owner=${encodeURIComponent(owner)}`).join('&')}&kiosk=tv`);
  await narrowed;
  await asked;
  const [first] = identities.filter(({ owner }) => owner === owners[0]);
  await expect(page.getByText(String(first?.identity)).first()).toBeVisible();
  await picture(page, 'variables');
  expect(complaints).toEqual([]);
});

test('ad hoc filters know keys and values, and narrow every panel', async ({ page, request }) => {
  const complaints = complaintsOf(page);
  const at = await dashboard(request, 'e2e-ad-hoc', [panel(1, { kind: 'findings' })], { templating: { list: [{ name: 'filters', type: 'adhoc', label: 'Filters', datasource: source, filters: [] }] } });
  await page.goto(at);
  await page.getByPlaceholder('Filter by label values').click();
  await page.getByRole('option', { name: /Severity/ }).first().click();
  await page.getByRole('option', { name: /^=/ }).first().click();
  const asked = asks(page, ({ filters }) => filters.some(({ key, op, values }) => key === 'severity' && op === '=' && values[0] === 'critical'));
  await page.getByRole('option', { name: /critical/i }).first().click();
  await asked;
  await page.waitForTimeout(500);
  await picture(page, 'ad-hoc');
  // Several values at once, which the operators of this data source include.
  const several = asks(page, ({ filters }) => filters.some(({ key, op, values }) => key === 'severity' && op === 'in' && values.length === 2));
  await page.goto(`${at}?var-filters=${encodeURIComponent('severity|=__gfp__|critical|warning')}`);
  await several;
  expect(complaints).toEqual([]);
});

test('an identity leads to the dashboard that is there, by hand or with the plugin', async ({ page, request }) => {
  const [finding] = await rows(request, { kind: 'findings' });
  const uids = ['remit-plugin-identity', 'remit-identity'];
  const had = await Promise.all(uids.map(async (uid) => (await request.get(`/api/dashboards/uid/${uid}`)).ok()));
  const at = await dashboard(request, 'e2e-identity-link', [panel(1, { kind: 'findings' })]);
  const leads = async (): Promise<string | undefined> => {
    await page.goto(`${at}?kiosk`);
    await page.getByText(String(finding?.identity)).first().click({ position: { x: 8, y: 8 } });
    await expect(page.getByRole('link', { name: 'Its events' })).toBeVisible();
    const link = page.getByRole('link', { name: 'Dashboard of this identity' });
    return (await link.count()) === 0 ? undefined : (/\/d\/([\w-]+)/.exec((await link.getAttribute('href')) ?? '') ?? [])[1];
  };
  if (!had.includes(true)) {
    expect(await leads()).toBeUndefined();
  }
  await importBundled(request, 'identity');
  // The search knows of a new dashboard a moment later.
  await expect.poll(leads, { timeout: 60_000 }).toBe(had[1] ? 'remit-identity' : 'remit-plugin-identity');
  const href = (await page.getByRole('link', { name: 'Dashboard of this identity' }).getAttribute('href')) ?? '';
  await page.goto(href);
  await expect(page.getByText(String(finding?.identity)).first()).toBeVisible();
  await picture(page, 'links-identity-dashboard');
});

/** Stores a dashboard that comes with the plugin, as the tab of the data source does. */
async function importBundled(request: APIRequestContext, name: string, uid?: string): Promise<void> {
  const dash = (await (await request.get(`/public/plugins/${TYPE}/dashboards/${name}.json`)).json()) as object;
  expect((await request.post('/api/dashboards/db', { data: { dashboard: { ...dash, ...(uid ? { uid } : {}) }, overwrite: true } })).status()).toBe(200);
}

test('links lead from a finding to its explanation, its identity and its runbook', async ({ page, request }) => {
  const complaints = complaintsOf(page);
  await importBundled(request, 'identity');
  const [finding] = await rows(request, { kind: 'findings' });
  const at = await dashboard(request, 'e2e-links', [panel(1, { kind: 'findings' })]);
  await page.goto(`${at}?kiosk`);
  await page.getByText(String(finding?.identity)).first().click({ position: { x: 8, y: 8 } });
  const identity = page.getByRole('link', { name: 'Dashboard of this identity' });
  await expect(identity).toHaveAttribute('href', new RegExp(`/d/(remit-identity|remit-plugin-identity)\\?var-identity=${encodeURIComponent(String(finding?.identity)).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`));
  await picture(page, 'links-identity');
  await page.keyboard.press('Escape');
  await page.getByText(String(finding?.title)).first().click({ position: { x: 8, y: 8 } });
  const why = page.getByRole('link', { name: /^Why: expected, observed, evidence/ });
  const explained = asks(page, ({ kind, filters }) => kind === 'explain' && filters[0]?.values[0] === finding?.id);
  await page.goto((await why.getAttribute('href')) ?? '');
  await explained;
  await expect(page.getByText('Table - evidence')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Acknowledge' })).toBeVisible();
  await picture(page, 'links-explain', true);
  const runbook = page.locator(`a[href$="/runbooks/${String(finding?.detector)}"]`).first();
  const href = await runbook.getAttribute('href');
  // Where pages ask for a token they ask for it; what matters is that there is one.
  expect([200, 401]).toContain((await request.get(href ?? '')).status());
  expect(complaints).toEqual([]);
});

test('a finding is acknowledged from a cell of a table, after asking again, where Grafana and the settings allow it', async ({ page, request }) => {
  const complaints = complaintsOf(page);
  const open = await rows(request, { kind: 'findings', filters: [{ key: 'state', op: '=', values: ['open'] }] });
  const id = String(open.at(-1)?.id);
  const at = await dashboard(request, 'e2e-actions', [panel(1, { kind: 'findings', filters: [{ key: 'id', op: '=', values: [id] }] })]);
  await page.goto(`${at}?kiosk`);
  await page.getByText(String(open.at(-1)?.title)).first().click({ position: { x: 8, y: 8 } });
  await picture(page, 'actions');
  const { jsonData } = (await (await request.get(`/api/datasources/uid/${UID}`)).json()) as { jsonData: { tableActions?: boolean } };
  if (jsonData.tableActions !== true) {
    await expect(page.getByRole('button', { name: 'Acknowledge' })).toHaveCount(0);
    return;
  }
  await page.getByRole('button', { name: 'Acknowledge' }).click();
  const said = page.waitForResponse((response) => response.url().endsWith(`/write/${id}/verdict`));
  await page.getByRole('dialog').getByRole('button', { name: /confirm|acknowledge/i }).first().click();
  expect((await said).status()).toBe(200);
  expect((await rows(request, { kind: 'findings', filters: [{ key: 'id', op: '=', values: [id] }] }))[0]).toMatchObject({ state: 'acknowledged', claimed_user: 'admin' });
  expect(complaints).toEqual([]);
});

test('Explore counts lines over time, filters by a click, and shows what came before and after a line', async ({ page }) => {
  const complaints = complaintsOf(page);
  const counted = asks(page, ({ kind, format }) => kind === 'events' && format === 'volume');
  await page.goto(explore({ kind: 'events', format: 'logs' }));
  await counted;
  await expect(page.getByRole('heading', { name: 'Logs volume' })).toBeVisible();
  await expect(page.getByText(/Total: \d+/).first()).toBeVisible();
  // A label of a line becomes a condition.
  const menu = page.getByRole('button', { name: 'Log menu' }).first();
  await page.locator('.field.log-syntax-highlight').first().click();
  const filtered = asks(page, ({ kind, format, filters }) => kind === 'events' && format !== 'volume' && filters.length === 1 && filters[0]?.op === '=');
  await page.getByRole('button', { name: /^Filter for value/ }).first().click();
  await filtered;
  await picture(page, 'explore-click-filter');
  const out = asks(page, ({ kind, format, filters }) => kind === 'events' && format !== 'volume' && filters.some(({ op }) => op === '!='));
  await page.getByRole('button', { name: /^Filter out value/ }).nth(1).click();
  await out;
  // Context, both ways.
  const before = asks(page, ({ order, cursor }) => order === 'newest' && Boolean(cursor));
  const after = asks(page, ({ order, cursor }) => order === 'oldest' && Boolean(cursor));
  await menu.click();
  await page.getByRole('menuitem', { name: 'Show context' }).click();
  await Promise.all([before, after]);
  await expect(page.getByText('Log context')).toBeVisible();
  await page.waitForTimeout(1_500);
  await picture(page, 'explore-context');
  expect(complaints).toEqual([]);
});

test('a live panel follows findings as they change, all panels of a tab over one stream', async ({ page, request }) => {
  const complaints = complaintsOf(page);
  const streams: string[] = [];
  page.on('request', (each) => each.url().includes('/findings/stream') && streams.push(each.url()));
  const open = await rows(request, { kind: 'findings', filters: [{ key: 'state', op: '=', values: ['open'] }] });
  const id = String(open.at(-2)?.id);
  const live = { kind: 'findings', live: true, filters: [{ key: 'id', op: '=', values: [id] }] };
  const at = await dashboard(request, 'e2e-live', [panel(1, live), panel(2, { ...live, limit: 10 }), panel(3, { ...live, limit: 11 })]);
  await page.goto(`${at}?kiosk`);
  await expect(page.getByText('Open', { exact: true }).first()).toBeVisible();
  await expect.poll(() => streams.length).toBe(1);
  expect((await request.post(`/api/datasources/proxy/uid/${UID}/write/${id}/verdict`, { data: { state: 'acknowledged' } })).status()).toBe(200);
  await expect(page.getByText('Acknowledged', { exact: true }).first()).toBeVisible();
  expect(streams).toHaveLength(1);
  await picture(page, 'live');
  expect(complaints).toEqual([]);
});

test("Prometheus' exemplar link finds the finding", async ({ page, request }) => {
  const [finding] = await rows(request, { kind: 'findings' });
  const asked = asks(page, ({ kind, filters }) => kind === 'explain' && filters[0]?.values[0] === finding?.id);
  const { kind: _, ...bare } = query({ query: finding?.id, queryType: 'traceId' }) as { kind?: string };
  await page.goto(`/explore?schemaVersion=1&orgId=1&panes=${encodeURIComponent(JSON.stringify({ a: { datasource: UID, queries: [bare], range: { from: 'now-24h', to: 'now' } } }))}`);
  await asked;
  await expect(page.getByText('Table - evidence')).toBeVisible();
});

test('text and builder say the same, and what cannot be read is said while typing', async ({ page }) => {
  await page.goto(explore({ kind: 'findings', filters: [{ key: 'severity', op: '=', values: ['critical'] }] }));
  const text = page.getByRole('textbox', { name: /Conditions/ });
  // The page may still move while the button is clicked.
  await expect(async () => {
    await page.getByRole('radio', { name: 'Text' }).first().click({ force: true });
    await expect(text).toBeVisible({ timeout: 3_000 });
  }).toPass({ timeout: 60_000 });
  await expect(text).toHaveValue('{severity="critical"}');
  await text.fill('{severity="critical", owner=~"pay');
  await expect(page.getByText(/^Column \d+:/)).toBeVisible();
  const asked = asks(page, ({ filters }) => filters.some(({ op }) => op === '=~'));
  await text.fill('{severity="critical", owner=~"b.*"} limit 5');
  await text.press('Control+Enter');
  await asked;
  await picture(page, 'editor-text');
  await text.fill('{severity="critical", owner=~"b');
  await page.getByRole('radio', { name: 'Builder' }).first().click({ force: true });
  await page.getByRole('dialog').getByRole('button', { name: 'Keep the text' }).click();
  await expect(text).toHaveValue('{severity="critical", owner=~"b');
});

test('a node leads to its events, and a step that never came to none', async ({ page, request }) => {
  const complaints = complaintsOf(page);
  const offs = await rows(request, { kind: 'findings', filters: [{ key: 'detector', op: '=', values: ['off-purpose-sequence'] }] });
  await page.goto(explore({ kind: 'graph', format: 'chain', filters: [{ key: 'finding', op: '=', values: [String(offs[0]?.id)] }] }));
  const menuOf = async (name: RegExp): Promise<void> => {
    await page.locator('[aria-label^="Node: "]').filter({ hasText: name }).first().click({ force: true });
    await expect(page.getByText('Full name').first()).toBeVisible();
  };
  await menuOf(/^1 /);
  await expect(page.getByText('Events of this node')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await page.mouse.click(5, 500);
  await menuOf(/expected here/);
  await expect(page.getByText('Events of this node')).toHaveCount(0);
  await picture(page, 'graph-expected');
  expect(complaints).toEqual([]);
});

test('the bundled dashboards show something in every panel', async ({ page, request }) => {
  test.slow();
  const complaints = complaintsOf(page);
  await page.setViewportSize({ width: 1440, height: 3200 });
  for (const name of ['findings', 'identity']) {
    await importBundled(request, name, `e2e-${name}`);
    await page.goto(`/d/e2e-${name}?var-datasource=${UID}&from=now-24h&to=now`);
    await page.waitForTimeout(8_000);
    await expect.soft(page.getByText('An unexpected error happened')).toHaveCount(0);
    await expect.soft(page.getByText('No data', { exact: true })).toHaveCount(0);
    await picture(page, `dashboard-${name}`);
  }
  expect(complaints).toEqual([]);
});
