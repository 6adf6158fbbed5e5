import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nhiEventSchema, RejectedRecord, sensitivity, type NhiEvent, type SourceContext } from '@remit/contract';
import { records } from '../../lib/records.ts';
import { actionOf } from './actions.ts';
import { source } from './source.ts';
import { targetOf } from './target.ts';

const context: SourceContext = { feed: 'test', cluster: 'prod', receivedAt: 0 };
const folder = new URL('./cases/', import.meta.url);

/** Every record of a body, recognised and normalised. */
function normalised(bytes: Buffer, cluster = 'prod'): NhiEvent[] {
  return [...records(bytes)].flatMap((found) => {
    if (!('value' in found)) throw new Error(found.detail);
    expect(source.recognises(found.value)).toBe(true);
    return source.normalise(found.value, { ...context, cluster });
  });
}

/** The one event of a small record, over a plain read by a service account. */
function one(change: Record<string, unknown>, cluster = 'prod'): NhiEvent {
  const record = {
    kind: 'Event', apiVersion: 'audit.k8s.io/v1', auditID: 'a-1', stage: 'ResponseComplete', verb: 'get', requestURI: '/api/v1/namespaces/shop/pods/p',
    user: { username: 'system:serviceaccount:shop:web' }, objectRef: { resource: 'pods', namespace: 'shop', name: 'p', apiVersion: 'v1' },
    responseStatus: { code: 200 }, requestReceivedTimestamp: '2026-03-02T09:15:01.123456Z', stageTimestamp: '2026-03-02T09:15:01.223456Z', ...change,
  };
  expect(source.recognises(record)).toBe(true);
  return nhiEventSchema.parse(source.normalise(record, { ...context, cluster }).at(-1));
}

describe('real and wrapped records', () => {
  it.each(['perfspec.jsonl', 'falco.jsonl', 'eks.json', 'aks.json', 'gke.jsonl', 'platform.jsonl'])('%s gives the events of its golden', async (file) => {
    const events = normalised(readFileSync(new URL(file, folder)), file.startsWith('gke') ? '' : file.replace(/\..*/, ''));
    for (const event of events) nhiEventSchema.parse(event);
    const golden = events.map((event) => JSON.stringify(event)).join('\n') + '\n';
    expect(golden).not.toMatch(/requestObject|responseObject|never to be kept/);
    await expect(golden).toMatchFileSnapshot(new URL(file.replace(/\.jsonl?$/, '.golden.jsonl'), folder).pathname);
  });

  it('maps every action of the sample sets', () => {
    const [, ...rows] = readFileSync(new URL('actions.tsv', folder), 'utf8').trimEnd().split('\n');
    expect(rows.length).toBe(424);
    for (const row of rows) {
      const [verb, group, resource, subresource, category, flags] = row.split('\t') as [string, string, string, string, string, string];
      const reference = resource === 'nonresource' ? undefined : { apiGroup: group === 'core' ? '' : group, resource, subresource };
      const action = actionOf(targetOf(verb, reference, '/version'), 'somebody');
      const found = [action.readOnly && 'read_only', action.monitoring && 'monitoring', action.exec && 'exec'].filter(Boolean).join(',');
      expect(`${row.slice(0, row.lastIndexOf('\t', row.lastIndexOf('\t') - 1))}\t${action.category}\t${found}`).toBe([verb, group, resource, subresource, category, flags].join('\t'));
    }
  });
});

