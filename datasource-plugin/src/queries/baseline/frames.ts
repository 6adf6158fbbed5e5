import { FieldColorModeId, MappingType, type DataFrame, type Field } from '@grafana/data';
import { t } from '@grafana/i18n';
import { dress } from '../../lib/dress';
import { seriesLinks } from '../../lib/links';
import { hueOf } from '../../lib/looks';
import { shortName } from '../../lib/names';
import type { KindPart } from '../kind';

/** Observed values as a line over the band, which is drawn from the median up to p99. Of several identities, whose bands would lie over each other, the upper edge alone. */
export const frames: KindPart['frames'] = (answer, { to }) =>
  answer.map((json) => {
    const frame = dress(json, {}, to);
    const identities = [...new Set(frame.fields.map(({ labels }) => labels?.identity).filter(Boolean))];
    const several = identities.length > 1;
    for (const field of frame.fields) {
      const part = Object.hasOwn(PARTS, field.name) ? PARTS[field.name] : undefined;
      if (part === undefined || field.labels === undefined) {
        continue;
      }
      field.config = {
        ...part.config, unit: field.name === 'scheduled' ? 'none' : 'short', min: 0, displayNameFromDS: named(field, part.title(), several), links: seriesLinks(to),
        custom: { ...part.config.custom, ...(field.name === 'p99' ? { fillBelowTo: named({ ...field, name: 'p50' }, PARTS.p50?.title() ?? '', several) } : {}) },
      };
    }
    if (several) {
      tellApart(frame, identities);
    }
    // What nobody has learned yet is not drawn: a band of nothing would read as a band of zero. Nor are denials that there were none of.
    frame.fields = frame.fields.filter(({ name, values }) => !/^p\d+$|^denied$/.test(name) || values.some((value: unknown) => value !== null && (name !== 'denied' || value !== 0)));
    return frame;
  });

function tellApart(frame: DataFrame, identities: ReadonlyArray<string | undefined>): void {
  frame.fields = frame.fields.filter(({ name }) => name !== 'p50' && name !== 'p95');
  for (const { name, config, labels } of frame.fields) {
    const fixedColor = hueOf(identities.indexOf(labels?.identity));
    if (name === 'observed') {
      config.color = { mode: FieldColorModeId.Fixed, fixedColor };
    } else if (name === 'p99') {
      config.color = { mode: FieldColorModeId.Fixed, fixedColor };
      config.custom = { lineWidth: 1, lineStyle: { fill: 'dash', dash: [4, 4] }, fillOpacity: 0, showPoints: 'never', lineInterpolation: 'stepAfter' };
    }
  }
}

function named({ labels }: Pick<Field, 'labels' | 'name'>, title: string, several: boolean): string {
  return several ? `${shortName(labels?.identity ?? '')} ${title}` : title;
}

const fixed = (color: string, custom: Record<string, unknown>): Field['config'] => ({ color: { mode: FieldColorModeId.Fixed, fixedColor: color }, custom });

const PARTS: Record<string, { title: () => string; config: Field['config'] }> = {
  observed: { title: () => t('series.observed', 'Observed'), config: { color: { mode: FieldColorModeId.PaletteClassicByName }, custom: { lineWidth: 2, fillOpacity: 0, showPoints: 'auto', lineInterpolation: 'stepAfter' } } },
  denied: { title: () => t('series.denied', 'Denied'), config: fixed('red', { drawStyle: 'bars', lineWidth: 0, fillOpacity: 60 }) },
  p50: { title: () => t('series.p50', 'Median expected'), config: fixed('semi-dark-green', { lineWidth: 1, lineStyle: { fill: 'dash', dash: [4, 4] }, fillOpacity: 0, showPoints: 'never', lineInterpolation: 'stepAfter' }) },
  p95: { title: () => t('series.p95', '95 % stay below'), config: fixed('yellow', { lineWidth: 1, lineStyle: { fill: 'dash', dash: [4, 4] }, fillOpacity: 0, showPoints: 'never', lineInterpolation: 'stepAfter' }) },
  // On an axis of its own that is not shown: a background where work is expected.
  scheduled: {
    title: () => t('series.scheduled', 'Declared schedule'),
    config: { ...fixed('green', { axisPlacement: 'hidden', lineWidth: 0, fillOpacity: 14, showPoints: 'never', lineInterpolation: 'stepAfter' }), max: 1, mappings: [{ type: MappingType.ValueToText, options: { 0: { text: 'outside' }, 1: { text: 'inside' } } }] },
  },
  p99: { title: () => t('series.p99', '99 % stay below'), config: fixed('semi-dark-orange', { lineWidth: 1, fillOpacity: 12, showPoints: 'never', lineInterpolation: 'stepAfter' }) },
};
