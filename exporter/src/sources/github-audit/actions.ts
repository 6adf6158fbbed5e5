import type { Category, CredentialType } from '@remit/contract';
import { EXACT, MONITORING } from './action-table.ts';
import { text, type Json } from './fields.ts';

/** What an action does, from its name and `operation_type` alone. */
export interface Action {
  name: string;
  /** The name; of a request to the API with method and route: `api.request:GET:/repos/{owner}/{repo}/pulls`. */
  operation: string;
  /** What comes before the first dot: `repo` of `repo.create_actions_secret`. */
  group: string;
  category: Category;
  /** OCSF class: 3002 for sign-ins, else 6003. */
  classUid: number;
  /** OCSF activity: 1 create (of a sign-in: log on), 2 read, 3 update, 4 delete, 99 other. */
  activity: number;
  readOnly: boolean;
  /** A change of what is watched. */
  monitoring: boolean;
  /** Names a secret kept by GitHub, in `key`. */
  secret: boolean;
  /** What sort of credential it makes or ends; undefined for neither. */
  credential: { type: CredentialType; ends: boolean } | undefined;
  /** GitHub's own account of a run: done by the workflow, whoever set it off. */
  run: boolean;
  /** What `integration` and OAuth fields name is the object of the action, not who did it. */
  aboutApps: boolean;
  failed: boolean;
  denied: boolean;
}

const LONGEST = 128;
const MOST = 4096;
const known = new Map<string, Action>();

/** Looks an action up. What the table does not know goes by patterns, then by `operation_type`, then by its verb. */
export function actionOf(name: string, operation: unknown): Action {
  const type = text(operation, 32)?.toLowerCase() ?? '';
  const key = name + ' ' + type;
  const found = known.get(key);
  if (found) return found;
  const action = classify(name.toLowerCase(), type);
  if (known.size >= MOST) known.clear();
  known.set(key, action);
  return action;
}

/** The action's name, or undefined when it is none of GitHub's: words joined by dots and underscores. */
export function nameOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= LONGEST && NAME.test(value) ? value : undefined;
}

const NAME = /^[A-Za-z][\w-]*(?:\.[\w-]+)*$/;

function classify(name: string, type: string): Action {
  const dot = name.indexOf('.');
  const group = dot < 0 ? '' : name.slice(0, dot);
  const verb = name.slice(name.lastIndexOf('.') + 1);
  const secret = SECRET.test(verb);
  const category = EXACT.get(name) ?? byPattern(name, verb) ?? BY_TYPE.get(type) ?? byVerb(verb);
  const signIn = category === 'authn';
  return {
    name, operation: name, group, category, secret,
    classUid: signIn ? 3002 : 6003,
    activity: signIn ? 1 : activityOf(type, verb, category),
    readOnly: category === 'read' || category === 'list',
    monitoring: MONITORING.has(name) || (SCANNING.test(name) && WEAKENS.test(verb)),
    credential: credentialOf(group, verb, category),
    run: RUNS.has(name),
    aboutApps: ABOUT_APPS.test(name),
    failed: /failed|failure|rejected/.test(verb),
    denied: verb === 'rejected_ref_update',
  };
}

const SECRET = /^(?:create|update|remove|delete)_[a-z_]*secret$/;
const MAKES_KEY = /^(?:create|update|generate|regenerate|reset|rotate)_?(?:[a-z_]*_)?(?:secret|client_secret|private_key|token)$/;
const ENDS_KEY = /^(?:remove|delete|revoke)_?(?:[a-z_]*_)?(?:secret|client_secret|private_key|tokens?|all_tokens)$/;
const SCANNING = /secret_scanning|push_protection|dependabot_alerts|code_scanning|codeql|code_quality|advanced_security|vulnerability_alert|audit_log|dependency_graph/;
const WEAKENS = /disable|destroy|delete|dismiss|bypass|_off$/;
const RUNS = new Set(['workflows.created_workflow_run', 'workflows.completed_workflow_run', 'workflows.prepared_workflow_job']);
const ABOUT_APPS = /^(?:integration|oauth|hook|marketplace|personal_access_token|org_credential_authorization)|integration_|oauth_app/;

