import type { Millis } from '@remit/contract';

const UNITS: Record<string, Millis> = {
  ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000,
};
const ORDER = ['y', 'w', 'd', 'h', 'm', 's', 'ms'];
const LONGEST: Millis = 100 * UNITS['y']!;

/**
 * Milliseconds of a duration as Prometheus writes it (`30m`, `1h30m`, `7d`; a day is 24 h, a year 365 d), or null when the
 * text is none or longer than 100 years.
 */
export function parseDuration(text: string): Millis | null {
  if (text.length === 0 || text.length > 64) return null;
  let total = 0;
  let end = 0;
  for (const part of text.matchAll(/(\d+)(ms|s|m|h|d|w|y)/gy)) {
    total += Number(part[1]) * UNITS[part[2]!]!;
    end = part.index + part[0].length;
  }
  return end === text.length && total <= LONGEST ? total : null;
}

/** A duration in the same notation, exact to the millisecond: 5,400,000 is `1h30m`, 0 is `0s`. */
export function formatDuration(millis: Millis): string {
  let rest = Math.round(millis);
  if (!(rest > 0)) return '0s';
  let text = '';
  for (const unit of ORDER) {
    const size = UNITS[unit]!;
    // Weeks and years only where they are exact: 10d reads better than 1w3d.
    if ((unit === 'y' || unit === 'w') && rest % size !== 0) continue;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}
