import { mkdirSync } from 'node:fs';
import type { APIRequestContext, Page } from '@playwright/test';
import { test as base } from '@grafana/plugin-e2e';

export { expect } from '@grafana/plugin-e2e';

/** Each test logs in anew: Grafana exchanges the token of a session after ten minutes, and the run of all tests is longer. */
export const test = base.extend({
  storageState: async ({ playwright, baseURL, grafanaAPICredentials: { user, password } }, use) => {
    const context = await playwright.request.newContext({ baseURL });
    const answer = await context.post('/login', { data: { user, password } });
    if (!answer.ok()) {
      throw new Error(`Grafana does not let ${user} in: ${answer.status()}`);
    }
    await use(await context.storageState());
    await context.dispose();
  },
});

/** The provisioned data source of the Grafana under test, and its type. */
export const UID = process.env.REMIT_UID ?? 'remit';
export const TYPE = 'remit-nhi-datasource';
const PICTURES = process.env.PLUGIN_PICTURES;

/** One way in which a kind can be asked for, and the panel that shows it best. */
export interface Shown {
  kind: string;
  format: string;
  panel: string;
  /** What is on the page when it is shown: a selector. */
  seen: string;
  /** The same in Explore, where it is shown otherwise. */
  explored?: string;
}

const TABLE = '[role="row"] [role="cell"], [role="row"] [role="gridcell"]';
const LINES = '.uplot canvas';
const LOGS = '[aria-label="Log menu"]';

/** Every kind of query in every format that a panel shows. */
export const SHOWN: Shown[] = [
  { kind: 'findings', format: 'table', panel: 'table', seen: TABLE },
  { kind: 'findings', format: 'logs', panel: 'logs', seen: LOGS },
  { kind: 'findings', format: 'volume', panel: 'timeseries', seen: LINES },
  { kind: 'events', format: 'logs', panel: 'logs', seen: LOGS },
  { kind: 'events', format: 'table', panel: 'table', seen: TABLE },
  { kind: 'events', format: 'volume', panel: 'timeseries', seen: LINES },
  { kind: 'identities', format: 'table', panel: 'table', seen: TABLE },
  { kind: 'baseline', format: 'series', panel: 'timeseries', seen: LINES },
  { kind: 'deviations', format: 'series', panel: 'timeseries', seen: LINES },
  { kind: 'graph', format: 'access', panel: 'nodeGraph', seen: '[aria-label^="Node: "]' },
  { kind: 'graph', format: 'chain', panel: 'nodeGraph', seen: '[aria-label^="Node: "]' },
  { kind: 'chain', format: 'steps', panel: 'table', seen: TABLE },
  { kind: 'chain', format: 'trace', panel: 'traces', seen: '[data-testid="span-view"], [class*="span-name"], [data-testid="SpanBarRow"], [class*="SpanBarRow"]' },
  { kind: 'chain', format: 'states', panel: 'state-timeline', seen: LINES, explored: TABLE },
  { kind: 'chain', format: 'list', panel: 'table', seen: TABLE },
  { kind: 'privileges', format: 'table', panel: 'table', seen: TABLE },
  { kind: 'coverage', format: 'table', panel: 'table', seen: TABLE },
  { kind: 'explain', format: 'frames', panel: 'table', seen: TABLE },
];

/** A query of the data source under test. */
export const query = (of: object): object => ({ refId: 'A', datasource: { type: TYPE, uid: UID }, filters: [], ...of });

/** The address of Explore with one query. */
export const explore = (of: object, from = 'now-24h', to = 'now'): string =>
  `/explore?schemaVersion=1&orgId=1&panes=${encodeURIComponent(JSON.stringify({ a: { datasource: UID, queries: [query(of)], range: { from, to } } }))}`;

/** Grafana's own complaints, which it makes with any data source. */
const GRAFANAS_OWN = /fetch plugins from catalog|ResizeObserver loop|Failed to load resource|Download the React DevTools|\[React Intl\]|i18next|findDOMNode|defaultProps|validateDOMNesting|Slate|downloadable font|net::ERR|public\/build|React does not recognize|act\(|StrictMode|componentWill/;

/** What the page complains about from now on: errors that nobody caught, errors of the console, and anything that asks a person by itself. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !GRAFANAS_OWN.test(message.text())) {
      complaints.push(message.text().slice(0, 500));
    }
  });
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return complaints;
}

/** Keeps a picture when PLUGIN_PICTURES names a folder. */
export async function picture(page: Page, name: string, fullPage = false): Promise<void> {
  if (PICTURES) {
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage });
  }
}

/** Stores a dashboard and gives its address. */
export async function dashboard(request: APIRequestContext, uid: string, panels: object[], more: object = {}): Promise<string> {
  const dash = { uid, title: uid, schemaVersion: 42, panels, time: { from: 'now-24h', to: 'now' }, ...more };
  const answer = await request.post('/api/dashboards/db', { data: { dashboard: dash, overwrite: true } });
  if (!answer.ok()) {
    throw new Error(`Grafana does not take the dashboard: ${await answer.text()}`);
  }
  return `/d/${uid}`;
}

/** One panel of a dashboard, so high that what it shows is seen. */
export const panel = (id: number, of: { kind: string; panel?: string; title?: string; [key: string]: unknown }, y = (id - 1) * 10): object => {
  const { panel: type = 'table', title, ...asked } = of;
  return { id, type, title: title ?? `${of.kind} ${String(of.format ?? '')}`, datasource: { type: TYPE, uid: UID }, gridPos: { x: 0, y, w: 24, h: 10 }, targets: [query(asked)] };
};

/** Rows of the answer to one query, as objects by the names of their columns. */
export async function rows(request: APIRequestContext, of: object, hours = 24): Promise<Array<Record<string, unknown>>> {
  const to = Date.now();
  const { filters = [], ...asked } = of as { filters?: unknown[] };
  const answer = await request.post(`/api/datasources/proxy/uid/${UID}/read/query`, { data: { queries: [{ refId: 'A', from: to - hours * 3_600_000, to, filters, ...asked }] } });
  const { frames } = ((await answer.json()) as { results: { A: { frames: Array<{ schema: { fields: Array<{ name: string }> }; data: { values: unknown[][] } }> } } }).results.A;
  const [frame] = frames;
  return (frame?.data.values[0] ?? []).map((_, row) => Object.fromEntries((frame?.schema.fields ?? []).map(({ name }, column) => [name, frame?.data.values[column]?.[row]])));
}
