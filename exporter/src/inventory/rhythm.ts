import type { Millis } from '@remit/contract';
import { formatDuration } from '../lib/duration.ts';

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;
const PERIODS_NEEDED = 3;

/** One piece of work: its first and its last event. */
export interface Run { from: Millis; to: Millis }

/** How pieces of work follow each other in time. `short`: fewer than three periods were seen, in `days` days. */
export type Rhythm =
  | { state: 'short'; days: number; runs: number }
  | { state: 'irregular' }
  | { state: 'regular'; unit: 'hour' | 'day' | 'week'; cron: string; duration: string; runs: number; periods: number };

/**
 * The plan that pieces of work follow, in UTC: once an hour, a day, or a week, with at most one gap in five periods and all
 * starts within a quarter of the hour, or an hour of the day. The window opens at the five minutes before the earliest start and
 * lasts until the latest end, since whatever is done in it must lie inside; work that fills three quarters of its period has no
 * window worth declaring.
 */
export function findRhythm(runs: readonly Run[]): Rhythm {
  const sorted = runs.filter(({ from, to }) => Number.isFinite(from) && from >= 0 && to >= from && to < Infinity).sort((a, b) => a.from - b.from);
  const span = sorted.length === 0 ? 0 : sorted.at(-1)!.from - sorted[0]!.from;
  return fit(sorted, HOUR, 15 * MINUTE, 'hour', (minute) => `${minute} * * * *`)
    ?? fit(sorted, DAY, HOUR, 'day', (minute) => `${minute % 60} ${Math.floor(minute / 60)} * * *`)
    ?? fit(sorted, 7 * DAY, HOUR, 'week', weekly)
    ?? (sorted.length < PERIODS_NEEDED || span < (PERIODS_NEEDED - 1) * DAY
      ? { state: 'short', days: new Set(sorted.map(({ from }) => Math.floor(from / DAY))).size, runs: sorted.length } : { state: 'irregular' });
}

function weekly(minute: number): string {
  // The epoch began on a Thursday.
  return `${minute % 60} ${Math.floor(minute / 60) % 24} * * ${(Math.floor(minute / 1440) + 4) % 7}`;
}

function fit(sorted: readonly Run[], period: Millis, widest: Millis, unit: 'hour' | 'day' | 'week', cron: (minute: number) => string): Rhythm | null {
  if (sorted.length < PERIODS_NEEDED) return null;
  const { opening, width } = tightest(sorted.map(({ from }) => from % period), period);
  if (width > widest) return null;
  const periods = new Set(sorted.map(({ from }) => Math.floor((from - opening) / period)));
  const numbers = [...periods];
  const spanned = numbers.at(-1)! - numbers[0]! + 1;
  if (periods.size < PERIODS_NEEDED || periods.size * 5 < spanned * 4) return null;
  const from = Math.floor(opening / (5 * MINUTE)) * 5;
  const last = Math.max(...sorted.map((run) => ((run.from - opening) % period + period) % period + run.to - run.from));
  const length = Math.max(15 * MINUTE, Math.ceil((opening + last + 1 - from * MINUTE) / (5 * MINUTE)) * 5 * MINUTE);
  if (length > period * 0.75) return null;
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
