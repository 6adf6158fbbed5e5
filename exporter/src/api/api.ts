import express from 'express';
import type { NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';
import type { Detector, Finding, Problem, Reader, Verdict } from '@remit/contract';
import { bodyPending, refuseBody } from '../lib/http-route.ts';
import type { Route } from '../lib/http-route.ts';
import type { Passwords } from '../lib/passwords.ts';
import { createPasswords } from '../lib/passwords.ts';
import type { Tokens } from '../lib/tokens.ts';
import type { WebConfig } from '../lib/web-config.ts';
import { authorize, mayRead } from './access.ts';
import { coverageRoutes } from './coverage.ts';
import { episodeRoutes } from './episodes.ts';
import { dashboardRoutes } from './dashboards.ts';
import { createGuard } from './guard.ts';
import { operationRoutes } from './operations.ts';
import { pageRoutes } from './pages/pages.ts';
import { CONTENT_SECURITY_POLICY, sendMessage } from './pages/layout.ts';
import { queryRoutes } from './query.ts';
import type { QueryStands } from './query/kind.ts';
import { queryApiRoutes } from './query/routes.ts';
import type { FindingHub } from './query/stream.ts';
import { verdictRoutes } from './verdict.ts';

/** The part of a detector's manifest that people read. */
export type DetectorCard = Pick<Detector, 'id' | 'title' | 'class' | 'frameworks' | 'firstAction' | 'benign' | 'fleet'>;

/** What the HTTP surface stands on. */
export interface ApiDeps {
  reader: Reader;
  metrics: { write(request: Request, response: Response): Promise<void> };
  /** State is restored and the service takes and judges records. */
  ready(): boolean;
  /** The process works; false asks for a restart. */
  live(): boolean;
  /** Reads configuration, tokens, certificates and inventory again; the last good ones stay in force. */
  reload(): Promise<{ ok: boolean; problems: Problem[] }>;
  /** Takes a person's word on a finding; rejects with `StoreFailed` when it cannot be kept. */
  judge(verdict: Verdict): Promise<void>;
  now(): number;
  /** A finding as an OCSF Detection Finding. */
  ocsf(finding: Finding): object;
  /** Markdown of a detector's README, or null. */
  runbook(id: string): string | null;
  /** Address of the Grafana that has the dashboards, or null. */
  grafana?(): string | null;
  /** Manifest of a detector, or null: it is not in this version. */
  detector(id: string): DetectorCard | null;
  /** What queries look at, and how runs are read against approved sequences. */
  explorer: QueryStands['explorer']; sequences: QueryStands['sequences'];
  /** Changes of findings, for live streams. */
  hub: FindingHub;
  tokens: Tokens;
  /** Of the moment: a reload may replace it. */
  web(): WebConfig | null;
  loopback: boolean;
  /** Further host names of a loopback listener. */
  hosts?: readonly string[];
  /** Routes of receivers. */
  routes: readonly Route[];
  log: Logger;
  version: string;
}

/** Builds the HTTP surface: guard, then route, then method, then token, then readiness; only then is a handler called. */
export function createApi(deps: ApiDeps): { app: express.Express; close(): Promise<void> } {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false).set('case sensitive routing', true).set('strict routing', true);

  let passwords: Passwords | null = null;
  const users = (): ReadonlyMap<string, string> => deps.web()?.users ?? new Map();
  const access = {
    tokens: deps.tokens, loopback: deps.loopback,
    passwords: () => (users().size === 0 ? null : (passwords ??= createPasswords(users))),
  };
  app.use(createGuard({
    loopback: deps.loopback, hosts: (deps.hosts ?? []).map((host) => host.toLowerCase()), web: deps.web,
    contentSecurityPolicy: CONTENT_SECURITY_POLICY,
  }));
  const asked = queryApiRoutes({ stands: deps, hub: deps.hub, failed: (error) => deps.log.error({ err: error }, 'a query failed') });
  // The stream before a finding by its id: the first path that fits is taken.
  for (const [path, routes] of byPath([...deps.routes, ...operationRoutes(deps), ...dashboardRoutes({ ...deps, mayRead: (request) => mayRead(request, access) }), ...asked, ...queryRoutes(deps), ...coverageRoutes(deps), ...episodeRoutes(deps), ...verdictRoutes(deps), ...pageRoutes(deps)])) {
    app.all(path, async (request: Request, response: Response) => {
      const method = request.method === 'HEAD' ? 'GET' : request.method;
      const route = routes.find((each) => each.method === method);
      if (route === undefined) return wrongMethod(request, response, routes);
      try {
        const refusal = await authorize(request, response, route.access, access);
        if (refusal !== null) return refuse(request, response, route, refusal.status, refusal.error);
        if (route.early !== true && !deps.ready()) {
          response.set('Retry-After', '1');
          return refuse(request, response, route, 503, 'state is being restored; try again in a moment');
        }
        await route.handle(request, response);
      } catch (error) {
        deps.log.error({ err: error, method: request.method, path: request.path }, 'a request failed');
        if (response.headersSent) response.destroy();
        else refuse(request, response, route, 500, 'this request failed; the log says why');
      }
    });
  }
  app.use((request: Request, response: Response) => refuseBody(request, response, 404, { error: 'no such path' }));
  // Express' own refusals, which would be pages with a stack in them. Four parameters make it an error handler.
  app.use((_error: unknown, request: Request, response: Response, _next: NextFunction) => refuseBody(request, response, 400, { error: 'the request was not understood' }));
  return { app, close: async () => { await passwords?.close(); } };
}

function byPath(routes: readonly Route[]): Map<string, Route[]> {
  const paths = new Map<string, Route[]>();
  for (const route of routes) paths.set(route.path, [...(paths.get(route.path) ?? []), route]);
  return paths;
}

function wrongMethod(request: Request, response: Response, routes: readonly Route[]): void {
  const allowed = routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  response.set('Allow', allowed);
  refuseBody(request, response, 405, { error: `the method is not allowed here; allowed: ${allowed}` });
}

function refuse(request: Request, response: Response, route: Route, status: number, error: string): void {
  if (route.page === true && !bodyPending(request)) sendMessage(response, status, error);
  else refuseBody(request, response, status, { error });
}
