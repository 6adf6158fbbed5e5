import type { Kind } from '@remit/contract';
import { urn } from '../../lib/urn.ts';
import { first, Memo, text, type Json } from './fields.ts';

/** Who called, as the record proves it. */
export interface Principal {
  /** `k8s:<cluster>:<uid>` or another id that is never reused; else the name, scoped by its cluster or account. */
  key: string;
  urn: string;
  immutable: boolean;
  kind: Kind;
  /** `service_account`, `node`, `user`; of AWS `role`, `user`, `root`. */
  type: string;
  name: string;
  uid: string;
  /** The durable ARN of an AWS identity, else empty. */
  arn: string;
  account: string;
  session: string;
  platform: boolean;
  machine: boolean;
  interactive: boolean;
}

const LONGEST_NAME = 320;
const LONGEST_ID = 128;
const SERVICE_ACCOUNT = 'system:serviceaccount:';
const NODE = 'system:node:';
const GOOGLE = 'gserviceaccount.com';
const ARN = /^arn:aws[a-z-]{0,16}:(?:iam|sts)::(\d{12}):(root|role|user|assumed-role|federated-user)(?:\/(.{1,1024}))?$/;
const AWS_ID = /^A(?:ROA|IDA)[A-Z0-9]{4,124}$/;
const INSTANCE = /^(?:i|mi)-[0-9a-f]{8,17}$/;

/**
 * The principal behind `user`, or behind `impersonatedUser`, whose uid and extra fields were chosen by the impersonator and
 * prove nothing. Null when there is no name.
 */
export function principalOf(user: Json, cluster: string, options: { impersonated: boolean; gke: boolean }): Principal | null {
  const name = text(user['username'], LONGEST_NAME);
  if (name === '') return null;
  const uid = options.impersonated ? '' : text(user['uid'], LONGEST_ID);
  // What AWS and Google add differs by session, so only principals of the cluster itself are remembered.
  if (options.gke || (!options.impersonated && hasArn(user))) return resolve(user, name, uid, cluster, options);
  const remembered = options.impersonated ? '\0' + name : name;
  const known = KNOWN.get(remembered);
  if (known?.cluster === cluster && known.uid === uid) return known.principal;
  return KNOWN.set(remembered, { cluster, uid, principal: resolve(user, name, uid, cluster, options) }).principal;
}

function hasArn(user: Json): boolean {
  const extra = extraOf(user);
  return extra?.['arn'] !== undefined || extra?.['canonicalArn'] !== undefined;
}

/** The last principal of each name. */
const KNOWN = new Memo<{ cluster: string; uid: string; principal: Principal }>(4096);

function resolve(user: Json, name: string, uid: string, cluster: string, options: { impersonated: boolean; gke: boolean }): Principal {
  if (name.startsWith(SERVICE_ACCOUNT)) {
    const id = serviceAccountPath(name);
    if (id !== '') {
      return make('k8s', cluster, 'service_account', id, name, {
        kind: 'service_account', machine: true, uid, immutable: uid !== '', key: uid === '' ? name + '@' + cluster : 'k8s:' + cluster + ':' + uid,
      });
    }
  }
  if (options.impersonated && isPlatform(name)) {
    // Whoever acts as a part of the platform is not the platform: an identity of its own, which is judged.
    return make('k8s', cluster, 'impersonated', name, name, { kind: 'unknown', key: 'impersonated:' + name + '@' + cluster });
  }
  if (name.startsWith(NODE) && name.length > NODE.length) {
    return make('k8s', cluster, 'node', name.slice(NODE.length), name, { kind: 'platform', platform: true, key: name + '@' + cluster });
  }
  const aws = options.impersonated ? null : awsPrincipal(user, uid);
  // Parts of EKS come through roles of AWS's own accounts; a role of anybody else that is called like them is not AWS's.
  if (isPlatform(name) && (aws === null || aws.name.startsWith('AWSWesley'))) {
    return make('k8s', cluster, 'user', name, name, { kind: 'platform', platform: true, key: name + '@' + cluster });
  }
  if (aws) return aws;
  if (options.gke && name.endsWith(GOOGLE)) return googlePrincipal(name);
  if (!options.impersonated && isEntraApp(user, name)) {
    return make('k8s', cluster, 'user', name, name, { kind: 'service_account', machine: true, uid, key: name + '@' + cluster });
  }
  return make('k8s', cluster, 'user', name, name, { kind: 'unknown', uid, key: name + '@' + cluster });
}

/** On AKS people of Entra ID come with their address; what has none, an app or a managed identity, comes with its object's id. */
function isEntraApp(user: Json, name: string): boolean {
  return GUID.test(name) && first(extraOf(user), 'oid', LONGEST_ID) === name;
}

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * What the provider of a cluster runs in it. Kubernetes keeps `system:` for itself and EKS `eks:`, AKS calls its own `aksService`. Of those
 * names the administrator's of OpenShift and K3s, bootstrap tokens and whoever has not signed in are no part of the platform.
 */
function isPlatform(name: string): boolean {
  if (name.startsWith('system:')) return !NOBODYS_OWN.test(name);
  return name.startsWith('eks:') || name === 'aksService';
}

