import type { Category, CredentialType } from '@remit/contract';
import type { Target } from './path.ts';

/** What a request does, from its operation and path alone. */
export interface Action {
  category: Category;
  /** OCSF class: 3002 for logins, else 6003. */
  classUid: number;
  /** OCSF activity: 1 create (of a login: log on), 2 read, 3 update, 4 delete. */
  activity: number;
  /** A change of what is audited. */
  monitoring: boolean;
  login: boolean;
  /** What sort of credential the answer hands out; undefined for none, or one whose id no answer shows. */
  issues: CredentialType | undefined;
  /** It ends a token, a lease, a secret id, a certificate or a stored secret. */
  ends: boolean;
}

type Found = Category | { category: Category; issues?: CredentialType; ends?: boolean };

/** A log-in is known by its path; those that need two steps end in `callback` or `poll`. */
const LOGIN = /^(?:login(?:\/|$)|oidc\/(?:callback|poll)$|saml\/(?:callback|token)$)/;
const STORES = new Set(['kv', 'generic', 'cubbyhole']);
const LEASES = new Set(['database', 'aws', 'azure', 'gcp', 'gcpkms', 'rabbitmq', 'consul', 'nomad', 'terraform', 'kubernetes', 'ldap', 'openldap', 'ad', 'mongodbatlas', 'alicloud', 'ssh', 'totp']);

/** What one request is. Total: what nothing below knows goes by its operation. */
export function actionOf(operation: string, target: Target): Action {
  const changes = operation === 'create' || operation === 'update' || operation === 'patch';
  const removes = operation === 'delete' || operation === 'revoke';
  const login = target.mount.startsWith('auth/') && LOGIN.test(target.rest);
  const found: Found = login ? 'authn' : special(operation, target, changes, removes) ?? plain(operation);
  const facts = typeof found === 'string' ? { category: found } : found;
  return {
    category: facts.category,
    classUid: login ? 3002 : 6003,
    activity: login || operation === 'create' ? 1 : removes || facts.category === 'delete' ? 4 : changes ? 3 : 2,
    monitoring: (changes || removes) && target.mount === 'sys' && /^(?:audit|config\/auditing)(?:\/|$)/.test(target.rest),
    login,
    issues: login ? 'vault_token' : facts.issues,
    ends: facts.ends ?? false,
  };
}

function plain(operation: string): Category {
  switch (operation) {
    case 'read': case 'help': case 'header': case 'alias-lookahead': case 'resolve-role': return 'read';
    case 'list': case 'scan': return 'list';
    case 'delete': case 'revoke': return 'delete';
    case 'renew': return 'credential_use';
    default: return 'write';
  }
}

