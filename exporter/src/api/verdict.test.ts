import { afterEach, describe, expect, test } from 'vitest';
import type { FindingDetail } from '@remit/contract';
import { CARDS, FINDINGS, finding } from './cases/demo.ts';
import { NOW, serve } from './cases/memory.ts';
import type { Service } from './cases/memory.ts';

let service: Service;
afterEach(async () => service.end());

const ID = FINDINGS[0]!.id;
async function started(options: Parameters<typeof serve>[0] = { tokens: { write: '# night-shift\nsecret-w' } }): Promise<void> {
  service = await serve({ cards: CARDS, runbooks: { 'outside-schedule': '# Runbook' }, ...options });
  service.reader.all = FINDINGS.map((each) => ({ ...each }));
}
async function say(body: unknown, { id = ID, token = 'secret-w' }: { id?: string; token?: string } = {}): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(`${service.url}/api/v1/findings/${id}/verdict`, {
    method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers: token === '' ? {} : { authorization: `Bearer ${token}` },
  });
  return { status: answer.status, body: await answer.json() as Record<string, unknown> };
}
const detail = async (id = ID): Promise<FindingDetail> => await (await fetch(`${service.url}/api/v1/findings/${id}`)).json() as FindingDetail;
const page = async (id = ID): Promise<string> => (await fetch(`${service.url}/findings/${id}`)).text();

describe('a verdict', () => {
  test('is off without a write token, on loopback too, and no other token gives it', async () => {
    await started({ tokens: { read: 'secret-r', admin: 'secret-a' } });
    for (const token of ['', 'guess', 'secret-r', 'secret-a']) {
      const { status, body } = await say({ state: 'benign' }, { token });
      expect([token, status, body['error']]).toEqual([token, 403, expect.stringContaining('auth.write.token_file')]);
    }
    await service.end();
    await started({ tokens: { write: 'secret-w', read: 'secret-r', admin: 'secret-a', ingest: 'secret-i' } });
    for (const token of ['', 'guess', 'secret-r', 'secret-a', 'secret-i']) expect([token, (await say({ state: 'benign' }, { token })).status]).toEqual([token, 401]);
    expect(service.verdicts).toEqual([]);
  });

  test('carries the name of its token, never one from the body', async () => {
    await started();
    expect(await say({ state: 'benign', note: ' planned ', claimed_user: 'root' })).toMatchObject({ status: 200, body: { id: ID, state: 'benign' } });
    expect((await say({ state: 'benign', by: 'someone' })).status).toBe(400);
    expect(service.verdicts).toEqual([{ finding: ID, by: 'night-shift', at: NOW, state: 'benign', note: 'planned', claimed_user: 'root' }]);
  });

  test.each([
    ['an unknown state', { state: 'resolved' }, 400, /^state: /], ['no state', {}, 400, /^state: /], ['an unknown key', { state: 'bad', severity: 'info' }, 400, /unknown parameter "severity"/],
    ['a long note', { state: 'bad', note: 'x'.repeat(2001) }, 400, /^note: /], ['a note that is no text', { state: 'bad', note: { $gt: '' } }, 400, /^note: /],
    ['no object', '[]', 400, /expected object/], ['a prototype', '{"__proto__":{"state":"bad"}}', 400, /./], ['no JSON', 'state=bad', 400, /no JSON/], ['nothing', '', 400, /no JSON/],
    ['too much', JSON.stringify({ state: 'bad', note: 'x'.repeat(20_000) }), 413, /larger than/],
  ])('%s is refused', async (_, body, status, message) => {
    await started();
    const answer = await say(body);
    expect([answer.status, String(answer.body['error'])]).toEqual([status, expect.stringMatching(message)]);
    expect(service.verdicts).toEqual([]);
  });

  test('must fit the state of the finding', async () => {
    await started();
    service.reader.all = (['resolved', 'silenced', 'withdrawn'] as const).map((state, i) => finding({ id: String(i).repeat(32), state }));
    const said = async (id: string, state: string) => (await say({ state }, { id: id.repeat(32) })).status;
    expect([await said('0', 'acknowledged'), await said('1', 'acknowledged'), await said('1', 'open'), await said('2', 'benign'), await said('3', 'bad')]).toEqual([409, 409, 409, 409, 404]);
    expect([await said('0', 'open'), await said('1', 'bad'), await said('constructor', 'bad')]).toEqual([200, 200, 404]);
    expect(service.verdicts).toHaveLength(2);
  });
});

describe('a finding in detail', () => {
  test('says what to do, whom to ask, and what is new', async () => {
    await started();
    service.reader.owners = [{ team: 'platform', contact: '#platform', escalation: 'pagerduty:/etc/keys/platform', enforce: true }];
    const earlier = finding({
      id: 'e'.repeat(32), state: 'benign', first: NOW - 9e7, last: NOW - 8e7, count: 2, subject: 'k8s:get:core/secrets', severity: 'warning', evidence: [{ ...FINDINGS[0]!.evidence[0]!, network: '10.0.12.8', operation: 'get' }],
    });
    service.reader.all = [finding(), earlier];
    const { guidance, contact, since_last: last } = await detail();
    expect([guidance?.first_action, guidance?.runbook, guidance?.frameworks.length, contact?.escalation]).toEqual([CARDS[0]!.firstAction, '/runbooks/outside-schedule', 3, 'pagerduty:/etc/keys/platform']);
    expect(last).toMatchObject({ finding: earlier.id, state: 'benign', count: 2, pause: 8e7 - 900_000 });
    expect(last?.differs.map(({ what, before, now }) => [what, before, now])).toEqual([
      ['about', 'k8s:get:core/secrets', 'k8s:update:core/secrets'], ['severity', 'warning', 'critical'], ['new operation', 'get', 'update'],
      ['new target', 'core/secrets monitoring/prometheus-k8s', 'core/secrets monitoring/prometheus-k8s-tls'], ['new outcome', 'success', 'denied'], ['new network', '10.0.12.8', '10.0.12.7'],
    ]);
    const text = await page();
    for (const part of ['Escalation: <bdi>pagerduty:/etc/keys/platform', 'Since last time', `/findings/${earlier.id}`, '10.0.12.8', 'remit verdict']) expect(text).toContain(part);
    expect(await detail(earlier.id)).toMatchObject({ since_last: null });
  });

  test('without owner, detector and predecessor it is still one', async () => {
    await started();
    service.reader.all = [finding({ detector: 'gone', owner: null })];
    expect(await detail()).toMatchObject({ title: 'gone', guidance: null, contact: null, since_last: null });
    expect(await page()).toContain('first of its kind');
  });

  test('notes are shown as text, whoever wrote them', async () => {
    await started();
    const evil = '<script>alert(1)</script>\u202e"><img src=x>';
    service.reader.all = [finding({ state: 'benign', history: [
      { at: NOW, by: 'night-shift', claimed_user: evil, from: 'open', to: 'benign', note: evil }, { at: NOW, by: null, from: 'benign', to: 'benign' },
    ] })];
    const text = await page();
    expect(text).not.toMatch(/<script|<img|\u202e/);
    for (const part of ['open → benign', 'night-shift', 'says to be', '&lt;script&gt;', '⟨U+202E⟩', '<span class="soft">rule</span>']) expect(text).toContain(part);
  });
});
