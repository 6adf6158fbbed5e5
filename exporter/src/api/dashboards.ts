import type { Request } from 'express';
import { DASHBOARDS, FLEET, OVERFLOW, type Millis, type Reader } from '@remit/contract';
import type { Route } from '../lib/http-route.ts';

const HOUR: Millis = 3_600_000;
const WEEK: Millis = 7 * 24 * HOUR;
/** What a link in an alert may hand to a dashboard: names of template variables there. */
const PASSED = ['identity', 'owner', 'cluster'];
/** An alert about the rest of a storm, or about all identities together, leads to a dashboard that shows those, and says which of them. */
const OF_MANY: Readonly<Record<string, { uid: string; passed: readonly string[] }>> = {
  [OVERFLOW]: { uid: DASHBOARDS.fleet.uid, passed: ['owner', 'detector', 'cluster'] },
  [FLEET]: { uid: DASHBOARDS.lifecycle.uid, passed: ['cluster'] },
};
/** What the list of findings takes. */
const LISTED = ['identity', 'owner', 'detector'];
const TIME = /^(now(-\d{1,5}[smhdwMy])?|\d{1,16})$/;
const UIDS: ReadonlySet<string> = new Set(Object.values(DASHBOARDS).map(({ uid }) => uid));

export interface DashboardDeps {
  /** Address of the Grafana that has the dashboards, or null. */
  grafana?(): string | null;
  reader: Pick<Reader, 'findings'>;
  ready(): boolean;
  /** Whether who asks may read findings: nobody else learns from a link when something was found. */
  mayRead(request: Request): Promise<boolean>;
  now(): Millis;
}

/**
 * `/dashboards/<uid>`: where alerts lead. Goes on to the dashboard in Grafana (`grafana.url` of the configuration), at the time of the
 * newest finding of the identity and detector that the link names, or to this service's own list of findings where no Grafana is
 * named, so that the rules need one address only.
 */
export function dashboardRoutes(deps: DashboardDeps): Route[] {
  return [{
    method: 'GET', path: '/dashboards/:uid', access: 'open', page: true, early: true,
    handle: async (request, response) => {
      const asked = new URL(request.url, 'http://remit').searchParams;
      const base = deps.grafana?.() ?? null;
      const uid = String(request.params['uid']);
      // A uid of somebody else's is not handed on.
      const known = base !== null && UIDS.has(uid);
      const identity = asked.get('identity') ?? '';
      const many = Object.hasOwn(OF_MANY, identity) ? OF_MANY[identity] : undefined;
      const to = new URLSearchParams();
      for (const name of known ? many?.passed ?? PASSED : LISTED) {
        const value = asked.get(name);
        // What is left of many storms has no single owner either.
        if (value !== null && !(name === 'owner' && value === OVERFLOW)) to.set(known ? `var-${name}` : name, value);
      }
      if (known) for (const [name, value] of Object.entries(await range(asked, request, deps))) to.set(name, value);
      response.redirect(302, `${known ? `${base}/d/${many?.uid ?? uid}` : '/findings'}${to.size === 0 ? '' : `?${to.toString()}`}`);
    },
  }];
}

/** The range that the link names, or an hour around what was found; nothing where neither is known. */
async function range(asked: URLSearchParams, request: Request, { reader, ready, mayRead, now }: DashboardDeps): Promise<{ from?: string; to?: string }> {
  const [from = '', to = ''] = [asked.get('from') ?? '', asked.get('to') ?? ''];
  if (TIME.test(from) && TIME.test(to)) return { from, to };
  const [identity, detector] = [asked.get('identity'), asked.get('detector')];
  if (identity === null || detector === null || identity.length > 512 || detector.length > 64 || !ready() || !(await mayRead(request))) return {};
  const [found] = reader.findings({ identity: [identity], detector: [detector], limit: 1 }).items;
  if (!found) return {};
  const begins = Math.max(found.first, found.last - WEEK) - HOUR;
  // Relative, so that panels of records keep the ranges of their own.
  if (found.last > now() - HOUR) return { from: `now-${Math.ceil((now() - begins) / HOUR)}h`, to: 'now' };
  return { from: String(begins), to: String(found.last + HOUR) };
}
