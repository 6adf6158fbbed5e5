import type { Problem } from '@remit/contract';
import { afterEach, describe, expect, test } from 'vitest';
import { labelValue } from '../../lib/label-value.ts';
import { CARDS, FINDINGS, IDENTITIES, demoStatus, finding, identity } from '../cases/demo.ts';
import { NOW, serve } from '../cases/memory.ts';
import type { Service } from '../cases/memory.ts';
import { ago, bytes, time } from './phrases.ts';
import { markdown } from './markdown.ts';

let service: Service | undefined;
afterEach(async () => { await service?.end(); service = undefined; });

async function demo(change: (started: Service) => void = () => undefined): Promise<(path: string) => Promise<{ status: number; text: string }>> {
  const started = await serve({ cards: CARDS, runbooks: { 'outside-schedule': '# Runbook\n\nStop `it`.' } });
  service = started;
  Object.assign(started.reader, { all: FINDINGS, known: IDENTITIES, report: demoStatus() });
  change(started);
  return async (path) => {
    const answer = await fetch(started.url + path);
    return { status: answer.status, text: await answer.text() };
  };
}
/** What a person reads: markup off, blanks joined. */
const read = (markup: string): string => markup.replace(/^.*<main/s, '<main').replace(/<\/?bdi[^>]*>/g, '').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');

describe('the status page', () => {
  test('what is wrong comes first, with owner and reason, then what is silent', async () => {
    const get = await demo();
    const { text } = await get('/');
    const seen = read(text);
    for (const part of [
      '2 findings are open: 1 critical, 1 warning', '13,373 events of 51 identities , of which 25 are judged and 26 only counted', 'Not all can be judged in full: 5 not inventoried, 2 warming, 3 never seen', 'k8s-audit (last event 15 min ago)',
      'inventory/payments.yml:14:9', 'did you mean schedule?', 'Machine identity worked outside its schedule', 'owner platform', 'no owner', '225 events', 'bad json', 'missing field',
    ]) expect(seen).toContain(part);
    expect(seen).not.toContain('too old');
    const order = ['findings are open', 'Open findings', 'Sources', 'How well identities'].map((part) => seen.indexOf(part));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(seen.indexOf('outside its schedule')).toBeLessThan(seen.indexOf('is still in use'));
    expect(text).toContain('<meta http-equiv="refresh" content="10">');
    expect((await get('/?refresh=off')).text).not.toContain('http-equiv="refresh"');
  });

  test('warnings of the inventory are not said to have kept it out of force; errors are', async () => {
    const at = { file: 'inventory/a.yml', line: 1, column: 1 };
    const page = async (...severities: Problem['severity'][]) => {
      const status = demoStatus();
      const problems = severities.map((severity, i): Problem => ({ ...at, line: i + 1, severity, message: `what ${i}` }));
      const get = await demo((started) => { started.reader.report = { ...status, inventory: { ...status.inventory, problems } }; });
      const { text } = await get('/');
      await service?.end();
      return read(text);
    };
    const warned = await page('warning', 'warning');
    expect(warned).toContain('2 warnings to look at');
    expect(warned).not.toContain('the last good version');
    const both = await page('warning', 'error');
    expect(both).toMatch(/1 error; the last good version stays in force\. inventory\/a\.yml:2:1 what 1 .*1 warning to look at\. inventory\/a\.yml:1:1 what 0/);
    expect(await page()).not.toContain('to look at');
  });

  test('with nothing found it says what was looked at', async () => {
    const get = await demo((started) => {
      started.reader.all = [];
      started.reader.report = { ...demoStatus(), findings: { open: 0, bySeverity: {}, total: 4 } };
    });
    const seen = read((await get('/')).text);
    for (const part of ['No finding is open', '13,373 events of 51 identities', '5 not inventoried', '4 findings of the past']) expect(seen).toContain(part);
  });

  test('with no data it does not look healthy', async () => {
    service = await serve();
    const seen = read(await (await fetch(service.url)).text());
    for (const part of ['No event has arrived yet', 'there is no data', 'curl --data-binary', 'nothing can page']) expect(seen).toContain(part);
    expect(seen).not.toContain('No finding is open');
  });

  test('many findings are cut and the rest is linked', async () => {
    const get = await demo((started) => { started.reader.all = Array.from({ length: 300 }, (_, i) => finding({ id: i.toString(16).padStart(32, '0'), identity: `urn:nhi:aws:111122223333:role/job-${i}` })); });
    const { text } = await get('/');
    expect(text.match(/class="what"/g)).toHaveLength(25);
    expect(text).toContain('All 300 open findings');
  });

  test('findings of one episode are one line, and those of others are not', async () => {
    const hour = 3_600_000;
    const get = await demo((started) => {
      started.reader.all = Array.from({ length: 40 }, (_, i) => finding({ id: i.toString(16).padStart(32, '0'), subject: `window ${i}`, first: NOW - i * 20 * hour, last: NOW - i * 20 * hour }));
      started.reader.all.push(finding({ id: 'a'.repeat(32), state: 'resolved', first: NOW - 900 * hour, last: NOW - 900 * hour, closed_at: NOW - 870 * hour }), finding({ id: 'b'.repeat(32), detector: 'volume' }));
    });
    for (const [path, lines] of [['/', 2], ['/findings', 3]] as const) {
      const { text } = await get(path);
      expect(text.match(/class="what"/g)).toHaveLength(lines);
      expect(text).toContain('39 more findings of this episode');
    }
  });
});

