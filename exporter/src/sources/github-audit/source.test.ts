import { readFileSync } from 'node:fs';
import { nhiEventSchema, RejectedRecord, type NhiEvent } from '@remit/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { source } from './source.ts';

type Fields = Record<string, unknown>;
const context = { feed: 'test', cluster: '', receivedAt: 0 };
const base: Fields = { '@timestamp': 1_795_600_000_000, _document_id: 'doc-1', action: 'repo.update', org: 'acme', repo: 'acme/shop', actor: 'jdoe' };
const one = (over: Fields): NhiEvent => nhiEventSchema.parse(source.normalise({ ...base, ...over }, context)[0]);
const APP = 'GitHub App server-to-server token';

describe('who', () => {
  test.each<[string, Fields, { urn: string | null; kind: string; flags: string[]; behalf?: string[] }]>([
    ['an app by its name', { integration: 'Acme Mirror', programmatic_access_type: APP },
      { urn: 'app/acme-mirror', kind: 'oauth_app', flags: ['machine'], behalf: ['github:acme:user/jdoe'] }],
    ['the same app as a bot', { actor: 'acme-mirror[bot]', actor_is_bot: true }, { urn: 'app/acme-mirror', kind: 'oauth_app', flags: ['machine'] }],
    ['an app that a person works on', { action: 'integration_installation.create', integration: 'Acme Mirror' }, { urn: 'user/jdoe', kind: 'human', flags: ['interactive'] }],
    ['a workflow by its file', { actor: 'github-actions[bot]', repo_id: 4711, workflow_id: 88, workflow_ref: 'acme/shop/.github/workflows/deploy.yml@refs/heads/main' },
      { urn: 'cicd/4711/deploy.yml', kind: 'cicd', flags: ['machine'] }],
    ['a workflow by its id', { actor: 'github-actions[bot]', repo_id: 4711, workflow_id: '88' }, { urn: 'cicd/4711/88', kind: 'cicd', flags: ['machine'] }],
    ['a workflow of a repository without id', { actor: 'github-actions[bot]', workflow_id: 88 }, { urn: 'cicd/shop/88', kind: 'cicd', flags: ['machine'] }],
    ['a reused workflow is not the run\'s own', { actor: 'github-actions[bot]', repo_id: 4711, job_workflow_ref: 'acme/shared/.github/workflows/x.yml@v1', calling_workflow_refs: ['acme/shop/.github/workflows/deploy.yml@refs/heads/main'] },
      { urn: 'cicd/4711/deploy.yml', kind: 'cicd', flags: ['machine'] }],
    ['a pipeline whose workflow is not told', { actor: 'github-actions[bot]', repo_id: 4711 }, { urn: 'cicd/4711', kind: 'cicd', flags: ['machine'] }],
    ['a scheduled run, under the name of whoever wrote it', { action: 'workflows.created_workflow_run', repo_id: 4711, workflow_id: 88, actor_id: 301 },
      { urn: 'cicd/4711/88', kind: 'cicd', flags: ['machine'], behalf: ['github:acme:user@301'] }],
    ['a fine-grained token', { programmatic_access_type: 'Fine-grained personal access token', token_id: 9, hashed_token: 'aGFzaA==' },
      { urn: 'token/9', kind: 'api_key', flags: ['machine'], behalf: ['github:acme:user/jdoe'] }],
    ['a token by its hash', { programmatic_access_type: 'personal_access_token', hashed_token: 'aGFzaA==' },
      { urn: 'token/aGFzaA==', kind: 'api_key', flags: ['machine'], behalf: ['github:acme:user/jdoe'] }],
    ['a token without id or hash: nothing proved', { programmatic_access_type: 'personal_access_token' }, { urn: 'user/jdoe', kind: 'unknown', flags: [] }],
    ['an OAuth app', { programmatic_access_type: 'OAuth access token', oauth_application_id: 6, oauth_application_name: 'Search', token_id: 9 },
      { urn: 'oauth_app/6', kind: 'oauth_app', flags: ['machine'], behalf: ['github:acme:user/jdoe'] }],
    ['an OAuth token of an unknown app', { programmatic_access_type: 'OAuth access token', token_id: 9 }, { urn: 'token/9', kind: 'unknown', flags: [], behalf: ['github:acme:user/jdoe'] }],
    ['a deploy key', { programmatic_access_type: 'Deploy key', repo_id: 4711, hashed_token: 'a2V5' }, { urn: 'deploy_key/4711/a2V5', kind: 'api_key', flags: ['machine'] }],
    ['an agent and who set it off', { actor: 'Copilot', actor_is_agent: 'true', agent_session_id: 's-1', user: 'jdoe', user_id: 301 },
      { urn: 'ai_agent/Copilot', kind: 'ai_agent', flags: ['machine'], behalf: ['github:acme:user@301'] }],
    ['an agent that comes as an app', { actor: 'coder[bot]', actor_is_agent: true, user: 'jdoe' }, { urn: 'app/coder', kind: 'ai_agent', flags: ['machine'], behalf: ['github:acme:user/jdoe'] }],
    ['a person in the browser', { actor_id: 301 }, { urn: 'user/jdoe', kind: 'human', flags: ['interactive'] }],
    ['Git over an unnamed key', { action: 'git.push' }, { urn: 'user/jdoe', kind: 'unknown', flags: [] }],
    ['a sign-in that failed', { action: 'user.failed_login' }, { urn: 'user/jdoe', kind: 'unknown', flags: [] }],
    ['GitHub itself', { actor: 'github' }, { urn: 'user/github', kind: 'platform', flags: ['platform_owned'] }],
    ['nobody', { actor: null }, { urn: null, kind: 'unknown', flags: [] }],
  ])('%s', (_, over, expected) => {
    const { actor, flags } = one(over);
    expect({ urn: actor.identity.urn, kind: actor.identity.kind, flags, ...(actor.delegation ? { behalf: actor.delegation } : {}) })
      .toEqual({ ...expected, urn: expected.urn && 'urn:nhi:github:acme:' + expected.urn });
  });

  test('a workflow keeps its key when the repository is renamed, and its URN under the name is an alias', () => {
    const given = { actor: 'github-actions[bot]', repo_id: 4711, workflow_id: 88, workflow_ref: undefined };
    const [before, after] = [one(given), one({ ...given, repo: 'acme/store' })];
    expect(before.principal_key).toBe('github:acme:workflow@4711/88');
    expect(after.principal_key).toBe(before.principal_key);
    expect(after.actor.identity.urn).toBe(before.actor.identity.urn);
    expect(before.actor.user?.uid_alt).toBe('urn:nhi:github:acme:cicd/shop/88');
  });

  test('a run and a session hold their actions together', () => {
    expect(one({ actor: 'github-actions[bot]', workflow_run_id: 5 }).sequence_key).toBe('5');
    expect(one({ actor: 'Copilot', actor_is_agent: true, agent_session_id: 's-1' })).toMatchObject({ sequence_key: 's-1', actor: { session: { uid: 's-1' } }, ai_agent: { instance_uid: 's-1' } });
    expect(one({ token_id: 9 }).sequence_key).toBe('9');
  });
});

