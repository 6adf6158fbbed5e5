import { METRICS, OPEN_SERIES, STORM, UNINVENTORIED, DETAILED, type MetricFamily } from '@remit/contract';

/** The page of every metric family, from the catalogue. */
export function generated(): Record<'docs/metrics.md', string> {
  return {
    'docs/metrics.md': `${[
      '<!-- Written by `npm run generate` from contract/src/metrics.ts: change that. -->',
      '# Metrics',
      'What `/metrics` shows, as text 0.0.4 or OpenMetrics 1.0.0 by the scraper\'s `Accept` header. Until state is restored after a start it '
        + 'answers 503, because zeros would resolve every page.',
      'Letters: **S** sources, **D** detectors, **O** owners (at most 200), **I** identities with series of their own, '
        + `**K** identities shown in detail (${DETAILED}).`,
      '## Families', table(METRICS),
      '## Histograms', histograms(), '## Rules of the series', RULES,
    ].join('\n\n')}\n`,
  };
}

function table(families: readonly MetricFamily[]): string {
  const rows = families.map((f) => [
    `\`${f.name}\``, [f.type, f.unit].filter(Boolean).join(', '), f.labels.map((l) => `\`${l}\``).join(', ') || '–', f.bound, f.help, f.life,
  ]);
  return [['name', 'type, unit', 'labels', 'at most', 'meaning', 'life'], ['---', '---', '---', '---', '---', '---'], ...rows]
    .map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
}

function histograms(): string {
  return METRICS.filter((f) => f.buckets).map((f) => `- \`${f.name}\`: ${f.buckets?.join(', ')} s`).join('\n');
}

const RULES = [
  '- The limit is 20,000 series unless configured otherwise; `check-config` prints how it is spent. Set `sample_limit` in the scrape '
    + 'configuration to 1.25 times the limit.',
  '- Own series go to identities of the inventory by criticality, then name, the same ones after a restart. All others count in '
    + `\`identity="_overflow_"\`, so that sums are exact; up to ${UNINVENTORIED} identities outside the inventory get their own while they have an open finding.`,
  '- `nhi_identity_events_total` counts from when an identity has series of its own; what it did before stays in `_overflow_`. No counter steps back.',
  `- \`nhi_findings_open\` has at most ${OPEN_SERIES.toLocaleString('en')} series. Of one owner and detector the first ${STORM} identities keep theirs until closed, `
    + 'the rest is one series with `identity="_overflow_"`. A series that was above 0 shows 0 for an hour before it goes: only a scraped 0 resolves an alert.',
  '- The rules hold what was open while no exporter of the cluster answers, for a day at most, which is as long as `RemitExporterDown` speaks of it; of a cluster with '
    + 'another exporter that still answers, and of a storage that was lost, for an hour. Alerts about Remit itself outlive a quarter of an hour without a scrape.',
  '- `_overflow_`, `_fleet_` and `_none_` (nobody owns it) are ours. A value from data never begins with an underscore: it would be written `\\x5f`. '
    + 'Backslashes, invisible characters and broken surrogates are written `\\\\`, `\\xNN` or `\\uNNNN`; what is over 128 bytes becomes its '
    + 'first 111, `~` and 16 hex digits of its SHA-256.',
  '- `nhi_identity_info` is for tables and variables: a join on it in an alert dies when two instances overlap.',
  '- Exemplars are on `nhi_findings_total` alone, in OpenMetrics alone, the latest of each series: a sample, never the only way to a finding. '
    + 'Because `nhi_findings` has the name that OpenMetrics would give its family, it is of type `unknown` there.',
  '- Beside these, `process_*` and `nodejs_*` show CPU, memory, file descriptors, loop lag and garbage collection of the exporter itself.',
].join('\n');
