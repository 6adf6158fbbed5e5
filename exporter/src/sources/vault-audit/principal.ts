import type { Kind } from '@remit/contract';
import { urn } from '../../lib/urn.ts';
import { object, text, type Json } from './fields.ts';

/** Who called, as the entry proves it. */
export interface Principal {
  /** `vault:<entity id>`, which is never reused, else the display name with its realm. */
  key: string;
  urn: string;
  immutable: boolean;
  kind: Kind;
  name: string;
  uid: string | undefined;
  alias: string | undefined;
  flag: 'interactive' | 'machine' | undefined;
}

const LONGEST = 256;
/** Auth methods that only people come through, and those that only machines come through; of others nothing is said. */
const PEOPLE = new Set(['oidc', 'ldap', 'userpass', 'okta', 'saml', 'radius']);
const MACHINES = new Set(['kubernetes', 'approle', 'aws', 'azure', 'gcp', 'jwt', 'cert', 'alicloud', 'oci', 'cf', 'spiffe', 'app-id']);

/**
 * The principal of `auth`: the entity, else the display name (which begins with the mount of the auth method) with the role. `login` is
 * the type of auth method that a login just succeeded through: the one place where the log proves a person. Null for a caller without token.
 */
export function principalOf(auth: Json | undefined, place: { cluster: string; namespace: string }, login: string | undefined): Principal | null {
  if (!auth) return null;
  const entity = text(auth['entity_id'], LONGEST);
  const metadata = object(auth['metadata']);
  const display = lasting(text(auth['display_name'], LONGEST));
  const workload = workloadOf(metadata);
  const role = text(metadata?.['role_name'], LONGEST) ?? text(metadata?.['role'], LONGEST);
  if (entity === undefined && display === undefined) return null;
  const name = role === undefined || workload !== undefined || display === undefined ? display ?? entity! : display + '/' + role;
  const facts = kindOf(login, workload !== undefined, metadata);
  const realm = place.cluster || 'root';
  if (entity !== undefined) {
    const derived = urn('vault', realm, 'service_account', entity);
    return { key: 'vault:' + entity, urn: derived, immutable: true, name, uid: entity, alias: workload ?? name, ...facts };
  }
  const derived = namedUrn(name, place);
  return { key: derived.slice('urn:nhi:'.length), urn: derived, immutable: false, name, uid: undefined, alias: workload, ...facts };
}

/** Nomad calls a token after the allocation that it is for, which is another one after every start: `token-UUID-TASK` is `token-uuid-TASK`. */
function lasting(display: string | undefined): string | undefined {
  return display?.replace(UUID, 'uuid');
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** The URN of a principal that has no entity. */
export function namedUrn(name: string, { cluster, namespace }: { cluster: string; namespace: string }): string {
  const realm = [cluster, namespace.replaceAll('/', '.')].filter((part) => part !== '').join('.');
  return urn('vault', realm || 'root', 'service_account', name);
}

/** The Kubernetes service account behind a token, as the audit log of its cluster names it. */
function workloadOf(metadata: Json | undefined): string | undefined {
  const name = text(metadata?.['service_account_name'], LONGEST);
  const namespace = text(metadata?.['service_account_namespace'], LONGEST);
  return name === undefined || namespace === undefined ? undefined : 'system:serviceaccount:' + namespace + ':' + name;
}

function kindOf(login: string | undefined, workload: boolean, metadata: Json | undefined): Pick<Principal, 'kind' | 'flag'> {
  if (login !== undefined && PEOPLE.has(login)) return { kind: 'human', flag: 'interactive' };
  if (text(metadata?.['AllocationID'], LONGEST) !== undefined && text(metadata?.['Task'], LONGEST) !== undefined) return { kind: 'workload', flag: 'machine' };
  if (workload || (login !== undefined && MACHINES.has(login))) return { kind: 'service_account', flag: 'machine' };
  // Only the AppRole method writes this one.
  return text(metadata?.['role_name'], LONGEST) === undefined ? { kind: 'unknown', flag: undefined } : { kind: 'service_account', flag: 'machine' };
}
