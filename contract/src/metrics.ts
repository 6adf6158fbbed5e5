import { EVENT_KINDS, OUTCOMES, REJECT_REASONS, SEVERITIES } from './words.ts';

/** How large an installation is, for the bound of each family. Numbers of things, not of series. */
export interface FleetSize {
  /** Identities with series of their own. */
  identities: number;
  owners: number; detectors: number; sources: number; exceptions: number;
}

/** One metric family: the single place that says what it is called and what it means. */
export interface MetricFamily {
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  /** Last word of the name where it is a unit of OpenMetrics; empty for counts, states and ratios. */
  unit: '' | 'seconds' | 'bytes';
  /** In the order in which they are written. `le` of histograms is not listed. */
  labels: readonly string[];
  /** One sentence for `# HELP`, without quotes, backslashes and line ends. */
  help: string;
  /** Most series, in words. */
  bound: string;
  /** Most series, as a number, for an installation of this size. */
  most(size: FleetSize): number;
  /** When a series appears and when it goes. */
  life: string;
  /** Who writes it: our own slot exposition, or the client library. No family has two writers. */
  writer: 'slots' | 'client';
  /** Upper bounds in the unit, for histograms; `+Inf` is implied. */
  buckets?: readonly number[];
}

/** Values of `identity` and `identity_owner` that are ours, as `_fleet_` is; a value from data never begins with `_`. */
export const OVERFLOW = '_overflow_';
export { FLEET } from './words.ts';
export const NOBODY = '_none_';

/** Identities shown in detail: the first ones in the order of series. */
export const DETAILED = 100;
/** Most identities outside the inventory that get series of their own, while they have an open finding. */
export const UNINVENTORIED = 200;
/** Most series of `nhi_findings_open`, the explicit zeros included. */
export const OPEN_SERIES = 2000;
/** Identities of one owner and detector that keep their own alert in a storm. */
export const STORM = 50;

/** Most coverage states of `nhi_identities`; the readout names them, each always present. */
export const COVERAGE_STATES_MOST = 12;
export const DISPOSITIONS = ['benign', 'bad', 'quiet', 'silenced'] as const;
export const DROP_STAGES = ['journal', 'judge', 'commit', 'sink'] as const;
export const DROP_REASONS = ['error', 'overflow'] as const;
/** How a live stream of findings ends: its reader is slow, the service stops, it is old, or the client has gone. */
export const STREAM_ENDS = ['slow_reader', 'stopping', 'too_long', 'gone'] as const;
export type StreamEnd = (typeof STREAM_ENDS)[number];
export const STORE_PARTS = ['journal', 'state', 'archive'] as const;
export const CONFIG_FILES = ['config', 'inventory'] as const;

const DELAY = [1, 5, 15, 60, 300, 900, 1800, 3600, 21_600] as const;
const ACK = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1] as const;
const INSPECT = [0.00001, 0.0001, 0.001, 0.01, 0.1] as const;
/** Buckets, `+Inf`, sum and count. */
const perHistogram = (buckets: readonly number[]): number => buckets.length + 3;

type Rest = Omit<MetricFamily, 'name' | 'unit' | 'writer' | 'bound' | 'most' | 'life'> & Partial<Pick<MetricFamily, 'writer' | 'life'>>;

function family(name: string, bound: string, most: MetricFamily['most'], rest: Rest): MetricFamily {
  const unit = /_(seconds|bytes)(?:_total)?$/.exec(name)?.[1];
  return {
    name, unit: unit === 'seconds' || unit === 'bytes' ? unit : '', bound, most,
    life: 'From the start.', writer: 'slots', ...rest,
  };
}

const PROCESS = 'Starts at 0 with the process.';
const JOURNALED = 'From journaled state; never steps back.';

