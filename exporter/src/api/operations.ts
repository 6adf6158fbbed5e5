import type { Problem } from '@remit/contract';
import type { Request, Response } from 'express';
import { sendJson } from '../lib/http-route.ts';
import type { Route } from '../lib/http-route.ts';

interface OperationDeps {
  metrics: { write(request: Request, response: Response): Promise<void> };
  ready(): boolean;
  live(): boolean;
  reload(): Promise<{ ok: boolean; problems: Problem[] }>;
}

/** Metrics, health and reload. */
export function operationRoutes(deps: OperationDeps): Route[] {
  const reload = async (_request: Request, response: Response): Promise<void> => {
    const { ok, problems } = await deps.reload();
    sendJson(response, ok ? 200 : 500, ok ? { ok, problems } : { error: 'the reload failed; what was in force stays in force', ok, problems });
  };
  return [
    { method: 'GET', path: '/metrics', access: 'read', handle: (request, response) => deps.metrics.write(request, response) },
    {
      method: 'GET', path: '/-/healthy', access: 'open', early: true,
      handle: (_request, response) => sendJson(response, deps.live() ? 200 : 503, deps.live() ? { healthy: true } : { healthy: false, error: 'the pipeline has stopped' }),
    },
    {
      method: 'GET', path: '/-/ready', access: 'open', early: true,
      handle: (_request, response) => sendJson(response, deps.ready() ? 200 : 503, deps.ready() ? { ready: true } : { ready: false, error: 'state is being restored' }),
    },
    { method: 'POST', path: '/-/reload', access: 'admin', early: true, handle: reload },
    { method: 'PUT', path: '/-/reload', access: 'admin', early: true, handle: reload },
  ];
}