const NOBODYS_OWN = /^system:(?:serviceaccounts?:|bootstrap:|(?:anonymous|unauthenticated|admin|masters|node)?:?$)/;

/** The URN of a service account of this cluster. */
export function serviceAccountUrn(cluster: string, namespace: string, name: string): string {
  return urn('k8s', cluster, 'service_account', namespace + '/' + name);
}

/** True when the identity came through AWS IAM, as it does on EKS. */
export function isAws(user: Json): boolean {
  const extra = extraOf(user);
  return first(extra, 'arn', 2048).startsWith('arn:aws') || text(user['uid'], LONGEST_ID).startsWith('aws-iam-authenticator:');
}

/** `user.extra`, or nothing. */
export function extraOf(user: Json): Json | undefined {
  const extra = user['extra'];
  return typeof extra === 'object' && extra !== null && !Array.isArray(extra) ? extra as Json : undefined;
}

function make(provider: string, realm: string, type: string, id: string, name: string, facts: Partial<Principal> & { kind: Kind }): Principal {
  const derived = urn(provider, realm, type, id);
  return {
    key: facts.key ?? derived.slice('urn:nhi:'.length), urn: derived, immutable: facts.immutable ?? false, kind: facts.kind, type, name,
    uid: facts.uid ?? '', arn: facts.arn ?? '', account: facts.account ?? '', session: facts.session ?? '',
    platform: facts.platform ?? false, machine: facts.machine ?? false, interactive: facts.interactive ?? false,
  };
}

/** `ns/name`, or empty when the name has not exactly these two parts. */
function serviceAccountPath(username: string): string {
  const colon = username.indexOf(':', SERVICE_ACCOUNT.length);
  if (colon <= SERVICE_ACCOUNT.length || colon === username.length - 1 || username.includes(':', colon + 1)) return '';
  return username.slice(SERVICE_ACCOUNT.length, colon) + '/' + username.slice(colon + 1);
}

/** The IAM identity that `aws-iam-authenticator` left in the extra fields; named like CloudTrail's, so that both are one. */
function awsPrincipal(user: Json, uid: string): Principal | null {
  const extra = extraOf(user);
  if (!extra) return null;
  const arn = first(extra, 'arn', 2048);
  const durable = first(extra, 'canonicalArn', 2048);
  const parts = ARN.exec(durable) ?? ARN.exec(arn);
  if (!parts) return null;
  const account = parts[1]!;
  const path = parts[3] ?? '';
  const principalId = first(extra, 'principalId', 256) || uid.slice(uid.lastIndexOf(':') + 1);
  const colon = principalId.indexOf(':');
  const id = colon < 0 ? principalId : principalId.slice(0, colon);
  const immutable = AWS_ID.test(id);
  const facts: Partial<Principal> = { account, immutable, ...(immutable ? { key: id, uid: id } : {}) };
  switch (parts[2]) {
    case 'root': return make('aws', account, 'root', 'root', 'root', { ...facts, arn: durable, kind: 'human', interactive: true });
    case 'user': return make('aws', account, 'user', lastSegment(path), lastSegment(path), { ...facts, arn: durable || arn, kind: 'unknown' });
    case 'federated-user': return make('aws', account, 'federated_user', path, path, { account, kind: 'unknown' });
    default: {
      const assumed = parts[2] === 'assumed-role';
      const name = assumed ? path.slice(0, (path + '/').indexOf('/')) : lastSegment(path);
      const session = first(extra, 'sessionName', 256) || sessionOf(arn);
      return make('aws', account, 'role', name, name, { ...facts, arn: assumed ? '' : durable, session, ...roleFacts(name, session) });
    }
  }
}

/** Kind and class of a role's session, by the same rules as for CloudTrail; the role's path is not told here. */
function roleFacts(name: string, session: string): Partial<Principal> & { kind: Kind } {
  if (name.startsWith('AWSServiceRoleFor')) return { kind: 'platform', platform: true };
  if (name.startsWith('AWSReservedSSO_')) return { kind: 'human', interactive: true };
  if (INSTANCE.test(session)) return { kind: 'workload', machine: true };
  // A session named like a mail address is how many sign-in portals bring people in: no proof of a machine.
  return session.includes('@') ? { kind: 'unknown' } : { kind: 'service_account', machine: true };
}

function sessionOf(arn: string): string {
  return arn.includes(':assumed-role/') ? text(lastSegment(arn), 256) : '';
}

function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A Google service account: the project is in the address, or its number for the default ones. */
function googlePrincipal(email: string): Principal {
  const at = email.indexOf('@');
  const host = email.slice(at + 1);
  const local = email.slice(0, Math.max(0, at));
  const agent = local.startsWith('service-') && host.endsWith('.iam.' + GOOGLE);
  const project = host.endsWith('.iam.' + GOOGLE) ? host.slice(0, -('.iam.' + GOOGLE).length) : local.slice(0, Math.max(0, local.indexOf('-')));
  const kind = agent ? 'platform' : 'service_account';
  return make('gcp', project, 'service_account', email, email, { kind, key: email, platform: agent, machine: !agent });
}
