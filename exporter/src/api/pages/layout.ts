import { createHash } from 'node:crypto';
import type { Response } from 'express';
import { Html, html } from '../../lib/html.ts';
import { STYLE } from './style.ts';

/** Nothing from elsewhere, nothing inline but the one stylesheet, no script at all, no frame around it. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'", `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`, "img-src 'self'",
  "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
].join('; ');

/** A page: what stands between header and footer. `refresh` reloads it each so many seconds. */
export interface PageContent { title: string; here?: 'status' | 'findings' | 'identities'; clock?: Html | string; refresh?: number; body: Html }

/** Sends a page. */
export function sendPage(response: Response, status: number, page: PageContent): void {
  const bytes = Buffer.from(layout(page).markup);
  response.status(status).set({ 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': String(bytes.length) });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

/** Sends a page that only says why there is nothing to see. */
export function sendMessage(response: Response, status: number, message: string): void {
  const titles: Record<number, string> = { 401: 'A password is needed', 404: 'Not found', 500: 'Something went wrong', 503: 'Not ready yet' };
  const title = titles[status] ?? 'This cannot be shown';
  sendPage(response, status, {
    title, ...(status === 503 ? { refresh: 2 } : {}),
    body: html`<h1>${title}</h1><p class="lead">${message.charAt(0).toUpperCase()}${message.slice(1)}.</p>
${status === 401 && html`<p>In a browser, give any user name and the read token as the password.</p>`}
${status === 503 && html`<p>This page tries again every two seconds.</p>`}`,
  });
}

/** The mark, as a file, for the browser's tab. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${mark('#6b7280', '#b42318')}</svg>`;

function mark(ring: string, dot: string): string {
  return `<circle cx="11" cy="13" r="8" fill="none" stroke="${ring}" stroke-width="2.4"/><circle cx="11" cy="13" r="2.6" fill="${ring}"/><circle cx="20" cy="4" r="2.8" fill="${dot}"/>`;
}

const MARK = new Html(`<svg viewBox="0 0 24 24" aria-hidden="true">${mark('currentColor', 'var(--critical)')}</svg>`);
const SHEET = new Html(`<style>${STYLE}</style>`);

function layout(page: PageContent): Html {
  const link = (key: PageContent['here'], to: string, text: string): Html =>
    key === page.here ? html`<a href="${to}" aria-current="page">${text}</a>` : html`<a href="${to}">${text}</a>`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} · Remit</title><link rel="icon" href="/icon.svg" type="image/svg+xml">
${page.refresh !== undefined && html`<meta http-equiv="refresh" content="${page.refresh}">`}${SHEET}</head>
<body><a class="skip" href="#main">Skip to content</a>
<header class="top"><div><a class="brand" href="/">${MARK}Remit</a>
<nav aria-label="Pages">${link('status', '/', 'Status')}${link('findings', '/findings?state=open', 'Findings')}${link('identities', '/identities', 'Identities')}</nav>
${page.clock !== undefined && html`<span class="clock">${page.clock}</span>`}</div></header>
<main id="main">${page.body}</main>
<footer><div>Does every machine identity stay within its remit? · <a href="/metrics">Metrics</a> · <a href="/api/v1/status">Status as JSON</a> · <a href="/api/v1/findings">Findings as JSON</a></div></footer>
</body></html>
`;
}
