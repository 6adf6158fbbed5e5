import { dataFrameFromJSON, FieldColorModeId, FieldType, type DataFrame, type DataFrameJSON, type Field, type FieldConfig, type QueryResultMetaNotice } from '@grafana/data';
import type { Frame } from '@remit/contract';
import { findingActions } from './actions';
import { linksOf, type Linked, type LinkTargets } from './links';
import { mappingsOf, NOTHING } from './looks';

/** How a column is shown: nothing of it comes from the wire, where a name or a link might be an attacker's. */
export interface Look {
  title?: string;
  description?: string;
  /** Id of a unit of Grafana. */
  unit?: string;
  words?: Record<string, { text: string; color?: string }>;
  link?: Linked;
  /** The column whose value is linked, when it is another one. */
  linkOf?: string;
  /** Offers what a person may do with the finding whose id is linked. */
  actions?: boolean;
  /** px */
  width?: number;
  decimals?: number;
  color?: string;
  min?: number;
  max?: number;
  /** `pill`: coloured background; `text`: coloured text. Default `text` when words have colours. */
  cell?: 'pill' | 'text' | 'gauge';
  wrap?: boolean;
  /** Further settings of the panel that shows it by default. */
  custom?: Record<string, unknown>;
  hidden?: boolean;
}

/** Looks by the name of the column. */
export type Looks = Record<string, Look>;

/** Units that may be taken from the wire. */
const UNITS = new Set(['short', 'decbytes', 'ms', 's', 'dtdurationms', 'percentunit', 'percent', 'none', 'locale', 'dateTimeAsIso', 'cps']);

/**
 * A frame of the wire as Grafana's, dressed. Values are passed through untouched; links, names and colours of the wire are dropped. Columns that are
 * named in `first` come first, in its order: what does not fit on a screen should be what matters least.
 */
export function dress(json: Frame, looks: Looks, to: LinkTargets, first: readonly string[] = []): DataFrame {
  const frame = dataFrameFromJSON(bare(json));
  const place = ({ name }: Field): number => (first.includes(name) ? first.indexOf(name) : first.length);
  frame.fields = frame.fields.map((field) => ({ ...field, config: configOf(field, Object.hasOwn(looks, field.name) ? looks[field.name] : undefined, to, json.schema.meta?.type === 'table') })).sort((a, b) => place(a) - place(b));
  const { type, typeVersion, preferredVisualisationType: visual, notices, custom } = json.schema.meta ?? {};
  frame.meta = {
    ...(type ? { type: type as never, typeVersion } : {}), ...(VISUALS.has(visual ?? '') ? { preferredVisualisationType: visual as 'table' } : {}),
    notices: (notices ?? []).slice(0, 20).map(({ severity, text }): QueryResultMetaNotice => ({ severity: severity === 'warning' ? 'warning' : 'info', text: String(text).slice(0, 500) })),
    custom: { ...custom },
  };
  return frame;
}

/**
 * The frame with fields whose looks outlive Explore: its table puts `{ hidden }` in the place of all that a field says of itself, and columns lose their
 * colours and widths. What it puts there is taken for what it is, whether it hides the column.
 */
export function keepLooks(frame: DataFrame): DataFrame {
  for (const { config } of frame.fields) {
    const own: Record<string, unknown> = { ...config.custom };
    let hidden = false;
    Object.defineProperty(config, 'custom', {
      configurable: true, enumerable: true,
      get: () => ({ ...own, hidden: own.hidden === true || hidden }),
      set: (put: { hidden?: boolean } | undefined) => { hidden = put?.hidden === true; },
    });
  }
  return frame;
}

const VISUALS = new Set(['graph', 'table', 'logs', 'trace', 'nodeGraph']);

/** The frame without anything that could be a template or a link. */
function bare(json: Frame): DataFrameJSON {
  const fields = json.schema.fields.map(({ name, type, typeInfo, labels, config }) => ({
    name, type: type as FieldType, typeInfo, ...(labels ? { labels } : {}),
    config: { ...(config?.unit && UNITS.has(config.unit) ? { unit: config.unit } : {}), ...(type === 'time' && typeof config?.interval === 'number' ? { interval: config.interval } : {}) },
  }));
  // Nanos of a time without any are null, which the reader of frames does not know.
  const nanos = json.data.nanos?.map((part) => part ?? []);
  return { schema: { refId: json.schema.refId, name: json.schema.name, fields }, data: { values: json.data.values, ...(nanos?.some((part) => part.length > 0) ? { nanos } : {}) } };
}

/** Of a table an empty cell is a dash of its own: the words of a panel for having nothing at all are not for each of its cells. */
function configOf(field: Field, look: Look | undefined, to: LinkTargets, table: boolean): FieldConfig {
  const config: FieldConfig = { ...(field.config.unit ? { unit: field.config.unit } : {}), ...(field.config.interval ? { interval: field.config.interval } : {}), filterable: false, ...(table ? { noValue: NOTHING } : {}) };
  if (!look) {
    return config;
  }
  const colored = look.words && Object.values(look.words).some(({ color }) => color);
  const cell = look.cell ?? (colored ? 'text' : undefined);
  return {
    ...config,
    ...(look.title ? { displayName: look.title } : {}), ...(look.description ? { description: look.description } : {}),
    ...(look.unit ? { unit: look.unit } : {}), ...(look.words ? { mappings: mappingsOf(look.words) } : {}),
    ...(look.decimals === undefined ? {} : { decimals: look.decimals }), ...(look.min === undefined ? {} : { min: look.min }), ...(look.max === undefined ? {} : { max: look.max }),
    ...(look.color ? { color: { mode: FieldColorModeId.Fixed, fixedColor: look.color } } : {}),
    ...(look.link ? { links: linksOf(look.link, look.linkOf ?? field.name, to) } : {}), ...(look.actions && to.verdicts ? { actions: findingActions(to.verdicts, look.linkOf ?? field.name) } : {}),
    custom: {
      ...(look.width ? { width: look.width } : {}), ...(cell ? { cellOptions: { type: CELLS[cell], ...(cell === 'pill' ? { mode: 'basic' } : {}) } } : {}), ...(look.wrap ? { wrapText: true } : {}),
      ...(look.hidden ? { hidden: true, hideFrom: { viz: false, legend: true, tooltip: true } } : {}), ...look.custom,
    },
  };
}

const CELLS = { pill: 'color-background', text: 'color-text', gauge: 'gauge' } as const;
