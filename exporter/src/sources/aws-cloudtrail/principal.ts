import type { Kind, NhiEvent } from '@remit/contract';
import { shapedUser } from '../../lib/event-shape.ts';
import { Lately } from '../../lib/lately.ts';
import { urn } from '../../lib/urn.ts';
import { account as accountId, object, text, type Json } from './fields.ts';
import { lastingSubject } from './subjects.ts';

/** Who called, as the record proves it. */
export interface Principal {
  /** The id that is never reused (`AROA…`, `AIDA…`) where there is one, else `aws:<account>:<type>/<name>`. */
  key: string;
  urn: string;
  immutable: boolean;
  kind: Kind;
  /** `role`, `user`, `service`, `account`, `root`, `web_identity` … */
  type: string;
  account: string;
  name: string;
  /** The durable ARN: of the role or user, never of the session. */
  arn: string | undefined;
  issuer: string | undefined;
  session: string | undefined;
  workload: string | undefined;
  platform: boolean;
  interactive: boolean;
  machine: boolean;
  /** The event's `actor.user`, shared by all its events. */
  user: NonNullable<NhiEvent['actor']['user']>;
}

/** What the record as a whole says about who stands behind the principal. */
export interface Evidence {
  recipient: string;
  /** MFA, a console credential or a successful sign-in. */
  person: boolean;
}

const IMMUTABLE = /^A(?:ROA|IDA)[A-Z0-9]{4,124}$/;
const INSTANCE = /^(?:i|mi)-[0-9a-fA-F]{8,17}$/;
const HIDDEN = 'HIDDEN_DUE_TO_SECURITY_REASONS';
const PIPELINES = /(?:^|\/)(?:token\.actions\.githubusercontent\.com|gitlab\.com|api\.bitbucket\.org|agent\.buildkite\.com|oidc\.circleci\.com|app\.terraform\.io)(?:\/|$)/;

/** The durable principal of a record's `userIdentity`, or null when it names none. Remembered: the same object while nothing changes. */
export function principalOf(identity: Json, evidence: Evidence): Principal | null {
  const id = identity['principalId'];
  const context = object(identity['sessionContext']);
  if (typeof id !== 'string' || !REMEMBERED.has(identity['type']) || identity['inScopeOf'] !== undefined || isFederated(context)) {
    return make(identity, evidence);
  }
  const last = LATELY.of(id);
  const issuer = object(context?.['sessionIssuer']);
  const same = last.type === identity['type'] && last.arn === identity['arn'] && last.account === identity['accountId']
    && last.name === identity['userName'] && last.issuerArn === issuer?.['arn'] && last.issuerId === issuer?.['principalId']
    && last.issuerName === issuer?.['userName'] && last.issuerAccount === issuer?.['accountId'] && last.ec2 === context?.['ec2RoleDelivery']
    && last.recipient === evidence.recipient && last.person === evidence.person;
  if (same) return last.principal;
  Object.assign(last, {
    type: identity['type'], arn: identity['arn'], account: identity['accountId'], name: identity['userName'], issuerArn: issuer?.['arn'],
    issuerId: issuer?.['principalId'], issuerName: issuer?.['userName'], issuerAccount: issuer?.['accountId'], ec2: context?.['ec2RoleDelivery'],
    recipient: evidence.recipient, person: evidence.person,
  });
  last.principal = make(identity, evidence);
  return last.principal;
}

/** Types whose principal follows from the fields compared above. */
const REMEMBERED: ReadonlySet<unknown> = new Set(['IAMUser', 'AssumedRole']);

interface Remembered {
  type: unknown; arn: unknown; account: unknown; name: unknown; issuerArn: unknown; issuerId: unknown; issuerName: unknown;
  issuerAccount: unknown; ec2: unknown; recipient: string; person: boolean; principal: Principal | null;
}

const LATELY = new Lately<Remembered>(() => ({
  type: null, arn: null, account: null, name: null, issuerArn: null, issuerId: null, issuerName: null, issuerAccount: null, ec2: null,
  recipient: '', person: false, principal: null,
}), 2048);

function isFederated(context: Json | undefined): boolean {
  return object(context?.['webIdFederationData'])?.['federatedProvider'] !== undefined;
}

