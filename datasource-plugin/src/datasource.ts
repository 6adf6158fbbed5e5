import { catchError, concat, debounceTime, EMPTY, firstValueFrom, forkJoin, map, of, startWith, switchMap, timer, type Observable } from 'rxjs';
import {
  CoreApp, DataSourceApi, dateTime, FieldType, LoadingState, LogsVolumeType, rangeUtil, SupplementaryQueryType, type AdHocVariableFilter, type DataFrame, type DataQueryError, type DataQueryRequest, type DataQueryResponse,
  type DataSourceGetTagKeysOptions, type DataSourceGetTagValuesOptions, type DataSourceInstanceSettings, type DataSourceWithLogsContextSupport, type DataSourceWithQueryModificationSupport,
  type DataSourceWithSupplementaryQueriesSupport, type DataSourceWithToggleableQueryFiltersSupport, type LogRowContextOptions, type LogRowModel, type QueryFilterOptions, type QueryFixAction,
  type ScopedVars, type SupplementaryQueryOptions, type ToggleFilterAction,
} from '@grafana/data';
import { getTemplateSrv, type TemplateSrv } from '@grafana/runtime';
import type { DashboardLink } from '@grafana/schema';
import type { QueryResult } from '@remit/contract';
import { add, has, tagKeys, tagValues, toggle } from './features/ad-hoc';
import { annotations } from './features/annotations';
import { defaultLinks, defaultVariables, type DefaultVariable } from './features/defaults';
import { checkHealth } from './features/health';
import { identityDashboardFinder } from './features/identity-dashboard';
import { sharedStream, type LiveSignal } from './features/live';
import { contextQuery } from './features/log-context';
import { VariableSupport } from './features/variables';
import { Client, type WireQuery } from './lib/client';
import { verdictTarget } from './lib/actions';
import { clickable, isClickable } from './lib/clickable';
import { keepLooks } from './lib/dress';
import { explainFailure } from './lib/failure';
import { adHocFilters, filtersOf, interpolateFilters } from './lib/interpolate';
import { limitOf } from './lib/limit';
import { linkTargets, type LinkTargets } from './lib/links';
import { migrateQuery } from './lib/migrate';
import { isNoChain, noChain } from './queries/no-chain';
import { REGISTRY } from './queries/registry';
import type { Filter, RemitOptions, RemitQuery } from './types';

/** Most queries in one request of the wire. */
const AT_ONCE = 26;
/** How often panels that are live ask when there is no stream, ms. */
const POLL = 15_000;

