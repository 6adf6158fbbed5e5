import { FieldColorModeId } from '@grafana/data';
import { t } from '@grafana/i18n';
import { dress } from '../../lib/dress';
import { seriesLinks } from '../../lib/links';
import { hueOf } from '../../lib/looks';
import { shortName } from '../../lib/names';
import type { KindPart } from '../kind';

/** Scores as lines, their parts as thin ones, and the threshold as a dashed red one. */
export const frames: KindPart['frames'] = (answer, { to }) =>
  answer.map((json) => {
    const frame = dress(json, {}, to);
    for (const field of frame.fields) {
      const { identity, part } = field.labels ?? {};
      if (field.name === 'threshold') {
        // The same unit and least value as the scores: otherwise Grafana draws it on an axis of its own, and it means nothing.
        field.config = { displayNameFromDS: t('series.threshold', 'Pages from here'), unit: 'short', decimals: 2, min: 0, color: { mode: FieldColorModeId.Fixed, fixedColor: 'red' }, custom: { lineWidth: 1, lineStyle: { fill: 'dash', dash: [6, 6] }, showPoints: 'never', fillOpacity: 0 } };
      } else if (identity !== undefined) {
        field.config = {
          displayNameFromDS: part === undefined ? shortName(identity) : `${shortName(identity)} · ${part}`, unit: 'short', decimals: 2, min: 0, links: seriesLinks(to),
          description: t('series.score-tip', '−log10 of the probability: 3 means once in a thousand hours of such behaviour.'),
          color: { mode: FieldColorModeId.PaletteClassicByName }, custom: part === undefined ? { lineWidth: 2, fillOpacity: 8 } : { lineWidth: 1, fillOpacity: 0, lineStyle: { fill: 'dot', dash: [1, 4] } },
        };
      }
    }
    // Ten parts of five identities are a legend that nobody reads.
    const identities = [...new Set(frame.fields.map(({ labels }) => labels?.identity).filter(Boolean))];
    if (identities.length > 1) {
      frame.fields = frame.fields.filter(({ labels }) => labels?.part === undefined);
      for (const { config, labels } of frame.fields) {
        if (labels?.identity !== undefined) {
          config.color = { mode: FieldColorModeId.Fixed, fixedColor: hueOf(identities.indexOf(labels.identity)) };
        }
      }
      frame.meta = { ...frame.meta, notices: [...(frame.meta?.notices ?? []), { severity: 'info', text: t('deviations.one', 'Choose one identity to see what its score is made of') }] };
    }
    // A part that nothing was added to is not drawn.
    frame.fields = frame.fields.filter(({ labels, values }) => labels?.part === undefined || values.some((value: unknown) => value !== null && value !== 0));
    return frame;
  });
