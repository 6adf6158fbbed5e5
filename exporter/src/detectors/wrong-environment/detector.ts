import type { Detector, NhiEvent, Remit } from '@remit/contract';
import { DAY, attack, bounded, coveredBy, day, nist, outcome, owasp, permission, tenet } from '../phrases.ts';

const SHOWN = 5;

/**
 * The event names an account, cluster, project or region that `environments_allowed[]` does not hold. One finding per identity,
 * environment and UTC day; an attempt that was refused or failed is a ticket. Quiet where no environments are declared, where the
 * event names none, and where only the region differs and the service has none.
 */
export const detector: Detector = {
  id: 'wrong-environment',
  title: 'Machine identity worked in an environment that is not its own',
  class: 'remit',
  severity: 'critical',
  certain: false,
  on: 'event',
  frameworks: [
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    attack('T1535', 'Unused/Unsupported Cloud Regions'),
    owasp('NHI8:2025', 'Environment Isolation'),
    nist('PR.AA-05', 'Access permissions, entitlements, and authorizations are defined in a policy, managed, enforced, and reviewed'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    tenet(4),
  ],
  needs: ['principal', 'action'],
  judges: ['environments_allowed'],
  summary: '{identity} worked in an account, cluster or region that {owner} did not approve for it',
  firstAction: 'Ask whether the workload was moved or copied there; if it was not, disable the credential in the finding',
  benign: [
    'A deployment to a new region or account before the record was changed', 'A failover or a disaster exercise',
    'A test environment that was given the credential of production',
  ],
  quietFor: DAY,
  inspect(event, view) {
    const { remit } = view;
    if (remit === null) return [];
    const approved = remit.record.environments_allowed ?? [];
    const where = foreign(event, remit);
    if (where === null) return [];
    const became = outcome(event);
    const more = approved.length > SHOWN ? ` and ${approved.length - SHOWN} more` : '';
    return [{
      subject: bounded(where, 256), bucket: coveredBy(became, day(event.time)),
      reason: {
        expected: `only the environments ${bounded(approved.slice(0, SHOWN).join(', '), 240)}${more}`,
        observed: `${bounded(permission(event), 110)} in ${bounded(everywhere(event).map(({ text }) => text).join(', '), 160)} (${became})`,
      },
      evidence: [view.ref(event)], at: event.time,
      ...(became === 'success' ? {} : { severity: 'warning' as const }),
    }];
  },
};

interface Place { sort: 'account' | 'cluster' | 'region'; id: string; text: string }

/** Where the event happened, the widest place first. */
function everywhere({ cloud, k8s }: NhiEvent): Place[] {
  const named: [Place['sort'], string | undefined][] = [['account', cloud?.account?.uid], ['cluster', k8s?.cluster], ['region', cloud?.region]];
  return named.flatMap(([sort, id]) => (id === undefined ? [] : [{ sort, id, text: `${sort} ${bounded(id, 100)}` }]));
}

/** What makes it foreign: accounts and clusters before the region, so that one account is not one finding a region. */
function foreign(event: NhiEvent, remit: Remit): string | null {
  const sorts = remit.foreignPlaces(event);
  if (sorts.length === 0) return null;
  const places = everywhere(event);
  const realms = places.filter(({ sort }) => sort !== 'region' && sorts.includes(sort));
  if (realms.length > 0) return realms.map(({ text }) => text).join(', ');
  return isEverywhere(event) ? null : places.find(({ sort }) => sort === 'region')?.text ?? null;
}

/** Services of AWS without regions, and the regions under which their calls are recorded, wherever the caller is. */
const GLOBAL: ReadonlySet<string> = new Set([
  'account', 'billing', 'budgets', 'ce', 'cloudfront', 'consolidatedbilling', 'cur', 'freetier', 'globalaccelerator', 'health', 'iam',
  'invoicing', 'networkmanager', 'organizations', 'payments', 'route53', 'route53domains', 'shield', 'signin', 'sso', 'sts', 'support',
  'tax', 'trustedadvisor', 'waf',
]);
const HOMES: ReadonlySet<string> = new Set(['us-east-1', 'us-west-2', 'us-gov-west-1', 'cn-north-1', 'cn-northwest-1']);

function isEverywhere(event: NhiEvent): boolean {
  const region = event.cloud?.region;
  if (region === undefined || !HOMES.has(region)) return false;
  const [provider, service] = permission(event).split(':', 2);
  return provider === 'aws' && service !== undefined && GLOBAL.has(service);
}
