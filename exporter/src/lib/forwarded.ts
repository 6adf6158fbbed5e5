import type { IncomingMessage } from 'node:http';

/** Whether a request was sent on by a proxy: it reaches a loopback listener and yet may come from anywhere. */
export function isForwarded({ headers }: IncomingMessage): boolean {
  return headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined || headers.via !== undefined || isGrafana(headers['user-agent']);
}

/**
 * Whether a request came through the data source proxy of a Grafana, which sends on whatever any of its viewers asks, with the user of the data
 * source: it calls itself so. A viewer can have that name taken out, but puts none in its place, and not out of who it was forwarded for.
 */
export function isOfGrafana(request: IncomingMessage): boolean {
  const agent = request.headers['user-agent'];
  return isGrafana(agent) || ((agent === undefined || agent === '') && isForwarded(request));
}

function isGrafana(agent: string | undefined): boolean {
  return agent !== undefined && /^grafana\//i.test(agent);
}
