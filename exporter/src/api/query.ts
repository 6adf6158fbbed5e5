import type { Request, Response } from 'express';
import type { z } from 'zod';
import { eventsFilterSchema, findingQuerySchema, findingsQuerySchema, identitiesFilterSchema } from '@remit/contract';
import type { Finding, Reader } from '@remit/contract';
import { queryOf, sendJson } from '../lib/http-route.ts';
import type { Route } from '../lib/http-route.ts';
import { detailOf } from './detail.ts';
import type { DetailDeps } from './detail.ts';
import { findingsOf } from './labelled.ts';

export interface QueryDeps extends DetailDeps {
  reader: Reader;
  /** A finding as an OCSF Detection Finding. */
  ocsf(finding: Finding): object;
}

/** The JSON API: findings, identities, events and status, as the contract's types have them. Times are milliseconds. */
export function queryRoutes(deps: QueryDeps): Route[] {
  const { reader } = deps;
  const get = (path: string, handle: Route['handle']): Route => ({ method: 'GET', path, access: 'read', handle });
  return [
    get('/api/v1/findings', (request, response) => {
      const query = readFilter(request, response, findingsQuerySchema);
      if (query === null) return;
      const { format, ...filter } = query;
      const { items, ...rest } = findingsOf(reader, filter);
      sendJson(response, 200, { items: format === 'ocsf' ? items.map((finding) => deps.ocsf(finding)) : items, ...rest });
    }),
    get('/api/v1/findings/:id', (request, response) => {
      const query = readFilter(request, response, findingQuerySchema);
      if (query === null) return;
      const finding = findingOf(reader, request.params['id']);
      if (finding === null) sendJson(response, 404, { error: 'no such finding; ids are 32 hexadecimal digits' });
      else sendJson(response, 200, query.format === 'ocsf' ? deps.ocsf(finding) : detailOf(finding, deps));
    }),
    get('/api/v1/identities', (request, response) => {
      const filter = readFilter(request, response, identitiesFilterSchema);
      if (filter !== null) sendJson(response, 200, reader.identities(filter));
    }),
    get('/api/v1/events', async (request, response) => {
      const filter = readFilter(request, response, eventsFilterSchema);
      if (filter !== null) sendJson(response, 200, await reader.events(filter));
    }),
    get('/api/v1/status', async (_request, response) => sendJson(response, 200, await reader.status())),
  ];
}

/** The finding of an id as it stands in a path, or null when there is none or it is no id. */
export function findingOf(reader: Reader, id: unknown): ReturnType<Reader['finding']> {
  return typeof id === 'string' && /^[0-9a-f]{32}$/.test(id) ? reader.finding(id) : null;
}

/** What is wrong with a filter, in a sentence that names the parameter. */
export function filterProblem(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue?.code === 'unrecognized_keys') return `unknown parameter ${JSON.stringify(String(issue.keys[0]).slice(0, 64))}`;
  return `${String(issue?.path[0] ?? 'filter').slice(0, 64)}: ${(issue?.message ?? 'not understood').slice(0, 300)}`;
}

function readFilter<S extends z.ZodType>(request: Request, response: Response, schema: S): z.output<S> | null {
  const read = schema.safeParse(queryOf(request));
  if (read.success) return read.data;
  sendJson(response, 400, { error: filterProblem(read.error) });
  return null;
}
