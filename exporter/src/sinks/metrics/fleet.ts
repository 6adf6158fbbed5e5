import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Detector, type Finding, type FindingChange, type Millis, type Readout, type RejectReason, type Sink, type Source,
  type STORE_PARTS, type StreamEnd, type Telemetry,
} from '@remit/contract';
import { CONTENT_TYPES, Exposition, turn, type Series } from './exposition.ts';
import { IdentitySeries } from './identities.ts';
import { ScrapeInterval } from './interval.ts';
import { acceptsGzip, negotiate } from './negotiate.ts';
import { OpenFindings } from './open-findings.ts';
import { family, PipelineSeries } from './pipeline.ts';
import { seriesPlan } from './plan.ts';
import { ProcessMetrics } from './process.ts';
import { readSaved, type Saved } from './saved.ts';
import { Tallies } from './tallies.ts';

const SCRAPES_AT_ONCE = 16;
const REMEMBERED = 50_000;
const DAY: Millis = 24 * 3600_000;
const HOUR: Millis = 3600_000;

export interface FleetOptions {
  detectors: readonly Pick<Detector, 'id' | 'class'>[];
  sources: readonly Pick<Source, 'id'>[];
  readout: Readout;
  /** Findings of the store at the last cut: the open ones and at least those of the last week. */
  findings: Iterable<Finding>;
  /** What `snapshot` gave for that cut. What is not ours, or not there, is left out. */
  saved?: unknown;
  now: () => Millis;
  build: { version: string; revision: string };
  /** Most series shown. */
  seriesLimit?: number;
  /** Pages a week that the whole fleet allows. */
  budget?: number;
  /** False leaves out the metrics of the process itself: CPU, memory, loop lag. */
  processMetrics?: boolean;
}

type Remembered = Pick<Finding, 'revision' | 'state' | 'severity'> & { open: boolean; closed: Millis };

/**
 * The metrics surface: what `docs/metrics.md` lists, at `/metrics`. After the constructor: `accept` for what changed since the cut that
 * it was given, then `ready`.
 */
