import type { Detector, NhiEvent, Remit } from '@remit/contract';
import { access, attack, bounded, DAY, day, nist, outcome, owasp, permission } from '../phrases.ts';

/**
 * An action that no pattern of the declared `actions[]` allows, or an allowed one on a target outside `resources[]`. One
 * finding per identity, permission and UTC day; an attempt that was refused or failed is at most a ticket. Quiet while
 * `actions[]` is empty: nothing has been approved yet that one could leave.
 */
export const detector: Detector = {
  id: 'off-purpose-action',
  title: 'Machine identity did something it was not approved to do',
  class: 'remit',
  severity: 'critical',
  certain: false,
  on: 'event',
  frameworks: [
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    owasp('NHI5:2025', 'Overprivileged NHI'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    nist('DE.CM-09', 'Computing hardware and software, runtime environments, and their data are monitored'),
  ],
  needs: ['principal', 'action', 'privilege'],
  summary: '{identity} used a permission or touched a target outside what {owner} approved',
  firstAction: 'Look whether a release explains the new action; if none does, take the permission away and rotate the credential',
  benign: [
    'A new release that needs one more permission', 'A library that changed which call it makes for the same work',
    'A person using the machine credential to look something up',
  ],
  quietFor: DAY,
  inspect(event, view) {
    const { remit } = view;
    if (remit === null || !remit.record.actions?.length) return [];
    const departure = foreignAction(event, remit) ?? foreignTarget(event, remit);
    if (departure === null) return [];
    const became = outcome(event);
    return [{
      subject: departure.subject, bucket: day(event.time),
      reason: { expected: departure.expected, observed: `${departure.observed} (${access(event)}, ${became})` },
      evidence: [view.ref(event)], at: event.time,
      ...(became === 'success' ? {} : { severity: 'warning' as const }),
    }];
  },
};

interface Departure { subject: string; expected: string; observed: string }

function foreignAction(event: NhiEvent, remit: Remit): Departure | null {
  for (const used of event.privilege?.used ?? []) {
    if (remit.action(used) !== 'outside') continue;
    return {
      subject: bounded(used, 256), expected: `only the ${remit.record.actions?.length ?? 0} approved action patterns`,
      observed: `used ${bounded(used, 160)}`,
    };
  }
  return null;
}

/** Targets without any id, as in list calls, cannot be judged; one whose id or name is approved is. */
function foreignTarget(event: NhiEvent, remit: Remit): Departure | null {
  for (const { uid, name } of event.resources ?? []) {
    const id = uid ?? name;
    if (id === undefined || remit.resource(id) !== 'outside') continue;
    if (name !== undefined && name !== id && remit.resource(name) === 'allowed') continue;
    return {
      subject: `${bounded(permission(event), 224)} on other resources`,
      expected: `only the ${remit.record.resources?.length ?? 0} approved resource patterns`,
      observed: `used ${bounded(permission(event), 100)} on ${bounded(id, 128)}`,
    };
  }
  return null;
}
