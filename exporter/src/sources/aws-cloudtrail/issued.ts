import type { NhiEvent } from '@remit/contract';
import { urn } from '../../lib/urn.ts';
import { object, text, type Json } from './fields.ts';
import type { Principal } from './principal.ts';

type Held = { part: string; field: string; type: Issued['type'] };
const ISSUES = /^(?:assumerole|assumeroot|getsessiontoken|getfederationtoken|createaccesskey)/i;
/** What an IAM user holds beside access keys: where the answer shows the id, and what a request that ends it calls it. */
const HELD: ReadonlyMap<string, Held> = new Map<string, Held>([
  ['createservicespecificcredential', { part: 'serviceSpecificCredential', field: 'serviceSpecificCredentialId', type: 'service_password' }],
  ['resetservicespecificcredential', { part: 'serviceSpecificCredential', field: 'serviceSpecificCredentialId', type: 'service_password' }],
  ['uploadsshpublickey', { part: 'sSHPublicKey', field: 'sSHPublicKeyId', type: 'ssh_key' }],
  ['uploadsigningcertificate', { part: 'certificate', field: 'certificateId', type: 'signing_certificate' }],
  ['createloginprofile', { part: 'loginProfile', field: 'userName', type: 'password' }],
]);
/** Renewals that answer nothing: a new password, and an ended credential that is made good again. What the request calls it. */
const RENEWED: ReadonlyMap<string, { field: string; type: Issued['type'] }> = new Map<string, { field: string; type: Issued['type'] }>([
  ['updateloginprofile', { field: 'userName', type: 'password' }], ['changepassword', { field: 'userName', type: 'password' }],
  ['updateaccesskey', { field: 'accessKeyId', type: 'access_key' }],
  ['updateservicespecificcredential', { field: 'serviceSpecificCredentialId', type: 'service_password' }],
  ['updatesshpublickey', { field: 'sSHPublicKeyId', type: 'ssh_key' }], ['updatesigningcertificate', { field: 'certificateId', type: 'signing_certificate' }],
]);
const ENDS: ReadonlyMap<string, string> = new Map([
  ['deleteaccesskey', 'accessKeyId'], ['updateaccesskey', 'accessKeyId'], ['deleteservicespecificcredential', 'serviceSpecificCredentialId'],
  ['updateservicespecificcredential', 'serviceSpecificCredentialId'], ['deletesshpublickey', 'sSHPublicKeyId'], ['updatesshpublickey', 'sSHPublicKeyId'],
  ['deletesigningcertificate', 'certificateId'], ['updatesigningcertificate', 'certificateId'], ['deleteloginprofile', 'userName'],
]);
const ENDING = /^(?:delete|update|revoke)/i;
/** Stored secrets and other keys, known by the resource that was deleted. */
const STORED = new Set(['deletesecret', 'deletekeypair', 'deleteapikey', 'deleteuserpoolclient', 'revokecertificate']);
const ROLE = /^AROA[A-Z0-9]{4,124}(?=:)/;
const SESSION = /^arn:[a-z-]+:sts::(\d{1,12}):assumed-role\/([^/]+)/;
const ROLE_ARN = /^arn:[a-z-]+:iam::(\d{1,12}):role\/(?:.*\/)?([^/]+)$/;
const ACCOUNT = /(?:^|:)(\d{12})(?:$|:)/;

/** The key that a call handed out, and to whom: only its id, never the secret beside it. */
export function issuedBy(operation: string, record: Json, caller: Principal | null): NhiEvent['issued'] {
  const renewed = RENEWED.get(operation.toLowerCase());
  if (renewed) return renewedBy(renewed, object(record['requestParameters']), caller);
  const held = ISSUES.test(operation) ? undefined : HELD.get(operation.toLowerCase());
  if (!held && !ISSUES.test(operation)) return undefined;
  const response = object(record['responseElements']);
  if (!response) return undefined;
  if (held) return userHeld(held, object(response[held.part]), caller);
  const made = object(response['accessKey']);
  const session = object(response['credentials']);
  const uid = text((made ?? session)?.['accessKeyId'], 128);
  if (!uid) return undefined;
  const issued: NonNullable<NhiEvent['issued']> = { uid, type: made ? 'access_key' : 'session_key' };
  if (made) setUser(issued, text(made['userName'], 256), caller);
  else setHolder(issued, response, record, caller);
  return issued;
}