function make(identity: Json, evidence: Evidence): Principal | null {
  const type = text(identity['type'], 64);
  const account = accountId(identity['accountId']) ?? evidence.recipient;
  switch (type) {
    case 'AssumedRole': case 'Role': return assumedRole(identity, account, evidence);
    case 'IAMUser': return user(identity, account, evidence);
    case 'FederatedUser': return federated(identity, account, evidence);
    case 'Root': return person('root', 'root', identity, account);
    case 'AWSService': return service(identity, account);
    case 'AWSAccount': return foreign(identity, account, evidence);
    case 'WebIdentityUser': return webIdentity(identity, evidence.recipient || account);
    case 'SAMLUser': return person('saml_user', nameOf(identity) ?? text(identity['principalId'], 1024), identity, account);
    case 'IdentityCenterUser':
      return person('identity_center_user', onBehalfOf(identity)?.user ?? text(identity['principalId'], 1024) ?? nameOf(identity), identity, account);
    // So people of Identity Center were called before AWS gave them a type; nobody else has a name under it.
    case 'Unknown':
      if (nameOf(identity) === undefined || identity['arn'] !== undefined) return other(type, identity, account, evidence);
      return person('identity_center_user', text(identity['principalId'], 1024) ?? nameOf(identity), identity, account);
    case undefined: return service(identity, account) ?? foreign(identity, account, evidence);
    default: return other(type, identity, account, evidence);
  }
}

/** The Identity Center user for whom the call is made, as the store's ARN or id and the user's id. */
export function onBehalfOf(identity: Json): { store: string; user: string } | undefined {
  const behalf = object(identity['onBehalfOf']);
  const id = text(behalf?.['userId'], 256);
  if (!behalf || !id) return undefined;
  return { store: lastSegment(text(behalf['identityStoreArn'], 512) ?? ''), user: id };
}

/** OCSF's user types: 1 user, 2 administrator, 3 system, 4 service, 0 unknown. */
function build(fields: Pick<Principal, 'type' | 'account' | 'name' | 'kind'> & Partial<Principal>, immutable?: string): Principal {
  const { type, account, name, kind } = fields;
  const derived = urn('aws', account, type, name);
  const platform = fields.platform ?? false;
  const interactive = fields.interactive ?? false;
  const machine = fields.machine ?? false;
  const user = shapedUser(name, type === 'root' ? 2 : platform ? 3 : interactive ? 1 : machine ? 4 : 0, type);
  if (immutable !== undefined) user.uid = immutable;
  if (fields.arn) user.uid_alt = fields.arn;
  if (account) user.account = { uid: account };
  return {
    key: immutable ?? derived.slice('urn:nhi:'.length),
    urn: derived,
    immutable: immutable !== undefined,
    kind, type, account, name,
    arn: fields.arn, issuer: fields.issuer, session: fields.session, workload: fields.workload,
    platform, interactive, machine, user,
  };
}

function assumedRole(identity: Json, account: string, evidence: Evidence): Principal | null {
  const context = object(identity['sessionContext']);
  const issuer = object(context?.['sessionIssuer']);
  const principalId = text(identity['principalId'], 512) ?? '';
  const colon = principalId.indexOf(':');
  const immutable = immutableId(issuer?.['principalId']) ?? immutableId(colon < 0 ? principalId : principalId.slice(0, colon));
  const arn = text(identity['arn'], 2048);
  const issuerArn = text(issuer?.['arn'], 2048);
  const parsed = arn ? stsRole(arn) : undefined;
  const durable = issuerArn?.includes(':role/') ? issuerArn : arn?.includes(':role/') ? arn : undefined;
  const name = durable ? lastSegment(durable) : parsed?.role ?? nameOf(issuer) ?? nameOf(identity) ?? immutable;
  if (!name) return null;
  const owner = accountOf(durable) ?? accountId(issuer?.['accountId']) ?? parsed?.account ?? account;
  const session = colon >= 0 ? text(principalId.slice(colon + 1), 256) : parsed?.session;
  const found = roleFacts(name, durable, session, identity, context, evidence);
  return build({ type: 'role', account: owner, name, arn: durable, issuer: durable, session, ...found }, immutable);
}

