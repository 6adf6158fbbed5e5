import type { CredentialType, Kind, NhiEvent } from '@remit/contract';
import { urn } from '../../lib/urn.ts';
import type { Action } from './actions.ts';
import { id, text, yes, type Json } from './fields.ts';

/** Who acted, as the record proves it. */
export interface Principal {
  /** `github:<realm>:…`: an id that is never reused, where there is one, else the name. */
  key: string;
  urn: string;
  immutable: boolean;
  kind: Kind;
  /** `app`, `cicd`, `ai_agent`, `token`, `deploy_key`, `user`. */
  type: string;
  name: string;
  uid: string | undefined;
  /** Another name of it that an inventory may list. */
  alias: string | undefined;
  flag: 'interactive' | 'machine' | 'platform_owned' | undefined;
  /** Keys of the people on whose behalf it acted. */
  behalf: string[];
}

/** Where a record belongs: its organisation, else its enterprise, else the owner of its repository. */
export interface Place { realm: string; repo: string | undefined; repoId: string | undefined }

const LONGEST = 256;
const PIPELINE = 'github-actions[bot]';

/** The place of a record. */
export function placeOf(record: Json): Place {
  const repo = text(record['repo'], LONGEST) ?? text(record['repository'], LONGEST);
  const owner = repo?.includes('/') ? repo.slice(0, repo.indexOf('/')) : undefined;
  const realm = text(record['org'], LONGEST) ?? text(record['business'], LONGEST) ?? owner ?? id(record['org_id']) ?? '';
  return { realm, repo, repoId: id(record['repo_id']) ?? id(record['repository_id']) };
}

/**
 * The durable principal, first match: the workflow behind a run or behind `github-actions[bot]`, an agent, a GitHub App, a bot, an
 * OAuth app, a deploy key, a user's token, the user. Null when the record names nobody.
 */
export function principalOf(record: Json, action: Action, place: Place): Principal | null {
  const actor = text(record['actor'], LONGEST);
  const access = accessOf(record) ?? (byToken(record, action) ? 'other' : undefined);
  const workflow = workflowOf(record, place);
  const bot = actor?.endsWith('[bot]') ?? false;
  if ((place.repo ?? place.repoId) !== undefined && (actor === PIPELINE || (action.run && workflow))) return pipeline(workflow, record, place, actor);
  const integration = action.aboutApps ? undefined : text(record['integration'], LONGEST);
  const agent = yes(record['actor_is_agent']);
  if (integration ?? (bot || access === 'server' ? actor : undefined)) return app(integration ?? actor!, record, place, { actor, bot, agent });
  if (agent && actor) {
    return make(place, 'ai_agent', actor, { kind: 'ai_agent', name: actor, uid: id(record['actor_id']), flag: 'machine', behalf: userBehind(record, place) });
  }
  if (yes(record['actor_is_bot']) && actor) return app(actor, record, place, { actor, bot: true, agent });
  const oauth = action.aboutApps ? undefined : oauthApp(record, place, actor, access);
  if (oauth) return oauth;
  if (access === 'deploy_key') return deployKey(record, place, actor);
  return (access === undefined ? undefined : token(record, place, actor, access)) ?? user(record, action, place, actor, access);
}

/** The credential used, by its id or its hash. */
export function credentialOf(record: Json): NhiEvent['credential'] {
  const access = accessOf(record);
  const uid = id(record['token_id']) ?? text(record['hashed_token'], LONGEST);
  if (access === undefined) return uid === undefined ? undefined : { uid, type: 'none' };
  return uid === undefined ? { type: TYPES[access] } : { uid, type: TYPES[access] };
}

type Access = 'server' | 'behalf' | 'oauth' | 'pat' | 'deploy_key' | 'ssh_key' | 'other';
const TYPES: Record<Access, CredentialType> = {
  server: 'app_token', behalf: 'oauth_token', oauth: 'oauth_token', pat: 'pat', deploy_key: 'access_key', ssh_key: 'access_key', other: 'none',
};

