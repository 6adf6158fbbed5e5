import { nhiEventSchema, type NhiEvent } from '@remit/contract';
import { expect, test } from 'vitest';
import { GlobSet } from '../../lib/glob.ts';
import { source } from './source.ts';

type Fields = Record<string, unknown>;
const context = { feed: 'test', cluster: '', receivedAt: 0 };
const base: Fields = { '@timestamp': 1_795_600_000_000, _document_id: 'doc-1', action: 'api.request', org: 'acme', actor: 'jdoe', token_id: 5, status_code: 200 };
const one = (over: Fields): NhiEvent => nhiEventSchema.parse(source.normalise({ ...base, ...over }, context)[0]);
const asked = (request_method: string, route: string, over: Fields = {}) => one({ request_method, route, ...over });

test.each<[string, string, string, string, number, string]>([
  ['GET', '/repos/{owner}/{repo}/pulls', 'read', 'read_only', 2, 'GET:/repos/{owner}/{repo}/pulls'],
  ['HEAD', '/orgs/{org}/members/{username}', 'read', 'read_only', 2, 'HEAD:/orgs/{org}/members/{username}'],
  ['get', '/repositories/:repository_id/pulls', 'read', 'read_only', 2, 'GET:/repos/{owner}/{repo}/pulls'],
  ['GET', '/organizations/:organization_id/audit-log', 'export', '', 2, 'GET:/orgs/{org}/audit-log'],
  ['GET', '/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}', 'export', '', 2, 'GET:/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}'],
  ['POST', '/graphql', 'read', '', 99, 'POST:/graphql'],
  ['DELETE', '/repos/{owner}/{repo}', 'delete', '', 4, 'DELETE:/repos/{owner}/{repo}'],
  ['POST', '/repos/{owner}/{repo}/git/refs', 'write', '', 1, 'POST:/repos/{owner}/{repo}/git/refs'],
  ['PUT', '/repos/{owner}/{repo}/collaborators/{username}', 'authz_grant', '', 3, 'PUT:/repos/{owner}/{repo}/collaborators/{username}'],
  ['GET', '/repos/{owner}/{repo}/collaborators/{username}', 'read', 'read_only', 2, 'GET:/repos/{owner}/{repo}/collaborators/{username}'],
  ['DELETE', '/repos/{owner}/{repo}/collaborators/{username}', 'delete', '', 4, 'DELETE:/repos/{owner}/{repo}/collaborators/{username}'],
  ['PUT', '/orgs/{org}/teams/{team_slug}/memberships/{username}', 'authz_grant', '', 3, 'PUT:/orgs/{org}/teams/{team_slug}/memberships/{username}'],
  ['PUT', '/orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}', 'authz_grant', '', 3, 'PUT:/orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}'],
  ['POST', '/orgs/{org}/invitations', 'authz_grant', '', 1, 'POST:/orgs/{org}/invitations'],
  ['PUT', '/orgs/{org}/organization-roles/users/{username}/{role_id}', 'authz_grant', '', 3, 'PUT:/orgs/{org}/organization-roles/users/{username}/{role_id}'],
  ['PUT', '/repos/{owner}/{repo}/actions/permissions/workflow', 'authz_grant', '', 3, 'PUT:/repos/{owner}/{repo}/actions/permissions/workflow'],
  ['POST', '/repos/{owner}/{repo}/keys', 'credential_create', '', 1, 'POST:/repos/{owner}/{repo}/keys'],
  ['POST', '/user/gpg_keys', 'credential_create', '', 1, 'POST:/user/gpg_keys'],
  ['PUT', '/orgs/{org}/dependabot/secrets/{secret_name}', 'credential_create', '', 3, 'PUT:/orgs/{org}/dependabot/secrets/{secret_name}'],
  ['GET', '/repos/{owner}/{repo}/actions/secrets/{secret_name}', 'read', 'read_only', 2, 'GET:/repos/{owner}/{repo}/actions/secrets/{secret_name}'],
  ['POST', '/app/installations/{installation_id}/access_tokens', 'credential_create', '', 1, 'POST:/app/installations/{installation_id}/access_tokens'],
  ['POST', '/repos/{owner}/{repo}/hooks', 'admin', '', 1, 'POST:/repos/{owner}/{repo}/hooks'],
  ['PATCH', '/orgs/{org}/hooks/{hook_id}', 'admin', 'monitoring', 3, 'PATCH:/orgs/{org}/hooks/{hook_id}'],
  ['DELETE', '/repos/{owner}/{repo}/hooks/{hook_id}', 'admin', 'monitoring', 4, 'DELETE:/repos/{owner}/{repo}/hooks/{hook_id}'],
  ['POST', '/repos/{owner}/{repo}/hooks/{hook_id}/pings', 'write', '', 1, 'POST:/repos/{owner}/{repo}/hooks/{hook_id}/pings'],
  ['DELETE', '/repos/{owner}/{repo}/branches/{branch}/protection', 'admin', '', 4, 'DELETE:/repos/{owner}/{repo}/branches/{branch}/protection'],
  ['DELETE', '/repos/{owner}/{repo}/actions/runs/{run_id}/logs', 'delete', 'monitoring', 4, 'DELETE:/repos/{owner}/{repo}/actions/runs/{run_id}/logs'],
  ['POST', '/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches', 'execute_tool', '', 1, 'POST:/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches'],
  ['POST', '/repos/{owner}/{repo}/issues', 'ticket_create', '', 1, 'POST:/repos/{owner}/{repo}/issues'],
  ['POST', '/repos/{owner}/{repo}/issues/{issue_number}/comments', 'message_send', '', 1, 'POST:/repos/{owner}/{repo}/issues/{issue_number}/comments'],
  ['BREW', '/repos/{owner}/{repo}', 'write', '', 3, '*:/repos/{owner}/{repo}'],
  ['GET', '/repos/{owner}/{repo}/{__proto__}/a b/../{}', 'read', 'read_only', 2, 'GET:/repos/{owner}/{repo}/{__proto__}/*/*/*'],
])('%s %s is %s', (method, route, category, flags, activity, operation) => {
  const event = asked(method, route);
  expect([event.action.category, event.flags.join(','), event.activity_id, event.api.operation]).toEqual([category, flags, activity, 'api.request:' + operation]);
  expect(event.privilege?.used).toEqual(['github:api.request:' + operation]);
  expect(new GlobSet(['github:api.request*']).test(event.privilege!.used![0]!)).toBe(true);
});

