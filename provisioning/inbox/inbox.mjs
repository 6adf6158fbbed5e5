// Where the pages of a demo arrive: `node inbox.mjs [HOST:PORT]` keeps what Alertmanager posts to /pages, /tickets and /watchdog and shows it.
// Plain JavaScript without packages. Nothing is kept on disk; whoever reaches it can write to it, so it belongs on loopback or a private network.
import { createServer } from 'node:http';

const MOST = 200;
const LARGEST = 1 << 20;
const KINDS = ['pages', 'tickets'];
const received = [];
let watchdog = null;

const [, host = '127.0.0.1', port = '8025'] = /^(.*):(\d+)$/.exec(process.argv[2] ?? '127.0.0.1:8025') ?? [];
const server = createServer((request, response) => {
  const path = (request.url ?? '/').split('?')[0];
  if (request.method === 'GET' && path === '/') return answer(response, 200, 'text/html; charset=utf-8', page());
  if (request.method === 'GET' && path === '/api/received') return answer(response, 200, 'application/json', JSON.stringify({ watchdog, received }));
  const kind = path.slice(1);
  if (request.method !== 'POST' || ![...KINDS, 'watchdog'].includes(kind)) return answer(response, 404, 'text/plain', 'no such path\n');
  // Alertmanager sends JSON; a page of somebody else's, open in the same browser, cannot without asking first.
  if (!(request.headers['content-type'] ?? '').startsWith('application/json')) return answer(response, 415, 'text/plain', 'not a notification of Alertmanager\n');
  let text = '';
  request.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
    if (text.length > LARGEST) request.destroy();
  }).on('end', () => {
    try {
      take(kind, JSON.parse(text));
      answer(response, 200, 'text/plain', 'ok\n');
    } catch {
      answer(response, 400, 'text/plain', 'not a notification of Alertmanager\n');
    }
  });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => { server.close(); server.closeAllConnections(); });
server.listen(Number(port), host, () => console.log(`Pages and tickets arrive at http://${host}:${server.address().port}`));

function take(kind, { status, receiver, groupLabels, alerts }) {
  if (kind === 'watchdog') {
    watchdog = new Date().toISOString();
    return;
  }
  if (!Array.isArray(alerts)) throw new Error('no alerts');
  const shown = alerts.slice(0, 50).map(({ labels, annotations }) => ({ labels: texts(labels), annotations: texts(annotations) }));
  received.unshift({ at: new Date().toISOString(), kind, status: String(status), receiver: String(receiver), owner: String(groupLabels?.identity_owner ?? ''), alerts: shown });
  received.length = Math.min(received.length, MOST);
}

/** Labels or annotations: texts by name, whatever was sent. */
function texts(of) {
  return Object.fromEntries(Object.entries(typeof of === 'object' && of !== null ? of : {}).map(([name, value]) => [name, String(value)]));
}

function answer(response, status, type, body) {
  response.writeHead(status, {
    'Content-Type': type, 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  }).end(body);
}

function page() {
  const alive = watchdog === null ? 'No sign of life from the watchdog yet.' : `The watchdog was last heard at ${watchdog}.`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="10"><meta name="viewport" content="width=device-width">
<title>${received.length} messages</title><style>
:root{color-scheme:light dark}body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}
article{border:1px solid #8886;border-left:6px solid #888;border-radius:6px;margin:1rem 0;padding:.6rem 1rem}
.pages{border-left-color:#c4162a}.tickets{border-left-color:#e0b400}.resolved{opacity:.65}h2{font-size:1.05rem;margin:.2rem 0}p{margin:.25rem 0}small{opacity:.75}
</style></head><body><h1>What people would be told</h1><p>${alive} Newest first; this page reads itself again every 10 s.</p>
${received.map(message).join('\n') || '<p>Nothing has arrived. Alertmanager waits 30 s after the first alert of a group.</p>'}</body></html>`;
}

function message({ at, kind, status, owner, alerts }) {
  const what = status === 'resolved' ? 'No longer open' : kind === 'pages' ? 'Page' : 'Ticket';
  return `<article class="${kind}${status === 'resolved' ? ' resolved' : ''}"><small>${text(at)} · ${what} for ${text(owner === '_none_' || owner === '' ? 'whoever runs Remit' : owner)}</small>
${alerts.map(alert).join('\n')}</article>`;
}

function alert({ annotations, labels }) {
  const links = ['finding', 'dashboard', 'runbook'].filter((name) => /^https?:\/\//.test(annotations[`${name}_url`] ?? ''))
    .map((name) => `<a href="${text(annotations[`${name}_url`])}">${name}</a>`).join(' · ');
  return `<h2>${text(annotations.title ?? labels.alertname)}</h2><p>${text(annotations.summary)}</p><p>First: ${text(annotations.first_action)}</p><p>${links}</p>`;
}

function text(value) {
  return String(value ?? '').replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
