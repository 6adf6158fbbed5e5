import {
  BigValueColorMode, BigValueGraphMode, BigValueTextMode, BarGaugeDisplayMode, BarGaugeSizing, BarGaugeValueMode, LegendDisplayMode, LegendPlacement, LineInterpolation, ReduceDataOptionsBuilder, SortOrder,
  StackingConfigBuilder, StackingMode, TableCellHeight, TooltipDisplayMode, VisibilityMode, VizLegendOptionsBuilder, VizOrientation, VizTextDisplayOptionsBuilder, VizTooltipOptionsBuilder, GraphGradientMode, GraphDrawStyle,
} from '@grafana/grafana-foundation-sdk/common';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder, FieldColorModeId, ThresholdsConfigBuilder, ThresholdsMode, type DashboardLinkBuilder, type DataTransformerConfig, type DynamicConfigValue, type Panel, type Threshold, type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import { PanelBuilder as Logs } from '@grafana/grafana-foundation-sdk/logs';
import { PanelBuilder as NodeGraph } from '@grafana/grafana-foundation-sdk/nodegraph';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { label, toRunbook } from './links.ts';
import { over, PROMETHEUS, REMIT, SCRAPED, within, type Query } from './queries.ts';

/** What every panel says. */
export interface Said {
  title: string;
  /** What it shows, and why it can be empty. */
  description: string;
  /** Shown instead of nothing while Remit is scraped: why there is nothing, in a few words. Left out where that would always mean that nothing is known. */
  empty?: string;
  /** Columns of 24, and rows of 38 px. */
  w: number; h: number;
  queries: readonly Query[];
  /** Id of a unit of Grafana. */
  unit?: string;
  decimals?: number;
  /** Colours from a value on: `[['green', null], ['red', 1]]`. */
  steps?: readonly (readonly [string, number | null])[];
  mappings?: readonly ValueMapping[];
  links?: readonly DashboardLinkBuilder[];
  min?: number; max?: number;
  /** A range of its own, `7d`, while the dashboard's is relative. */
  since?: string;
  change?: readonly DataTransformerConfig[];
}

/** What the builders of all sorts of panels have in common. */
interface Common extends Builder<Panel> {
  title(text: string): this; description(text: string): this; span(columns: number): this; height(rows: number): this; datasource(ref: DataSourceRef): this;
  targets(queries: Query[]): this; unit(id: string): this; noValue(text: string): this; decimals(digits: number): this; min(value: number): this; max(value: number): this;
  thresholds(config: Builder<unknown>): this; mappings(all: ValueMapping[]): this; dataLinks(links: DashboardLinkBuilder[]): this; timeFrom(range: string): this;
  transformations(all: DataTransformerConfig[]): this; colorScheme(color: Builder<unknown>): this;
  withOverride(override: { matcher: { id: string; options?: unknown }; properties: DynamicConfigValue[] }): this;
}

function say<B>(builder: B, said: Said, from: DataSourceRef = PROMETHEUS): B {
  const panel = builder as B & Common;
  // Grafana shows the same words when the data source is missing or Remit is not scraped: they must be true then too.
  const empty = said.empty === undefined ? UNKNOWN : from === REMIT ? `${said.empty} (with a red corner: Remit was not asked)` : `${said.empty}, or ${UNSCRAPED}`;
  panel.title(said.title).description(said.description).noValue(empty).span(said.w).height(said.h).datasource(from).targets(said.queries.map(lettered)).unit(said.unit ?? 'short');
  if (said.decimals !== undefined) panel.decimals(said.decimals);
  if (said.min !== undefined) panel.min(said.min);
  if (said.max !== undefined) panel.max(said.max);
  if (said.steps) panel.thresholds(thresholds(said.steps));
  if (said.mappings) panel.mappings([...said.mappings]);
  if (said.links) panel.dataLinks([...said.links]);
  if (said.since !== undefined) panel.timeFrom(said.since);
  if (said.change) panel.transformations([...said.change]);
  return builder;
}

const UNSCRAPED = 'Remit is not scraped';
const UNKNOWN = 'Not known';

/** Queries are named by their place: A, B, C. */
function lettered(query: Query, index: number): Query {
  return { build: () => ({ ...query.build(), refId: letter(index) }) };
}

const letter = (index: number): string => String.fromCharCode(65 + index);

/** Colours from a value on, as Grafana stores them. */
export function thresholds(steps: NonNullable<Said['steps']>): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps.map(([color, value]): Threshold => ({ color, value })));
}

