import { execFileSync } from 'node:child_process';
import { request as send } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { complaintsOf, expect, picture, test, TYPE, UID } from './support';

const REMIT = process.env.REMIT_URL ?? 'http://127.0.0.1:9847';

test('the health check says what is there', async ({ page }) => {
  const complaints = complaintsOf(page);
  await page.goto(`/connections/datasources/edit/${UID}`);
  await page.getByRole('button', { name: /^(Save & test|Test)$/ }).click();
  await expect(page.getByText(/^Remit \d.* identities, .* open findings/)).toBeVisible();
  await picture(page, 'settings', true);
  expect(complaints).toEqual([]);
});

/** Saves, and waits for what Grafana then says. */
async function says(page: Page, text: RegExp): Promise<void> {
  const asked = page.waitForResponse((response) => response.url().includes('/read/status'));
  await page.getByRole('button', { name: 'Save & test' }).click();
  await asked;
  await expect(page.getByRole('alert').getByText(text).first()).toBeVisible();
}

test('a wrong URL, a wrong token, no TLS and another service give useful errors', async ({ createDataSourceConfigPage, page }) => {
  const config = await createDataSourceConfigPage({ type: TYPE });
  const url = page.getByPlaceholder('http://127.0.0.1:9847');
  await says(page, /No URL is set/);
  await url.fill('http://127.0.0.1:1');
  await says(page, /Grafana cannot reach Remit at http:\/\/127\.0\.0\.1:1\. Check that Remit runs/);
  await url.fill(REMIT.replace('http:', 'https:'));
  await says(page, /Grafana cannot reach Remit at https.*, or does not trust its certificate/);
  await picture(page, 'settings-no-tls', true);
  await url.fill(`${REMIT}/metrics`);
  await says(page, /not Remit|without a path/);
  await url.fill(REMIT);
  await page.getByLabel('Read token').fill('wrong');
  await says(page, /does not accept the read token/);
  await picture(page, 'settings-wrong-token', true);
  expect(config.datasource.type).toBe(TYPE);
});

test('a certificate of an authority of one\'s own is refused in words that say which setting makes it trusted', async ({ createDataSourceConfigPage, page }) => {
  const { certificate, address, close } = await remitOverTls();
  await createDataSourceConfigPage({ type: TYPE });
  await page.getByPlaceholder('http://127.0.0.1:9847').fill(address);
  await says(page, /does not trust its certificate.*"Add self-signed certificate" under "TLS settings"/);
  await picture(page, 'settings-untrusted', true);
  await page.getByRole('checkbox', { name: /Add self-signed certificate/ }).check({ force: true });
  await page.getByPlaceholder(/BEGIN CERTIFICATE/).first().fill(certificate);
  // What is wrong now is something else.
  await says(page, /does not accept the read token/);
  await close();
});

/** Remit behind a certificate that nobody has signed but itself. */
async function remitOverTls(): Promise<{ certificate: string; address: string; close: () => Promise<void> }> {
  const made = execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=remit', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2', '-keyout', '-', '-out', '-'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const part = (name: string): string => new RegExp(`-----BEGIN ${name}-----[^]*?-----END ${name}-----`).exec(made)?.[0] ?? '';
  const certificate = part('CERTIFICATE');
  const server = createServer({ key: part('PRIVATE KEY'), cert: certificate }, (asked, answer) => {
    const { hostname, port } = new URL(REMIT);
    const passed = send({ hostname, port, path: asked.url, method: asked.method, headers: asked.headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { certificate, address: `https://127.0.0.1:${port}`, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
