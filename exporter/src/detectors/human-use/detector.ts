import type { CredentialType, Detector, Kind, NhiEvent, Remit, View } from '@remit/contract';
import { DAY, attack, bounded, day, nist, outcome, owasp, permission, tenet } from '../phrases.ts';

/**
 * A person worked with what the inventory declares to be a machine: MFA, a sign-in at a console, a session of single sign-on, an
 * interactive session inside a workload, or a declared person acting as the identity. One finding per identity, credential and UTC
 * day; an attempt that was refused or failed is a ticket. A user agent is mentioned and never decides.
 */
export const detector: Detector = {
  id: 'human-use',
  title: 'Person used the credential of a machine identity',
  class: 'remit',
  severity: 'critical',
  certain: false,
  on: 'event',
  frameworks: [
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    attack('T1609', 'Container Administration Command'),
    owasp('NHI10:2025', 'Human Use of NHI'),
    nist('PR.AA-03', 'Users, services, and hardware are authenticated'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    tenet(6),
  ],
  needs: ['principal', 'credential', 'action'],
  judges: ['kind'],
  summary: 'A person worked with {identity}, which {owner} declared to be a machine',
  firstAction: 'Ask the owner who signed in; if nobody says so, end the sessions and disable the credential in the finding',
  benign: [
    'Somebody who looks for a fault with the rights of the workload', 'An emergency in which the usual way in was closed',
    'A pipeline that opens sessions inside workloads by design and is not approved for it by name',
  ],
  quietFor: DAY,
  inspect(event, view) {
    const { remit } = view;
    if (remit === null || !MACHINES.has(remit.record.kind)) return [];
    const proof = proofOf(event, remit, view);
    if (proof === null) return [];
    const became = outcome(event);
    return [{
      subject: credential(event, remit), bucket: day(event.time),
      reason: {
        expected: `only the machine itself, declared as ${remit.record.kind.replace('_', ' ')}`,
        observed: `${proof}: ${bounded(permission(event), 128)} (${became})${hint(event)}`,
      },
      evidence: [view.ref(event)], at: event.time,
      ...(became === 'success' ? {} : { severity: 'warning' as const }),
    }];
  },
};

const MACHINES: ReadonlySet<Kind> = new Set([
  'service_account', 'workload', 'managed_identity', 'cicd', 'oauth_app', 'ai_agent', 'api_key', 'bot_user', 'device',
]);

/** What shows that a person acted, in words, or null. */
function proofOf(event: NhiEvent, remit: Remit, view: View): string | null {
  const { session, delegation } = event.actor;
  if (session?.issuer?.includes('AWSReservedSSO_') === true) return 'session of single sign-on';
  if (session?.is_mfa === true) return 'session with MFA';
  if (event.flags.includes('interactive')) return event.api.operation === 'ConsoleLogin' ? 'sign-in at the console' : 'interactive session of a person';
  if (event.flags.includes('exec') && !approvedByName(event, remit)) return 'interactive session inside a workload';
  // Elsewhere the chain tells for whom an app works, or who made the key: neither is a person at work.
  const caller = event.metadata.source === 'k8s-audit' && event.credential?.type !== 'sa_token' ? delegation?.[0] : undefined;
  if (caller === undefined) return null;
  return view.recordOf([caller, `urn:nhi:${caller}`], event.time)?.record.kind === 'human' ? `impersonation by ${bounded(caller, 80)}` : null;
}

/** Sessions that machines open by design: `actions[]` names the operation itself, without a pattern in its place. */
function approvedByName({ privilege }: NhiEvent, { record }: Remit): boolean {
  const used = privilege?.used ?? [];
  if (used.length === 0) return false;
  for (const one of used) if (!record.actions?.some((pattern) => operation(pattern) === operation(one))) return false;
  return true;
}

/** `exec` of `k8s:create:core/pods/exec@prod/billing`, `startsession` of `aws:ssm:StartSession`. */
function operation(permission: string): string {
  const at = permission.indexOf('@');
  const text = at < 0 ? permission : permission.slice(0, at);
  return text.slice(Math.max(text.lastIndexOf('/'), text.lastIndexOf(':')) + 1).toLowerCase();
}

/** Lasting credentials by their id; the others have a new one with every session. */
const LASTING: ReadonlySet<CredentialType> = new Set([
  'access_key', 'sa_key', 'pat', 'app_token', 'client_secret', 'certificate', 'ssh_key', 'signing_certificate', 'password', 'service_password',
]);

function credential({ credential: used }: NhiEvent, { record }: Remit): string {
  if (used === undefined || used.type === 'none') return 'identity';
  const { uid, type } = used;
  const named = uid !== undefined && (LASTING.has(type) || record.credentials?.some((one) => one.uid === uid) === true);
  return named ? `credential:${bounded(uid, 200)}` : type.replaceAll('_', ' ');
}

/** User agents of people, which anybody can write. */
function hint({ http_request: request }: NhiEvent): string {
  const agent = request?.user_agent ?? '';
  if (agent.startsWith('Mozilla/')) return ', and the user agent is a browser';
  return agent.includes('console.amazonaws.com') || agent.includes('signin.amazonaws.com') ? ', and the user agent is the console' : '';
}
