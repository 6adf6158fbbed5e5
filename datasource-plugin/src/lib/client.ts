import { defer, lastValueFrom, Observable, ReplaySubject, retry, share, throwError, timer } from 'rxjs';
import { map } from 'rxjs/operators';
import { getBackendSrv, type FetchResponse } from '@grafana/runtime';
import { t } from '@grafana/i18n';
import type { FilterOp, LabelInfo, LabelValues, QueryAnswer, QueryKind, StatusReport } from '@remit/contract';
import type { Filter, ReadAuth } from '../types';
import { patience, TRIES } from './patience';

/** One query as it goes over the wire. */
export interface WireQuery {
  refId: string;
  kind: QueryKind;
  from: number;
  to: number;
  filters: Array<{ key: string; op: FilterOp; values: string[] }>;
  limit?: number;
  cursor?: string;
  format?: string;
  order?: 'newest' | 'oldest';
  step?: number;
}

/** What narrows the values of a label. */
export interface ValuesOptions {
  kind?: QueryKind;
  filters?: readonly Filter[];
  contains?: string;
  from?: number;
  to?: number;
  limit?: number;
}

/** An answer that came back in pieces is asked for once more after this, ms. */
const AGAIN = 300;
/** How long lists for editors and variables are kept, in ms. */
const KEPT = 30_000;

/**
 * Talks to Remit through Grafana's data source proxy. Which token is used depends on the first segment of the path alone, and is added by
 * Grafana: this code never sees one.
 */
export class Client {
  private readonly lists = new Map<string, Observable<unknown>>();
  private readonly running = new Map<string, Observable<QueryAnswer>>();

  constructor(private readonly proxy: string, readonly auth: ReadAuth) {}

  /** Asks; ends the request when nobody listens any more. Equal questions that are under way at once are asked once. */
  query(queries: WireQuery[], requestId?: string): Observable<QueryAnswer> {
    const key = JSON.stringify(queries);
    const running = this.running.get(key);
    if (running) {
      return running;
    }
    const asked = defer(() => getBackendSrv().fetch<QueryAnswer>({ url: this.read('query'), method: 'POST', data: { queries }, requestId, showErrorAlert: false }))
      .pipe(map(({ data }) => wholeAnswer(data)), retry({ count: TRIES, delay: again }));
    const shared = new Observable<QueryAnswer>((subscriber) => {
      const subscription = asked.subscribe(subscriber);
      return () => {
        this.running.delete(key);
        subscription.unsubscribe();
      };
    }).pipe(share());
    this.running.set(key, shared);
    return shared;
  }

  labels(kind?: QueryKind): Promise<LabelInfo[]> {
    return this.list<{ items: LabelInfo[] }>('labels', kind ? [['kind', kind]] : []).then(({ items }) => items);
  }

  values(label: string, { kind, filters = [], contains, from, to, limit = 500 }: ValuesOptions = {}): Promise<LabelValues> {
    const params: Array<[string, string]> = [];
    if (kind) {
      params.push(['kind', kind]);
    }
    for (const { key, op, values } of filters) {
      for (const value of values) {
        params.push(['match', `${key}${values.length > 1 ? several(op) : op === 'in' ? '=' : op === 'not in' ? '!=' : op}${value}`]);
      }
    }
    if (contains) {
      params.push(['q', contains]);
    }
    // Rounded, so that lists asked for a moment later are the same list.
    if (from !== undefined && to !== undefined) {
      params.push(['from', String(Math.floor(from / KEPT) * KEPT)], ['to', String(Math.ceil(to / KEPT) * KEPT)]);
    }
    params.push(['limit', String(limit)]);
    return this.list<LabelValues>(`labels/${encodeURIComponent(label)}/values`, params);
  }

  status(): Promise<StatusReport> {
    return lastValueFrom(getBackendSrv().fetch<StatusReport>({ url: this.read('status'), showErrorAlert: false })).then(({ data }) => data);
  }

  /** A person's word on a finding. Goes with the write token, which Grafana adds for editors only. */
  verdict(finding: string, body: { state: string; note?: string; claimed_user?: string }): Promise<void> {
    if (!/^[0-9a-f]{32}$/.test(finding)) {
      return Promise.reject(new Error('That is no id of a finding'));
    }
    return lastValueFrom(
      getBackendSrv().fetch({ url: `${this.proxy}/write/${finding}/verdict`, method: 'POST', data: body, showErrorAlert: false })
    ).then(() => undefined);
  }

  /** Findings as they change, in pieces of lines. */
  stream(cursor: string | undefined, filters: readonly Filter[]): Observable<FetchResponse<Uint8Array | undefined>> {
    const params = new URLSearchParams(cursor === undefined ? [] : [['cursor', cursor]]);
    for (const { key, op, values } of filters) {
      for (const value of values) {
        params.append('filter', `${key}${values.length > 1 ? several(op) : op}${value}`);
      }
    }
    return getBackendSrv().chunked({ url: `${this.read('findings/stream')}?${params}`, method: 'GET' });
  }

  /** The path of a reading request. A user of the web configuration and no token at all go without a route, which would overwrite theirs. */
  private read(path: string): string {
    return `${this.proxy}/${this.auth === 'token' ? 'read' : 'api/v1'}/${path}`;
  }

  private list<T>(path: string, params: Array<[string, string]>): Promise<T> {
    const url = `${this.read(path)}?${new URLSearchParams(params)}`;
    let list = this.lists.get(url);
    if (!list) {
      list = getBackendSrv().fetch<T>({ url, showErrorAlert: false }).pipe(
        map(({ data }) => data),
        share({ connector: () => new ReplaySubject(1), resetOnComplete: () => timer(KEPT), resetOnError: true, resetOnRefCountZero: false })
      );
      if (this.lists.size > 200) {
        this.lists.clear();
      }
      this.lists.set(url, list);
    }
    return lastValueFrom(list) as Promise<T>;
  }
}

class NoAnswer extends Error {}

/** When to ask once more after a failure; the failure itself when it is no use. */
function again(error: unknown, tries: number): Observable<unknown> {
  const wait = error instanceof NoAnswer && tries === 1 ? AGAIN : patience(error, tries);
  return wait === null ? throwError(() => error) : timer(wait);
}

/** Throws a sentence when an answer is none: cut short on its way, or of something else. */
function wholeAnswer(data: QueryAnswer): QueryAnswer {
  if (typeof data !== 'object' || data === null || typeof data.results !== 'object' || data.results === null) {
    throw new NoAnswer(t('failure.no-answer', 'What came back is no answer of Remit: it was cut short, or the URL leads to something else. Ask again, or check the data source.'));
  }
  return data;
}

function several(op: FilterOp): string {
  return op === '=' || op === 'in' ? '=|' : op === '!=' || op === 'not in' ? '!=|' : op;
}
