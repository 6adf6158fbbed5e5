import { COVERAGE_STATES_MOST, EVENT_KINDS, FLEET, metric, OUTCOMES, type Inventory, type Millis, type Readout, type SourceId } from '@remit/contract';
import { labelValue } from '../../lib/label-value.ts';
import { Beginnings } from './beginnings.ts';
import type { Exposition, Family, Series } from './exposition.ts';
import { ownerLabel } from './label.ts';
import { Rows } from './rows.ts';

const MONTH: Millis = 30 * 24 * 3600_000;
const EXCEPTIONS = 200;
const SOURCES = 32;
const OWNERS = 200;

/** Events, sources, coverage, exceptions and the heartbeat, as the pipeline shows them. */
export class PipelineSeries {
  readonly #events = new Map<string, Series>();
  readonly #eventFamily: Family;
  readonly #known: readonly SourceId[];
  readonly #sources: Record<'receive' | 'event' | 'interval' | 'skew', Rows>;
  readonly #history: Rows;
  readonly #coverage: Rows;
  readonly #expiry: Rows;
  readonly #matches: Rows;
  readonly #threshold: Rows;
  readonly #held: Rows;
  readonly #heldSince: Rows;
  readonly #heartbeat: Rows;
  readonly #beginnings = new Beginnings<string>();

  constructor(exposition: Exposition, sources: readonly SourceId[]) {
    this.#known = sources;
    const rows = (name: string, most: number): Rows => new Rows(family(exposition, name), most);
    this.#eventFamily = family(exposition, 'nhi_events_total');
    for (const source of sources) for (const kind of EVENT_KINDS) for (const outcome of OUTCOMES) this.#event(source, kind, outcome);
    this.#sources = {
      receive: rows('nhi_source_last_receive_timestamp_seconds', SOURCES),
      event: rows('nhi_source_last_event_timestamp_seconds', SOURCES),
      interval: rows('nhi_source_expected_interval_seconds', SOURCES),
      skew: rows('nhi_source_clock_skew_seconds', SOURCES),
    };
    this.#history = rows('nhi_history_events_total', SOURCES);
    this.#coverage = rows('nhi_identities', COVERAGE_STATES_MOST);
    this.#expiry = rows('nhi_exception_expiry_timestamp_seconds', EXCEPTIONS);
    this.#matches = rows('nhi_exception_matches_total', 2 * EXCEPTIONS);
    this.#threshold = rows('nhi_deviation_threshold', 2 + OWNERS);
    this.#held = rows('nhi_quarantine_windows', 2);
    this.#heldSince = rows('nhi_quarantine_oldest_timestamp_seconds', 1);
    this.#heartbeat = rows('nhi_pipeline_heartbeat_timestamp_seconds', 1);
  }

  /** Reads everything that is not about single identities. Call before each scrape. */
  refresh(readout: Readout, now: Millis): void {
    for (const { source, kind, outcome, value } of readout.events()) {
      const series = this.#event(source, kind, outcome);
      series?.set(Math.max(series.value, value));
    }
    for (const source of this.#known) this.#history.put([labelValue(source)], 0);
    for (const { source, value } of readout.history()) this.#history.put([labelValue(source)], value);
    this.#history.sweep();
    this.#readSources(readout);
    for (const { state, value } of readout.coverage()) this.#coverage.put([labelValue(state)], value);
    this.#coverage.sweep();
    this.#exceptions(readout, now);
    for (const { channel, scope, value } of readout.thresholds()) if (Number.isFinite(value)) this.#threshold.put([channel, scope === FLEET ? FLEET : ownerLabel(scope)], value);
    const held = readout.held();
    this.#held.put(['verdict'], held.needsVerdict);
    this.#held.put(['time'], held.count - held.needsVerdict);
    this.#held.sweep();
    if (held.oldest !== null) this.#heldSince.put([], held.oldest / 1000);
    this.#heldSince.sweep();
    this.#threshold.sweep();
    const heartbeat = readout.heartbeat();
    if (heartbeat > 0) this.#heartbeat.put([], heartbeat / 1000);
    this.#heartbeat.sweep();
  }

  /** A scrape is through; `regular` once somebody comes at regular times. */
  scraped(regular: boolean): void { this.#beginnings.scraped(regular); }

  #event(source: string, kind: string, outcome: string): Series | null {
    const key = `${source}/${kind}/${outcome}`;
    const known = this.#events.get(key);
    if (known || this.#events.size >= SOURCES * EVENT_KINDS.length * OUTCOMES.length) return known ?? null;
    const series = this.#eventFamily.add([labelValue(source), kind, outcome]);
    if (series) this.#events.set(key, series);
    return series;
  }

  #readSources(readout: Readout): void {
    for (const { source, lastReceive, lastEvent, expectedInterval, skew } of readout.sources()) {
      const label = [labelValue(source)];
      if (lastReceive > 0) { this.#sources.receive.put(label, lastReceive / 1000); this.#sources.skew.put(label, skew / 1000); }
      if (lastEvent > 0) this.#sources.event.put(label, lastEvent / 1000);
      if (expectedInterval !== null) this.#sources.interval.put(label, expectedInterval / 1000);
    }
    for (const rows of Object.values(this.#sources)) rows.sweep();
  }

  /** The 200 that end first, of those that have not ended 30 days ago; one id counts once, with its earliest end. */
  #exceptions(readout: Readout, now: Millis): void {
    const matches = new Map<string, number>();
    for (const { exception, state, value } of readout.exceptionMatches()) matches.set(`${exception}/${state}`, value);
    for (const { id, owner } of live(readout.inventory(), now)) {
      this.#expiry.put([labelValue(id.name), ownerLabel(owner)], id.ends / 1000);
      for (const state of ['active', 'expired']) {
        const key = `${id.name}/${state}`;
        const [shown = 0] = this.#beginnings.shown(key, [matches.get(key) ?? 0]);
        this.#matches.put([labelValue(id.name), state], shown);
      }
    }
    this.#expiry.sweep();
    this.#matches.sweep();
  }
}

/** Catalogue entry to slot family. */
export function family(exposition: Exposition, name: string): Family {
  const { type, ...rest } = metric(name);
  if (type === 'histogram') throw new Error(`${name} is a histogram: slots carry counters and gauges`);
  return exposition.family({ ...rest, type });
}

function live(inventory: Inventory, now: Millis): { id: { name: string; ends: Millis }; owner: string }[] {
  const first = new Map<string, { id: { name: string; ends: Millis }; owner: string }>();
  for (const { exception } of inventory.exceptions()) {
    const ends = Date.parse(exception.expires_at);
    if (!(ends + MONTH > now)) continue;
    const known = first.get(exception.id);
    if (!known || ends < known.id.ends) first.set(exception.id, { id: { name: exception.id, ends }, owner: exception.owner });
  }
  return [...first.values()].sort((a, b) => a.id.ends - b.id.ends || (a.id.name < b.id.name ? -1 : 1));
}
