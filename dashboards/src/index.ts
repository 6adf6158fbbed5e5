import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { dashboard, type Plan } from './lib/dashboard.ts';
import { agents } from './agents.ts';
import { fleet } from './fleet.ts';
import { identity } from './identity.ts';
import { itself } from './itself.ts';
import { lifecycle } from './lifecycle.ts';
import { quality } from './quality.ts';
import { secrets } from './secrets.ts';
import { thirdParty } from './third-party.ts';

const PLANS: readonly Plan[] = [fleet, identity, agents, secrets, thirdParty, lifecycle, quality, itself];

/** All dashboards, in the order in which they are read. `remitUrl`: the address of Remit's own pages, to which links to runbooks lead. */
export function dashboards(remitUrl: string): Dashboard[] {
  return PLANS.map((plan) => dashboard(plan, remitUrl));
}

/** The files to commit, by path. */
export function generated(remitUrl: string): Record<string, string> {
  return Object.fromEntries(dashboards(remitUrl).map((each) => [`dashboards/out/${each.uid}.json`, `${JSON.stringify(each, null, 2)}\n`]));
}
