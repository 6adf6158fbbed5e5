import type { Chain, ChainMember, ChainStep, Detector, NhiEvent, View } from '@remit/contract';
import { attack, DAY, nist, owasp, tenet } from '../phrases.ts';
import { makingMembers, makingSignals } from './making.ts';
import type { Made } from './making.ts';
import { mergeVersions, versionMembers, versionSignals, VERSIONS } from './versions.ts';
import type { Version } from './versions.ts';

/**
 * A secret or credential made outside the declared rotation: at the wrong time, by a rotator that is not approved, or under a name
 * that is not listed; and an old credential that is still used, or was never ended, when its overlap with the new one is over. One finding for each
 * permission, fault and UTC day, or for each old credential. Quiet where no rotation is declared.
 */
export const detector: Detector = {
  id: 'secret-outside-rotation',
  title: 'Secret or credential made outside its rotation',
  class: 'remit',
  severity: 'critical',
  certain: false,
  on: 'chain',
  frameworks: [
    attack('T1098.001', 'Account Manipulation: Additional Cloud Credentials'),
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    owasp('NHI7:2025', 'Long-Lived Secrets'),
    owasp('NHI2:2025', 'Secret Leakage'),
    nist('PR.AA-01', 'Identities and credentials for authorized users, services, and hardware are managed by the organization'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    tenet(6),
  ],
  needs: ['principal', 'action', 'credential', 'resource'],
  judges: ['rotation'],
  summary: 'A secret or credential of {identity}, or made by it, is outside the rotation that {owner} declared',
  firstAction: 'Disable the new secret named in the finding, then find out who asked for it and whether it was used',
  benign: [
    'A rotation by hand after a leak or a failed run', 'A new secret whose name is not listed yet',
    'An old copy of a workload that still holds the previous credential',
  ],
  quietFor: DAY,
  keeps: 31 * DAY,
  cap: 512,
  of(event, view, role) { return [...makingMembers(event, view, role), ...versionMembers(event, view, role)]; },
  merge: (into: Made | Version, from: Made | Version) => ('uses' in into && 'uses' in from ? mergeVersions(into, from) : into),
  inspect(chain, view) {
    return chain.key === VERSIONS ? versionSignals(chain.steps as ChainStep<Version>[], view) : makingSignals(chain as Chain<Made>);
  },
} satisfies Detector & { of(event: NhiEvent, view: View, role: 'actor' | 'subject'): ChainMember<Made | Version>[] };
