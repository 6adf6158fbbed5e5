import { list, object, text, type Json } from './fields.ts';

/** Somebody outside the account whom a request lets in; account `*` is everyone. */
export interface Grantee { uid: string; account: string }

const MOST = 16;
const LONGEST_POLICY = 131_072;
const ACCOUNT = /^\d{12}$/;
const IN_ARN = /^arn:[a-z-]+:(?:iam|sts)::(\d{12}):/;
const POLICIES = [
  'bucketPolicy', 'policy', 'policyDocument', 'assumeRolePolicyDocument', 'resourcePolicy', 'policyText', 'repositoryPolicyText', 'attributeValue',
] as const;
const EVERYONE = /\/groups\/global\/(?:AllUsers|AuthenticatedUsers)$/;

/** The foreign accounts, or everyone, that a sharing or granting request names, each once, at most 16. */
export function granteesOf(request: Json, own: string): Grantee[] {
  const found = new Map<string, Grantee>();
  const add = (value: unknown): void => {
    const id = text(value, 512);
    if (!id || found.size === MOST) return;
    const account = accountIn(id);
    if (account && account !== own) found.set(id, { uid: account === '*' ? '*' : id, account });
  };
  for (const name of POLICIES) fromPolicy(request[name], add);
  fromPolicy(object(request['attributes'])?.['Policy'], add);
  add(request['principal']);
  add(request['granteePrincipal']);
  fromPermissions(object(request['createVolumePermission'])?.['add'], add);
  fromPermissions(object(request['launchPermission'])?.['add'], add);
  fromLists(request, add);
  fromAcl(request, add);
  return [...found.values()];
}

type Add = (value: unknown) => void;

/** An account id, an IAM or STS ARN of an account, or a word for everyone. */
function accountIn(id: string): string | undefined {
  if (id === '*' || id === 'all' || id === 'All') return '*';
  return ACCOUNT.test(id) ? id : IN_ARN.exec(id)?.[1];
}

/** Principals that an allowing statement of a resource or trust policy names; conditions are not weighed. */
function fromPolicy(value: unknown, add: Add): void {
  const policy = object(value) ?? parsed(value);
  const statements = policy?.['Statement'];
  for (const item of Array.isArray(statements) ? statements : [statements]) {
    const statement = object(item);
    if (!statement || statement['Effect'] !== 'Allow') continue;
    const principal = statement['Principal'];
    const names = object(principal)?.['AWS'] ?? principal;
    for (const name of Array.isArray(names) ? names : [names]) add(name);
  }
}

function parsed(value: unknown): Json | undefined {
  if (typeof value !== 'string' || value.length > LONGEST_POLICY || !value.trimStart().startsWith('{')) return undefined;
  try {
    return object(JSON.parse(value));
  } catch {
    return undefined;
  }
}

function fromPermissions(added: unknown, add: Add): void {
  for (const item of list(object(added)?.['items'])) {
    const permission = object(item);
    add(permission?.['userId']);
    add(permission?.['group']);
    add(permission?.['organizationArn']);
  }
}

function fromLists(request: Json, add: Add): void {
  for (const name of ['valuesToAdd', 'principals', 'accountIdsToAdd', 'aWSAccountIds', 'accountIds'] as const) {
    for (const value of list(request[name])) add(value);
  }
  add(request['accountWithRestoreAccess']);
}

function fromAcl(request: Json, add: Add): void {
  const canned = request['x-amz-acl'];
  const names = Array.isArray(canned) ? canned : [canned];
  if (names.some((name) => typeof name === 'string' && (name.startsWith('public-') || name === 'authenticated-read'))) add('*');
  const grants = object(object(request['AccessControlPolicy'])?.['AccessControlList'])?.['Grant'];
  for (const item of Array.isArray(grants) ? grants : [grants]) {
    const uri = object(object(item)?.['Grantee'])?.['URI'];
    if (typeof uri === 'string' && EVERYONE.test(uri)) add('*');
  }
}
