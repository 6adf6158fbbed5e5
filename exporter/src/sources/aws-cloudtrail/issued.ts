import type { NhiEvent } from '@remit/contract';
import { urn } from '../../lib/urn.ts';
import { object, text, type Json } from './fields.ts';
import type { Principal } from './principal.ts';

const ISSUES = /^(?:assumerole|assumeroot|getsessiontoken|getfederationtoken|createaccesskey)/i;
const ROLE = /^AROA[A-Z0-9]{4,124}(?=:)/;
const SESSION = /^arn:[a-z-]+:sts::(\d{1,12}):assumed-role\/([^/]+)/;
const ROLE_ARN = /^arn:[a-z-]+:iam::(\d{1,12}):role\/(?:.*\/)?([^/]+)$/;
const ACCOUNT = /(?:^|:)(\d{12})(?:$|:)/;

/** The key that a call handed out, and to whom: only its id, never the secret beside it. */
export function issuedBy(operation: string, record: Json, caller: Principal | null): NhiEvent['issued'] {
  if (!ISSUES.test(operation)) return undefined;
  const response = object(record['responseElements']);
  if (!response) return undefined;
  const made = object(response['accessKey']);
  const session = object(response['credentials']);
  const uid = text((made ?? session)?.['accessKeyId'], 128);
  if (!uid) return undefined;
  const issued: NonNullable<NhiEvent['issued']> = { uid, type: made ? 'access_key' : 'session_key' };
  if (made) setUser(issued, text(made['userName'], 256), caller);
  else setHolder(issued, response, record, caller);
  return issued;
}

type Issued = NonNullable<NhiEvent['issued']>;

/** An access key belongs to the user it names, the caller itself where it names nobody else. */
function setUser(issued: Issued, name: string | undefined, caller: Principal | null): void {
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

function setCaller(issued: Issued, caller: Principal): void {
  issued.principal_key = caller.key;
  issued.name_key = caller.urn;
}