function byPattern(name: string, verb: string): Category | undefined {
  if (MAKES_KEY.test(verb)) return 'credential_create';
  if (ENDS_KEY.test(verb) || /(?:^|_)(?:deleted|removed|revoked)$/.test(verb)) return 'delete';
  if (/(?:^|_)(?:export|download)(?:ed)?(?:_|$)/.test(verb)) return 'export';
  if (/(?:en|dis)abled?(?:_|$)|_requirement$|_polic(?:y|ies)|_settings?$/.test(verb)) return 'admin';
  if (/(?:^|_)(?:grant|granted|add_member|add_admin|add_collaborator|assign|assigned|access_allowed|permissions?_(?:added|updated?))$/.test(verb)) return 'authz_grant';
  if (/^protected_branch\.|^repository_ruleset\.|^ip_allow_list|^business\.|^enterprise\.|^saml|^environment\..*protection/.test(name)) return 'admin';
  return undefined;
}

const BY_TYPE = new Map<string, Category>([
  ['create', 'write'], ['modify', 'write'], ['restore', 'write'], ['remove', 'delete'], ['access', 'read'], ['authentication', 'authn'], ['transfer', 'share'],
]);

function byVerb(verb: string): Category {
  if (/^(?:destroy|remove|delete|revoke|deauthorize|purge)/.test(verb)) return 'delete';
  if (/^(?:read|view|get|access|search|fetch)/.test(verb)) return 'read';
  return /^list/.test(verb) ? 'list' : 'write';
}

const CREATE = 1;
const UPDATE = 3;
const DELETE = 4;
const ACTIVITIES = new Map([['create', CREATE], ['access', 2], ['modify', UPDATE], ['restore', UPDATE], ['remove', DELETE]]);

function activityOf(type: string, verb: string, category: Category): number {
  const told = ACTIVITIES.get(type);
  if (told !== undefined) return told;
  if (category === 'read' || category === 'list') return 2;
  if (category === 'delete' || /^(?:destroy|remove|delete|revoke)/.test(verb)) return DELETE;
  return /^(?:create|add|invite|register|generate)|_created?$/.test(verb) ? CREATE : UPDATE;
}

/** By what the action is about. Secrets kept by GitHub are targets, known by name; they have no id that a later use shows. */
function credentialOf(group: string, verb: string, category: Category): Action['credential'] {
  const type = SORTS.get(group);
  if (type === undefined) return undefined;
  const key = /secret|key|token/.test(verb) || group !== 'integration';
  if (category === 'credential_create' && key) return { type, ends: false };
  return ENDS.test(verb) && key ? { type, ends: true } : undefined;
}

const SORTS = new Map<string, CredentialType>([
  ['public_key', 'access_key'], ['deploy_key', 'access_key'], ['personal_access_token', 'pat'], ['oauth_access', 'oauth_token'],
  ['oauth_authorization', 'oauth_token'], ['integration_installation', 'app_token'], ['integration', 'client_secret'],
  ['oauth_application', 'client_secret'], ['org_credential_authorization', 'pat'],
]);
const ENDS = /^(?:destroy|delete|remove_|revoke|deauthorize|suspend|expire|access_revoked|unverify)/;

/** What the record itself decides beyond the action's name. */
export function refined(action: Action, record: Json): Category {
  const visibility = text(record['visibility'], 32)?.toLowerCase();
  if (visibility === 'public' && PUBLISHES.has(action.name)) return 'share';
  // Where the new visibility is missing, it may be public.
  if (action.category === 'share' && visibility !== undefined && visibility !== 'public' && VISIBILITY.has(action.name)) return 'admin';
  if (action.name === 'workflows.prepared_workflow_job' && Array.isArray(record['secrets_passed']) && record['secrets_passed'].length > 0) return 'credential_use';
  return action.category;
}

const VISIBILITY = new Set(['repo.access', 'project.access', 'repo.change_visibility', 'packages.package_visibility_changed', 'gist.visibility_change']);
const PUBLISHES = new Set([...VISIBILITY, 'repo.create', 'gist.create', 'repo.update', 'repo.visibility_change', 'project.create']);