function special(operation: string, target: Target, changes: boolean, removes: boolean): Found | undefined {
  const { mount, mountType, rest } = target;
  if (mount === 'sys') return system(operation, rest, changes, removes);
  if (mount === 'auth/token') return tokens(rest);
  if (mount.startsWith('auth/')) return method(mountType, rest, changes, removes);
  if (mount === 'identity') return identity(rest, changes, removes);
  if (STORES.has(mountType)) return store(operation, rest, changes, removes);
  if (mountType === 'transit') return transit(rest, changes);
  if (mountType === 'pki' || mountType === 'ssh') {
    if (/^(?:issuer\/[^/]+\/)?(?:issue|sign|sign-verbatim|creds)\//.test(rest) || /^(?:root|intermediate)\/generate/.test(rest)) return { category: 'credential_create', issues: 'certificate' };
    if (/^revoke(?:-with-key)?$/.test(rest)) return { category: 'delete', ends: true };
  }
  return LEASES.has(mountType) ? engine(operation, rest, changes) : undefined;
}

/** Reading a dynamic credential makes it: to issue is to use. */
function engine(operation: string, rest: string, changes: boolean): Found | undefined {
  if (/^(?:static-creds|static-cred|library\/[^/]+\/check-out)(?:\/|$)/.test(rest)) return 'credential_use';
  if (/^(?:creds|sts|key|token|roleset\/[^/]+\/(?:key|token)|static-account\/[^/]+\/(?:key|token)|impersonated-account\/[^/]+\/token)(?:\/|$)/.test(rest)) {
    return operation === 'list' ? 'list' : { category: 'credential_create', issues: 'access_key' };
  }
  if (changes && /^(?:rotate|rotate-root|rotate-role|config\/rotate-root)(?:\/|$)/.test(rest)) return 'credential_create';
  return changes && /^(?:roles|static-roles|role|roleset)\//.test(rest) ? 'authz_grant' : undefined;
}

function store(operation: string, rest: string, changes: boolean, removes: boolean): Found | undefined {
  if (rest.startsWith('metadata/') || rest === 'config') return removes ? { category: 'delete', ends: true } : undefined;
  if (/^(?:delete|destroy)\//.test(rest) || removes) return { category: 'delete', ends: true };
  if (rest.startsWith('undelete/')) return 'credential_create';
  if (changes) return 'credential_create';
  return operation === 'read' ? 'credential_use' : undefined;
}

function tokens(rest: string): Found | undefined {
  if (/^create(?:-orphan)?(?:\/|$)/.test(rest)) return { category: 'credential_create', issues: 'vault_token' };
  if (/^revoke/.test(rest)) return { category: 'delete', ends: true };
  if (/^renew/.test(rest)) return 'credential_use';
  if (/^lookup/.test(rest)) return 'read';
  return undefined;
}

function method(type: string, rest: string, changes: boolean, removes: boolean): Found | undefined {
  if (/secret-id(?:-accessor)?\/(?:destroy|lookup)/.test(rest)) return rest.includes('destroy') ? { category: 'delete', ends: true } : 'read';
  if (changes && /\/(?:custom-)?secret-id$/.test(rest)) return { category: 'credential_create', issues: 'client_secret' };
  if (changes && /^users?\/[^/]+\/password$/.test(rest)) return 'credential_create';
  if ((changes || removes) && /^config/.test(rest)) return 'admin';
  // Who may log in, and with which policies.
  if (changes && /^(?:role|roles|map|users?|groups?|certs|identity|crls)(?:\/|$)/.test(rest)) return type === 'userpass' && /^users\/[^/]+$/.test(rest) ? 'credential_create' : 'authz_grant';
  return undefined;
}

function identity(rest: string, changes: boolean, removes: boolean): Found | undefined {
  if (rest.startsWith('oidc/token/')) return 'credential_create';
  if (rest.startsWith('lookup/')) return 'read';
  if (changes && /^(?:entity|group|entity-alias|group-alias|persona|alias|mfa)/.test(rest)) return 'authz_grant';
  return changes && !removes ? 'admin' : undefined;
}

function transit(rest: string, changes: boolean): Found | undefined {
  if (/^(?:export|backup)\//.test(rest)) return 'export';
  if (/^(?:keys\/[^/]+(?:\/rotate|\/import)?)$/.test(rest)) return changes ? 'credential_create' : undefined;
  return /^(?:decrypt|encrypt|sign|verify|hmac|rewrap|datakey|cmac)\//.test(rest) ? 'credential_use' : undefined;
}

function system(operation: string, rest: string, changes: boolean, removes: boolean): Found | undefined {
  if (/^(?:leases\/revoke|revoke|leases\/revoke-prefix|revoke-prefix)/.test(rest)) return { category: 'delete', ends: true };
  if (/^(?:leases\/renew|renew)/.test(rest) || rest === 'wrapping/unwrap' || rest === 'wrapping/rewrap') return 'credential_use';
  if (/^(?:leases\/lookup|capabilities|internal\/|audit-hash|wrapping\/lookup|tools\/|pprof|host-info)/.test(rest)) return operation === 'list' ? 'list' : 'read';
  if (/^storage\/raft\/snapshot/.test(rest)) return changes ? 'admin' : 'export';
  if (/^polic(?:y|ies)(?:\/|$)/.test(rest)) return changes ? 'authz_grant' : undefined;
  if (/^generate-root/.test(rest) && changes) return 'credential_create';
  return changes || removes ? 'admin' : undefined;
}
