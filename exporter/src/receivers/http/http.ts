import type { Route } from '../../lib/http-route.ts';
import { receive } from '../../lib/receive.ts';
import type { ReceiverDeps } from '../../lib/receive.ts';

/** `POST /ingest`: records of any source, detected or named by `?source=`, as JSON, NDJSON, arrays or a known envelope. */
export function httpRoutes(deps: ReceiverDeps): Route[] {
  return [{ method: 'POST', path: '/ingest', access: 'ingest', handle: (request, response) => receive(request, response, deps, 'http') }];
}
