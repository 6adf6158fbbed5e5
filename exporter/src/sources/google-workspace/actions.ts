import type { Category } from '@remit/contract';
import type { Parameters } from './fields.ts';

/** What an event of an application's log says was done. */
export interface Action {
  category: Category;
  /** OCSF class: 3002 for sign-ins, else 6003. */
  classUid: number;
  /** OCSF activity: 1 create (of a sign-in: log on), 2 read, 3 update, 4 delete, 99 other. */
  activity: number;
  monitoring: boolean;
  /** What a person alone does: signs in, answers a challenge, looks after the own account, works in Google's own pages. */
  byPerson: boolean;
  /** What Google did because of another event of the same act. */
  sideEffect: boolean;
  failed: boolean;
  denied: boolean;
}

/** What the words of a name do not tell, by application and event, in lower case. */
const TABLE: Partial<Record<Category, string>> = {
  authz_grant: `
    token: authorize
    admin: assign_role add_privilege update_role add_group_member update_group_member grant_admin_privilege grant_delegated_admin_privileges
      authorize_api_client_access add_to_trusted_oauth2_apps add_application_to_whitelist add_api_client_access trust_domain_owned_oauth2_apps
      add_trusted_domains allow_service_for_oauth2_access unblock_on_device_access add_mobile_application_to_whitelist change_allowed_two_step_verification_methods
    groups: add_user add_member change_acl_permission
    groups_enterprise: add_member add_user add_member_role create_namespace`,
  credential_create: `
    login: password_edit
    user_accounts: password_edit
    gcp: import_ssh_public_key update_ssh_public_key
    admin: change_password generate_2_step_verification_scratch_codes generate_backup_codes create_sso_profile add_sso_profile generate_certificate
      gcp_service_account_key_created create_access_key`,
  delete: `
    token: revoke`,
  write: `
    drive: untrash remove_from_folder remove_lock`,
  read: `
    token: activity
    drive: view preview source_copy expire_access_request
    gmail: view`,
  export: `
    drive: download print email_as_attachment sync_item_content
    gmail: download attachment_download
    chat: attachment_download
    data_studio: export data_export download_report
    takeout: completed initiated scheduled
    vault: create_export download_export_file
    admin: customer_takeout_created customer_takeout_succeeded create_data_transfer_request download_users download_pending_invites_list export_users
    groups: download_members`,
  message_send: `
    chat: message_posted attachment_upload
    gmail: send message_sent`,
  authn: `
    saml: login_success login_failure`,
  share: `
    calendar: change_calendar_acls
    drive: publish_change shared_drive_membership_change team_drive_membership_change add_subscription`,
  admin: `
    user_accounts: 2sv_enroll 2sv_disable recovery_email_edit recovery_phone_edit recovery_secret_qa_edit email_forwarding_out_of_domain titanium_enroll titanium_unenroll
    login: 2sv_enroll 2sv_disable recovery_email_edit recovery_phone_edit email_forwarding_out_of_domain titanium_enroll titanium_unenroll
    drive: shared_drive_settings_change team_drive_settings_change`,
};

const EXACT: ReadonlyMap<string, Category> = new Map(Object.entries(TABLE).flatMap(([category, lines]) => {
  let application = '';
  return lines.trim().split(/\s+/).flatMap((word) => {
    if (!word.endsWith(':')) return [[application + word, category as Category] as const];
    application = word;
    return [];
  });
}));

const SIGN_INS = /^(?:login|saml)$/;
/** Changes of who may see a file; whether it left the organisation is told by its parameters. */
const ACCESS = /^(?:change_(?:user_access|document_visibility|document_access_scope|acl_editors|domain_access|owner)|.*_hierarchy_reconciled)/;
const OUTSIDE = new Set(['people_with_link', 'public_on_the_web', 'anyone', 'anyone_with_link', 'shared_externally', 'external']);
const WATCHING = /alert|(?:^|_)rule(?:_|$)|audit|log_export|gcp_logs|data_sharing/;

/**
 * Looks an event of a log up. What the table does not know goes by the words of its name; what says nothing counts as `write`. `actor` is the
 * address of who acted.
 */
export function actionOf(application: string, name: string, parameters: Parameters, actor: string | undefined): Action {
  const app = application.toLowerCase();
  const event = name.toLowerCase();
  const sideEffect = app === 'drive' && parameters.truth('primary_event') === false;
  const known = EXACT.get(app + ':' + event) ?? ofAccess(app, event, parameters) ?? ofApplication(app, event) ?? byWords(event);
  const category = known === 'authz_grant' && sideEffect || givesNothing(app, event, parameters, actor) ? 'write' : known;
  const removes = EXACT.get(app + ':' + event) !== 'write' && /(?:^|_)(?:delete|remove|revoke|unassign)/.test(event);
  return {
    category,
    classUid: category === 'authn' ? 3002 : 6003,
    activity: category === 'authn' ? 1 : activityOf(category, event, removes),
    monitoring: app === 'admin' && (WATCHING.test(event) ? /update|change|delete|remove|disable|toggle/.test(event) : stopsSharing(event, parameters)),
    byPerson: !sideEffect && isByPerson(app, event, parameters),
    sideEffect,
    failed: /_fail(?:ure|ed)(?:_event)?$/.test(event) || event === 'risky_sensitive_action_blocked'
      || (app === 'login' && /fail/i.test(parameters.text('login_challenge_status', 64) ?? '')),
    denied: event === 'access_deny_event' || event === 'risky_sensitive_action_blocked',
  };
}