/**
 * The credential that a call ended, by the id it was issued under, and the user who held it; of a stored secret the resource. An update ends
 * one only by making it inactive.
 */
export function retiredBy(operation: string, record: Json, caller: Principal | null, target: string | undefined): NhiEvent['retired'] {
  if (!ENDING.test(operation)) return undefined;
  const name = operation.toLowerCase();
  if (STORED.has(name)) return target === undefined ? undefined : { uid: target };
  const field = ENDS.get(name);
  const request = field === undefined ? undefined : object(record['requestParameters']);
  if (!request || (name.startsWith('update') && request['status'] !== 'Inactive')) return undefined;
  const user = text(request['userName'], 256);
  // Nobody but the root user has a profile without a name, and that one cannot be deleted.
  const uid = field === 'userName' ? user && passwordOf(user) : text(request[field!], 128);
  if (!uid) return undefined;
  const retired: NonNullable<NhiEvent['retired']> = { uid };
  setUser(retired, user, caller);
  return retired;
}

/** Setting a status makes a credential good only when it is Active. */
function renewedBy({ field, type }: { field: string; type: Issued['type'] }, request: Json | undefined, caller: Principal | null): Issued | undefined {
  const user = text(request?.['userName'], 256) ?? (caller?.type === 'user' ? caller.name : undefined);
  if (field !== 'userName' && request?.['status'] !== 'Active') return undefined;
  const uid = field === 'userName' ? user && passwordOf(user) : text(request?.[field], 128);
  if (!uid) return undefined;
  const issued: Issued = { uid, type };
  setUser(issued, user, caller);
  return issued;
}

function userHeld(held: { field: string; type: Issued['type'] }, made: Json | undefined, caller: Principal | null): Issued | undefined {
  const user = text(made?.['userName'], 256);
  const uid = held.field === 'userName' ? user && passwordOf(user) : text(made?.[held.field], 128);
  if (!uid) return undefined;
  const issued: Issued = { uid, type: held.type };
  setUser(issued, user, caller);
  return issued;
}

/** A console password has no id of its own: a user has one. */
function passwordOf(user: string): string {
  return 'login-profile/' + user;
}

type Issued = NonNullable<NhiEvent['issued']>;
type Whose = Pick<Issued, 'principal_key' | 'name_key'>;

/** A key belongs to the user it names, the caller itself where it names nobody else. */
function setUser(issued: Whose, name: string | undefined, caller: Principal | null): void {
  if (!caller) return;
  if (name === undefined || (caller.type === 'user' && caller.name === name)) setCaller(issued, caller);
  else issued.name_key = urn('aws', caller.account, 'user', name);
}

/** A session's key belongs to the assumed role; of `GetSessionToken` and `GetFederationToken`, to the caller. */
function setHolder(issued: Issued, response: Json, record: Json, caller: Principal | null): void {
  const request = object(record['requestParameters']);
  const role = object(response['assumedRoleUser']);
  const id = ROLE.exec(text(role?.['assumedRoleId'], 256) ?? '')?.[0];
  if (id) issued.principal_key = id;
  // A service's call has no `assumedRoleUser`.
  const arn = SESSION.exec(text(role?.['arn'], 512) ?? '') ?? ROLE_ARN.exec(text(request?.['roleArn'], 512) ?? '');
  const root = ACCOUNT.exec(text(request?.['targetPrincipal'], 256) ?? '')?.[1];
  if (arn) issued.name_key = urn('aws', arn[1] ?? '', 'role', arn[2] ?? '');
  else if (root) issued.name_key = urn('aws', root, 'root', 'root');
  else if (caller && !id && !role && !request?.['roleArn']) setCaller(issued, caller);
}

function setCaller(issued: Whose, caller: Principal): void {
  issued.principal_key = caller.key;
  issued.name_key = caller.urn;
}