/** The colour of what has no value must not be that of a good one. */
function overNothing([first, ...rest]: NonNullable<Said['steps']>): NonNullable<Said['steps']> {
  return [['text', null], [first?.[0] ?? 'text', 0], ...rest];
}

/**
 * One figure, coloured by its thresholds. `shape`: its course behind it; `list`: several, a line each with its name. `empty` is said where `known` has a value and the figure has none,
 * usually while Remit is scraped; without either the figure is not known.
 */
export function figure(said: Said & { shape?: boolean; list?: boolean; known?: string }): Stat {
  const { empty, known = SCRAPED, ...rest } = said;
  const nothing = empty === undefined ? rest : {
    ...rest, queries: said.queries.map((query) => within(query, (expr) => `(${expr}) or on () (0 * ${known} - 1)`)),
    // No figure is negative; of what is not a number Grafana would say that there is no value.
    mappings: [...said.mappings ?? [], { type: 'value', options: { '-1': { text: empty, index: 99 } } } as unknown as ValueMapping],
  };
  const description = `${said.description} ${UNKNOWN}: ${known === SCRAPED ? '' : 'it has no series of its own, or '}Prometheus does not scrape Remit or has not loaded its rules.`;
  const stat = say(new Stat(), { ...nothing, description, steps: overNothing(said.steps ?? [['text', null]]) })
    .colorMode(BigValueColorMode.Value).graphMode(said.shape ? BigValueGraphMode.Area : BigValueGraphMode.None)
    .textMode(said.list ? BigValueTextMode.ValueAndName : BigValueTextMode.Value).colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''));
  return said.list ? stat.orientation(VizOrientation.Horizontal).text(new VizTextDisplayOptionsBuilder().titleSize(14).valueSize(20)) : stat;
}

/** Values over time. `stack` for parts of a whole; `colors` by the name of the series. */
export function lines(said: Said & { stack?: boolean; bars?: boolean; colors?: Readonly<Record<string, string>>; dashed?: readonly string[]; table?: boolean; units?: Readonly<Record<string, string>> }): TimeSeries {
  const panel = say(new TimeSeries(), { min: 0, ...said })
    .lineWidth(said.stack ? 1 : 2).fillOpacity(said.bars ? 70 : said.stack ? 35 : 6).gradientMode(GraphGradientMode.None).showPoints(VisibilityMode.Never)
    .lineInterpolation(LineInterpolation.Linear).spanNulls(false).axisSoftMin(0).drawStyle(said.bars ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .legend(new VizLegendOptionsBuilder().displayMode(said.table ? LegendDisplayMode.Table : LegendDisplayMode.List).placement(said.table ? LegendPlacement.Right : LegendPlacement.Bottom).showLegend(true).calcs(said.table ? ['lastNotNull'] : []))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (said.stack) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  for (const [name, color] of Object.entries(said.colors ?? {})) panel.overrideByName(name, [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }]);
  for (const name of said.dashed ?? []) panel.overrideByName(name, [{ id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 6] } }, { id: 'custom.fillOpacity', value: 0 }, { id: 'custom.lineWidth', value: 1 }]);
  // A series of another unit has an axis of its own.
  for (const [name, unit] of Object.entries(said.units ?? {})) panel.overrideByName(name, [{ id: 'unit', value: unit }]);
  return panel;
}

/** One bar a series, longest first. */
export function bars(said: Said): BarGauge {
  return say(new BarGauge(), { steps: [['blue', null]], min: 0, ...said })
    .orientation(VizOrientation.Horizontal).displayMode(BarGaugeDisplayMode.Basic).valueMode(BarGaugeValueMode.Text).showUnfilled(true).text(new VizTextDisplayOptionsBuilder().titleSize(12).valueSize(15)).sizing(BarGaugeSizing.Manual).minVizHeight(16).maxVizHeight(22)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''));
}

/**
 * Which detectors had an open finding when, a line each. `open`: a series a detector, 0 once closed. Whoever has none has a line that says so, and another
 * state where nothing is known: without any series Grafana would complain about the lack of a time.
 */