/** Every family of Remit. The exporter registers from it, the docs are written from it, every expression is checked against it. */
export const METRICS: readonly MetricFamily[] = [
  // ------------------------------------------------------------- events
  family('nhi_events_total', '12 S', (n) => EVENT_KINDS.length * OUTCOMES.length * n.sources, {
    type: 'counter', labels: ['source', 'kind', 'outcome'],
    help: 'Unique judged events by source, kind of principal as known when judged, and outcome.',
    life: `Every label set at 0 from the start. ${JOURNALED}`,
  }),
  family('nhi_history_events_total', 'S', (n) => n.sources, {
    type: 'counter', labels: ['source'],
    help: 'Those of nhi_events_total that were history: sent with mode=backfill more than an hour after they happened. A rate of events without its rate is of what happens now.',
    life: `Every source at 0 from the start. ${JOURNALED}`,
  }),
  family('nhi_ingest_rejected_total', '10 S + 10', (n) => REJECT_REASONS.length * (n.sources + 1), {
    type: 'counter', labels: ['source', 'reason'], writer: 'client',
    help: 'Records refused at the door and never journaled, by source (unknown when none recognised it) and reason.', life: PROCESS,
  }),
  family('nhi_events_dropped_total', '8', () => DROP_STAGES.length * DROP_REASONS.length, {
    type: 'counter', labels: ['stage', 'reason'], writer: 'client',
    help: 'Events lost after acknowledgement; must stay 0.', life: PROCESS,
  }),
  family('nhi_event_delay_seconds', '12 S', (n) => perHistogram(DELAY) * n.sources, {
    type: 'histogram', labels: ['source'], writer: 'client', buckets: DELAY,
    help: 'Arrival time minus event time, without history that was sent afterwards.', life: PROCESS,
  }),
  family('nhi_ingest_ack_duration_seconds', '96', () => 96, {
    type: 'histogram', labels: ['receiver'], writer: 'client', buckets: ACK,
    help: 'Time from the first byte of a body to its durable acknowledgement.', life: `${PROCESS} At most 8 receivers.`,
  }),
  // ------------------------------------------------------------- identities
  family('nhi_identity_info', 'I + 1', (n) => n.identities + 1, {
    type: 'gauge', labels: ['identity', 'kind', 'identity_owner', 'identity_environment', 'purpose', 'lifecycle'],
    help: 'Always 1: what the inventory says of an identity, for tables and variables; never join it in an alert.',
    life: 'While the identity has series of its own; one row for _overflow_.',
  }),
  family('nhi_identity_events_total', '3 I + 3', (n) => OUTCOMES.length * (n.identities + 1), {
    type: 'counter', labels: ['identity', 'outcome'],
    help: 'Unique judged events of one identity since it has series of its own; all others count in _overflow_, so the sum is exact.',
    life: `Once somebody scrapes regularly, a new identity shows 0 for two scrapes before it counts. ${JOURNALED}`,
  }),
  family('nhi_identity_last_activity_timestamp_seconds', 'I', (n) => n.identities, {
    type: 'gauge', labels: ['identity'], help: 'Event time of the latest event.', life: 'Absent while the identity was never seen.',
  }),
  family('nhi_identity_baseline_ready', 'I', (n) => n.identities, {
    type: 'gauge', labels: ['identity'], help: '1 when the learned baseline can be trusted, 0 while it is warming or stale.',
    life: 'While the identity has series of its own.',
  }),
  family('nhi_deviation_score', 'I', (n) => n.identities, {
    type: 'gauge', labels: ['identity'],
    help: 'Minus log10 of the calibrated probability of the behaviour: the greater of the open and the last closed hour. Never alerted on.',
    life: 'Absent until the baseline is ready.',
  }),
  family('nhi_deviation_feature_score', '10 K', () => 10 * DETAILED, {
    type: 'gauge', labels: ['identity', 'feature'],
    help: 'The part of each learned habit in the deviation score, for dashboards only.', life: 'Leaves after 24 h.',
  }),
  family('nhi_deviation_threshold', '2 (O + 8)', (n) => 2 * (n.owners + 8), {
    type: 'gauge', labels: ['channel', 'scope'],
    help: 'Score at which a learned finding opens, from the page budget, by channel (hour, day) and scope (_fleet_ or an owner).',
  }),
  family('nhi_baseline_expected_events', '3 K', () => 3 * DETAILED, {
    type: 'gauge', labels: ['identity', 'bound'], help: 'Events expected in the present hour: p50, p95 and p99.',
    life: 'Once a baseline can say anything, for the identities shown in detail.',
  }),
  family('nhi_baseline_level_ratio', 'K', () => DETAILED, {
    type: 'gauge', labels: ['identity'], help: 'Events a day now against the level that its owner approved; 1 is alike.', life: 'Once a level was approved, for the identities shown in detail.',
  }),
  family('nhi_quarantine_windows', '2', () => 2, {
    type: 'gauge', labels: ['release'], help: 'Identity-hours that are not learned yet, by what releases them: time, or only a verdict.',
  }),
  family('nhi_quarantine_oldest_timestamp_seconds', '1', () => 1, {
    type: 'gauge', labels: [], help: 'Start of the oldest identity-hour that is not learned yet.', life: 'While there is one.',
  }),
  // ------------------------------------------------------------- findings and pages
  family('nhi_findings_total', '3 D', (n) => SEVERITIES.length * n.detectors, {
    type: 'counter', labels: ['detector', 'severity', 'class'],
    help: 'Findings opened, by the severity at opening. Carries exemplars with the finding id.',
    life: 'Every detector and severity at 0 from the start; never steps back.',
  }),
  family('nhi_findings_open', '2,000', () => OPEN_SERIES, {
    type: 'gauge', labels: ['identity', 'identity_owner', 'detector', 'severity'],
    help: 'Open findings; the only series that pages. An owner _none_ means nobody owns it, an identity _overflow_ holds the rest of a storm.',
    life: 'At least 1 for the longer of 2 min and 4 scrape intervals after opening; then 0 for an hour before it goes.',
  }),
  family('nhi_findings', '6 D', (n) => 6 * n.detectors, {
    type: 'gauge', labels: ['state', 'detector', 'severity'], help: 'Exact number of findings that are open or acknowledged; never capped.',
  }),
  family('nhi_findings_closed_total', '4 D', (n) => DISPOSITIONS.length * n.detectors, {
    type: 'counter', labels: ['detector', 'disposition'], help: 'Findings closed, by how: benign, bad, quiet or silenced.',
    life: 'Every label set at 0 from the start; never steps back.',
  }),
  family('nhi_pages_total', '3 O + 3', (n) => 3 * (n.owners + 1), {
    type: 'counter', labels: ['identity_owner', 'class'],
    help: 'Critical openings, before Alertmanager groups them.',
    life: 'Every owner at 0 for two scrapes before it counts; never steps back.',
  }),
  family('nhi_page_budget_pages', 'O + 1', (n) => n.owners + 1, {
    type: 'gauge', labels: ['identity_owner'], help: 'Pages a week that an owner, or the whole fleet (_fleet_), allows.',
    life: 'Where a budget is set; _fleet_ always.',
  }),
  family('nhi_page_budget_spent_pages', 'O + 2', (n) => n.owners + 2, {
    type: 'gauge', labels: ['identity_owner'], help: 'Pages of the last 7 days, exactly, from the store.',
  }),
  family('nhi_identities', '12', () => COVERAGE_STATES_MOST, {
    type: 'gauge', labels: ['state'], help: 'Identities by coverage state: who can be judged at all.',
  }),
  family('nhi_identity_decommissioned_timestamp_seconds', '400', () => 400, {
    type: 'gauge', labels: ['identity'], help: 'Declared end of life.', life: 'Only where one is declared.',
  }),
  family('nhi_identity_credential_due_timestamp_seconds', '400', () => 400, {
    type: 'gauge', labels: ['identity'], help: 'When the next credential of the inventory is due for rotation, without the grace.', life: 'Only where an interval and the creation of a credential are declared.',
  }),
  family('nhi_exception_expiry_timestamp_seconds', '200', (n) => Math.min(200, n.exceptions), {
    type: 'gauge', labels: ['exception', 'identity_owner'], help: 'End of an approved exception.', life: 'Until 30 days after it.',
  }),
  family('nhi_exception_matches_total', '400', (n) => Math.min(400, 2 * n.exceptions), {
    type: 'counter', labels: ['exception', 'state'],
    help: 'Signals that an exception hid while active, or would have hidden had it not expired.', life: `At 0 from when it is read; once somebody scrapes regularly, for two scrapes before it counts. ${JOURNALED}`,
  }),
  family('nhi_privileges_granted', 'I', (n) => n.identities, {
    type: 'gauge', labels: ['identity'], help: 'Grants that the inventory writes down for the identity.', life: 'Where the record has grants.',
  }),
  family('nhi_privileges_exercised', 'I', (n) => n.identities, {
    type: 'gauge', labels: ['identity'], help: 'Grants of the inventory of which at least one permission was exercised in the last 90 days of event time.', life: 'Where the record has grants.',
  }),
  // ------------------------------------------------------------- sources and pipeline
  family('nhi_source_last_receive_timestamp_seconds', 'S', (n) => n.sources, {
    type: 'gauge', labels: ['source'], help: 'Wall clock of the last record received.', life: 'Once anything came.',
  }),
  family('nhi_source_last_event_timestamp_seconds', 'S', (n) => n.sources, {
    type: 'gauge', labels: ['source'], help: 'Event time of the latest event.', life: 'Once anything came.',
  }),
  family('nhi_source_expected_interval_seconds', 'S', (n) => n.sources, {
    type: 'gauge', labels: ['source'], help: 'Silence longer than this is worth a ticket.', life: 'Absent for replays, so that a replay never alerts.',
  }),
  family('nhi_source_clock_skew_seconds', 'S', (n) => n.sources, {
    type: 'gauge', labels: ['source'], help: 'How far event times run ahead of the wall clock.', life: 'Once anything came.',
  }),
  family('nhi_pipeline_heartbeat_timestamp_seconds', '1', () => 1, {
    type: 'gauge', labels: [], help: 'Wall clock of the last tick that went journal, judge, commit, sink.', life: 'After the first such tick.',
  }),
  family('nhi_store_bytes', '3', () => STORE_PARTS.length, {
    type: 'gauge', labels: ['part'], writer: 'client', help: 'Bytes on disk.',
  }),
  family('nhi_store_degraded', '1', () => 1, {
    type: 'gauge', labels: [], writer: 'client', help: '1 while the store refuses writes or is not durable.',
  }),
  family('nhi_metrics_series', '1', () => 1, { type: 'gauge', labels: [], help: 'Series of this scrape.' }),
  family('nhi_metrics_series_limit', '1', () => 1, { type: 'gauge', labels: [], help: 'Most series this exporter shows.' }),
  family('nhi_metrics_overflow_identities', '1', () => 1, {
    type: 'gauge', labels: [], help: 'Inventoried identities without series of their own because of the limit.',
  }),
  family('nhi_sink_deliveries_total', '8', () => 8, {
    type: 'counter', labels: ['sink'], writer: 'client', help: 'Changes of findings handed to a sink.', life: PROCESS,
  }),
  family('nhi_sink_failures_total', '8', () => 8, {
    type: 'counter', labels: ['sink'], writer: 'client', help: 'Deliveries that failed and are tried again.', life: PROCESS,
  }),
  family('nhi_streams_ended_total', '4', () => STREAM_ENDS.length, {
    type: 'counter', labels: ['reason'], writer: 'client', help: 'Live streams of findings that ended: by a slow reader, the stop of the service, their age, or the client.', life: PROCESS,
  }),
  family('nhi_detector_duration_seconds', '8 D', (n) => perHistogram(INSPECT) * n.detectors, {
    type: 'histogram', labels: ['detector'], writer: 'client', buckets: INSPECT, help: 'Time one inspection took.', life: PROCESS,
  }),
  family('nhi_config_last_reload_successful', '2', () => CONFIG_FILES.length, {
    type: 'gauge', labels: ['file'], writer: 'client', help: '1 when the last load of configuration or inventory succeeded; at 0 the last good one is in force.',
  }),
  family('nhi_config_last_reload_success_timestamp_seconds', '2', () => CONFIG_FILES.length, {
    type: 'gauge', labels: ['file'], writer: 'client', help: 'Wall clock of the last successful load.',
  }),
  family('nhi_build_info', '1', () => 1, {
    type: 'gauge', labels: ['version', 'revision', 'node_version'], help: 'Always 1: what is running.',
  }),
];

const byName = new Map(METRICS.map((f) => [f.name, f]));

/** The family of this name; throws for a name that is not in the catalogue. */
export function metric(name: string): MetricFamily {
  const found = byName.get(name);
  if (!found) throw new Error(`No metric family ${name} in the catalogue`);
  return found;
}
