import { expect, test } from '@grafana/plugin-e2e';

// Against a Grafana that has the plugin and a provisioned data source "Remit" (uid `remit`) whose service holds some findings.
const UID = 'remit';
const KINDS: Array<[string, string, string]> = [
  ['findings', 'table', 'table'], ['findings', 'logs', 'logs'], ['findings', 'volume', 'timeseries'], ['events', 'logs', 'logs'], ['events', 'table', 'table'], ['identities', 'table', 'table'],
  ['baseline', 'series', 'timeseries'], ['deviations', 'series', 'timeseries'], ['graph', 'access', 'nodeGraph'], ['privileges', 'table', 'table'], ['coverage', 'table', 'table'],
];
const PICTURES = process.env.PLUGIN_PICTURES;

const explore = (query: object, from = 'now-7d') =>
  `/explore?schemaVersion=1&orgId=1&panes=${encodeURIComponent(JSON.stringify({ a: { datasource: UID, queries: [{ refId: 'A', datasource: { type: 'remit-nhi-datasource', uid: UID }, ...query }], range: { from, to: 'now' } } }))}`;

for (const [kind, format, visual] of KINDS) {
  test(`Explore shows ${kind} as ${visual}`, async ({ page }) => {
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    const answer = page.waitForResponse((response) => response.url().includes(`/proxy/uid/${UID}/read/query`));
    await page.goto(explore({ kind, format, filters: [] }));
    expect((await answer).status()).toBe(200);
    await expect(page.getByText('No data', { exact: true })).toHaveCount(0);
    await page.waitForTimeout(2_000);
    if (PICTURES) {
      await page.screenshot({ path: `${PICTURES}/explore-${kind}-${format}.png` });
    }
    expect(complaints).toEqual([]);
  });
}

test('the health check says what is there', async ({ page }) => {
  const answer = await page.request.get(`/api/datasources/proxy/uid/${UID}/read/status`);
  expect(answer.status()).toBe(200);
  await page.goto(`/connections/datasources/edit/${UID}`);
  await page.getByRole('button', { name: /^(Save & test|Test)$/ }).click();
  await expect(page.getByText(/^Remit \d.* identities, .* open findings/)).toBeVisible();
  if (PICTURES) {
    await page.screenshot({ path: `${PICTURES}/settings.png`, fullPage: true });
  }
});

test('a wrong token and a wrong URL give useful errors', async ({ createDataSourceConfigPage, page }) => {
  const config = await createDataSourceConfigPage({ type: 'remit-nhi-datasource' });
  await page.getByPlaceholder('http://127.0.0.1:9847').fill('http://127.0.0.1:1');
  await page.getByRole('button', { name: 'Save & test' }).click();
  await expect(page.getByText(/Grafana cannot reach Remit/).first()).toBeVisible();
  await page.getByPlaceholder('http://127.0.0.1:9847').fill(process.env.REMIT_URL ?? 'http://127.0.0.1:9847');
  await page.getByLabel('Read token').fill('wrong');
  await page.getByRole('button', { name: 'Save & test' }).click();
  await expect(page.getByText(/does not accept the read token/).first()).toBeVisible();
  expect(config.datasource.type).toBe('remit-nhi-datasource');
});

test('the bundled dashboards show something in every panel', async ({ page, request }) => {
  for (const name of ['findings', 'identity']) {
    const dashboard: unknown = await (await request.get(`/public/plugins/remit-nhi-datasource/dashboards/${name}.json`)).json();
    await request.post('/api/dashboards/db', { data: { dashboard, overwrite: true } });
    await page.goto(`/d/remit-${name}?var-datasource=${UID}&from=now-7d&to=now`);
    await page.waitForTimeout(5_000);
    await expect(page.getByText('An unexpected error happened')).toHaveCount(0);
    if (PICTURES) {
      await page.screenshot({ path: `${PICTURES}/dashboard-${name}.png`, fullPage: true });
    }
  }
});

test('no path of the proxy opens writing, reloading or administration to a viewer', async ({ request, playwright, baseURL }) => {
  const name = `viewer-${Date.now()}`;
  await request.post('/api/admin/users', { data: { name, login: name, password: 'viewer-password-1', OrgId: 1 } });
  const viewer = await playwright.request.newContext({ baseURL, httpCredentials: { username: name, password: 'viewer-password-1', send: 'always' } });
  const proxy = `/api/datasources/proxy/uid/${UID}`;
  const verdict = 'write/4f0e6d2a9b1c3857d6e2f1a0b9c8d7e6/verdict';
  expect((await viewer.get(`${proxy}/read/status`)).status()).toBe(200);
  for (const path of [verdict, `./${verdict}`, `/${verdict}`, `//${verdict}`, `read/../${verdict}`, `read/%2e%2e/${verdict}`, `%77rite/4f0e6d2a9b1c3857d6e2f1a0b9c8d7e6/verdict`, `Write/x/verdict`, 'api/v1/findings/4f0e6d2a9b1c3857d6e2f1a0b9c8d7e6/verdict', 'read/findings/4f0e6d2a9b1c3857d6e2f1a0b9c8d7e6/verdict', '-/reload', 'read/../-/reload', 'read/..%2f-%2freload', 'write/../../-/reload', 'read/../../-/reload']) {
    const answer = await viewer.post(`${proxy}/${path}`, { data: { state: 'benign' } });
    expect([path, [400, 401, 403, 404, 405].includes(answer.status())]).toEqual([path, true]);
  }
});