export function openWhen({ open, whose, ...place }: { open: string; whose: string; w: number; h: number }): Builder<Panel> {
  const mappings = [[-2, UNSCRAPED, 'dark-yellow'], [-1, 'nothing open', 'semi-dark-green'], [0, 'closed', 'transparent']].map(([value, text, color], index) => ({ type: 'value', options: { [value!]: { text, color, index } } }));
  const line = (value: string): string => ` or on () label_replace(${value}, "all", "All detectors", "", "")`;
  const said: Said = {
    ...place, title: 'What was open when', unit: 'none', mappings: [...mappings, { type: 'range', options: { from: 1, to: null, result: { text: 'open', color: 'red', index: 3 } } }] as unknown as ValueMapping[],
    queries: [over(`${open}${line(`0 * ${SCRAPED} - 1`)}${line('vector(-2)')}`, '{{detector}}{{all}}')], links: [toRunbook(label('detector'))],
    description: `Detectors with an open finding of ${whose}. One green line: nothing was open. A yellow one: Remit was not scraped, or the rules are not loaded; what was open before is held for a day. Click a line for its runbook.`,
  };
  return unpaged(say(new StateTimeline(), said).mergeValues(true).rowHeight(0.8).fillOpacity(70).lineWidth(0)
    .legend(new VizLegendOptionsBuilder().showLegend(false).displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).calcs([]))
    // By thresholds the bars would be named after them instead of the words.
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic)));
}

/** A timeline that shows all lines at once: the builder knows only pages of at least one. */
function unpaged(timeline: StateTimeline): Builder<Panel> {
  return {
    build: () => {
      const panel = timeline.build();
      const { perPage: _, ...options } = panel.options as Record<string, unknown>;
      return { ...panel, options };
    },
  };
}

/** How one column of a table is shown. The order of columns is that of the list; columns that are not in it are left away. */
export interface Column {
  /** As the query has it: a label, or `Value #A`. */
  from: string;
  title: string;
  unit?: string; decimals?: number; width?: number; steps?: Said['steps']; gauge?: { min: number; max?: number };
  links?: readonly DashboardLinkBuilder[]; mappings?: readonly ValueMapping[];
}

/** Rows of Prometheus, joined by their labels: at most `most` after sorting by the column titled `by`. */
export function table(said: Said & { columns: readonly Column[]; by?: string; ascending?: boolean; most?: number }): Table {
  const organize: DataTransformerConfig = {
    id: 'organize', options: {
      includeByName: Object.fromEntries(said.columns.map(({ from }) => [from, true])), indexByName: Object.fromEntries(said.columns.map(({ from }, index) => [from, index])),
      renameByName: Object.fromEntries(said.columns.map(({ from, title }) => [from, title])), excludeByName: {},
    },
  };
  const sort: DataTransformerConfig[] = said.by === undefined ? [] : [{ id: 'sortBy', options: { sort: [{ field: said.by, desc: !said.ascending }] } }];
  // An instant of one query is one frame already; merging it again would lose nothing and cost a pass.
  const merge: DataTransformerConfig[] = said.queries.length > 1 ? [{ id: 'merge', options: {} }] : [];
  const panel = bare(say(new Table(), { ...said, queries: toldEmpty(said), change: [...merge, organize, ...sort, { id: 'limit', options: { limitField: said.most ?? 50 } }] }));
  const several = said.queries.length > 1;
  for (const column of said.columns) panel.overrideByName(column.title, [...looks(column), ...several && column.from.startsWith('Value') ? [{ id: 'mappings', value: [...column.mappings ?? [], NOT_A_NUMBER] }] : []]);
  return panel;
}

/** The row that stands for no rows has no numbers. */
const NOT_A_NUMBER = { type: 'special', options: { match: 'nan', result: { text: '–', index: 99 } } };

/** Several queries joined have columns even when none has rows, and Grafana then shows only their heads: a row that says why stands for no rows. */
function toldEmpty({ queries, columns, empty }: Said & { columns: readonly Column[] }): readonly Query[] {
  const [first, ...others] = queries;
  if (first === undefined || others.length === 0) return queries;
  const row = (number: string, words: string): string => ` or on () label_replace(${number}, "${columns[0]?.from ?? ''}", "${words}", "", "")`;
  return [within(first, (expr) => `${expr}${empty === undefined ? '' : row(`NaN * ${SCRAPED}`, empty)}${row('vector(NaN)', UNSCRAPED)}`), ...others];
}

