import { FieldColorModeId, type DataFrame } from '@grafana/data';
import { t } from '@grafana/i18n';
import { dress } from '../lib/dress';
import type { KindPart } from './kind';

const COLORS: Record<string, string> = { critical: 'red', error: 'red', warning: 'orange', info: 'blue' };

/** Counts over time as stacked bars, a colour a level. */
export const dressVolume = (answer: Parameters<KindPart['frames']>[0], { to }: Parameters<KindPart['frames']>[1]): DataFrame[] =>
  answer.map((frame) => {
    const dressed = dress(frame, {}, to);
    for (const field of dressed.fields) {
      const level = field.labels?.level;
      if (field.name !== 'value' || level === undefined) {
        continue;
      }
      field.config = {
        displayNameFromDS: level, unit: 'short', decimals: 0, min: 0, color: { mode: FieldColorModeId.Fixed, fixedColor: Object.hasOwn(COLORS, level) ? COLORS[level] : 'text' },
        custom: { drawStyle: 'bars', barAlignment: 0, lineWidth: 0, fillOpacity: 100, pointSize: 5, stacking: { mode: 'normal', group: 'A' } },
        description: t('volume.description', 'How many, by level'),
      };
    }
    return dressed;
  });