/** Kind and class of a role's session. A name proves something only where the path, which IAM protects, is unknown. */
function roleFacts(name: string, arn: string | undefined, session: string | undefined, identity: Json, context: Json | undefined, evidence: Evidence) {
  if (arn ? arn.includes(':role/aws-service-role/') : name.startsWith('AWSServiceRoleFor')) {
    return { kind: 'platform' as const, platform: true };
  }
  // The path is IAM's own, the name anybody's: without the path it is a person's word, and the role is judged all the same.
  if (arn?.includes(':role/aws-reserved/sso.amazonaws.com/')) return { kind: 'human' as const, interactive: true };
  if (name.startsWith('AWSReservedSSO_')) {
    const reserved = arn === undefined || arn.includes(':role/aws-reserved/');
    return { kind: reserved ? 'human' as const : 'unknown' as const, interactive: true };
  }
  // Whoever takes a role with MFA is a person; the role is still nobody's own.
  if (evidence.person) return { kind: 'unknown' as const, interactive: true };
  const scope = text(object(identity['inScopeOf'])?.['credentialsIssuedTo'], 512);
  const instance = session !== undefined && (INSTANCE.test(session) || context?.['ec2RoleDelivery'] !== undefined) ? session : undefined;
  if (scope ?? instance) return { kind: 'workload' as const, machine: true, workload: scope ?? instance };
  const provider = text(object(context?.['webIdFederationData'])?.['federatedProvider'], 512);
  if (provider) return federatedFacts(provider, '');
  // A session named like a mail address is how many sign-in portals bring people in: no proof of a machine.
  if (session?.includes('@')) return { kind: 'unknown' as const };
  return { kind: 'service_account' as const, machine: true };
}

function federatedFacts(provider: string, subject: string): { kind: Kind; machine: boolean } {
  const host = providerHost(provider);
  if (PIPELINES.test(host)) return { kind: 'cicd', machine: true };
  if (subject.startsWith('system:serviceaccount:') || host.startsWith('oidc.eks.')) return { kind: 'workload', machine: true };
  // Any other provider may sign in people as well as programs.
  return { kind: 'unknown', machine: false };
}

function user(identity: Json, account: string, evidence: Evidence): Principal | null {
  const arn = text(identity['arn'], 2048);
  const immutable = immutableId(identity['principalId']);
  const durable = arn?.includes(':user/') ? arn : undefined;
  const name = durable ? lastSegment(durable) : nameOf(identity) ?? immutable;
  if (!name) return foreign(identity, account, evidence);
  const kind = evidence.person ? 'human' : 'unknown';
  return build({ type: 'user', account: accountOf(durable) ?? account, name, arn: durable, kind, interactive: evidence.person }, immutable);
}

/** A federated session belongs to the user or root that asked for it. */
function federated(identity: Json, account: string, evidence: Evidence): Principal | null {
  const issuer = object(object(identity['sessionContext'])?.['sessionIssuer']);
  const issuerArn = text(issuer?.['arn'], 2048);
  const principalId = text(identity['principalId'], 512) ?? '';
  const session = text(principalId.slice(principalId.indexOf(':') + 1), 256);
  const owner = issuerArn?.endsWith(':root') ? person('root', 'root', issuer ?? {}, accountOf(issuerArn) ?? account)
    : issuer && (issuerArn ?? issuer['principalId'] ?? issuer['userName']) ? user(issuer, accountId(issuer['accountId']) ?? account, evidence) : null;
  if (owner) return { ...owner, session, issuer: owner.arn };
  const name = session ?? lastSegment(text(identity['arn'], 2048) ?? '');
  const kind = evidence.person ? 'human' : 'unknown';
  return name ? build({ type: 'federated_user', account, name, kind, session, interactive: evidence.person }) : null;
}

function person(type: string, name: string | undefined, identity: Json, account: string): Principal | null {
  return name ? build({ type, account, name, arn: text(identity['arn'], 2048), kind: 'human', interactive: true }) : null;
}

function service(identity: Json, account: string): Principal | null {
  const name = text(identity['invokedBy'], 256);
  return name ? build({ type: 'service', account, name, kind: 'platform', platform: true }) : null;
}

