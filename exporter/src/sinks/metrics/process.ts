import client from '@prometheus-io/client';
import {
  DROP_REASONS, DROP_STAGES, METRICS, metric, REJECT_REASONS, STREAM_ENDS,
  type DetectorId, type Millis, type RejectReason, type SourceId, type STORE_PARTS, type StreamEnd, type Telemetry,
} from '@remit/contract';
import { header, seriesText, type Format } from './exposition.ts';
import { numberText } from './number.ts';

const RECEIVERS = 8;
const SINKS = 8;
const OTHER = 'other';
/** Of the library's own metrics: bounded labels and names that promtool finds no fault with. */
const PROCESS_METRICS = /^(process_(?!start_time)|process_start_time_seconds$|nodejs_(eventloop_lag_(seconds|p50|p99|max)|heap_size|external_memory|gc_duration|version_info))/;

/** Counts and times of the process itself, kept by the client library. Start at 0 with it. */
export class ProcessMetrics implements Telemetry {
  readonly #registry = new client.Registry();
  readonly #counters = new Map<string, client.Counter<string>>();
  readonly #gauges = new Map<string, client.Gauge<string>>();
  readonly #histograms = new Map<string, client.Histogram<string>>();
  readonly #observers = new Map<string, { observe(value: number): void }>();
  readonly #sources: ReadonlySet<string>;
  readonly #detectors: ReadonlySet<string>;
  readonly #receivers = new Set<string>();
  readonly #sinks = new Set<string>();

  constructor(sources: readonly SourceId[], detectors: readonly DetectorId[], own = true) {
    this.#sources = new Set(sources);
    this.#detectors = new Set(detectors);
    if (own) this.#ownMetrics();
    this.#register();
    this.#zeroStart();
  }

  rejected(source: SourceId | 'unknown', reason: RejectReason, count: number): void {
    this.#counters.get('nhi_ingest_rejected_total')?.inc({ source: this.#source(source), reason }, count);
  }

  dropped(stage: 'journal' | 'judge' | 'commit' | 'sink', reason: 'error' | 'overflow', count: number): void {
    this.#counters.get('nhi_events_dropped_total')?.inc({ stage, reason }, count);
  }

  delay(source: SourceId, seconds: number): void {
    if (this.#sources.has(source)) this.#observe('nhi_event_delay_seconds', 'source', source, seconds);
  }

  acknowledged(receiver: string, seconds: number): void {
    this.#observe('nhi_ingest_ack_duration_seconds', 'receiver', bounded(this.#receivers, receiver, RECEIVERS), seconds);
  }

  inspected(detector: DetectorId, seconds: number): void {
    if (this.#detectors.has(detector)) this.#observe('nhi_detector_duration_seconds', 'detector', detector, seconds);
  }

  expects(sink: string): void { this.#delivered(sink, 0, 0); }
  delivered(sink: string, ok: boolean): void { this.#delivered(sink, ok ? 1 : 0, ok ? 0 : 1); }

  streamEnded(reason: StreamEnd): void {
    this.#counters.get('nhi_streams_ended_total')?.inc({ reason });
  }

  reloaded(file: 'config' | 'inventory', ok: boolean, at: Millis): void {
    this.#gauges.get('nhi_config_last_reload_successful')?.set({ file }, ok ? 1 : 0);
    if (ok) this.#gauges.get('nhi_config_last_reload_success_timestamp_seconds')?.set({ file }, at / 1000);
  }

  degraded(value: boolean): void {
    this.#gauges.get('nhi_store_degraded')?.set(value ? 1 : 0);
  }

  stored(part: (typeof STORE_PARTS)[number], bytes: number): void {
    this.#gauges.get('nhi_store_bytes')?.set({ part }, bytes);
  }

  /**
   * The text of all of them and the number of series in it. Written here and not by the registry, because that one renames a
   * counter for good when it is asked for OpenMetrics once.
   */
  async text(format: Format): Promise<{ text: string; series: number }> {
    let text = '';
    let series = 0;
    for (const { name, help, type, values } of await this.#registry.getMetricsAsJSON()) {
      if (values.length === 0) continue;
      text += header({ name, help: clean(help), type: String(type), unit: unitOf(name) }, format);
      for (const sample of values as Sample[]) {
        const labels = { ...sample.labels, ...sample.sharedLabels };
        const line = seriesText(sample.metricName ?? name, Object.keys(labels), Object.values(labels).map(String));
        text += `${line} ${numberText(sample.value)}\n`;
        series++;
      }
    }
    return { text, series };
  }

  #delivered(sink: string, well: number, failed: number): void {
    const label = { sink: bounded(this.#sinks, sink, SINKS) };
    this.#counters.get('nhi_sink_deliveries_total')?.inc(label, well);
    this.#counters.get('nhi_sink_failures_total')?.inc(label, failed);
  }

  #register(): void {
    for (const { name, type, help, labels, buckets, writer } of METRICS) {
      if (writer !== 'client') continue;
      const spec = { name, help, labelNames: [...labels], registers: [this.#registry] };
      if (type === 'counter') this.#counters.set(name, new client.Counter(spec));
      else if (type === 'gauge') this.#gauges.set(name, new client.Gauge(spec));
      else this.#histograms.set(name, new client.Histogram({ ...spec, buckets: [...(buckets ?? [])] }));
    }
  }

  #zeroStart(): void {
    for (const source of [...this.#sources, 'unknown']) for (const reason of REJECT_REASONS) this.rejected(source, reason, 0);
    for (const stage of DROP_STAGES) for (const reason of DROP_REASONS) this.dropped(stage, reason, 0);
    for (const reason of STREAM_ENDS) this.#counters.get('nhi_streams_ended_total')?.inc({ reason }, 0);
    for (const source of this.#sources) this.#histograms.get('nhi_event_delay_seconds')?.zero({ source });
    for (const detector of this.#detectors) this.#histograms.get('nhi_detector_duration_seconds')?.zero({ detector });
    this.degraded(false);
  }

  #ownMetrics(): void {
    client.collectDefaultMetrics({ register: this.#registry });
    for (const { name } of this.#registry.getMetricsAsArray()) {
      if (!PROCESS_METRICS.test(name)) this.#registry.removeSingleMetric(name);
    }
  }

  /** A child is looked up by one key: this is called for every event. */
  #observe(name: string, label: string, value: string, seconds: number): void {
    const key = name + value;
    let observer = this.#observers.get(key);
    if (!observer) {
      observer = this.#histograms.get(name)?.labels({ [label]: value });
      if (!observer) return;
      this.#observers.set(key, observer);
    }
    observer.observe(Number.isFinite(seconds) ? Math.max(0, seconds) : 0);
  }

  #source(source: string): string {
    return this.#sources.has(source) ? source : 'unknown';
  }
}

interface Sample { value: number; metricName?: string; labels?: Record<string, string | number>; sharedLabels?: Record<string, string | number> }

function bounded(known: Set<string>, name: string, most: number): string {
  if (known.has(name)) return name;
  if (known.size >= most - 1) return OTHER;
  known.add(name);
  return name;
}

function unitOf(name: string): string {
  return METRICS.some((f) => f.name === name) ? metric(name).unit : '';
}

/** Help texts of the library keep to one line without quotes. */
function clean(help: string): string {
  return help.replace(/["\\\n]/g, "'");
}
