import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench, roleRecord } from '../support/bench.ts';
import { Asked } from '../support/query.ts';

const bench = new Bench();
let asked: Asked;
beforeAll(async () => {
  await bench.open();
  await bench.replay(roleRecord('a', 'AROAEXAMPLE0000000001', '2026-11-20T10:00:00Z', { operation: 'DeleteTrail', service: 'cloudtrail.amazonaws.com' }));
  asked = await new Asked(bench).open(true);
});
afterAll(() => asked.end());

/** A request byte for byte as given, with the read token; its status. */
function raw(method: string, target: string, headers = ''): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(asked.listening.port, '127.0.0.1', () => {
      const body = method === 'GET' || method === 'HEAD' ? '' : '{"state":"benign"}';
      socket.write(`${method} ${target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token-r\r\n${headers}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
    });
    let seen = '';
    socket.on('data', (chunk) => { seen += String(chunk); }).on('close', () => resolve(Number(seen.slice(9, 12)))).on('error', () => undefined);
  });
}

/** Ways to write a path that some proxy or router takes for the plain one. */
function spellings(path: string): string[] {
  const slashless = path.slice(1);
  const last = path.lastIndexOf('/');
  return [
    path, `/${path}`, `//localhost${path}`, `/.${path}`, `/x/..${path}`, `/api/v1/query/..${path}`, `/api/v1/query/../../..${path}`, `/%2e%2e${path}`, `/api/v1/query/%2e%2e/%2e%2e/%2e%2e${path}`,
    `/api/v1/query/..%2f..%2f..%2f${slashless}`, `/api/v1/query%2f..%2f..%2f..${path}`, path.replaceAll('/', '%2F').replace('%2F', '/'), path.replaceAll('/', '%252F').replace('%252F', '/'), path.replaceAll('/', '//'),
    path.replaceAll('/', '/./'), `${path}/`, `${path}/.`, `${path}/..`, `${path};a=b`, `${path}.`, `${path}%00`, `${path}%20`, `${path}#x`, `${path}?x=/api/v1/query`, path.toUpperCase(), path.replaceAll('/', '\\'),
    `\\${slashless}`, `${path.slice(0, last)}%5c${path.slice(last + 1)}`, `http://localhost${path}`, `http://evil.example${path}`, `/api/v1/query?path=..${path}`,
  ];
}

describe('the read token', () => {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'];

  it('opens queries, labels and the stream', async () => {
    const headers = { authorization: 'Bearer token-r' };
    expect((await asked.post({ queries: [{ refId: 'A', kind: 'findings' }] }, headers)).status).toBe(200);
    for (const path of ['/api/v1/labels', '/api/v1/labels/owner/values']) expect((await fetch(asked.listening.url + path, { headers })).status).toBe(200);
    const stream = await fetch(`${asked.listening.url}/api/v1/findings/stream`, { headers });
    expect(stream.status).toBe(200);
    await stream.body!.cancel();
  });

  it.each(['token-w', 'token-a', 'token-i', 'guess', ''])('and nothing else does: %s', async (token) => {
    const headers: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` };
    expect((await asked.post({ queries: [{ refId: 'A', kind: 'findings' }] }, headers)).status).toBe(401);
    for (const path of ['/api/v1/labels', '/api/v1/labels/owner/values', '/api/v1/findings/stream']) expect((await fetch(asked.listening.url + path, { headers })).status).toBe(401);
  });

  it('reaches no path that writes, whatever form it is given', async () => {
    const finding = bench.findings()[0]!;
    const before = JSON.stringify(finding);
    for (const path of [`/api/v1/findings/${finding.id}/verdict`, '/-/reload']) {
      for (const method of methods) {
        const answers = await Promise.all(spellings(path).map(async (target) => [target, await raw(method, target)] as const));
        expect(answers.filter(([, status]) => ![400, 401, 403, 404, 405].includes(status))).toEqual([]);
      }
    }
    expect(JSON.stringify(bench.findings()[0])).toBe(before);
  });

  it.each(['X-HTTP-Method-Override: POST', 'X-Original-URL: /-/reload', 'X-Rewrite-URL: /-/reload', 'X-Forwarded-Prefix: /-/reload', 'Forwarded: for=127.0.0.1;host=localhost', 'X-Forwarded-For: 127.0.0.1', 'X-Grafana-User: admin'])(
    'is not talked into it by %s', async (header) => {
      expect(await raw('POST', '/-/reload', `${header}\r\n`)).toBe(401);
      expect(await raw('POST', `/api/v1/findings/${bench.findings()[0]!.id}/verdict`, `${header}\r\n`)).toBe(401);
      expect(await raw('GET', '/api/v1/labels', `${header}\r\n`)).toBe(200);
    });

  it('does not write with a body that asks for it', async () => {
    const before = JSON.stringify(bench.findings()[0]);
    const { id } = bench.findings()[0]!;
    for (const body of [{ queries: [{ refId: 'A', kind: 'verdict', state: 'benign', id }] }, { queries: [{ refId: 'A', kind: 'findings', state: 'benign', filters: [{ key: 'id', op: '=', values: [id] }] }] }, { state: 'benign', finding: id }]) {
      await asked.post(body, { authorization: 'Bearer token-r' });
    }
    expect(JSON.stringify(bench.findings()[0])).toBe(before);
  });
});
