import { object, text, type Json } from './fields.ts';
import { fromPath } from './target.ts';

/** True for a Cloud Logging entry of a GKE cluster's API server. */
export function isGkeEntry(record: Json): boolean {
  return object(record['protoPayload'])?.['serviceName'] === 'k8s.io';
}

/** The id of the cluster that the entry names, `<project>/<location>/<cluster>`, or empty. */
export function gkeCluster(entry: Json): string {
  const labels = object(object(entry['resource'])?.['labels']);
  const name = text(labels?.['cluster_name'], 128);
  return name && [text(labels?.['project_id'], 128), text(labels?.['location'], 128), name].filter((part) => part !== '').join('.');
}

/**
 * The entry in the shape of an audit event. GKE logs one entry a request, or two for one that lasts, joined by `operation.id`;
 * codes are Google's, so 7 and 16 become 403 and 401. No request or response body is taken along.
 */
export function asAuditEvent(entry: Json): Json {
  const payload = object(entry['protoPayload']) ?? {};
  const authentication = object(payload['authenticationInfo']) ?? {};
  const metadata = object(payload['requestMetadata']) ?? {};
  const operation = object(entry['operation']) ?? {};
  const method = text(payload['methodName'], 512);
  const verb = method.slice(method.lastIndexOf('.') + 1);
  const name = text(payload['resourceName'], 1024);
  const slash = name.indexOf('/');
  const core = name.startsWith('core/') || slash < 0;
  const path = core ? '/api' + name.slice(Math.max(0, slash)) : '/apis/' + name;
  const target = fromPath(verb, slash < 0 ? '/' + name : path, namesNamespaces(method) ? 'namespaces' : undefined);
  const time = entry['timestamp'];
  return {
    auditID: operation['id'] ?? entry['insertId'],
    stage: operation['first'] === true && operation['last'] !== true ? 'ResponseStarted' : 'ResponseComplete',
    verb,
    user: { username: usernameOf(authentication) },
    objectRef: target.path === '' ? { ...target, apiGroup: target.group === 'core' ? '' : target.group } : undefined,
    requestURI: target.path === '' ? path : target.path,
    responseStatus: { code: httpCode(object(payload['status'])?.['code']) },
    annotations: annotationsOf(entry, payload),
    sourceIPs: [metadata['callerIp'] ?? metadata['callerIP']],
    userAgent: metadata['callerSuppliedUserAgent'],
    requestReceivedTimestamp: time,
  };
}

/** Whoever has not signed in has no address; Kubernetes' own name for it is where the authority stands. */
function usernameOf(authentication: Json): unknown {
  const email = authentication['principalEmail'];
  const nobody = email === undefined || email === null || email === '';
  return nobody && authentication['authoritySelector'] === ANONYMOUS ? ANONYMOUS : email;
}

const ANONYMOUS = 'system:anonymous';

/** `io.k8s.core.v1.namespaces.finalize`, where the last part but one is the resource. */
function namesNamespaces(method: string): boolean {
  return /\.v\d[a-z0-9]*\.namespaces\.(?:[a-z]+\.)?[a-z]+$/.test(method);
}

function annotationsOf(entry: Json, payload: Json): Json {
  const labels = object(entry['labels']) ?? {};
  if (labels['authorization.k8s.io/decision'] !== undefined) return labels;
  const authorization: unknown = Array.isArray(payload['authorizationInfo']) ? payload['authorizationInfo'][0] : undefined;
  const granted = object(authorization)?.['granted'];
  // A refusal leaves `granted` out rather than writing false.
  if (granted === true) return { 'authorization.k8s.io/decision': 'allow' };
  return granted === false ? { 'authorization.k8s.io/decision': 'forbid' } : {};
}

const HTTP_CODES: ReadonlyMap<unknown, number> = new Map([
  [1, 499], [3, 400], [4, 504], [5, 404], [6, 409], [7, 403], [8, 429], [9, 400], [10, 409], [12, 501], [13, 500], [14, 503], [16, 401],
]);

/** An HTTP code for a gRPC one; HTTP codes, which some entries carry, stay. */
function httpCode(code: unknown): unknown {
  if (code === undefined || code === 0) return 200;
  return typeof code === 'number' && code >= 100 ? code : HTTP_CODES.get(code) ?? 500;
}
