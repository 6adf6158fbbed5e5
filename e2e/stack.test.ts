import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { eventually, freePort } from '../tools/real/prometheus.ts';
import { startStack } from '../tools/stack.ts';

// `npm run stack`: the parts together, as a person starts them. With GRAFANA_HOME, the folder of an unpacked Grafana, that one too.

const folder = mkdtempSync(join(tmpdir(), 'remit-stack-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });
const ports = async () => ({ remit: await freePort(), prometheus: await freePort(), alertmanager: await freePort(), inbox: await freePort(), grafana: await freePort() });
const json = async (url: string): Promise<unknown> => (await fetch(url)).json();

it('stands up whole, pages the five cases, and leaves nothing behind', async () => {
  const home = process.env['GRAFANA_HOME'];
  const chosen = await ports();
  const { urls, stop } = await startStack({ folder: join(folder, 'one'), ports: chosen, ...home ? { grafana: home } : {}, say: () => {} });
  try {
    await eventually('the watchdog', async () => ((await json(`${urls.inbox}/api/received`)) as { watchdog: string | null }).watchdog !== null, 90_000);
    await eventually('the five cases', async () => {
      const { received } = (await json(`${urls.inbox}/api/received`)) as { received: { kind: string; owner: string }[] };
      const paged = received.filter(({ kind }) => kind === 'pages').map(({ owner }) => owner);
      return ['payments', 'support', 'platform', 'sales', 'search'].every((owner) => paged.includes(owner));
    }, 120_000);
    // Links in alerts lead to this Remit.
    const alerts = (await json(`${urls.alertmanager}/api/v2/alerts`)) as { labels: { identity?: string }; annotations: Record<string, string> }[];
    for (const { labels, annotations } of alerts) if (labels.identity !== undefined) expect(annotations['finding_url']).toContain(`${urls.remit}/findings?`);
    const { href } = new URL('/dashboards/remit-fleet', urls.remit);
    expect((await fetch(href, { redirect: 'manual' })).headers.get('location')).toBe(urls.grafana === undefined ? '/findings' : `${urls.grafana}/d/remit-fleet`);
    if (urls.grafana !== undefined) expect(await json(`${urls.grafana}/api/search?type=dash-db`)).toHaveLength(8);
  } finally {
    await stop();
  }
  for (const url of Object.values(urls)) await expect(fetch(url)).rejects.toThrow();
}, 300_000);

it('says which port is taken, and starts nothing', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  try {
    const { port } = taken.address() as { port: number };
    await expect(startStack({ folder: join(folder, 'two'), ports: { ...await ports(), prometheus: port }, say: () => {} })).rejects.toThrow(`prometheus: port ${port} of loopback is taken`);
  } finally {
    taken.close();
  }
});
