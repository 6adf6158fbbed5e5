import { request as send } from 'node:http';
import type { APIRequestContext } from '@playwright/test';
import { expect, rows, test, UID } from './support';

const PROXY = `/api/datasources/proxy/uid/${UID}`;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Every spelling of a path below the data source that somebody might try: dots, escapes once and twice, slashes, case, parameters, signs that end a path. */
function spellings(path: string): string[] {
  const [head = '', ...rest] = path.split('/');
  const tail = rest.join('/');
  const escaped = `%${head.charCodeAt(0).toString(16)}${head.slice(1)}`;
  return [
    path, `/${path}`, `//${path}`, `./${path}`, `.//${path}`, `read/../${path}`, `read/../../${path}`, `read/../../../${path}`, `read/%2e%2e/${path}`, `read/%2E%2E/${path}`, `read/.%2e/${path}`, `read/%2e./${path}`,
    `read/..%2f${path}`, `read/..%2F..%2F${path}`, `read/%2e%2e%2f${path}`, `read/%2e%2e%2f%2e%2e%2f${path}`, `read/%252e%252e%252f${path}`, `read/..%252f${path}`, `read/..%5c${path}`, `read/..\\${path}`, `read/..;/${path}`, `read;/../${path}`,
    `read/status/../../${path}`, `read/.../${path}`, `read//..//${path}`, `read/%00/../${path}`, `read%2f..%2f${path}`, `read%2f%2e%2e%2f${path}`, `READ/../${path}`, `Read/../${path}`, `write/../${path}`, `write/../../${path}`, `write/..%2f..%2f${path}`,
    `${head.toUpperCase()}/${tail}`, `${head[0]?.toUpperCase() ?? ''}${head.slice(1)}/${tail}`, `${escaped}/${tail}`, `${head};a=b/${tail}`, `${head}/./${tail}`, `${head}//${tail}`, `${head}%2f${tail}`, `${head}/%2e/${tail}`, `${path}/`, `${path}.`, `${path}..`,
    `${path}%20`, `${path}%00`, `${path};x=y`, `${path}?x=y`, `${path}%3fx=y`, `${path}#x`, `${path}%23x`, `${path}.json`, `api/v1/../../${path}`, `%2e%2e/${path}`, `..%2f${path}`, `http://127.0.0.1/${path}`, `@${path}`,
  ];
}

/** The status of a request whose path goes over the wire as it is written: whatever makes a URL of it would resolve the dots first. */
function raw(baseURL: string, method: string, path: string, authorization: string, more: Record<string, string> = {}): Promise<number> {
  const { hostname, port } = new URL(baseURL);
  const body = method === 'GET' || method === 'HEAD' ? '' : '{"state":"benign","note":"a viewer was here"}';
  return new Promise((resolve) => {
    const asked = send({ hostname, port, method, path, headers: { authorization, ...more, ...(body ? { 'content-type': 'application/json', 'content-length': body.length } : {}) } }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
    });
    asked.on('error', () => resolve(0));
    asked.end(body);
  });
}

