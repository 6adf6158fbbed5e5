import { RejectedRecord, type Source } from '@remit/contract';
import { aksCluster, diagnosticsEvent, isAksRow, isDiagnosticsRow, rowAsAuditEvent } from './aks.ts';
import { eventsOf } from './event.ts';
import { object } from './fields.ts';
import { asAuditEvent, gkeCluster, isGkeEntry } from './gke.ts';

const MINUTE = 60_000;

/** Audit logs of Kubernetes API servers: the webhook's and the file's own shape, and the Cloud Logging entries of GKE. */
export const source: Source = {
  id: 'k8s-audit',
  title: 'Kubernetes audit',
  fills: ['principal', 'credential', 'session', 'action', 'resource', 'outcome', 'network', 'user_agent', 'privilege', 'delegation'],
  // A watch may last an hour, and where the policy leaves out its start it is told of only at its end.
  lateness: 60 * MINUTE,
  maxSilence: 15 * MINUTE,
  timeResolution: 1,
  paths: [
    'apiVersion', 'kind', 'auditID', 'stage', 'verb', 'requestURI', 'requestReceivedTimestamp', 'stageTimestamp', 'timestamp', 'user.username', 'user.uid', 'user.groups',
    'user.extra["authentication.kubernetes.io/credential-id"]', 'user.extra["authentication.kubernetes.io/pod-name"]',
    'user.extra["authentication.kubernetes.io/pod-uid"]', 'user.extra["authentication.kubernetes.io/node-uid"]', 'user.extra.arn',
    'user.extra.canonicalArn', 'user.extra.oid', 'user.extra.principalId', 'user.extra.accessKeyId', 'user.extra.sessionName', 'impersonatedUser.username', 'impersonatedUser.groups',
    'objectRef.apiGroup', 'objectRef.resource', 'objectRef.subresource', 'objectRef.namespace', 'objectRef.name', 'responseStatus.code',
    'annotations["authorization.k8s.io/decision"]', 'annotations["authorization.k8s.io/reason"]',
    'annotations["authentication.kubernetes.io/issued-credential-id"]', 'sourceIPs', 'userAgent', 'insertId', 'timestamp', 'labels.*',
    'receiveTimestamp', 'operation.id', 'operation.first', 'operation.last', 'resource.labels.cluster_name', 'resource.labels.location',
    'resource.labels.project_id', 'protoPayload.serviceName', 'protoPayload.methodName', 'protoPayload.resourceName',
    'protoPayload.authenticationInfo.principalEmail', 'protoPayload.authenticationInfo.authoritySelector', 'protoPayload.authorizationInfo[].granted', 'protoPayload.status.code',
    'AuditId', 'Stage', 'Verb', 'RequestUri', 'User.*', 'ImpersonatedUser.*', 'ObjectRef.*', 'ResponseStatus.code', 'Annotations.*', 'SourceIps', 'UserAgent',
    'RequestReceivedTime', 'StageReceivedTime', 'TimeGenerated', '_ResourceId', 'ResourceId', 'Category', 'category', 'log_s',
    'protoPayload.requestMetadata.callerIp', 'protoPayload.requestMetadata.callerSuppliedUserAgent',
  ],
  marks: ['auditID', 'stage', 'verb'],
  recognises(record) {
    const it = object(record);
    if (!it) return false;
    const version = it['apiVersion'];
    if (typeof version === 'string' && version.startsWith('audit.k8s.io/')) return it['kind'] === 'Event' || it['kind'] === undefined;
    // Events of Kubernetes before 1.12 and of some forwarders carry no version.
    if (typeof it['auditID'] === 'string') return typeof it['stage'] === 'string' && typeof it['verb'] === 'string' && object(it['user']) !== undefined;
    return isGkeEntry(it) || isAksRow(it) || isDiagnosticsRow(it);
  },
  normalise(record, context) {
    const it = object(record);
    if (!it) throw new RejectedRecord('unknown_shape', 'not a JSON object');
    if (it['auditID'] === undefined && isGkeEntry(it)) {
      return eventsOf(asAuditEvent(it), { cluster: context.cluster || gkeCluster(it), product: 'GKE', loggedAt: it['receiveTimestamp'] });
    }
    if (it['auditID'] === undefined && isAksRow(it)) {
      return eventsOf(rowAsAuditEvent(it), { cluster: context.cluster || aksCluster(it), product: 'AKS', loggedAt: it['TimeGenerated'] });
    }
    if (it['auditID'] === undefined && isDiagnosticsRow(it)) {
      return eventsOf(diagnosticsEvent(it), { cluster: context.cluster || aksCluster(it), product: 'AKS', loggedAt: it['TimeGenerated'] });
    }
    return eventsOf(it, { cluster: context.cluster, product: undefined, loggedAt: undefined });
  },
};
