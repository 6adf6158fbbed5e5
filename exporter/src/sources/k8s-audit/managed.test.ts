import { describe, expect, it } from 'vitest';
import { nhiEventSchema, type NhiEvent } from '@remit/contract';
import { records } from '../../lib/records.ts';
import { source } from './source.ts';

const context = { feed: 'test', cluster: 'prod', receivedAt: 0 };
const audit = {
  kind: 'Event', apiVersion: 'audit.k8s.io/v1', auditID: 'a-1', stage: 'ResponseComplete', verb: 'get', requestURI: '/api/v1/namespaces/shop/secrets/db',
  user: { username: 'system:serviceaccount:shop:web' }, objectRef: { resource: 'secrets', namespace: 'shop', name: 'db' }, responseStatus: { code: 200 },
  requestReceivedTimestamp: '2026-03-02T09:15:01.000000Z', requestObject: 'never to be kept',
};

/** The event of that record, changed, as the API server itself writes it. */
function alone(change: object, cluster: string): NhiEvent {
  return nhiEventSchema.parse(source.normalise({ ...audit, ...change }, { ...context, cluster })[0]);
}

/** Every record of a body, recognised and normalised. */
function normalised(record: object, cluster: string): NhiEvent[] {
  return [...records(Buffer.from(JSON.stringify(record)))].flatMap((found) => {
    if (!('value' in found)) throw new Error(found.detail);
    expect(source.recognises(found.value)).toBe(true);
    return source.normalise(found.value, { ...context, cluster });
  });
}

describe('on GKE', () => {
  const by = (authenticationInfo: unknown) => source.normalise({
    insertId: 'i', timestamp: '2026-03-02T09:15:01.1Z', resource: { labels: { cluster_name: 'main', location: 'europe-west3', project_id: 'example-project' } },
    protoPayload: { serviceName: 'k8s.io', methodName: 'io.k8s.core.v1.secrets.list', resourceName: 'core/v1/namespaces/shop/secrets', authenticationInfo },
  }, context)[0]!;

  it('whoever has not signed in is called as everywhere else', () => {
    const anonymous = alone({ user: { username: 'system:anonymous' } }, 'prod');
    for (const email of [{}, { principalEmail: '' }, { principalEmail: null }]) {
      const event = nhiEventSchema.parse(by({ ...email, authoritySelector: 'system:anonymous' }));
      expect([event.actor, event.principal_key]).toEqual([anonymous.actor, anonymous.principal_key]);
    }
  });

  it('an address counts, and another authority names nobody', () => {
    expect(by({ principalEmail: 'jo@example.com', authoritySelector: 'system:anonymous' }).actor.identity.urn).toBe('urn:nhi:k8s:prod:user/jo@example.com');
    for (const info of [{ authoritySelector: 'system:kube-scheduler' }, { authoritySelector: {} }, {}]) expect(by(info).actor.identity.urn).toBeNull();
  });
});

describe('rows of AzureDiagnostics', () => {
  const row = (log_s: unknown, category: object = { Category: 'kube-audit' }) => ({
    TimeGenerated: '2026-03-02T09:15:02Z', Type: 'AzureDiagnostics', log_s, ...category,
    ResourceId: '/SUBSCRIPTIONS/00000000-0000-0000-0000-000000000000/RESOURCEGROUPS/EXAMPLE/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/EXAMPLE',
  });

  it.each([{ Category: 'kube-audit' }, { Category: 'kube-audit-admin' }, { category: 'kube-audit' }, { category: 'kube-audit-admin' }])('%j holds an audit event', (category) => {
    const [event, ...more] = normalised(row(JSON.stringify(audit), category), '');
    expect(more).toEqual([]);
    const plain = alone({}, 'example');
    expect(nhiEventSchema.parse(event)).toEqual({ ...plain, metadata: { ...plain.metadata, product: 'AKS', logged_time: Date.parse('2026-03-02T09:15:02Z') } });
    expect(JSON.stringify(event)).not.toContain('never to be kept');
  });

  it('goes by the name of the feed where it has one', () => {
    expect(normalised(row(JSON.stringify(audit)), 'prod')[0]?.k8s).toEqual({ cluster: 'prod' });
  });

  it('refuses what was cut, and what is no object', () => {
    for (const line of [JSON.stringify(audit).slice(0, -9), '[]', '7', '', ' '.repeat(300_000)]) {
      expect(() => source.normalise(row(line), context)).toThrow(expect.objectContaining({ reason: 'unknown_shape' }));
    }
  });

  it('knows no other category', () => {
    for (const category of [{ Category: 'kube-apiserver' }, { Category: 'guard', category: 'kube-audit' }, {}]) expect(source.recognises(row(JSON.stringify(audit), category))).toBe(false);
    expect(source.recognises(row({}))).toBe(false);
  });
});