/** How the caller authenticated; undefined in the web interface, and for Git over an unnamed key. */
function accessOf(record: Json): Access | undefined {
  const named = text(record['programmatic_access_type'], 64);
  if (named === undefined) return undefined;
  const words = named.toLowerCase().replaceAll('_', ' ');
  if (words.includes('user-to-server')) return 'behalf';
  if (words.includes('server-to-server') || words === 'github app') return 'server';
  if (words.includes('personal access token')) return 'pat';
  if (words.includes('oauth')) return 'oauth';
  if (words.includes('deploy key')) return 'deploy_key';
  return words.includes('ssh') || words.includes('public key') ? 'ssh_key' : 'other';
}

/** Git and the API come with a token; older entries name it without saying of what sort. Elsewhere it may be the one that the action is about. */
function byToken(record: Json, action: Action): boolean {
  return (action.group === 'git' || action.name === 'api.request') && (id(record['token_id']) ?? text(record['hashed_token'], LONGEST)) !== undefined;
}

interface Workflow { id: string; uid: string | undefined; name: string }

/** The workflow of a run: its file where the record tells it, else its id, else its name. */
function workflowOf(record: Json, place: Place): Workflow | undefined {
  const uid = id(record['workflow_id']);
  const file = workflowFile(record, place.repo);
  const name = file ?? text(record['workflow'], LONGEST) ?? (uid === undefined ? undefined : text(record['name'], LONGEST));
  const best = file ?? uid ?? text(record['workflow'], LONGEST);
  return best === undefined ? undefined : { id: best, uid, name: name ?? best };
}

/** `deploy.yml` of `acme/shop/.github/workflows/deploy.yml@refs/heads/main`; a reused workflow of another repository is not the run's own. */
function workflowFile(record: Json, repo: string | undefined): string | undefined {
  const callers: unknown = record['calling_workflow_refs'];
  const refs = [record['workflow_ref'], ...(Array.isArray(callers) ? callers.slice(0, 8) as unknown[] : []), record['job_workflow_ref']];
  for (const value of refs) {
    const ref = text(value, 512);
    const found = ref === undefined ? null : WORKFLOW.exec(ref);
    if (found && (repo === undefined || found[1] === repo)) return found[2];
  }
  return undefined;
}

const WORKFLOW = /^([^/@]+\/[^/@]+)\/\.github\/workflows\/([^/@]+)(?:@|$)/;

/** `github-actions[bot]` is shared by every repository: only with the repository, and the workflow where it is told, it is somebody. */
function pipeline(workflow: Workflow | undefined, record: Json, place: Place, actor: string | undefined): Principal {
  const short = place.repo?.slice(place.repo.indexOf('/') + 1);
  const rest = workflow === undefined ? '' : '/' + workflow.id;
  const other = place.repoId === undefined ? undefined : workflow?.uid !== undefined && workflow.uid !== workflow.id ? place.repoId + '/' + workflow.uid : short && short + rest;
  const alias = other === undefined ? undefined : urn('github', place.realm, 'cicd', other);
  const person = actor !== undefined && !actor.endsWith('[bot]');
  const made = make(place, 'cicd', (place.repoId ?? short)! + rest, {
    kind: 'cicd', name: workflow?.name ?? short ?? place.repoId!, uid: workflow?.uid, alias, flag: 'machine',
    behalf: person ? [userKey(place, actor, id(record['actor_id']))] : [],
  });
  // The id of a workflow is unique, but what has only a name must come to the same identity.
  if (place.repoId === undefined || workflow?.uid === undefined) return { ...made, immutable: false, key: keyOf(made.urn) };
  return { ...made, key: 'github:' + place.realm.toLowerCase() + ':workflow@' + place.repoId + '/' + workflow.uid };
}

/** GitHub spells an app as its display name or, as a bot, by its slug: `My App` and `my-app[bot]` are one. */
function app(named: string, record: Json, place: Place, who: { actor: string | undefined; bot: boolean; agent: boolean }): Principal {
  const plain = named.endsWith('[bot]') ? named.slice(0, -'[bot]'.length) : named;
  const person = who.actor !== undefined && !who.bot && who.actor !== named;
  return make(place, 'app', appSlug(plain), {
    kind: who.agent ? 'ai_agent' : 'oauth_app', name: plain, alias: appSlug(plain) + '[bot]', flag: 'machine',
    uid: who.bot ? id(record['actor_id']) : undefined,
    behalf: person ? [userKey(place, who.actor!, id(record['actor_id']))] : who.agent ? userBehind(record, place) : [],
  });
}

