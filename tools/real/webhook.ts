import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What Alertmanager posts to a webhook. */
export interface Notification {
  status: 'firing' | 'resolved'; receiver: string; groupLabels: Record<string, string>;
  alerts: { status: string; labels: Record<string, string>; annotations: Record<string, string> }[];
}
/** A receiver on loopback that keeps every JSON body it is sent, by path. */
export interface Webhook { url: string; received: { path: string; body: unknown; at: number }[]; notifications(path: string): Notification[]; stop(): void }

export async function startWebhook(): Promise<Webhook> {
  const received: Webhook['received'] = [];
  const server = createServer((req, res) => {
    let text = '';
    req.on('data', (chunk: Buffer) => { text += chunk.toString(); });
    req.on('end', () => {
      try { received.push({ path: req.url ?? '/', body: JSON.parse(text), at: Date.now() }); } catch { received.push({ path: req.url ?? '/', body: text, at: Date.now() }); }
      res.end('ok');
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received,
    notifications: (path) => received.filter((r) => r.path === path).map((r) => r.body as Notification),
    stop: () => { server.close(); server.closeAllConnections(); },
  };
}