describe('credentials made and ended', () => {
  test.each<[string, Fields, object | undefined, object | undefined]>([
    ['repo.create_actions_secret', { key: 'A' }, undefined, undefined],
    ['repo.remove_actions_secret', { key: 'A' }, undefined, { uid: 'github:secret/acme/shop/A' }],
    ['environment.remove_actions_secret', { key: 'A', environment_name: 'prod' }, undefined, { uid: 'github:secret/acme/shop/prod/A' }],
    ['public_key.create', { fingerprint: 'SHA256:x' }, { uid: 'SHA256:x', type: 'access_key', name_key: 'urn:nhi:github:acme:user/jdoe' }, undefined],
    ['public_key.delete', { fingerprint: 'SHA256:x' }, undefined, { uid: 'SHA256:x', name_key: 'urn:nhi:github:acme:user/jdoe' }],
    ['personal_access_token.access_granted', { user_programmatic_access_id: 7, user: 'bo' }, { uid: '7', type: 'pat', name_key: 'urn:nhi:github:acme:token/7' }, undefined],
    ['personal_access_token.access_revoked', { user_programmatic_access_id: 7 }, undefined, { uid: '7', name_key: 'urn:nhi:github:acme:token/7' }],
    ['integration_installation.create', { name: 'Acme Mirror' }, { uid: 'Acme Mirror', type: 'app_token', name_key: 'urn:nhi:github:acme:app/acme-mirror' }, undefined],
    ['integration_installation.destroy', { integration: 'Acme Mirror' }, undefined, { uid: 'Acme Mirror', name_key: 'urn:nhi:github:acme:app/acme-mirror' }],
    ['oauth_application.generate_client_secret', { oauth_application_id: 6 }, { uid: '6', type: 'client_secret', name_key: 'urn:nhi:github:acme:oauth_app/6' }, undefined],
    ['repo.update', {}, undefined, undefined],
  ])('%s %j', (action, over, issued, retired) => {
    const event = one({ action, ...over });
    expect([event.issued, event.retired]).toEqual([issued, retired]);
  });

  test('a secret is the target of what is done to it', () => {
    expect(one({ action: 'repo.update_actions_secret', key: 'A' }).resources?.[0]).toEqual({ uid: 'github:secret/acme/shop/A', name: 'A', type: 'secret', namespace: 'acme/shop' });
    expect(one({ action: 'org.create_integration_secret', key: 'B', repo: undefined }).resources?.[0]?.uid).toBe('github:secret/acme/B');
  });
});

