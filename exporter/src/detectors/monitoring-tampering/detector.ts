import type { Detector, NhiEvent, Remit } from '@remit/contract';
import { attack, bounded, coveredBy, DAY, hour, nist, outcome, owasp, permission, target, tenet } from '../phrases.ts';
import { wildcard } from '../wildcard.ts';

/**
 * A change of what is watched or of who is told: trails, log groups, flow logs, audit policy, alert rules, webhooks;
 * removing and weakening alike, done or refused. One finding per identity, operation, target and UTC hour, of
 * attempts that were refused or failed one for all time. Quiet only where
 * a reviewed record names the action, not merely everything, and its `resources[]`, if any, hold the target.
 */
export const detector: Detector = {
  id: 'monitoring-tampering',
  title: 'Machine identity changed what is monitored',
  class: 'remit',
  severity: 'critical',
  certain: true,
  on: 'event',
  frameworks: [
    attack('T1562.008', 'Impair Defenses: Disable or Modify Cloud Logs'),
    owasp('NHI5:2025', 'Overprivileged NHI'),
    nist('DE.CM-01', 'Networks and network services are monitored'),
    nist('DE.CM-09', 'Computing hardware and software, runtime environments, and their data are monitored'),
    tenet(7),
  ],
  needs: ['principal', 'action', 'outcome'],
  summary: '{identity} changed logging, auditing or alerting; {owner} owns it',
  firstAction: 'Put the monitoring back, then treat everything since then as unseen and check it in another source',
  benign: [
    'Infrastructure code that creates and removes its own short-lived trail or alert rule',
    'An operator that reconciles alert rules and is not in the inventory yet', 'A planned change of retention',
  ],
  quietFor: DAY,
  inspect(event, view) {
    if (!event.flags.includes('monitoring') || approved(event, view.remit)) return [];
    const became = outcome(event);
    const on = target(event);
    return [{
      subject: bounded(`${permission(event)}${on === '' ? '' : ` ${on}`}`, 256), bucket: coveredBy(became, hour(event.time)),
      reason: {
        expected: 'logging, auditing and alerting left as they are, or the change approved by name in actions',
        observed: `${bounded(permission(event), 128)}${on === '' ? '' : ` on ${on}`} (${became})`,
      },
      evidence: [view.ref(event)], at: event.time,
      ...(became === 'success' ? {} : { severity: 'warning' as const }),
    }];
  },
};

function approved(event: NhiEvent, remit: Remit | null): boolean {
  if (remit === null || !remit.reviewed) return false;
  const used = event.privilege?.used ?? [];
  if (used.length === 0) return false;
  for (const one of used) if (remit.action(one) !== 'allowed' || !named(one, remit)) return false;
  const resource = event.resources?.[0];
  const id = resource?.uid ?? resource?.name;
  // A target that the record cannot name is not one that it approves.
  if (id === undefined) return !remit.record.resources?.length;
  return remit.resource(id) !== 'outside' || (resource?.name !== undefined && remit.resource(resource.name) === 'allowed');
}

/** True when a pattern that says more than `everything of this provider` allows the permission. */
function named(used: string, remit: Remit): boolean {
  return remit.record.actions?.some((pattern) => !blanket(pattern) && wildcard(pattern, used)) ?? false;
}

/** `*`, `aws:*`, `k8s:*:*` and `k8s:delete:*` approve anything, so they approve no tampering. */
function blanket(pattern: string): boolean {
  const parts = pattern.split(':');
  const rest = parts.slice(parts[0]?.toLowerCase() === 'k8s' ? 2 : 1).join(':');
  return !/[a-z]/i.test(rest);
}
