import type { Category } from '@remit/contract';
import type { Target } from './target.ts';

/** What a request does, in the words that span sources. */
export interface Action {
  category: Category;
  /** OCSF API activity: 1 create, 2 read, 3 update, 4 delete, 99 other. */
  activity: number;
  /** An interactive session inside a workload or on a node. */
  exec: boolean;
  /** A change of what is watched. */
  monitoring: boolean;
  readOnly: boolean;
}

const CREATE = 1;
const READ = 2;
const UPDATE = 3;
const DELETE = 4;
const OTHER = 99;

/** Verbs of resources and, in lower case, the methods of paths beside them. Any other verb is `admin`. */
const VERBS: ReadonlyMap<string, { category: Category; activity: number; readOnly: boolean }> = new Map([
  ['get', { category: 'read', activity: READ, readOnly: true }],
  ['list', { category: 'list', activity: READ, readOnly: true }],
  // A watch hands out every object of the list, and every one to come.
  ['watch', { category: 'list', activity: READ, readOnly: true }],
  ['head', { category: 'read', activity: READ, readOnly: true }],
  ['options', { category: 'read', activity: READ, readOnly: true }],
  ['create', { category: 'write', activity: CREATE, readOnly: false }],
  ['post', { category: 'write', activity: CREATE, readOnly: false }],
  ['update', { category: 'write', activity: UPDATE, readOnly: false }],
  ['put', { category: 'write', activity: UPDATE, readOnly: false }],
  ['patch', { category: 'write', activity: UPDATE, readOnly: false }],
  ['delete', { category: 'delete', activity: DELETE, readOnly: false }],
  ['deletecollection', { category: 'delete', activity: DELETE, readOnly: false }],
]);
const ANY_OTHER = { category: 'admin', activity: OTHER, readOnly: false } as const;

