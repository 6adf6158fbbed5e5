import type { Request, Response } from 'express';
import type { z } from 'zod';
import { findingsFilterSchema, identitiesFilterSchema } from '@remit/contract';
import type { FindingsFilter, Reader } from '@remit/contract';
import { html } from '../../lib/html.ts';
import { queryOf } from '../../lib/http-route.ts';
import type { Route } from '../../lib/http-route.ts';
import type { DetectorCard } from '../api.ts';
import { detailOf } from '../detail.ts';
import { findingsOf } from '../labelled.ts';
import { filterProblem, findingOf } from '../query.ts';
import { findingPage } from './finding.ts';
import { findingsPage } from './findings.ts';
import { identitiesPage } from './identities.ts';
import { judgedPage } from './judged.ts';
import { ICON, sendMessage, sendPage } from './layout.ts';
import { markdown } from './markdown.ts';
import { statusPage } from './status.ts';

export interface PageDeps { reader: Reader; runbook(id: string): string | null; detector(id: string): DetectorCard | null }

/** The pages a person sees: rendered here, complete without a script. */
export function pageRoutes(deps: PageDeps): Route[] {
  const { reader } = deps;
  const page = (path: string, handle: Route['handle']): Route => ({ method: 'GET', path, access: 'read', page: true, handle });
  return [
    page('/', async (request, response) => {
      const open = reader.findings(SHOWN_OPEN);
      const identities = reader.identities({ limit: 1000 });
      sendPage(response, 200, statusPage({
        status: await reader.status(), open, identities, detector: deps.detector,
        refresh: queryOf(request)['refresh'] !== 'off', host: request.headers.host ?? '127.0.0.1:9847',
      }));
    }),
    page('/findings', (request, response) => {
      const filter = readFilter(request, response, findingsFilterSchema, { limit: '200' });
      if (filter !== null) sendPage(response, 200, findingsPage(findingsOf(reader, filter), filter, deps.detector, Date.now()));
    }),
    page('/findings/:id', (request, response) => {
      const finding = findingOf(reader, request.params['id']);
      if (finding === null) return sendMessage(response, 404, 'there is no finding with this id');
      sendPage(response, 200, findingPage(detailOf(finding, deps), Date.now()));
    }),
    page('/identities', (request, response) => {
      const filter = readFilter(request, response, identitiesFilterSchema, { limit: '200' });
      if (filter !== null) sendPage(response, 200, identitiesPage(reader.identities(filter), filter, Date.now()));
    }),
    page('/coverage', (request, response) => {
      const filter = readFilter(request, response, identitiesFilterSchema, { limit: '1' });
      if (filter === null) return;
      const [coverage] = filter.identity?.length === 1 ? reader.identityCoverage(filter).items : [];
      if (coverage === undefined) sendMessage(response, 404, 'there is no such identity: name one that was seen or stands in the inventory, as ?identity=URN');
      else sendPage(response, 200, judgedPage(coverage, deps.detector));
    }),
    page('/runbooks/:id', (request, response) => {
      const id = request.params['id'];
      const text = typeof id === 'string' && /^[a-z0-9-]{1,64}$/.test(id) ? deps.runbook(id) : null;
      if (text === null) return sendMessage(response, 404, 'there is no runbook of this name');
      sendPage(response, 200, { title: String(id), body: html`<article class="prose">${markdown(text)}</article>` });
    }),
    {
      method: 'GET', path: '/icon.svg', access: 'open', early: true,
      handle: (_request, response) => { response.type('image/svg+xml').end(ICON); },
    },
  ];
}

const SHOWN_OPEN: FindingsFilter = { state: ['open', 'acknowledged'], limit: 1000 };

/** Reads a filter from a form: fields left empty do not count. */
function readFilter<S extends z.ZodType>(request: Request, response: Response, schema: S, defaults: Record<string, string>): z.output<S> | null {
  const given = Object.entries(queryOf(request)).filter(([, value]) => value !== '');
  const read = schema.safeParse(Object.assign(Object.create(null), defaults, Object.fromEntries(given)));
  if (read.success) return read.data;
  sendMessage(response, 400, `the filter was not understood: ${filterProblem(read.error)}`);
  return null;
}
