import { DASHBOARDS } from '@remit/contract';
import type { Route } from '../lib/http-route.ts';

/** What a link in an alert may hand to a dashboard: names of template variables there. */
const PASSED = ['identity', 'owner', 'detector'];
const UIDS: ReadonlySet<string> = new Set(Object.values(DASHBOARDS).map(({ uid }) => uid));

/**
 * `/dashboards/<uid>`: where alerts lead. Goes on to the dashboard in Grafana (`grafana.url` of the configuration), or to this
 * service's own list of findings where no Grafana is named, so that the rules need one address only.
 */
export function dashboardRoutes({ grafana = () => null }: { grafana?(): string | null }): Route[] {
  return [{
    method: 'GET', path: '/dashboards/:uid', access: 'open', page: true, early: true,
    handle: (request, response) => {
      const asked = new URL(request.url, 'http://remit').searchParams;
      const base = grafana();
      const uid = String(request.params['uid']);
      const to = new URLSearchParams();
      for (const name of PASSED) {
        const value = asked.get(name);
        if (value !== null) to.set(base === null ? name : `var-${name}`, value);
      }
      const rest = to.size === 0 ? '' : `?${to.toString()}`;
      // A uid of somebody else's is not handed on.
      response.redirect(302, base === null || !UIDS.has(uid) ? `/findings${rest}` : `${base}/d/${uid}${rest}`);
    },
  }];
}
