import type { Kind } from '@remit/contract';
import { urn } from '../../lib/urn.ts';
import { id, object, text, type Json, type Parameters } from './fields.ts';

/** Who acted, as the record proves it. */
export interface Principal {
  /** The client id, profile id or address, scoped by `gws:`. */
  key: string;
  urn: string;
  immutable: boolean;
  kind: Kind;
  /** `oauth_app`, `service_account`, `api_client`, `user`, `system`. */
  type: string;
  name: string;
  uid: string | undefined;
  alias: string | undefined;
  flag: 'interactive' | 'machine' | 'platform_owned' | undefined;
  /** Key of the person whose data the app used. */
  behalf: string | undefined;
  /** What tells the app's grants apart: one a person. */
  grant: string | undefined;
  /** Id of the application that somebody else worked with. */
  through: string | undefined;
}

const GOOGLE = 'gserviceaccount.com';
const LONGEST = 320;

/**
 * The durable principal: the OAuth client of a token event, the application that says it acted by itself, else the actor. The person
 * whose data an app used is never the machine; nor is the app the person used to touch a file. Null when the record names nobody.
 */
export function principalOf(record: Json, customer: string, application: string, parameters: Parameters, byPerson: boolean): Principal | null {
  const actor = object(record['actor']) ?? {};
  const person = actorOf(actor, customer, byPerson);
  if (person?.type === 'system') return person;
  const client = parameters.text('client_id', LONGEST) ?? text(object(actor['applicationInfo'])?.['oauthClientId'], LONGEST);
  const named = parameters.text('app_name', 256) ?? text(object(actor['applicationInfo'])?.['applicationName'], 256);
  if (application === 'token' ? client ?? named : client) {
    return app(customer, client, named ?? client!, { flag: 'machine', person });
  }
  const originating = originatingOf(application, parameters);
  if (originating === undefined) return person;
  if (actor['callerType'] === 'APPLICATION') return app(customer, originating, originating, { flag: 'machine', person });
  // Google's own interface has such an id too, and everybody's: it tells what the person used.
  return person && { ...person, through: originating };
}

/** The application a file was touched through: its project number. */
function originatingOf(application: string, parameters: Parameters): string | undefined {
  const id = application === 'drive' ? parameters.text('originating_app_id', LONGEST) : undefined;
  return id === '0' ? undefined : id;
}

function app(customer: string, client: string | undefined, name: string, facts: { flag: Principal['flag']; person: Principal | null }): Principal {
  const derived = urn('gws', customer, 'oauth_app', client ?? name);
  const person = facts.person?.type === 'user' ? facts.person : null;
  return {
    key: client === undefined ? keyOf(derived) : 'gws:' + customer + ':oauth_app@' + client, urn: derived, immutable: client !== undefined, kind: 'oauth_app', type: 'oauth_app', name,
    uid: client, alias: name === client ? undefined : name, flag: facts.flag, behalf: person?.key,
    grant: client === undefined || !person ? undefined : client + '/' + (person.uid ?? person.name), through: undefined,
  };
}

function actorOf(actor: Json, customer: string, byPerson: boolean): Principal | null {
  const email = text(actor['email'], LONGEST)?.toLowerCase();
  const profile = profileOf(actor['profileId']);
  const caller = actor['callerType'];
  const key = text(actor['key'], LONGEST);
  if (key === 'SYSTEM' && (caller === 'KEY' || email === undefined)) {
    return { ...base(urn('gws', customer, 'system', key)), kind: 'platform', type: 'system', name: 'SYSTEM', uid: undefined, flag: 'platform_owned' };
  }
  if (email?.endsWith(GOOGLE)) return serviceAccount(email, profile);
  if (email === undefined && key !== undefined) {
    // Who joins a meeting from outside without signing in is nobody.
    if (key === 'HANGOUTS_EXTERNAL_OR_ANONYMOUS') return null;
    return { ...base(urn('gws', customer, 'api_client', key)), kind: 'service_account', type: 'api_client', name: key, uid: key, flag: 'machine' };
  }
  const name = email ?? profile;
  if (name === undefined) return null;
  const derived = urn('gws', customer, 'user', name);
  const person = caller === undefined || caller === null || caller === 'USER';
  return {
    ...base(derived), ...(profile === undefined ? {} : { key: 'gws:' + customer + ':user@' + profile, immutable: true }), kind: person ? 'human' : 'unknown', type: 'user', name, uid: profile,
    alias: email, flag: person && byPerson ? 'interactive' : undefined,
  };
}

/** A Google service account, named as other logs of Google name it: the project is in the address. */
function serviceAccount(email: string, uid: string | undefined): Principal {
  const host = email.slice(email.indexOf('@') + 1);
  const project = host.endsWith('.iam.' + GOOGLE) ? host.slice(0, -('.iam.' + GOOGLE).length) : '';
  return { ...base(urn('gcp', project, 'service_account', email)), key: email, kind: 'service_account', type: 'service_account', name: email, uid, flag: 'machine' };
}

function base(derived: string): Pick<Principal, 'key' | 'urn' | 'immutable' | 'alias' | 'behalf' | 'grant' | 'through'> {
  return { key: keyOf(derived), urn: derived, immutable: false, alias: undefined, behalf: undefined, grant: undefined, through: undefined };
}

/** `105250506097979753968` is the anonymous user, who is nobody. */
function profileOf(value: unknown): string | undefined {
  const profile = id(value);
  return profile === '105250506097979753968' || profile === '0' ? undefined : profile;
}

function keyOf(derived: string): string {
  return derived.slice('urn:nhi:'.length);
}