export class FleetMetrics implements Sink, Telemetry {
  readonly id = 'metrics';
  /** False until state is restored: a scrape gets 503, because zeros would resolve every page. */
  ready = false;
  readonly #options: FleetOptions;
  readonly #exposition = new Exposition();
  readonly #process: ProcessMetrics;
  readonly #pipeline: PipelineSeries;
  readonly #identities: IdentitySeries;
  /** The series that page. */
  readonly open: OpenFindings;
  readonly #tallies: Tallies;
  readonly #interval = new ScrapeInterval();
  readonly #findings = new Map<string, Remembered>();
  readonly #account: Record<'series' | 'limit' | 'overflow', Series | null>;
  readonly #limit: number;
  #revision: string | null = null;
  #scrapes = 0;
  /** Scrapes answered since the start. */
  scraped = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#limit = options.seriesLimit ?? 20_000;
    const sources = options.sources.map((s) => s.id);
    this.#process = new ProcessMetrics(sources, options.detectors.map((d) => d.id), options.processMetrics ?? true);
    this.open = new OpenFindings(this.#exposition, (urn, shown) => { if (shown) this.#identities.want(urn); else this.#identities.unwant(urn); });
    this.#tallies = new Tallies(this.#exposition, options.detectors);
    this.#pipeline = new PipelineSeries(this.#exposition, sources);
    this.#identities = new IdentitySeries(this.#exposition);
    this.#account = {
      series: family(this.#exposition, 'nhi_metrics_series').add([]),
      limit: family(this.#exposition, 'nhi_metrics_series_limit').add([], this.#limit),
      overflow: family(this.#exposition, 'nhi_metrics_overflow_identities').add([]),
    };
    family(this.#exposition, 'nhi_build_info').add([options.build.version, options.build.revision, process.version], 1);
    this.#restore(options.findings, readSaved(options.saved));
  }

  /** Takes changes at least once: a revision that is known counts nothing. */
  accept(changes: readonly FindingChange[]): Promise<void> {
    for (const change of changes) this.#apply(change);
    return Promise.resolve();
  }

  /** Brings every series up to date; costs what changed. `write` does it too. */
  refresh(): void {
    const { readout, now } = this.#options;
    const at = now();
    this.#readInventory();
    this.#pipeline.refresh(readout, at);
    for (const read of readout.takeChanged()) this.#identities.update(read);
    // Before the overflow is written: an identity may lose its own series here.
    this.open.refresh(at, this.#interval.value);
    this.#identities.refresh();
    this.#tallies.refresh(at);
    this.#account.overflow?.set(this.#identities.beyond);
  }

  /** Answers a scrape in the format and encoding it asks for; 503 until `ready`, or when 16 others are under way. */
  async write(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (!this.ready || this.#scrapes >= SCRAPES_AT_ONCE) { refuse(res, this.ready ? 'too many scrapes at once' : 'state is being restored'); return; }
    const format = negotiate(req.headers.accept);
    const gzip = acceptsGzip(req.headers['accept-encoding'] as string | undefined);
    res.writeHead(200, {
      'Content-Type': CONTENT_TYPES[format], 'Cache-Control': 'no-store', Vary: 'Accept, Accept-Encoding',
      ...(gzip ? { 'Content-Encoding': 'gzip' } : {}),
    });
    if (req.method === 'HEAD') { res.end(); return; }
    this.#scrapes++;
    try {
      const tail = await this.#process.text(format);
      await turn();
      this.refresh();
      this.#account.series?.set(this.#exposition.size + tail.series);
      await turn();
      await this.#exposition.write(format, res, { gzip, tail: tail.text });
      if (res.destroyed) return;
      this.scraped++;
      this.#interval.note(`${req.socket.remoteAddress ?? ''} ${req.headers['user-agent'] ?? ''}`.slice(0, 256), this.#options.now());
      this.#tallies.scraped();
      for (const part of [this.#identities, this.#pipeline]) part.scraped(this.#interval.regular);
    } finally {
      this.#scrapes--;
      res.end();
    }
  }

  /** What is needed after a restart, as JSON; to be kept with the cut. */
  snapshot(): Saved {
    return { version: 1, tallies: this.#tallies.save(), open: this.open.save(), shares: this.#identities.save() };
  }

  rejected(source: string, reason: RejectReason, count: number): void { this.#process.rejected(source, reason, count); }
  dropped(stage: 'journal' | 'judge' | 'commit' | 'sink', reason: 'error' | 'overflow', count: number): void { this.#process.dropped(stage, reason, count); }
  delay(source: string, seconds: number): void { this.#process.delay(source, seconds); }
  acknowledged(receiver: string, seconds: number): void { this.#process.acknowledged(receiver, seconds); }
  inspected(detector: string, seconds: number): void { this.#process.inspected(detector, seconds); }
  /** A sink that is configured: its counters stand at 0 before its first delivery. */
  expects(sink: string): void { this.#process.expects(sink); }
  delivered(sink: string, ok: boolean): void { this.#process.delivered(sink, ok); }
  reloaded(file: 'config' | 'inventory', ok: boolean, at: Millis): void { this.#process.reloaded(file, ok, at); }
  streamEnded(reason: StreamEnd): void { this.#process.streamEnded(reason); }
  degraded(value: boolean): void { this.#process.degraded(value); }
  /** Bytes on disk of one part of the store. */
  stored(part: (typeof STORE_PARTS)[number], bytes: number): void { this.#process.stored(part, bytes); }

  #apply(change: FindingChange): void {
    const { finding } = change;
    const before = this.#findings.get(finding.id);
    if (before && before.revision >= finding.revision) return;
    const now = this.#options.now();
    this.#tallies.count(change, before ?? null, now);
    const open = isOpen(finding);
    if (open) this.open.open(finding.id, finding, now);
    else {
      // Opened and closed between two deliveries: the opening still has to be seen.
      if (!before && change.change === 'resolved') this.open.open(finding.id, finding, finding.opened_at);
      this.open.close(finding.id);
    }
    this.#remember(finding, open, now);
  }

  #restore(findings: Iterable<Finding>, saved: Saved | null): void {
    const now = this.#options.now();
    this.open.restore(saved?.open.filter(({ zeroSince }) => zeroSince === null) ?? [], now);
    for (const finding of [...findings].sort((a, b) => a.opened_at - b.opened_at)) {
      this.#tallies.seed(finding);
      const open = isOpen(finding);
      const shown = open || (saved === null && finding.state !== 'silenced' && finding.closed_at !== undefined && now - finding.closed_at < HOUR);
      if (shown) this.open.open(finding.id, finding, finding.opened_at, saved !== null);
      if (!open) this.open.close(finding.id);
      this.#remember(finding, open, finding.closed_at ?? finding.updated_at);
    }
    if (saved === null) return;
    this.#tallies.restore(saved.tallies);
    this.open.restore(saved.open, now);
    for (const [urn, share] of Object.entries(saved.shares)) this.#identities.restore(urn, share);
  }

  /** Closed findings are remembered for a day, to tell repeats and reopenings. */
  #remember({ id, revision, state, severity }: Finding, open: boolean, now: Millis): void {
    this.#findings.delete(id);
    this.#findings.set(id, { revision, state, severity, open, closed: now });
    if (this.#findings.size <= REMEMBERED) return;
    for (const [old, known] of this.#findings) {
      if (!known.open && (now - known.closed > DAY || this.#findings.size > 2 * REMEMBERED)) this.#findings.delete(old);
      else if (!known.open) break;
      if (this.#findings.size <= REMEMBERED) break;
    }
  }

  #readInventory(): void {
    const inventory = this.#options.readout.inventory();
    if (inventory.revision === this.#revision) return;
    this.#revision = inventory.revision;
    const plan = seriesPlan(this.#limit, {
      owners: inventory.owners().length, detectors: this.#options.detectors.length,
      sources: this.#options.sources.length, exceptions: inventory.exceptions().length,
    });
    this.#identities.inventory(inventory.records(), plan.identities);
    this.#tallies.owners(inventory.owners(), this.#options.budget ?? null);
  }
}

/** Whether a finding keeps its alert: acknowledging does not end it, and neither does the word that it is bad. */
function isOpen({ state, closed_at }: Finding): boolean {
  return state === 'open' || state === 'acknowledged' || (state === 'bad' && closed_at === undefined);
}

function refuse(res: ServerResponse, why: string): void {
  res.writeHead(503, { 'Content-Type': 'text/plain; charset=utf-8', 'Retry-After': '5', 'Cache-Control': 'no-store' });
  res.end(`${why}\n`);
}
