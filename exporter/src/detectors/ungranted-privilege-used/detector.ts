import type { Detector, IdentityRecord, Millis, NhiEvent, Remit } from '@remit/contract';
import { sensitivity } from '@remit/contract';
import { DAY, attack, bounded, day, moment, nist, outcome, owasp, tenet } from '../phrases.ts';

/** What is granted may have changed since a list that is older than this. */
const LIMIT: Millis = 7 * DAY;

/**
 * A call was allowed although no pattern of `granted[]` covers its permission: somebody granted more than the inventory knows.
 * Pages where the call is sensitive and the list was taken within 7 days of it; a ticket otherwise. Quiet where the list is older or
 * known to have changed, of which `inventory-stale` speaks, where it names no permission of that provider, and on refusals.
 * One finding per identity, permission and UTC day.
 */
export const detector: Detector = {
  id: 'ungranted-privilege-used',
  title: 'Machine identity used a permission that nobody is known to have granted',
  class: 'remit',
  severity: 'critical',
  certain: false,
  on: 'event',
  frameworks: [
    attack('T1098.003', 'Account Manipulation: Additional Cloud Roles'),
    attack('T1548.005', 'Abuse Elevation Control Mechanism: Temporary Elevated Cloud Access'),
    owasp('NHI5:2025', 'Overprivileged NHI'),
    nist('PR.AA-05', 'Access permissions, entitlements, and authorizations are defined in a policy, managed, enforced, and reviewed'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    tenet(3),
  ],
  needs: ['principal', 'action', 'outcome', 'privilege'],
  judges: ['granted'],
  summary: '{identity} used a permission that the grants known to {owner} do not hold',
  firstAction: 'Find the policy, role or binding that allows the call and who added it; take it away if nobody can say why',
  benign: [
    'A grant that was added after the last import of grants', 'A policy of the resource, not of the identity, that allows the call',
    'A new name of a permission that the provider introduced',
  ],
  quietFor: DAY,
  inspect(event, view) {
    const { remit } = view;
    if (remit === null || !remit.record.granted?.length || !allowed(event)) return [];
    const used = ungranted(event, remit);
    if (used === null) return [];
    const listed = dateOf(remit.record);
    if (listed !== null && (event.time - listed.at > LIMIT || (listed.changed !== null && listed.changed <= event.time))) return [];
    const resource = event.resources?.[0];
    const sort = sensitivity(event, remit.restricted(resource?.uid ?? resource?.name ?? ''));
    // What was granted long before the list was made may have been taken away since.
    const fresh = listed !== null && listed.at - event.time <= LIMIT;
    const through = event.privilege?.granted_by?.length ? ` through ${bounded(event.privilege.granted_by.slice(0, 3).join(', '), 100)}` : '';
    return [{
      subject: bounded(used, 256), bucket: day(event.time),
      reason: {
        expected: `only what granted holds (${remit.record.granted.length} listed)${listed === null ? ', which bears no date' : ` as of ${moment(listed.at)}`}`,
        observed: `${bounded(used, 140)} was allowed${through} (${outcome(event)})`,
      },
      evidence: [view.ref(event)], at: event.time,
      ...(fresh && sort !== null ? {} : { severity: 'warning' as const }),
    }];
  },
};

/** An allowed call proves a grant. One that failed proves it only where the provider says so: arguments may be checked before rights. */
function allowed({ outcome: { denied }, status_id: status, privilege }: NhiEvent): boolean {
  return !denied && (status !== 2 || privilege?.decision === 'allow');
}

/** Calls that need no grant, in lower case, and roles that Kubernetes gives to everybody. */
const FREE: ReadonlySet<string> = new Set(['aws:sts:getcalleridentity', 'aws:sts:getsessiontoken', 'aws:signin:consolelogin']);
const FOR_ALL: ReadonlySet<string> = new Set([
  'ClusterRole/system:basic-user', 'ClusterRole/system:discovery', 'ClusterRole/system:public-info-viewer', 'ClusterRole/system:service-account-issuer-discovery',
]);

function ungranted({ privilege }: NhiEvent, remit: Remit): string | null {
  if (privilege?.granted_by?.some((by) => FOR_ALL.has(by))) return null;
  for (const used of privilege?.used ?? []) {
    if (remit.granted(used) === 'ungranted' && speaksOf(remit.record, used) && !FREE.has(used.toLowerCase())) return used;
  }
  return null;
}

/** A list of one provider's grants says nothing of the permissions of another, and nothing of tools. */
function speaksOf({ granted }: IdentityRecord, used: string): boolean {
  return granted!.some(({ permission }) => permission.startsWith('*') || schemeOf(permission) === schemeOf(used));
}

/** `aws:` of `aws:s3:GetObject`, in lower case. */
function schemeOf(permission: string): string { return permission.slice(0, permission.indexOf(':') + 1).toLowerCase(); }

/** When the list was taken: at its import, else at its youngest grant. `changed`: a grant that is younger than the import. */
function dateOf({ granted, provenance }: IdentityRecord): { at: Millis; changed: Millis | null } | null {
  const imported = provenance?.['granted']?.imported_at;
  let youngest: Millis | null = null;
  for (const { granted_at: text } of granted ?? []) {
    if (text !== undefined) youngest = Math.max(youngest ?? -Infinity, Date.parse(text));
  }
  if (imported === undefined) return youngest === null ? null : { at: youngest, changed: null };
  const at = Date.parse(imported);
  return { at, changed: youngest !== null && youngest > at ? youngest : null };
}