/** A sign-in proves a person, as in other logs; so do pages that no program can stand in for. Administration does not: its interface takes programs. */
function isByPerson(app: string, event: string, parameters: Parameters): boolean {
  const key = app + ':' + event;
  if (PEOPLES.has(key)) return true;
  if (ANSWERS.has(key)) return /passed/i.test(parameters.text('login_challenge_status', 64) ?? '');
  if (app === 'calendar') return IN_CALENDAR.has(parameters.text('api_kind', 32) ?? '');
  return app === 'drive' && BY_HAND.has(event) && (parameters.text('originating_app_id', 64) ?? '0') === '0';
}

const PEOPLES = new Set(`
  login:login_success saml:login_success login:logout admin:security_investigation_query admin:security_investigation_export_query
  ${['login', 'user_accounts'].flatMap((app) => ['2sv_enroll', '2sv_disable', 'password_edit', 'recovery_email_edit', 'recovery_phone_edit', 'recovery_secret_qa_edit', 'titanium_enroll', 'titanium_unenroll']
    .map((event) => app + ':' + event)).join(' ')}`.trim().split(/\s+/));
const ANSWERS = new Set(['login:login_challenge', 'login:login_verification']);
const IN_CALENDAR = new Set(['web', 'android', 'ios']);
/** What takes a hand in Google's editors and pages. Programs have an originating application; files are created and edited by services of Google too. */
const BY_HAND = new Set(['view', 'preview', 'rename', 'download', 'print', 'copy', 'move', 'trash', 'untrash', 'change_user_access', 'change_document_visibility',
  'change_document_access_scope']);

function ofAccess(app: string, event: string, parameters: Parameters): Category | undefined {
  if (app !== 'drive' || !ACCESS.test(event)) return undefined;
  const change = parameters.text('visibility_change', 64);
  if (change === 'internal') return 'authz_grant';
  const now = parameters.text('visibility', 64) ?? '';
  return change === 'external' || OUTSIDE.has(now) ? 'share' : 'authz_grant';
}

/** Google Cloud gets the logs of the organisation for as long as it is shared with. */
function stopsSharing(event: string, parameters: Parameters): boolean {
  return /^(?:change|create)_application_setting$/.test(event) && parameters.text('APPLICATION_NAME', 128) === 'Google Cloud Platform Sharing Options'
    && /^(?:disabled|off|false)$/i.test(parameters.text('NEW_VALUE', 64) ?? '');
}

/** Access taken away, or given by an owner to himself, is no grant. */
function givesNothing(app: string, event: string, parameters: Parameters, actor: string | undefined): boolean {
  if (app === 'calendar') return event === 'change_calendar_acls' && parameters.text('access_level', 64) === 'none';
  if (app !== 'drive' || !ACCESS.test(event) || parameters.text('visibility_change', 64) === 'external') return false;
  const now = parameters.texts('new_value');
  if (now.length > 0 && now.every((value) => value === 'none' || value === 'private')) return true;
  return actor !== undefined && parameters.text('target_user', 320)?.toLowerCase() === actor && parameters.text('owner', 320)?.toLowerCase() === actor;
}

function ofApplication(app: string, event: string): Category | undefined {
  if (app === 'admin') return /(?:^|_)(?:download|export)(?:_|$)/.test(event) ? 'export' : 'admin';
  if (SIGN_INS.test(app)) return 'authn';
  return undefined;
}

function byWords(event: string): Category {
  for (const [pattern, category] of WORDS) if (pattern.test(event)) return category;
  return 'write';
}

const WORDS: readonly [RegExp, Category][] = [
  [/(?:^|_)(?:download|export|exported|takeout|print)(?:_|$)/, 'export'],
  [/(?:^|_)(?:delete|deleted|trash|remove|removed|purge)(?:_|$)/, 'delete'],
  [/(?:^|_)list(?:_|$)/, 'list'],
  [/(?:^|_)(?:view|viewed|read|open|opened|search|query|get|preview|access)(?:_|$)/, 'read'],
  [/(?:^|_)(?:login|logout)(?:_|$)/, 'authn'],
  [/(?:^|_)(?:settings?|policy|enroll|unenroll)(?:_|$)/, 'admin'],
];

function activityOf(category: Category, event: string, removes: boolean): number {
  if (category === 'read' || category === 'list') return 2;
  if (category === 'delete' || removes) return 4;
  if (category === 'export' || category === 'message_send') return 99;
  return /(?:^|_)(?:create|created|add|upload|copy|authorize|assign|grant)(?:_|$)/.test(event) ? 1 : 3;
}
