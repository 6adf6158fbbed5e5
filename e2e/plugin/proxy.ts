import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { extname, join, normalize } from 'node:path';
import type { AddressInfo } from 'node:net';
import type { QueryAnswer } from '@remit/contract';

interface Route { path: string; url: string; method?: string; headers: { name: string; content: string }[] }
const TYPES: Record<string, string> = { '.js': 'text/javascript', '.json': 'application/json', '.svg': 'image/svg+xml' };
const PAGE = '<!doctype html><meta charset="utf-8"><title>Remit data source</title><style>*{box-sizing:border-box}</style><body style="font-family:sans-serif;background:#fff"><div id="page"></div>' +
  '<script>window.grafanaBootData={settings:{},user:{login:"somebody"},navTree:[]}</script><script src="/host.js"></script>';

/** Serves the harness and the built plugin, and does what Grafana's data source proxy does with the routes of `plugin.json`. */
export class PluginServer {
  readonly #server: Server;
  readonly #routes: Route[];
  /** Paths below the data source, as they were asked. */
  readonly asked: string[] = [];
  /** Queries, as they were asked. */
  readonly queries: { kind: string; filters: unknown[] }[] = [];
  /** Texts that every text of an answer is replaced by, in turn; null: answers go through untouched. */
  poison: readonly string[] | null = null;

  readonly #host: string;
  readonly #plugin: string;
  readonly #remit: string;
  readonly #secrets: Record<string, string>;

  constructor(host: string, plugin: string, remit: string, secrets: Record<string, string>) {
    [this.#host, this.#plugin, this.#remit, this.#secrets] = [host, plugin, remit, secrets];
    this.#routes = (JSON.parse(readFileSync(join(plugin, 'plugin.json'), 'utf8')) as { routes: Route[] }).routes;
    this.#server = createServer((request, response) => { void this.#answer(request, response); });
  }

  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, search } = new URL(request.url ?? '/', 'http://x');
    const below = /^\/api\/datasources\/proxy\/uid\/remit\/(.*)$/.exec(pathname)?.[1];
    if (below !== undefined) return this.#forward(below, search, request, response);
    if (pathname === '/') return void response.setHeader('content-type', 'text/html').end(PAGE);
    const file = pathname.startsWith('/plugin/') ? join(this.#plugin, normalize(pathname.slice('/plugin'.length))) : join(this.#host, normalize(pathname));
    try {
      response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream').end(readFileSync(file));
    } catch {
      response.writeHead(204).end();
    }
  }

  async #forward(path: string, search: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked.push(path);
    const route = this.#routes.find((each) => path.startsWith(each.path) && (each.method === undefined || each.method === request.method));
    const fill = (text: string): string => text.replace(/\{\{ \.(?:SecureJsonData\.)?(\w+) \}\}/g, (_, name: string) => (name === 'URL' ? this.#remit : this.#secrets[name] ?? ''));
    const url = route ? fill(route.url) + path.slice(route.path.length) : `${this.#remit}/${path}`;
    const headers = Object.fromEntries((route?.headers ?? []).map(({ name, content }) => [name, fill(content)]));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (path.endsWith('/query')) this.queries.push(...(JSON.parse(Buffer.concat(chunks).toString()) as { queries: { kind: string; filters: unknown[] }[] }).queries);
    const body = chunks.length > 0 ? { body: Buffer.concat(chunks), headers: { ...headers, 'content-type': 'application/json' } } : { headers };
    const answer = await fetch(url + search, { method: request.method ?? 'GET', ...body });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' }).end(path.endsWith('/query') && this.poison ? poisoned(await answer.json() as QueryAnswer, this.poison) : Buffer.from(await answer.arrayBuffer()));
  }
}

/** An answer with a row for every text, in each of its columns of text. */
function poisoned(answer: QueryAnswer, texts: readonly string[]): string {
  for (const { frames } of Object.values(answer.results)) {
    for (const { schema, data } of frames) {
      const first = data.values.map(([value]) => value ?? null);
      data.values = schema.fields.map(({ type }, column) => texts.map((text) => (type === 'string' ? text : first[column])));
    }
  }
  return JSON.stringify(answer);
}