/** A caller of another account, of whom at most the id is told; and anonymous callers, who belong to nobody's account. */
function foreign(identity: Json, account: string, evidence: Evidence): Principal | null {
  const principalId = text(identity['principalId'], 512) ?? '';
  const colon = principalId.indexOf(':');
  const immutable = immutableId(colon < 0 ? principalId : principalId.slice(0, colon));
  const session = colon < 0 ? undefined : text(principalId.slice(colon + 1), 256);
  if (immutable) {
    const type = immutable.startsWith('AROA') ? 'role' : 'user';
    const kind = evidence.person && type === 'user' ? 'human' : 'unknown';
    return build({ type, account, name: immutable, kind, session, interactive: evidence.person }, immutable);
  }
  if (nameOf(identity)) return other('Unknown', identity, account, evidence);
  if (account === '' || identity['type'] !== 'AWSAccount') return null;
  const anonymous = /^anonymous/i.test(account);
  return build({ type: 'account', account: anonymous ? evidence.recipient : account, name: anonymous ? 'anonymous' : account, kind: 'unknown' });
}

function webIdentity(identity: Json, account: string): Principal | null {
  const principalId = text(identity['principalId'], 1024) ?? '';
  const provider = providerHost(text(identity['identityProvider'], 512) ?? principalId.slice(0, Math.max(0, principalId.indexOf(':'))));
  const subject = nameOf(identity) ?? principalId;
  if (!subject) return null;
  const lasting = lastingSubject(provider, subject);
  const session = lasting === subject ? undefined : text(subject, 256);
  return build({ type: 'web_identity', account, name: provider ? provider + '/' + lasting : lasting, session, ...federatedFacts(provider, subject) });
}

function other(type: string, identity: Json, account: string, evidence: Evidence): Principal | null {
  const immutable = immutableId(identity['principalId']);
  const name = nameOf(identity) ?? immutable ?? text(identity['principalId'], 512) ?? (lastSegment(text(identity['arn'], 2048) ?? '') || undefined);
  if (!name) return null;
  const word = type.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase().replace(/[^a-z0-9_]/g, '_');
  return build({ type: word, account, name, kind: evidence.person ? 'human' : 'unknown', interactive: evidence.person }, immutable);
}

function immutableId(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= 128 && IMMUTABLE.test(value) ? value : undefined;
}

function nameOf(identity: Json | undefined): string | undefined {
  const name = text(identity?.['userName'], 1024);
  return name === HIDDEN ? undefined : name;
}

/** Account, role and session of `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`. */
function stsRole(arn: string): { account: string; role: string; session: string | undefined } | undefined {
  const at = arn.indexOf(':assumed-role/');
  if (at < 0) return undefined;
  const start = at + ':assumed-role/'.length;
  const slash = arn.indexOf('/', start);
  const role = slash < 0 ? arn.slice(start) : arn.slice(start, slash);
  if (!role) return undefined;
  return { account: arn.slice(arn.lastIndexOf(':', at - 1) + 1, at), role, session: slash < 0 ? undefined : text(arn.slice(slash + 1), 256) };
}

/** Account of an IAM ARN, `arn:aws:iam::ACCOUNT:…`. */
function accountOf(arn: string | undefined): string | undefined {
  if (!arn) return undefined;
  const at = arn.indexOf('::');
  const end = at < 0 ? -1 : arn.indexOf(':', at + 2);
  return end > at + 2 ? arn.slice(at + 2, end) : undefined;
}

/** `arn:aws:iam::…:oidc-provider/HOST/PATH` and `HOST/PATH` alike give `HOST/PATH`. */
function providerHost(provider: string): string {
  const at = provider.indexOf(':oidc-provider/');
  return at < 0 ? provider : provider.slice(at + ':oidc-provider/'.length);
}

function lastSegment(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf(':')) + 1);
}

/** The credential that was used, by its id. */
export function credentialOf(identity: Json, principal: Principal | null, issued: number): NhiEvent['credential'] {
  const key = text(identity['accessKeyId'], 128);
  if (key) {
    const session = key.startsWith('ASIA') || (!key.startsWith('AKIA') && Number.isFinite(issued));
    return session
      ? { uid: key, type: 'session_key', issued_time: Number.isFinite(issued) ? issued : undefined }
      : { uid: key, type: 'access_key', issued_time: undefined };
  }
  const bearer = text(identity['credentialId'], 256);
  if (bearer) return { uid: bearer, type: 'oauth_token', issued_time: undefined };
  return principal?.type === 'web_identity' || principal?.type === 'saml_user' ? { uid: undefined, type: 'federated', issued_time: undefined } : undefined;
}