describe('the pages of findings', () => {
  test('one finding says what, who, expected, observed, what to do, and proof', async () => {
    const seen = read((await (await demo())(`/findings/${FINDINGS[0]?.id}`)).text);
    const parts = [
      'critical', 'Machine identity worked outside its schedule', 'urn:nhi:k8s:perf:serviceaccount/monitoring/prometheus-operator', 'platform', 'reconcile monitoring', 'Expected', '02:00–03:00 Europe/Berlin',
      'Observed', '4 h 12 min after', 'Do this first', 'Ask the owner', 'Runbook: outside-schedule', 'of 225 events', 'monitoring/prometheus-k8s', 'denied', 'It may be harmless', 'MITRE ATT&amp;CK 17.1', 'T1078.004', 'remit explain',
    ];
    const order = parts.map((part) => seen.indexOf(part));
    expect(order.every((at) => at >= 0)).toBe(true);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  test('an alert’s link by identity and detector shows closed ones too', async () => {
    const get = await demo();
    const seen = read((await get(`/findings?identity=${encodeURIComponent(FINDINGS[0]?.identity ?? '')}&detector=outside-schedule&state=&owner=`)).text);
    expect(seen).toContain('2 findings (1 open)');
    expect(seen).toContain('resolved');
    expect(read((await get('/findings?detector=none')).text)).toContain('No finding matches');
  });

  test('what does not exist and what is not understood are pages as well', async () => {
    const get = await demo();
    for (const [path, status] of [['/findings/ffffffffffffffffffffffffffffffff', 404], ['/findings/x', 404], ['/runbooks/none', 404], ['/runbooks/constructor', 404], ['/findings?state=x', 400], ['/findings?nope=1', 400]] as const) {
      const page = await get(path);
      expect([path, page.status, page.text.startsWith('<!doctype html>')]).toEqual([path, status, true]);
    }
    expect((await get('/runbooks/outside-schedule')).text).toContain('<p>Stop <code>it</code>.</p>');
  });

  test('a page that fails is a page that says so', async () => {
    const get = await demo((started) => { started.reader.status = () => Promise.reject(new Error('inner detail')); });
    const { status, text } = await get('/');
    expect([status, read(text).includes('Something went wrong'), text.includes('inner detail')]).toEqual([500, true, false]);
  });

  test('a finding of a detector that is gone, provisional, silenced and closed is still shown', async () => {
    const get = await demo((started) => { started.reader.all = [finding({ detector: 'gone', provisional: true, exception: 'ex-1', state: 'silenced', closed_at: NOW, evidence: [], identity: '_fleet_', score: 4.25 })]; });
    const seen = read((await get(`/findings/${FINDINGS[0]?.id}`)).text);
    for (const part of ['gone', 'confirmed or withdrawn', 'ex-1', 'does not mean fixed', 'not about single events', 'all identities together', 'score 4.3']) expect(seen.replace('about a state, not about', 'not about')).toContain(part);
  });
});

test.each(['/findings', '/api/v1/findings'])('%s finds an identity by the label that metrics and alerts give it', async (path) => {
  const long = `urn:nhi:k8s:prod:service_account/${'namespace-'.repeat(12)}/exporter`;
  const all = [finding({ identity: long }), finding({ id: 'b'.repeat(32), identity: `${long}-2` }), finding({ id: 'c'.repeat(32), identity: 'urn:nhi:aws:1:role/c' })];
  const get = await demo((started) => { started.reader.all = all; });
  const found = async (identity: string): Promise<number> => {
    const { text } = await get(`${path}?identity=${encodeURIComponent(identity)}`);
    return all.filter(({ id }) => text.includes(id)).length;
  };
  expect(labelValue(long)).toMatch(/~[0-9a-f]{16}$/);
  expect(await Promise.all([labelValue(long), long, 'urn:nhi:aws:1:role/c', '_overflow_', `${long.slice(0, 111)}~0123456789abcdef`, 'nobody'].map(found))).toEqual([1, 1, 1, 3, 0, 0]);
});

test('hostile names are shown, never obeyed, on every page', async () => {
  const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'\u202E\u200B${'A'.repeat(10_000)}`;
  const get = await demo((started) => {
    const status = demoStatus();
    started.reader.all = [finding({
      identity: evil, reason: evil, expected: evil, observed: evil, subject: evil, owner: evil, purpose: evil, exception: evil, detector: evil, also: [evil],
      evidence: [{ uid: evil, time: Number.NaN, source: evil, operation: evil, category: 'read', outcome: 'denied', resource: evil, credential: evil, network: evil }],
    })];
    started.reader.known = [identity({ urn: evil, owner: evil, purpose: evil, lifecycle: evil })];
    started.reader.report = {
      ...status, version: evil, sources: [{ source: evil, events: 1, lastReceive: 1e99, lastEvent: -5, silent: true }], rejected: [{ source: evil, reason: evil, value: 1 }], coverage: { [evil]: 1 },
      inventory: { ...status.inventory, revision: evil, problems: [{ file: evil, line: 1, column: 1, severity: 'warning', message: evil, hint: evil }] },
    };
  });
  for (const path of ['/', '/findings', `/findings/${FINDINGS[0]?.id}`, '/identities', `/findings?identity=${encodeURIComponent(evil.slice(0, 200))}`]) {
    const { status, text } = await get(path);
    expect([path, status]).toEqual([path, 200]);
    expect(text).not.toMatch(/<script|<img|\u202E|\u200B/);
    expect(text).toContain('&lt;script&gt;');
    expect(text).toContain('⟨U+202E⟩');
    expect(text.length).toBeLessThan(150_000);
  }
});

test('runbooks: the Markdown they use, and nothing else', () => {
  const { markup } = markdown([
    '# A & B', '', 'One *soft* **strong** `a<b` line', 'goes on.', '', '1. first', '   more', '2. second', '', '- x', '', '```yaml', 'a: <b>', '```', '',
    '| look | mean |', '|---|---|', '| a | `b` |', '', '[ok](../volume/README.md) [beside](watchdog.md) [no](javascript:alert(1)) [out](https://example.com/) <script>x</script>',
  ].join('\n'));
  for (const part of [
    '<h1>A &amp; B</h1>', '<em>soft</em> <strong>strong</strong> <code>a&lt;b</code> line goes on.', '<ol><li>first more</li><li>second</li></ol>', '<ul><li>x</li></ul>', '<pre><code>a: &lt;b&gt;</code></pre>',
    '<td>a</td><td><code>b</code></td>', '<a href="/runbooks/volume">ok</a>', '<a href="/runbooks/watchdog">beside</a>', 'out (https://example.com/)', '&lt;script&gt;',
  ]) expect(markup).toContain(part);
  expect(markup).not.toMatch(/href="(?!\/runbooks\/)/);
  expect(markdown('```\nnever closed').markup).toBe('<pre><code>never closed</code></pre>');
  const before = performance.now();
  markdown(`${'[*_`'.repeat(20_000)}\n${'|'.repeat(20_000)}`);
  expect(performance.now() - before).toBeLessThan(1000);
});

test.each([
  [NOW - 5000, '5 s ago'], [NOW - 61_000, '1 min ago'], [NOW - 7_200_000, '2 h ago'], [NOW - 86_400_000, '1 day ago'], [NOW - 3 * 86_400_000, '3 days ago'], [NOW - 6 * 365 * 86_400_000, '6 years ago'],
  [NOW + 180_000, 'in 3 min'], [NOW, '0 s ago'], [0, 'never'], [Number.NaN, 'never'], [undefined, 'never'],
])('%s is %s', (at, expected) => expect(ago(at, NOW)).toBe(expected));

test('times and sizes', () => {
  expect(time(NOW).markup).toBe('<time datetime="2026-11-22T14:03:07.000Z">2026-11-22 14:03:07</time>');
  expect([time(1e300).markup, time(undefined).markup]).toEqual(['–', '–']);
  expect([bytes(0), bytes(1536), bytes(5_400_000), bytes(2 ** 60)]).toEqual(['0 B', '1.5 KiB', '5.1 MiB', '1,048,576 TiB']);
});