test.each<[Fields, string | number]>([
  [{ '@timestamp': '1795600000000' }, 1_795_600_000_000], [{ '@timestamp': undefined, created_at: '2026-11-22T08:00:00.5Z' }, Date.parse('2026-11-22T08:00:00.5Z')],
  [{ '@timestamp': undefined, at_sign_timestamp: '2023-01-31 18:58:27.638' }, Date.parse('2023-01-31T18:58:27.638Z')], [{ '@timestamp': undefined }, 'missing_field'],
  [{ '@timestamp': 1_795_600_000 }, 'bad_time'], [{ '@timestamp': '2024-12-17 00:00:00000000' }, 'bad_time'],
])('the time of %j is %s', (over, expected) => {
  if (typeof expected === 'number') expect(one(over).time).toBe(expected);
  else expect(() => one(over)).toThrow(expect.objectContaining({ reason: expected }));
});

test.each<[unknown, boolean]>([
  [base, true], [{ action: 'git.clone', programmatic_access_type: 'OAuth access token' }, true], [{ action: 'repo.create', repo: 'acme/shop' }, true],
  [{ action: 'created', repository: { id: 1 }, sender: { login: 'x' }, organization: { login: 'acme' } }, false],
  [{ action: 'create', source_type: 'account_setting', actor_id: 1, created_at: '2021-05-28T18:39:50Z' }, false],
  [{ action: 'user_login', actor: { type: 'user' }, entity: {}, id: '1' }, false], [{ action: 7, org: 'acme' }, false],
  [{ auditID: 'a', stage: 'ResponseComplete', verb: 'get', user: {} }, false], [null, false], [[base], false], ['action', false],
])('recognises %j: %s', (record, expected) => {
  expect(source.recognises(record)).toBe(expected);
});

test('survives any shape, throwing nothing but RejectedRecord', () => {
  const odd = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant('x'.repeat(100_000)), fc.constant(JSON.parse('{"__proto__":{"actor":"x"}}')), fc.string({ unit: 'binary' }));
  const flag = fc.oneof(odd, fc.boolean());
  const record = fc.record({
    '@timestamp': fc.oneof(odd, fc.constant(1_795_600_000_000)), _document_id: odd, operation_type: fc.oneof(odd, fc.constant('create')), repo: odd, repo_id: odd, org: odd, business: odd,
    action: fc.oneof(odd, fc.constantFrom('repo.create_actions_secret', 'git.clone', 'workflows.prepared_workflow_job', 'public_key.create', 'api.request', 'org.remove_member', 'constructor.create')),
    actor: fc.oneof(odd, fc.constantFrom('github-actions[bot]', 'x[bot]', '__proto__')), actor_id: odd, actor_is_bot: flag, actor_is_agent: flag, agent_session_id: odd, user: odd, integration: odd,
    programmatic_access_type: fc.oneof(odd, fc.constantFrom(APP, 'Deploy key', 'SSH key', 'constructor')), token_id: odd, hashed_token: odd, token_scopes: odd, workflow_id: odd,
    workflow_run_id: odd, job_workflow_ref: odd, calling_workflow_refs: odd, secrets_passed: odd, key: odd, name: odd, visibility: odd, conclusion: odd, status_code: odd, http_method: fc.oneof(odd, fc.constantFrom('GET', 'PUT', 'constructor')),
    route: fc.oneof(odd, fc.constantFrom('/repos/{owner}/{repo}/collaborators/{username}', '/{__proto__}/constructor')), url_path: fc.oneof(odd, fc.constantFrom('/repos/a/b/collaborators/c', '/repos')), actor_ip: odd, actor_location: odd, user_agent: odd, fingerprint: odd, oauth_application_id: odd, oauth_application_name: odd, team: odd,
  }, { requiredKeys: [] });
  fc.assert(fc.property(fc.oneof(record, odd), (given) => {
    source.recognises(given);
    try {
      for (const event of source.normalise(given, context)) expect(JSON.stringify(nhiEventSchema.parse(event)).length).toBeLessThan(24_000);
    } catch (error) {
      if (!(error instanceof RejectedRecord)) throw error;
    }
  }), { numRuns: 400 });
});

test('what is kept of a token is its id and hash', () => {
  const golden = readFileSync(new URL('./cases/principals.golden.json', import.meta.url), 'utf8');
  expect(golden).toContain('YW5vdGhlci1oYXNoLW9mLWE=');
  expect(golden).not.toMatch(/ghp_|github_pat_|ghs_/);
});
