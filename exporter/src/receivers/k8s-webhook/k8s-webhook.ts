import type { Request } from 'express';
import type { Route } from '../../lib/http-route.ts';
import { receive } from '../../lib/receive.ts';
import type { ReceiverDeps } from '../../lib/receive.ts';

/**
 * `POST /k8s/audit` and `POST /k8s/audit/:cluster`: the audit webhook of a Kubernetes API server. The cluster id may stand in
 * the path because an API server drops the query of the URL in its kubeconfig.
 */
export function k8sWebhookRoutes(deps: ReceiverDeps): Route[] {
  const fixed = (request: Request): { source: string; cluster?: string } => {
    const cluster = request.params['cluster'];
    return typeof cluster === 'string' ? { source: 'k8s-audit', cluster } : { source: 'k8s-audit' };
  };
  return ['/k8s/audit', '/k8s/audit/:cluster'].map((path) => ({
    method: 'POST', path, access: 'ingest', handle: (request, response) => receive(request, response, deps, 'k8s-webhook', fixed(request)),
  }));
}