/** The name of an app as its bot and its address have it. */
export function appSlug(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || name;
}

function oauthApp(record: Json, place: Place, actor: string | undefined, access: Access | undefined): Principal | undefined {
  const uid = id(record['oauth_application_id']) ?? text(record['application_client_id'], LONGEST);
  const name = text(record['oauth_application_name'], LONGEST) ?? text(record['oauth_application'], LONGEST);
  const best = uid ?? name;
  if (best === undefined || access === 'pat' || access === 'ssh_key' || access === 'deploy_key') return undefined;
  return make(place, 'oauth_app', best, {
    kind: 'oauth_app', name: name ?? best, uid, alias: name === best ? undefined : name, flag: 'machine',
    behalf: actor === undefined ? [] : [userKey(place, actor, id(record['actor_id']))],
  });
}

function deployKey(record: Json, place: Place, actor: string | undefined): Principal {
  const uid = id(record['token_id']) ?? text(record['deploy_key_fingerprint'], LONGEST) ?? text(record['hashed_token'], LONGEST);
  const repo = place.repoId ?? place.repo?.slice(place.repo.indexOf('/') + 1) ?? '';
  return make(place, 'deploy_key', uid === undefined ? repo : repo + '/' + uid, {
    kind: 'api_key', name: actor ?? 'deploy key', uid, alias: uid === text(record['hashed_token'], LONGEST) ? undefined : text(record['hashed_token'], LONGEST), flag: 'machine', behalf: [],
  });
}

/** A token of a user is an identity of its own. Only personal access tokens are made for programs; what else may be a person's `git`. */
function token(record: Json, place: Place, actor: string | undefined, access: Access): Principal | undefined {
  const hashed = text(record['hashed_token'], LONGEST);
  const uid = id(record['token_id']) ?? hashed;
  if (uid === undefined) return undefined;
  return make(place, 'token', uid, {
    kind: access === 'pat' ? 'api_key' : 'unknown', name: actor ?? uid, uid, alias: hashed === uid ? undefined : hashed,
    flag: access === 'pat' ? 'machine' : undefined,
    behalf: actor === undefined ? [] : [userKey(place, actor, id(record['actor_id']))],
  });
}

function user(record: Json, action: Action, place: Place, actor: string | undefined, access: Access | undefined): Principal | null {
  if (actor === undefined) return null;
  // A login belongs to one account of the whole service, and this one is GitHub's.
  if (actor.toLowerCase() === 'github') return make(place, 'user', actor, { kind: 'platform', name: actor, uid: undefined, flag: 'platform_owned', behalf: [] });
  const person = access === undefined && action.group !== 'git' && action.name !== 'api.request' && !action.failed;
  return make(place, 'user', actor, {
    kind: person ? 'human' : 'unknown', name: actor, uid: id(record['actor_id']), flag: person ? 'interactive' : undefined, behalf: [],
  });
}

function userBehind(record: Json, place: Place): string[] {
  const person = text(record['user'], LONGEST);
  return person === undefined || person.endsWith('[bot]') ? [] : [userKey(place, person, id(record['user_id']))];
}

/** The key of a person, as the person's own events have it. */
function userKey(place: Place, login: string, uid: string | undefined): string {
  return uid === undefined ? keyOf(urn('github', place.realm, 'user', login)) : immutableKey(place, 'user', uid);
}

function make(
  place: Place, type: string, path: string,
  facts: { kind: Kind; name: string; uid: string | undefined; alias?: string | undefined; flag: Principal['flag']; behalf: string[] },
): Principal {
  const derived = urn('github', place.realm, type, path);
  const { uid } = facts;
  return {
    key: uid === undefined ? keyOf(derived) : immutableKey(place, type, uid), urn: derived, immutable: uid !== undefined, kind: facts.kind, type,
    name: facts.name, uid, alias: facts.alias, flag: facts.flag, behalf: facts.behalf,
  };
}

function immutableKey(place: Place, type: string, uid: string): string {
  return 'github:' + place.realm.toLowerCase() + ':' + type + '@' + uid;
}

function keyOf(derived: string): string {
  return derived.slice('urn:nhi:'.length);
}