const RBAC = new Set(['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings']);
const GRANT_VERBS = new Set(['bind', 'escalate', 'impersonate']);
const SESSIONS = new Set(['exec', 'attach', 'portforward']);
/** Paths of the kubelet that run something, reached through `nodes/proxy`; a mere get of them is enough. */
const KUBELET_SESSIONS = new Set(['exec', 'run', 'attach', 'portForward', 'cri']);
const REVIEWS = new Set(['subjectaccessreviews', 'localsubjectaccessreviews', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews']);
const WATCHERS = new Set([
  'prometheusrules', 'alertmanagerconfigs', 'servicemonitors', 'podmonitors', 'probes', 'scrapeconfigs', 'prometheuses', 'prometheusagents',
  'alertmanagers', 'thanosrulers',
]);
const WEBHOOKS = new Set(['validatingwebhookconfigurations', 'mutatingwebhookconfigurations']);
/** These two carry out deletions that somebody else ordered, in every namespace that goes, whether it holds anything or not. */
const CLEANERS = new Set(['system:serviceaccount:kube-system:namespace-controller', 'system:serviceaccount:kube-system:generic-garbage-collector']);

/** The category and the facts of one request by this user. Total: every verb, group and resource has an answer. */
export function actionOf(target: Target, username: string): Action {
  const verb = VERBS.get(target.verb) ?? ANY_OTHER;
  const { readOnly } = verb;
  const exec = isSession(target, readOnly);
  return {
    category: exec ? 'admin' : categoryOf(target, verb.activity) ?? verb.category,
    activity: exec ? OTHER : verb.activity,
    exec,
    monitoring: !readOnly && (isMonitoring(target, verb.activity) || isMonitorItself(target, verb.activity, username))
      && !(verb.activity === DELETE && CLEANERS.has(username)),
    readOnly: readOnly && !exec,
  };
}

function isSession({ resource, subresource, group, proxied }: Target, readOnly: boolean): boolean {
  if (group !== 'core' || subresource === '') return false;
  if (resource === 'pods') return SESSIONS.has(subresource) || (subresource === 'ephemeralcontainers' && !readOnly);
  return resource === 'nodes' && subresource === 'proxy' && KUBELET_SESSIONS.has(proxied);
}

function categoryOf({ verb, group, resource, subresource, namespace, name }: Target, activity: number): Category | undefined {
  if (GRANT_VERBS.has(verb)) return 'authz_grant';
  const sets = activity === CREATE || activity === UPDATE;
  if (!sets) return undefined;
  switch (group) {
    case 'core':
      if (resource === 'secrets') return 'credential_create';
      if (resource === 'serviceaccounts' && subresource === 'token') return 'credential_create';
      if (resource === 'pods' && subresource === 'eviction') return 'delete';
      // The map from AWS identities to groups of the cluster, on EKS.
      if (resource === 'configmaps' && name === 'aws-auth' && namespace === 'kube-system') return 'authz_grant';
      return undefined;
    case 'rbac.authorization.k8s.io': case 'authorization.openshift.io': return RBAC.has(resource) ? 'authz_grant' : undefined;
    case 'certificates.k8s.io': return resource === 'certificatesigningrequests' && subresource === 'approval' ? 'credential_create' : undefined;
    case 'authentication.k8s.io': return resource === 'tokenreviews' ? 'authn' : REVIEWS.has(resource) ? 'read' : undefined;
    case 'authorization.k8s.io': return REVIEWS.has(resource) ? 'read' : undefined;
    default: return undefined;
  }
}

function isMonitoring({ group, resource, subresource, name }: Target, activity: number): boolean {
  switch (group) {
    // New rules watch more, not less; and operators write the status all day.
    case 'monitoring.coreos.com': return (activity === DELETE || activity === UPDATE) && subresource !== 'status' && WATCHERS.has(resource);
    case 'monitoring.grafana.com': return (activity === DELETE || activity === UPDATE) && subresource !== 'status';
    case 'auditregistration.k8s.io': return resource === 'auditsinks';
    case 'admissionregistration.k8s.io': return activity === DELETE && WEBHOOKS.has(resource);
    case 'core': return activity === DELETE && ((resource === 'configmaps' && isWatchConfig(name)) || (resource === 'namespaces' && subresource === '' && HOLDS_WATCHERS.test(name)));
    default: return (activity === DELETE || activity === UPDATE) && subresource !== 'status' && OPERATED.get(group)?.test(resource) === true;
  }
}

/**
 * Configuration and workloads of what watches, known by their names: rewriting Alertmanager's or Prometheus' configuration, removing
 * or scaling them or a log shipper. Service accounts of the same namespace are left out: operators do it all day.
 */
function isMonitorItself({ group, resource, subresource, namespace, name }: Target, activity: number, username: string): boolean {
  if (activity !== DELETE && activity !== UPDATE) return false;
  const configuration = group === 'core' && (resource === 'secrets' || resource === 'configmaps') && subresource === '';
  const workload = group === 'apps' && WORKLOADS.has(resource) && (subresource === 'scale' || (activity === DELETE && subresource === ''));
  if (!configuration && !workload) return false;
  if (!(configuration ? CONFIGURED : WATCHING).test(name)) return false;
  return !username.startsWith('system:serviceaccount:' + namespace + ':') && !username.startsWith('system:serviceaccount:kube-system:');
}

const WORKLOADS = new Set(['deployments', 'statefulsets', 'daemonsets']);
const CONFIGURED = /^(?:prometheus|alertmanager|falco|tetragon|vmagent|vmalert|vmalertmanager)(?:-|$)/;
const WATCHING = new RegExp('(?:^|-)(?:prometheus|alertmanager|fluent-?bit|fluentd|promtail|falco|tetragon|vector|otel-collector|opentelemetry-collector|alloy'
  + '|vmagent|vmalert|vmalertmanager|vmsingle|vmstorage|loki|filebeat|auditbeat|cloudwatch-agent|grafana-agent|node-exporter|kube-state-metrics)(?:-|$)');
/** Namespaces in which, by their names, monitoring lives. */
const HOLDS_WATCHERS = new RegExp('(?:^|-)(?:monitoring|observability|logging|logs|alerting|prometheus|alertmanager|victoria-?metrics|grafana|loki|falco|tetragon'
  + '|opentelemetry|otel|fluent-?bit|fluentd|cloudwatch|elastic-system|security-?monitoring)(?:-|$)');
/** What operators of monitoring, logging and tracing reconcile, by API group. */
const OPERATED: ReadonlyMap<string, RegExp> = new Map([
  ['operator.victoriametrics.com', /^(?:vm|vl|vt)[a-z]+$/],
  ['logging.banzaicloud.io', /^(?:cluster)?(?:flows|outputs)$|^syslogng(?:cluster)?(?:flows|outputs)$|^loggings$|^(?:fluentbit|nodeagent)[a-z]*$|^fluentdconfigs$/],
  ['logging.openshift.io', /^(?:clusterlogforwarders|clusterloggings)$/], ['observability.openshift.io', /^clusterlogforwarders$/],
  ['fluentbit.fluent.io', /./], ['fluentd.fluent.io', /./],
  ['opentelemetry.io', /^(?:opentelemetrycollectors|targetallocators|instrumentations)$/],
  ['cilium.io', /^tracingpolicies(?:namespaced)?$/], ['security.kubearmor.com', /policies$/],
  ['loki.grafana.com', /./], ['tempo.grafana.com', /./],
]);

/** Configuration known by its name. Only its deletion counts: operators and Helm rewrite it in the normal run of things. */
function isWatchConfig(name: string): boolean {
  if (name.startsWith('audit-policy') || FALCO.test(name)) return true;
  return name.startsWith('prometheus-') && name.includes('-rulefiles');
}

const FALCO = /^falco|(?:^|-)falco-?rules(?:-|$)/;
