import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { afterEach, describe, expect, test } from 'vitest';
import { finding, FINDINGS } from './cases/demo.ts';
import { NO_WEB, NOW, serve } from './cases/memory.ts';
import type { Service } from './cases/memory.ts';

const HOUR = 3_600_000;
let service: Service;
afterEach(async () => service.end());

const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });
const basic = (user: string, password: string): RequestInit => ({ headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` } });
const status = async (method: string, path: string, init: RequestInit = {}): Promise<number> => {
  const answer = await fetch(service.url + path, { method, ...(method === 'POST' ? { body: '{}' } : {}), ...init });
  await answer.arrayBuffer();
  return answer.status;
};
/** One request, byte for byte as given. */
function raw(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(service.port, '127.0.0.1', () => socket.write(text));
    let seen = '';
    socket.on('data', (chunk) => { seen += String(chunk); }).on('close', () => resolve(seen)).on('error', () => undefined);
  });
}
const rawGet = async (path: string, headers = `Host: 127.0.0.1:${service.port}`): Promise<number> =>
  Number((await raw(`GET ${path} HTTP/1.1\r\n${headers}\r\nConnection: close\r\n\r\n`)).slice(9, 12));

const READS = ['/', '/metrics', '/findings', '/identities', '/api/v1/findings', '/api/v1/identities', '/api/v1/events', '/api/v1/status'];

describe('tokens', () => {
  test('on loopback, ingest and read are open while they have no token; write and admin never are', async () => {
    service = await serve();
    for (const path of READS) expect([path, await status('GET', path)]).toEqual([path, 200]);
    expect(await status('POST', '/ingest')).toBe(200);
    const answer = await fetch(`${service.url}/-/reload`, { method: 'POST', ...bearer('guess') });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ error: expect.stringContaining('auth.admin.token_file') as string });
    expect(service.reloads).toBe(0);
  });

  test('what a proxy sends on is never let in for coming from this machine, and through Grafana nobody ingests without the token', async () => {
    const via = (...headers: string[]) => async (more: Record<string, string> = {}): Promise<number> => status('POST', '/ingest', { headers: { ...Object.fromEntries(headers.map((each) => each.split(': '))), ...more } });
    const grafana = via('user-agent: Grafana/12.3.0', 'x-forwarded-for: 192.0.2.1');
    const bare = async (more = ''): Promise<number> => Number((await raw(`POST /ingest HTTP/1.1\r\nHost: 127.0.0.1:${service.port}\r\nX-Forwarded-For: 127.0.0.1\r\n${more}Content-Length: 2\r\nConnection: close\r\n\r\n{}`)).slice(9, 12));
    service = await serve();
    for (const each of [grafana, via('user-agent: Grafana/12.3.0'), via('x-forwarded-for: 192.0.2.1'), via('forwarded: for=192.0.2.1'), via('via: 1.1 proxy')]) expect(await each()).toBe(403);
    expect(await bare()).toBe(403);
    expect(await status('GET', '/api/v1/status', { headers: { 'user-agent': 'Grafana/12.3.0', 'x-forwarded-for': '192.0.2.1' } })).toBe(200);
    expect(await status('POST', '/ingest')).toBe(200);
    await service.end();
    service = await serve({ web: { ...NO_WEB, users: new Map([['reader', hashSync('pw', 4)]]) } });
    const { authorization } = basic('reader', 'pw').headers as { authorization: string };
    expect([await grafana({ authorization }), await bare(`Authorization: ${authorization}\r\n`), await via('x-forwarded-for: 192.0.2.1')({ authorization }), await status('POST', '/ingest', basic('reader', 'pw'))]).toEqual([403, 403, 200, 200]);
    await service.end();
    service = await serve({ tokens: { ingest: 'secret-i' } });
    expect([await grafana(), await grafana({ authorization: 'Bearer secret-i' })]).toEqual([401, 200]);
  });

  test('each token opens its own scope and no other', async () => {
    service = await serve({ tokens: { ingest: 'token-i', read: 'token-r', write: 'token-w', admin: 'token-a' } });
    const routes = [['ingest', 'POST', '/ingest'], ['read', 'GET', '/metrics'], ['read', 'GET', '/api/v1/status'], ['admin', 'POST', '/-/reload'], ['admin', 'PUT', '/-/reload']] as const;
    for (const [scope, method, path] of routes) {
      for (const other of ['ingest', 'read', 'write', 'admin'] as const) {
        expect([path, other, await status(method, path, bearer(`token-${other[0]}`))]).toEqual([path, other, scope === other ? 200 : 401]);
      }
    }
    expect(await status('GET', '/-/healthy')).toBe(200);
    expect(service.reloads).toBe(2);
  });

  test('a refusal names the scheme, and nothing of the body is read', async () => {
    service = await serve({ tokens: { ingest: 'secret-i' } });
    const seen = await raw(`POST /ingest HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000000\r\n\r\n`);
    expect(seen).toMatch(/^HTTP\/1.1 401 [\s\S]*WWW-Authenticate: Bearer realm="remit"/);
    for (const header of ['', 'Bearer', 'Bearer ', 'bearer secret-i2', 'Bearer secret-i secret-i', 'Token secret-i', `Bearer ${'x'.repeat(9000)}`]) {
      expect(await status('POST', '/ingest', { headers: { authorization: header } })).toBe(401);
    }
    expect(await status('POST', '/ingest', bearer('secret-i'))).toBe(200);
    expect(service.ingest.bodies).toHaveLength(1);
  });

  test('in a browser the read token is the password, and opens nothing else', async () => {
    service = await serve({ tokens: { read: 'secret-r', ingest: 'secret-i', admin: 'secret-a' } });
    const answer = await fetch(`${service.url}/`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('Basic realm="remit"');
    expect(await answer.text()).toContain('the read token as the password');
    expect(await status('GET', '/', basic('anybody', 'secret-r'))).toBe(200);
    expect(await status('POST', '/ingest', basic('anybody', 'secret-i'))).toBe(401);
    expect(await status('POST', '/-/reload', basic('anybody', 'secret-a'))).toBe(401);
  });

  test('users of the web configuration read, and ingest while ingest has no token', async () => {
    const web = { ...NO_WEB, users: new Map([['prometheus', hashSync('pw', 4)]]) };
    service = await serve({ web });
    expect(await status('GET', '/metrics')).toBe(401);
    expect(await status('GET', '/metrics', basic('prometheus', 'pw'))).toBe(200);
    expect(await status('GET', '/metrics', basic('prometheus', 'wrong'))).toBe(401);
    expect(await status('GET', '/metrics', basic('nobody', 'pw'))).toBe(401);
    expect(await status('POST', '/ingest')).toBe(401);
    expect(await status('POST', '/ingest', basic('prometheus', 'pw'))).toBe(200);
    expect(await status('POST', '/-/reload', basic('prometheus', 'pw'))).toBe(403);
    await service.end();
    service = await serve({ web, tokens: { ingest: 'secret-i' } });
    expect(await status('POST', '/ingest', basic('prometheus', 'pw'))).toBe(401);
    expect(await status('POST', '/ingest', bearer('secret-i'))).toBe(200);
  });

  test('beyond loopback nothing is open by itself', async () => {
    service = await serve({ loopback: false });
    for (const [method, path] of [['GET', '/metrics'], ['POST', '/ingest'], ['POST', '/-/reload']] as const) expect(await status(method, path)).toBe(403);
  });

  test('a changed token file counts after a reload', async () => {
    service = await serve({ tokens: { admin: 'one' } });
    const file = join(service.folder, 'admin');
    writeFileSync(file, 'two\n');
    expect(await status('POST', '/-/reload', bearer('one'))).toBe(200);
    expect(await status('POST', '/-/reload', bearer('one'))).toBe(401);
    expect(await status('POST', '/-/reload', bearer('two'))).toBe(200);
  });
});

describe('paths', () => {
  test.each([
    '/%6detrics', '/%2e%2e/metrics', '//metrics', '/./metrics', '/x/../metrics', '/metrics/', '/metrics/.', '/metrics;x', '/metrics.', '/METRICS', '/api//v1/status', '/api%2Fv1%2Fstatus',
    '/api/v1/findings/%2e%2e/status', '/api/v1/findings/..%2fstatus', '/findings/%00', '/\\metrics', 'http://evil.example/metrics', '/-/reload/..', '/nothing', '/api/v1/query/x', '/api/v1/findings/stream/x',
  ])('%s is 404', async (path) => {
    service = await serve();
    expect(await rawGet(path)).toBe(404);
  });

  test('an unknown path answers JSON, whatever the method', async () => {
    service = await serve();
    const answer = await fetch(`${service.url}/nothing`, { method: 'DELETE' });
    expect([answer.status, await answer.json()]).toEqual([404, { error: 'no such path' }]);
  });

  test.each([
    ['GET', '/ingest', 'POST'], ['DELETE', '/metrics', 'GET, HEAD'], ['POST', '/', 'GET, HEAD'], ['GET', '/-/reload', 'POST, PUT'], ['OPTIONS', '/ingest', 'POST'], ['PATCH', '/api/v1/findings/x', 'GET, HEAD'],
  ])('%s %s is 405 and says what is allowed', async (method, path, allowed) => {
    service = await serve();
    const answer = await fetch(service.url + path, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allowed]);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('HEAD has the headers of GET and no body', async () => {
    service = await serve();
    for (const path of ['/', '/api/v1/status', '/-/healthy']) {
      const answer = await fetch(service.url + path, { method: 'HEAD' });
      expect([answer.status, Number(answer.headers.get('content-length')) > 0, await answer.text()]).toEqual([200, true, '']);
    }
  });
});

describe('other sites', () => {
  test.each([['evil.example', 421], ['127.0.0.1.evil.example', 421], ['10.0.0.1', 421], ['localhost:1234', 200], ['[::1]:80', 200], ['127.9.9.9', 200], ['remit.internal', 200]])('a loopback listener called as %s is %i', async (host, expected) => {
    service = await serve({ hosts: ['Remit.internal'] });
    expect(await rawGet('/metrics', `Host: ${host}`)).toBe(expected);
  });

  test('pages of other sites cannot post', async () => {
    service = await serve();
    const own = `http://127.0.0.1:${service.port}`;
    for (const [headers, expected] of [
      [`Origin: https://evil.example`, 403], ['Origin: null', 403], ['Sec-Fetch-Site: cross-site', 403], ['Sec-Fetch-Site: same-site', 403], [`Origin: ${own}`, 200], ['Sec-Fetch-Site: none', 200],
    ] as const) {
      const seen = await raw(`POST /ingest HTTP/1.1\r\nHost: 127.0.0.1:${service.port}\r\n${headers}\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`);
      expect([headers, Number(seen.slice(9, 12))]).toEqual([headers, expected]);
    }
  });

  test('every answer forbids framing, sniffing, caching and scripts', async () => {
    service = await serve();
    for (const path of ['/', '/api/v1/status', '/nothing', '/metrics']) {
      const { headers } = await fetch(service.url + path);
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; .*frame-ancestors 'none'$/);
      expect([headers.get('x-content-type-options'), headers.get('referrer-policy'), headers.get('cache-control'), headers.get('x-powered-by')]).toEqual(['nosniff', 'no-referrer', 'no-store', null]);
    }
  });

  test('headers and rate limit of the web configuration hold', async () => {
    service = await serve({ web: { ...NO_WEB, rateLimit: { interval: 60_000, burst: 3 }, headers: { 'Strict-Transport-Security': 'max-age=60', 'X-Frame-Options': 'sameorigin' } } });
    const answer = await fetch(`${service.url}/-/healthy`);
    expect([answer.headers.get('strict-transport-security'), answer.headers.get('x-frame-options')]).toEqual(['max-age=60', 'sameorigin']);
    expect([await status('GET', '/metrics'), await status('GET', '/metrics'), await status('GET', '/metrics')]).toEqual([200, 200, 429]);
  });
});

