import { RejectedRecord, type Source } from '@remit/contract';
import { nameOf } from './actions.ts';
import { eventOf } from './event.ts';
import { object, type Json } from './fields.ts';

const HOUR = 3_600_000;

/** The audit log of a GitHub organisation or enterprise: streamed, exported, or read from the API. */
export const source: Source = {
  id: 'github-audit',
  title: 'GitHub audit log',
  fills: [
    'principal', 'credential', 'session', 'action', 'resource', 'outcome', 'network', 'user_agent', 'volume', 'privilege', 'delegation',
  ],
  lateness: HOUR,
  maxSilence: 6 * HOUR,
  timeResolution: 1,
  paths: [
    '@timestamp', 'at_sign_timestamp', 'created_at', 'timestamp', '_document_id', 'request_id', 'action', 'operation_type', 'actor', 'actor_id',
    'actor_is_bot', 'actor_is_agent', 'agent_session_id', 'user', 'user_id', 'integration', 'oauth_application_id', 'oauth_application_name',
    'oauth_application', 'application_client_id', 'programmatic_access_type', 'token_id', 'hashed_token', 'token_scopes',
    'deploy_key_fingerprint', 'workflow_id', 'workflow_run_id', 'workflow', 'workflow_ref', 'job_workflow_ref', 'calling_workflow_refs', 'secrets_passed', 'name',
    'org', 'org_id', 'business', 'repo', 'repository', 'repo_id', 'repository_id', 'team', 'key', 'secret_name', 'environment_name', 'environment', 'visibility',
    'fingerprint', 'public_key_id', 'user_programmatic_access_id', 'oauth_access_id', 'installation_id', 'integration_installation_id', 'client_secret_id',
    'conclusion', 'status_code', 'http_method', 'request_method', 'route', 'url_path', 'request_path', 'actor_ip', 'actor_location.country_code', 'user_agent',
    'data.*',
  ],
  recognises(record) {
    const it = object(record);
    if (!it || nameOf(it['action']) === undefined || !isWord(it['actor'])) return false;
    if (typeof it['_document_id'] === 'string' || typeof it['programmatic_access_type'] === 'string' || 'at_sign_timestamp' in it) return true;
    // A webhook has objects where the log has names.
    return !('sender' in it) && (MARKS.some((mark) => typeof it[mark] === 'string') || isOwn(it));
  },
  normalise(record) {
    const it = object(record);
    if (!it) throw new RejectedRecord('unknown_shape', 'not a JSON object');
    const data = object(it['data']);
    return [eventOf(data === undefined ? it : { ...data, ...it })];
  },
};

const MARKS = ['org', 'repo', 'repository', 'business'] as const;

/** Pull requests and reviews name neither organisation nor repository. */
function isOwn(it: Json): boolean {
  return typeof it['actor'] === 'string' && (it['created_at'] ?? it['@timestamp']) !== undefined && (typeof it['actor_id'] === 'number' || object(it['actor_location']) !== undefined);
}

function isWord(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string';
}
