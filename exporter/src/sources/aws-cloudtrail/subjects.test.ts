import { expect, test } from 'vitest';
import { lastingSubject } from './subjects.ts';

test.each([
  ['token.actions.githubusercontent.com', 'repo:acme/shop:ref:refs/heads/main', 'repo:acme/shop'],
  ['token.actions.githubusercontent.com', 'repo:acme/shop:ref:refs/tags/v1.2', 'repo:acme/shop'],
  ['token.actions.githubusercontent.com', 'repo:acme/shop:pull_request', 'repo:acme/shop'],
  ['token.actions.githubusercontent.com/acme', 'repo:acme/shop:environment:production', 'repo:acme/shop:environment:production'],
  ['gitlab.com', 'project_path:acme/shop:ref_type:branch:ref:feature/a', 'project_path:acme/shop'],
  ['gitlab.acme.example', 'project_path:acme/shop:ref_type:tag:ref:v1', 'project_path:acme/shop'],
  ['agent.buildkite.com', 'organization:acme:pipeline:shop:ref:refs/heads/main:commit:9f3474:step:build', 'organization:acme:pipeline:shop'],
  ['api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc', '{7c2c}:{9f1e}', '{7c2c}'],
  ['oidc.circleci.com/org/1a2b', 'org/1a2b/project/3c4d/user/5e6f', 'org/1a2b/project/3c4d'],
  ['app.terraform.io', 'organization:acme:project:core:workspace:prod:run_phase:apply', 'organization:acme:project:core:workspace:prod'],
  ['oidc.eks.eu-west-1.amazonaws.com/id/AB', 'system:serviceaccount:billing:exporter', 'system:serviceaccount:billing:exporter'],
  ['accounts.google.com', 'x:ref:refs/heads/main', 'x:ref:refs/heads/main'],
])('%s: %s', (provider, subject, lasting) => {
  expect(lastingSubject(provider, subject)).toBe(lasting);
});
