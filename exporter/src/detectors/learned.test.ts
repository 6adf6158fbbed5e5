import type { HabitPart, HourScore } from '@remit/contract';
import { describe, expect, test } from 'vitest';
import { habits } from '../baseline/habits/all.ts';
import { detectors } from '../registry.generated.ts';
import { speaker } from './learned.ts';

describe('an hour that reaches the threshold', () => {
  test.each(habits().all.filter(({ id }) => id !== 'remit').map(({ id, channel }) => [id, channel] as const))('is spoken of when %s stands out in channel %s', (habit, channel) => {
    const said = speaker(hour(channel, [[habit, channel, 5]]));
    expect(detectors.map(({ id }) => id)).toContain(said);
    expect(speaker(hour('corroboration', [[habit, channel, 5]]))).toBe(said);
  });

  test('is left to the findings of the remit when only the remit stands out', () => {
    expect(speaker(hour('remit', [['remit', 'remit', 5], ['when', 'off-hours', 3]]))).toBeNull();
    expect(speaker(hour('corroboration', [['remit', 'remit', 5]]))).toBeNull();
  });

  test('is spoken of by the strongest habit that has a detector, when several stand out together', () => {
    expect(speaker(hour('corroboration', [['remit', 'remit', 5], ['amount', 'export', 3]]))).toBe('export-volume');
  });

  test('with a large sensitive part is an odd hour or too much, whichever it is', () => {
    expect(speaker(hour('sensitive', [['sensitive-share', 'sensitive', 5], ['when', 'off-hours', 2]]))).toBe('unusual-hour');
    expect(speaker(hour('sensitive', [['sensitive-share', 'sensitive', 5], ['resource', 'novelty', 2]]))).toBe('volume');
  });
});

function hour(channel: HourScore['channel'], parts: [string, HabitPart['channel'], number][]): HourScore {
  return {
    score: 5, channel, channels: [], since: null, day: 0, held: false, readiness: 'ready',
    parts: parts.map(([habit, of, calibrated]) => ({ habit, channel: of, calibrated, raw: calibrated, observed: 1, expected: 0, text: { expected: '', observed: '' } })),
  };
}