/** Records of Remit as a table. `columns`: those shown, in order, by name; units, colours and links come with the data source; `leads`: another link of a column; `nothing`: what an empty cell of a column says. */
export function recordTable(said: Said & { columns?: readonly string[]; widths?: Readonly<Record<string, number>>; units?: Readonly<Record<string, string>>; leads?: Readonly<Record<string, DashboardLinkBuilder>>; nothing?: Readonly<Record<string, string>>; change?: readonly DataTransformerConfig[] }): Table {
  const { columns, change = [] } = said;
  const chosen: DataTransformerConfig[] = columns === undefined ? [] : [{
    id: 'organize', options: { includeByName: Object.fromEntries(columns.map((name) => [name, true])), indexByName: Object.fromEntries(columns.map((name, index) => [name, index])), renameByName: {}, excludeByName: {} },
  }];
  const panel = bare(say(new Table(), { ...said, change: [...change, ...chosen] }, REMIT))
    .overrideByFieldType('time', [{ id: 'unit', value: 'dateTimeAsIso' }, { id: 'custom.width', value: 160 }]);
  // An id is there to be clicked: what was found and who owns it need the room.
  panel.overrideByName('Finding', [{ id: 'custom.width', value: 90 }]).overrideByName('Severity', [{ id: 'custom.width', value: 85 }]).overrideByName('State', [{ id: 'custom.width', value: 110 }]).overrideByName('Detector', [{ id: 'custom.width', value: 170 }]);
  // Words without a colour of their own would be black boxes on white.
  for (const name of ['State', 'Against the remit']) panel.overrideByName(name, [{ id: 'custom.cellOptions', value: { type: 'color-text' } }]);
  for (const [name, width] of Object.entries(said.widths ?? {})) panel.overrideByName(name, [{ id: 'custom.width', value: width }]);
  for (const [name, unit] of Object.entries(said.units ?? {})) panel.overrideByName(name, [{ id: 'unit', value: unit }]);
  for (const [name, words] of Object.entries(said.nothing ?? {})) panel.overrideByName(name, [{ id: 'noValue', value: words }]);
  for (const [name, link] of Object.entries(said.leads ?? {})) panel.overrideByName(name, [{ id: 'links', value: [link.build()] }]);
  return panel;
}

/** Levels of a volume of events are how they ended. */
export const ENDED = { info: ['success', 'green'], warning: ['failure', 'orange'], error: ['denied', 'red'] } as const;

/** Series of Remit, in event time. `names`: other words and colours for series, by name. */
export function recordLines(said: Said & { names?: Readonly<Record<string, readonly [name: string, color: string]>> }): TimeSeries {
  const panel = say(new TimeSeries(), { min: 0, ...said }, REMIT).showPoints(VisibilityMode.Auto).lineWidth(1).fillOpacity(6).axisSoftMin(0)
    .legend(new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).showLegend(true).calcs([]))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  for (const [name, [title, color]] of Object.entries(said.names ?? {})) panel.overrideByName(name, [{ id: 'displayName', value: title }, { id: 'color', value: { mode: 'fixed', fixedColor: color } }]);
  return panel;
}

/** Who reaches what, as Remit knows it. */
export function recordGraph(said: Said): NodeGraph {
  return say(new NodeGraph(), said, REMIT);
}

/** What was done, a line each. */
export function recordLogs(said: Said): Logs {
  return say(new Logs(), said, REMIT).showTime(true).wrapLogMessage(true).enableLogDetails(true).prettifyLogMessage(false);
}

/** An empty cell is a dash: the text for an empty table is not for each of its cells. */
function bare(panel: Table): Table {
  return panel.cellHeight(TableCellHeight.Sm).showHeader(true).minWidth(50).overrideByRegexp('/.*/', [{ id: 'noValue', value: '–' }]);
}

function looks({ unit, decimals, width, steps, gauge, links, mappings }: Column): DynamicConfigValue[] {
  const set: DynamicConfigValue[] = [];
  if (unit !== undefined) set.push({ id: 'unit', value: unit });
  if (decimals !== undefined) set.push({ id: 'decimals', value: decimals });
  if (width !== undefined) set.push({ id: 'custom.width', value: width });
  if (steps) set.push({ id: 'thresholds', value: thresholds(overNothing(steps)).build() }, { id: 'color', value: { mode: 'thresholds' } }, { id: 'custom.cellOptions', value: gauge ? { type: 'gauge', mode: 'basic', valueDisplayMode: 'text' } : { type: 'color-text' } });
  if (gauge) set.push({ id: 'min', value: gauge.min });
  if (gauge?.max !== undefined) set.push({ id: 'max', value: gauge.max });
  if (links) set.push({ id: 'links', value: links.map((link) => link.build()) });
  if (mappings) set.push({ id: 'mappings', value: mappings });
  return set;
}
