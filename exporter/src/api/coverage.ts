import { identitiesFilterSchema } from '@remit/contract';
import type { Reader } from '@remit/contract';
import { queryOf, sendJson } from '../lib/http-route.ts';
import type { Route } from '../lib/http-route.ts';
import { filterProblem } from './query.ts';

/**
 * What can be judged, and what cannot, and why: of the fleet by detector and source, and of each identity. The second takes the filter of
 * the identities; a name that nobody has gives an empty page.
 */
export function coverageRoutes({ reader }: { reader: Reader }): Route[] {
  return [
    {
      method: 'GET', path: '/api/v1/coverage', access: 'read',
      handle: (request, response) => {
        const [unknown] = Object.keys(queryOf(request));
        if (unknown === undefined) sendJson(response, 200, reader.coverage());
        else sendJson(response, 400, { error: `unknown parameter ${JSON.stringify(unknown.slice(0, 64))}; /api/v1/coverage/identities?identity=URN tells of one identity` });
      },
    },
    {
      method: 'GET', path: '/api/v1/coverage/identities', access: 'read',
      handle: (request, response) => {
        const read = identitiesFilterSchema.safeParse({ limit: '100', ...queryOf(request) });
        if (!read.success) sendJson(response, 400, { error: filterProblem(read.error) });
        else if (read.data.limit > MOST) sendJson(response, 400, { error: `limit: at most ${MOST} identities at once` });
        else sendJson(response, 200, reader.identityCoverage(read.data));
      },
    },
  ];
}

/** Each takes several kilobytes. */
const MOST = 1000;
