import { join } from 'node:path';
import { pino, type Logger } from 'pino';
import type { Millis, Problem, Receipt, RejectReason, Source } from '@remit/contract';
import { createApi } from './api/api.ts';
import { certificates } from './api/certificates.ts';
import { FindingHub } from './api/query/stream.ts';
import { listen, type Listening } from './api/listen.ts';
import { detectors, detectorsById, openCore, sourcesOf, type Core } from './app.ts';
import { loadConfig, type Config } from './config.ts';
import { isNoise, isStray, read as readRun } from './detectors/off-purpose-sequence/reading.ts';
import { checkListen, type ListenAddress } from './lib/listen-address.ts';
import { createUploadGate } from './lib/upload.ts';
import { openTokens, type Tokens } from './lib/tokens.ts';
import { loadWebConfig, type WebConfig } from './lib/web-config.ts';
import { watchInventory } from './inventory/watch.ts';
import { StateExplorer } from './pipeline/explorer.ts';
import { IngestDoor } from './pipeline/ingest.ts';
import { StateReader } from './pipeline/reader.ts';
import { StateReadout } from './pipeline/readout.ts';
import { FileFollower } from './receivers/file/follow.ts';
import { httpRoutes } from './receivers/http/http.ts';
import { k8sWebhookRoutes } from './receivers/k8s-webhook/k8s-webhook.ts';
import { otlpRoutes } from './receivers/otlp/otlp.ts';
import { splunkHecRoutes } from './receivers/splunk-hec/splunk-hec.ts';
import { startPush } from './push.ts';
import { runbook } from './runbooks.ts';
import type { AlertmanagerPush } from './sinks/alertmanager/push.ts';
import { FleetMetrics } from './sinks/metrics/fleet.ts';
import { toOcsf } from './sinks/ocsf/ocsf.ts';
import type { Faults } from './store/journal.ts';
import { version } from './version.ts';

const TICK: Millis = 15_000;
const CUT: Millis = 5000;
const PRUNE: Millis = 3_600_000;
const CERTIFICATES: Millis = 30_000;
/** A feed that has been quiet for this long holds back no hour. */
const IDLE: Millis = 15 * 60_000;

export interface ServiceOptions {
  configFile?: string; webListenAddress: string; webConfigFile?: string; webExternalUrl?: string; storagePath: string;
  inventoryPath?: string; logLevel?: string; demo?: boolean; faults?: Faults;
}

/** Configuration that cannot be used: the service does not start. */
export class BadConfiguration extends Error {
  readonly problems: Problem[];
  constructor(problems: Problem[]) {
    super('the configuration cannot be used');
    this.problems = problems;
  }
}

/** The running service: HTTP in, metrics and findings out, a tick every 15 s, a cut every 5 s. */
export class Service {
  readonly log: Logger;
  core!: Core;
  door!: IngestDoor;
  listening!: Listening;
  metrics!: FleetMetrics;
  readonly #o: ServiceOptions;
  #config: Config;
  #web: WebConfig | null;
  readonly #tokens: Tokens;
  readonly #address: ListenAddress;
  /** As of the start: what a mapping of the user's says is part of the state that follows from it. */
  readonly #sources: readonly Source[];
  #problems: Problem[] = [];
  #ready = false;
  readonly #started = Promise.withResolvers<void>();
  #live = true;
  readonly #since = Date.now();
  /** Records refused since the start, by source and reason. */
  readonly #refused = new Map<string, number>();
  readonly #warned = new Map<string, Millis>();
  /** Changes of findings for live streams. */
  readonly #hub = new FindingHub((reason) => this.metrics?.streamEnded(reason));
  #push: AlertmanagerPush | null = null;
  readonly #stopping = new AbortController();
  #following: Promise<void> = Promise.resolve();
  #loading: Promise<unknown> = Promise.resolve();
  readonly #timers: NodeJS.Timeout[] = [];
  #closeApi: () => Promise<void> = () => Promise.resolve();

