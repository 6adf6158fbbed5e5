/**
 * When jobs run, worked out from nothing but what `Intl.DateTimeFormat` says of each hour of the year: a second opinion on the service's
 * own schedules, with which it shares no code.
 */

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The days on which a job runs. `day` is of the month, `-1` its last; `weekdays` count from Sunday, 0. */
export type Days = { every: 'day' } | { weekdays: readonly number[] } | { day: number } | { month: number; day: number };
/** The times of day: some hours, or all of them, at one minute. */
export interface Times { hours: readonly number[] | 'all'; minute: number }
/** A time at which a job runs. `last` differs from `first` where clocks show the time twice. */
export interface Run { first: number; last: number }

/** The hours of a year in one zone, by what its clocks show. Zones whose clocks change by whole hours, at whole hours. */
export class Calendar {
  /** `2028-03-12 02` → the instants at which the zone's clocks begin to show it, in order. */
  readonly #hours = new Map<string, number[]>();
  /** What is shown at each hour, in order. */
  readonly #shown: { label: string; at: number }[] = [];
  readonly #year: number;

  constructor(zone: string, year: number) {
    this.#year = year;
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit' });
    for (let at = Date.UTC(year, 0, 1) - 2 * DAY; at < Date.UTC(year + 1, 0, 1) + 2 * DAY; at += HOUR) {
      const label = format.format(at);
      this.#shown.push({ label, at });
      const known = this.#hours.get(label);
      if (known === undefined) this.#hours.set(label, [at]);
      else known.push(at);
    }
  }

  /** The runs of a job whose local date lies in the year, in order. */
  runs(days: Days, { hours, minute }: Times): Run[] {
    const runs: Run[] = [];
    for (let date = new Date(Date.UTC(this.#year, 0, 1)); date.getUTCFullYear() === this.#year; date = new Date(date.getTime() + DAY)) {
      if (!falls(days, date)) continue;
      const day = date.toISOString().slice(0, 10);
      for (const hour of hours === 'all' ? HOURS : hours) {
        const begins = this.#hours.get(`${day} ${String(hour).padStart(2, '0')}`);
        // A job with other hours on that day has its next run anyway, and schedulers differ in whether it runs once more before that.
        if (begins === undefined) runs.push(...hours === 'all' || hours.length > 1 ? [] : [this.#afterGap(`${day} ${String(hour).padStart(2, '0')}`)]);
        else if (hours === 'all') runs.push(...begins.map((at) => ({ first: at + minute * MINUTE, last: at + minute * MINUTE })));
        else runs.push({ first: begins[0]! + minute * MINUTE, last: begins.at(-1)! + minute * MINUTE });
      }
    }
    runs.sort((a, b) => a.first - b.first);
    return runs.filter((run, i) => run.first !== runs[i - 1]?.first);
  }

  /** Instants at which the clocks change, and by how much they then are ahead. */
  changes(): { at: number; by: number }[] {
    const found: { at: number; by: number }[] = [];
    for (let i = 1; i < this.#shown.length; i++) {
      const step = Date.parse(`${this.#shown[i]!.label.replace(' ', 'T')}:00Z`) - Date.parse(`${this.#shown[i - 1]!.label.replace(' ', 'T')}:00Z`);
      if (step !== HOUR) found.push({ at: this.#shown[i]!.at, by: step - HOUR });
    }
    return found;
  }

  /** What the clocks of the zone leave out of a job with one hour happens at the next instant that they show. */
  #afterGap(label: string): Run {
    const { at } = this.#shown.find((hour) => hour.label > label)!;
    return { first: at, last: at };
  }
}

/** The cron expression for it. */
export function cronOf(days: Days, { hours, minute }: Times): string {
  const at = `${minute} ${hours === 'all' ? '*' : hours.join(',')}`;
  if ('every' in days) return `${at} * * *`;
  if ('weekdays' in days) return `${at} * * ${days.weekdays.join(',')}`;
  return `${at} ${days.day === -1 ? 'L' : days.day} ${'month' in days ? days.month : '*'} *`;
}

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

function falls(days: Days, date: Date): boolean {
  if ('every' in days) return true;
  if ('weekdays' in days) return days.weekdays.includes(date.getUTCDay());
  if ('month' in days && date.getUTCMonth() + 1 !== days.month) return false;
  return days.day === -1 ? new Date(date.getTime() + DAY).getUTCDate() === 1 : date.getUTCDate() === days.day;
}
