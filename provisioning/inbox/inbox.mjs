// Where the pages of a demo arrive: `node inbox.mjs [HOST:PORT]` keeps what Alertmanager posts to /pages, /tickets and /watchdog and shows it.
// Plain JavaScript without packages. Nothing is kept on disk; whoever reaches it can write to it, so it belongs on loopback or a private network.
import { createServer } from 'node:http';

const MOST = 200;
const LARGEST = 1 << 20;
const KINDS = ['pages', 'tickets'];
/** Label values of Remit's own, in words. */
const IDENTITIES = { __proto__: null, _overflow_: 'more identities of a storm', _fleet_: 'the whole fleet' };
const OWNERS = { __proto__: null, _none_: 'owner nobody', _fleet_: 'all owners together', _overflow_: 'several owners' };
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

function take(kind, { status, receiver, groupLabels, commonLabels, commonAnnotations, alerts }) {
  if (kind === 'watchdog') {
    watchdog = new Date().toISOString();
    return;
  }
  if (!Array.isArray(alerts)) throw new Error('no alerts');
  const told = alerts.map((alert) => ({ status: String(alert.status), labels: texts(alert.labels), annotations: texts(alert.annotations) }));
  const title = titleOf(String(status), texts(groupLabels), texts(commonLabels), texts(commonAnnotations), told);
  received.unshift({ at: new Date().toISOString(), kind, status: String(status), receiver: String(receiver), owner: String(groupLabels?.identity_owner ?? ''), title, alerts: told.slice(0, 50) });
  received.length = Math.min(received.length, MOST);
}

/** As `remit.title` of provisioning/alertmanager/templates/remit.tmpl writes it for chat, mail and incident tools: Alertmanager sends no texts to a webhook. */
function titleOf(status, group, labels, annotations, alerts) {
  const told = alerts.filter((alert) => alert.status === status);
  const more = told.some((alert) => alert.labels.identity === '_overflow_') ? ' or more' : '';
  const count = `${told.length} ${told.length === 1 ? 'identity' : 'identities'}${more}`;
  const what = labels.identity ? IDENTITIES[labels.identity] ?? labels.identity : labels.detector ? count : labels.source || labels.exception;
  const whose = labels.identity === '_fleet_' || !group.identity_owner ? '' : OWNERS[group.identity_owner] ?? `owner ${group.identity_owner}`;
  const kind = status === 'resolved' ? 'No longer open' : labels.severity === 'critical' ? 'Page' : 'Ticket';
  return [`${kind}: ${annotations.title || group.alertname}`, what, whose, group.cluster].filter(Boolean).join(' · ');
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

function message({ at, kind, status, title, alerts }) {
  return `<article class="${kind}${status === 'resolved' ? ' resolved' : ''}"><small>${text(at)}</small><h2>${text(title)}</h2>
${alerts.map((each) => alert(each, status)).join('\n')}</article>`;
}

function alert({ status, annotations }, ofAll) {
  const links = ['finding', 'dashboard', 'runbook'].filter((name) => /^https?:\/\//.test(annotations[`${name}_url`] ?? ''))
    .map((name) => `<a href="${text(annotations[`${name}_url`])}">${name}</a>`).join(' · ');
  const over = status === 'resolved' && ofAll !== 'resolved' ? 'No longer open: ' : '';
  return `<p>${over}${text(annotations.summary)}</p><p>First: ${text(annotations.first_action)}</p><p>${links}</p>`;
}

function text(value) {
  return String(value ?? '').replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