  /** Reads configuration; throws `BadConfiguration` when the service could not start with it. */
  constructor(options: ServiceOptions) {
    this.#o = options;
    this.log = pino({ level: options.logLevel ?? 'info', base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }));
    const read = this.#read();
    if (read.problems.some((p) => p.severity === 'error')) throw new BadConfiguration(read.problems);
    this.#config = read.config;
    this.#sources = sourcesOf(read.config);
    this.#web = read.web;
    const { auth } = read.config;
    const { tokens, problems } = openTokens({
      ingest: auth.ingest?.token_file, read: auth.read?.token_file, write: auth.write?.token_file, admin: auth.admin?.token_file,
    });
    if (problems.length > 0) throw new BadConfiguration(problems);
    this.#tokens = tokens;
    const authenticated = (this.#web?.users.size ?? 0) > 0 || (tokens.configured('ingest') && tokens.configured('read'));
    const address = checkListen(options.webListenAddress, { tls: this.#web?.tls != null, auth: authenticated });
    if ('message' in address) {
      throw new BadConfiguration([{ file: '--web.listen-address', line: 1, column: 1, severity: 'error', message: address.message, hint: address.hint }]);
    }
    this.#address = address;
  }

  /** Listens at once, answering 503 until the state is restored and the inventory is in force. */
  async start(): Promise<void> {
    const reader = new StateReader(() => this.core.engine.processor, () => this.core.journal, () => this.#status());
    const gate = createUploadGate({ inFlight: () => this.door?.bytesInFlight ?? 0, limit: () => this.door?.bytesLimit ?? 0 });
    const service = this;
    const receivers = {
      get ingest() { return service.door; }, gate, sources: this.#sources.map((s) => s.id),
      rejected: (reason: RejectReason, count: number) => this.#reject('unknown', reason, count),
      refused: (receiver: string, { rejected, rejected_total }: Receipt) => this.#warnRefused(receiver, { refused: rejected_total, ...rejected[0] }),
    };
    const hec = {
      ...receivers, get ingest() { return service.door; }, ready: () => this.#ready,
      access: {
        configured: () => this.#tokens.configured('ingest'), matches: (token: string) => this.#tokens.matches('ingest', token),
        open: () => this.#address.loopback && !this.#tokens.configured('ingest') && (this.#web?.users.size ?? 0) === 0,
      },
    };
    const { app, close } = createApi({
      reader, explorer: new StateExplorer(() => this.core.engine.processor, () => this.core.journal, () => this.core.store), hub: this.#hub,
      sequences: { read: (calls, approved) => readRun(calls, approved, false).broken, isStray, isNoise },
      metrics: { write: (request, response) => this.metrics.write(request, response) },
      ready: () => this.#ready, live: () => this.#live, reload: () => this.reload(), runbook,
      judge: async (verdict) => void await this.core.engine.submit({ type: 'verdict', verdict }), now: Date.now,
      ocsf: (finding) => toOcsf(finding, { detector: detectorsById.get(finding.detector) ?? null, version, ...this.#o.webExternalUrl === undefined ? {} : { url: this.#o.webExternalUrl } }),
      grafana: () => this.#config.grafana.url ?? null,
      detector: (id) => detectorsById.get(id) ?? null, tokens: this.#tokens, web: () => this.#web, loopback: this.#address.loopback,
      hosts: this.#o.webExternalUrl === undefined ? [] : [new URL(this.#o.webExternalUrl).hostname],
      routes: [...httpRoutes(receivers), ...k8sWebhookRoutes(receivers), ...otlpRoutes(receivers), ...splunkHecRoutes(hec)], log: this.log, version,
    });
    this.#closeApi = close;
    this.listening = await listen(app, { address: this.#address, tls: this.#web?.tls ?? null });
    try {
      await this.#watchInventory();
      await this.#open();
    } catch (error) {
      this.#stopping.abort();
      // Otherwise the process would live on and answer 503 for ever.
      await this.listening.close(0);
      await close();
      throw error;
    }
    this.#ready = true;
    this.#started.resolve();
    this.log.info({ url: this.listening.url, storage: this.#o.storagePath, replayed: this.core.replayed }, 'serving');
    this.#follow();
    this.#push = startPush(this.#config.alertmanager, {
      base: this.#o.webExternalUrl?.replace(/\/+$/, '') ?? this.listening.url, metrics: this.metrics, log: this.log, signal: this.#stopping.signal,
      standing: this.core.engine.processor.book.open(),
    });
    this.#soon(() => this.core.journal.warm());
    this.#soon(() => this.tick());
    this.#every(TICK, () => this.tick());
    this.#every(CUT, () => this.core.engine.cut());
    this.#every(PRUNE, () => this.#prune());
    if (this.#web?.tls) this.#every(CERTIFICATES, certificates(this.#o.webConfigFile!, this.#web.tls, (tls) => { this.listening.renew(tls); }, this.log));
  }

  /** A tick of the wall clock: hours may close, findings may fall quiet, the heartbeat moves. */
  async tick(): Promise<void> {
    const now = Date.now();
    const idle = this.core.engine.processor.feeds.all.filter((f) => now - f.lastReceive > IDLE).map((f) => f.name);
    await this.core.engine.submit({ type: 'tick', now, idle });
    this.metrics.stored('journal', await this.core.journal.bytes());
    this.metrics.stored('state', await this.core.store.bytes());
  }

  /**
   * Reads configuration, tokens, certificates and inventory again, once the start is through. What is bad is named; what was in
   * force stays in force.
   */
  async reload(): Promise<{ ok: boolean; problems: Problem[] }> {
    await this.#started.promise;
    const read = this.#read();
    const problems = [...read.problems];
    const good = !problems.some((p) => p.severity === 'error');
    if (good) {
      if (JSON.stringify(read.config.sources) !== JSON.stringify(this.#config.sources)) {
        problems.push({ file: this.#o.configFile!, line: 1, column: 1, severity: 'warning', message: 'sources changed; that takes effect at the next start', hint: 'start the service again' });
      }
      this.#config = read.config;
      this.#web = read.web;
      if (read.web?.tls) this.listening.renew(read.web.tls);
    }
    problems.push(...this.#tokens.reload());
    const now = Date.now();
    this.metrics.reloaded('config', !problems.some((p) => p.severity === 'error'), now);
    const inventory = await this.#inventory(now);
    problems.push(...inventory.problems);
    const ok = !problems.some((p) => p.severity === 'error');
    for (const problem of problems) this.log[problem.severity === 'error' ? 'error' : 'warn'](problem, 'reload');
    if (ok) this.log.info('reloaded');
    return { ok, problems };
  }

  /** Lets requests finish, writes the last cut and lets go of the storage. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#stopping.abort();
    await this.#following;
    this.#hub.close();
    await this.listening?.close();
    await this.#closeApi();
    this.#ready = false;
    await this.core?.close();
  }

  async #open(): Promise<void> {
    this.core = await openCore({
      storage: this.#o.storagePath, config: this.#config, faults: this.#o.faults ?? { commitDelay: 0, acknowledgeEarly: false },
      telemetry: {
        dropped: (stage, reason, count) => this.metrics.dropped(stage, reason, count),
        inspected: (detector, seconds) => this.metrics.inspected(detector, seconds),
      },
      restored: (processor, extra) => {
        this.metrics = new FleetMetrics({
          detectors, sources: this.#sources, readout: new StateReadout(processor), findings: [...processor.book.all.values()].map((k) => k.finding), saved: extra, now: Date.now,
          build: { version, revision: process.env['REMIT_REVISION'] ?? 'unknown' }, seriesLimit: this.#config.metrics.series_limit,
          budget: this.#config.budget.pages_per_week,
        });
      },
      changed: (changes) => {
        this.#hub.publish(changes);
        void this.metrics.accept(changes).then(() => this.metrics.delivered('metrics', true));
        void this.#push?.accept(changes);
      },
      extra: () => this.metrics?.snapshot() ?? null,
      failed: (detector, error) => this.log.error({ err: error, detector }, 'a detector failed on an event'),
      degraded: (value, error) => {
        this.metrics.degraded(value);
        if (value) this.log.error({ err: error }, 'the store refused a write; ingestion answers 503 until it works again');
      },
    });
    this.door = new IngestDoor({
      sources: this.#sources, submit: (entry) => this.core.engine.submit(entry), now: Date.now, cluster: this.#config.cluster, values: this.core.values,
      telemetry: {
        rejected: (source, reason, count) => this.#reject(source, reason, count),
        delay: (source, seconds) => this.metrics.delay(source, seconds),
        acknowledged: (receiver, seconds) => this.metrics.acknowledged(receiver, seconds),
      },
    });
    const { ok, problems } = await this.#inventory(Date.now());
    for (const problem of problems) this.log[problem.severity === 'error' ? 'error' : 'warn'](problem, 'inventory');
    if (!ok && this.core.inventory().records().length === 0) {
      await this.core.close();
      throw new BadConfiguration(problems);
    }
    this.metrics.reloaded('config', true, Date.now());
    this.metrics.refresh();
    this.metrics.ready = true;
  }

  #reject(source: string, reason: RejectReason, count: number): void {
    this.#refused.set(`${source} ${reason}`, (this.#refused.get(`${source} ${reason}`) ?? 0) + count);
    this.metrics.rejected(source, reason, count);
  }

  /** For protocols that cannot tell the sender, at most once a minute and receiver. */
  #warnRefused(receiver: string, what: object): void {
    const now = Date.now();
    if (now - (this.#warned.get(receiver) ?? 0) < 60_000) return;
    this.#warned.set(receiver, now);
    this.log.warn({ receiver, ...what }, 'records were refused');
  }

  /** Reads followed files until the service stops. */
  #follow(): void {
    const { files } = this.#config.receivers;
    if (files.length === 0) return;
    const follower = new FileFollower({
      files, checkpoints: join(this.#o.storagePath, 'followed-files.json'), log: this.log,
      rejected: (source, reason, count) => this.#reject(source, reason, count),
    });
    this.#following = follower.start(this.door, this.#stopping.signal)
      .catch((error: unknown) => this.log.error({ err: error }, 'following files failed; they are not read until the next start'));
  }

  /** What changes from here on is read again by itself, as with a reload. */
  async #watchInventory(): Promise<void> {
    const { inventoryPath } = this.#o;
    if (inventoryPath === undefined) return;
    await watchInventory(inventoryPath, async () => {
      await this.#started.promise;
      const { problems } = await this.#inventory(Date.now());
      for (const problem of problems) this.log[problem.severity === 'error' ? 'error' : 'warn'](problem, 'the inventory changed');
    }, this.#stopping.signal);
  }

  /** One after the other, since a reload and a changed file may ask at the same time. */
  #inventory(now: Millis): Promise<{ ok: boolean; problems: Problem[] }> {
    const loaded = this.#loading.then(() => this.#load(now));
    this.#loading = loaded.catch(() => {});
    return loaded;
  }

  async #load(now: Millis): Promise<{ ok: boolean; problems: Problem[] }> {
    const result = await this.core.loadInventory(this.#o.inventoryPath, now);
    this.#problems = result.problems;
    this.metrics.reloaded('inventory', result.ok, now);
    return result;
  }

  #read(): { config: Config; web: WebConfig | null; problems: Problem[] } {
    const { config, problems } = loadConfig(this.#o.configFile);
    const web = this.#o.webConfigFile === undefined ? { config: null, problems: [] } : loadWebConfig(this.#o.webConfigFile);
    return { config, web: web.config, problems: [...problems, ...web.problems] };
  }

  #soon(work: () => Promise<unknown>): void {
    work().catch((error: unknown) => this.log.error({ err: error }, 'work in the background failed'));
  }

  #every(millis: Millis, work: () => Promise<unknown>): void {
    let running = false;
    this.#timers.push(setInterval(() => {
      if (running) return;
      running = true;
      work().catch((error: unknown) => this.log.error({ err: error }, 'periodic work failed')).finally(() => { running = false; });
    }, millis));
  }

  /** Applied entries go when they are older than the retention time, or when the journal is larger than its cap. */
  async #prune(): Promise<void> {
    const { journal, engine } = this.core;
    const { time, bytes } = this.#config.retention;
    let before = await journal.before(Date.now() - time);
    const size = await journal.bytes();
    if (size > bytes) {
      const oldest = await journal.oldest();
      before = Math.max(before, oldest + Math.ceil((engine.cutPosition - oldest) * (1 - bytes / size)));
    }
    await journal.prune(Math.min(before, engine.cutPosition));
  }

  async #status() {
    const { engine, journal, store } = this.core;
    return {
      version, ready: this.#ready, since: this.#since, now: Date.now(), demo: this.#o.demo ?? false, rejected: [...this.#refused].map(([key, value]) => ({ source: key.split(' ')[0]!, reason: key.split(' ')[1]!, value })),
      store: { journalBytes: await journal.bytes(), stateBytes: await store.bytes(), position: engine.processor.position, applied: engine.cutPosition },
      problems: this.#problems,
    };
  }
}
