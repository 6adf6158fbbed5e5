import type { Category, NhiEvent } from '@remit/contract';
import type { Action } from './actions.ts';
import { id, text, type Json } from './fields.ts';
import type { Place } from './principal.ts';

type Resource = NonNullable<NhiEvent['resources']>[number];
const LONGEST = 256;
const MOST = 16;

/**
 * What was touched, the target first: a secret, else a repository, else a team, else the organisation; then the secrets handed to a job
 * and, where a right was given, the account that got it (type `grantee`).
 */
export function resourcesOf(record: Json, action: Action, place: Place, category: Category): Resource[] | undefined {
  const found: Resource[] = [];
  const secret = action.secret ? secretOf(record, place) : undefined;
  if (secret !== undefined) found.push({ uid: secret, name: secret.slice(secret.lastIndexOf('/') + 1), type: 'secret', namespace: place.repo ?? place.realm });
  const repo = repositoryOf(place);
  if (repo) found.push(repo);
  const team = text(record['team'], LONGEST);
  if (team !== undefined && found.length === 0) found.push({ uid: 'github:team/' + team, name: team, type: 'team' });
  if (found.length === 0 && place.realm !== '') found.push({ uid: 'github:org/' + place.realm, name: place.realm, type: 'organization' });
  if (category === 'credential_use') addPassed(record, place, found);
  const user = text(record['user'], LONGEST);
  if (category === 'authz_grant' && user !== undefined) found.push({ uid: 'github:user/' + user, name: user, type: 'grantee' });
  return found.length > 0 ? found.slice(0, MOST) : undefined;
}

/** The name of a secret kept by GitHub: `github:secret/acme/shop/production/DB_PASSWORD`, by organisation, repository, environment. */
export function secretOf(record: Json, place: Place): string | undefined {
  const name = text(record['key'], LONGEST) ?? text(record['secret_name'], LONGEST) ?? text(record['name'], LONGEST);
  return name === undefined ? undefined : path(place, text(record['environment_name'] ?? record['environment'], LONGEST), name);
}

function path(place: Place, environment: string | undefined, name: string): string {
  return ['github:secret', place.repo ?? place.realm, environment, name].filter((part) => part !== undefined && part !== '').join('/');
}

function repositoryOf({ repo, repoId, realm }: Place): Resource | undefined {
  const name = repo ?? repoId;
  if (name === undefined) return undefined;
  return { uid: 'github:repo/' + name, name, type: 'repository', ...(realm === '' ? {} : { namespace: realm }) };
}

function addPassed(record: Json, place: Place, found: Resource[]): void {
  const passed: unknown = record['secrets_passed'];
  if (!Array.isArray(passed)) return;
  for (const item of passed.slice(0, MOST)) {
    const name = text(item, LONGEST) ?? id(item);
    if (name !== undefined) found.push({ uid: path(place, undefined, name), name, type: 'secret' });
  }
}
