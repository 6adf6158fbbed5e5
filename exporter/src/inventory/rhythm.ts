import type { Millis } from '@remit/contract';
import { formatDuration } from '../lib/duration.ts';

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;
const PERIODS_NEEDED = 3;

/** How pieces of work follow each other in time. `short`: fewer than three periods were seen. */
export type Rhythm =
  | { state: 'short' }
  | { state: 'irregular' }
  | { state: 'regular'; unit: 'hour' | 'day' | 'week'; cron: string; duration: string; runs: number; periods: number };

/**
 * The plan that the starts of work follow, in UTC: once an hour, a day, or a week, with at most one gap in five periods and
 * all starts within a quarter of the hour, or an hour of the day. The window opens at the five minutes before the earliest.
 */
export function findRhythm(starts: readonly Millis[]): Rhythm {
  const sorted = starts.filter((at) => Number.isFinite(at) && at >= 0).sort((a, b) => a - b);
  const span = sorted.length === 0 ? 0 : sorted.at(-1)! - sorted[0]!;
  return fit(sorted, HOUR, 15 * MINUTE, 'hour', (minute) => `${minute} * * * *`)
    ?? fit(sorted, DAY, HOUR, 'day', (minute) => `${minute % 60} ${Math.floor(minute / 60)} * * *`)
    ?? fit(sorted, 7 * DAY, HOUR, 'week', weekly)
    ?? { state: sorted.length < PERIODS_NEEDED || span < (PERIODS_NEEDED - 1) * DAY ? 'short' : 'irregular' };
}

function weekly(minute: number): string {
  // The epoch began on a Thursday.
  return `${minute % 60} ${Math.floor(minute / 60) % 24} * * ${(Math.floor(minute / 1440) + 4) % 7}`;
}

function fit(sorted: readonly Millis[], period: Millis, widest: Millis, unit: 'hour' | 'day' | 'week', cron: (minute: number) => string): Rhythm | null {
  if (sorted.length < PERIODS_NEEDED) return null;
  const { opening, width } = tightest(sorted.map((at) => at % period), period);
  if (width > widest) return null;
  const periods = new Set(sorted.map((at) => Math.floor((at - opening) / period)));
  const numbers = [...periods];
  const spanned = numbers.at(-1)! - numbers[0]! + 1;
  if (periods.size < PERIODS_NEEDED || periods.size * 5 < spanned * 4) return null;
  const from = Math.floor(opening / (5 * MINUTE)) * 5;
  const length = Math.max(15 * MINUTE, Math.ceil((opening + width + 1 - from * MINUTE) / (5 * MINUTE)) * 5 * MINUTE);
  return { state: 'regular', unit, cron: cron(from), duration: formatDuration(length), runs: sorted.length, periods: periods.size };
}

/** The shortest arc of the period's circle that holds all phases: the circle without its widest gap. */
function tightest(phases: readonly Millis[], period: Millis): { opening: Millis; width: Millis } {
  const sorted = [...phases].sort((a, b) => a - b);
  let widest = sorted[0]! + period - sorted.at(-1)!;
  let opening = sorted[0]!;
  for (let i = 1; i < sorted.length; i++) {
    const gap = sorted[i]! - sorted[i - 1]!;
    if (gap > widest) [widest, opening] = [gap, sorted[i]!];
  }
  return { opening, width: period - widest };
}
