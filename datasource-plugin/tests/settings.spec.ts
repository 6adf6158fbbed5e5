import { expect, test } from '@grafana/plugin-e2e';
import { complaintsOf, picture, TYPE, UID } from './support';

const REMIT = process.env.REMIT_URL ?? 'http://127.0.0.1:9847';

test('the health check says what is there', async ({ page }) => {
  const complaints = complaintsOf(page);
  await page.goto(`/connections/datasources/edit/${UID}`);
  await page.getByRole('button', { name: /^(Save & test|Test)$/ }).click();
  await expect(page.getByText(/^Remit \d.* identities, .* open findings/)).toBeVisible();
  await picture(page, 'settings', true);
  expect(complaints).toEqual([]);
});

test('a wrong URL, a wrong token, no TLS and another service give useful errors', async ({ createDataSourceConfigPage, page }) => {
  const config = await createDataSourceConfigPage({ type: TYPE });
  const url = page.getByPlaceholder('http://127.0.0.1:9847');
  const says = async (text: RegExp) => {
    const asked = page.waitForResponse((response) => response.url().includes('/read/status'));
    await page.getByRole('button', { name: 'Save & test' }).click();
    await asked;
    await expect(page.getByRole('alert').getByText(text).first()).toBeVisible();
  };
  await url.fill('http://127.0.0.1:1');
  await says(/Grafana cannot reach Remit/);
  await url.fill(REMIT.replace('http:', 'https:'));
  await says(/http or https is right|certificate of Remit/);
  await url.fill(`${REMIT}/metrics`);
  await says(/not Remit|without a path/);
  await url.fill(REMIT);
  await page.getByLabel('Read token').fill('wrong');
  await says(/does not accept the read token/);
  await picture(page, 'settings-wrong-token', true);
  expect(config.datasource.type).toBe(TYPE);
});
