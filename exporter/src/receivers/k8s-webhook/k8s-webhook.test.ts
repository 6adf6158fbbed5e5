import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryIngest, receipt, serveRoutes } from '../../lib/cases/memory-ingest.ts';
import type { Listening } from '../../api/listen.ts';
import { createUploadGate } from '../../lib/upload.ts';
import { k8sWebhookRoutes } from './k8s-webhook.ts';

let ingest: MemoryIngest;
let service: Listening;

beforeEach(async () => {
  ingest = new MemoryIngest();
  const gate = createUploadGate({ inFlight: () => ingest.bytesInFlight, limit: () => ingest.bytesLimit });
  service = await serveRoutes(k8sWebhookRoutes({ ingest, gate, sources: ['k8s-audit'] }));
});
afterEach(async () => service.close(50));

const LIST = JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items: [] });
const post = (path: string): Promise<Response> => fetch(service.url + path, { method: 'POST', body: LIST, headers: { 'content-type': 'application/json' } });

test.each([
  ['/k8s/audit', {}],
  ['/k8s/audit?cluster=prod&feed=masters', { cluster: 'prod', feed: 'masters' }],
  // What an API server sends: it drops the query of its kubeconfig's URL and adds a timeout.
  ['/k8s/audit/prod-eu-1?timeout=30s', { cluster: 'prod-eu-1' }],
])('%s names the source and the cluster', async (path, hint) => {
  ingest.next = () => Promise.resolve(receipt({ accepted: 400 }));
  const answer = await post(path);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ accepted: 400, duplicate: 0, start_record: 0, rejected: [] });
  expect(ingest.bodies[0]?.hint).toEqual({ receiver: 'k8s-webhook', source: 'k8s-audit', ...hint });
});
