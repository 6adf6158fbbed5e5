import { AnnotationQueryBuilder, DashboardBuilder, DashboardCursorSync, RowBuilder, type Dashboard, type Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { DASHBOARDS, type DashboardName } from '@remit/contract';
import { head } from './links.ts';
import { figure } from './panels.ts';
import { last, records, REMIT } from './queries.ts';
import { sources, type Variable } from './variables.ts';

type AnyPanel = Builder<Panel>;

export interface Plan {
  name: DashboardName;
  /** The question that one screen answers. */
  question: string;
  variables: readonly Variable[];
  /** Findings of this identity are drawn over everything. */
  annotate?: boolean;
  /** What Prometheus alone can show. */
  numbers: readonly AnyPanel[];
  /** Rows of the Remit data source, by title. */
  records: Readonly<Record<string, readonly AnyPanel[]>>;
}

/** A dashboard in the v1 model of Grafana. Panels flow from left to right; ids follow their order. `remitUrl`: where Remit's own pages are. */
export function dashboard(plan: Plan, remitUrl: string): Dashboard {
  const { uid, name } = DASHBOARDS[plan.name];
  const builder = new DashboardBuilder(`Remit / ${name}`).uid(uid).description(plan.question).tags(['remit', 'non-human identities']).editable()
    .time({ from: 'now-1h', to: 'now' }).refresh('1m').timezone('browser').tooltip(DashboardCursorSync.Crosshair).links(head())
    .variables([...sources(remitUrl), ...plan.variables]).annotations(plan.annotate ? [findings()] : []);
  for (const panel of plan.numbers) builder.withPanel(panel);
  for (const [title, panels] of Object.entries(plan.records)) {
    builder.withRow(new RowBuilder(title));
    for (const panel of panels) builder.withPanel(panel);
  }
  const built = builder.build();
  // Grafana would hide these links in a menu.
  const links = (built.links ?? []).map(({ placement: _, ...link }) => link);
  return { ...built, version: 1, links, panels: (built.panels ?? []).map((panel, index) => ({ ...panel, id: index + 1 })) };
}

/** What was done, not what is so for weeks: the band of an unowned identity would cover everything. */
function findings(): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder().name('Findings').enable(true).iconColor('red').datasource(REMIT).target(records('findings', { format: 'annotations', where: { identity: '$identity', finding_class: ['remit', 'baseline'] }, limit: 200 }) as never);
}

/**
 * How long Prometheus has known this, since an empty panel before that is no calm; or, of each installation that it scraped within a day and does not now,
 * since when not: what is shown beside it is old then.
 */
export function since(w: number): AnyPanel {
  const tick = 'cluster:nhi_pipeline_heartbeat_timestamp_seconds:max{cluster=~"$cluster"}';
  return figure({
    title: 'What Prometheus knows', w, h: 3, list: true, unit: 'dateTimeFromNow',
    queries: [last(`min(min_over_time(${tick}[30d])) * 1000 and on () count(${tick})`, 'Numbers since'), last(`max by (cluster) (last_over_time(${tick}[1d])) * 1000 unless on (cluster) ${tick}`, '{{cluster}} not scraped since')],
    description: 'Since when Prometheus has samples of Remit, looked for in the last 30 days: what happened before that is in the rows of the Remit data source, in event time. In red: it does not scrape Remit now, and since when; open findings are held for a day, everything else is not known.',
  }).overrideByRegexp('/not scraped since$/', [{ id: 'color', value: { mode: 'fixed', fixedColor: 'red' } }]);
}