/** The Remit data source: asks Remit's query API through Grafana's proxy. It has no part on the server. */
export class RemitDataSource
  extends DataSourceApi<RemitQuery, RemitOptions>
  implements DataSourceWithLogsContextSupport<RemitQuery>, DataSourceWithSupplementaryQueriesSupport<RemitQuery>, DataSourceWithToggleableQueryFiltersSupport<RemitQuery>, DataSourceWithQueryModificationSupport<RemitQuery>
{
  readonly client: Client;
  /** Whether verdicts are offered. Who may say them is decided by Grafana's proxy and by Remit. */
  readonly actions: boolean;
  annotations = annotations;
  private readonly to: LinkTargets;
  private readonly findDashboard = identityDashboardFinder();
  private readonly defaultLimit: number | undefined;
  private readonly changes: Observable<LiveSignal>;

  constructor(settings: DataSourceInstanceSettings<RemitOptions>, private readonly templates: TemplateSrv = getTemplateSrv()) {
    super(settings);
    const { url, jsonData } = settings;
    this.client = new Client(url ?? '', jsonData.readAuth ?? 'token');
    this.actions = jsonData.actions !== false;
    this.defaultLimit = limitOf(jsonData.defaultLimit);
    this.to = linkTargets(settings);
    this.to.verdicts = this.actions && jsonData.tableActions === true ? verdictTarget(url) : undefined;
    this.changes = sharedStream(this.client);
    this.variables = new VariableSupport(this);
  }

  testDatasource() {
    return checkHealth(this.client, this.uid);
  }

  /** A new query shows something at once. */
  getDefaultQuery(app: CoreApp): Partial<RemitQuery> {
    return app === CoreApp.Explore || app === CoreApp.Dashboard || app === CoreApp.PanelEditor ? { kind: 'findings', format: 'table', filters: [] } : { kind: 'findings' };
  }

  /** Variables that a dashboard gets when this data source is used on it. Grafana 13 asks for them; earlier versions do not. */
  getDefaultVariables(): Promise<DefaultVariable[]> {
    return Promise.resolve(defaultVariables(this.getRef()));
  }

  /** Links that a dashboard gets when this data source is used on it. Grafana 13 asks for them; earlier versions do not. */
  getDefaultLinks(): Promise<DashboardLink[]> {
    return Promise.resolve(defaultLinks(this.to));
  }

  filterQuery(stored: RemitQuery): boolean {
    return !stored.hide;
  }

  getQueryDisplayText(stored: RemitQuery): string {
    const query = migrateQuery(stored);
    return `${REGISTRY[query.kind].model().label} ${query.editor === 'raw' ? (query.raw ?? '') : (query.filters ?? []).map(({ key, op, values }) => `${key} ${op} ${values.join(', ')}`).join(' · ')}`.trim();
  }

  query(request: DataQueryRequest<RemitQuery>): Observable<DataQueryResponse> {
    const targets = request.targets.filter((query) => this.filterQuery(query)).map(migrateQuery);
    if (targets.length === 0) {
      return of({ data: [], state: LoadingState.Done });
    }
    const live = request.liveStreaming || targets.some((target) => target.live && target.kind === 'findings');
    return live ? this.live(request, targets) : this.ask(request, targets);
  }

  /** Where links lead. */
  private async targets(): Promise<LinkTargets> {
    return this.to.identityDashboard === null ? { ...this.to, identityDashboard: await this.findDashboard() } : this.to;
  }

  /** One answer to the targets of a request. */
  private ask(request: DataQueryRequest<RemitQuery>, targets: RemitQuery[]): Observable<DataQueryResponse> {
    const errors: DataQueryError[] = [];
    const wire = targets.flatMap((query): WireQuery[] => {
      try {
        return [this.toWire(query, request)];
      } catch (error) {
        errors.push({ refId: query.refId, message: explainFailure(error).message });
        return [];
      }
    });
    const parts: WireQuery[][] = [];
    for (let at = 0; at < wire.length; at += AT_ONCE) {
      parts.push(wire.slice(at, at + AT_ONCE));
    }
    const byRef = new Map(targets.map((query) => [query.refId, query]));
    const asked = parts.map((queries, index) =>
      forkJoin([this.client.query(queries, `${request.requestId}-${this.uid}-${index}`), this.targets()]).pipe(
        map(([{ results }, to]) => this.read(results, to, byRef, request)),
        catchError((error: unknown) => {
          const { message, hint, status } = explainFailure(error, this.client.auth);
          return of({ data: [], errors: queries.map(({ refId }) => ({ refId, status, message: hint ? `${message}. ${hint}` : message })) });
        })
      )
    );
    return (asked.length === 0 ? of([]) : forkJoin(asked)).pipe(
      map((answers) => {
        const all = [...errors, ...answers.flatMap((answer) => answer.errors)];
        return { data: answers.flatMap(({ data }) => data), state: all.length > 0 ? LoadingState.Error : LoadingState.Done, ...(all.length > 0 ? { errors: all, error: all[0] } : {}) };
      })
    );
  }

  private read(results: Record<string, QueryResult>, to: LinkTargets, targets: Map<string, RemitQuery>, request: DataQueryRequest<RemitQuery>): { data: DataFrame[]; errors: DataQueryError[] } {
    const data: DataFrame[] = [];
    const errors: DataQueryError[] = [];
    for (const [refId, { status, error, hint, frames }] of Object.entries(results)) {
      const query = targets.get(refId);
      if (query === undefined) {
        continue;
      }
      if (isNoChain(query, status, error)) {
        data.push(...noChain(query, [error, hint].filter(Boolean).join('. ')));
        continue;
      }
      if (status !== 200) {
        errors.push({ refId, status, message: [error, hint].filter(Boolean).join('. ') || `status ${status}` });
      }
      const explore = request.app === CoreApp.Explore;
      const dressed = REGISTRY[query.kind].frames(frames ?? [], { query, to, from: request.range.from.valueOf(), until: request.range.to.valueOf(), explore, timeZone: request.timezone }).map((frame) => clickable(frame, query.kind));
      data.push(...(onDashboard(request.app) ? dressed.map(bareWhenEmpty) : explore ? dressed.map(keepLooks) : dressed));
    }
    return { data, errors };
  }

  /**
   * Asks at once and again when something changed, at most every second. While there is no stream it asks every 15 s. What a person chose by date stays
   * as it is: nothing of it changes with time.
   */
  private live(request: DataQueryRequest<RemitQuery>, targets: RemitQuery[]): Observable<DataQueryResponse> {
    const { raw } = request.range;
    if (!request.liveStreaming && !isRelative(raw.to)) {
      return this.ask(request, targets);
    }
    const span = request.range.to.valueOf() - request.range.from.valueOf();
    // The range of a panel stands still between refreshes, and what happens next would lie after its end.
    const now = () => ({ ...request, range: isRelative(raw.to) ? rangeUtil.convertRawToRange(raw, request.timezone) : { ...request.range, from: dateTime(Date.now() - span), to: dateTime() } });
    const due = this.changes.pipe(
      switchMap((signal) => (signal.type === 'poll' ? timer(0, POLL) : signal.type === 'line' && (signal.line.type === 'finding' || signal.line.type === 'gap') ? of(0) : EMPTY)),
      debounceTime(1_000)
    );
    return concat(of(request), due.pipe(map(now))).pipe(
      switchMap((each) => this.ask(each, targets)),
      map((answer) => ({ ...answer, key: `${request.requestId}-live`, state: answer.state === LoadingState.Error ? LoadingState.Error : LoadingState.Streaming }))
    );
  }

  private toWire(query: RemitQuery, request: DataQueryRequest<RemitQuery>): WireQuery {
    const { filters, limit } = filtersOf(query);
    const wanted = limitOf(limit) ?? (REGISTRY[query.kind].model().counts ? this.defaultLimit : undefined);
    const step = query.step ?? (query.format === 'volume' ? Math.max(1_000, Math.round(request.intervalMs)) : undefined);
    return {
      refId: query.refId, kind: query.kind, from: request.range.from.valueOf(), to: request.range.to.valueOf(),
      filters: [...interpolateFilters(filters, this.templates, request.scopedVars), ...adHocFilters(request.filters)].map(({ key, op, values }) => ({ key, op, values })),
      ...(wanted ? { limit: wanted } : {}), ...(query.cursor ? { cursor: query.cursor } : {}), ...(query.format ? { format: query.format } : {}),
      ...(query.order && query.kind === 'events' ? { order: query.order } : {}), ...(step ? { step } : {}),
    };
  }

  /** Conditions of an editor that are complete, with variables filled in: what narrows the values it offers. */
  known(filters: readonly Filter[]): Filter[] {
    return interpolateFilters(filters, this.templates, {});
  }

  interpolateVariablesInQueries(queries: RemitQuery[], scoped: ScopedVars, adHoc?: AdHocVariableFilter[]): RemitQuery[] {
    return queries.map((stored) => {
      const query = migrateQuery(stored);
      const { filters, limit } = filtersOf(query);
      const literal = [...interpolateFilters(filters, this.templates, scoped), ...adHocFilters(adHoc)].map((each) => ({ ...each, literal: true }));
      return { ...query, datasource: this.getRef(), editor: 'builder', raw: undefined, limit, filters: literal };
    });
  }

  getTagKeys(options?: DataSourceGetTagKeysOptions<RemitQuery>) {
    return tagKeys(this.client, options);
  }

  getTagValues(options: DataSourceGetTagValuesOptions<RemitQuery>) {
    return tagValues(this.client, options);
  }

  toggleQueryFilter(query: RemitQuery, { type, options }: ToggleFilterAction): RemitQuery {
    const { key = '', value = '' } = options;
    return isClickable(migrateQuery(query).kind, key) ? toggle(this.editable(query), key, value, type === 'FILTER_OUT') : query;
  }

  queryHasFilter(query: RemitQuery, { key, value }: QueryFilterOptions): boolean {
    return has(this.editable(query), key ?? '', value ?? '');
  }

  getSupportedQueryModifications(): string[] {
    return ['ADD_FILTER', 'ADD_FILTER_OUT'];
  }

  modifyQuery(query: RemitQuery, { type, options }: QueryFixAction): RemitQuery {
    const known = (type === 'ADD_FILTER' || type === 'ADD_FILTER_OUT') && isClickable(migrateQuery(query).kind, options?.key ?? '');
    return known && options?.key && options.value !== undefined ? add(this.editable(query), options.key, options.value, type === 'ADD_FILTER_OUT') : query;
  }

  /** A query whose conditions are a list; text that cannot be read is left as it is. */
  private editable(stored: RemitQuery): RemitQuery {
    const query = migrateQuery(stored);
    try {
      return { ...query, ...filtersOf(query), editor: 'builder' };
    } catch {
      return query;
    }
  }

  getSupportedSupplementaryQueryTypes(): SupplementaryQueryType[] {
    return [SupplementaryQueryType.LogsVolume];
  }

  getSupplementaryQuery({ type }: SupplementaryQueryOptions, stored: RemitQuery): RemitQuery | undefined {
    const query = this.editable(stored);
    const lines = query.kind === 'events' ? (query.format ?? 'logs') === 'logs' : query.kind === 'findings' && query.format === 'logs';
    return type === SupplementaryQueryType.LogsVolume && lines && !query.hide ? { ...query, refId: `log-volume-${query.refId}`, format: 'volume', live: undefined, limit: undefined, order: undefined, cursor: undefined } : undefined;
  }

  getDataProvider(type: SupplementaryQueryType, request: DataQueryRequest<RemitQuery>): Observable<DataQueryResponse> | undefined {
    const pairs = request.targets.flatMap((sourceQuery) => {
      const target = type === SupplementaryQueryType.LogsVolume ? this.getSupplementaryQuery({ type }, sourceQuery) : undefined;
      return target ? [{ target, sourceQuery }] : [];
    });
    if (pairs.length === 0) {
      return undefined;
    }
    const absoluteRange = { from: request.range.from.valueOf(), to: request.range.to.valueOf() };
    const asked = this.ask({ ...request, requestId: `${request.requestId}-volume`, liveStreaming: false }, pairs.map(({ target }) => target)).pipe(
      map((answer) => ({
        ...answer,
        data: answer.data.map((frame: DataFrame) => ({
          ...frame, fields: frame.fields.map((field) => (field.type === FieldType.number ? { ...field, name: 'Value' } : { ...field, name: 'Time' })),
          meta: { ...frame.meta, custom: { ...frame.meta?.custom, absoluteRange, logsVolumeType: LogsVolumeType.FullRange, datasourceName: this.name, sourceQuery: pairs.find(({ target }) => target.refId === frame.refId)?.sourceQuery ?? pairs[0]?.sourceQuery } },
        })),
      }))
    );
    return asked.pipe(startWith({ data: [], state: LoadingState.Loading }));
  }

  async getLogRowContext(row: LogRowModel, options?: LogRowContextOptions): Promise<DataQueryResponse> {
    const context = contextQuery(row, options);
    if (context === null) {
      return { data: [] };
    }
    const { query, from, to } = context;
    const range = { from: dateTime(from), to: dateTime(to), raw: { from: dateTime(from), to: dateTime(to) } };
    const request: DataQueryRequest<RemitQuery> = { requestId: query.refId, app: CoreApp.Explore, interval: '1m', intervalMs: 60_000, range, scopedVars: {}, startTime: Date.now(), targets: [query], timezone: 'utc' };
    return firstValueFrom(this.ask(request, [query]));
  }

  async getLogRowContextQuery(row: LogRowModel, options?: LogRowContextOptions): Promise<RemitQuery | null> {
    return contextQuery(row, options)?.query ?? null;
  }
}

function isRelative(time: unknown): time is string {
  return typeof time === 'string' && time.startsWith('now');
}

function onDashboard(app: string | undefined): boolean {
  return app === CoreApp.Dashboard || app === CoreApp.PanelViewer;
}

/** Without columns Grafana shows what the panel has to say about nothing; with them an empty table would say nothing at all. Graphs and series keep theirs: their panels need them. */
function bareWhenEmpty(frame: DataFrame): DataFrame {
  return frame.length === 0 && String(frame.meta?.type) === 'table' ? { ...frame, fields: [] } : frame;
}