describe('what counts as what', () => {
  it.each([
    ['create', 'secrets', { resource: 'secrets' }, 'credential_create', 'credential_create'],
    ['get', 'secrets', { resource: 'secrets' }, 'read', 'secrets'],
    ['watch', 'secrets', { resource: 'secrets' }, 'list', 'secrets'],
    ['delete', 'secrets', { resource: 'secrets' }, 'delete', 'secrets'],
    ['update', 'approval', { apiGroup: 'certificates.k8s.io', resource: 'certificatesigningrequests', subresource: 'approval' }, 'credential_create', 'credential_create'],
    ['escalate', 'roles', { apiGroup: 'rbac.authorization.k8s.io', resource: 'clusterroles' }, 'authz_grant', 'authz_grant'],
    ['impersonate', 'users', { resource: 'users' }, 'authz_grant', 'authz_grant'],
    ['update', 'aws-auth', { resource: 'configmaps', namespace: 'kube-system', name: 'aws-auth' }, 'authz_grant', 'authz_grant'],
    ['get', 'exec', { resource: 'pods', subresource: 'exec' }, 'admin', 'exec'],
    ['create', 'portforward', { resource: 'pods', subresource: 'portforward' }, 'admin', 'exec'],
    ['patch', 'ephemeralcontainers', { resource: 'pods', subresource: 'ephemeralcontainers' }, 'admin', 'exec'],
    ['get', 'ephemeralcontainers', { resource: 'pods', subresource: 'ephemeralcontainers' }, 'read', null],
    ['get', 'log', { resource: 'pods', subresource: 'log' }, 'read', null],
    ['create', 'eviction', { resource: 'pods', subresource: 'eviction' }, 'delete', null],
    ['update', 'rules', { apiGroup: 'monitoring.coreos.com', resource: 'prometheusrules' }, 'write', 'monitoring'],
    ['create', 'rules', { apiGroup: 'monitoring.coreos.com', resource: 'prometheusrules' }, 'write', null],
    ['update', 'status', { apiGroup: 'monitoring.coreos.com', resource: 'prometheuses', subresource: 'status' }, 'write', null],
    ['create', 'auditsinks', { apiGroup: 'auditregistration.k8s.io', resource: 'auditsinks' }, 'write', 'monitoring'],
    ['delete', 'webhooks', { apiGroup: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations' }, 'delete', 'monitoring'],
    ['update', 'webhooks', { apiGroup: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations' }, 'write', null],
    ['delete', 'falco', { resource: 'configmaps', name: 'falco-rules' }, 'delete', 'monitoring'],
    ['delete', 'others', { resource: 'configmaps', name: 'my-falco' }, 'delete', null],
    ['attest', 'unknown verb', { apiGroup: 'example.org', resource: 'things' }, 'admin', null],
  ])('%s of %s', (verb, _what, objectRef, category, sensitive) => {
    const event = one({ verb, objectRef });
    expect(event.action.category).toBe(category);
    expect(sensitivity(event, false)).toBe(sensitive);
  });

  it('leaves out clean-up after a namespace, which comes whether it held rules or not', () => {
    const objectRef = { apiGroup: 'monitoring.coreos.com', resource: 'prometheusrules', namespace: 'shop' };
    const by = (username: string) => one({ verb: 'deletecollection', objectRef, user: { username } }).flags;
    expect(by('system:serviceaccount:kube-system:namespace-controller')).not.toContain('monitoring');
    expect(by('system:serviceaccount:shop:namespace-controller')).toContain('monitoring');
  });

  it('sees a session through the kubelet', () => {
    const through = (path: string) => one({
      objectRef: { resource: 'nodes', name: 'n1', subresource: 'proxy' }, requestURI: `/api/v1/nodes/n1/proxy/${path}`,
    }).flags.includes('exec');
    expect([through('exec/shop/web/c?command=sh'), through('run/shop/web/c'), through('metrics/cadvisor')]).toEqual([true, true, false]);
  });

  it('reads the target from the path where there is no objectRef', () => {
    expect(one({ verb: 'list', objectRef: undefined, requestURI: '/api/v1/namespaces/shop/secrets?limit=500' }).resources)
      .toEqual([{ uid: 'core/secrets/shop/@prod', type: 'core/secrets', namespace: 'shop' }]);
    expect(one({ objectRef: undefined, requestURI: '/apis/apps/v1/deployments' }).privilege?.used).toEqual(['k8s:get:apps/deployments@prod']);
    expect(one({ verb: 'update', objectRef: undefined, requestURI: '/api/v1/namespaces/shop/finalize' }).privilege?.used)
      .toEqual(['k8s:update:core/namespaces/finalize@prod/shop']);
  });

  it.each([
    ['/healthz?verbose', '/healthz'], ['/apis/apps/v1', '/apis/apps/v1'], ['/openapi/v3/apis/apps/v1/x', '/openapi/v3/apis/apps/*'],
    ['/logs/4711', '/logs/*'], ['/wp-login.php', '/*'], ['', '/'], [`/api/${'x'.repeat(1000)}`, '/api/*'],
  ])('keeps path names few: %s', (requestURI, template) => {
    expect(one({ objectRef: undefined, requestURI }).privilege?.used).toEqual([`k8s:get:nonresource:${template}@prod`]);
  });
});

describe('who', () => {
  it.each([
    ['system:serviceaccount:shop:web', 'urn:nhi:k8s:prod:service_account/shop/web', 'service_account', 'system:serviceaccount:shop:web@prod', 'machine'],
    ['system:serviceaccount:odd', 'urn:nhi:k8s:prod:user/system:serviceaccount:odd', 'unknown', 'system:serviceaccount:odd@prod', ''],
    ['system:node:n1', 'urn:nhi:k8s:prod:node/n1', 'platform', 'system:node:n1@prod', 'platform_owned'],
    ['system:kube-scheduler', 'urn:nhi:k8s:prod:user/system:kube-scheduler', 'platform', 'system:kube-scheduler@prod', 'platform_owned'],
    ['system:apiserver', 'urn:nhi:k8s:prod:user/system:apiserver', 'platform', 'system:apiserver@prod', 'platform_owned'],
    ['system:gke-controller-manager', 'urn:nhi:k8s:prod:user/system:gke-controller-manager', 'platform', 'system:gke-controller-manager@prod', 'platform_owned'],
    ['system:serviceaccounts:shop:web', 'urn:nhi:k8s:prod:user/system:serviceaccounts:shop:web', 'unknown', 'system:serviceaccounts:shop:web@prod', ''],
    ['system:bootstrap:abc123', 'urn:nhi:k8s:prod:user/system:bootstrap:abc123', 'unknown', 'system:bootstrap:abc123@prod', ''],
    ['system:anonymous', 'urn:nhi:k8s:prod:user/system:anonymous', 'unknown', 'system:anonymous@prod', ''],
    ['somebody', 'urn:nhi:k8s:prod:user/somebody', 'unknown', 'somebody@prod', ''],
    // Anybody may be called like a Google account where Google does not vouch for names.
    ['x@p.iam.gserviceaccount.com', 'urn:nhi:k8s:prod:user/x@p.iam.gserviceaccount.com', 'unknown', 'x@p.iam.gserviceaccount.com@prod', ''],
  ])('%s', (username, urn, kind, key, flag) => {
    const event = one({ user: { username } });
    expect(event.actor.identity).toEqual({ urn, kind, resolution: 'derived' });
    expect(event.principal_key).toBe(key);
    expect(event.flags.filter((f) => f !== 'read_only')).toEqual(flag === '' ? [] : [flag]);
  });

  it('keys a service account by its uid, so that one made again under the name is another', () => {
    const user = (uid: string) => one({ user: { username: 'system:serviceaccount:shop:web', uid } });
    expect([user('u1').principal_key, user('u2').principal_key, user('u1').principal_key]).toEqual(['k8s:prod:u1', 'k8s:prod:u2', 'k8s:prod:u1']);
    expect(user('u1').actor.identity.resolution).toBe('immutable_id');
  });

  it('keeps clusters apart', () => {
    expect([one({}, 'a').principal_key, one({}, 'b').principal_key, one({}, 'a').principal_key].map((key) => key.slice(-2))).toEqual(['@a', '@b', '@a']);
  });

  it('names nobody where there is no name', () => {
    expect(one({ user: {} }).actor.identity).toEqual({ urn: null, kind: 'unknown', resolution: 'none' });
  });

  it('believes neither uid nor extra of an impersonated user', () => {
    const event = one({
      user: { username: 'somebody' },
      impersonatedUser: { username: 'system:serviceaccount:shop:web', uid: 'forged', extra: { arn: ['arn:aws:iam::123456789012:role/forged'] } },
    });
    expect(event.actor).toMatchObject({ identity: { urn: 'urn:nhi:k8s:prod:service_account/shop/web', resolution: 'derived' }, delegation: ['somebody@prod'] });
    expect(event.metadata.product).toBeUndefined();
  });
});

describe('what an impersonator does itself', () => {
  const events = (impersonatedUser: object, more: object = {}) => source.normalise({
    auditID: 'a-1', stage: 'ResponseComplete', verb: 'delete', requestURI: '/', objectRef: { resource: 'secrets', namespace: 'shop', name: 'db' },
    user: { username: 'system:serviceaccount:shop:web', extra: { 'authentication.kubernetes.io/credential-id': ['JTI=1'] } },
    responseStatus: { code: 403 }, requestReceivedTimestamp: '2026-03-02T09:15:01.123456Z', impersonatedUser, ...more,
  }, context).map((event) => nhiEventSchema.parse(event));

  it('is an event of its own, allowed and under its own name, before the request', () => {
    const [own, request, ...rest] = events({ username: 'system:serviceaccount:shop:adm', groups: ['system:serviceaccounts', 'system:authenticated'] });
    expect(rest).toEqual([]);
    expect(own).toMatchObject({
      metadata: { original_event_uid: 'a-1/impersonate' }, actor: { identity: { urn: 'urn:nhi:k8s:prod:service_account/shop/web' } }, credential: { uid: 'JTI=1' },
      api: { operation: 'impersonate' }, action: { category: 'authz_grant' }, status_id: 1, outcome: { denied: false },
      privilege: { used: ['k8s:impersonate:core/serviceaccounts@prod/shop'] }, resources: [{ uid: 'core/serviceaccounts/shop/adm@prod' }],
    });
    expect(own!.actor.delegation).toBeUndefined();
    expect(own!.retired).toBeUndefined();
    expect(request).toMatchObject({
      metadata: { original_event_uid: 'a-1' }, actor: { identity: { urn: 'urn:nhi:k8s:prod:service_account/shop/adm' }, delegation: ['system:serviceaccount:shop:web@prod'] }, outcome: { denied: true },
    });
  });

  it('names the groups that were asked for', () => {
    expect(events({ username: 'alice', groups: ['system:masters', 'system:authenticated'] })[0]!.privilege!.used).toEqual(['k8s:impersonate:core/users@prod', 'k8s:impersonate:core/groups@prod']);
  });

  it('is nobody\'s where the caller has no name', () => expect(events({ username: 'alice' }, { user: {} })).toHaveLength(1));
});

describe('what watches', () => {
  const at = (username: string, verb: string, apiGroup: string, resource: string, namespace: string, name: string, subresource?: string) => one({
    verb, user: { username }, objectRef: { apiGroup, resource, namespace, name, subresource },
  }).flags.includes('monitoring');
  it.each([
    ['somebody', 'update', '', 'secrets', 'monitoring', 'alertmanager-main', undefined, true],
    ['somebody', 'patch', '', 'configmaps', 'monitoring', 'prometheus-server', undefined, true],
    ['somebody', 'patch', 'apps', 'deployments', 'monitoring', 'prometheus', 'scale', true],
    ['somebody', 'delete', 'apps', 'daemonsets', 'logging', 'fluent-bit', undefined, true],
    ['somebody', 'update', 'apps', 'statefulsets', 'monitoring', 'alertmanager-main', 'status', false],
    ['somebody', 'get', '', 'secrets', 'monitoring', 'alertmanager-main', undefined, false],
    ['somebody', 'update', '', 'secrets', 'shop', 'payments', undefined, false],
    ['somebody', 'delete', '', 'namespaces', 'monitoring', 'monitoring', undefined, true],
    ['somebody', 'delete', '', 'namespaces', 'openshift-logging', 'openshift-logging', undefined, true],
    ['somebody', 'delete', '', 'namespaces', 'shop', 'shop', undefined, false],
    ['somebody', 'update', '', 'namespaces', 'monitoring', 'monitoring', undefined, false],
    ['somebody', 'delete', 'operator.victoriametrics.com', 'vmrules', 'shop', 'a', undefined, true],
    ['somebody', 'patch', 'operator.victoriametrics.com', 'vmagents', 'shop', 'a', undefined, true],
    ['somebody', 'patch', 'operator.victoriametrics.com', 'vmagents', 'shop', 'a', 'status', false],
    ['somebody', 'create', 'operator.victoriametrics.com', 'vmalerts', 'shop', 'a', undefined, false],
    ['somebody', 'delete', 'logging.banzaicloud.io', 'clusterflows', 'logging', 'a', undefined, true],
    ['somebody', 'patch', 'logging.banzaicloud.io', 'clusteroutputs', 'logging', 'a', undefined, true],
    ['somebody', 'delete', 'logging.banzaicloud.io', 'flows', 'shop', 'a', undefined, true],
    ['somebody', 'delete', 'opentelemetry.io', 'opentelemetrycollectors', 'shop', 'a', undefined, true],
    ['somebody', 'delete', 'cilium.io', 'tracingpolicies', '', 'a', undefined, true],
    ['somebody', 'delete', 'cilium.io', 'ciliumnetworkpolicies', 'shop', 'a', undefined, false],
    ['somebody', 'delete', '', 'configmaps', 'security', 'custom-falco-rules', undefined, true],
    ['somebody', 'patch', '', 'configmaps', 'security', 'falco-rules', undefined, true],
    ['somebody', 'delete', 'apps', 'daemonsets', 'kube-system', 'tetragon', undefined, true],
    ['system:serviceaccount:monitoring:operator', 'update', '', 'secrets', 'monitoring', 'alertmanager-main', undefined, false],
    ['system:serviceaccount:other:operator', 'update', '', 'secrets', 'monitoring', 'alertmanager-main', undefined, true],
  ])('%s %s %s/%s %s/%s/%s: %s', (user, verb, group, resource, namespace, name, subresource, expected) => {
    expect(at(user, verb, group, resource, namespace, name, subresource)).toBe(expected);
  });
});

describe('acting as the platform', () => {
  it.each(['system:kube-scheduler', 'system:apiserver', 'system:node:n1', 'eks:addon-manager', 'aksService'])('%s does not make one the platform', (username) => {
    const event = one({ user: { username: 'somebody' }, impersonatedUser: { username } });
    expect(event.actor.identity).toMatchObject({ urn: `urn:nhi:k8s:prod:impersonated/${username}`, kind: 'unknown' });
    expect(event.flags).not.toContain('platform_owned');
    expect(one({ user: { username } }).flags).toContain('platform_owned');
  });
});

describe('outcome, stage and network', () => {
  it.each([
    [{ responseStatus: { code: 200 } }, 1, false, '200'], [{ responseStatus: { code: 101 } }, 1, false, '101'],
    [{ responseStatus: { code: 404 } }, 2, false, '404'], [{ responseStatus: { code: 401 } }, 2, true, '401'],
    [{ responseStatus: { code: 403 } }, 2, true, '403'], [{ responseStatus: undefined }, 0, false, undefined],
    [{ responseStatus: undefined, annotations: { 'authorization.k8s.io/decision': 'forbid' } }, 2, true, undefined],
    [{ responseStatus: { code: 200 }, stage: 'Panic' }, 2, false, '200'], [{ responseStatus: { code: 'x' } }, 0, false, undefined],
  ])('%j', (change, status, denied, code) => {
    const event = one(change);
    expect([event.status_id, event.outcome.denied, event.status_code]).toEqual([status, denied, code]);
  });

  it('gives the whole event at every stage and an end only at the last', () => {
    const [received, started, complete] = ['RequestReceived', 'ResponseStarted', 'ResponseComplete'].map((stage) => one({ stage }));
    expect(received!.flags).toContain('start_record');
    expect(started!.flags).toContain('start_record');
    expect(complete!.flags).not.toContain('start_record');
    expect([received!.end_time, complete!.time, complete!.end_time]).toEqual([undefined, 1772442901123, 1772442901223]);
    expect({ ...started, flags: [] }).toEqual({ ...complete, end_time: undefined, flags: [] });
  });

  it('trusts the last address alone, and only if it is one', () => {
    expect(one({ sourceIPs: ['1.1.1.1', '2001:db8::1'] }).src_endpoint).toEqual({ ip: '2001:db8::1' });
    expect(one({ sourceIPs: ['1.1.1.1', 'spoofed'] })).toMatchObject({ src_kind: 'unknown' });
    expect(one({ userAgent: 'x'.repeat(10_000) }).http_request?.user_agent).toHaveLength(256);
  });

  it.each([
    ['RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to Group "g"', ['ClusterRoleBinding/b', 'ClusterRole/r', 'Group/g']],
    ['RBAC: allowed by RoleBinding "b/ns" of Role "r" to ServiceAccount "sa/ns2"', ['RoleBinding/ns/b', 'Role/ns/r', 'ServiceAccount/ns2/sa']],
    ['RBAC: allowed by RoleBinding "b/ns" of ClusterRole "r" to User "u"', ['RoleBinding/ns/b', 'ClusterRole/r', 'User/u']],
    ['RBAC: allowed by ClusterRoleBinding b', undefined], ['', undefined],
  ])('reason %s', (reason, granted) => {
    expect(one({ annotations: { 'authorization.k8s.io/reason': reason } }).privilege?.granted_by).toEqual(granted);
  });
});

describe('a secret from its making to its end', () => {
  const of = (verb: string, change: Record<string, unknown> = {}) => one({ verb, objectRef: { resource: 'secrets', namespace: 'shop', name: 'db', apiVersion: 'v1' }, ...change });
  it('is the target of what makes and changes it', () => {
    for (const verb of ['create', 'update', 'patch']) {
      expect(of(verb)).toMatchObject({ action: { category: 'credential_create' }, resources: [{ uid: 'core/secrets/shop/db@prod', name: 'db', namespace: 'shop' }] });
      expect(of(verb).retired).toBeUndefined();
    }
  });
  it('ends when it is deleted by name', () => {
    expect(of('delete').retired).toEqual({ uid: 'core/secrets/shop/db@prod' });
    expect(of('delete', { responseStatus: { code: 403 } }).retired).toBeUndefined();
    expect(of('deletecollection', { objectRef: { resource: 'secrets', namespace: 'shop' } }).retired).toBeUndefined();
    expect(of('delete', { objectRef: { resource: 'configmaps', namespace: 'shop', name: 'db' } }).retired).toBeUndefined();
  });
});

describe('what is refused', () => {
  const good = { auditID: 'a', stage: 'ResponseComplete', verb: 'get', user: {}, requestReceivedTimestamp: '2026-03-02T09:15:01Z', apiVersion: 'audit.k8s.io/v1', kind: 'Event' };
  it.each([
    [{ auditID: '' }, 'missing_field'], [{ verb: undefined }, 'missing_field'], [{ stage: 'Later' }, 'unknown_shape'],
    [{ requestReceivedTimestamp: undefined }, 'missing_field'], [{ requestReceivedTimestamp: '2026-02-30T00:00:00Z' }, 'bad_time'],
    [{ requestReceivedTimestamp: '2023-02-29T00:00:00Z' }, 'bad_time'], [{ requestReceivedTimestamp: '1969-12-31T23:59:59Z' }, 'bad_time'],
    [{ requestReceivedTimestamp: '2026-03-02T09:15:01+01:00' }, 'bad_time'], [{ requestReceivedTimestamp: 1 }, 'bad_time'],
    // Stages of one request could not be told to be one.
    [{ auditID: undefined, stage: 'RequestReceived' }, 'missing_field'], [{ stage: undefined }, 'missing_field'],
  ])('%j as %s', (change, reason) => {
    expect(() => source.normalise({ ...good, ...change }, context)).toThrow(expect.objectContaining({ reason }));
  });

  it('recognises no neighbour', () => {
    for (const other of [null, [], 'x', {}, { kind: 'Event', apiVersion: 'v1' }, { eventID: 'x', eventVersion: '1.08' }, { auditID: 'a' }]) {
      expect(source.recognises(other)).toBe(false);
    }
  });

  it('survives any shape, throwing nothing but RejectedRecord', () => {
    const odd = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant('x'.repeat(100_000)), fc.constant(JSON.parse('{"__proto__":{"username":"x"}}')), fc.string({ unit: 'binary' }));
    const user = fc.record({ username: odd, uid: odd, extra: fc.oneof(odd, fc.dictionary(fc.constantFrom('arn', 'canonicalArn', 'principalId', 'accessKeyId', 'sessionName', 'authentication.kubernetes.io/credential-id'), odd)) }, { requiredKeys: [] });
    const fields = {
      auditID: fc.oneof(odd, fc.constant('a')), stage: fc.oneof(odd, fc.constantFrom('Panic', 'ResponseStarted')), verb: fc.oneof(odd, fc.constant('get')), user: fc.oneof(odd, user),
      impersonatedUser: fc.oneof(odd, user), objectRef: fc.oneof(odd, fc.record({ resource: odd, apiGroup: odd, namespace: odd, name: odd, subresource: odd }, { requiredKeys: [] })),
      requestURI: odd, responseStatus: fc.oneof(odd, fc.record({ code: odd })), annotations: fc.oneof(odd, fc.dictionary(fc.constantFrom('authorization.k8s.io/reason', 'authorization.k8s.io/decision'), odd)),
      sourceIPs: odd, userAgent: odd, requestReceivedTimestamp: fc.oneof(odd, fc.constant('2026-03-02T09:15:01.1Z')), stageTimestamp: odd, apiVersion: fc.constant('audit.k8s.io/v1'), kind: fc.constant('Event'),
    };
    const gke = fc.record({
      insertId: odd, operation: odd, labels: odd, timestamp: fc.oneof(odd, fc.constant('2026-03-02T09:15:01.1Z')), resource: odd, receiveTimestamp: odd,
      protoPayload: fc.record({ serviceName: fc.constant('k8s.io'), methodName: odd, resourceName: odd, authenticationInfo: odd, authorizationInfo: odd, status: odd, requestMetadata: odd }, { requiredKeys: ['serviceName'] }),
    }, { requiredKeys: ['protoPayload'] });
    fc.assert(fc.property(fc.oneof(fc.record(fields, { requiredKeys: [] }), gke, odd), (record) => {
      source.recognises(record);
      try {
        for (const event of source.normalise(record, context)) {
          nhiEventSchema.parse(event);
          expect(JSON.stringify(event).length).toBeLessThan(16_000);
        }
      } catch (error) {
        if (!(error instanceof RejectedRecord)) throw error;
      }
    }), { numRuns: 400 });
  });
});
