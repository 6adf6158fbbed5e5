import { from, Observable, of, throwError } from 'rxjs';
import { setBackendSrv, setTemplateSrv, type BackendSrv, type BackendSrvRequest } from '@grafana/runtime';
import { templates } from './templates';

/** A request as Grafana's proxy would get it. */
export interface Asked {
  url: string;
  method?: string;
  data?: unknown;
  requestId?: string;
}

/** Stands for Grafana: answers by the path below the data source, and remembers what was asked of it. `dashboards`: uids of those that there are. */
export function proxy(answer: (asked: Asked) => unknown, pieces?: () => Observable<Uint8Array>, dashboards: string[] = ['remit-identity']): Asked[] {
  const asked: Asked[] = [];
  const fetch = (request: BackendSrvRequest) => {
    if (request.url.startsWith('/api/search')) {
      return of({ data: dashboards.map((uid) => ({ uid })), status: 200 });
    }
    asked.push({ url: request.url, method: request.method, data: request.data, requestId: request.requestId });
    const given = answer({ url: request.url, method: request.method, data: request.data });
    if (given instanceof Failed) {
      return throwError(() => ({ status: given.status, statusText: given.statusText, data: given.data, config: request }));
    }
    return from(Promise.resolve(given)).pipe((source) => new Observable((subscriber) => source.subscribe({ next: (data) => subscriber.next({ data, status: 200 }), error: (error) => subscriber.error(error), complete: () => subscriber.complete() })));
  };
  const chunked = (request: BackendSrvRequest) => {
    asked.push({ url: request.url });
    return new Observable((subscriber) => (pieces?.() ?? of()).subscribe({ next: (data) => subscriber.next({ data, ok: true }), error: (error) => subscriber.error(error), complete: () => subscriber.complete() }));
  };
  setBackendSrv({ fetch, chunked } as unknown as BackendSrv);
  setTemplateSrv(templates({}));
  return asked;
}

const STATUS_TEXTS: Record<number, string> = { 400: 'Bad Request', 502: 'Bad Gateway', 504: 'Gateway Timeout' };

/** A request that fails as Grafana's proxy lets it fail. */
export class Failed {
  readonly data: unknown;
  readonly statusText: string;

  /** Grafana wraps an answer that is no JSON. */
  constructor(readonly status: number, data: unknown) {
    this.statusText = STATUS_TEXTS[status] ?? '';
    this.data = typeof data === 'string' ? { message: data || this.statusText, error: this.statusText, response: data } : data;
  }
}