/** Roles other than the administrator's, made for this run. */
async function person(request: APIRequestContext, playwright: typeof import('@playwright/test'), role: 'Viewer' | 'Editor', baseURL: string): Promise<{ context: APIRequestContext; login: string; remove: () => Promise<unknown> }> {
  const name = `e2e-${role.toLowerCase()}-${Date.now()}`;
  const password = `${name}-password`;
  const { id } = (await (await request.post('/api/admin/users', { data: { name, login: name, password, OrgId: 1 } })).json()) as { id: number };
  await request.patch(`/api/org/users/${id}`, { data: { role } });
  const context = await playwright.request.newContext({ baseURL, storageState: { cookies: [], origins: [] }, httpCredentials: { username: name, password, send: 'always' } });
  return { context, login: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`, remove: () => request.delete(`/api/admin/users/${id}`) };
}

test('a viewer reads, and reaches no path that writes, administers or reloads, however it is spelt', async ({ request, playwright, baseURL }) => {
  test.slow();
  const [finding] = await rows(request, { kind: 'findings', filters: [{ key: 'state', op: '=', values: ['open'] }] }, 24 * 30);
  const id = String(finding?.id);
  const viewer = await person(request, playwright, 'Viewer', baseURL ?? '');
  expect(((await (await viewer.context.get('/api/user/orgs')).json()) as Array<{ role: string }>)[0]?.role).toBe('Viewer');
  expect((await viewer.context.get(`${PROXY}/read/status`)).status()).toBe(200);
  expect((await viewer.context.post(`${PROXY}/read/query`, { data: { queries: [{ refId: 'A', kind: 'identities', filters: [] }] } })).status()).toBe(200);

  const before = await (await viewer.context.get(`${PROXY}/read/findings/${id}`)).json();
  const reached: string[] = [];
  const paths = [`write/${id}/verdict`, `api/v1/findings/${id}/verdict`, `findings/${id}/verdict`, `read/findings/${id}/verdict`, '-/reload', 'api/v1/admin/reload', 'ingest', 'v1/logs'].flatMap(spellings);
  for (const path of paths) {
    for (const base of [PROXY, `/api/datasources/uid/${UID}/resources`, '/api/datasources/proxy/1']) {
      const methods = base === PROXY ? METHODS : ['POST'];
      for (const method of methods) {
        const status = await raw(baseURL ?? '', method, `${base}/${path}`, viewer.login);
        // Reading a page that everybody may read is no harm; what changes something is.
        if (status >= 200 && status < 300 && !['GET', 'HEAD', 'OPTIONS'].includes(method)) {
          reached.push(`${method} ${base}/${path}: ${status}`);
        }
      }
    }
  }
  // Whatever names the proxy or whom it asks for can be taken out on the way.
  for (const path of ['ingest', 'ingest?source=aws-cloudtrail', 'v1/logs', 'v1/traces', 'services/collector/event', 'services/collector/raw', 'k8s/audit']) {
    for (const connection of ['keep-alive', 'X-Forwarded-For', 'User-Agent, X-Forwarded-For', 'X-Forwarded-For, Forwarded, Via, User-Agent, X-Grafana-Referer']) {
      const status = await raw(baseURL ?? '', 'POST', `${PROXY}/${path}`, viewer.login, { connection });
      expect([path, connection, status, status === 401 || status === 403]).toEqual([path, connection, status, true]);
    }
  }
  expect(reached).toEqual([]);
  const after = (await (await viewer.context.get(`${PROXY}/read/findings/${id}`)).json()) as { state: string; history?: unknown };
  expect([after.state, after.history]).toEqual([(before as typeof after).state, (before as typeof after).history]);
  await viewer.remove();
});

test('an editor acknowledges; Remit records the name of the token, and the user as claimed', async ({ request, playwright, baseURL }) => {
  const open = await rows(request, { kind: 'findings', filters: [{ key: 'state', op: '=', values: ['open'] }] }, 24 * 300);
  const id = String(open.at(-1)?.id);
  const editor = await person(request, playwright, 'Editor', baseURL ?? '');
  expect((await editor.context.post(`${PROXY}/write/${id}/verdict`, { data: { state: 'acknowledged', claimed_user: 'somebody' } })).status()).toBe(200);
  const [row] = await rows(request, { kind: 'findings', filters: [{ key: 'id', op: '=', values: [id] }] }, 24 * 300);
  expect(row).toMatchObject({ state: 'acknowledged', claimed_user: 'somebody' });
  expect(String(row?.by)).not.toBe('somebody');
  await editor.remove();
});

test('no token is in what Grafana gives a browser', async ({ request, page }) => {
  for (const path of [`/api/datasources/uid/${UID}`, '/api/frontend/settings', '/api/datasources']) {
    const text = await (await request.get(path)).text();
    expect([path, /Bearer (?!\{\{ \.SecureJsonData)|readToken"\s*:\s*"|writeToken"\s*:\s*"|"secureJsonData"/.test(text)]).toEqual([path, false]);
  }
  const sent: string[] = [];
  page.on('request', (each) => sent.push(`${each.url()} ${JSON.stringify(each.headers())}`));
  await page.goto('/explore');
  await page.waitForTimeout(2_000);
  expect(sent.filter((each) => /bearer/i.test(each))).toEqual([]);
});
