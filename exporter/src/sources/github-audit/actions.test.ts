import { readFileSync } from 'node:fs';
import { CATEGORIES } from '@remit/contract';
import { expect, test } from 'vitest';
import { source } from './source.ts';

const context = { feed: 'test', cluster: '', receivedAt: 0 };
const eventOf = (action: string, over: Record<string, unknown> = {}) => {
  const [event] = source.normalise({ '@timestamp': 1_795_600_000_000, _document_id: 'd', org: 'acme', actor: 'jdoe', action, ...over }, context);
  if (!event) throw new Error('no event');
  return event;
};

test('every listed action has the category, activity and flags that were reviewed', () => {
  const listed = readFileSync(new URL('./cases/actions.tsv', import.meta.url), 'utf8').trim().split('\n').slice(1).map((line) => line.split('\t'));
  expect(listed.length).toBeGreaterThan(120);
  const seen = listed.map(([action = '', type = '']) => {
    const event = eventOf(action, type === '-' ? {} : { operation_type: type });
    expect(CATEGORIES).toContain(event.action.category);
    return [action, type, event.action.category, String(event.activity_id), event.flags.filter((flag) => flag === 'monitoring').join(',') || '-'];
  });
  expect(seen).toEqual(listed);
});

test.each<[string, Record<string, unknown>, string]>([
  ['repo.access', { visibility: 'public' }, 'share'], ['repo.access', { visibility: 'private' }, 'admin'], ['repo.access', {}, 'share'],
  ['repo.create', { visibility: 'public' }, 'share'], ['repo.create', { visibility: 'internal' }, 'write'],
  ['workflows.prepared_workflow_job', { secrets_passed: ['A'] }, 'credential_use'], ['workflows.prepared_workflow_job', { secrets_passed: [] }, 'execute_tool'],
  ['api.request', { request_method: 'get', route: '/repos/:owner/:repo' }, 'read'], ['api.request', { http_method: 'GET', route: '/orgs/:org/audit-log' }, 'export'],
  ['api.request', { http_method: 'PUT', route: '/repositories/:repository_id/actions/secrets/:name' }, 'credential_create'], ['api.request', { http_method: 'DELETE' }, 'delete'],
  ['something.nobody_heard_of', { operation_type: 'remove' }, 'delete'], ['something.nobody_heard_of', { operation_type: 'access' }, 'read'],
  ['something.nobody_heard_of', {}, 'write'], ['constructor.__proto__', { operation_type: 'constructor' }, 'write'],
])('%s %j is %s', (action, over, category) => {
  expect(eventOf(action, over).action.category).toBe(category);
});

test('letter case changes neither category nor permission', () => {
  expect(eventOf('Repo.Create_Actions_Secret')).toMatchObject({ action: { category: 'credential_create' }, privilege: { used: ['github:repo.create_actions_secret'] } });
});
