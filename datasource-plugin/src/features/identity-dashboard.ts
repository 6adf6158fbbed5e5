import { lastValueFrom } from 'rxjs';
import { getBackendSrv } from '@grafana/runtime';
import { IDENTITY_DASHBOARDS } from '../lib/links';

/** How long it is believed that there is none, ms: somebody may import one meanwhile. */
const BELIEVED = 60_000;

/**
 * Finds the dashboard of one identity that this user may open: the one that Remit provisions, or the one that comes with the plugin. Null where
 * neither is there, so that no link leads nowhere. Asked once a page. When Grafana does not say, the first one is taken for there.
 */
export function identityDashboardFinder(): () => Promise<string | null> {
  let found: Promise<string | null> | undefined;
  let until = Infinity;
  return () => {
    if (found === undefined || Date.now() > until) {
      until = Infinity;
      found = search().then((uid) => {
        until = uid === null ? Date.now() + BELIEVED : Infinity;
        return uid;
      });
    }
    return found;
  };
}

function search(): Promise<string | null> {
  const params = new URLSearchParams(IDENTITY_DASHBOARDS.map((uid) => ['dashboardUIDs', uid]));
  return lastValueFrom(getBackendSrv().fetch<Array<{ uid?: string }>>({ url: `/api/search?type=dash-db&${params}`, showErrorAlert: false, hideFromInspector: true }))
    .then(({ data }) => {
      const there = new Set(data.map(({ uid }) => uid));
      return IDENTITY_DASHBOARDS.find((uid) => there.has(uid)) ?? null;
    })
    .catch(() => IDENTITY_DASHBOARDS[0]);
}
