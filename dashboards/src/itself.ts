import { since, type Plan } from './lib/dashboard.ts';
import { label, toRunbook } from './lib/links.ts';
import { bars, figure, lines, recordTable, table } from './lib/panels.ts';
import { each, last, over, records, rows } from './lib/queries.ts';
import { cluster } from './lib/variables.ts';

const C = 'cluster=~"$cluster"';
const RATE = '$__rate_interval';
const EVENTS = each('source, kind, outcome', `nhi_events_total{${C}}`);
/** A quantile, where anything was observed. */
const quantile = (q: number, by: string, family: string): string => `histogram_quantile(${q}, sum by (${by}, le) (cluster_${by}_le:${family}_bucket:rate5m{${C}})) >= 0`;

/** Whether Remit itself works: what comes in, how fast it is judged, what is lost, what it costs. */
export const itself: Plan = {
  name: 'itself',
  question: 'Does Remit itself work: what comes in and how late, what is refused or lost, how fast it is judged, what it costs, and whether its configuration is in force.',
  variables: [cluster()],
  numbers: [
    figure({
      title: 'Last tick', w: 6, h: 3, unit: 's', decimals: 0, steps: [['green', null], ['orange', 60], ['red', 120]], queries: [last(`time() - min(${each('', `nhi_pipeline_heartbeat_timestamp_seconds{${C}}`)})`)],
      description: 'Time since the pipeline last went from the journal through judging to the sinks; the slowest of the chosen installations.', links: [toRunbook('pipeline-stalled'), toRunbook('exporter-down', 'Runbook: exporter down')],
    }),
    figure({
      title: 'Lost after receipt', w: 6, h: 3, decimals: 0, steps: [['green', null], ['red', 1]], queries: [last(`sum(nhi_events_dropped_total{${C}})`)],
      description: 'Acknowledged events that were lost since the process started; must stay 0.', links: [toRunbook('events-dropped')],
    }),
    figure({
      title: 'Store', w: 6, h: 3, queries: [last(`max(nhi_store_degraded{${C}})`)], mappings: [{ type: 'value', options: { 0: { text: 'Durable', color: 'green', index: 0 }, 1: { text: 'Degraded', color: 'red', index: 1 } } } as never],
      description: 'Degraded: the store refuses writes or is not durable, and senders are turned away.', links: [toRunbook('store-degraded')],
    }),
    figure({
      title: 'Configuration', w: 6, h: 3, queries: [last(`min(nhi_config_last_reload_successful{${C}})`)], mappings: [{ type: 'value', options: { 0: { text: 'Refused', color: 'red', index: 0 }, 1: { text: 'In force', color: 'green', index: 1 } } } as never],
      description: 'Refused: the last load of configuration or inventory failed, and the last good one is in force.', links: [toRunbook('reload-failed')],
    }),
    figure({
      title: 'Events judged', w: 6, h: 3, unit: 'cpm', decimals: 1, shape: true, queries: [over(`sum(cluster_source_outcome:nhi_events:rate5m{${C}}) * 60`)],
      description: 'Unique judged events a minute, over five minutes. 0: nothing comes in.',
    }),
    figure({
      title: 'Refused at the door', w: 6, h: 3, unit: 'percentunit', decimals: 1, empty: 'Nothing came', steps: [['green', null], ['orange', 0.01], ['red', 0.1]], queries: [last(`sum(increase(nhi_ingest_rejected_total{${C}}[1h])) / ((sum(increase(nhi_ingest_rejected_total{${C}}[1h])) + sum(${each('source, kind, outcome', `increase(nhi_events_total{${C}}[1h])`)})) > 0)`)],
      description: 'Records of the last hour that were refused and never journaled. Nothing came: not in this hour.',
    }),
    figure({
      title: 'Series of the limit', w: 6, h: 3, unit: 'percentunit', decimals: 0, steps: [['green', null], ['orange', 0.8], ['red', 1]], queries: [last(`max(nhi_metrics_series{${C}} / nhi_metrics_series_limit{${C}})`)],
      description: 'Series that are exposed of those allowed; at the limit identities share series, and are judged all the same.', links: [toRunbook('series-cap')],
    }),
    since(6),

    lines({
      title: 'What comes in, by source', w: 12, h: 7, unit: 'cpm', decimals: 1, stack: true, empty: 'Nothing was judged while Prometheus scrapes', queries: [over(`sum by (source) (cluster_source_outcome:nhi_events:rate5m{${C}}) * 60`, '{{source}}')],
      description: 'Judged events a minute; history that is sent afterwards stands out, and is counted below. Empty: nothing was judged since Prometheus scrapes.', links: [toRunbook('source-silent')],
    }),
    table({
      title: 'Sources: last record, last event, clock', w: 12, h: 7, empty: 'No source sent anything yet', by: 'Silent for', description: 'Time since the last record and its event time, the silence that is normal, and how far event times run ahead. A dash: a replay, of which nothing is expected. Empty: no source sent anything yet.',
      queries: [
        rows(`topk(50, time() - max by (source) (nhi_source_last_receive_timestamp_seconds{${C}}))`), rows(`topk(50, max by (source) (nhi_source_expected_interval_seconds{${C}}))`),
        rows(`topk(50, max by (source) (nhi_source_last_event_timestamp_seconds{${C}}) * 1000)`), rows(`topk(50, max by (source) (nhi_source_clock_skew_seconds{${C}}))`),
      ],
      columns: [
        { from: 'source', title: 'Source', links: [toRunbook('source-silent'), toRunbook('clock-skew', 'Runbook: clock skew')] }, { from: 'Value #A', title: 'Silent for', unit: 's', decimals: 0, width: 85 }, { from: 'Value #B', title: 'Normal', unit: 's', decimals: 0, width: 75 },
        { from: 'Value #C', title: 'Last event', unit: 'dateTimeFromNow', width: 120 }, { from: 'Value #D', title: 'Ahead', unit: 's', decimals: 0, width: 65, steps: [['text', null], ['orange', 60], ['red', 120]] },
      ],
    }),
    lines({
      title: 'How late 95 % of events come', w: 8, h: 7, unit: 's', empty: 'No event came while Prometheus scrapes', queries: [over(quantile(0.95, 'source', 'nhi_event_delay_seconds'), '{{source}}')],
      description: 'Arrival minus event time, within the buckets of the histogram: 95 % come within this time. Gaps: nothing came. Empty: nothing came since Prometheus scrapes.',
    }),
    lines({
      title: 'Time to acknowledge (half, 99 %)', w: 8, h: 7, unit: 's', empty: 'Nothing was sent to Remit over HTTP', queries: [over(quantile(0.5, 'receiver', 'nhi_ingest_ack_duration_seconds'), '{{receiver}} half'), over(quantile(0.99, 'receiver', 'nhi_ingest_ack_duration_seconds'), '{{receiver}} 99 %')],
      description: 'From the first byte of a body to its durable acknowledgement. Empty: nothing was sent over HTTP since Prometheus scrapes; what is read otherwise has no acknowledgement.', links: [toRunbook('store-degraded')],
    }),
    lines({
      title: 'Refused, by reason', w: 8, h: 7, unit: 'cpm', empty: 'Nothing was refused', stack: true, queries: [over(`sum by (source, reason) (cluster_source_reason:nhi_ingest_rejected:rate5m{${C}}) * 60 > 0`, '{{source}} {{reason}}')], description: 'Records a minute that were refused at the door, never journaled. Empty: nothing was refused.',
    }),
    bars({
      title: 'Slowest detectors', w: 8, h: 7, unit: 's', empty: 'Nothing was inspected', queries: [last(`topk(8, sum by (detector) (increase(nhi_detector_duration_seconds_sum{${C}}[1h])) / (sum by (detector) (increase(nhi_detector_duration_seconds_count{${C}}[1h])) > 0))`, '{{detector}}')],
      description: 'Mean time of one inspection in the last hour, the eight slowest detectors. Empty: nothing was inspected since Prometheus scrapes.', links: [toRunbook(label('detector'))],
    }),
    lines({
      title: 'Bytes on disk', w: 8, h: 7, unit: 'bytes', stack: true, queries: [over(`sum by (part) (nhi_store_bytes{${C}})`, '{{part}}')], description: 'Journal with its archive, and state. Not known: Prometheus does not scrape Remit.', links: [toRunbook('store-degraded')],
    }),
    bars({
      title: 'What a million events cost on disk', w: 8, h: 7, unit: 'bytes', decimals: 1, empty: 'Nothing was judged yet', queries: [last(`sum by (part) (nhi_store_bytes{${C}}) / on () group_left () (sum(${EVENTS}) / 1000000)`, '{{part}}')],
      description: 'Bytes on disk by all events ever judged, a million of them; a young store shows more, because its fixed part weighs on few events. Empty: nothing was judged yet.',
    }),
    lines({
      title: 'Series, and the limit', w: 8, h: 6, decimals: 0, colors: { Limit: 'red' }, dashed: ['Limit'], queries: [over(`max(nhi_metrics_series{${C}})`, 'Series'), over(`max(nhi_metrics_series_limit{${C}})`, 'Limit'), over(`max(nhi_metrics_overflow_identities{${C}})`, 'Identities without series')],
      description: 'Series exposed, those allowed, and identities that count in _overflow_ for want of series. Not known: Prometheus does not scrape Remit.', links: [toRunbook('series-cap')],
    }),
    lines({
      title: 'Findings handed to sinks', w: 8, h: 6, unit: 'cpm', empty: 'No sink is configured', colors: {}, queries: [over(`sum by (sink) (rate(nhi_sink_deliveries_total{${C}}[${RATE}])) * 60`, '{{sink}}'), over(`sum by (sink) (rate(nhi_sink_failures_total{${C}}[${RATE}])) * 60 > 0`, '{{sink}} failed')],
      description: 'Changes of findings handed over a minute, and deliveries that failed and are tried again. Empty: no sink is configured.', links: [toRunbook('sink-failing')],
    }),
    lines({
      title: 'Memory, CPU and loop lag', w: 8, h: 6, unit: 'bytes', queries: [over(`sum(process_resident_memory_bytes{${C}} and on (instance) nhi_build_info)`, 'Memory'), over(`sum(rate(process_cpu_seconds_total{${C}}[${RATE}]) and on (instance) nhi_build_info)`, 'CPU'), over(`max(nodejs_eventloop_lag_p99_seconds{${C}} and on (instance) nhi_build_info)`, 'Loop lag, 99 %')],
      units: { CPU: 'percentunit', 'Loop lag, 99 %': 's' }, description: 'Of the exporter\'s process: resident memory on the left, processors used (100 % is one) and the lag of the event loop on the right. Not known: Prometheus does not scrape Remit.',
    }),
    bars({
      title: 'History, judged in all', w: 8, h: 4, decimals: 0, empty: 'No history was sent', queries: [last(`sum by (source) (${each('source', `nhi_history_events_total{${C}}`)}) > 0`, '{{source}}')],
      description: 'Events that were sent with mode=backfill more than an hour after they happened, since Remit keeps its store; other counts have them too. Empty: no history was sent.',
    }),
    table({
      title: 'What runs', w: 8, h: 4, description: 'Versions of the scraped exporters. Not known: Prometheus does not scrape Remit.', queries: [rows(`max by (cluster, instance, version, revision, node_version) (nhi_build_info{${C}})`)],
      columns: [{ from: 'instance', title: 'Instance' }, { from: 'version', title: 'Version', width: 75 }, { from: 'revision', title: 'Revision', width: 85 }, { from: 'node_version', title: 'Node', width: 85 }],
    }),
    table({
      title: 'Configuration in force since', w: 8, h: 4, description: 'When configuration and inventory were last loaded with success, and whether the last attempt was one. Not known: Prometheus does not scrape Remit.',
      queries: [rows(`max by (cluster, file) (nhi_config_last_reload_success_timestamp_seconds{${C}}) * 1000`), rows(`min by (cluster, file) (nhi_config_last_reload_successful{${C}})`)],
      columns: [
        { from: 'file', title: 'File', links: [toRunbook('reload-failed')] }, { from: 'Value #A', title: 'Loaded', unit: 'dateTimeAsIso', width: 160 },
        { from: 'Value #B', title: 'Last attempt', width: 110, mappings: [{ type: 'value', options: { 0: { text: 'Refused', color: 'red', index: 0 }, 1: { text: 'Well', color: 'green', index: 1 } } } as never] },
      ],
    }),
  ],
  records: {
    'What Remit sees (from the Remit data source)': [
      recordTable({ title: 'Newest events', w: 24, h: 8, since: '7d', queries: [records('events', { format: 'table', limit: 50 })], empty: 'No events in these days', columns: ['Time', 'Source', 'Identity', 'Operation', 'Outcome', 'Resource'], widths: { Identity: 300 }, description: 'The 50 newest events, in event time. Empty: none in the last seven days.' }),
    ],
  },
};