test.each<[string, string]>([
  ['/repos/acme/shop/pulls/4711/files', '/repos/{owner}/{repo}/pulls/*/*'],
  ['/api/v3/repos/keys/secrets/actions/secrets/DB_PASSWORD?x=1', '/repos/{owner}/{repo}/actions/secrets/*'],
  ['/repositories/4711/contents/src/keys', '/repos/{owner}/{repo}/contents/*'],
  ['/orgs/acme/teams/payments/memberships/kim-acme', '/orgs/{org}/teams/*/memberships/*'],
  ['/api/graphql', '/graphql'],
  ['/4f0c/jdoe', '/*/*'],
])('a path without a route, %s, gives no name or id away', (url_path, template) => {
  for (const over of [{ url_path }, { route: url_path }]) expect(one({ request_method: 'GET', ...over }).privilege?.used).toEqual(['github:api.request:GET:' + template]);
});

test('what tells neither method nor route stays one permission', () => {
  for (const over of [{}, { route: 7, request_method: {} }, { route: 'repos' }]) expect(one(over)).toMatchObject({ api: { operation: 'api.request' }, privilege: { used: ['github:api.request'] }, action: { category: 'write' } });
  expect(one({ http_method: 'DELETE' })).toMatchObject({ privilege: { used: ['github:api.request:DELETE'] }, action: { category: 'delete' } });
});

test('the repository is that of the path, the right that of whoever the path names', () => {
  const uids = (event: NhiEvent) => event.resources?.map(({ uid, type }) => [type, uid]);
  const grant = asked('PUT', '/repos/{owner}/{repo}/collaborators/{username}', { url_path: '/repos/acme/shop/collaborators/kim-acme', user: 'jdoe' });
  expect(uids(grant)).toEqual([['repository', 'github:repo/acme/shop'], ['grantee', 'github:user/kim-acme']]);
  const member = asked('PUT', '/orgs/{org}/memberships/{username}', { url_path: '/orgs/acme/memberships/kim-acme' });
  expect(uids(member)).toEqual([['organization', 'github:org/acme'], ['grantee', 'github:user/kim-acme']]);
  expect(uids(asked('GET', '/repositories/:repository_id/pulls', { url_path: '/repositories/4711/pulls' }))).toEqual([['repository', 'github:repo/4711']]);
  expect(uids(asked('GET', '/repos/{owner}/{repo}/pulls', { repo: 'acme/store', url_path: '/repos/acme/shop/pulls' }))).toEqual([['repository', 'github:repo/acme/store']]);
  expect(uids(asked('PUT', '/repos/{owner}/{repo}/collaborators/{username}', { user: 'jdoe' }))).toEqual([['organization', 'github:org/acme']]);
});

test('a secret is the target, and gone only where the request was answered so', () => {
  const path = { url_path: '/repos/acme/shop/environments/production/secrets/DB_PASSWORD' };
  const route = '/repos/{owner}/{repo}/environments/{environment_name}/secrets/{secret_name}';
  const uid = 'github:secret/acme/shop/production/DB_PASSWORD';
  expect(asked('PUT', route, path).resources?.[0]).toEqual({ uid, name: 'DB_PASSWORD', type: 'secret', namespace: 'acme/shop' });
  expect(asked('DELETE', route, path).retired).toEqual({ uid });
  expect(asked('DELETE', route, { ...path, status_code: 404 }).retired).toBeUndefined();
});

test('a workflow that asks about another repository stays its own', () => {
  const run = { actor: 'github-actions[bot]', request_method: 'GET', route: '/repos/{owner}/{repo}/pulls', url_path: '/repos/acme/other/pulls' };
  expect(one(run).principal_key).toBe(one({ ...run, url_path: undefined }).principal_key);
  expect(one({ ...run, repo: 'acme/shop', repo_id: 4711, workflow_id: 88 }).principal_key).toBe('github:acme:workflow@4711/88');
});