describe('health', () => {
  test('until state is restored everything but health answers 503', async () => {
    service = await serve();
    service.ready = false;
    for (const path of READS) expect([path, await status('GET', path)]).toEqual([path, 503]);
    expect(await status('POST', '/ingest')).toBe(503);
    expect([await status('GET', '/-/ready'), await status('GET', '/-/healthy')]).toEqual([503, 200]);
    service.live = false;
    expect(await status('GET', '/-/healthy')).toBe(503);
    expect(service.ingest.bodies).toHaveLength(0);
  });

  test('a failed reload is 500 and lists the problems', async () => {
    const problem = { file: 'inventory/a.yml', line: 3, column: 5, severity: 'error' as const, message: 'unknown key', hint: 'remove it' };
    service = await serve({ tokens: { admin: 'secret-a' }, deps: { reload: () => Promise.resolve({ ok: false, problems: [problem] }) } });
    const answer = await fetch(`${service.url}/-/reload`, { method: 'POST', ...bearer('secret-a') });
    expect([answer.status, await answer.json()]).toEqual([500, { error: 'the reload failed; what was in force stays in force', ok: false, problems: [problem] }]);
  });

  test('a handler that throws is 500 without its message, and the service goes on', async () => {
    service = await serve({ deps: { metrics: { write: () => Promise.reject(new Error('inner detail')) } } });
    const answer = await fetch(`${service.url}/metrics`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('inner detail');
    expect(await status('GET', '/-/healthy')).toBe(200);
  });
});

describe('the JSON API', () => {
  test('findings by filter and by id', async () => {
    service = await serve();
    service.reader.all = FINDINGS;
    const page = await (await fetch(`${service.url}/api/v1/findings?state=open&state=resolved&detector=outside-schedule&limit=5`)).json();
    expect(page).toMatchObject({ total: 2, cursor: null, items: [{ id: FINDINGS[0]?.id }, { state: 'resolved' }] });
    expect(service.reader.asked[0]).toMatchObject({ state: ['open', 'resolved'], detector: ['outside-schedule'], limit: 5 });
    expect(await (await fetch(`${service.url}/api/v1/findings/${FINDINGS[0]?.id}`)).json()).toMatchObject(JSON.parse(JSON.stringify(FINDINGS[0])) as object);
    expect(await status('GET', '/api/v1/findings/ffffffffffffffffffffffffffffffff')).toBe(404);
    expect(await status('GET', '/api/v1/findings/constructor')).toBe(404);
  });

  test('findings as OCSF, a list and one', async () => {
    service = await serve();
    service.reader.all = FINDINGS;
    const { items, total } = await (await fetch(`${service.url}/api/v1/findings?format=ocsf&state=open`)).json() as { items: unknown[]; total: number };
    expect([items, total]).toEqual([FINDINGS.filter(({ state }) => state === 'open').map(({ id }) => ({ finding_info: { uid: id } })), 2]);
    expect(service.reader.asked).not.toContainEqual(expect.objectContaining({ format: 'ocsf' }));
    expect(await (await fetch(`${service.url}/api/v1/findings/${FINDINGS[0]?.id}?format=ocsf`)).json()).toEqual({ finding_info: { uid: FINDINGS[0]?.id } });
    expect([await status('GET', '/api/v1/findings?format=xml'), await status('GET', `/api/v1/findings/${FINDINGS[0]?.id}?fromat=ocsf`)]).toEqual([400, 400]);
  });

  test.each([
    ['/api/v1/findings?state=opened', /^state: /], ['/api/v1/findings?sate=open', /unknown parameter "sate"/], ['/api/v1/findings?limit=0', /^limit: /], ['/api/v1/findings?limit=99999', /^limit: /],
    ['/api/v1/findings?__proto__=1', /unknown parameter "__proto__"/], ['/api/v1/identities?inventoried=maybe', /^inventoried: /], ['/api/v1/events?from=yesterday', /^from: /], ['/api/v1/events?constructor=1', /unknown parameter/],
    [`/api/v1/findings?identity=${'x'.repeat(600)}`, /^identity: /],
  ])('%s is 400 and names the parameter', async (path, message) => {
    service = await serve();
    const answer = await fetch(service.url + path);
    expect(answer.status).toBe(400);
    expect((await answer.json() as { error: string }).error).toMatch(message);
  });

  test('times are taken as milliseconds or RFC 3339', async () => {
    service = await serve();
    await fetch(`${service.url}/api/v1/findings?from=1795356187000&to=2026-11-22T15:00:00%2B01:00`);
    expect(service.reader.asked[0]).toMatchObject({ from: 1_795_356_187_000, to: Date.UTC(2026, 10, 22, 14) });
  });
});

describe('links to dashboards', () => {
  const asked = '/dashboards/remit-identity?identity=urn%3Anhi%3Aa%26b&owner=payments&orgId=2';
  const to = async (path: string): Promise<string | null> => (await fetch(service.url + path, { redirect: 'manual' })).headers.get('location');

  test('lead to Grafana where one is named, with the names that dashboards have for what is passed on', async () => {
    service = await serve({ deps: { grafana: () => 'https://grafana.example/sub' } });
    expect(await to(asked)).toBe('https://grafana.example/sub/d/remit-identity?var-identity=urn%3Anhi%3Aa%26b&var-owner=payments');
    expect(await to('/dashboards/fleet')).toBe('/findings');
    expect(await to('/dashboards/remit-fleet')).toBe('https://grafana.example/sub/d/remit-fleet');
  });

  test('keep cluster and time, and are about the time at which the finding was made', async () => {
    service = await serve({ deps: { grafana: () => 'https://grafana.example' } });
    const found = finding({ first: NOW - 26 * HOUR, last: NOW - 25 * HOUR });
    service.reader.all = [found];
    const link = `/dashboards/remit-identity?identity=${encodeURIComponent(found.identity)}&detector=${found.detector}&cluster=eu`;
    const rest = `/d/remit-identity?var-identity=${encodeURIComponent(found.identity)}&var-cluster=eu`;
    expect(await to(link)).toBe(`https://grafana.example${rest}&from=${found.first - HOUR}&to=${found.last + HOUR}`);
    expect(await to(`${link}&from=now-2d&to=now`)).toBe(`https://grafana.example${rest}&from=now-2d&to=now`);
    expect(await to(`${link}&from=javascript:1&to=2`)).toBe(`https://grafana.example${rest}&from=${found.first - HOUR}&to=${found.last + HOUR}`);
    // What goes on is seen up to now.
    service.reader.all = [{ ...found, last: NOW - 60_000 }];
    expect(await to(link)).toBe(`https://grafana.example${rest}&from=now-27h&to=now`);
    service.reader.all = [];
    expect(await to(link)).toBe(`https://grafana.example${rest}`);
  });

  test('tell nobody who may not read when something was found', async () => {
    service = await serve({ tokens: { read: 'r'.repeat(32) }, deps: { grafana: () => 'https://grafana.example' } });
    const found = finding({});
    service.reader.all = [found];
    expect(await to(`/dashboards/remit-identity?identity=${encodeURIComponent(found.identity)}&detector=${found.detector}`)).not.toContain('from=');
  });

  test('about the rest of a storm or all identities together lead where those are shown', async () => {
    service = await serve({ deps: { grafana: () => 'https://grafana.example' } });
    const storm = '/dashboards/remit-identity?identity=_overflow_&detector=outside-schedule&cluster=eu&owner=';
    expect(await to(`${storm}payments`)).toBe('https://grafana.example/d/remit-fleet?var-owner=payments&var-detector=outside-schedule&var-cluster=eu');
    expect(await to(`${storm}_overflow_`)).toBe('https://grafana.example/d/remit-fleet?var-detector=outside-schedule&var-cluster=eu');
    expect(await to('/dashboards/remit-lifecycle-and-coverage?identity=_fleet_&owner=_none_&detector=shadow-identity&cluster=eu')).toBe('https://grafana.example/d/remit-lifecycle-and-coverage?var-cluster=eu');
  });

  test('lead to the list of findings where none is', async () => {
    service = await serve();
    const location = await to(asked);
    expect(location).toBe('/findings?identity=urn%3Anhi%3Aa%26b&owner=payments');
    expect((await fetch(service.url + location!)).status).toBe(200);
  });
});
