import type { CredentialType } from '@remit/contract';

const LASTING: ReadonlySet<CredentialType> = new Set([
  'access_key', 'sa_key', 'pat', 'app_token', 'client_secret', 'certificate', 'ssh_key', 'signing_certificate', 'password', 'service_password',
]);

/** Whether a credential lives until somebody ends it. Sessions and tokens that expire by themselves need no rotation. */
export function lasting(type: CredentialType): boolean { return LASTING.has(type); }
